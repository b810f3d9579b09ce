"""Logits of a passage -> for each of its sentences the best span and what speaks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rag.extract.identity import Word
from rag.extract.inputs import STRIDE, Encoded, Text
from rag.extract.network import Logits, Networks
from rag.language.words import goes_on

_LONGEST = 30  # tokens of an answer
Range = tuple[int, int]
Tells = Callable[[str], Iterable[Word]]  # what the words of a text can tell of what is asked for


@dataclass(frozen=True, slots=True)
class Tokens:
    """The n tokens of a sentence that was read."""

    places: NDArray[np.int32]  # shape (n, 2), code points
    start: NDArray[np.float32]  # logits, shape (n,)
    end: NDArray[np.float32]
    # 1 of a word that can tell what is asked for, -1 of one that is of no answer, else 0; None where every word tells
    tells: NDArray[np.int8] | None = None


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
    networks: Networks,
    name: str,
    texts: Sequence[Text],
    sentences: Sequence[Sequence[Range]],
    tells: Tells | None = None,
) -> list[list[Found]]:
    """For each text what is found in each of its sentences, ranges of the passage.

    A passage that is longer than an input is read in windows that overlap; the best of each sentence counts. A sentence
    without a token (of white space alone) or without a word that tells has a span of nothing and the lowest logits.
    """
    windows = networks.inputs.encode(texts, STRIDE)
    flat = [one for its in windows for one in its]
    logits = iter(networks.read(name, flat))
    found = []
    for text, its, ranges in zip(texts, windows, sentences, strict=True):
        scored = [(one, next(logits)) for one in its]
        telling = _telling(text[2], tells)
        answerable = max(of.answerable for _, of in scored)
        found.append([_whole(text[2], _best(scored, at, answerable, telling), at) for at in ranges])
    return found


def read_alone(
    networks: Networks,
    name: str,
    texts: Sequence[Text],
    sentences: Sequence[Range],
    before: Sequence[Found],
    tells: Tells | None = None,
) -> list[Found]:
    """What is found in one sentence of each text when it is read by itself, `before` being what was found among others.

    The logits are those of this reading; the span is the best by the sum of both. Neighbours that are only about the
    same things draw the answer to themselves, and a sentence alone cannot borrow from them.
    """
    cut = [(*text[:2], text[2][start:end]) for text, (start, end) in zip(texts, sentences, strict=True)]
    alone = read(networks, name, cut, [[(0, end - start)] for start, end in sentences], tells)
    found = []
    for (only,), text, place, other in zip(alone, texts, sentences, before, strict=True):
        both = merged(only.tokens, other.tokens, place[0])
        start, end = best_range(both) or (only.start + place[0], only.end + place[0])
        found.append(_whole(text[2], replace(only, start=start, end=end, tokens=both), place))
    return found


def merged(alone: Tokens | None, among: Tokens | None, moved: int) -> Tokens | None:
    """The tokens that both readings have, with the sums of their logits; those of `alone` stand `moved` later."""
    if alone is None or among is None:
        return None
    at = {place: i for i, place in enumerate(map(tuple, (alone.places + moved).tolist()))}
    both = [(at[place], i) for i, place in enumerate(map(tuple, among.places.tolist())) if place in at]
    if not both:
        return None
    ours, theirs = (list(its) for its in zip(*both, strict=True))
    return Tokens(
        among.places[theirs],
        alone.start[ours] + among.start[theirs],
        alone.end[ours] + among.end[theirs],
        None if among.tells is None else among.tells[theirs],
    )


def best_range(tokens: Tokens | None) -> Range | None:
    """The best span of some tokens."""
    if tokens is None:
        return None
    first, last, best = best_pair(tokens.start, tokens.end, tokens.tells)
    if not np.isfinite(best):
        return None
    return int(tokens.places[first, 0]), int(tokens.places[last, 1])


def _whole(text: str, found: Found, sentence: Range) -> Found:
    start, end = to_words(text, found.start, found.end, sentence)
    return replace(found, start=start, end=end)


def to_words(text: str, start: int, end: int, sentence: Range) -> Range:
    """The span to the edges of its words, inside its sentence: tokens may be parts of words."""
    start, end = max(start, sentence[0]), min(end, sentence[1])
    while sentence[0] < start < end and goes_on(text, start):
        start -= 1
    while start < end < sentence[1] and goes_on(text, end):
        end += 1
    return _paired(text, start, end, sentence)


NOTHING = -30.0


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


def _telling(text: str, tells: Tells | None) -> NDArray[np.int8] | None:
    """For each code point of a text what its word is, as in `Tokens.tells`; None where every word tells."""
    if tells is None:
        return None
    of_words = np.zeros(len(text), dtype=np.int8)
    for start, end, its in tells(text):
        of_words[start:end] = its
    return of_words


def _best(
    scored: Sequence[tuple[Encoded, Logits]], sentence: Range, answerable: float, telling: NDArray[np.int8] | None
) -> Found:
    best = Found(sentence[0], sentence[0], NOTHING, NOTHING, answerable)
    for one, of in scored:
        inside = np.flatnonzero((one.places[:, 0] < sentence[1]) & (sentence[0] < one.places[:, 1]))
        tells = None if telling is None else telling[one.places[inside, 0]]
        if len(inside) and (tells is None or tells.max() > 0):
            found = _span(one, of, int(inside[0]), int(inside[-1]) + 1, answerable, tells)
            best = max(best, found, key=lambda it: it.margin)
    return best


def _span(one: Encoded, of: Logits, a: int, b: int, answerable: float, tells: NDArray[np.int8] | None) -> Found:
    inside = slice(one.first + a, one.first + b)
    tokens = Tokens(one.places[a:b], of.start[inside], of.end[inside], tells)
    first, last, best = best_pair(tokens.start, tokens.end, tells)
    return Found(
        int(one.places[a + first, 0]),
        int(one.places[a + last, 1]),
        float(best - of.start[0] - of.end[0]),
        float(of.sentence[inside].mean() - of.no_sentence),
        answerable,
        tokens,
    )


def best_pair(
    start: NDArray[np.float32], end: NDArray[np.float32], tells: NDArray[np.int8] | None = None
) -> tuple[int, int, np.float32]:
    """First and last token of the best span of so many logits, and their sum: -inf where `tells` lets none pass."""
    sums = start[:, None] + end[None, :]
    spans = band(len(start))
    if tells is not None:
        some, barred = (np.cumsum(np.r_[0, tells == its]) for its in (1, -1))
        spans &= (some[1:] > some[:-1, None]) & (barred[1:] == barred[:-1, None])
    sums = np.where(spans, sums, -np.inf)
    first, last = divmod(int(sums.argmax()), len(start))
    return first, last, sums[first, last]


def band(count: int) -> NDArray[np.bool_]:
    """Which pairs of first and last token are a span, shape (count, count)."""
    ones = np.ones((count, count), dtype=np.bool_)
    return np.triu(ones) & ~np.triu(ones, _LONGEST)
