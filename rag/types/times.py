"""Days: that of asking, those that a question names, and how far from them an article is dated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

AFTER = 10  # days for which articles still tell what happened
# How surely a time is named (`TimeMeant.sure`): "in May 2024", "in 2024", "the 2024 election", "recently".
SURE, LIKELY, OF_NAME, VAGUE = 1.0, 0.8, 0.6, 0.5
NEARLY = 30  # days before the day of asking that a question which names no time is looked for in first


def today() -> str:
    """The day of now, where the program runs."""
    return date.today().isoformat()


def a_day(given: str | None) -> str | None:
    """A day as it must be written, 2024-01-12; None for none. Raises ValueError for what is no day."""
    if given is not None and date.fromisoformat(given).isoformat() != given:
        raise ValueError(f"{given!r} is not written like 2024-01-12")
    return given


def moved(day: str, days: int) -> str:
    """The day so many days later; the first or last that there is where it would be beyond."""
    try:
        return (date.fromisoformat(day) + timedelta(days)).isoformat()
    except OverflowError:
        return (date.max if days > 0 else date.min).isoformat()


def between(first: str, last: str) -> int:
    """Days from one to the other, 0 where the other is earlier."""
    return max(0, (date.fromisoformat(last) - date.fromisoformat(first)).days)


def may_have_changed(day: str | None, others: Iterable[str | None], asked: str | None) -> bool:
    """Whether what was so on a day may be otherwise now.

    It was long before the day of asking, or articles of other days say something else.
    """
    return day is not None and (
        (asked is not None and day < moved(asked, -NEARLY)) or any(o and o != day for o in others)
    )


@dataclass(frozen=True, slots=True)
class TimeMeant:
    """The days that a question names, first and last in ISO 8601, None where that side is open, and how surely, 0 to 1.

    The last is one of SURE, LIKELY, OF_NAME and VAGUE.
    """

    since: str | None
    until: str | None
    sure: float

    def object(self) -> Mapping[str, str | None]:
        """What stands in a reply."""
        return {"from": self.since, "to": self.until}

    def told(self, day: str | None) -> TimeMeant:
        """When articles tell of it: from its first day on, and some days longer; of what is to come before that, too.

        `day` is the day of asking.
        """
        since, until = self.since, self.until
        if day and since and since > day:
            since = moved(day, -NEARLY)
        return TimeMeant(since, until and moved(until, AFTER), self.sure)

    def meets(self, first: str, last: str) -> bool:
        """Whether a day from the first to the last is of it."""
        return not ((self.until and first > self.until) or (self.since and last < self.since))

    def apart(self, day: str) -> int:
        """How many days a day is outside."""
        if self.since and day < self.since:
            return between(day, self.since)
        return between(self.until, day) if self.until else 0
