"""The spans of one answer where it has several: "A, B and C", each a range of its own.

A short answer that is a list is cut into its items, and grows where the networks mark what stands in one list with it.
What is marked almost as highly elsewhere in its sentence, or in the next best sentence, is an item, too, where it is of
the same sort. What was compared: docs/decisions/046.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag.extract.spans import Found, Range, Tokens, band, to_words
from rag.language import pattern
from rag.language.listing import bare, items, joints, kind, new_ones, pieces
from rag.language.words import WORD, stem, stems
from rag.types import Passage, Query, Support

# How much lower than the best span another one may be marked, in sums of logits of both readings: in one list with it,
# and elsewhere in its sentence. Then how much lower the margin of the next sentence may be, in logits.
IN_LIST, ELSEWHERE, NEXT = 15.0, 3.0, 2.0
_OF_ONE = frozenset({"when", "how_many"})
_MOST = 50  # items of an answer


@dataclass(frozen=True, slots=True)
class _Marked:
    """A span beside the best one, and how much lower it is marked."""

    place: Range
    below: float


def with_items(question: Query, supports: Sequence[Support], found: Sequence[Found]) -> list[Support]:
    """The supports, best first, the first with the items of its answer; `found` is what they are of, read by itself.

    So has the next one, where it is of the same article and almost as sure.
    """
    if not supports or supports[0].short is None:
        return list(supports)
    first, *rest = supports
    its = _distinct(first.passage, _in_sentence(question, first, found[0].tokens))[:_MOST]
    if rest and its and found[0].margin - found[1].margin <= NEXT:
        rest[0] = replace(rest[0], items=tuple(_further(question, first, its, rest[0])[:_MOST]))
    return [replace(first, items=tuple(its)), *rest]


def cut(support: Support) -> Support:
    """The support with the items of its short answer alone."""
    if support.short is None:
        return support
    return replace(support, items=tuple(_distinct(support.passage, _items(support, support.short))))


def _in_sentence(question: Query, support: Support, tokens: Tokens | None) -> list[Range]:
    """The items in the sentence of the best support, ranges of its article; its short answer where that is alone."""
    at, short, sentence = support.passage.chunk.start, support.short, support.sentence
    if short is None or tokens is None:
        return _items(support, short) if short else []
    text, span = support.passage.text, (short[0] - at, short[1] - at)
    sort = kind(text[slice(*(items(text, *span) or [span])[0])])
    marked = _marked(text, (sentence.start - at, sentence.end - at), span, tokens)
    others = [one for one in marked if _is_item(question, text, one.place, sort)]
    its = grown(text, span, [one.place for one in others])
    whole = its[0][0], its[-1][1]
    if _may_be_apart(question, sort):
        near = [one.place for one in others if one.below <= ELSEWHERE and _apart(text, one.place, whole)]
        its += [it for place in near for it in items(text, *place) or [place]]
    return [(start + at, end + at) for start, end in sorted(its)]


def grown(text: str, span: Range, others: Sequence[Range]) -> list[Range]:
    """The items of the longest list that the best span is, or is in, and that ends with one of the others."""
    its, whole = items(text, *span) or [span], span
    sort, grows = kind(text[slice(*its[0])]), True
    while grows:
        grows = False
        for place in others:
            wider = min(whole[0], place[0]), max(whole[1], place[1])
            more = items(text, *wider) if wider != whole else []
            if place in more and _holds(more, span) and all(kind(text[a:b]) == sort for a, b in more):
                its, whole, grows = more, wider, True
    return its


def _further(question: Query, first: Support, its: Sequence[Range], support: Support) -> list[Range]:
    """The items in the next sentence that say something new, where it is of the same article."""
    at, text, sort = support.passage.chunk.start, support.passage.text, kind(first.passage.slice(*its[0]))
    if support.short is None or support.passage.info != first.passage.info or not _may_be_apart(question, sort):
        return []
    more = [
        (start, end)
        for start, end in _items(support, support.short)
        if _is_item(question, text, (start - at, end - at), sort)
    ]
    return _distinct(support.passage, more, [first.passage.slice(*one) for one in its])


def _items(support: Support, span: Range) -> list[Range]:
    """The items of a span of the article."""
    at = support.passage.chunk.start
    its = items(support.passage.text, span[0] - at, span[1] - at)
    return [(start + at, end + at) for start, end in its] or [span]


def _is_item(question: Query, text: str, place: Range, sort: str) -> bool:
    """Whether a span is of the sort of the others, no clause, and says more than the question."""
    said = text[slice(*place)]
    asked = {stem(term) for term in question.terms}
    return kind(said) == sort and not pattern("no_item").match(said) and not stems(said) <= asked


def _may_be_apart(question: Query, sort: str) -> bool:
    """Whether items may stand in no list: of days and numbers there is mostly one, and others stand around it."""
    return question.kind not in _OF_ONE and sort != "number"


def _holds(its: Sequence[Range], span: Range) -> bool:
    """Whether a span is some of the items in a row."""
    return span[0] in {start for start, _ in its} and span[1] in {end for _, end in its}


def _distinct(passage: Passage, its: Sequence[Range], before: Sequence[str] = ()) -> list[Range]:
    """The items that say something else than those before them."""
    return [its[i] for i in new_ones([passage.slice(*one) for one in its], before)]


def _marked(text: str, sentence: Range, span: Range, tokens: Tokens) -> list[_Marked]:
    """The spans of a sentence that are marked beside the best one, the highest first; none crosses a joint."""
    read = max(sentence[0], int(tokens.places[0, 0])), min(sentence[1], int(tokens.places[-1, 1]))
    its = _inside(tokens, span)
    best = float(tokens.start[its][0] + tokens.end[its][-1]) if its.stop > its.start else np.inf
    found, taken = list[_Marked](), [*items(text, *span), span]
    for piece in pieces(*read, joints(text, *read, within=span)):
        for part in _outside(bare(text, *piece), span):
            for (start, end), marked in _spans(tokens, part, best - IN_LIST):
                place = bare(text, *to_words(text, start, end, sentence))
                if WORD.search(text, *place) and all(_apart(text, place, other) for other in taken):
                    found.append(_Marked(place, best - marked))
                    taken.append(place)
    return sorted(found, key=lambda one: one.below)[:_MOST]


def _inside(tokens: Tokens, place: Range) -> slice:
    """The tokens in a range."""
    inside = np.flatnonzero((tokens.places[:, 0] < place[1]) & (place[0] < tokens.places[:, 1]))
    return slice(int(inside[0]), int(inside[-1]) + 1) if len(inside) else slice(0, 0)


def _spans(tokens: Tokens, place: Range, least: float) -> Iterator[tuple[Range, float]]:
    """The spans in a range with at least so high a sum of logits, the best first; they share no token."""
    its = _inside(tokens, place)
    start, end, at = tokens.start[its], tokens.end[its], tokens.places[its]
    sums = np.where(band(len(start)), start[:, None] + end[None, :], -np.inf)
    while len(start) and sums.max() >= least:
        first, last = divmod(int(sums.argmax()), len(start))
        yield (int(at[first, 0]), int(at[last, 1])), float(sums[first, last])
        sums[: last + 1, first:] = -np.inf  # all that begin before it ends and end behind where it begins


def _outside(place: Range, span: Range) -> list[Range]:
    """What of a range is not of the span."""
    if span[1] <= place[0] or place[1] <= span[0]:
        return [place]
    return [part for part in ((place[0], span[0]), (span[1], place[1])) if part[0] < part[1]]


def _apart(text: str, one: Range, other: Range) -> bool:
    """Whether more than white space and a point is between two spans: else one is a part of the other."""
    between = text[min(one[1], other[1]) : max(one[0], other[0])]
    return (one[1] <= other[0] or other[1] <= one[0]) and bool(between.strip(" \t\n."))
