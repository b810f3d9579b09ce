"""The same questions asked in several ways: by part and way the figures of our program, as a table and a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table

from eval.bench import REPORTED, records_of
from eval.cases import Case
from eval.console import CONSOLE
from eval.figures import figures
from eval.systems.ours import Ours
from eval.world import World

Ways = dict[str, dict[str, dict[str, float]]]  # part, way, figure
_SHOWN = ("joint", "answerable_right", "unanswerable_refused", "auroc_answerable", "f1")


def ask(world: World, cases: Sequence[Case], way: str, into: Ways) -> None:
    """Asks our program, and adds the figures of each part under the name of the way."""
    records = records_of(Ours(world), cases, f"{world.dataset.name}: {way}")
    answers = {case.id: case.answers for case in cases}
    for part in REPORTED:
        found = figures([r for r in records if r.part == part], answers, probability=True)
        into.setdefault(part, {})[way] = {name: _value(found[name]) for name in _SHOWN}


def show(title: str, ways: Ways) -> None:
    """Prints them."""
    table = Table("part", "questions", *_SHOWN, title=title)
    for part, its in ways.items():
        for way, found in its.items():
            table.add_row(part, way, *(f"{found[figure]:.3f}" for figure in _SHOWN))
    CONSOLE.print(table)


def save(file: Path, ways: Mapping[str, Ways]) -> None:
    """Writes those of each set."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(ways, indent=1) + "\n", encoding="utf-8")


def _value(figure: object) -> float:
    value = figure["value"] if isinstance(figure, dict) else figure
    return float(value) if isinstance(value, float | int) else float("nan")
