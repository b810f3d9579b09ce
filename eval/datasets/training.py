"""What may be trained on: a set's `train` part, without what shares a question, a title or a passage with a figure.

Training goes through `training_rows` and nothing else.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eval.datasets import clapnq, news, ramdocs
from eval.datasets.lines import rows
from eval.parts import TRAINED_ON, Protected, kept_for_training, parts_of_records

READING = (*TRAINED_ON, "wikiqa", "newsqa_dev_a")
_GUARDED = ("calibrate", "test")


def training_rows(name: str, data: Path) -> list[Mapping[str, Any]]:
    """The records of `data/reading/<name>.jsonl` that may be trained on. Raises ValueError for a testing-only set."""
    if name not in TRAINED_ON:
        raise ValueError(f"nothing is trained on {name}; the sets to train on are {', '.join(TRAINED_ON)}")
    records = _records(name, data)
    train = [row for row, part in zip(records, parts_of_records(name, records), strict=True) if part == "train"]
    return kept_for_training(train, protected(data))


@functools.cache
def protected(data: Path) -> Protected:
    """What the calibrate and test parts of every set hold, as far as it is there; all questions on news and RAMDocs."""
    held: list[Mapping[str, Any]] = []
    for name in READING:
        if (data / "reading" / f"{name}.jsonl").is_file():
            records = _records(name, data)
            parts = parts_of_records(name, records)
            held += [row for row, part in zip(records, parts, strict=True) if part in _GUARDED]
    if (data / clapnq.FILES[0]).is_file():
        for case in clapnq.read(data).cases:
            if case.part in _GUARDED:
                asked = case.asked
                held.append({"title": asked.title, "question": asked.question, "context": asked.context})
    for file in (news.FILES[1], ramdocs.FILES[0]):
        if (data / file).is_file():
            held += [{"question": row["question"]} for row in rows(data / file)]
    return Protected.of(held)


def _records(name: str, data: Path) -> list[dict[str, Any]]:
    return rows(data / "reading" / f"{name}.jsonl")
