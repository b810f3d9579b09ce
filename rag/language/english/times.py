"""The time that a question or a sentence names: "this week", "in March 2024", "since 2020", "on Tuesday".

One table of expressions, each with what days it means from a given day. Without that day only those count that need
none. Days of a sentence are told from the day of its article.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from rag.language import compiled
from rag.language.english.expressions import EXPRESSION, meant
from rag.types.times import VAGUE, TimeMeant

_LONGEST = 2_000  # characters that are looked at
_BEFORE_IT = compiled(
    r"(?i)\b(?P<side>since|until|till|before|after|by|prior\ to|starting)\s+(?:early\s+|mid-?|late\s+)?$"
)

_CAPITAL = ("today", "tomorrow", "before", "after")
_NAMING = ("weekday", "month4", *_CAPITAL)


@dataclass(frozen=True, slots=True)
class _Named:
    """An expression as it is written, with its days."""

    start: int
    end: int
    first: date
    last: date
    sure: float


def time_meant(text: str, day: str | None) -> TimeMeant | None:
    """As `Language.time_meant`: the surest expression, of equal ones the shortest time."""
    text = text[:_LONGEST]
    named = list(_named(text, _day(day)))
    if not named:
        return None
    best = min(named, key=lambda one: (-one.sure, one.last - one.first, one.start))
    joined = _joined(text, named)
    if joined > 1 and named[0].first <= named[joined - 1].last:
        first, last = named[0], named[joined - 1]
        return TimeMeant(first.first.isoformat(), last.last.isoformat(), min(one.sure for one in named[:joined]))
    side = _BEFORE_IT.search(text[: best.start])
    since: date | None = best.first
    until: date | None = best.last
    if side and best.sure > VAGUE:
        word = side["side"].casefold()
        if word in ("since", "starting"):
            until = _day(day)
        elif word == "after":
            since, until = best.last, None
        else:
            since = None
    if since and until and since > until:
        return None
    return TimeMeant(since.isoformat() if since else None, until.isoformat() if until else None, best.sure)


def _joined(text: str, named: list[_Named]) -> int:
    """How many from the first on are one list or span: between 2019 and 2021; in 2019, 2020 and 2021."""
    between = compiled(r"(?i)\s*(?:,?\s*(?:and|or|to|until|till|through)|,|-|–)\s*(?:in\s+)?")
    gaps = (text[one.end : other.start] for one, other in itertools.pairwise(named))
    return 1 + sum(1 for _ in itertools.takewhile(between.fullmatch, gaps))


def days_named(text: str, day: str | None) -> list[tuple[str, str]]:
    """As `Language.days_named`."""
    return [
        (one.first.isoformat(), one.last.isoformat()) for one in _named(text[:_LONGEST], _day(day)) if one.sure > VAGUE
    ]


def _day(day: str | None) -> date | None:
    return date.fromisoformat(day) if day else None


def _named(text: str, day: date | None) -> Iterator[_Named]:
    for match in compiled(EXPRESSION).finditer(text):
        found = meant(match, day)
        if found is not None and not _in_name(match):
            yield _Named(match.start("month4") if match["month4"] else match.start(), match.end(), *found)


def _in_name(match: re.Match[str]) -> bool:
    """Whether a day or month is a word of a name: Black Friday, Friday Night Lights, USA Today, August Wilson."""
    group = next((name for name in _NAMING if match[name]), None)
    if group is None:
        return False
    before, after = match.string[: match.start(group)], match.string[match.end(group) :]
    if group in _CAPITAL:
        return match[group][:1].isupper() and bool(before.strip())
    named_before = compiled(r"[^.?!]\s+[A-Z][\w'’.]*\s+(?:[Aa]fter\s+|The\s+)?$").search(before)
    return bool(named_before or compiled(r"\s+[A-Z]\w").match(after))
