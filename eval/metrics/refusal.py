"""How well a score tells when to answer.

`right` says of each question whether its best quotation would be right; of an unanswerable one it never is. Risk is
the share of wrong answers among those given, so answering an unanswerable question is a wrong answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import brier_score_loss, roc_auc_score

Floats = NDArray[np.float64]
COVERAGES = (0.1, 0.3, 0.5)
FEW_PAIRS = 100


def auroc(labels: Sequence[bool], scores: Sequence[float]) -> float:
    """The chance that a positive question scores above a negative one, ties half (scikit-learn).

    NaN where one class is empty. With `labels` answerable it is AUROC(answerable); with right, AUROC(right).
    """
    return float(roc_auc_score(labels, scores)) if len(set(map(bool, labels))) == 2 else float("nan")


def weighted_aurocs(labels: Sequence[bool], scores: Sequence[float], weights: Floats) -> Floats:
    """`auroc` of resamples: `weights` says how often each question is drawn, shape (resamples, questions).

    Shape (resamples,); NaN where a resample has one class alone.
    """
    order = np.argsort(np.asarray(scores, dtype=np.float64), kind="stable")
    score, positive = np.asarray(scores, dtype=np.float64)[order], np.asarray(labels, dtype=np.float64)[order]
    drawn = weights[:, order]
    starts = np.flatnonzero(np.r_[True, score[1:] != score[:-1]])  # of each tie
    ties = np.add.reduceat(drawn * positive, starts, axis=1), np.add.reduceat(drawn * (1 - positive), starts, axis=1)
    below = np.cumsum(ties[1], axis=1) - ties[1]
    won = (ties[0] * (below + ties[1] / 2)).sum(axis=1)
    pairs = ties[0].sum(axis=1) * ties[1].sum(axis=1)
    with np.errstate(invalid="ignore"):
        found: Floats = won / pairs
    return found


def auroc_within(labels: Sequence[bool], scores: Sequence[float], paragraphs: Sequence[str]) -> float:
    """AUROC over pairs of questions of one paragraph only, all such pairs pooled, ties half.

    What a score that merely knows the paragraph's topic cannot win. NaN where there are fewer than `FEW_PAIRS` such
    pairs, which say nothing; questions whose paragraph is "" are in none.
    """
    members: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    for label, score, paragraph in zip(labels, scores, paragraphs, strict=True):
        if paragraph:
            members[paragraph].append((bool(label), score))
    won, pairs = 0.0, 0
    for some in members.values():
        positive = np.array([score for label, score in some if label])
        negative = np.array([score for label, score in some if not label])
        compared = positive[:, None] - negative[None, :]
        won += float((compared > 0).sum() + (compared == 0).sum() / 2)
        pairs += compared.size
    return won / pairs if pairs >= FEW_PAIRS else float("nan")


@dataclass(frozen=True, slots=True)
class Refusing:
    """Refusing as a decision: positive is refusing, true is an unanswerable question. 0 where nothing is counted."""

    precision: float
    recall: float
    f1: float


def refusing(answerable: Sequence[bool], answered: Sequence[bool]) -> Refusing:
    """Precision, recall and F1 of refusing. Refusing everything has recall 1, so read the three together."""
    right = sum(not a and not b for a, b in zip(answerable, answered, strict=True))
    refused, unanswerable = sum(not b for b in answered), sum(not a for a in answerable)
    total = refused + unanswerable
    return Refusing(
        right / refused if refused else 0.0,
        right / unanswerable if unanswerable else 0.0,
        2 * right / total if total else 0.0,
    )


def risk_curve(right: Sequence[bool], scores: Sequence[float]) -> Floats:
    """Expected risk among the k surest answers, for k = 1 to n, shape (n,).

    Within a tie every order is as likely, so a tie's k-th answer adds the tie's mean loss. Empty for no questions.
    """
    loss = 1.0 - np.asarray(right, dtype=np.float64)
    if not len(loss):
        return loss
    score = np.asarray(scores, dtype=np.float64)
    order = np.argsort(-score, kind="stable")
    loss, score = loss[order], score[order]
    _, tie = np.unique(-score, return_inverse=True)
    mean = np.bincount(tie, weights=loss) / np.bincount(tie)
    curve: Floats = np.cumsum(mean[tie]) / np.arange(1, len(loss) + 1)
    return curve


def aurc(right: Sequence[bool], scores: Sequence[float]) -> float:
    """Area under the risk-coverage curve: the mean of `risk_curve`, from coverage 1/n to 1 (Geifman et al. 2019)."""
    curve = risk_curve(right, scores)
    return float(curve.mean()) if len(curve) else float("nan")


def resampled_aurcs(right: Sequence[bool], scores: Sequence[float], weights: Floats) -> Floats:
    """`aurc` of resamples: `weights` says how often each question is drawn, shape (resamples, questions)."""
    was, score = np.asarray(right, dtype=bool), np.asarray(scores, dtype=np.float64)
    drawn = (np.repeat(np.arange(len(was)), row.astype(int)) for row in weights)
    return np.array([aurc(was[chosen].tolist(), score[chosen].tolist()) for chosen in drawn])


def excess_aurc(right: Sequence[bool], scores: Sequence[float]) -> float:
    """AURC less that of the ideal order, in which every right answer comes before every wrong one."""
    return aurc(right, scores) - aurc(right, [float(r) for r in right])


def risk_at(right: Sequence[bool], scores: Sequence[float], coverage: float) -> float:
    """Risk among the surest share of the questions, rounded up to whole questions. NaN for no questions."""
    curve = risk_curve(right, scores)
    return float(curve[max(1, int(np.ceil(round(coverage * len(curve), 9)))) - 1]) if len(curve) else float("nan")


def brier(right: Sequence[bool], scores: Sequence[float]) -> float:
    """Mean squared difference of a probability and what came (Brier 1950, scikit-learn)."""
    return float(brier_score_loss(np.asarray(right, dtype=int), scores, pos_label=1)) if len(right) else float("nan")


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of like confidence: their mean confidence, the share that was right, and their number."""

    confidence: float
    right: float
    count: int


