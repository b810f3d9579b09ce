"""Variants of a set's questions: by part and variant the figures of our program, as a table and a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from eval.bench import REPORTED, records_of
from eval.cases import Case
from eval.console import CONSOLE
from eval.figures import figures
from eval.setup import Setup
from eval.systems.ours import Ours

Variants = dict[str, dict[str, dict[str, float]]]  # part, variant, figure
_SHOWN = ("joint", "answerable_right", "unanswerable_refused", "auroc_answerable", "f1")


def ask(setup: Setup, cases: Sequence[Case], variant: str, into: Variants) -> None:
    """Asks our program, and adds the figures of each part under the name of the variant."""
    records = records_of(Ours(setup), cases, f"{setup.dataset.name}: {variant}")
    answers = {case.id: case.answers for case in cases}
    for part in REPORTED:
        found = figures([r for r in records if r.part == part], answers, probability=True)
        into.setdefault(part, {})[variant] = {name: _value(found[name]) for name in _SHOWN}


def show(title: str, variants: Variants) -> None:
    """Prints them."""
    table = Table("part", "questions", *_SHOWN, title=title)
    for part, its in variants.items():
        for variant, found in its.items():
            table.add_row(part, variant, *(f"{found[figure]:.3f}" for figure in _SHOWN))
    CONSOLE.print(table)


def save(file: Path, variants: Mapping[str, Variants]) -> None:
    """Writes those of each set."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(variants, indent=1) + "\n", encoding="utf-8")


def _value(figure: object) -> float:
    value = figure["value"] if isinstance(figure, dict) else figure
    return float(value) if isinstance(value, float | int) else float("nan")
