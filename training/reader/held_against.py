"""An answerable question as it is shown, and the unanswerable examples that are held against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from eval.parts import folded
from training.reader.data import Range, ReadingRecord
from training.reader.mined import agrees, key_of
from training.reader.negatives import (
    likeness,
    other_passage,
    swap,
    unrelated_passage,
    without_answer,
)
from training.reader.pool import Pool
from training.reader.substitutes import replaced, rewritten
from training.reader.views import Example, cut, example, pieces_of, window, with_gap

Group = tuple[Example, ...]
REPLACED = ("swapped", "substituted")
MINED = 0.6  # how often a question that has mined passages is held against them
_MOST_MINED = 2
# How a made one comes about, tried in an order drawn by these weights.
WAYS: Mapping[str, float] = {"removed": 0.3, "other": 0.25, "swapped": 0.2, "substituted": 0.25}
_TITLE_DROPPED = 0.3
_GAP = 0.35
_ALONE = 0.3  # share that is shown as a sentence by itself, which is how the best one is read once more
_SHORT_WINDOW = 0.5  # of the rest
_SHORT, _LONG = (60, 130), 220  # words
_MADE_UP_FOR = 20  # words more around what is taken out, so that the rest is about as long


@dataclass(frozen=True)
class Shown:
    """What is shown of an answerable question, and drawn once for all that is held against it."""

    record: ReadingRecord
    span: Range
    title: str
    words: int
    kept: Sequence[int]

    @classmethod
    def of(cls, record: ReadingRecord, rng: Random) -> Shown:
        span, title, words = _answer(record, rng), title_of(record, rng), words_of(rng)
        return cls(record, span, title, words, kept_of(record, pieces_of(record, span), words, rng))

    def answerable(self) -> Example:
        """The question as it is."""
        return self.asked(self.record, self.record.question, "answer", self.span)

    def asked(self, record: ReadingRecord, question: str, kind: str, span: Range | None = None) -> Example:
        """A question put to the same sentences of the passage, or of one that has as many."""
        return example(record, self.kept, span, kind=kind, question=question, title=self.title)


def against_mined(shown: Shown, pool: Pool, rng: Random) -> Group:
    """A question and what retrieval gave for it without an answer, around the words that were taken for one."""
    found = [one for one in pool.mined.get(key_of(shown.record), ()) if not agrees(one, shown.record.texts)]
    if not found:
        return ()
    others = []
    for one in rng.sample(found, min(_MOST_MINED, len(found))):
        kept = kept_of(one.record, pieces_of(one.record, one.span), shown.words, rng)
        title = one.record.title if shown.title else ""
        others.append(example(one.record, kept, None, kind="mined", question=shown.record.question, title=title))
    return shown.answerable(), *others


def pair_of(shown: Shown, ways: Sequence[str], pool: Pool, rng: Random) -> Group:
    """An answerable question and an unanswerable one, made in the first of some ways that can be gone; else nothing."""
    for way in ways:
        if way in REPLACED:
            pair = _replaced(way, shown, pool, rng)
        else:
            made = _removed(shown, rng) if way == "removed" else _elsewhere(way, shown, pool, rng)
            pair = (shown.answerable(), made) if made else ()
        if pair:
            return pair
    return ()


def _replaced(way: str, shown: Shown, pool: Pool, rng: Random) -> Group:
    """The question with and without a word replaced, in itself or in its passage, so that one of both is answerable."""
    record = replace(shown.record, answers=(shown.span,))
    found = (
        swap(record, pool.neighbours[record.source].of(record), rng)
        if way == "swapped"
        else pool.substitutes.draw(record, rng)
    )
    if found is None:
        return ()
    old, new = found
    before = cut(record, shown.kept)[0]
    visible = replaced(before, old, new) != before
    if way == "swapped" and not visible:
        return ()  # nothing that is shown speaks against the other name
    asked = replaced(record.question, old, new)
    # Each time the passage and question that fit, and those that do not.
    places = [((record, record.question), (record, asked))]
    # What stands in the passage already would stand there twice.
    other = rewritten(record, old, new) if visible and f" {folded(new)} " not in f" {folded(record.context)} " else None
    if other:
        places += [((record, record.question), (other, record.question)), ((other, asked), (record, asked))]
    (fits, question), (misfits, its) = rng.choice(places) if other else places[0]
    return shown.asked(fits, question, "answer", fits.answers[0]), shown.asked(misfits, its, way)


def _removed(shown: Shown, rng: Random) -> Example | None:
    """The question put to its passage without the sentences of its answers."""
    record = shown.record
    rest = without_answer(record)
    if rest is None:
        return None
    held = {i for span in record.answers for i in pieces_of(record, span)}
    if shown.words:
        around = window(record, range(min(held), max(held) + 1), shown.words + _MADE_UP_FOR, rng)
        kept = [i for i in rest if i in around] or [min(rest, key=lambda i: abs(i - min(held)))]
    else:
        kept = [_likest(record.question, record, rest)]
    return example(record, kept, None, kind="removed", question=record.question, title=shown.title)


def _elsewhere(way: str, shown: Shown, pool: Pool, rng: Random) -> Example | None:
    """The question put to another passage of its source, a similar or an unrelated one."""
    record = shown.record
    other = (
        unrelated_passage(record, pool.sources[record.source], rng)
        if way == "unrelated"
        else other_passage(record, pool.neighbours[record.source].of(record), rng)
    )
    if other is None:
        return None
    kept = kept_of(other, nearest(record.question, other), shown.words, rng)
    # The passage's own title where the question's is shown at all: a title is no cue either.
    title = other.title if shown.title else ""
    return example(other, kept, None, kind=way, question=record.question, title=title)


def nearest(question: str, record: ReadingRecord) -> range:
    """The sentence with most stems of the question."""
    best = _likest(question, record, range(len(record.pieces)))
    return range(best, best + 1)


def _likest(question: str, record: ReadingRecord, among: Sequence[int]) -> int:
    """The one of some sentences that has most stems of the question."""
    return max(among, key=lambda i: likeness(question, record.context[slice(*record.pieces[i])]))


def _answer(record: ReadingRecord, rng: Random) -> Range:
    """One of the accepted answers; where it stands several times, the place most like the question."""
    start, end = rng.choice(record.answers)
    if record.source != "squad2_dev23":
        return start, end
    # That set gives only the first occurrence.
    text, places, at = record.context[start:end], [], -1
    while (at := record.context.find(text, at + 1)) >= 0:
        around = record.context[max(0, at - 1) : at + len(text) + 1]
        edges = around[: 1 if at else 0] + around[len(text) + (1 if at else 0) :]
        if not any(c.isalnum() for c in edges):
            places.append((at, at + len(text)))
    sentences = [record.context[slice(*record.pieces[pieces_of(record, place).start])] for place in places]
    if not places:
        return start, end
    best = max(range(len(places)), key=lambda i: likeness(record.question, sentences[i]))
    return places[best]


def kept_of(record: ReadingRecord, anchor: range, words: int, rng: Random) -> list[int]:
    """The sentences that are shown around some, now and then without one beside them."""
    around = window(record, anchor, words, rng)
    return with_gap(around, anchor, rng) if rng.random() < _GAP else list(around)


def words_of(rng: Random) -> int:
    """How many words of a passage are shown; 0: a sentence by itself."""
    if rng.random() < _ALONE:
        return 0
    return rng.randint(*_SHORT) if rng.random() < _SHORT_WINDOW else _LONG


def title_of(record: ReadingRecord, rng: Random) -> str:
    """Its title, or none."""
    return "" if rng.random() < _TITLE_DROPPED else record.title
