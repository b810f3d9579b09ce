"""The options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Index = Annotated[Path, typer.Option("--index", help="The index folder.")]
Unused = Annotated[Path, typer.Option("--index", help="Taken as by other commands; not needed here.")]
Seeds = Annotated[Path, typer.Option("--seeds", help="The folder of articles.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Out = Annotated[Path | None, typer.Option("--out", help="Where the results go, one JSON object a line.")]
Batch = Annotated[Path | None, typer.Option("--batch", help="A JSONL file of questions.")]
Asked = Annotated[
    str | None,
    typer.Option("--asked", metavar="DAY", help="The day of asking, such as 2024-01-12; today if not given."),
]
INDEX, SEEDS = Path("index"), Path("seeds")
