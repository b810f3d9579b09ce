"""What of a database is not as it was written: the server hashes each row, and the names are made anew.

A build reads every row only where there is a note in the table `suspect`: the database takes one of each statement that
is not a build's, and `rag check` one of what it has found. It hashes what it goes on from besides.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any, LiteralString

import psycopg

from rag.store.postgres import segments
from rag.store.postgres.connections import Connection, fetched
from rag.store.postgres.rows import ARTICLE_SUM, PASSAGE_SUM, generation_sum
from rag.types import ArticleInfo, SeedEntry
from rag.types.contents import SIZE, Contents
from rag.types.stores import FORMAT, PAGE, Recipe, generation_name

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


def notes(connection: Connection) -> list[int]:
    """The numbers of all notes that something may have changed."""
    return [number for (number,) in fetched(connection, "SELECT number FROM suspect")]


def suspect(connection: Connection, what: str) -> None:
    """Has builds read every row until they have mended or found whole what there is."""
    with contextlib.suppress(psycopg.Error):  # whoever may not write that is told what is wrong all the same
        connection.execute("INSERT INTO suspect (what) VALUES (%s)", [what])


def trust(connection: Connection, noted: Sequence[int]) -> None:
    """Takes back notes of before all was read and found whole."""
    connection.execute("DELETE FROM suspect WHERE number = ANY(%s)", [list(noted)])


def damage(connection: Connection, number: int, place: str, *, own: bool = False) -> list[str]:
    """What of a generation is damaged, a line each, as far as a build must know; `own` as in `every_damage`."""
    if notes(connection):
        return list(every_damage(connection, number, place, own=own))
    found = _values(connection, number, place)
    return [found] if isinstance(found, str) else []


def every_damage(connection: Connection, number: int, place: str, *, own: bool = False) -> Iterator[str]:
    """The same, after every row was read; with `own` only what the current generation does not hold, too."""
    values = _values(connection, number, place)
    if isinstance(values, str):
        yield values
        return
    yield from _of_articles(connection, number, place, own=own)
    yield from _of_words(connection, number, place, own=own)
    yield from _of_all(connection, place, values)


def _values(connection: Connection, number: int, place: str) -> list[Any] | str:
    """What is noted of a generation, or what is wrong with it."""
    query: LiteralString = (
        "SELECT number, name, recipe, files, articles, passages, tokens, clean, gone, sum, contents FROM generation "
        "WHERE number = %s"
    )
    row = fetched(connection, query, [number])
    if not row:
        return f"{place}: a generation is not there"
    *values, total, contents = row[0]
    if generation_sum(values) != total or not _is_named(values, contents or b""):
        return f"{place}: what is noted of generation {values[1]} has changed"
    return values


def _is_named(values: Sequence[Any], contents: bytes) -> bool:
    """Whether a generation of these contents has its name, which an earlier format made otherwise."""
    recipe = Recipe(**json.loads(values[2]))
    if recipe.format != FORMAT:
        return True
    return len(contents) == SIZE and generation_name(recipe, Contents(contents)) == values[1]


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
    query: LiteralString = "SELECT a.number FROM segment a WHERE "
    held = connection.execute(query + _HELD + (_OWN if own else ""), {"number": number}, binary=True).fetchall()
    for (segment,) in held:
        if not segments.is_whole(connection, segment):
            yield f"{place}: the words of segment {segment} have changed"


def _of_all(connection: Connection, place: str, values: list[Any]) -> Iterator[str]:
    """Whether the articles are those of the name, and as many."""
    number, name, _, _, articles, passages, tokens, clean, gone = values
    query: LiteralString = (
        "SELECT count(*), coalesce(sum(a.passages), 0)::bigint, coalesce(sum(a.tokens), 0)::bigint, "
        "(SELECT count(*) FROM gone WHERE number > %(clean)s AND number <= %(number)s) FROM article a WHERE "
    )
    totals = connection.execute(query + _HELD, {"number": number, "clean": clean}, binary=True).fetchall()[0]
    if list(totals) != [articles, passages, tokens, gone]:
        yield f"{place}: generation {name} has articles or passages too many or too few"
    elif not _is_named(values, Contents.of(_entries(connection, number)).state):
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
