"""The time that a question or a sentence names: "this week", "in March 2024", "since 2020", "on Tuesday".

One table of expressions, each with what days it means from a given day. Without that day only those count that need
none. Days of a sentence are told from the day of its article.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from rag.language import compiled
from rag.language.english.days import MONTHS, SHORT_MONTHS, WEEKDAYS, month_number
from rag.types.times import TimeMeant

_LONGEST = 2_000  # characters that are looked at
_MONTH = rf"(?:{'|'.join(MONTHS)}|(?:{'|'.join(m for m in SHORT_MONTHS if m != 'may')})\b\.?)"
_UNITS: Mapping[str, int] = {"day": 1, "week": 7, "month": 30, "year": 365, "decade": 3652}
_COUNTS = "a|an|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve".split("|")
_COUNT = rf"(?:\d{{1,3}}|{'|'.join(_COUNTS)}|few|several|couple\ of)"
_SEASONS: Mapping[str, tuple[int, int]] = {  # first month, and how many: of the north
    "spring": (3, 3),
    "summer": (6, 3),
    "autumn": (9, 3),
    "fall": (9, 3),
    "winter": (12, 3),
}
EXPRESSION = rf"""(?ix)
    \b(?P<iso>(?:19|20)\d\d-\d\d-\d\d)\b
  | \b(?P<month1>{_MONTH})\s+(?P<day1>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year1>(?:19|20)\d\d)\b)?
  | \b(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month2>{_MONTH})(?![^\W\d_])
      (?:,?\s+(?P<year2>(?:19|20)\d\d)\b)?
  | \b(?P<month3>{_MONTH}),?\s+(?:of\s+)?(?P<year3>(?:19|20)\d\d)\b
  | \b(?:in|since|during|of|by|until|before|after|last|this|next|early|mid|late)[\s-]+
      (?P<month4>{"|".join(MONTHS)})\b(?!,?\s+\d)
  | \b(?P<decade>(?:1[5-9]|20)\d0)s\b
  | (?<![\d.,$£€-])\b(?P<year>(?:1[89]\d|20[0-4])\d)\b(?![\d,]*\d|[-–]\d|\s*(?:%|percent|km|miles|people|dollars))
  | \b(?P<which>this|last|next|past|previous|coming)\s+(?P<unit>week|weekend|month|year|decade|{"|".join(_SEASONS)})\b
  | \b(?:past|last|previous)\s+(?P<count>{_COUNT})\s+(?P<units>days?|weeks?|months?|years?|decades?)\b
  | \b(?P<ago>{_COUNT})\s+(?P<agos>days?|weeks?|months?|years?|decades?)\s+ago\b
  | \b(?P<today>today|tonight|this\s+(?:morning|afternoon|evening))\b
  | \b(?P<yesterday>yesterday|last\s+night)\b
  | \b(?P<tomorrow>tomorrow)\b
  | \b(?P<weekday>{"|".join(WEEKDAYS)})(?:'s)?\b(?!\s+(?:night\s+live|times))
  | \b(?P<vague>recent|recently|newly|latest|newest|currently|current|now|these\ days|nowadays|so\s+far)\b
"""
_BEFORE_IT = compiled(
    r"(?i)\b(?P<side>since|until|till|before|after|by|prior\ to|starting)\s+(?:early\s+|mid-?|late\s+)?$"
)

_PREPOSITION = compiled(r"(?i)\b(?:in|of|for|during|since|until|till|before|after|by|from|to)\s+(?:early\s+|late\s+)?$")


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
    if len(named) > 1 and compiled(r"(?i)\s*(?:,|and|to|until|till|-|–|through)\s*").fullmatch(
        text[named[0].end : named[1].start]
    ):
        first, last = named[0], named[1]
        if first.first <= last.last:
            return TimeMeant(first.first.isoformat(), last.last.isoformat(), min(first.sure, last.sure))
    side = _BEFORE_IT.search(text[: best.start])
    since: date | None = best.first
    until: date | None = best.last
    if side and best.sure > _VAGUE:
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


def days_named(text: str, day: str | None) -> list[tuple[str, str]]:
    """As `Language.days_named`."""
    return [
        (one.first.isoformat(), one.last.isoformat()) for one in _named(text[:_LONGEST], _day(day)) if one.sure > _VAGUE
    ]


def days(since: str | None, until: str | None) -> str:
    """As `Language.days`."""
    if since is None or until is None:
        return f"since {_written(since)}" if since else f"until {_written(until)}" if until else "any time"
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    if first == last:
        return _written(since)
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return f"{first.year}" if first.year == last.year else f"{first.year} to {last.year}"
    if first == last.replace(day=1) and last.day == calendar.monthrange(last.year, last.month)[1]:
        return f"{MONTHS[first.month - 1]} {first.year}"
    if last - first == timedelta(7):
        return f"the week to {_written(until)}"
    return f"{_written(since)} to {_written(until)}"


def _written(day: str | None) -> str:
    found = date.fromisoformat(day or "")
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}"


def _day(day: str | None) -> date | None:
    return date.fromisoformat(day) if day else None


_SURE, _LIKELY, _OF_NAME, _VAGUE = 1.0, 0.8, 0.6, 0.5  # "of name": the 2016 election may be spoken of in any year


def _named(text: str, day: date | None) -> Iterator[_Named]:
    for match in compiled(EXPRESSION).finditer(text):
        found = _meant(match, day)
        if found is not None:
            yield _Named(match.start(), match.end(), *found)


def _meant(match: re.Match[str], day: date | None) -> tuple[date, date, float] | None:
    try:
        for group, read in _READ.items():
            if match[group]:
                return read(match, day)
    except (ValueError, OverflowError):  # the 31st of February; before the year 1
        return None
    return None


def _iso(match: re.Match[str], _: date | None) -> tuple[date, date, float]:
    found = date.fromisoformat(match["iso"])
    return found, found, _SURE


def _of_month(number: int) -> Callable[[re.Match[str], date | None], tuple[date, date, float] | None]:
    def read(match: re.Match[str], day: date | None) -> tuple[date, date, float] | None:
        month, of = month_number(match[f"month{number}"]), int(match[f"day{number}"])
        if match[f"year{number}"]:
            found = date(int(match[f"year{number}"]), month, of)
            return found, found, _SURE
        if day is None:
            return None
        near = min((date(day.year + i, month, of) for i in (-1, 0, 1)), key=lambda one: abs(one - day))
        return near, near, _LIKELY

    return read


def _month_of_year(match: re.Match[str], _: date | None) -> tuple[date, date, float]:
    return *_month(int(match["year3"]), month_number(match["month3"])), _SURE


def _month_alone(match: re.Match[str], day: date | None) -> tuple[date, date, float] | None:
    if day is None:
        return None
    month, lead = month_number(match["month4"]), match[0].split()[0].casefold()
    year = day.year + (month < day.month) if lead == "next" else day.year - (month > day.month)
    return *_month(year, month), _LIKELY


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _decade(match: re.Match[str], _: date | None) -> tuple[date, date, float]:
    first = int(match["decade"])
    return date(first, 1, 1), date(first + 9, 12, 31), _LIKELY


def _year(match: re.Match[str], _: date | None) -> tuple[date, date, float]:
    sure = _LIKELY if _PREPOSITION.search(match.string[: match.start()]) else _OF_NAME
    return date(int(match["year"]), 1, 1), date(int(match["year"]), 12, 31), sure


def _which(match: re.Match[str], day: date | None) -> tuple[date, date, float] | None:
    if day is None:
        return None
    unit, word = match["unit"].casefold(), match["which"].casefold()
    step = 1 if word in ("next", "coming") else -1 if word in ("last", "previous") else 0
    if word == "past":  # the past year are twelve months
        return day - timedelta(_UNITS.get(unit, 7)), day, _LIKELY
    if unit in _SEASONS:
        return _season(day, step, unit)
    if unit == "decade":
        first = day.year // 10 * 10 + 10 * step
        return date(first, 1, 1), date(first + 9, 12, 31), _LIKELY
    if unit == "year":
        return date(day.year + step, 1, 1), date(day.year + step, 12, 31), _LIKELY
    if unit == "month":
        months = day.year * 12 + day.month - 1 + step
        return *_month(months // 12, months % 12 + 1), _LIKELY
    # "This week" is the week to the day of asking: on a Monday nobody means that day alone.
    end = day + timedelta(7 * step)
    return end - timedelta(7), end, _LIKELY


def _season(day: date, step: int, unit: str) -> tuple[date, date, float]:
    """The nearest one; or the last that is over, or the next that has not begun."""
    month, length = _SEASONS[unit]
    end = (month + length - 2) % 12 + 1
    years = range(day.year - 2, day.year + 2)
    seasons = [(date(year, month, 1), _month(year + (end < month), end)[1]) for year in years]
    if step > 0:
        found = next(one for one in seasons if one[0] > day)
    elif step < 0:
        found = next(one for one in reversed(seasons) if one[1] < day)
    else:
        found = min(seasons, key=lambda one: max((one[0] - day).days, (day - one[1]).days))
    return *found, _LIKELY


def _count(match: re.Match[str], day: date | None) -> tuple[date, date, float] | None:
    return None if day is None else (day - _length(match["count"], match["units"]), day, _LIKELY)


def _ago(match: re.Match[str], day: date | None) -> tuple[date, date, float] | None:
    if day is None:
        return None
    about, unit = day - _length(match["ago"], match["agos"]), _UNITS[match["agos"].casefold().rstrip("s")]
    return about - timedelta(unit // 2), about + timedelta(unit // 2), _LIKELY


def _length(count: str, units: str) -> timedelta:
    word = count.casefold()
    number = int(word) if word.isdigit() else max(1, _COUNTS.index(word) - 1) if word in _COUNTS else 3
    return timedelta(number * _UNITS[units.casefold().rstrip("s")])


def _around(
    first: int, last: int, sure: float
) -> Callable[[re.Match[str], date | None], tuple[date, date, float] | None]:
    """Days counted from the day of asking."""

    def read(_: re.Match[str], day: date | None) -> tuple[date, date, float] | None:
        return None if day is None else (day + timedelta(first), day + timedelta(last), sure)

    return read


def _weekday(match: re.Match[str], day: date | None) -> tuple[date, date, float] | None:
    """The last such day up to the day of asking."""
    if day is None:
        return None
    number = [one.casefold() for one in WEEKDAYS].index(match["weekday"].casefold())
    found = day - timedelta((day.weekday() - number) % 7)
    return found, found, _LIKELY


_READ: Mapping[str, Callable[[re.Match[str], date | None], tuple[date, date, float] | None]] = {
    "iso": _iso,
    "month1": _of_month(1),
    "month2": _of_month(2),
    "month3": _month_of_year,
    "month4": _month_alone,
    "decade": _decade,
    "year": _year,
    "which": _which,
    "count": _count,
    "ago": _ago,
    "today": _around(0, 0, _LIKELY),
    "yesterday": _around(-1, -1, _LIKELY),
    "tomorrow": _around(1, 1, _LIKELY),
    "weekday": _weekday,
    "vague": _around(-30, 0, _VAGUE),
}
