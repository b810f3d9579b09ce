"""How articles changed from one generation of a database to the next: rows that the transaction of a build writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import LiteralString

from rag.store.differing import changes as differing
from rag.store.differing import pairs
from rag.store.postgres.connections import Connection, Connections, fetched
from rag.store.postgres.rows import decoded, sha256
from rag.types import ArticleInfo, SeedEntry
from rag.types.following import KEPT_BYTES, KEPT_DAYS, Change, now

_PAGE = 200
_LOOKED_THROUGH = 1000  # changes, after which it is looked what is too old or too much: that reads all of them
_GONE: LiteralString = "SELECT key, info FROM article WHERE until = %s AND since < %s ORDER BY article_id"
_COME: LiteralString = (
    "SELECT key, info FROM article WHERE since = %s AND until IS NULL AND key > %s ORDER BY article_id"
)
_CHANGES: LiteralString = (
    "SELECT number, body, sum, CASE WHEN %s THEN text END FROM change WHERE number > %s ORDER BY number LIMIT %s"
)
_PRUNE: LiteralString = """
DELETE FROM change WHERE number < (SELECT change FROM state) AND (at < now() - make_interval(days => %s) OR number <= (
    SELECT max(number) FROM (SELECT number, sum(length(body) + coalesce(length(text), 0)) OVER (ORDER BY number DESC)
    AS bytes FROM change) AS held WHERE bytes > %s))
"""


def write(connection: Connection, generation: int, first_key: int) -> None:
    """Notes what the generation of this number, whose articles have keys above `first_key`, changes."""
    number, at = int(fetched(connection, "SELECT change FROM state")[0][0]), now()
    try:
        found = _found(connection, generation, first_key, number, at)
    except (ValueError, TypeError):  # a row that is damaged
        found = iter([Change(number + 1, at, "unknown", None, None)])
    last = number
    with connection.cursor() as cursor:
        for change in found:
            body, last = change.body(), change.number
            cursor.execute(
                "INSERT INTO change (number, body, text, sum) VALUES (%s, %s, %s, %s)",
                [change.number, body, change.packed, _sum(change.number, body)],
            )
    if last > number:
        connection.execute("UPDATE state SET change = %s", [last])
        if last // _LOOKED_THROUGH > number // _LOOKED_THROUGH:
            connection.execute(_PRUNE, [KEPT_DAYS, KEPT_BYTES])


def _found(connection: Connection, generation: int, first_key: int, number: int, at: str) -> Iterator[Change]:
    infos: list[dict[str, tuple[int, ArticleInfo]]] = []
    for query, values in ((_GONE, [generation, generation]), (_COME, [generation, first_key])):
        read = ((key, ArticleInfo(*json.loads(info))) for key, info in fetched(connection, query, values))
        infos.append({info.article_id: (key, info) for key, info in read})
    old, new = infos

    def was(article_id: str) -> tuple[ArticleInfo, str | None]:
        key, info = old[article_id]
        text = fetched(connection, "SELECT text FROM article WHERE key = %s", [key])[0][0]
        return info, decoded(text) if sha256(text).hex() == info.text_sha256 else None

    def come(article_id: str) -> tuple[ArticleInfo, None]:
        return new[article_id][1], None

    entries = ([SeedEntry.of(info) for _, info in its.values()] for its in infos)
    return differing(pairs(*entries), number, at, was, come)


def changes(connections: Connections, after: int, *, texts: bool) -> Iterator[Change]:
    """As `Store.changes`."""
    while rows := connections.rows(_CHANGES, [texts, after, _PAGE]):
        for number, body, total, packed in rows:
            try:
                if total != _sum(number, body):
                    raise ValueError(body)
                yield Change.of(number, body, packed)
            except ValueError:
                yield Change(number, "", "unknown", None, None)
        after = rows[-1][0]


def damaged(connections: Connections) -> Iterator[str]:
    """A line for what is not as it was written."""
    wrong = sum(change.kind == "unknown" and not change.at for change in changes(connections, 0, texts=False))
    if wrong:
        yield f"{connections.place}: {wrong} rows of the table rag.change are damaged; remove them to forget them"


def _sum(number: int, body: str) -> bytes:
    return sha256(f"{number} {body}".encode())
