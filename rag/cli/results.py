"""What commands write: results to a file, failures to standard error."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from rag.build.changes import counted
from rag.cli.console import write

errors = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


def write_lines(out: Path, lines: Iterable[tuple[dict[str, Any], bool]]) -> None:
    """Writes all lines or none; exits with 2 when one of them is an error."""
    failed = write(out, lines)
    if failed:
        errors.print(f"rag: {counted(failed, 'line')} could not be used; {out} says why")
        raise typer.Exit(2)
