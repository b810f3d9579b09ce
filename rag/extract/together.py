"""Puts the supports of the parts of a question together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rag.types import Support


def together(supports: Sequence[list[Support]]) -> list[Support]:
    """The supports of a question with several parts, from those of each: the best of each part first.

    All have at most the confidence of the part that is supported least, as without it the question is not answered. One
    short answer would answer only a part, so there is none.
    """
    if not all(supports):
        return []
    least = min(its[0].confidence for its in supports)
    first = [its[0] for its in supports]
    rest = sorted((one for its in supports for one in its[1:]), key=lambda one: -one.confidence)
    kept: dict[tuple[str, int], Support] = {}
    for one in first + rest:
        place = one.passage.info.article_id, one.sentence.start
        kept.setdefault(place, replace(without_short(one), confidence=min(one.confidence, least)))
    return list(kept.values())


def without_short(support: Support) -> Support:
    """The support without a short answer, so that the whole sentence is shown."""
    return replace(support, short=None, items=())
