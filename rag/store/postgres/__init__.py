"""The index in a PostgreSQL database with pgvector (`rag.types.stores.Store`): for archives, and for many readers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from rag.store.postgres import beside, pruning, record, schema, soundness
from rag.store.postgres.connections import Connection, Connections, fetched
from rag.store.postgres.publishing import Reusing, damage, made_current
from rag.store.postgres.reader import PostgresReader
from rag.store.postgres.writer import PostgresWriter
from rag.types.certificates import Certificate
from rag.types.errors import IndexUnusable, InputError
from rag.types.following import Alert, Change, SavedQuestion
from rag.types.stores import Pin, Reader, Recipe

__all__ = ["PostgresStore"]
T = TypeVar("T")
_WAIT = 10.0  # seconds for another builder to end


class PostgresStore:
    """Generations in one database. Whoever only asks may do so of a replica, whose address is `read_url`."""

    def __init__(self, url: str, read_url: str | None = None) -> None:
        self._primary = Connections(url)
        self._replica = self._primary if read_url is None else Connections(read_url)
        self._closed = False
        self._builds = 0  # in this process: it reads what it writes, and not what has come to a replica
        self._known: set[int] = set()  # connections whose tables are of this version

    @property
    def place(self) -> str:
        """Its address for a person, without any password."""
        return self._primary.place

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called: it cannot be used any more."""
        return self._closed

    @property
    def _reading(self) -> Connections:
        return self._primary if self._builds else self._replica

    def _there(self, connections: Connections) -> bool:
        """Whether there are tables."""
        if id(connections) in self._known:
            return True
        there = connections.run(lambda connection: schema.is_there(connection, connections.place))
        if there:
            self._known.add(id(connections))
        return there

    def current(self) -> str | None:
        """As `Store.current`."""
        held = self._current(self._reading)
        return None if held is None else held[1]

    def _current(self, connections: Connections) -> tuple[int, str] | None:
        if not self._there(connections):
            return None
        rows = connections.rows("SELECT number, name FROM generation WHERE number = (SELECT current FROM state)")
        return rows[0] if rows else None

    def generations(self) -> list[str]:
        """As `Store.generations`."""
        if not self._there(self._reading):
            return []
        return sorted({name for (name,) in self._reading.rows("SELECT name FROM generation")})

    def open(self, generation: str | None = None) -> PostgresReader:
        """As `Store.open`."""
        connections = self._reading
        while True:
            number = self._number(connections, generation)
            try:
                return PostgresReader(connections, number)
            except IndexUnusable:
                if generation is not None or self._number(connections, None) == number:
                    raise

    def _number(self, connections: Connections, generation: str | None) -> int:
        if generation is None:
            held = self._current(connections)
            if held is None:
                raise IndexUnusable(f"there is no index in {connections.place}; run `rag build`")
            return held[0]
        name = generation
        number = connections.run(lambda c: pruning.named(c, name)) if self._there(connections) else None
        if number is None:
            raise IndexUnusable(f"the generation {name[:80]} is not there")
        return number

    @contextmanager
    def building(self) -> Iterator[None]:
        """As `Store.building`; makes the tables where there are none."""
        with self._primary.own() as connection:
            with self._primary.telling():
                schema.only_one(connection, schema.BUILDER, _WAIT, session=True)
                schema.migrate(connection, self.place)
            self._builds += 1
            try:
                yield
            finally:
                self._builds -= 1
                schema.release(connection, schema.BUILDER)

    def is_building(self) -> bool:
        """As `Store.is_building`; False where that cannot be told."""
        try:
            return self._primary.run(lambda connection: schema.is_locked(connection, schema.BUILDER))
        except IndexUnusable:
            return False

    def tidy(self) -> list[str]:
        """As `Store.tidy`. What did not end, the database has removed itself."""
        held = self._current(self._primary)
        current = held[0] if held else None

        def work(connection: Connection) -> list[str]:
            noted = soundness.notes(connection)
            numbers = [n for (n,) in fetched(connection, "SELECT number FROM generation")]
            damaged = [n for n in numbers if soundness.damage(connection, n, self.place, own=n != current)]
            if noted and not damaged:
                soundness.trust(connection, noted)
            older = [n for n in damaged if n != current]
            return pruning.prune(connection, older) if current is not None else []

        return [f"{name}, an older generation that was damaged, is removed" for name in self._patiently(work)]

    def _patiently(self, work: Callable[[Connection], T]) -> T:
        with self._primary.own(patient=True) as connection, self._primary.telling():
            return work(connection)

    def sound(self) -> tuple[Reader | None, list[str]]:
        """As `Store.sound`."""
        try:
            held = self._current(self._primary)
            if held is None:
                return None, []
            wrong = damage(self._primary, held[0])
            return (None, wrong) if wrong else (PostgresReader(self._primary, held[0]), [])
        except IndexUnusable as error:
            return None, [str(error)]

    def reuse(self, generation: str) -> bool:
        """As `Store.reuse`: what it holds is written anew, but for what the current generation holds, too."""
        if not self._there(self._primary):
            return False
        number = self._primary.run(lambda connection: pruning.named(connection, generation))
        if number is None or damage(self._primary, number):
            return False
        made_current(self._primary, number).close()
        return True

    def begin(self, recipe: Recipe, *, afresh: bool) -> PostgresWriter:
        """As `Store.begin`."""
        self._patiently(lambda connection: schema.migrate(connection, self.place))
        return PostgresWriter(self._primary, recipe, afresh=afresh, finish=Reusing(self._primary))

    def pins(self) -> tuple[Pin, ...]:
        """As `Store.pins`."""
        return self._reading.run(beside.pins) if self._there(self._reading) else ()

    def pin(self, name: str, generation: str | None = None) -> Pin:
        """As `Store.pin`."""
        wanted = generation or self.current()
        if wanted is None:
            raise IndexUnusable(f"there is no index in {self.place}; run `rag build`")
        number = self._primary.run(lambda connection: pruning.named(connection, wanted))
        if number is None:
            kept = ", ".join(self.generations()) or "none"
            raise InputError(f"there is no generation '{wanted[:80]}' in {self.place}; kept are: {kept}")
        wrong = damage(self._primary, number)
        if wrong:
            raise InputError(f"generation {wanted} is damaged ({wrong[0]}); pin another")
        return self._primary.run(lambda connection: beside.pin(connection, name, wanted))

    def unpin(self, name: str) -> Pin:
        """As `Store.unpin`."""
        if not self._there(self._primary):
            raise InputError(f"there is no index in {self.place}; look at the setting 'store'")
        return self._primary.run(lambda connection: beside.unpin(connection, name))

    def certificate(self, generation: str) -> Certificate | None:
        """As `Store.certificate`."""
        if not self._there(self._reading):
            return None
        return self._reading.run(lambda connection: beside.certificate(connection, generation))

    def certified(self) -> list[str]:
        """As `Store.certified`."""
        return self._reading.run(beside.certified) if self._there(self._reading) else []

    def certify(self, certificate: Certificate) -> str:
        """As `Store.certify`."""
        self._primary.run(lambda connection: beside.certify(connection, certificate))
        return f"{self.place}, table rag.certificate"

    def count_try(self, questions_sha256: str, keys: Collection[str]) -> int:
        """As `Store.count_try`."""
        return self._primary.run(lambda connection: beside.count_try(connection, questions_sha256, keys))

    def changes(self, after: int = 0, *, texts: bool = False) -> Iterator[Change]:
        """As `Store.changes`."""
        if self._there(self._reading):
            yield from record.changes(self._reading, after, texts=texts)

    def last_change(self) -> int:
        """As `Store.last_change`."""
        return self._reading.rows("SELECT change FROM state")[0][0] if self._there(self._reading) else 0

    def saved(self) -> tuple[SavedQuestion, ...]:
        """As `Store.saved`."""
        return self._reading.run(beside.saved) if self._there(self._reading) else ()

    def save(self, question: SavedQuestion) -> SavedQuestion:
        """As `Store.save`."""
        if self._current(self._primary) is None:
            raise IndexUnusable(f"there is no index in {self.place}; run `rag build`")
        return self._primary.run(lambda connection: beside.save(connection, question))

    def forget(self, question_id: str) -> SavedQuestion:
        """As `Store.forget`."""
        if not self._there(self._primary):
            raise InputError(f"there is no index in {self.place}; look at the setting 'store'")
        return self._primary.run(lambda connection: beside.forget(connection, question_id))

    def alerts(self, limit: int) -> tuple[Alert, ...]:
        """As `Store.alerts`."""
        there = self._there(self._reading)
        return self._reading.run(lambda connection: beside.alerts(connection, limit)) if there else ()

    def tell(self, before: SavedQuestion, after: SavedQuestion, alerts: Sequence[Alert]) -> bool:
        """As `Store.tell`."""
        return self._primary.run(lambda connection: beside.tell(connection, before, after, alerts))

    def findings(self) -> Iterator[str]:
        """As `Store.findings`."""
        if not self._there(self._primary):
            return
        with self._primary.own(patient=True) as connection, self._primary.telling():
            held = self._current(self._primary)
            if held is None:
                yield f"{self.place}: no generation is the current one; run `rag build`"
            older = fetched(connection, "SELECT number FROM generation ORDER BY number")
            for (number,) in older:
                of_current = held is not None and number == held[0]
                wrong = list(soundness.every_damage(connection, number, self.place, own=not of_current))
                if wrong:
                    soundness.suspect(connection, "rag check")
                yield from (f"{line}; run `rag build`" for line in wrong)
        yield from self._beside()

    def _beside(self) -> Iterator[str]:
        yield from record.damaged(self._primary)
        try:
            self._primary.run(beside.saved)
        except IndexUnusable as error:
            yield str(error)
        for generation in self.certified():
            try:
                self.certificate(generation)
            except IndexUnusable as error:
                yield str(error)
        kept = self.generations()
        for pin in self.pins():
            if pin.generation not in kept:
                gone = f"the pin '{pin.name}' is of generation {pin.generation}, which is not there"
                yield f"{gone}; run `rag pin --remove {pin.name}`"

    def close(self) -> None:
        """As `Store.close`."""
        self._closed = True
        self._primary.close()
        self._replica.close()
