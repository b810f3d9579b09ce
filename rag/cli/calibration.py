"""The commands that set the threshold: `calibrate`, `feedback export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.cli.console import say
from rag.cli.options import INDEX, Index
from rag.cli.results import write_lines
from rag.types.settings import load_settings


def calibrate(
    questions: Annotated[
        Path,
        typer.Option("--questions", help="JSONL: id, question, gold (accepted answers, [] for none), article."),
    ],
    risk: Annotated[
        list[float],
        typer.Option("--risk", help="The share of answers that may be wrong, such as 0.1; several for several levels."),
    ],
    confidence: Annotated[float, typer.Option("--confidence", help="How sure to be of that, such as 0.95.")] = 0.95,
    most: Annotated[
        int,
        typer.Option("--max-per-article", min=0, help="Questions with the same `article`; 0: as many as tell most."),
    ] = 0,
    index: Index = INDEX,
) -> None:
    """Finds the threshold at which at most a share of the answers is wrong, and certifies it for this index."""
    from rag.answer.opening import open_assistant
    from rag.calibrate.gold import calibration_questions
    from rag.calibrate.walk import calibrate as run
    from rag.cli.report import bars, calibration_lines

    asked = calibration_questions(questions)
    assistant = open_assistant(index, load_settings())
    with bars() as progress:
        found = run(
            assistant,
            index,
            asked,
            risk=risk[0],
            further=risk[1:],
            confidence=confidence,
            max_per_article=most,
            progress=lambda done: progress("asking questions", done, len(asked)),
        )
    for line in calibration_lines(found, confidence):
        say(line)
    raise typer.Exit(0 if found.certificate and found.certificate == found.in_force else 1)


def export(out: Annotated[Path, typer.Option("--out", help="Where the lines go, one JSON object each.")]) -> None:
    """Writes the judgements as questions for `rag calibrate`, for which a person has to write each `gold`."""
    from rag.calibrate.feedback import Feedback, default_file

    write_lines(out, ((line, True) for line in Feedback(default_file()).export()))
