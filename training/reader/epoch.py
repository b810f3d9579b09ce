"""What is shown in one pass: groups of examples that must stand in one batch, as the answerable one is to be held
against the unanswerable ones.

A pass is a function of the records, the seed and its number: sentences are left out, titles dropped and questions made
unanswerable anew each time. A sentence is left out of answerable passages too, and of those with questions written to
be unanswerable, so that a gap says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from eval.slips import mistyped
from training.reader.data import REBUILT, ReadingRecord
from training.reader.held_against import (
    MINED,
    REPLACED,
    WAYS,
    Group,
    Shown,
    against_mined,
    kept_of,
    nearest,
    pair_of,
    title_of,
    words_of,
)
from training.reader.mined import key_of
from training.reader.negatives import alike
from training.reader.pool import ONLY, Pool
from training.reader.views import Example, example
from training.reader.wording import Synonyms
from training.reader.written import WRITTEN

# Share of the answerable questions without a written twin that a pass shows, and how often one is made for them.
SHOWN: Mapping[str, float] = {
    REBUILT: 0.3,
    "squad1_train_part": 0.5,
    "squad1_rest": 0.6,
    "wiki_shift": 0.4,
    "qasrl_wikinews": 0.1,
}
MADE: Mapping[str, float] = {"squad2_dev23": 0.3, "squad2_pairs_dev": 0.3, "nq_qed": 0.9}
_MADE_ELSEWHERE = 0.6
_ONE_MORE = 0.3  # how often a question with a written twin is shown once more with one that is made
_MORE_WAYS = ("other", *REPLACED)  # to make that one, in any order

NEGATIVES = ("written", *WAYS, "mined")  # any of which a run may do without

_MOST_TWINS = 3
_REWORDED, _MISTYPED = 0.4, 0.05  # how often either is tried


def epoch(
    pool: Pool,
    seed: int,
    number: int,
    others: float = 1.0,
    synonyms: Synonyms | None = None,
    twins: float = 1.0,
    own: float = 1.0,
) -> list[Group]:
    """The groups of one pass in the order in which they are to be shown.

    With synonyms questions of all sorts are now and then put in other words or mistyped. Of each sort a share is shown:
    `twins` of people's unanswerable questions and of the answerable ones they are held against, `own` of the questions
    written for this project, `others` of the rest. Those that have mined passages are shown for any share.
    """
    rng = Random(f"{seed}-{number}")
    share = {WRITTEN: own}
    groups: list[Group] = []
    for twin, unanswerable in pool.twins:
        if rng.random() < share.get(twin.source, twins):
            groups.append(_written(twin, unanswerable, rng))
            if rng.random() < _ONE_MORE and (group := _one_more(twin, pool, rng)):
                groups.append(group)
        if rng.random() < MINED and (group := against_mined(Shown.of(twin, rng), pool, rng)):
            groups.append(group)
    groups += [(_alone(record, rng),) for record in pool.alone if rng.random() < share.get(record.source, twins)]
    for record in pool.answerable:
        shown = share.get(record.source, others * SHOWN.get(record.source, 1.0))
        if rng.random() < shown or key_of(record) in pool.mined:
            groups.append(_made(record, pool, rng))
    rng.shuffle(groups)
    if synonyms is not None:
        groups = [tuple(_reworded(one, synonyms, rng) for one in group) for group in groups]
    return groups


def _reworded(one: Example, synonyms: Synonyms, rng: Random) -> Example:
    question = synonyms.reworded(one.question, rng) if rng.random() < _REWORDED else one.question
    return replace(one, question=mistyped(question, rng) if rng.random() < _MISTYPED else question)


def less(groups: Sequence[Group], kinds: frozenset[str]) -> list[Group]:
    """The groups without the examples of some kinds."""
    left = (tuple(one for one in group if one.kind not in kinds) for group in groups)
    return [group for group in left if group]


def _written(twin: ReadingRecord, unanswerable: Sequence[ReadingRecord], rng: Random) -> Group:
    """An answerable question and those written to be unanswerable that are nearest to it.

    Such as look like it are put to the same sentences of the passage, others to those around the one most like them.
    """
    shown = Shown.of(twin, rng)
    chosen = rng.sample(list(unanswerable), min(_MOST_TWINS, len(unanswerable)))
    return shown.answerable(), *(
        shown.asked(twin, other.question, "written") if alike(other, twin) else _unlike(shown, other, rng)
        for other in chosen
    )


def _unlike(shown: Shown, other: ReadingRecord, rng: Random) -> Example:
    kept = kept_of(other, nearest(other.question, other), shown.words, rng)
    return example(other, kept, None, kind="written", question=other.question, title=shown.title)


def _one_more(twin: ReadingRecord, pool: Pool, rng: Random) -> Group:
    """A question with a written twin, and one made by another passage or a replaced word; nothing where none can be."""
    return pair_of(Shown.of(twin, rng), rng.sample(_MORE_WAYS, len(_MORE_WAYS)), pool, rng)


def _alone(record: ReadingRecord, rng: Random) -> Example:
    kept = kept_of(record, nearest(record.question, record), words_of(rng), rng)
    return example(record, kept, None, kind="written", question=record.question, title=title_of(record, rng))


def _made(record: ReadingRecord, pool: Pool, rng: Random) -> Group:
    """An answerable question, and often an unanswerable one made from it."""
    shown = Shown.of(record, rng)
    pair: Group = ()
    if rng.random() < MINED:
        pair = against_mined(shown, pool, rng)
    if not pair and rng.random() < MADE.get(record.source, _MADE_ELSEWHERE):
        pair = pair_of(shown, _order(record, rng), pool, rng)
    return pair or (shown.answerable(),)


def _order(record: ReadingRecord, rng: Random) -> list[str]:
    if record.source in ONLY:
        return [ONLY[record.source]]
    left, order = dict(WAYS), []
    while left:
        way = rng.choices(list(left), weights=list(left.values()))[0]
        order.append(way)
        del left[way]
    return order
