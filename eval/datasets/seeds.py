"""The questions on the owner's article, machine-written, with every accepted answer by its range."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.cases import Asked, Case, Dataset, Gold
from eval.datasets.lines import rows
from eval.parts import seed_half

FILE = Path(__file__).parent.parent / "questions" / "seeds.jsonl"
SEEDS = Path(__file__).parent.parent.parent / "seeds"
NOTE = "our own questions, machine-written as those that the readers were trained on"


def read(file: Path = FILE) -> Dataset:
    """The seed questions. Those with the same first accepted answer are one group."""
    cases = tuple(_case(row) for row in rows(file))
    return Dataset("seeds", cases, seeds=str(SEEDS), source="eval/questions", note=NOTE)


def sharing_an_answer(cases: Sequence[Case]) -> list[str]:
    """The ids of the test questions that share an accepted range with a develop question."""
    known = {(g.start, g.end) for case in cases if case.part == "develop" for g in case.gold}
    return [c.id for c in cases if c.part == "test" and any((g.start, g.end) in known for g in c.gold)]


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
