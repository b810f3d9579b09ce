"""Logits of a passage -> for each of its sentences the best span and what speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rag.extract.inputs import STRIDE, Encoded, Text
from rag.extract.network import Logits, Networks

_LONGEST = 30  # tokens of an answer
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The n tokens of a sentence that was read."""

    places: NDArray[np.int32]  # shape (n, 2), code points
    start: NDArray[np.float32]  # logits, shape (n,)
    end: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Found:
    """The best span inside a sentence. `margin`, `sentence` and `answerable` are logits."""

    start: int  # code points of the passage
    end: int
    margin: float  # of the span, less that of no answer
    sentence: float  # of the sentence, less that of none
    answerable: float  # of the passage
    tokens: Tokens | None = field(default=None, compare=False, repr=False)


def read(
    networks: Networks, name: str, texts: Sequence[Text], sentences: Sequence[Sequence[Range]]
) -> list[list[Found]]:
    """For each text what is found in each of its sentences, ranges of the passage.

    A passage that is longer than an input is read in windows that overlap; the best of each sentence counts. A sentence
    without a token (of white space alone) has a span of nothing and the lowest logits.
    """
    windows = networks.inputs.encode(texts, STRIDE)
    flat = [one for its in windows for one in its]
    logits = iter(networks.read(name, flat))
    found = []
    for text, its, ranges in zip(texts, windows, sentences, strict=True):
        scored = [(one, next(logits)) for one in its]
        answerable = max(of.answerable for _, of in scored)
        found.append([_whole(text[2], _best(scored, at, answerable), at) for at in ranges])
    return found


def read_alone(
    networks: Networks, name: str, texts: Sequence[Text], sentences: Sequence[Range], before: Sequence[Found]
) -> list[Found]:
    """What is found in one sentence of each text when it is read by itself, `before` being what was found among others.

    The logits are those of this reading; the span is the best by the sum of both. Neighbours that are only about the
    same things draw the answer to themselves, and a sentence alone cannot borrow from them.
    """
    cut = [(*text[:2], text[2][start:end]) for text, (start, end) in zip(texts, sentences, strict=True)]
    alone = read(networks, name, cut, [[(0, end - start)] for start, end in sentences])
    found = []
    for (only,), text, place, other in zip(alone, texts, sentences, before, strict=True):
        span = _summed(only.tokens, other.tokens, place[0]) or (only.start + place[0], only.end + place[0])
        found.append(_whole(text[2], replace(only, start=span[0], end=span[1]), place))
    return found


def _summed(alone: Tokens | None, among: Tokens | None, moved: int) -> Range | None:
    """The best span by both readings' logits, over the tokens that both have; those of `alone` stand `moved` later."""
    if alone is None or among is None:
        return None
    at = {place: i for i, place in enumerate(map(tuple, (alone.places + moved).tolist()))}
    both = [(at[place], i) for i, place in enumerate(map(tuple, among.places.tolist())) if place in at]
    if not both:
        return None
    ours, theirs = (list(its) for its in zip(*both, strict=True))
    first, last, _ = best_pair(alone.start[ours] + among.start[theirs], alone.end[ours] + among.end[theirs])
    return int(among.places[theirs[first], 0]), int(among.places[theirs[last], 1])


def _whole(text: str, found: Found, sentence: Range) -> Found:
    """The span to the edges of its words, inside its sentence: tokens may be parts of words."""
    start, end = max(found.start, sentence[0]), min(found.end, sentence[1])
    while sentence[0] < start < end and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while start < end < sentence[1] and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    start, end = _paired(text, start, end, sentence)
    return replace(found, start=start, end=end)


_NOTHING = -30.0


_PAIRS = (('"', '"'), ("“", "”"), ("(", ")"))


def _paired(text: str, start: int, end: int, sentence: Range) -> Range:
    """The span with the other mark of a pair that stands right beside it: '"mutually beneficial" relationship'."""
    for opening, closing in _PAIRS:
        inside = text[start:end]
        same = opening == closing
        opened, closed = inside.count(opening), inside.count(closing)
        odd = opened % 2 == 1 if same else opened != closed
        if odd and (same or closed > opened) and start > sentence[0] and text[start - 1] == opening:
            start -= 1
        elif odd and (same or opened > closed) and end < sentence[1] and text[end] == closing:
            end += 1
    return start, end


def _best(scored: Sequence[tuple[Encoded, Logits]], sentence: Range, answerable: float) -> Found:
    best = Found(sentence[0], sentence[0], _NOTHING, _NOTHING, answerable)
    for one, of in scored:
        inside = np.flatnonzero((one.places[:, 0] < sentence[1]) & (sentence[0] < one.places[:, 1]))
        if len(inside):
            found = _span(one, of, int(inside[0]), int(inside[-1]) + 1, answerable)
            best = max(best, found, key=lambda it: it.margin)
    return best


def _span(one: Encoded, of: Logits, a: int, b: int, answerable: float) -> Found:
    inside = slice(one.first + a, one.first + b)
    tokens = Tokens(one.places[a:b], of.start[inside], of.end[inside])
    first, last, best = best_pair(tokens.start, tokens.end)
    return Found(
        int(one.places[a + first, 0]),
        int(one.places[a + last, 1]),
        float(best - of.start[0] - of.end[0]),
        float(of.sentence[inside].mean() - of.no_sentence),
        answerable,
        tokens,
    )


def best_pair(start: NDArray[np.float32], end: NDArray[np.float32]) -> tuple[int, int, np.float32]:
    """First and last token of the best span of so many logits, and their sum."""
    sums = start[:, None] + end[None, :]
    first, last = divmod(int(np.where(_band(len(start)), sums, -np.inf).argmax()), len(start))
    return first, last, sums[first, last]


def _band(count: int) -> NDArray[np.bool_]:
    """Which pairs of first and last token are a span, shape (count, count)."""
    ones = np.ones((count, count), dtype=np.bool_)
    return np.triu(ones) & ~np.triu(ones, _LONGEST)
