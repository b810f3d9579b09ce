"""`baseline.json`: what the program answered when it was last recorded, and when each figure was the best.

    {"format": 3,
     "history": [{"date": "…", "reason": "…", "losses": [{"set": "…", "measure": "F1", "against": "the last",
                                                          "before": 0.9, "difference": [-0.05, -0.08, -0.02]}, …]}],
     "sets": {"squad2": {"cases": "…", "last": "DATE", "best": {"F1": "DATE"}, "held": {"F1": "DATE"},
                         "questions": {"id": […], …}, "runs": {"DATE": {"score": […], "right": "01…", …}}}}}

Of each set it keeps the runs that are the last or the best by some measure: a run is one value a question and column,
and no text. `best` is the best run ever, `held` the best since a loss was last accepted for a reason: what the program
is held to. Both begin anew where the questions change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.compare import FIELDS, Recorded

FILE = Path(__file__).parent / "baseline.json"
FORMAT = 3
ASKED = ("id", "part", "group", "answerable", "unscorable")  # of the question, the same in every run
FOUND = tuple(name for name in FIELDS if name not in ASKED)
_BITS = {"0": False, "1": True, "-": None}
_AS_BIT = {value: bit for bit, value in _BITS.items()}

Baseline = dict[str, Any]


def empty() -> Baseline:
    """One in which nothing was recorded."""
    return {"format": FORMAT, "history": [], "sets": {}}


def read(file: Path = FILE) -> Baseline:
    """The committed baseline. Raises ValueError for one of another format."""
    data: Baseline = json.loads(file.read_text(encoding="utf-8"))
    if data.get("format") != FORMAT:
        raise ValueError(f"{file} has format {data.get('format')}, not {FORMAT}; delete it and record it anew")
    return data


def write(baseline: Baseline, file: Path = FILE) -> None:
    """Writes it with one line a column, so that a change shows what changed."""
    sets = dict(sorted(baseline["sets"].items()))
    file.write_text(_laid({**baseline, "sets": sets}) + "\n", encoding="utf-8")


def records(found: Mapping[str, Any], date: str) -> list[Recorded]:
    """The records of a run of a set."""
    count = len(found["questions"]["id"])
    columns = {**found["questions"], **found["runs"][date]}
    lists = [_values(columns[name], count) for name in FIELDS]
    return [dict(zip(FIELDS, row, strict=True)) for row in zip(*lists, strict=True)]


def begun(cases: str, some: Sequence[Recorded]) -> dict[str, Any]:
    """A set of which no run was recorded yet."""
    questions = {name: _column([r[name] for r in some]) for name in ASKED}
    return {"cases": cases, "last": "", "best": {}, "held": {}, "questions": questions, "runs": {}}


def add(found: dict[str, Any], date: str, some: Sequence[Recorded]) -> None:
    """Puts a run in as the last."""
    found["runs"][date] = {name: _column([r[name] for r in some]) for name in FOUND}
    found["last"] = date


def prune(found: dict[str, Any]) -> None:
    """Drops the runs that are neither the last nor the best by any measure."""
    named = {found["last"], *found["best"].values(), *found["held"].values()}
    found["runs"] = {date: run for date, run in found["runs"].items() if date in named}


def _column(values: Sequence[Any]) -> str | list[Any]:
    """True, false and none as a character each; a column of empty texts as an empty one; others as they are."""
    if all(value is None or isinstance(value, bool) for value in values):
        return "".join(_AS_BIT[value] for value in values)
    return list(values) if any(value != "" for value in values) else ""


def _values(column: str | Sequence[Any], count: int) -> list[Any]:
    if isinstance(column, str):
        return [_BITS[bit] for bit in column] if column else [""] * count
    return list(column)


def _laid(value: Any, indent: str = "\n") -> str:
    """JSON with a line for each entry; a list of plain values, such as a column, is one line."""
    deeper = indent + " "
    if isinstance(value, dict) and value:
        entries = (f"{json.dumps(key, ensure_ascii=False)}: {_laid(some, deeper)}" for key, some in value.items())
        return "{" + ",".join(deeper + entry for entry in entries) + indent + "}"
    if isinstance(value, list) and any(isinstance(some, dict) for some in value):
        return "[" + ",".join(deeper + json.dumps(some, ensure_ascii=False) for some in value) + indent + "]"
    return json.dumps(value, ensure_ascii=False)
