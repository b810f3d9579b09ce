"""Logits of a passage -> for each of its sentences the best span and what speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rag.extract.inputs import STRIDE, Encoded, Text
from rag.extract.network import Logits, Networks

_LONGEST = 30  # tokens of an answer
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """The best span inside a sentence. All but `start` and `end` are logits."""

    start: int  # code points of the passage
    end: int
    margin: float  # of the span, less that of no answer
    sentence: float  # of the sentence, less that of none
    answerable: float  # of the passage


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
    first, last, best = best_pair(of.start[inside], of.end[inside])
    return Found(
        int(one.places[a + first, 0]),
        int(one.places[a + last, 1]),
        float(best - of.start[0] - of.end[0]),
        float(of.sentence[inside].mean() - of.no_sentence),
        answerable,
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
