"""Unanswerable questions made from answerable ones, and the answerable question that each written one looks like.

So that no source gives the label away: the sentences of the answer are taken out of the passage; the question is put to
a similar passage of the same source; a name, number or year of the question is replaced by one of its kind, from
similar passages or from elsewhere in its own. Each has a test that the answer does not stand in what is shown all the
same, and gives None where it fails.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from random import Random

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from eval.parts import folded, letters
from rag.language.words import stem, stems
from training.reader.data import ReadingRecord
from training.reader.views import pieces_of

_folded = functools.lru_cache(maxsize=50_000)(folded)

# Above this many words an answer counts as present when most of its content words are.
_LONG_ANSWER = 4
_PRESENT_SHARE = 0.6
_LEAST_LIKENESS = 0.25
# Share of the swapped names that the passage itself holds, elsewhere.
_NEAR = 0.4

_PRONOUNS = frozenset(stem(word) for word in ("someone", "something", "somewhere"))

_YEAR = re.compile(r"(?<![\w.,])(?:1[0-9]{3}|20[0-2][0-9])(?![\w]|[.,]\d)")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w]|[.,]\d)")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w'’\-]+(?: [A-Z][\w'’\-]+)*")
_KINDS = (_YEAR, _NUMBER, _NAME)


class Neighbours:
    """The passages of a source that are lexically nearest to each of its answerable questions, its own left out."""

    def __init__(self, records: Sequence[ReadingRecord], count: int = 12) -> None:
        passages: dict[str, ReadingRecord] = {}
        for record in records:
            passages.setdefault(letters(record.context), record)
        self._passages = list(passages.values())
        vectors = TfidfVectorizer(stop_words="english", sublinear_tf=True, dtype=np.float32)
        passage_matrix = vectors.fit_transform([record.context for record in self._passages]).T.tocsr()
        places = {key: at for at, key in enumerate(passages)}
        self._nearest: dict[tuple[str, str], list[int]] = {}
        asked = [record for record in records if record.answers]
        last = min(count, len(passages) - 1)
        for at in range(0, len(asked), 1000):
            block = asked[at : at + 1000]
            scores = (vectors.transform([f"{r.title} {r.question}" for r in block]) @ passage_matrix).toarray()
            best = np.sort(np.argpartition(-scores, last, axis=1)[:, : last + 1], axis=1)
            order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1, kind="stable")
            for record, row in zip(block, np.take_along_axis(best, order, 1), strict=True):
                own = places[letters(record.context)]
                self._nearest[record.id, record.question] = [i for i in row.tolist() if i != own][:count]

    def of(self, record: ReadingRecord) -> list[ReadingRecord]:
        """Records on the nearest other passages, nearest first."""
        return [self._passages[i] for i in self._nearest[record.id, record.question]]


def without_answer(record: ReadingRecord) -> list[int] | None:
    """The sentences that remain when those of the answers are gone, where the answers stand in none of them."""
    gone = {i for span in record.answers for i in pieces_of(record, span)}
    rest = [i for i in range(len(record.pieces)) if i not in gone]
    text = " ".join(record.context[slice(*record.pieces[i])] for i in rest)
    return rest if rest and not holds_answer(record, text) else None


def other_passage(record: ReadingRecord, neighbours: Sequence[ReadingRecord], rng: Random) -> ReadingRecord | None:
    """One of the eight nearest passages that do not hold an answer; the nearer the likelier."""
    for other in sorted(neighbours[:8], key=lambda _: rng.random())[:4]:
        if not holds_answer(record, other.context):
            return other
    return None


def unrelated_passage(record: ReadingRecord, source: Sequence[ReadingRecord], rng: Random) -> ReadingRecord | None:
    """A passage of the source that lacks a content word of the question and holds no answer.

    For questions that a similar passage would often answer, such as those for the roles of a verb.
    """
    words = _stems(record.question) - _PRONOUNS
    for other in rng.choices(source, k=4):
        if not words <= _stems(other.context) and not holds_answer(record, other.context):
            return other
    return None


def swap(record: ReadingRecord, neighbours: Iterable[ReadingRecord], rng: Random) -> tuple[str, str] | None:
    """A year, number or name of the question that its passage holds, and one of its kind to stand in its place.

    The other one is of a similar passage, and stands nowhere in the question's own; or it stands in its own, in a
    sentence without the answer.
    """
    own = f" {folded(record.title)} {_folded(record.context)} "
    words = set(own.split())
    spared = {word for text in (record.question, *record.texts) for word in folded(text).split()}
    held = {i for span in record.answers for i in pieces_of(record, span)}
    rest = [record.context[slice(*piece)] for i, piece in enumerate(record.pieces) if i not in held]
    for kind in _KINDS:
        found = [m for m in kind.finditer(record.question) if f" {folded(m[0])} " in own]
        if not found:
            continue
        gone = rng.choice(found)[0]
        near = _as_long(gone, kind, rest, spared)
        far = _as_long(gone, kind, (other.context for other in neighbours), words)
        others = near if near and (rng.random() < _NEAR or not far) else far
        if others:
            return gone, rng.choice(sorted(others))
    return None


def _as_long(text: str, kind: re.Pattern[str], among: Iterable[str], barred: set[str]) -> set[str]:
    """What there is of a kind in some texts, of as many words as `text` and without a barred word."""
    return {
        m[0]
        for one in among
        for m in kind.finditer(one)
        if m[0].count(" ") == text.count(" ") and not set(folded(m[0]).split()) & barred
    }


def twins(
    records: Iterable[ReadingRecord],
) -> tuple[list[tuple[ReadingRecord, list[ReadingRecord]]], list[ReadingRecord]]:
    """Each answerable question with the unanswerable ones written to look like it, and those that look like none.

    A twin is named by the source, or is the answerable question on the same passage with most stems in common, however
    few these are. Records of all sources together, as a named twin may stand in another one.
    """
    records = list(records)
    by_id = {record.id: record for record in records if record.answers}
    by_text = {_key(record.question, record.context): record for record in records if record.answers}
    by_passage: dict[str, list[ReadingRecord]] = defaultdict(list)
    for record in records:
        if record.answers:
            by_passage[letters(record.context)].append(record)
    found: dict[tuple[str, str], tuple[ReadingRecord, list[ReadingRecord]]] = {}
    alone = []
    for record in records:
        if record.answers:
            continue
        twin = by_id.get(record.twin) or by_text.get(_key(record.twin_question, record.context))
        if twin is None or letters(twin.context) != letters(record.context):
            twin = _most_alike(record, by_passage[letters(record.context)])
        if twin is None:
            alone.append(record)
        else:
            found.setdefault((twin.source, twin.id), (twin, []))[1].append(record)
    return list(found.values()), alone


def alike(record: ReadingRecord, twin: ReadingRecord) -> bool:
    """Whether an unanswerable question was made from its twin, or looks as if it were."""
    named = record.twin == twin.id or (record.twin_question and letters(record.twin_question) == letters(twin.question))
    return bool(named) or likeness(record.question, twin.question) >= _LEAST_LIKENESS


def likeness(one: str, other: str) -> float:
    """The share of stems that two texts have in common (Jaccard), function words left out."""
    a, b = _stems(one), _stems(other)
    return len(a & b) / max(1, len(a | b))


def _most_alike(record: ReadingRecord, others: Sequence[ReadingRecord]) -> ReadingRecord | None:
    if not others:
        return None
    return max(others, key=lambda other: likeness(record.question, other.question))


def holds_answer(record: ReadingRecord, text: str) -> bool:
    """Whether a text holds an answer of the record, or of a long one most of its content words."""
    return any(_stands(answer, text) for answer in record.texts)


def _stands(answer: str, text: str) -> bool:
    if f" {_folded(answer)} " in f" {_folded(text)} ":
        return True
    if len(answer.split()) <= _LONG_ANSWER:
        return False
    words = _stems(answer)
    return len(words & _stems(text)) >= _PRESENT_SHARE * max(1, len(words))


_stems = functools.lru_cache(maxsize=50_000)(stems)


def _key(question: str, context: str) -> tuple[str, str]:
    return letters(question), letters(context)
