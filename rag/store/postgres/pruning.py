"""Which generations are kept, and what goes when one does not."""

from __future__ import annotations

from collections.abc import Collection
from typing import LiteralString

from rag.store.postgres import schema, segments
from rag.store.postgres.changes import REMOVE
from rag.store.postgres.connections import Connection, fetched

KEPT = 2  # generations besides those that are pinned

_ARTICLES: LiteralString = (
    "SELECT key FROM article a WHERE a.until IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM generation g WHERE a.since <= g.number AND a.until > g.number)"
)
_SEGMENTS: LiteralString = (
    "SELECT number FROM segment s WHERE s.until IS NOT NULL AND NOT EXISTS "
    "(SELECT 1 FROM generation g WHERE s.since <= g.number AND s.until > g.number)"
)


def named(connection: Connection, name: str) -> int | None:
    """The number of the newest generation of a name."""
    return fetched(connection, "SELECT max(number) FROM generation WHERE name = %s", [name])[0][0]  # type: ignore[no-any-return]


def prune(connection: Connection, damaged: Collection[int] = ()) -> list[str]:
    """Removes all generations but the current, the newest besides, those pinned, and those that somebody reads.

    Of some `damaged` ones all that are not pinned, whoever reads them; says which of these are gone.
    """
    with connection.transaction():
        schema.writing(connection)
        schema.only_one(connection, schema.PINS, 10.0)
        rows = fetched(
            connection,
            "SELECT number, name, name IN (SELECT generation FROM pin), number = (SELECT current FROM state) "
            "FROM generation ORDER BY number DESC",
        )
        going, seen, free = list[tuple[int, str]](), set[str](), 0
        for number, name, pinned, current in rows:
            again, kept = name in seen, current or pinned
            seen.add(name)
            if not again and not kept and number not in damaged:
                free += 1
                kept = free < KEPT
            if again or not kept:
                going.append((number, name))
        going = [one for one in going if one[0] in damaged or _is_free(connection, one[0])]
        connection.execute("DELETE FROM generation WHERE number = ANY(%s)", [[number for number, _ in going]])
        _sweep(connection)
    return [name for number, name in going if number in damaged]


def _is_free(connection: Connection, number: int) -> bool:
    query: LiteralString = "SELECT pg_try_advisory_xact_lock(%s, %s)"
    return bool(fetched(connection, query, [schema.LOCKS, number])[0][0])


def _sweep(connection: Connection) -> None:
    """Removes what no generation holds any more."""
    keys = [key for (key,) in fetched(connection, _ARTICLES)]
    for query in REMOVE:
        connection.execute(query, [keys])
    segments.remove(connection, [number for (number,) in fetched(connection, _SEGMENTS)])
    connection.execute("DELETE FROM gone WHERE number <= (SELECT min(clean) FROM generation)")
