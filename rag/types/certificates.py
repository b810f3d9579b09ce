"""What is certified of a generation: a threshold, the share of wrong answers at it, and what that was tested on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Level:
    """One risk that was asked for, and the step of the test at which it was accepted; no threshold where it was not."""

    risk: float
    threshold: float | None
    answers: int
    errors: int
    bound: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """At `threshold`, at most `risk` of the answers are wrong, with this confidence: what was tested, and on what.

    `levels` are all risks that were asked for together. They share the error probability, so that all of them hold at
    once with this confidence; the first that was reached is the certificate's own.
    """

    risk: float
    confidence: float
    threshold: float
    answers: int  # given at the threshold, on the questions that tested it
    errors: int
    bound: float
    questions: int  # that tested it
    unanswerable: int
    develop: int  # questions that fixed the order of the thresholds
    tried: int  # uses of these questions so far, or of most of them, this one counted
    questions_sha256: str
    loss: str
    generation: str
    reader: str
    settings: Mapping[str, Any]
    made: str  # the day
    levels: tuple[Level, ...] = ()
    articles: int = 0  # that tested it; 0 where each question stood alone
    history: bool = False  # whether each of its questions followed others: it covers those, or first ones
    asked: bool = False  # whether each of its questions was asked on a day: it covers those, or others

    @property
    def name(self) -> str:
        """Names the certificate by what it says."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def thresholds(self) -> frozenset[float]:
        """Those at which a risk that was asked for is certified."""
        levels = (level.threshold for level in self.levels if level.threshold is not None)
        return frozenset((self.threshold, *levels))

    @property
    def coverage(self) -> float:
        """Share of the questions that were answered."""
        return self.answers / self.questions

    def stale(self, generation: str, reader: str, settings: Mapping[str, Any]) -> str | None:
        """What has changed since, in words; None where the certificate holds."""
        if self.generation != generation:
            return "the index has changed"
        if self.reader != reader:
            return "the program, its models or a library that answers has changed"
        changed = [key for key in settings if self.settings.get(key) != settings[key]]
        return f"the setting '{changed[0]}' has changed" if changed else None

    def lines(self) -> list[str]:
        """What it says and assumes, for a person."""
        if self.tried > 1:
            again = (
                f" These questions, or most of them, were used {self.tried} times: whoever tries until it works cannot "
                "rely on the stated confidence."
            )
        else:
            again = ""
        of, drawn = (f" of {self.articles} articles", "articles") if self.articles else ("", "questions")
        return [
            f"certificate {self.name}, {self.made}: at threshold {self.threshold} at most {percent(self.risk)} of the "
            f"answers are wrong, with {percent(self.confidence)} confidence",
            f"tested on {self.questions} questions{of} ({self.unanswerable} of them not answerable): {self.answers} "
            f"answered ({self.coverage:.0%}), {self.errors} wrong, upper bound {self.bound:.4f}",
            f"It assumes that coming questions are like those tested, {self._asked()} and of all these articles, and "
            f"that {drawn} are drawn independently; it is about the share of wrong answers, and no promise for one "
            f"answer.{again}",
            *self._level_lines(),
            f"generation {self.generation}, reader {self.reader[:16]}, {self.loss}, "
            f"questions {self.questions_sha256[:16]}",
        ]

    def _asked(self) -> str:
        said = "each after others in a conversation" if self.history else "each by itself"
        return f"{said}, {'on a day' if self.asked else 'on no day'}"

    def _level_lines(self) -> list[str]:
        if len(self.levels) < 2:
            return []
        said = [
            f"{percent(level.risk)} at threshold {level.threshold}"
            if level.threshold is not None
            else f"{percent(level.risk)} at no threshold"
            for level in self.levels
        ]
        return [f"levels that hold together: {'; '.join(said)}"]


def percent(share: float) -> str:
    """A share as it was given, never rounded to a stronger claim."""
    return f"{share * 100:.6g}%"
