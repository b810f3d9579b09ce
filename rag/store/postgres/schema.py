"""The tables, all in the schema `rag`, and how one version of them becomes the next.

An article's row holds from generation `since` to before `until`; a reader of generation g sees the articles with
since <= g and no until, or a later one. Passages and vectors belong to an article and never change. One sequence of
keys numbers both: an article's is followed by those of its passages. The current generation has the largest number.

Texts are stored as bytes in UTF-8, what has them inside as JSON in ASCII: so the database's encoding and collation
change nothing, and bytes sort as Python sorts code points. Each row has a hash of what it says.
"""

from __future__ import annotations

import contextlib
from typing import LiteralString

import psycopg
from psycopg import errors

from rag.store.postgres.connections import SETTING, Connection, fetched
from rag.types.errors import IndexUnusable

LOCKS = 0x726167  # class of the advisory locks: "rag"
BUILDER, WRITER, PINS = -1, -2, -3  # and for a reader the number of its generation

_FIRST: LiteralString = """
CREATE TABLE generation (
    number integer PRIMARY KEY, name text NOT NULL, recipe text NOT NULL, files text NOT NULL,
    articles integer NOT NULL, passages bigint NOT NULL, tokens bigint NOT NULL,
    clean integer NOT NULL, gone integer NOT NULL, sum bytea NOT NULL, made timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), current integer REFERENCES generation, key bigint NOT NULL
);
INSERT INTO state (key) VALUES (0);
CREATE TABLE article (
    key bigint PRIMARY KEY, since integer NOT NULL, until integer, article_id bytea NOT NULL,
    date text COLLATE "C", info text NOT NULL, text bytea NOT NULL, text_sum bytea NOT NULL,
    characters integer NOT NULL, passages integer NOT NULL, tokens bigint NOT NULL, encoder text NOT NULL,
    sum bytea NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX article_id ON article (article_id);
CREATE UNIQUE INDEX article_held ON article (article_id) WHERE until IS NULL;
CREATE INDEX article_date ON article (date);
CREATE INDEX article_until ON article (until) WHERE until IS NOT NULL;
CREATE TABLE passage (
    key bigint PRIMARY KEY, article bigint NOT NULL, ordinal integer NOT NULL, chunk text NOT NULL,
    length integer NOT NULL, digest bytea NOT NULL, vector_sum bytea NOT NULL, sum bytea NOT NULL
);
CREATE INDEX passage_article ON passage (article);
CREATE INDEX passage_digest ON passage USING hash (digest);
CREATE TABLE embedding (
    key bigint PRIMARY KEY, article bigint NOT NULL, dimension integer NOT NULL, vector vector NOT NULL
);
CREATE INDEX embedding_article ON embedding (article);
ALTER TABLE embedding ALTER COLUMN vector SET STORAGE PLAIN;
CREATE TABLE gone (key bigint NOT NULL, last bigint NOT NULL, number integer NOT NULL, PRIMARY KEY (number, key));
CREATE TABLE segment (
    number integer PRIMARY KEY, since integer NOT NULL, until integer, passages bigint NOT NULL,
    rows bigint NOT NULL, bytes bigint NOT NULL, words bigint NOT NULL
);
CREATE TABLE posting (
    segment integer NOT NULL, kind smallint NOT NULL, token bytea NOT NULL, entries bytea NOT NULL,
    positions bytea NOT NULL, sum bytea NOT NULL, PRIMARY KEY (segment, kind, token)
);
ALTER TABLE posting ALTER COLUMN entries SET STORAGE EXTERNAL, ALTER COLUMN positions SET STORAGE EXTERNAL;
CREATE TABLE word (segment integer NOT NULL, bare bytea NOT NULL, word bytea NOT NULL, count bigint NOT NULL);
CREATE INDEX word_bare ON word (segment, bare);
CREATE TABLE pin (name text PRIMARY KEY, generation text NOT NULL, pinned text NOT NULL);
CREATE TABLE certificate (generation text PRIMARY KEY, body text NOT NULL);
CREATE TABLE try (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, questions_sha256 text NOT NULL, questions text NOT NULL
);
"""
_SECOND: LiteralString = """
ALTER TABLE state ADD COLUMN change bigint NOT NULL DEFAULT 0;
CREATE TABLE change (number bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), body text NOT NULL, text bytea,
    sum bytea NOT NULL);
ALTER TABLE change ALTER COLUMN text SET STORAGE EXTERNAL;
CREATE TABLE saved (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id text NOT NULL UNIQUE, body text NOT NULL);
CREATE TABLE alert (
    place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    question text NOT NULL REFERENCES saved (id) ON DELETE CASCADE, body text NOT NULL
);
"""
# Of a statement by anybody but a build the database itself takes a note.
_NOTED: LiteralString = """
ALTER TABLE generation ADD COLUMN contents bytea;
CREATE TABLE suspect (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text NOT NULL);
CREATE FUNCTION suspected() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = rag, pg_temp AS $$
BEGIN
    IF current_setting('rag.writing', true) IS DISTINCT FROM 'on' THEN
        INSERT INTO suspect (what) VALUES (TG_TABLE_NAME);
    END IF;
    RETURN NULL;
END $$;
DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['generation', 'state', 'article', 'passage', 'embedding', 'gone', 'segment', 'posting',
        'word']
    LOOP
        EXECUTE format('CREATE TRIGGER suspected AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I '
            'FOR EACH STATEMENT EXECUTE FUNCTION suspected()', name);
    END LOOP;
END $$;
INSERT INTO suspect (what) SELECT 'an earlier version of the program' WHERE EXISTS (SELECT FROM generation);
"""
MIGRATIONS: tuple[LiteralString, ...] = (_FIRST, _SECOND, _NOTED)
"""What makes version n + 1 of version n."""


