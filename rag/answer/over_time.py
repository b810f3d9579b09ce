"""How many passages on a question each month has, or each year where they span many."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rag.answer.assistant import Assistant
from rag.retrieve import searched
from rag.types import ASIDES, OF_ARTICLE, Turn
from rag.types.filters import ALL, Filters

_SHARE = 0.5  # of the best passage's score in word search that one on the question has
_MOST = 1000  # passages, the best
_FEWEST = 3  # months in which there are some; fewer tell nothing
_MONTHS = 36  # beyond which there are years
_YEARS = 60  # the last


@dataclass(frozen=True, slots=True)
class Span:
    """A month, `2024-05`, or a year, `2024`: its first and its last day, and the passages on the question in it."""

    name: str
    since: str
    until: str
    passages: int


def over_time(
    assistant: Assistant, text: str, history: Sequence[Turn] = (), filters: Filters = ALL, day: str | None = None
) -> list[Span]:
    """All spans from the first to the last with passages on a question; none where there are fewer than three.

    A passage is on it that scores half as much in word search as the best one, among the articles that are chosen,
    whatever days are. Raises InputError as `Assistant.ask` does.
    """
    queries = assistant.understand(text, history, filters, day).queries
    if any(query.kind in OF_ARTICLE or query.kind in ASIDES for query in queries):
        return []
    among = filters.model_copy(update={"since": None, "until": None})
    store, ids = assistant.store, []
    for query in queries:
        found = store.search_lexical(searched(query.terms), _MOST, (among,))[0]
        ids += [id for id, score in found if score >= _SHARE * found[0][1]]
    days = [day for day in store.dates(list(dict.fromkeys(ids))) if day]
    return _spans(Counter(day[:7] for day in days))


def _spans(months: Counter[str]) -> list[Span]:
    if len(months) < _FEWEST:
        return []
    first, last = min(months), max(months)
    names = list(_months(first, last))
    if len(names) <= _MONTHS:
        return [Span(name, f"{name}-01", _last_of(name), months[name]) for name in names]
    years = Counter[str]()
    for name, count in months.items():
        years[name[:4]] += count
    named = [f"{year:04}" for year in range(int(first[:4]), int(last[:4]) + 1)][-_YEARS:]
    return [Span(name, f"{name}-01-01", f"{name}-12-31", years[name]) for name in named]


def _months(first: str, last: str) -> list[str]:
    """All months from one to another."""
    begin, end = (int(name[:4]) * 12 + int(name[5:]) - 1 for name in (first, last))
    return [f"{month // 12:04}-{month % 12 + 1:02}" for month in range(begin, end + 1)]


def _last_of(month: str) -> str:
    return f"{month}-{calendar.monthrange(int(month[:4]), int(month[5:]))[1]}"
