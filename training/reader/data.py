"""Reading sets -> the records that may be trained on, or scored.

Trained on is only what `eval.parts` calls `train`, less every record that shares a question, a title or a passage with
a `calibrate` or `test` part of any set, those for testing only included, or a question or a passage with a `develop`
part.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from eval.datasets.lines import rows as read_rows
from eval.datasets.reading import rows_of as reading_rows
from eval.datasets.training import protected
from eval.parts import PLACEHOLDERS, kept_for_training, letters, parts_of_records
from rag.language.sentences import sentence_pieces
from training.reader.written import QUESTIONS, WRITTEN, written

REBUILT = "squad2_train_rebuilt"
# Sets that our own questions were written on.
_WRITTEN_ON = (
    "squad1_train_part",
    "squad2_train",
    "squad2_train_unanswerable",
    "squad2_twin_answers",
    "squad2_pairs_dev",
    "squad2_dev23",
    "squad1_rest",
    "nq_qed",
    "wiki_shift",
    "qasrl_wikinews",
    "policyqa",
    "selqa_sentences",
)
SOURCES = (REBUILT, "tydiqa_en_train", *_WRITTEN_ON)
# An unanswerable question of the rebuilt set whose passage was found by its words must have at least this share of them
# there, and this many times as many as in the next passage.
_COVERAGE, _RATIO = 0.3, 1.3
# Rows without answers that are no unanswerable questions (the data's README).
_NO_ANSWER_IS_A_GAP = frozenset({"nq_qed", "squad2_twin_answers", "qasrl_wikinews"})

Range = tuple[int, int]
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReadingRecord:
    """A question and its passage. `pieces` are the sentences, and cover the passage without a gap."""

    source: str
    id: str
    title: str  # "" where it says nothing
    question: str
    context: str
    answers: tuple[Range, ...]  # empty: unanswerable; for sentence sets the sentences that answer
    pieces: tuple[Range, ...]
    twin: str = ""  # the id of the answerable question that this one was made from
    twin_question: str = ""
    has_span: bool = True

    @property
    def texts(self) -> tuple[str, ...]:
        """The words of the answers."""
        return tuple(self.context[start:end] for start, end in self.answers)


def rows_of(folder: Path, name: str) -> list[Row]:
    """The rows of a reading set, with a title and a context where it comes as pairs of sentences."""
    rows = reading_rows(folder, name)
    return list(_grouped(rows)) if name == "selqa_sentences" else rows


def records(folder: Path, name: str, part: str, questions: Path = QUESTIONS) -> list[ReadingRecord]:
    """The records of one part of a set, unfiltered; of the written questions those on passages of that part."""
    if name == WRITTEN:
        of_part = (record for source in _WRITTEN_ON for record in records(folder, source, part))
        return _records(name, list(written(of_part, questions)))
    rows = rows_of(folder, name)
    parts = parts_of_records(name, rows)
    return _records(name, [row for row, its in zip(rows, parts, strict=True) if its == part])


def training_records(
    folder: Path, names: Sequence[str] = SOURCES, questions: Path = QUESTIONS
) -> dict[str, list[ReadingRecord]]:
    """The records that may be trained on, by source, with the questions written on their passages.

    A question on a passage that the rebuilt set has, too, is left to that set.
    """
    guarded = protected(folder)
    found: dict[str, list[ReadingRecord]] = {}
    for name in names:
        rows = rows_of(folder, name)
        parts = parts_of_records(name, rows)
        train = [row for row, its in zip(rows, parts, strict=True) if its == "train"]
        found[name] = _records(name, kept_for_training(train, guarded))
    rows = list(written((record for source in found.values() for record in source), questions))
    found[WRITTEN] = _records(WRITTEN, kept_for_training(rows, guarded))
    return _once(found, rows_of(folder, REBUILT)) if REBUILT in names else found


def _once(found: Mapping[str, list[ReadingRecord]], rebuilt: Sequence[Row]) -> dict[str, list[ReadingRecord]]:
    """The records without those of other sets that the whole rebuilt set has; what they say of twins is kept."""
    held = {_asked(row["question"], row["context"]) for row in rebuilt}
    left, twin_questions = dict[str, list[ReadingRecord]](), dict[tuple[str, str], str]()
    for name, its in found.items():
        again = [record for record in its if name != REBUILT and _asked(record.question, record.context) in held]
        twin_questions |= {_asked(one.question, one.context): one.twin_question for one in again if one.twin_question}
        gone = {id(record) for record in again}
        left[name] = [record for record in its if id(record) not in gone]
    left[REBUILT] = [
        replace(record, twin_question=twin_questions.get(_asked(record.question, record.context), ""))
        for record in left[REBUILT]
    ]
    return left


def _asked(question: str, context: str) -> tuple[str, str]:
    return letters(question), letters(context)


def clapnq_rows(folder: Path) -> list[Row]:
    """ClapNQ as reading rows; `answerable` and the part of each are added."""
    rows: list[dict[str, Any]] = []
    for answerable in (True, False):
        for row in read_rows(folder / "clapnq" / f"{'' if answerable else 'un'}answerable_a.jsonl"):
            (passage,) = row["passages"]
            rows.append(
                {
                    "id": row["id"],
                    "title": passage["title"],
                    "question": row["input"],
                    "context": passage["text"],
                    "answerable": answerable,
                }
            )
    parts = parts_of_records("clapnq", rows)
    return [row | {"part": part} for row, part in zip(rows, parts, strict=True)]


def _records(name: str, rows: Iterable[Row]) -> list[ReadingRecord]:
    return [
        ReadingRecord(
            source=name,
            id=row["id"] or f"{name}-{number}",
            title="" if row["title"] in PLACEHOLDERS else unquote(row["title"]).replace("_", " "),
            question=row["question"],
            context=row["context"],
            answers=tuple((at, at + len(text)) for at, text in zip(row["starts"], row["answers"], strict=True)),
            pieces=row.get("pieces") or _pieces(row["context"]),
            twin=row.get("twin_id", ""),
            twin_question=row.get("twin_question", ""),
            has_span="pieces" not in row,
        )
        for number, row in enumerate(rows)
        if (row["answers"] or name not in _NO_ANSWER_IS_A_GAP) and _placed(row)
    ]


def _placed(row: Row) -> bool:
    """Whether it is sure that a question was asked of this passage."""
    return row.get("placed") != "matched" or (row["coverage"] >= _COVERAGE and row["ratio"] >= _RATIO)


def _grouped(rows: Sequence[Row]) -> Iterator[Row]:
    """SelQA's pairs of a question as one passage, whose sentences answer or do not."""
    for qid, pairs in groupby(rows, key=lambda row: row["qid"]):
        context, pieces, gold = "", [], []
        first: Row = {}
        for row in pairs:
            first = first or row
            start = len(context)
            context += row["sentence"] + " "
            pieces.append((start, len(context)))
            if row["label"]:
                gold.append((start, len(context) - 1))
        yield {
            "id": qid,
            "title": first["doc"],
            "question": first["question"],
            "context": context,
            "answers": [context[start:end] for start, end in gold],
            "starts": [start for start, _ in gold],
            "pieces": tuple(pieces),
        }


@functools.lru_cache(maxsize=50_000)
def _pieces(context: str) -> tuple[Range, ...]:
    return tuple(sentence_pieces(context))
