"""Sets in the form of SQuAD 2.0: a question, its passage, and the ranges that answer it, or none."""

from __future__ import annotations

from pathlib import Path

from eval.cases import Asked, Case, Dataset, Gold
from eval.datasets.lines import rows
from eval.parts import PLACEHOLDERS, folded, parts_of_records, unit


def read(data: Path, file: str, name: str) -> Dataset:
    """`data/reading/<file>.jsonl`; grouped by title, or by passage where the title says nothing."""
    records = rows(data / "reading" / f"{file}.jsonl")
    cases = []
    for row, part in zip(records, parts_of_records(file, records), strict=True):
        title = "" if row["title"] in PLACEHOLDERS else row["title"].replace("_", " ")
        cases.append(
            Case(
                row["id"],
                Asked(row["question"], context=row["context"], title=title),
                part=part,
                group=unit(row),
                rule="span",
                answerable=bool(row["answers"]),
                gold=tuple(
                    Gold("context", start, start + len(answer), answer)
                    for answer, start in zip(row["answers"], row["starts"], strict=True)
                ),
                answers=tuple(row["answers"]),
                paragraph=folded(row["context"]),
            )
        )
    return Dataset(name, tuple(cases), source=f"reading/{file}.jsonl")
