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
from training.reader.data import Range, Record
from training.reader.negatives import (
    Neighbours,
    likeness,
    other_passage,
    swap,
    twins,
    unrelated_passage,
    without_answer,
)
from training.reader.substitutes import Substitutes, replaced, rewritten
from training.reader.views import Example, cut, example, pieces_of, window, with_gap

Group = tuple[Example, ...]

# Share of the answerable questions without a written twin that a pass shows, and how often one is made for them.
SHOWN: Mapping[str, float] = {
    "squad1_train_part": 0.5,
    "squad1_rest": 0.6,
    "nq_qed": 0.7,
    "wiki_shift": 0.4,
    "qasrl_wikinews": 0.1,
    "selqa_sentences": 0.5,
}
MADE: Mapping[str, float] = {"squad2_dev23": 0.3, "squad2_pairs_dev": 0.3}
_MADE_ELSEWHERE = 0.6
_REPLACED = ("swapped", "substituted")
_ONE_MORE = 0.3  # how often a question with a written twin is shown once more with one in which a word is replaced
# How a made one comes about, tried in an order drawn by these weights.
WAYS: Mapping[str, float] = {"removed": 0.3, "other": 0.25, "swapped": 0.2, "substituted": 0.25}
ONLY: Mapping[str, str] = {"qasrl_wikinews": "unrelated", "policyqa": "removed"}

NEGATIVES = ("written", *WAYS)  # any of which a run may do without

_TITLE_DROPPED = 0.3
_GAP = 0.35
_ALONE = 0.3  # share that is shown as a sentence by itself, which is how the best one is read once more
_SHORT_WINDOW = 0.5  # of the rest
_SHORT, _LONG = (60, 130), 220  # words
_MADE_UP_FOR = 20  # words more around what is taken out, so that the rest is about as long
_MOST_TWINS = 3


@dataclass(frozen=True)
class Pool:
    """All records that may be trained on, with what made negatives need."""

    twins: Sequence[tuple[Record, Sequence[Record]]]
    alone: Sequence[Record]  # written to be unanswerable, and like no answerable question on their passage
    answerable: Sequence[Record]  # without a written twin
    sources: Mapping[str, Sequence[Record]]
    neighbours: Mapping[str, Neighbours]
    substitutes: Substitutes

    @classmethod
    def of(cls, sources: Mapping[str, Sequence[Record]]) -> Pool:
        """Finds twins and neighbours."""
        paired, alone = twins(record for source in sources.values() for record in source)
        taken = {(record.source, record.id) for record, _ in paired}
        answerable = [
            record
            for source in sources.values()
            for record in source
            if record.answers and (record.source, record.id) not in taken
        ]
        return cls(
            paired,
            alone,
            answerable,
            sources,
            {name: Neighbours(source) for name, source in sources.items() if source and name not in ONLY},
            Substitutes.of(paired, {record.context for source in sources.values() for record in source}),
        )


def epoch(pool: Pool, seed: int, number: int, others: float = 1.0) -> list[Group]:
    """The groups of one pass in the order in which they are to be shown, with a share of those of `pool.answerable`."""
    rng = Random(f"{seed}-{number}")
    groups = [_written(twin, unanswerable, rng) for twin, unanswerable in pool.twins]
    groups += [(_alone(record, rng),) for record in pool.alone]
    for twin, _ in pool.twins:
        if rng.random() < _ONE_MORE and (group := _one_more(twin, pool, rng)):
            groups.append(group)
    for record in pool.answerable:
        if rng.random() < others * SHOWN.get(record.source, 1.0):
            groups.append(_made(record, pool, rng))
    rng.shuffle(groups)
    return groups


def less(groups: Sequence[Group], kind: str) -> list[Group]:
    """The groups without the examples of one kind."""
    left = (tuple(one for one in group if one.kind != kind) for group in groups)
    return [group for group in left if group]


def _written(twin: Record, unanswerable: Sequence[Record], rng: Random) -> Group:
    """An answerable question and those written to look like it, all on the same sentences of the passage."""
    span, title = _answer(twin, rng), _title(twin, rng)
    held = pieces_of(twin, span)
    kept = _kept(twin, held, _words(rng), rng)
    chosen = rng.sample(list(unanswerable), min(_MOST_TWINS, len(unanswerable)))
    return (
        example(twin, kept, span, kind="answer", question=twin.question, title=title),
        *(example(twin, kept, None, kind="written", question=other.question, title=title) for other in chosen),
    )


def _one_more(twin: Record, pool: Pool, rng: Random) -> Group:
    span, title = _answer(twin, rng), _title(twin, rng)
    kept = _kept(twin, pieces_of(twin, span), _words(rng), rng)
    for way in rng.sample(_REPLACED, 2):
        group = _replaced(way, twin, span, kept, pool, title, rng)
        if group:
            return group
    return ()


