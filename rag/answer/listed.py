"""An answer of several spans: which of what is quoted are of it, and where the text says them."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Answered, Citation, ShortItem, ShortSpan


def listed(outcome: Answered, citations: Sequence[Citation]) -> tuple[ShortItem, ...]:
    """The spans in the order of their citations; none where the answer is one."""
    supports = [(citations[at], outcome.supports[at]) for at in (0, *outcome.joined)]
    its = [
        ShortItem(cited.quote[start - cited.start : end - cited.start], cited.number, start, end)
        for cited, support in supports
        for start, end in support.items
    ]
    return tuple(its) if len(its) > 1 else ()


def said_apart(span: ShortSpan | None, its: Sequence[ShortItem]) -> list[tuple[ShortItem, bool]]:
    """The spans as the text says them one by one, each with whether it is the last of its citation.

    None where the short answer holds them all, and so says them: "A, B and C".
    """
    if span is None or all(it.citation == span.citation and span.start <= it.start <= it.end <= span.end for it in its):
        return []
    after = [*(it.citation for it in its[1:]), None]
    return [(it, it.citation != then) for it, then in zip(its, after, strict=True)]
