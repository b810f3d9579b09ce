"""Sets in the form of SQuAD 2.0: a question, its passage, and the ranges that answer it, or none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from eval.cases import Asked, Case, Dataset, Gold
from eval.datasets.lines import rows
from eval.parts import PLACEHOLDERS, folded, parts_of_records, unit


def files_of(data: Path, name: str) -> list[Path]:
    """Where a set is, if anywhere: as lines, or nested as SQuAD's authors have it; gzipped or not."""
    return sorted((data / "reading").glob(f"{name}.json*"))


def rows_of(data: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a set, whatever form it has. Raises FileNotFoundError where it is not there."""
    file = next(iter(files_of(data, name)), data / "reading" / f"{name}.jsonl")
    return _nested(file) if file.name == f"{name}.json.gz" else rows(file)


def _nested(file: Path) -> list[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as text:
        articles = json.load(text)["data"]
    return [
        {
            **asked,
            "title": article["title"],
            "context": paragraph["context"],
            "answers": [answer["text"] for answer in asked["answers"]],
            "starts": [answer["answer_start"] for answer in asked["answers"]],
        }
        for article in articles
        for paragraph in article["paragraphs"]
        for asked in paragraph["qas"]
    ]


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