def reliability(right: Sequence[bool], scores: Sequence[float], bins: int = 10) -> list[Bin]:
    """Equal-mass bins in the order of the score: sizes differ by one at most, and each question is in one bin."""
    order = np.argsort(np.asarray(scores, dtype=np.float64), kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    score, was = np.asarray(scores, dtype=np.float64), np.asarray(right, dtype=np.float64)
    return [Bin(float(score[part].mean()), float(was[part].mean()), len(part)) for part in parts]


def calibration_error(right: Sequence[bool], scores: Sequence[float], bins: int = 10) -> float:
    """Mean distance of confidence and share right over the questions, in equal-mass bins (Nguyen and O'Connor 2015)."""
    found = reliability(right, scores, bins)
    total = sum(b.count for b in found)
    return sum(b.count * abs(b.confidence - b.right) for b in found) / total if total else float("nan")


def best_threshold(answerable: Sequence[bool], right: Sequence[float], scores: Sequence[float]) -> float:
    """The threshold with most right answers and right refusals on these questions; of equal ones the highest.

    An answer may be right in part, from 0 to 1.
    Answering means a score at or above it. It is tuned on a develop part; read off a test part it would be an oracle.
    """
    if not scores:
        return 1.0
    candidates = sorted({*scores, max(scores) + 1.0}, reverse=True)  # the first refuses everything
    gains = np.asarray(right, dtype=np.float64) - (1.0 - np.asarray(answerable, dtype=np.float64))
    score = np.asarray(scores, dtype=np.float64)
    values = [float(gains[score >= threshold].sum()) for threshold in candidates]
    return candidates[int(np.argmax(values))]
