"""A passage with some of its sentences left out, and the places of answers and sentences in what remains."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from training.reader.data import Range, ReadingRecord


@dataclass(frozen=True, slots=True)
class Example:
    """What the reader is shown once, and what it should say."""

    source: str
    kind: str  # how it came about, for counts: "answer", "written", "removed", "other", "swapped"
    question: str
    title: str
    context: str
    span: Range | None  # None: unanswerable, or only the sentence is known
    answerable: bool
    sentences: tuple[Range, ...]
    gold: tuple[int, ...]  # the sentences that hold the answer


def pieces_of(record: ReadingRecord, span: Range) -> range:
    """The sentences that a range touches."""
    touched = [i for i, (start, end) in enumerate(record.pieces) if start < span[1] and span[0] < end]
    return range(touched[0], touched[-1] + 1)


def window(record: ReadingRecord, anchor: range, words: int, rng: Random) -> range:
    """Neighbouring sentences around `anchor`, of about `words` words, grown to either side at random."""
    size = [len(record.context[start:end].split()) for start, end in record.pieces]
    low, high = anchor.start, anchor.stop
    total = sum(size[low:high])
    while True:
        sides = [at for at in (low - 1, high) if 0 <= at < len(size) and total + size[at] <= words]
        if not sides:
            return range(low, high)
        at = rng.choice(sides)
        total += size[at]
        low, high = min(low, at), max(high, at + 1)


def with_gap(kept: Collection[int], spared: Collection[int], rng: Random) -> list[int]:
    """`kept` less one sentence that is not spared, where there is one."""
    others = [i for i in kept if i not in spared]
    if not others or len(kept) < 2:
        return sorted(kept)
    gone = rng.choice(others)
    return [i for i in sorted(kept) if i != gone]


def cut(record: ReadingRecord, kept: Collection[int]) -> tuple[str, tuple[Range, ...], dict[int, int]]:
    """The passage of the kept sentences, their ranges in it, and for each kept sentence how far it moved."""
    text, ranges, moved = "", [], {}
    for i in sorted(kept):
        start, end = record.pieces[i]
        if text and not text[-1].isspace():
            # Neighbours stay as they were; a space stands where sentences were left out.
            text += "" if i - 1 in moved else " "
        moved[i] = len(text) - start
        ranges.append((len(text), len(text) + end - start))
        text += record.context[start:end]
    return text, tuple(ranges), moved


def example(
    record: ReadingRecord, kept: Collection[int], span: Range | None, *, kind: str, question: str, title: str
) -> Example:
    """The example of the kept sentences. Those that hold `span` must be among them."""
    context, sentences, moved = cut(record, kept)
    order = sorted(kept)
    if span is None:
        return Example(record.source, kind, question, title, context, None, False, sentences, ())
    held = pieces_of(record, span)
    shift = moved.get(held.start)
    if shift is None or any(moved.get(i) != shift for i in held):
        raise ValueError(f"{record.id}: a sentence of the answer is left out")
    new = (span[0] + shift, span[1] + shift)
    if context[slice(*new)] != record.context[slice(*span)]:
        raise ValueError(f"{record.id}: the answer moved")
    gold = tuple(order.index(i) for i in held)
    return Example(
        record.source, kind, question, title, context, new if record.has_span else None, True, sentences, gold
    )
