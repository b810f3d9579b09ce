"""Months, weekdays and dates as English writes them."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import date, timedelta

MONTHS = tuple("January February March April May June July August September October November December".split())
# "May" is its own abbreviation. Both "Sep" and "Sept" are written.
SHORT_MONTHS: Mapping[str, str] = {month[:3].casefold(): month for month in MONTHS} | {"sept": "September"}
WEEKDAYS = tuple("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())

_WEEKDAY = rf"(?:{'|'.join(WEEKDAYS)})"
_MONTH = rf"(?:{'|'.join(MONTHS)}|Jan\.|Feb\.|Aug\.|Sept\.|Oct\.|Nov\.|Dec\.)"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_COUNT = r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|several|a\ few)"
_LINE_WEEKDAY = rf"(?:{'|'.join(WEEKDAYS)}|(?:mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)\.?)"
_LINE_MONTH = rf"(?:{'|'.join(MONTHS)}|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)\.?"

PATTERNS: Mapping[str, str] = {
    "date": rf"""
        \b(?:{_WEEKDAY},?\s+)?
        (?: {_MONTH}\s+{_DAY}(?:,?\s+\d{{4}})? | {_DAY}\s+{_MONTH}(?:,?\s+\d{{4}})? | {_MONTH}(?:,?\s+\d{{4}})? )
        (?![\w])
        | \b{_WEEKDAY}\b | \b(?:1[0-9]|20)\d\ds?\b | \b(?:yesterday|today|tomorrow|tonight)\b
        | \b(?:last|next|this)\s+(?:week|month|year|summer|winter|spring|autumn|fall|decade)\b
        | \b{_COUNT}\s+(?:days?|weeks?|months?|years?|decades?)\s+(?:ago|earlier|later)\b
        """,
    "year": r"\b(?:1[0-9]|20)\d\d\b",
    "date_line": rf"""(?i)
        (?:{_LINE_WEEKDAY},?\s+)?
        (?: (?P<m1>{_LINE_MONTH})\s+(?P<d1>\d{{1,2}}) | (?P<d2>\d{{1,2}})\s+(?P<m2>{_LINE_MONTH}) )
        ,?\s+(?P<year>\d{{4}})
        """,
}


def month_number(written: str) -> int:
    """As `Language.month_number`: the first three letters tell."""
    return MONTHS.index(SHORT_MONTHS[written[:3].casefold()]) + 1


def days_in_words(since: str | None, until: str | None) -> str:
    """As `Language.days_in_words`."""
    if since is None or until is None:
        return f"since {_written(since)}" if since else f"until {_written(until)}" if until else "any time"
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    if first == last:
        return _written(since)
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return f"{first.year}" if first.year == last.year else f"{first.year} to {last.year}"
    if first.day == 1 and last.day == calendar.monthrange(last.year, last.month)[1]:
        months = (f"{MONTHS[one.month - 1]} {one.year}" for one in (first, last))
        return " to ".join(dict.fromkeys(months))
    if last - first == timedelta(7):
        return f"the week to {_written(until)}"
    return f"{_written(since)} to {_written(until)}"


def _written(day: str | None) -> str:
    found = date.fromisoformat(day or "")
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}"
