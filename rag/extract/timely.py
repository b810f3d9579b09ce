"""How far what is read is from the time that is meant: numbers of the confidence model, all 0 where no day counts.

A question that names a time asks for what is told of that time. Where it names none, what is asked may have changed,
and of several answers the newest counts: an old one is doubted for newer passages that were found, never for its age.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from rag.language import pack
from rag.types import Hit, Query
from rag.types.times import LIKELY, VAGUE, between

TIME = (
    "apart",  # log of 1 and the weeks between the passage and the time that is named, by how sure that is
    "older",  # where none is named, log of 1 and the months by which it is older than the newest that was found
    "later",  # log of 1 and the weeks by which it is later than the day of asking
)
_WEEK, _MONTH = 7, 30  # days
NONE = (0.0,) * len(TIME)


class Timely:
    """The numbers of TIME for what was found for one question."""

    def __init__(self, question: Query, found: Sequence[Hit]) -> None:
        self._day = question.day
        # "Now" and "recently" ask for the newest, as does a question that names no time.
        self._named = question.time if question.time and question.time.sure > VAGUE else None
        dates = (hit.passage.info.date for hit in found)
        self._newest = max((d for d in dates if d and self._day and d <= self._day), default=None)

        self._undated = self._middle(found)

    def numbers(self, hit: Hit) -> tuple[float, ...]:
        """Of a hit. An article without a date is neither before nor behind the dated ones: it has their medians."""
        return self._dated(hit) if hit.passage.info.date else self._undated

    def _middle(self, found: Sequence[Hit]) -> tuple[float, ...]:
        dated = [self._dated(hit) for hit in found if hit.passage.info.date]
        return tuple(statistics.median(column) for column in zip(*dated, strict=True)) if dated else NONE

    def _dated(self, hit: Hit) -> tuple[float, ...]:
        date, day = hit.passage.info.date, self._day
        if not date or (day is None and self._named is None):
            return NONE
        later = math.log1p(between(day, date) / _WEEK) if day else 0.0
        if self._named is None:
            return 0.0, math.log1p(between(date, self._newest) / _MONTH) if self._newest else 0.0, later
        return self._named.sure * math.log1p(self._apart(hit) / _WEEK), 0.0, later

    def elsewhere(self, hit: Hit) -> bool:
        """Whether a time is named for sure, and neither the article's date nor a day in the passage is of it."""
        return self._named is not None and self._named.sure >= LIKELY and self._apart(hit) > 0

    def _apart(self, hit: Hit) -> int:
        """Days between a passage and the time that is named; 0 where it names a day of that time, or has no date."""
        date, named = hit.passage.info.date, self._named
        if not date or named is None:
            return 0
        apart = named.told(self._day).apart(date)
        if apart and any(named.meets(*its) for its in pack().days_named(hit.passage.text, date)):
            return 0
        return apart


def of_time_first(order: Sequence[int], elsewhere: Sequence[bool]) -> bool:
    """Whether the first of two sentences is of another time than the one that is named, and the second is of it."""
    return len(order) == 2 and elsewhere[order[0]] and not elsewhere[order[1]]
