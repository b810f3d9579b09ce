"""The commands that test answers: `verify`, `replay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.build.changes import counted
from rag.cli.console import say, say_json
from rag.cli.options import INDEX, SEEDS, AsJson, Index, Seeds, Unused
from rag.types.settings import load_settings


def verify(
    answers: Annotated[Path, typer.Argument(help="A JSONL file of answers.")],
    seeds: Seeds = SEEDS,
    index: Unused = INDEX,
    as_json: AsJson = False,
) -> None:
    """Checks answers against the seed files, without the index."""
    del index
    from rag.verify import NOT_CHECKED, to_json
    from rag.verify import verify as check_answers
    from rag.verify.problem import where

    verdict = check_answers(answers, seeds, max_chars=load_settings().chunk_max_chars)
    if as_json:
        say_json(to_json(verdict))
    else:
        for finding in verdict.findings:
            at = where(answers, finding.line, finding.id)
            say(" ".join(f"{at}: {finding.kind}: {finding.what}".split()))  # on one line, whatever an answer holds
        false = verdict.quotations - verdict.verified - verdict.changed - verdict.missing
        parts = {
            f"{verdict.verified} verified": True,
            f"{false} false": false,
            f"{verdict.changed} whose source is changed": verdict.changed,
            f"{verdict.missing} whose source is missing": verdict.missing,
        }
        violations = sum(finding.kind == "violation" for finding in verdict.findings)
        print(
            f"{counted(verdict.answers, 'answer')} with {counted(verdict.quotations, 'quotation')}: "
            f"{', '.join(part for part, said in parts.items() if said)}; {counted(violations, 'violation')}"
        )
        print("Not provable from the files alone (`rag replay` asks again):")
        for leaf, what in NOT_CHECKED.items():
            print(f"  {leaf}: {what}")
        print("  and that no other sentence or words would have been the better choice")
    raise typer.Exit(1 if verdict.findings else 0)


def replay(
    answers: Annotated[Path, typer.Argument(help="A JSONL file of answers.")],
    index: Index = INDEX,
    as_json: AsJson = False,
) -> None:
    """Asks each answer's question anew of the generation that answered it, and names what differs."""
    from rag.cli.report import bars
    from rag.verify.replay import lines, to_json
    from rag.verify.replay import replay as ask_again

    with bars() as progress:
        found = ask_again(answers, index, load_settings(), lambda done, total: progress("asking anew", done, total))
    for line in [to_json(found)] if as_json else lines(found, answers):
        (say_json if as_json else say)(line)
    raise typer.Exit(1 if found.differing or found.gone else 0)
