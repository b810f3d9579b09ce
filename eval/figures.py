"""Records -> figures: everything that is reported of a system on a set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean
from typing import Any

import numpy as np

from eval.datasets.news import REMOVED
from eval.metrics import refusal
from eval.metrics.intervals import Share, paired_statistic
from eval.scoring import ScoredRecord, at, scorable, told
from rag.calibrate.judge import holds_words, token_f1

CHANCE_PARTNERS = 10


def figures(
    records: Sequence[ScoredRecord], answers: dict[str, tuple[str, ...]], *, probability: bool
) -> dict[str, Any]:
    """All figures of one part; `answers` are the accepted ones by question. A figure that has no meaning is None."""
    some = scorable(records)
    answerable = [r for r in some if r.answerable]
    not_answerable = [r for r in some if not r.answerable]
    given = [r for r in some if r.answered]
    right, scores = [r.right for r in some], [r.score for r in some]
    labels = [r.answerable for r in some]
    telling = told(labels, scores, [r.error for r in some])
    refusing = refusal.refusing(labels, [r.answered or bool(r.error) for r in some])
    worded = [r for r in answerable if r.f1 is not None]  # rule `article` has no accepted words
    written = [r for r in answerable if r.right_as_written is not None]
    known = [r.right_paragraph for r in answerable if r.right_paragraph is not None]
    out: dict[str, Any] = {
        "questions": len(some),
        "answerable": len(answerable),
        "unscorable": len(records) - len(some),
        "errors": sum(bool(r.error) for r in some),
        "answerable_right": share(r.answered and r.right for r in answerable),
        "answerable_right_as_written": share(r.answered and r.right_as_written for r in written) if written else None,
        "given_right_as_written": share(r.right_as_written for r in given) if written else None,
        "unanswerable_refused": share(r.decided_right for r in not_answerable),
        "joint": share(r.decided_right for r in some),
        "joint_of_always_refusing": _share_value(len(not_answerable), len(some)),
        "joint_of_always_answering": _share_value(sum(right), len(some)),
        "coverage": share(r.answered for r in some),
        "given_right": share(r.right for r in given),
        "auroc_answerable": refusal.auroc(labels, telling),
        "auroc_answerable_interval": auroc_interval(labels, telling, [r.group for r in some]),
        "auroc_right": refusal.auroc(right, scores),
        "auroc_within_paragraph": refusal.auroc_within(labels, telling, [r.paragraph for r in some]),
        "refusing_precision": refusing.precision,
        "refusing_recall": refusing.recall,
        "refusing_f1": refusing.f1,
        "aurc": refusal.aurc(right, scores),
        "aurc_excess": refusal.excess_aurc(right, scores),
        **{f"risk_at_{c}": refusal.risk_at(right, scores, c) for c in refusal.COVERAGES},
        "brier": refusal.brier(right, scores) if probability else None,
        "calibration_error": refusal.calibration_error(right, scores) if probability else None,
        "exact": _mean([float(r.exact or 0) for r in worded]),
        "f1": _mean([r.f1 or 0.0 for r in worded]),
        **_squad_f1(some, "squad_f1"),
        "squad_exact": _mean([_squad(r, exact=True) for r in some]) if worded else None,
        "squad_exact_has_answer": _mean([_squad(r, exact=True) for r in worded]),
        "gold_in_one_sentence": share(r.right_one for r in answerable),
        "gold_in_one_sentence_by_chance": chance([r for r in worded if r.sentence_f1 is None], answers),
        "right_paragraph": share(known) if known else None,
        "sentence_f1": _mean([r.sentence_f1 for r in answerable if r.sentence_f1 is not None]),
        "quoted_characters": _mean([float(r.chars) for r in given]),
        "short_answers_given": share(r.short_given for r in given),
        **reasons(some),
    }
    return {key: _finite(value) for key, value in out.items()}


def reasons(records: Sequence[ScoredRecord]) -> dict[str, Any]:
    """How often a system is unsure, and how often what it shows is right then, and where it says that there is nothing.

    None for one that gives no reasons.
    """
    unsure = [r for r in records if r.reason == "unsure"]
    found = {
        "unsure": share(r.reason == "unsure" for r in records),
        "unsure_right": share(r.right for r in unsure),
        "unsure_of_answerable": share(r.reason == "unsure" for r in records if r.answerable),
        "unsure_of_unanswerable": share(r.reason == "unsure" for r in records if not r.answerable),
        "denied_right": share(r.right for r in records if r.reason == "no_support"),
    }
    return found if any(r.reason for r in records) else dict.fromkeys(found)


def frozen(develop: Sequence[ScoredRecord], records: Sequence[ScoredRecord]) -> dict[str, Any]:
    """SQuAD 2.0's F1 at the threshold that is best by it on the develop part, where its authors take the best of all.

    None where answers are not of words, or a part has nothing to score.
    """
    tuned_on, some = scorable(develop), scorable(records)
    if not tuned_on or all(r.f1 is None for r in some):
        some = []
    right = [r.f1 or 0.0 for r in tuned_on]
    threshold = refusal.best_threshold([r.answerable for r in tuned_on], right, [r.score for r in tuned_on])
    found = _squad_f1(at(some, threshold), "squad_f1_frozen")
    return {key: _finite(value) for key, value in found.items()}


def conflict(records: Sequence[ScoredRecord], answers: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """Of questions whose documents disagree: how often an answer shows all accepted ones, or only a false one.

    Shares are of all questions of each sort. Refusing lowers both, so read them together and beside the coverage.
    """
    several = [r for r in records if len(answers[r.id]) > 1]
    lied_to = [r for r in records if r.category == "misinformation"]
    return {
        "all_answers_shown": share(r.answered and r.holds_answers == len(answers[r.id]) for r in several),
        "false_answer_alone": share(r.answered and r.holds_wrong and not r.holds_answers for r in lied_to),
    }


def elsewhere(records: Sequence[ScoredRecord], answers: dict[str, tuple[str, ...]]) -> dict[str, Any]:
    """Of questions asked without the articles that hold the accepted words: how many short answers say the same.

    Other articles tell it in other words. A short answer says the same with a token F1 of at least 0.5.
    """
    given = [r for r in scorable(records) if r.category == "removed" and r.answered and r.shown_short]
    same = [token_f1(r.shown_short or "", answers[r.id.removesuffix(REMOVED)]) >= 0.5 for r in given]
    return {"said_elsewhere": share(same) if same else None}


def auroc_interval(labels: Sequence[bool], scores: Sequence[float], groups: Sequence[str]) -> list[float] | None:
    """The 95% bootstrap interval, by group, of an AUROC; None where it is not defined."""
    if len(set(labels)) < 2:
        return None
    found = paired_statistic(
        lambda weights: (np.zeros(len(weights)), refusal.weighted_aurocs(labels, scores, weights)), groups
    )
    return None if found is None else [max(0.0, found.low), min(1.0, found.high)]


def chance(records: Sequence[ScoredRecord], answers: dict[str, tuple[str, ...]]) -> float:
    """How often the one sentence of another question, of about equal length, holds the words of an accepted answer.

    Each question is compared with the `CHANCE_PARTNERS` quotations nearest in length among those of the same group
    (the same article, where so many others were asked of it), else of the whole set. Compared by words wherever
    they stand, also where the quotation itself is judged by its place: so it is rather too high than too low.
    """
    groups: dict[str, list[ScoredRecord]] = {}
    for record in records:
        groups.setdefault(record.group, []).append(record)
    values = []
    for record in records:
        others = [r for r in groups[record.group] if r.id != record.id]
        others = others if len(others) >= CHANCE_PARTNERS else [r for r in records if r.id != record.id]
        partners = sorted(others, key=lambda r: (abs(len(r.one) - len(record.one)), r.id))[:CHANCE_PARTNERS]
        values += [float(holds_words(r.one, answers[record.id])) for r in partners]
    return _mean(values)


def share(of: Any) -> dict[str, Any]:
    """A share as it is stored: value, count, number and the exact interval."""
    values = [bool(v) for v in of]
    found = Share(sum(values), len(values))
    return {"value": found.value, "count": found.count, "of": found.of, "interval": list(found.interval)}


def _squad_f1(records: Sequence[ScoredRecord], name: str) -> dict[str, float | None]:
    """The mean of all, of the answerable ones and of the others; of all only where there are accepted words."""
    worded = [r for r in records if r.answerable and r.f1 is not None]
    return {
        name: _mean([_squad(r) for r in records]) if worded else None,
        f"{name}_has_answer": _mean([_squad(r) for r in worded]),
        f"{name}_no_answer": _mean([_squad(r) for r in records if not r.answerable]),
    }


def _squad(record: ScoredRecord, exact: bool = False) -> float:
    """SQuAD 2.0's score of a question: refusing counts as the empty answer, which is right for an unanswerable one.

    An error is no refusal: it scores 0.
    """
    if record.error:
        return 0.0
    if not record.answerable:
        return float(not record.answered)
    return float((record.exact if exact else record.f1) or 0) if record.answered else 0.0


def _mean(values: Sequence[float]) -> float:
    return mean(values) if values else math.nan


def _share_value(count: int, of: int) -> float:
    return count / of if of else math.nan


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
