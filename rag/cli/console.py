"""What goes out of a command: a file of results whole or not at all, and what is printed to a terminal."""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rag.types.errors import RagError

# Of this process, and perhaps a file that already holds something.
_STREAM = re.compile(r"/dev/(?:std(?:in|out|err)|fd/\d+)|/proc/[^/]+/fd/\d+")


def write(out: Path, lines: Iterable[tuple[dict[str, Any], bool]]) -> int:
    """Writes all lines or none, as JSON; how many of them are errors. Raises RagError where they cannot be written.

    A place that cannot be written to is told before the lines are made. A pipe or a device is written to, and not
    replaced; so is /dev/stdout, which may be a file that already holds something.
    """
    direct = bool(_STREAM.fullmatch(str(out))) or (out.exists() and not out.is_file())
    with _told(out):
        target = out.resolve()
        place = out if direct else target.with_name(f".{target.name}.{os.getpid()}")
        file = place.open("a" if direct else "w", encoding="utf-8", newline="\n")
    try:
        done = [(json.dumps(line, ensure_ascii=False) + "\n", good) for line, good in lines]
        with _told(out):
            file.write("".join(line for line, _ in done))
            file.close()
            if not direct:
                place.replace(target)
    finally:
        with suppress(OSError):
            file.close()
        if not direct:
            with suppress(OSError):
                place.unlink(missing_ok=True)
    return sum(not good for _, good in done)


@contextmanager
def _told(out: Path) -> Iterator[None]:
    """A file that cannot be written is named with the reason."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # a RuntimeError is a link that leads to itself
        raise RagError(f"{out} cannot be written: {getattr(error, 'strerror', None) or error}") from error


def say_json(line: str) -> None:
    """Prints JSON that any program reads as it was meant: what a terminal would obey is escaped, and so is all that is
    not ASCII where standard output is not in UTF-8."""
    if codecs.lookup(sys.stdout.encoding or "ascii").name != "utf-8":
        line = json.dumps(json.loads(line))
    print("".join(rf"\u{ord(c):04x}" if "\x7f" <= c <= "\x9f" else c for c in line))


def say(text: str) -> None:
    """Prints what may hold an article's words: without the control characters that a terminal would obey."""
    print("".join(c if c in "\n\t" or unicodedata.category(c) != "Cc" else "\ufffd" for c in text))
