"""The command line. Exit codes: 0 done (a refusal is done), 1 a check found something, 2 usage or environment,
3 built, but a file, a record or a date could not be read.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable

from rag.cli.parser import app
from rag.cli.results import errors
from rag.types.errors import RagError

__all__ = ["app", "main"]


def main(run: Callable[[], object] = app) -> None:
    """Entry point: every expected failure is one message on standard error and exit code 2."""
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # a terminal that cannot show a character still shows the rest
    try:
        run()
    except RagError as error:
        errors.print(f"rag: {error}")
        sys.exit(2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        errors.print(f"rag: {where}{error.strerror or error}")
        sys.exit(2)
