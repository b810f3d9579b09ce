"""One problem found in an answer, the leaves it concerns, and where it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ProblemKind = Literal["violation", "source changed", "source missing"]


def where(file: Path, line: int, id: str | None) -> str:
    """The line of a file, with the id of its answer where it has one."""
    return f"{file}:{line}" + (f" ({id})" if id is not None else "")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not hold. `leaves` are the places that do not go together, such as `citations[0].quote`."""

    leaves: tuple[str, ...]
    what: str
    kind: ProblemKind = "violation"
