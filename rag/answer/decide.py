"""Supports -> Answered or Refused. Pure: the thresholds and the bounds come in as arguments."""

from __future__ import annotations

from collections.abc import Sequence

from rag.language.words import differ, telling
from rag.types import Answered, Outcome, Reason, Refused, Support


def decide(
    supports: Sequence[Support], threshold: float, doubt: float, *, max_quotes: int = 3, max_closest: int = 3
) -> Outcome:
    """Answers exactly when the first support's confidence reaches the threshold; below it is unsure from `doubt` on.

    Further sentences are quoted only when each reaches the threshold by itself; those with another short answer come
    before those with one that is shown, the newest first, so that articles which disagree are seen to. Beside a short
    answer the article that is quoted first is quoted again only for further items of its list: what it says elsewhere
    mostly answers something else.
    `supports` are ordered by falling confidence, as an Extractor returns them.
    """
    if not supports:
        return Refused("nothing_found", (), 0.0, threshold)
    confidence = supports[0].confidence
    if confidence < threshold:
        reason: Reason = "unsure" if 0 < confidence >= doubt else "no_support"
        return Refused(reason, tuple(_one_a_passage(supports)[:max_closest]), confidence, threshold)
    enough = [s for s in supports if s.confidence >= threshold]
    more = of_list(enough)
    if supports[0].short is not None:
        enough = [s for s in enough if s is supports[0] or _article(s) != _article(supports[0])]
    first, *others = _varied(enough)[:max_quotes]
    chosen = [first, *sorted(others, key=_date, reverse=True)]
    shown = [*chosen, *more, *(support for support in enough if not any(support is one for one in chosen))]
    joined = range(len(chosen), min(len(chosen) + len(more), max_quotes))
    return Answered(tuple(shown[:max_quotes]), tuple(range(1, len(chosen))), confidence, threshold, tuple(joined))


def of_list(enough: Sequence[Support]) -> list[Support]:
    """Those behind the first that hold further items of its list, in the order of its article."""
    first, *rest = enough
    more = [one for one in rest if first.items and one.items and _article(one) == _article(first)]
    return sorted(more, key=lambda one: one.sentence.start)


def _varied(supports: Sequence[Support]) -> list[Support]:
    """The first and the best of each other short answer."""
    chosen, shown = [supports[0]], [_short_words(supports[0])]
    for support in supports[1:] if shown[0] else ():
        words = _short_words(support)
        if words and all(differ(words, other) for other in shown):
            chosen.append(support)
            shown.append(words)
    return chosen


def _short_words(support: Support) -> frozenset[str]:
    return frozenset() if support.short is None else telling(support.passage.slice(*support.short))


def _date(support: Support) -> str:
    return support.passage.info.date or ""


def _article(support: Support) -> str:
    return support.passage.info.article_id


def _one_a_passage(supports: Sequence[Support]) -> list[Support]:
    """The best support of each passage, so that the closest are different places."""
    best: dict[tuple[str, int], Support] = {}
    for support in supports:
        best.setdefault((_article(support), support.passage.chunk.ordinal), support)
    return list(best.values())
