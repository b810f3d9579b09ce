"""How well the spans of an answer are those that people marked. Each is pooled over all questions (micro).

Texts are compared as SQuAD's are (`squad_words`). Exact and partial overlap are those of MultiSpanQA (Li et al. 2022):
a span is right where it is a gold one; or as far as the longest run of characters goes that it shares with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from rag.calibrate.judge import squad_words


@dataclass(frozen=True, slots=True)
class ListFigures:
    """Shares from 0 to 1; `spans` and `chars` are means a question."""

    found: float  # of the gold spans that are one of ours
    contained: float  # of the gold spans whose words stand in one of ours
    precision: float  # of ours that are gold
    exact_f1: float
    partial_f1: float
    all_found: float  # of the questions
    spans: float
    chars: float


def figures(pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> ListFigures:
    """Those of (our spans, gold spans) of some questions. Spans that are the same words count once."""
    sets = [(_texts(ours), _texts(gold)) for ours, gold in pairs]
    ours, gold = (max(1, sum(len(pair[side]) for pair in sets)) for side in (0, 1))
    exact = sum(len(a & b) for a, b in sets)
    shared_ours = sum(_nearest(one, b) / len(one) for a, b in sets for one in a)
    shared_gold = sum(_nearest(one, a) / len(one) for a, b in sets for one in b)
    return ListFigures(
        found=exact / gold,
        contained=sum(any(f" {one} " in f" {other} " for other in a) for a, b in sets for one in b) / gold,
        precision=exact / ours,
        exact_f1=_f1(exact / ours, exact / gold),
        partial_f1=_f1(shared_ours / ours, shared_gold / gold),
        all_found=sum(b <= a for a, b in sets) / max(1, len(sets)),
        spans=ours / max(1, len(sets)),
        chars=sum(len(text) for its, _ in pairs for text in its) / max(1, len(sets)),
    )


def _texts(spans: Sequence[str]) -> set[str]:
    return {text for text in (" ".join(squad_words(span)) for span in spans) if text}


def _nearest(text: str, others: set[str]) -> int:
    """The longest run of characters that a text shares with one of the others."""
    return max((_run(text, other) for other in others), default=0)


def _run(a: str, b: str) -> int:
    return SequenceMatcher(None, a, b).find_longest_match().size


def _f1(precision: float, recall: float) -> float:
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0