def _alone(record: Record, rng: Random) -> Example:
    kept = _kept(record, _nearest(record.question, record), _words(rng), rng)
    return example(record, kept, None, kind="written", question=record.question, title=_title(record, rng))


def _made(record: Record, pool: Pool, rng: Random) -> Group:
    """An answerable question, and often an unanswerable one made from it."""
    span, title, words = _answer(record, rng), _title(record, rng), _words(rng)
    kept = _kept(record, pieces_of(record, span), words, rng)
    first = example(record, kept, span, kind="answer", question=record.question, title=title)
    if rng.random() >= MADE.get(record.source, _MADE_ELSEWHERE):
        return (first,)
    for way in _order(record, rng):
        if way in _REPLACED:
            group = _replaced(way, record, span, kept, pool, title, rng)
            if group:
                return group
            continue
        made = _make(way, record, pool, title, words, rng)
        if made is not None:
            return first, made
    return (first,)


def _replaced(way: str, record: Record, span: Range, kept: Sequence[int], pool: Pool, title: str, rng: Random) -> Group:
    """The question with and without a word replaced, in itself or in its passage, so that one of both is answerable."""
    record = replace(record, answers=(span,))
    found = (
        swap(record, pool.neighbours[record.source].of(record), rng)
        if way == "swapped"
        else pool.substitutes.draw(record, rng)
    )
    if found is None:
        return ()
    old, new = found
    question = replaced(record.question, old, new)
    shown = cut(record, kept)[0]
    visible = replaced(shown, old, new) != shown
    if way == "swapped" and not visible:
        return ()  # nothing that is shown speaks against the other name
    # What stands in the passage already would stand there twice.
    other = rewritten(record, old, new) if visible and folded(new) not in folded(record.context) else None
    place = rng.choice(("question", "passage", "both")) if other else "question"
    yes, asked, no = {
        "question": (record, record.question, record),
        "passage": (record, record.question, other or record),
        "both": (other or record, question, record),
    }[place]
    return (
        example(yes, kept, yes.answers[0], kind="answer", question=asked, title=title),
        example(no, kept, None, kind=way, question=record.question if place == "passage" else question, title=title),
    )


def _make(way: str, record: Record, pool: Pool, title: str, words: int, rng: Random) -> Example | None:
    if way == "removed":
        rest = without_answer(record)
        if rest is None:
            return None
        if not words:
            return example(
                record, [_likest(record.question, record, rest)], None, kind=way, question=record.question, title=title
            )
        held = {i for span in record.answers for i in pieces_of(record, span)}
        around = window(record, range(min(held), max(held) + 1), words + _MADE_UP_FOR, rng)
        kept = [i for i in rest if i in around] or [min(rest, key=lambda i: abs(i - min(held)))]
        return example(record, kept, None, kind=way, question=record.question, title=title)
    other = (
        unrelated_passage(record, pool.sources[record.source], rng)
        if way == "unrelated"
        else other_passage(record, pool.neighbours[record.source].of(record), rng)
    )
    if other is None:
        return None
    shown = _kept(other, _nearest(record.question, other), words, rng)
    # The passage's own title where the question's is shown at all: a title is no cue either.
    return example(other, shown, None, kind=way, question=record.question, title=other.title if title else "")


def _nearest(question: str, record: Record) -> range:
    """The sentence with most stems of the question."""
    best = _likest(question, record, range(len(record.pieces)))
    return range(best, best + 1)


def _likest(question: str, record: Record, among: Sequence[int]) -> int:
    """The one of some sentences that has most stems of the question."""
    return max(among, key=lambda i: likeness(question, record.context[slice(*record.pieces[i])]))


def _order(record: Record, rng: Random) -> list[str]:
    if record.source in ONLY:
        return [ONLY[record.source]]
    left, order = dict(WAYS), []
    while left:
        way = rng.choices(list(left), weights=list(left.values()))[0]
        order.append(way)
        del left[way]
    return order


def _answer(record: Record, rng: Random) -> Range:
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


def _kept(record: Record, anchor: range, words: int, rng: Random) -> list[int]:
    around = window(record, anchor, words, rng)
    return with_gap(around, anchor, rng) if rng.random() < _GAP else list(around)


def _words(rng: Random) -> int:
    if rng.random() < _ALONE:
        return 0
    return rng.randint(*_SHORT) if rng.random() < _SHORT_WINDOW else _LONG


def _title(record: Record, rng: Random) -> str:
    return "" if rng.random() < _TITLE_DROPPED else record.title
