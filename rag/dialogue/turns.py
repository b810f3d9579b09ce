"""An earlier turn, and the short answer in its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHORT = re.compile(r"^[^\n:]{2,30}: (.+?) \[1\]$")  # the first line of an answer with a short answer


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question and the text of its answer."""

    question: str
    answer: str = ""


def short_answer(answer: str) -> str:
    """The short answer of one of our answers; "" where there is none, and for other texts."""
    match = _SHORT.match(answer.split("\n", 1)[0])
    return match[1] if match else ""
