"""What lies beside the generations of a database: pins, certificates, and uses of questions to calibrate."""

from __future__ import annotations

from collections.abc import Collection

from rag.store import certificates
from rag.store import pins as rules
from rag.store.postgres import pruning, schema
from rag.store.postgres.connections import Connection, fetched
from rag.types.certificates import Certificate
from rag.types.errors import IndexUnusable, InputError
from rag.types.stores import Pin


def pins(connection: Connection) -> tuple[Pin, ...]:
    """By name."""
    return tuple(Pin(*row) for row in fetched(connection, "SELECT name, generation, pinned FROM pin ORDER BY name"))


def pin(connection: Connection, name: str, generation: str) -> Pin:
    """As `Store.pin`, of a generation that is sound."""
    rules.check_name(name)
    with connection.transaction():
        schema.only_one(connection, schema.PINS, 10.0)
        same = rules.held_as(pins(connection), name, generation)
        if same:
            return same
        if pruning.named(connection, generation) is None:
            raise InputError(f"generation {generation} has just been removed by a build; pin another")
        made = rules.made_today(name, generation)
        connection.execute("INSERT INTO pin VALUES (%s, %s, %s)", [made.name, made.generation, made.pinned])
    return made


def unpin(connection: Connection, name: str) -> Pin:
    """As `Store.unpin`."""
    gone = rules.of_name(pins(connection), name)
    connection.execute("DELETE FROM pin WHERE name = %s", [name])
    return gone


def certificate(connection: Connection, generation: str) -> Certificate | None:
    """As `Store.certificate`."""
    rows = fetched(connection, "SELECT body FROM certificate WHERE generation = %s", [generation])
    if not rows:
        return None
    where = f"the certificate of generation {generation}"
    try:
        found = certificates.parsed(rows[0][0].encode(), where)
        if found.generation != generation:
            raise ValueError("it is not what it was")
    except ValueError as error:
        raise IndexUnusable(f"{where} is damaged ({error}); run `rag calibrate` again") from error
    return found


def certified(connection: Connection) -> list[str]:
    """As `Store.certified`."""
    return [g for (g,) in fetched(connection, 'SELECT generation FROM certificate ORDER BY generation COLLATE "C"')]


def certify(connection: Connection, made: Certificate) -> None:
    """As `Store.certify`."""
    connection.execute(
        "INSERT INTO certificate VALUES (%s, %s) ON CONFLICT (generation) DO UPDATE SET body = excluded.body",
        [made.generation, certificates.written(made)],
    )


def count_try(connection: Connection, questions_sha256: str, keys: Collection[str]) -> int:
    """As `Store.count_try`: a use counts that shares half of the questions, of its own or of these."""
    short = certificates.shortened(keys)
    connection.execute("INSERT INTO try (questions_sha256, questions) VALUES (%s, %s)", [questions_sha256, short])
    rows = fetched(connection, "SELECT questions_sha256, questions FROM try")
    return sum(file == questions_sha256 or certificates.shares_half(noted, short) for file, noted in rows)
