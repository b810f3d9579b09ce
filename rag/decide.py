"""Supports -> Answered or Refused. Pure: the threshold and the bounds come in as arguments."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Answered, Outcome, Refused, Support


def decide(supports: Sequence[Support], threshold: float, *, max_quotes: int = 3, max_closest: int = 3) -> Outcome:
    """Answers exactly when the first support's confidence reaches the threshold.

    Further sentences are quoted only when each reaches the threshold by itself. `supports` are ordered by falling
    confidence, as an Extractor returns them.
    """
    if not supports:
        return Refused("nothing_found", (), 0.0, threshold)
    confidence = supports[0].confidence
    if confidence < threshold:
        return Refused("no_support", tuple(_one_a_passage(supports)[:max_closest]), confidence, threshold)
    enough = [s for s in supports if s.confidence >= threshold]
    return Answered(tuple(enough[:max_quotes]), confidence, threshold)


def _one_a_passage(supports: Sequence[Support]) -> list[Support]:
    """The best support of each passage, so that the closest are different places."""
    best: dict[tuple[str, int], Support] = {}
    for support in supports:
        best.setdefault((support.passage.info.article_id, support.passage.chunk.ordinal), support)
    return list(best.values())
