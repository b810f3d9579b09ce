"""Questions with gold -> Certificate: a refusal threshold whose error rate is bounded. Pure.

Fixed-sequence testing of "Learn then Test" (Angelopoulos, Bates, Candès, Jordan and Lei 2022): thresholds are tried in
an order that was fixed on other questions, from the surest answers on; each is accepted when the exact binomial upper
bound of its error rate (Clopper and Pearson 1934) is at most the risk; the first that is not ends the test, and the
last accepted one is used. The chance that its true error rate exceeds the risk is at most 1 - confidence, however many
are tried, because the order does not depend on the questions that test it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

START_ANSWERS = 60  # the first threshold is one where at least so many answers are expected
STEPS = 20
COVERAGES = (0.1, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class Judged:
    """One question asked: how sure the program was, and whether its answer would be wrong.

    An answer to an unanswerable question is wrong. A question on which the program failed is wrong at every threshold:
    its confidence is 1.
    """

    id: str
    confidence: float
    wrong: bool
    answerable: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One threshold tested: the answers given at it, the wrong ones, and the upper bound of the error rate."""

    threshold: float
    answers: int
    errors: int
    bound: float


@dataclass(frozen=True, slots=True)
class Tested:
    """The thresholds tested in order, and the last one accepted; None where not even the first was."""

    steps: tuple[Step, ...]
    accepted: Step | None


def in_develop(question_id: str) -> bool:
    """Whether a question fixes the order of thresholds (a quarter does) or tests them: by the SHA-1 of its id."""
    return hashlib.sha1(question_id.encode(), usedforsecurity=False).digest()[-1] % 4 == 0


def upper_bound(errors: int, answers: int, confidence: float) -> float:
    """The one-sided Clopper-Pearson bound of an error rate; 1 where nothing was answered."""
    from scipy.special import betaincinv  # here, so that no other command waits for it

    if answers == 0 or errors == answers:
        return 1.0
    return float(betaincinv(errors + 1, answers - errors, confidence))


def answers_needed(risk: float, confidence: float) -> int:
    """How many answers, one of them wrong, have a bound of at most the risk; at least `START_ANSWERS`."""
    needed = START_ANSWERS
    while upper_bound(1, needed, confidence) > risk:
        needed += max(1, needed // 20)
    return needed


def thresholds(develop: Sequence[Judged], testing: int, start: int = START_ANSWERS) -> list[float]:
    """Thresholds to test, falling, from these questions alone; `testing` is how many others will test them.

    The first is where `start` answers are expected of the others; some twenty follow, at even steps of coverage, to the
    last of these questions. Empty when so many are not expected at any threshold. `start` may depend on the risk and
    the confidence, never on the questions that test.
    """
    scores = sorted((judged.confidence for judged in develop), reverse=True)
    if not scores or not testing:
        return []
    first = -(-start * len(scores) // testing)  # of the develop questions that are answered at the first
    if first > len(scores):
        return []
    step = max(1, (len(scores) - first) // STEPS)
    places = [*range(max(1, first), len(scores), step), len(scores)]
    return list(dict.fromkeys(scores[place - 1] for place in places))


def certify(questions: Sequence[Judged], order: Sequence[float], risk: float, confidence: float) -> Tested:
    """Tests the thresholds of `order` on questions that did not fix it, and stops at the first that is not accepted."""
    steps: list[Step] = []
    accepted = None
    for threshold in order:
        step = _step(questions, threshold, confidence)
        steps.append(step)
        if step.bound > risk:
            break
        accepted = step
    return Tested(tuple(steps), accepted)


def smallest_risks(
    develop: Sequence[Judged], questions: Sequence[Judged], confidence: float
) -> list[tuple[float, Step | None]]:
    """The risk that could be certified at the thresholds where the develop questions reach each of `COVERAGES`.

    They share the error probability (Bonferroni), so that all of them hold together with this confidence.
    """
    confidence = 1 - (1 - confidence) / len(COVERAGES)
    scores = sorted((judged.confidence for judged in develop), reverse=True)
    return [
        (coverage, _step(questions, scores[max(1, round(coverage * len(scores))) - 1], confidence) if scores else None)
        for coverage in COVERAGES
    ]


def _step(questions: Sequence[Judged], threshold: float, confidence: float) -> Step:
    given = [judged for judged in questions if judged.confidence >= threshold]
    errors = sum(judged.wrong for judged in given)
    return Step(threshold, len(given), errors, upper_bound(errors, len(given), confidence))
