"""Questions with gold -> Certificate: a refusal threshold whose error rate is bounded. Pure.

Fixed-sequence testing of "Learn then Test" (Angelopoulos, Bates, Candès, Jordan and Lei 2022): thresholds are tried in
an order that was fixed on other questions; each is accepted when the upper bound of its error rate is at most the risk;
the first that is not ends the test, and the last accepted one is used. The chance that its true error rate exceeds the
risk is at most 1 - confidence, however many are tried, because the order does not depend on the questions that test it.

Questions that stand alone have the exact binomial bound (Clopper and Pearson 1934). Questions of one article err
together, so articles are what is drawn, and the bound is by betting (Waudby-Smith and Ramdas 2024): of each article a
stake is lost with its wrong answers and won with its right ones, whatever hangs together inside of it; if the error
rate were above the risk, the capital would reach 1 / (1 - confidence) with a chance of at most 1 - confidence.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

START_ANSWERS = 60  # the first threshold is one where at least so many answers are expected
STEPS = 20
COVERAGES = (0.1, 0.2, 0.3)
STAKES = np.array([0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.99])  # of the largest that leaves some capital in any case


@dataclass(frozen=True, slots=True)
class Judged:
    """One question asked: how sure the program was, and whether its answer would be wrong.

    An answer to an unanswerable question is wrong. A question on which the program failed is wrong at every threshold:
    its confidence is 1. Questions of one `group` err together; "" stands alone. `text` decides which questions test.
    """

    id: str
    confidence: float
    wrong: bool
    answerable: bool
    group: str = ""
    text: str = ""


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


@dataclass(frozen=True, slots=True)
class Bets:
    """How articles are bet on, all from the questions that do not test: the thresholds in order, each with its stake.

    `most` is how many questions an article has at most: the unit in which stakes are counted.
    """

    most: int
    order: tuple[float, ...]
    stakes: Mapping[float, int]  # by threshold: a place in `STAKES`

    def stake(self, threshold: float) -> int:
        """That of this threshold, else of the next lower one."""
        return next((its for one, its in self.stakes.items() if one <= threshold), len(STAKES) // 2)


Groups = list[list[Judged]]


def question_key(text: str) -> str:
    """The SHA-1 of a question's words, whatever its id, case and punctuation."""
    words = " ".join(re.findall(r"\w+", text.casefold())) or text
    return hashlib.sha1(words.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def in_develop(key: str) -> bool:
    """Whether the questions of a group fix the order of thresholds (a quarter does) or test them."""
    return int(key[-2:], 16) % 4 == 0


def groups_of(questions: Iterable[Judged]) -> Groups:
    """The questions by group, those that stand alone each by itself."""
    found: dict[str | int, list[Judged]] = {}
    for number, question in enumerate(questions):
        found.setdefault(question.group or number, []).append(question)
    return list(found.values())


def parted(questions: Iterable[Judged]) -> tuple[list[Judged], list[Judged]]:
    """The questions that fix the order, and those that test: whole groups, by the least key of their questions.

    So neither another id of a question nor another name of its article gives another split.
    """
    develop: list[Judged] = []
    rest: list[Judged] = []
    for group in groups_of(questions):
        key = min(question_key(one.text or one.id) for one in group)
        (develop if in_develop(key) else rest).extend(group)
    return develop, rest


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
    return _scores_at(scores, [*range(max(1, first), len(scores), step), len(scores)])


def _scores_at(scores: Sequence[float], places: Iterable[int]) -> list[float]:
    return list(dict.fromkeys(scores[place - 1] for place in places))


def bets(develop: Sequence[Judged], questions: Sequence[Judged], confidence: float) -> Bets | None:
    """The order and the stakes for questions of articles; None where each question stands alone.

    The first threshold is the one whose bound promises to be smallest, were the testing articles like those of the
    develop questions; the order falls from there. Of `questions` no more is looked at than how many an article has.
    """
    sizes = [len(group) for group in groups_of([*develop, *questions])]
    if max(sizes, default=1) == 1:
        return None
    most, scores = max(sizes), sorted((one.confidence for one in develop), reverse=True)
    ours, theirs = len(groups_of(develop)), len(groups_of(questions))
    if not ours or not theirs:
        return Bets(most, (), {})
    target = -math.log(1 - confidence) * ours / theirs
    order = _scores_at(scores, [-(-len(scores) * at // STEPS) for at in range(1, STEPS + 1)])
    promised = {t: _bounds(_counts(develop, t), most, target) for t in order}
    first = min(order, key=lambda t: float(promised[t].min()))
    return Bets(most, tuple(t for t in order if t <= first), {t: int(promised[t].argmin()) for t in order})


def articles_needed(risk: float, confidence: float) -> int:
    """How many articles without any error, all their questions answered, have a bound of at most the risk."""
    return math.ceil(-math.log(1 - confidence) / math.log1p(STAKES[-1] * risk / (1 - risk)))


def certify(
    questions: Sequence[Judged], order: Sequence[float], risk: float, confidence: float, bet: Bets | None = None
) -> Tested:
    """Tests the thresholds of `order` on questions that did not fix it, and stops at the first that is not accepted."""
    steps: list[Step] = []
    accepted = None
    for threshold in order:
        step = _step(questions, threshold, confidence, bet)
        steps.append(step)
        if step.bound > risk:
            break
        accepted = step
    return Tested(tuple(steps), accepted)


def certify_rest(develop: Sequence[Judged], questions: Sequence[Judged], risk: float, confidence: float) -> Tested:
    """Both parts of the questions (`parted`) -> the threshold certified."""
    bet = bets(develop, questions, confidence)
    if bet is not None:
        return certify(questions, bet.order, risk, confidence, bet)
    return certify(questions, thresholds(develop, len(questions), answers_needed(risk, confidence)), risk, confidence)


def smallest_risks(
    develop: Sequence[Judged], questions: Sequence[Judged], confidence: float
) -> list[tuple[float, Step | None]]:
    """The risk that could be certified at the thresholds where the develop questions reach each of `COVERAGES`.

    They share the error probability (Bonferroni), so that all of them hold together with this confidence.
    """
    confidence = 1 - (1 - confidence) / len(COVERAGES)
    scores = sorted((judged.confidence for judged in develop), reverse=True)
    bet = bets(develop, questions, confidence)
    found: list[tuple[float, Step | None]] = []
    for coverage in COVERAGES:
        threshold = scores[max(1, round(coverage * len(scores))) - 1] if scores else None
        found.append((coverage, None if threshold is None else _step(questions, threshold, confidence, bet)))
    return found


def _step(questions: Sequence[Judged], threshold: float, confidence: float, bet: Bets | None) -> Step:
    given = [judged for judged in questions if judged.confidence >= threshold]
    errors = sum(judged.wrong for judged in given)
    if bet is None:
        return Step(threshold, len(given), errors, upper_bound(errors, len(given), confidence))
    bounds = _bounds(_counts(questions, threshold), bet.most, -math.log(1 - confidence))
    return Step(threshold, len(given), errors, float(bounds[bet.stake(threshold)]))


def _counts(questions: Sequence[Judged], threshold: float) -> NDArray[np.float64]:
    """(wrong, answered) of each article, shape (articles, 2)."""
    given = [[one for one in group if one.confidence >= threshold] for group in groups_of(questions)]
    return np.array([(sum(one.wrong for one in some), len(some)) for some in given], dtype=np.float64).reshape(-1, 2)


def _bounds(counts: NDArray[np.float64], most: int, target: float) -> NDArray[np.float64]:
    """For each stake the least risk at which betting against it wins exp(`target`); 1 where none does.

    An article that has w wrong of a answers costs w - risk * a, at most most * (1 - risk): were the risk true, that is
    a fair game or worse. The capital rises with the risk, so that halving finds it.
    """
    wrong, answered = counts.T
    low, high = np.zeros(len(STAKES)), np.ones(len(STAKES))
    for _ in range(20):
        risk = (low + high) / 2
        cost = (wrong - risk[:, None] * answered) / (most * (1 - risk[:, None]))
        won = np.log1p(-STAKES[:, None] * cost).sum(axis=1) >= target
        low, high = np.where(won, low, risk), np.where(won, risk, high)
    return high
