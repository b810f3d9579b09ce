"""Violations of grounding: answers are written as a user would get them, and checked from the seed files alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import track

from eval.cases import Case
from eval.console import CONSOLE
from eval.datasets.news import REMOVED
from eval.setup import Setup
from eval.systems.ours import reply_to
from rag.answer.failure import error_reply
from rag.answer.wire import reply_object
from rag.types import Reply
from rag.types.errors import RagError
from rag.verify import verify


@dataclass(frozen=True, slots=True)
class Grounding:
    """What the checker found in the answers to a set."""

    answers: int
    quotations: int
    violations: int


def check(setup: Setup, cases: Sequence[Case], file: Path) -> Grounding:
    """Asks every question of the set, writes schema-1 lines to `file`, and runs the checker on it.

    Of a set that asks questions again without their articles only these are asked: the others are another set's.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    twice = any(case.asked.hidden for case in cases)
    asked = [case for case in cases if not twice or case.id.endswith(REMOVED)]
    with file.open("w", encoding="utf-8") as out:
        for case in track(asked, f"checking {setup.dataset.name}", console=CONSOLE, transient=True):
            # With the turns before it, without which `rag replay` could not ask it again.
            history = {"history": [asdict(turn) for turn in case.asked.history]} if case.asked.history else {}
            out.write(json.dumps(reply_object(_reply(setup, case)) | history, ensure_ascii=False) + "\n")
    verdict = verify(file, setup.seeds, max_chars=setup.settings.chunk_max_chars)
    # Where all that is found is of articles that are hidden, "nothing found" is so of the others; the folder has them.
    hidden = {case.id for case in asked if case.asked.hidden}
    found = [
        finding for finding in verdict.findings if finding.id not in hidden or finding.leaves != ("reason", "closest")
    ]
    return Grounding(len(asked), verdict.quotations, len(found))


def _reply(setup: Setup, case: Case) -> Reply:
    """What is scored, under the question's id."""
    try:
        return reply_to(setup, setup.assistant, case.asked, case.id)
    except RagError as error:
        day = case.asked.day
        return error_reply(error, id=case.id, question=case.asked.question, asked=day, generation=None)