def is_there(connection: Connection, place: str) -> bool:
    """Whether there are tables of this version. Raises IndexUnusable for those of another program or version."""
    version = _version(connection, place)
    if version is None:
        return False
    if version < len(MIGRATIONS):
        raise IndexUnusable(f"{place} was written by an earlier version of this program; run `rag build`")
    return True


def migrate(connection: Connection, place: str) -> None:
    """Makes the tables, or those of an earlier version into these, in one transaction. Raises IndexUnusable."""
    if fetched(connection, "SELECT pg_is_in_recovery()")[0][0]:
        raise IndexUnusable(f"{place} is a replica, which takes no writes; name the primary server in '{SETTING}'")
    version = _version(connection, place)
    if version == len(MIGRATIONS):
        return
    with connection.transaction():
        if version is None:
            _extension(connection, place)
            connection.execute("CREATE SCHEMA rag")
            connection.execute("CREATE TABLE rag.schema (version integer NOT NULL)")
            connection.execute("COMMENT ON SCHEMA rag IS 'index of article-rag'")
            connection.execute("INSERT INTO rag.schema VALUES (0)")
        for number, change in enumerate(MIGRATIONS[version or 0 :], start=(version or 0) + 1):
            connection.execute(change)
            connection.execute("UPDATE rag.schema SET version = %s", [number])


def _version(connection: Connection, place: str) -> int | None:
    """None where there is no schema `rag`."""
    query: LiteralString = "SELECT oid, obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = 'rag'"
    found = fetched(connection, query)
    if not found:
        return None
    try:
        rows = fetched(connection, "SELECT version FROM rag.schema")
    except (errors.UndefinedTable, errors.UndefinedColumn):
        rows = []
    if len(rows) != 1 or found[0][1] != "index of article-rag":
        raise IndexUnusable(
            f"the schema 'rag' in {place} belongs to another program; name another database in the setting '{SETTING}'"
        )
    version = int(rows[0][0])
    if version > len(MIGRATIONS):
        raise IndexUnusable(
            f"{place} was written by a later version of this program (schema {version}, this one knows "
            f"{len(MIGRATIONS)}); use that version, or name another database in the setting '{SETTING}'"
        )
    return version


def _extension(connection: Connection, place: str) -> None:
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    except (errors.FeatureNotSupported, errors.UndefinedFile) as error:
        raise IndexUnusable(
            f"the server of {place} has no pgvector; install it there (Debian: postgresql-17-pgvector), then run this "
            "again"
        ) from error
    except errors.InsufficientPrivilege as error:
        raise IndexUnusable(
            f"the extension pgvector is not in {place}, and this user may not add it; let an administrator run "
            "`CREATE EXTENSION vector` there"
        ) from error
    connection.execute(
        "SELECT set_config('search_path', 'rag, ' || (SELECT quote_ident(nspname) FROM pg_extension "
        "JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'vector'), false)"
    )


def writing(connection: Connection) -> None:
    """Says that what this transaction does is a build's: else the database takes a note of it."""
    connection.execute("SELECT set_config('rag.writing', 'on', true)")


def only_one(connection: Connection, lock: int, seconds: float, *, session: bool = False) -> None:
    """Takes an advisory lock, for the session or the transaction. Raises LockNotAvailable after so many seconds."""
    name: LiteralString = "SELECT pg_advisory_lock(%s, %s)" if session else "SELECT pg_advisory_xact_lock(%s, %s)"
    before = fetched(connection, "SELECT current_setting('lock_timeout')")[0][0]
    connection.execute("SELECT set_config('lock_timeout', %s, false)", [f"{int(1000 * seconds)}ms"])
    try:
        connection.execute(name, [LOCKS, lock])
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            connection.execute("SELECT set_config('lock_timeout', %s, false)", [before])


def is_locked(connection: Connection, lock: int) -> bool:
    """Whether anybody holds an advisory lock of this database."""
    query: LiteralString = (
        "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = %s::int::oid "
        "AND objid = (%s::bigint & 4294967295)::oid AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    return bool(fetched(connection, query, [LOCKS, lock]))


def share(connection: Connection, lock: int) -> None:
    """Takes an advisory lock for the session together with others."""
    connection.execute("SELECT pg_advisory_lock_shared(%s, %s)", [LOCKS, lock])


def release(connection: Connection, lock: int) -> None:
    """Gives back the session's lock now: a server notices only later that a connection was closed."""
    with contextlib.suppress(psycopg.Error):
        connection.execute(
            "SELECT pg_advisory_unlock(%s, %s), pg_advisory_unlock_shared(%s, %s)", [LOCKS, lock, LOCKS, lock]
        )
