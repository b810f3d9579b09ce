"""One problem found in an answer, and the leaves it concerns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProblemKind = Literal["violation", "source changed", "source missing"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not hold. `leaves` are the places that do not go together, such as `citations[0].quote`."""

    leaves: tuple[str, ...]
    what: str
    kind: ProblemKind = "violation"
