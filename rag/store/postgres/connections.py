"""Connections to one address of a PostgreSQL server, and its errors in words that name the setting and no password."""

from __future__ import annotations

import re
import struct
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString, TypeVar

import numpy as np
import psycopg
from psycopg import errors
from psycopg.adapt import Dumper
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import Format
from psycopg.rows import TupleRow
from psycopg.types import TypeInfo
from psycopg_pool import ConnectionPool, PoolTimeout

from rag.types import Vectors
from rag.types.errors import IndexBusy, IndexUnusable, RagError, SettingsError

SETTING = "store"
Connection = psycopg.Connection[TupleRow]
Rows = list[tuple[Any, ...]]
T = TypeVar("T")
_POOL = 8
_WAIT = 3.0  # seconds for a connection of the pool, before one is made beside it
_MOST_SECONDS = 60  # of a query of a reader
_NETWORK = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "tcp_user_timeout": 60_000,
    "application_name": "rag",
    "client_encoding": "utf8",
}
# The extension may be installed in any schema. `jit` costs more than it gives for queries as short as these.
_SESSION: LiteralString = """
SELECT set_config('search_path', 'rag, ' || coalesce((
    SELECT quote_ident(nspname) FROM pg_catalog.pg_extension JOIN pg_catalog.pg_namespace n ON n.oid = extnamespace
    WHERE extname = 'vector'), 'public'), false), set_config('jit', 'off', false),
    set_config('statement_timeout', %s, false), set_config('idle_in_transaction_session_timeout', '0', false)
"""
# What libpq takes for a host, a port or a name where a '/' or '@' of a password is not escaped would be shown.
_ADDRESS = re.compile(
    r"postgres(ql)?://([^/@:?]*(:[^/@]*)?@)?(\[[^]/@]*\]|[^]:/?@[,]*)(:\d*)?"
    r"(,(\[[^]/@]*\]|[^]:/?@[,]*)(:\d*)?)*(/[^/?@]*)?(\?[^@]*)?"
)
_LOST = (
    psycopg.InterfaceError,
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleSessionTimeout,
)


