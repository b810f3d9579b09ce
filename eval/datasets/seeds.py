"""The questions on the owner's article, written by hand, with every accepted answer by its range."""

from __future__ import annotations

from pathlib import Path

from eval.cases import Asked, Case, Dataset, Gold
from eval.datasets.lines import rows
from eval.parts import seed_half

FILE = Path(__file__).parent.parent / "questions" / "seeds.jsonl"
SEEDS = Path(__file__).parent.parent.parent / "seeds"


def read(file: Path = FILE) -> Dataset:
    """The seed questions. Those with the same first accepted answer are one group."""
    return Dataset("seeds", tuple(_case(row) for row in rows(file)), seeds=str(SEEDS), source="eval/questions")


def _case(row: dict) -> Case:  # type: ignore[type-arg]
    gold = tuple(
        Gold(row["article_id"], g["start"], g["end"], g["text"], g["paragraph"], g.get("part", 0)) for g in row["gold"]
    )
    return Case(
        row["id"],
        Asked(row["question"]),
        part=seed_half(row["id"]),
        group=f"{gold[0].start}-{gold[0].end}" if gold else row["id"],
        rule="span",
        answerable=bool(gold),
        gold=gold,
        answers=tuple(g.text for g in gold),
        kind=row["kind"],
        category=row["category"],
    )
