"""What of a database is not as it was written: the server hashes each row, and the names are made anew."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, LiteralString

from rag.store.postgres.connections import Connection, fetched
from rag.store.postgres.rows import ARTICLE_SUM, PASSAGE_SUM, POSTING_SUM, generation_sum
from rag.store.postgres.segments import TOTALS
from rag.types import ArticleInfo, SeedEntry
from rag.types.contents import Contents
from rag.types.stores import PAGE, Recipe, generation_name

_MOST = 20  # lines of one kind
_HELD: LiteralString = "a.since <= %(number)s AND (a.until IS NULL OR a.until > %(number)s)"
# Of an older generation that is looked at beside the current one: only what is not of that, too.
_OWN: LiteralString = " AND a.until IS NOT NULL"
_CHECKS: tuple[tuple[str, LiteralString], ...] = (
    ("article", "SELECT a.info FROM article a WHERE sum <> " + ARTICLE_SUM + " AND "),  # noqa: S608 - words of our own
    ("the text of", "SELECT a.info FROM article a WHERE text_sum <> sha256(text) AND "),
    (
        "a passage of",
        "SELECT a.info FROM article a JOIN (SELECT article FROM passage WHERE sum <> " + PASSAGE_SUM + ") p "  # noqa: S608 - words of our own
        "ON p.article = a.key WHERE ",
    ),
    (
        "a vector of",
        "SELECT a.info FROM article a JOIN passage p ON p.article = a.key JOIN embedding e ON e.key = p.key "
        "WHERE p.vector_sum <> sha256(vector_send(e.vector)) AND ",
    ),
    (
        "the passages of",
        "SELECT a.info FROM article a WHERE a.passages <> (SELECT count(*) FROM passage p JOIN embedding e "
        "ON e.key = p.key AND e.article = a.key AND e.dimension = vector_dims(e.vector) "
        "WHERE p.article = a.key AND p.key = a.key + 1 + p.ordinal) AND ",
    ),
)


def damage(connection: Connection, number: int, place: str, *, own: bool = False) -> Iterator[str]:
    """What of a generation is damaged, a line each; with `own` only what the current one does not hold, too."""
    row = fetched(
        connection,
        "SELECT number, name, recipe, files, articles, passages, tokens, clean, gone, sum FROM generation "
        "WHERE number = %s",
        [number],
    )
    if not row:
        yield f"{place}: a generation is not there"
        return
    *values, total = row[0]
    name = str(values[1])
    if generation_sum(values) != total:
        yield f"{place}: what is noted of generation {name} has changed"
        return
    yield from _of_articles(connection, number, place, own=own)
    yield from _of_words(connection, number, place, own=own)
    yield from _of_all(connection, place, values)


def _of_articles(connection: Connection, number: int, place: str, *, own: bool) -> Iterator[str]:
    for what, query in _CHECKS:
        rows = connection.execute(query + _HELD + (_OWN if own else ""), {"number": number}, binary=True).fetchall()
        for path in list(dict.fromkeys(_path(info) for (info,) in rows))[:_MOST]:
            yield f"{place}: {what} {path} has changed"


def _path(info: str) -> str:
    try:
        return str(ArticleInfo(*json.loads(info)).path)
    except (ValueError, TypeError):
        return "an article that cannot be read"


def _of_words(connection: Connection, number: int, place: str, *, own: bool) -> Iterator[str]:
    query: LiteralString = "SELECT a.number, a.rows, a.bytes, a.words FROM segment a WHERE "
    held = connection.execute(query + _HELD + (_OWN if own else ""), {"number": number}, binary=True).fetchall()
    for segment, *totals in held:
        found = connection.execute(TOTALS, {"number": segment}, binary=True).fetchall()[0]
        changed: LiteralString = "SELECT count(*) FROM posting WHERE segment = %s AND sum <> " + POSTING_SUM  # noqa: S608 - words of our own
        if list(found) != totals or fetched(connection, changed, [segment])[0][0]:
            yield f"{place}: the words of segment {segment} have changed"


def _of_all(connection: Connection, place: str, values: list[Any]) -> Iterator[str]:
    """Whether the articles are those of the name, and as many."""
    number, name, recipe, _, articles, passages, tokens, clean, gone = values
    query: LiteralString = (
        "SELECT count(*), coalesce(sum(a.passages), 0)::bigint, coalesce(sum(a.tokens), 0)::bigint, "
        "(SELECT count(*) FROM gone WHERE number > %(clean)s AND number <= %(number)s) FROM article a WHERE "
    )
    totals = connection.execute(query + _HELD, {"number": number, "clean": clean}, binary=True).fetchall()[0]
    if list(totals) != [articles, passages, tokens, gone]:
        yield f"{place}: generation {name} has articles or passages too many or too few"
    elif generation_name(Recipe(**json.loads(recipe)), Contents.of(_entries(connection, number))) != name:
        yield f"{place}: generation {name} does not hold the articles that it was made of"


def _entries(connection: Connection, number: int) -> Iterator[SeedEntry]:
    after = b""
    query: LiteralString = "SELECT a.article_id, a.info FROM article a WHERE a.article_id > %(after)s AND "
    order: LiteralString = " ORDER BY a.article_id LIMIT %(limit)s"
    while page := connection.execute(
        query + _HELD + order, {"number": number, "after": after, "limit": PAGE}, binary=True
    ).fetchall():
        yield from (SeedEntry.of(ArticleInfo(*json.loads(info))) for _, info in page)
        after = page[-1][0]
