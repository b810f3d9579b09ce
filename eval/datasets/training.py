"""What nothing may be trained on: all that shares a question, a title or a passage with what a figure comes from."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.datasets import archive, clapnq, news, ramdocs
from eval.datasets.lines import rows
from eval.datasets.lists import FILE as LISTS
from eval.datasets.reading import files_of, rows_of
from eval.parts import TRAINED_ON, Protected, parts_of_records

READING = (*TRAINED_ON, "wikiqa", "newsqa_dev_a")
NOMIRACL = "nomiracl/en_a.jsonl.gz"


@functools.cache
def protected(data: Path) -> Protected:
    """What the calibrate and test parts of every set hold, as far as it is there; all questions on news and RAMDocs,
    and of NoMIRACL and MultiSpanQA the passages, too.

    Of develop parts the questions and passages, but not the titles: nothing is claimed from them.
    """
    held: list[Mapping[str, Any]] = []
    for name in READING:
        if files_of(data, name):
            records = rows_of(data, name)
            held += _guarded(records, parts_of_records(name, records))
    if (data / clapnq.FILES[0]).is_file():
        cases = clapnq.read(data).cases
        asked = [
            {"title": c.asked.title, "question": c.asked.question, "context": c.asked.context or ""} for c in cases
        ]
        held += _guarded(asked, [c.part for c in cases])
    for file in (news.FILES[1], archive.FILES[1], ramdocs.FILES[0]):
        if (data / file).is_file():
            held += [{"question": row["question"]} for row in rows(data / file)]
    if (data / NOMIRACL).is_file():
        for row in rows(data / NOMIRACL):
            passages = [text.partition(": ")[2] for text in row["contexts"]]  # each begins with its title
            held += [{"question": row["question"]}, *({"context": text} for text in passages)]
    if (data / LISTS).is_file():
        held += rows(data / LISTS)
    return Protected.of(held)


def _guarded(records: Sequence[Mapping[str, Any]], parts: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for row, part in zip(records, parts, strict=True):
        if part == "develop":
            yield {key: row[key] for key in ("question", "twin_question", "context") if key in row}
        elif part != "train":
            yield row
