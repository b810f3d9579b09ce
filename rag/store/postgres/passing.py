"""Which articles of a generation pass filters."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import LiteralString, TypeVar, cast

from rag.store.postgres.connections import Rows
from rag.store.postgres.postings import Gone
from rag.store.postgres.rows import encoded
from rag.types.filters import Filters

Ask = Callable[..., Rows]
V = TypeVar("V")
HELD: LiteralString = "a.since <= %s AND (a.until IS NULL OR a.until > %s)"
_KEPT = 8


def conditions(number: int, filters: Filters) -> tuple[LiteralString, list[object]]:
    """What an article `a` of a generation must meet, and the values."""
    where, values = HELD, cast(list[object], [number, number])
    if filters.since:
        where, values = where + " AND a.date >= %s", [*values, filters.since]
    if filters.until:
        where, values = where + " AND a.date <= %s", [*values, filters.until]
    if filters.articles:
        where, values = where + " AND a.article_id = ANY(%s)", [*values, [encoded(id) for id in filters.articles]]
    return where, values


class Passing:
    """The articles of one generation that pass filters; of the latest it is known."""

    def __init__(self, ask: Ask, number: int) -> None:
        self._ask, self._number = ask, number
        self._ranges: dict[Filters, Gone] = {}
        self._counts: dict[Filters, int] = {}

    def count(self, filters: Filters) -> int:
        """How many passages they have."""
        if filters not in self._counts:
            where, values = conditions(self._number, filters)
            query: LiteralString = "SELECT coalesce(sum(a.passages), 0)::bigint FROM article a WHERE "
            rows = self._ask(query + where, values)
            _keep(self._counts, filters, int(rows[0][0]))
        return self._counts[filters]

    def ranges(self, filters: Filters) -> Gone:
        """The keys of their passages."""
        if filters not in self._ranges:
            where, values = conditions(self._number, filters)
            query: LiteralString = "SELECT a.key + 1, a.key + a.passages FROM article a WHERE "
            _keep(self._ranges, filters, Gone.of(self._ask(query + where + " AND a.passages > 0", values)))
        return self._ranges[filters]

    def some(self, keys: Collection[int], filters: Filters) -> set[int]:
        """Which of these passages are of them."""
        where, values = conditions(self._number, filters)
        query: LiteralString = (
            "SELECT p.key FROM passage p JOIN article a ON a.key = p.article WHERE p.key = ANY(%s) AND "
        )
        return {key for (key,) in self._ask(query + where, [list(keys), *values])}

    def in_order(self, keys: Collection[int], limit: int) -> list[int]:
        """The first of these passages in canonical order. Fewer than there are where some are not there."""
        query: LiteralString = (
            "SELECT p.key FROM passage p JOIN article a ON a.key = p.article WHERE p.key = ANY(%s) AND "
        )
        values = [list(keys), self._number, self._number, limit]
        return [key for (key,) in self._ask(query + HELD + " ORDER BY a.article_id, p.ordinal LIMIT %s", values)]


def _keep(held: dict[Filters, V], filters: Filters, value: V) -> None:
    if len(held) >= _KEPT:
        held.clear()
    held[filters] = value
