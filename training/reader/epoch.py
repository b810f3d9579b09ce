"""What is shown in one pass: groups of examples that must stand in one batch, as the answerable one is to be held
against the unanswerable ones.

A pass is a function of the records, the seed and its number: sentences are left out, titles dropped and questions made
unanswerable anew each time. A sentence is left out of answerable passages too, and of those with questions written to
be unanswerable, so that a gap says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from eval.parts import folded
from eval.slips import mistyped
from training.reader.data import Range, ReadingRecord
from training.reader.mined import agrees, key_of
from training.reader.negatives import (
    likeness,
    other_passage,
    swap,
    unrelated_passage,
    without_answer,
)
from training.reader.pool import ONLY, Pool
from training.reader.substitutes import replaced, rewritten
from training.reader.views import Example, cut, example, pieces_of, window, with_gap
from training.reader.wording import Synonyms
from training.reader.written import WRITTEN

Group = tuple[Example, ...]

# Share of the answerable questions without a written twin that a pass shows, and how often one is made for them.
SHOWN: Mapping[str, float] = {
    "squad1_train_part": 0.5,
    "squad1_rest": 0.6,
    "wiki_shift": 0.4,
    "qasrl_wikinews": 0.1,
}
MADE: Mapping[str, float] = {"squad2_dev23": 0.3, "squad2_pairs_dev": 0.3, "nq_qed": 0.9}
_MADE_ELSEWHERE = 0.6
_REPLACED = ("swapped", "substituted")
_MINED = 0.6  # how often a question that has mined passages is held against them
_MOST_MINED = 2
_ONE_MORE = 0.3  # how often a question with a written twin is shown once more with one that is made
_MORE_WAYS = ("other", *_REPLACED)  # to make that one, in any order
# How a made one comes about, tried in an order drawn by these weights.
WAYS: Mapping[str, float] = {"removed": 0.3, "other": 0.25, "swapped": 0.2, "substituted": 0.25}

NEGATIVES = ("written", *WAYS, "mined")  # any of which a run may do without

_TITLE_DROPPED = 0.3
_GAP = 0.35
_ALONE = 0.3  # share that is shown as a sentence by itself, which is how the best one is read once more
_SHORT_WINDOW = 0.5  # of the rest
_SHORT, _LONG = (60, 130), 220  # words
_MADE_UP_FOR = 20  # words more around what is taken out, so that the rest is about as long
_MOST_TWINS = 3
_REWORDED, _MISTYPED = 0.4, 0.05  # how often either is tried


def epoch(
    pool: Pool, seed: int, number: int, others: float = 1.0, synonyms: Synonyms | None = None, known: float = 1.0
) -> list[Group]:
    """The groups of one pass in the order in which they are to be shown, with a share of those of `pool.answerable`.

    Questions that have mined passages are all among them. With synonyms questions of all sorts are now and then put in
    other words or mistyped. `known` is the share that is shown of all but the questions written for this project, for a
    network that has read the others often.
    """
    rng = Random(f"{seed}-{number}")
    groups = [_written(twin, unanswerable, rng) for twin, unanswerable in pool.twins]
    groups += [(_alone(record, rng),) for record in pool.alone]
    for twin, _ in pool.twins:
        if rng.random() < _ONE_MORE and (group := _one_more(twin, pool, rng)):
            groups.append(group)
        if rng.random() < _MINED and (group := _against_mined(_Shown.of(twin, rng), pool, rng)):
            groups.append(group)
    for record in pool.answerable:
        if rng.random() < others * SHOWN.get(record.source, 1.0) or key_of(record) in pool.mined:
            groups.append(_made(record, pool, rng))
    rng.shuffle(groups)
    if known < 1:
        groups = [group for group in groups if group[0].source == WRITTEN or rng.random() < known]
    if synonyms is not None:
        groups = [tuple(_reworded(one, synonyms, rng) for one in group) for group in groups]
    return groups


def _reworded(one: Example, synonyms: Synonyms, rng: Random) -> Example:
    question = synonyms.reworded(one.question, rng) if rng.random() < _REWORDED else one.question
    return replace(one, question=mistyped(question, rng) if rng.random() < _MISTYPED else question)


def less(groups: Sequence[Group], kind: str) -> list[Group]:
    """The groups without the examples of one kind."""
    left = (tuple(one for one in group if one.kind != kind) for group in groups)
    return [group for group in left if group]


@dataclass(frozen=True)
class _Shown:
    """What is shown of an answerable question, and drawn once for all that is held against it."""

    record: ReadingRecord
    span: Range
    title: str
    words: int
    kept: Sequence[int]

    @classmethod
    def of(cls, record: ReadingRecord, rng: Random) -> _Shown:
        span, title, words = _answer(record, rng), _title(record, rng), _words(rng)
        return cls(record, span, title, words, _kept(record, pieces_of(record, span), words, rng))

    def answerable(self) -> Example:
        """The question as it is."""
        return self.asked(self.record, self.record.question, "answer", self.span)

    def asked(self, record: ReadingRecord, question: str, kind: str, span: Range | None = None) -> Example:
        """A question put to the same sentences of the passage, or of one that has as many."""
        return example(record, self.kept, span, kind=kind, question=question, title=self.title)


def _written(twin: ReadingRecord, unanswerable: Sequence[ReadingRecord], rng: Random) -> Group:
    """An answerable question and those written to look like it, all on the same sentences of the passage."""
    shown = _Shown.of(twin, rng)
    chosen = rng.sample(list(unanswerable), min(_MOST_TWINS, len(unanswerable)))
    return shown.answerable(), *(shown.asked(twin, other.question, "written") for other in chosen)


def _one_more(twin: ReadingRecord, pool: Pool, rng: Random) -> Group:
    """A question with a written twin, and one made by another passage or a replaced word; nothing where none can be."""
    return _pair(_Shown.of(twin, rng), rng.sample(_MORE_WAYS, len(_MORE_WAYS)), pool, rng)


def _alone(record: ReadingRecord, rng: Random) -> Example:
    kept = _kept(record, _nearest(record.question, record), _words(rng), rng)
    return example(record, kept, None, kind="written", question=record.question, title=_title(record, rng))


def _made(record: ReadingRecord, pool: Pool, rng: Random) -> Group:
    """An answerable question, and often an unanswerable one made from it."""
    shown = _Shown.of(record, rng)
    pair: Group = ()
    if rng.random() < _MINED:
        pair = _against_mined(shown, pool, rng)
    if not pair and rng.random() < MADE.get(record.source, _MADE_ELSEWHERE):
        pair = _pair(shown, _order(record, rng), pool, rng)
    return pair or (shown.answerable(),)


def _against_mined(shown: _Shown, pool: Pool, rng: Random) -> Group:
    """A question and what retrieval gave for it without an answer, around the words that were taken for one."""
    found = [one for one in pool.mined.get(key_of(shown.record), ()) if not agrees(one, shown.record.texts)]
    if not found:
        return ()
    others = []
    for one in rng.sample(found, min(_MOST_MINED, len(found))):
        kept = _kept(one.record, pieces_of(one.record, one.span), shown.words, rng)
        title = one.record.title if shown.title else ""
        others.append(example(one.record, kept, None, kind="mined", question=shown.record.question, title=title))
    return shown.answerable(), *others


def _pair(shown: _Shown, ways: Sequence[str], pool: Pool, rng: Random) -> Group:
    """An answerable question and an unanswerable one, made in the first of some ways that can be gone; else nothing."""
    for way in ways:
        if way in _REPLACED:
            pair = _replaced(way, shown, pool, rng)
        else:
            made = _removed(shown, rng) if way == "removed" else _elsewhere(way, shown, pool, rng)
            pair = (shown.answerable(), made) if made else ()
        if pair:
            return pair
    return ()


def _replaced(way: str, shown: _Shown, pool: Pool, rng: Random) -> Group:
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


def _removed(shown: _Shown, rng: Random) -> Example | None:
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


def _elsewhere(way: str, shown: _Shown, pool: Pool, rng: Random) -> Example | None:
    """The question put to another passage of its source, a similar or an unrelated one."""
    record = shown.record
    other = (
        unrelated_passage(record, pool.sources[record.source], rng)
        if way == "unrelated"
        else other_passage(record, pool.neighbours[record.source].of(record), rng)
    )
    if other is None:
        return None
    kept = _kept(other, _nearest(record.question, other), shown.words, rng)
    # The passage's own title where the question's is shown at all: a title is no cue either.
    title = other.title if shown.title else ""
    return example(other, kept, None, kind=way, question=record.question, title=title)


def _nearest(question: str, record: ReadingRecord) -> range:
    """The sentence with most stems of the question."""
    best = _likest(question, record, range(len(record.pieces)))
    return range(best, best + 1)


def _likest(question: str, record: ReadingRecord, among: Sequence[int]) -> int:
    """The one of some sentences that has most stems of the question."""
    return max(among, key=lambda i: likeness(question, record.context[slice(*record.pieces[i])]))


def _order(record: ReadingRecord, rng: Random) -> list[str]:
    if record.source in ONLY:
        return [ONLY[record.source]]
    left, order = dict(WAYS), []
    while left:
        way = rng.choices(list(left), weights=list(left.values()))[0]
        order.append(way)
        del left[way]
    return order


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


def _kept(record: ReadingRecord, anchor: range, words: int, rng: Random) -> list[int]:
    around = window(record, anchor, words, rng)
    return with_gap(around, anchor, rng) if rng.random() < _GAP else list(around)


def _words(rng: Random) -> int:
    if rng.random() < _ALONE:
        return 0
    return rng.randint(*_SHORT) if rng.random() < _SHORT_WINDOW else _LONG


def _title(record: ReadingRecord, rng: Random) -> str:
    return "" if rng.random() < _TITLE_DROPPED else record.title
