"""MultiSpanQA: questions whose answer is several spans of their passage. `python -m eval.lists` asks them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.datasets.lines import rows
from eval.parts import parts_of, unit

NAME, FILE = "multispanqa", "lists/multispanqa_a.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Listed:
    """A question with its passage and the spans of its answer, each with where it begins."""

    question: str
    context: str
    title: str
    answers: tuple[str, ...]
    starts: tuple[int, ...]


def read(data: Path, part: str) -> list[Listed]:
    """The questions of a part; what hangs together is the passage."""
    records = rows(data / FILE)
    parts = parts_of(NAME, map(unit, records))
    return [listed(row) for row in records if parts[unit(row)] == part]


def listed(row: dict[str, Any], title: str = "") -> Listed:
    """A row in the form of the reading sets."""
    return Listed(row["question"], row["context"], title, tuple(row["answers"]), tuple(row["starts"]))
