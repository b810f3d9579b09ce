"""Two runs on the same questions -> paired differences with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import numpy as np

from eval.metrics import refusal
from eval.metrics.intervals import LEVEL, RESAMPLES, Difference, Floats, paired_difference, paired_statistic
from eval.scoring import decided_right, told

Recorded = Mapping[str, Any]  # the fields of a `ScoredRecord` that are compared, by name

FIELDS = (
    "id",
    "part",
    "group",
    "answerable",
    "unscorable",
    "score",
    "answered",
    "right",
    "right_one",
    "right_paragraph",
    "exact",
    "f1",
    "chars",
    "error",
)


@dataclass(frozen=True, slots=True)
class Measure:
    """A mean over some of the questions."""

    name: str
    value: Callable[[Recorded], float]
    of: Callable[[Recorded], bool]  # must hold of the question in both runs
    less_is_better: bool = False


def _decided_right(r: Recorded) -> float:
    return float(decided_right(r["answerable"], r["answered"], r["right"], r["error"]))


def _has(key: str) -> Callable[[Recorded], bool]:
    return lambda r: r["answerable"] and r[key] is not None


MEANS = (
    Measure("right decisions", _decided_right, lambda _: True),
    Measure("right of answerable", _decided_right, lambda r: r["answerable"]),
    Measure("refused of unanswerable", _decided_right, lambda r: not r["answerable"]),
    Measure("gold in one sentence", lambda r: float(r["right_one"]), lambda r: r["answerable"]),
    Measure("right paragraph", lambda r: float(r["right_paragraph"]), _has("right_paragraph")),
    Measure("exact match", lambda r: float(r["exact"]), _has("exact")),
    Measure("F1", lambda r: float(r["f1"]), _has("f1")),
    Measure("Brier score", lambda r: (float(r["score"]) - float(r["right"])) ** 2, lambda _: True, less_is_better=True),
    # Of questions that both answer: else refusing more would seem to quote less.
    Measure("characters quoted", lambda r: float(r["chars"]), lambda r: r["answered"], less_is_better=True),
)
_RESAMPLES = 500  # of measures that are computed anew for each


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure of one system on one set: B less A, and whether that is surely better or worse."""

    set: str
    system: str
    measure: str
    questions: int
    difference: Difference
    before: float  # of A
    less_is_better: bool = False

    @property
    def worse(self) -> bool:
        """The whole interval is on the bad side of 0."""
        return self.difference.above if self.less_is_better else self.difference.below

    @property
    def better(self) -> bool:
        """The whole interval is on the good side of 0."""
        return self.difference.below if self.less_is_better else self.difference.above

    def __str__(self) -> str:
        word = "worse" if self.worse else "better" if self.better else "no sure difference"
        return f"{self.set}, {self.system}, {self.measure}: {self.difference}, {self.questions} questions: {word}"


def differences(
    set: str, system: str, a: Sequence[Recorded], b: Sequence[Recorded], level: float = LEVEL
) -> Iterator[Compared]:
    """Every measure over the scorable questions of both, paired by id. Questions of one run alone are left out."""
    yield from of_means(set, system, a, b, level)
    yield from of_rankings(set, system, a, b, level)


def of_means(
    set: str, system: str, a: Sequence[Recorded], b: Sequence[Recorded], level: float = LEVEL
) -> Iterator[Compared]:
    """`differences` of what is a mean over questions."""
    pairs = _pairs(a, b)
    for measure in MEANS:
        some = [(x, y) for x, y in pairs if measure.of(x) and measure.of(y)]
        if some:
            was, now = [measure.value(x) for x, _ in some], [measure.value(y) for _, y in some]
            found = paired_difference(was, now, [y["group"] for _, y in some], level=level)
            yield Compared(set, system, measure.name, len(some), found, mean(was), measure.less_is_better)


def of_rankings(
    set: str, system: str, a: Sequence[Recorded], b: Sequence[Recorded], level: float = LEVEL
) -> Iterator[Compared]:
    """`differences` of what is computed over all questions at once, and takes longer."""
    pairs = _pairs(a, b)
    if not pairs:
        return
    groups = [y["group"] for _, y in pairs]
    statistics: tuple[tuple[str, str, Statistic, bool, int], ...] = (
        ("AUROC answerable", "answerable", refusal.weighted_aurocs, False, RESAMPLES),
        # Its classes are those of each run's own answers: a better reader can have a lower one.
        ("AUROC right", "right", refusal.weighted_aurocs, False, RESAMPLES),
        ("AURC", "right", refusal.resampled_aurcs, True, _RESAMPLES),
    )
    for name, label, statistic, less_is_better, resamples in statistics:
        of_both = _of_both(pairs, label, statistic)
        drawn = paired_statistic(of_both, groups, level=level, resamples=resamples)
        if drawn is not None:
            value = float(of_both(np.ones((1, len(pairs))))[0][0])
            yield Compared(set, system, name, len(pairs), drawn, value, less_is_better)


def _pairs(a: Sequence[Recorded], b: Sequence[Recorded]) -> list[tuple[Recorded, Recorded]]:
    before = {r["id"]: r for r in a if not r["unscorable"]}
    return [(before[r["id"]], r) for r in b if r["id"] in before and not r["unscorable"]]


Statistic = Callable[[Sequence[bool], Sequence[float], Floats], Floats]


def _of_both(
    pairs: Sequence[tuple[Recorded, Recorded]], label: str, statistic: Statistic
) -> Callable[[Floats], tuple[Floats, Floats]]:
    sides = [([bool(r[label]) for r in side], _scores(side, label)) for side in zip(*pairs, strict=True)]

    def both(weights: Floats) -> tuple[Floats, Floats]:
        a, b = (statistic(labels, scores, weights) for labels, scores in sides)
        return a, b

    return both


def _scores(side: Sequence[Recorded], label: str) -> list[float]:
    """The scores as they stand; where they are to tell what is answerable, errors count as in the figures."""
    scores = [float(r["score"]) for r in side]
    if label != "answerable":
        return scores
    return told([r["answerable"] for r in side], scores, [r["error"] for r in side])


def results(a: Mapping[str, Any], b: Mapping[str, Any], part: str = "test") -> Iterator[Compared]:
    """Every set and system that two results share, figures of one part."""
    for name, found in b["sets"].items():
        before = {row["name"]: row for row in a["sets"].get(name, {}).get("systems", [])}
        for row in found.get("systems", []):
            if row["name"] in before:
                a_side, b_side = (
                    [r for r in some["records"] if r["part"] == part] for some in (before[row["name"]], row)
                )
                yield from differences(name, row["name"], a_side, b_side)