class Connections:
    """The connections to one address. Safe to use from several threads."""

    def __init__(self, url: str) -> None:
        if not _ADDRESS.fullmatch(url):
            raise SettingsError(
                f"setting '{SETTING}': this is no address of a database; write postgresql://user@host:5432/name, "
                "the port in digits, and in a password each '/' as %2F and each '@' as %40"
            )
        try:
            given: dict[str, str | int | None] = {
                key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None
            }
        except psycopg.Error:  # whose message may have the password
            raise SettingsError(
                f"setting '{SETTING}': this is no address of a database; write postgresql://user@host:5432/name"
            ) from None
        settings: dict[str, Any] = {**_NETWORK, **given}
        self._conninfo = make_conninfo("", **settings)
        self.place = _place(given)
        self._pool = ConnectionPool(
            self._conninfo,
            connection_class=Connection,
            min_size=0,
            max_size=_POOL,
            open=False,
            configure=_configure,
            check=ConnectionPool.check_connection,
            num_workers=1,
            reconnect_timeout=_WAIT,
        )
        weakref.finalize(self, self._pool.close)

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` makes of a connection, which commits each statement. Where it is lost, once more on another."""
        try:
            return self._once(work)
        except psycopg.Error as error:
            if not is_lost(error):
                raise self.told(error) from error
        try:
            return self._once(work)
        except psycopg.Error as error:
            raise self.told(error) from error

    def rows(self, query: LiteralString, values: Sequence[object] = ()) -> Rows:
        """All rows of one query."""
        return self.run(lambda connection: fetched(connection, query, values))

    def _once(self, work: Callable[[Connection], T]) -> T:
        if self._pool.closed:
            self.connect().close()  # what is wrong is told at once; a pool tries again for a while
            self._pool.open()
        try:
            connection = self._pool.getconn(timeout=_WAIT)
        except PoolTimeout:  # all are in use, or none can be made: then this says why
            with self.own() as connection:
                return work(connection)
        try:
            return work(connection)
        finally:
            self._pool.putconn(connection)

    @contextmanager
    def own(self, *, patient: bool = False) -> Iterator[Connection]:
        """A connection outside the pool, which is closed at the end; its queries take as long as they do if patient."""
        connection = self.connect(patient=patient)
        try:
            yield connection
        finally:
            connection.close()

    def connect(self, *, patient: bool = False) -> Connection:
        """A connection outside the pool, to be closed by the caller."""
        try:
            connection = Connection.connect(self._conninfo, autocommit=True)
            _configure(connection, patient=patient)
            return connection
        except psycopg.Error as error:
            raise self.told(error) from error

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turns errors of the database into those of this program."""
        try:
            yield
        except psycopg.Error as error:
            raise self.told(error) from error

    def told(self, error: psycopg.Error) -> RagError:
        """The error for a person: what, where and what mends it."""
        what = _first_line(error)
        where, look = f"the database {self.place}", f"look at the setting '{SETTING}'"
        match error:
            case errors.LockNotAvailable():
                return IndexBusy(f"another build is working on {self.place}; wait for it to end, then run this again")
            case errors.InvalidPassword() | errors.InvalidAuthorizationSpecification():
                return IndexUnusable(_no_entry(where, what))
            case errors.ReadOnlySqlTransaction():
                return IndexUnusable(f"{where} takes no writes ({what}); name the primary server in '{SETTING}'")
            case errors.DiskFull() | errors.OutOfMemory():
                return IndexUnusable(
                    f"{where} has no room left ({what}); make some, then run this again; the index is the one before"
                )
            case errors.InsufficientPrivilege():
                return IndexUnusable(f"{where} does not allow that ({what}); {look}: another user may")
            case errors.QueryCanceled():
                return IndexUnusable(f"{where} took too long ({what}); try again, or give it more memory")
            case errors.UndefinedTable() | errors.InvalidSchemaName() | errors.UndefinedColumn():
                return IndexUnusable(f"{where} holds no index that can be used ({what}); {look}, or run `rag build`")
        if "password" in what or "authentication" in what:
            return IndexUnusable(_no_entry(where, what))
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return IndexUnusable(f"{where} cannot be reached ({what}); {look}, and whether the server runs")
        return IndexUnusable(f"{where} is damaged ({what}); run `rag check`, then `rag build`")

    def close(self) -> None:
        """Closes all that are not in use."""
        self._pool.close()


def _no_entry(where: str, what: str) -> str:
    return f"{where} lets nobody in so ({what}); give the password in PGPASSWORD, ~/.pgpass or the setting '{SETTING}'"


def is_lost(error: psycopg.Error) -> bool:
    """Whether an error tells that the connection is gone: another may do."""
    if isinstance(error, _LOST):
        return True
    return isinstance(error, psycopg.OperationalError) and error.sqlstate is None


def fetched(connection: Connection, query: LiteralString, values: Sequence[object] = ()) -> Rows:
    """All rows of a query, which travel in the binary format."""
    return connection.execute(query, values, binary=True).fetchall()


def _place(given: Mapping[str, object]) -> str:
    user = f"{given['user']}@" if given.get("user") else ""
    host = str(given.get("host") or given.get("hostaddr") or "")
    port = f":{given['port']}" if given.get("port") else ""
    if host.startswith("/"):
        return f"postgresql://{user}/{given.get('dbname') or ''} (socket in {host}{port})"
    return f"postgresql://{user}{host}{port}/{given.get('dbname') or ''}"


def _first_line(error: psycopg.Error) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].removeprefix("connection failed: ").strip()


def _configure(connection: Connection, *, patient: bool = False) -> None:
    connection.autocommit = True
    connection.prepare_threshold = None
    connection.execute(_SESSION, [str(0 if patient else 1000 * _MOST_SECONDS)])
    found = TypeInfo.fetch(connection, "vector")
    if found is not None:
        found.register(connection)
        connection.adapters.register_dumper(np.ndarray, type("Dumper", (_VectorDumper,), {"oid": found.oid}))


class _VectorDumper(Dumper):
    """One vector in pgvector's binary format."""

    format = Format.BINARY

    def dump(self, obj: Vectors) -> bytes:
        return sent(obj)


def sent(vector: Vectors) -> bytes:
    """A vector in pgvector's binary format, as its `vector_send` gives it."""
    return struct.pack(">HH", len(vector), 0) + vector.astype(">f4").tobytes()


def received(data: bytes) -> Vectors:
    """The vector that `vector_send` gave."""
    return np.frombuffer(data, dtype=">f4", offset=4).astype(np.float32)
