"""Expressions of time: how English writes them, and which days each means from a given day."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from rag.language import compiled
from rag.language.english.days import MONTHS, SHORT_MONTHS, WEEKDAYS, month_number
from rag.types.times import LIKELY, OF_NAME, SURE, VAGUE

Days = tuple[date, date, float]  # first, last, how surely
_MONTH = rf"(?:{'|'.join(MONTHS)}|(?:{'|'.join(m for m in SHORT_MONTHS if m != 'may')})\b\.?)"
_TO = r"\s*(?:to|and|or|until|till|through|-|–)\s*"
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
EXPRESSION = rf"""(?aix)
    \b(?P<iso>(?:19|20)\d\d-\d\d-\d\d)\b
  | \b(?P<month1>{_MONTH})\s+(?P<day1>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(?P<year1>(?:19|20)\d\d)\b)?
  | \b(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month2>{_MONTH})(?![^\W\d_])
      (?:,?\s+(?P<year2>(?:19|20)\d\d)\b)?
  | \b(?P<month5>{_MONTH}){_TO}(?P<month6>{_MONTH}),?\s+(?P<year5>(?:19|20)\d\d)\b
  | \b(?P<month3>{_MONTH}),?\s+(?:of\s+)?(?P<year3>(?:19|20)\d\d)\b
  | \b(?:in|since|during|of|by|until|before|after|between|from|last|this|next|early|mid|late)[\s-]+
      (?P<month4>{"|".join(MONTHS)})\b(?!,?\s+\d|{_TO}{_MONTH},?\s+\d)
  | \b(?P<decade>(?:1[5-9]|20)\d0)s\b
  | (?<![\d.,$£€-])\b(?P<years>(?:1[89]\d|20[0-4])\d)\s*[-–/]\s*(?P<to>(?:(?:1[89]\d|20[0-4])\d)|\d\d)\b(?![-–/.,]?\d)
  | (?<![\d.,$£€])(?<!\d-)\b(?P<year>(?:1[89]\d|20[0-4])\d)\b(?![\d,]*\d|[-–]\d
      |\s*(?:%|percent|km|miles|people|dollars|years|hours|troops|soldiers|workers|men|women))
  | \b(?P<which>this|last|next|past|previous|coming)\s+(?P<unit>week|weekend|month|year|decade|{"|".join(_SEASONS)})\b
  | \b(?:past|last|previous)\s+(?P<count>{_COUNT})\s+(?P<units>days?|weeks?|months?|years?|decades?)\b
  | \b(?P<ago>{_COUNT})\s+(?P<agos>days?|weeks?|months?|years?|decades?)\s+ago\b
  | \b(?:the\s+)?day\s+(?:(?P<before>before\s+yesterday)|(?P<after>after\s+tomorrow))\b
  | \b(?P<today>today|tonight|this\s+(?:morning|afternoon|evening))\b
  | \b(?P<yesterday>yesterday|last\s+night)\b
  | \b(?P<tomorrow>tomorrow)\b
  | \b(?P<weekday>{"|".join(WEEKDAYS)})(?:'s)?\b(?!\s+(?:night\s+live|times))
  | \b(?P<vague>recent|recently|newly|latest|newest|currently|current|now|these\ days|nowadays|so\s+far)\b
"""
_SOON = timedelta(3)  # a day so near is this year's, though it is to come
_VERBS = frozenset({"may", "march"})
_PREPOSITION = compiled(r"(?i)\b(?:in|of|for|during|since|until|till|before|after|by|from|to)\s+(?:early\s+|late\s+)?$")


def meant(match: re.Match[str], day: date | None) -> Days | None:
    """The days of a match of EXPRESSION, from that day where it needs one; None where it means none."""
    try:
        for group, read in _READ.items():
            if match[group]:
                return read(match, day)
    except (ValueError, OverflowError):  # the 31st of February; before the year 1
        return None
    return None


def _iso(match: re.Match[str], _: date | None) -> Days:
    found = date.fromisoformat(match["iso"])
    return found, found, SURE


def _of_month(number: int) -> Callable[[re.Match[str], date | None], Days | None]:
    def read(match: re.Match[str], day: date | None) -> Days | None:
        month, of = month_number(match[f"month{number}"]), int(match[f"day{number}"])
        if match[f"year{number}"]:
            found = date(int(match[f"year{number}"]), month, of)
            return found, found, SURE
        if day is None:
            return None
        if match[f"month{number}"].casefold() in _VERBS and not _is_month(match, number):
            return None
        days = [date(day.year + i, month, of) for i in (-1, 0, 1)]
        if _is_to_come(match):
            found = next(one for one in days if one >= day)
        else:
            found = next(one for one in reversed(days) if one <= day + _SOON)
        return found, found, LIKELY

    return read


def _month_of_year(match: re.Match[str], _: date | None) -> Days:
    return *_month(int(match["year3"]), month_number(match["month3"])), SURE


def _months_of_year(match: re.Match[str], _: date | None) -> Days:
    """From January to March 2024; from November to February 2024 begins the year before."""
    first, last, year = month_number(match["month5"]), month_number(match["month6"]), int(match["year5"])
    return _month(year - (first > last), first)[0], _month(year, last)[1], SURE


def _month_alone(match: re.Match[str], day: date | None) -> Days | None:
    if day is None:
        return None
    month, lead = month_number(match["month4"]), match[0].split()[0].casefold()
    year = day.year + (month < day.month) if lead == "next" else day.year - (month > day.month)
    return *_month(year, month), LIKELY


def _month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _decade(match: re.Match[str], _: date | None) -> Days:
    first = int(match["decade"])
    return date(first, 1, 1), date(first + 9, 12, 31), LIKELY


def _year(match: re.Match[str], _: date | None) -> Days:
    return date(int(match["year"]), 1, 1), date(int(match["year"]), 12, 31), _sure(match)


def _sure(match: re.Match[str]) -> float:
    return LIKELY if _PREPOSITION.search(match.string[: match.start()]) else OF_NAME


def _years(match: re.Match[str], _: date | None) -> Days | None:
    """2015-17, 2019/20; None where the second is no later year."""
    first, to = int(match["years"]), match["to"]
    last = int(to) if len(to) == 4 else first // 100 * 100 + int(to)
    return (date(first, 1, 1), date(last, 12, 31), _sure(match)) if last > first else None


def _which(match: re.Match[str], day: date | None) -> Days | None:
    if day is None:
        return None
    unit, word = match["unit"].casefold(), match["which"].casefold()
    step = 1 if word in ("next", "coming") else -1 if word in ("last", "previous") else 0
    if word == "past":  # the past year are twelve months
        return day - timedelta(_UNITS.get(unit, 7)), day, LIKELY
    if unit in _SEASONS:
        return _season(day, step, unit)
    if unit == "decade":
        first = day.year // 10 * 10 + 10 * step
        return date(first, 1, 1), date(first + 9, 12, 31), LIKELY
    if unit == "year":
        return date(day.year + step, 1, 1), date(day.year + step, 12, 31), LIKELY
    if unit == "month":
        months = day.year * 12 + day.month - 1 + step
        return *_month(months // 12, months % 12 + 1), LIKELY
    # "This week" is the week to the day of asking: on a Monday nobody means that day alone.
    end = day + timedelta(7 * step)
    return end - timedelta(7), end, LIKELY


def _season(day: date, step: int, unit: str) -> Days:
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
    return *found, LIKELY


def _count(match: re.Match[str], day: date | None) -> Days | None:
    return None if day is None else (day - _length(match["count"], match["units"]), day, LIKELY)


def _ago(match: re.Match[str], day: date | None) -> Days | None:
    if day is None:
        return None
    about, unit = day - _length(match["ago"], match["agos"]), _UNITS[match["agos"].casefold().rstrip("s")]
    return about - timedelta(unit // 2), about + timedelta(unit // 2), LIKELY


def _length(count: str, units: str) -> timedelta:
    word = count.casefold()
    number = int(word) if word.isdigit() else max(1, _COUNTS.index(word) - 1) if word in _COUNTS else 3
    return timedelta(number * _UNITS[units.casefold().rstrip("s")])


def _around(first: int, last: int, sure: float) -> Callable[[re.Match[str], date | None], Days | None]:
    """Days counted from the day of asking."""

    def read(_: re.Match[str], day: date | None) -> Days | None:
        return None if day is None else (day + timedelta(first), day + timedelta(last), sure)

    return read


def _weekday(match: re.Match[str], day: date | None) -> Days | None:
    """The last such day up to the day of asking, or the next from it on where it is to come."""
    if day is None:
        return None
    number = [one.casefold() for one in WEEKDAYS].index(match["weekday"].casefold())
    before = match.string[: match.start()].casefold().split()[-1:]
    if before == ["last"]:
        found = day - timedelta((day.weekday() - number - 1) % 7 + 1)
    elif before in (["next"], ["coming"]) or _is_to_come(match):
        found = day + timedelta((number - day.weekday() - 1) % 7 + 1)
    else:
        found = day - timedelta((day.weekday() - number) % 7)
    return found, found, LIKELY


def _is_to_come(match: re.Match[str]) -> bool:
    return compiled(r"(?i)\b(?:will|going\ to|next|coming|upcoming)\b").search(match.string) is not None


def _is_month(match: re.Match[str], number: int) -> bool:
    """Whether "May" or "March" before or behind a number is written as a month, inside its sentence."""
    text, written = match.string, match[f"month{number}"]
    return text.islower() or (written[:1].isupper() and match.start(f"month{number}") > 0)


_READ: Mapping[str, Callable[[re.Match[str], date | None], Days | None]] = {
    "iso": _iso,
    "month1": _of_month(1),
    "month2": _of_month(2),
    "month3": _month_of_year,
    "month4": _month_alone,
    "month5": _months_of_year,
    "decade": _decade,
    "years": _years,
    "year": _year,
    "which": _which,
    "count": _count,
    "ago": _ago,
    "before": _around(-2, -2, LIKELY),
    "after": _around(2, 2, LIKELY),
    "today": _around(0, 0, LIKELY),
    "yesterday": _around(-1, -1, LIKELY),
    "tomorrow": _around(1, 1, LIKELY),
    "weekday": _weekday,
    "vague": _around(-30, 0, VAGUE),
}
