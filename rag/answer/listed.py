"""The short answers of an outcome: the spans of one that is a list, and those that differ."""

from __future__ import annotations

from collections.abc import Sequence

from rag.types import Alternative, Answered, Citation, ShortItem, ShortSpan


def listed(outcome: Answered, citations: Sequence[Citation]) -> tuple[ShortItem, ...]:
    """The spans in the order of their citations; none where the answer is one."""
    spans = [ShortSpan(at + 1, *its) for at in (0, *outcome.joined) for its in outcome.supports[at].items]
    its = [ShortItem(quoted(citations[one.citation - 1], one), one.citation, one.start, one.end) for one in spans]
    return tuple(its) if len(its) > 1 else ()


def said_apart(span: ShortSpan | None, its: Sequence[ShortItem]) -> list[tuple[ShortItem, bool]]:
    """The spans as the text says them one by one, each with whether it is the last of its citation.

    None where the short answer holds them all, and so says them: "A, B and C".
    """
    if span is None or all(it.citation == span.citation and span.start <= it.start <= it.end <= span.end for it in its):
        return []
    after = [*(it.citation for it in its[1:]), None]
    return [(it, it.citation != then) for it, then in zip(its, after, strict=True)]


def alternatives(outcome: Answered, citations: Sequence[Citation]) -> list[Alternative]:
    """The short answers that differ from the first."""
    found = []
    for at in outcome.others:
        short = outcome.supports[at].short
        if short is not None:
            span = ShortSpan(at + 1, *short)
            found.append(Alternative(quoted(citations[at], span), span))
    return found


def quoted(citation: Citation, span: ShortSpan) -> str:
    """The words of a span of a citation."""
    return citation.quote[span.start - citation.start : span.end - citation.start]
