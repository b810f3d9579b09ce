"""JSONL: one article a line, `{"id", "title", "date", "url", "text"}` and optionally "author" and "publisher".

Each line is a seed of its own, known by the SHA-256 of its bytes, so that adding one line to a file leaves what was
quoted from the others as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from rag.load import text as texts
from rag.load.limits import LIMITS, Limits
from rag.load.normalise import decode, normalise
from rag.load.parsed import Parsed, declared

_BLOCK = 1_000_000  # bytes that are read at a time
VERSION = f"jsonl/2+{texts.VERSION}"


class Digest(Protocol):
    """What takes in bytes, as those of hashlib do."""

    def update(self, data: bytes, /) -> None:
        """Takes in some more."""


def records(file: BinaryIO, seen: Digest, most: int) -> Iterator[tuple[int, bytes | None]]:
    """(line number, line without its end) of each line that is not blank; None for one of more than `most` bytes.

    Little more than a line is held at a time. All bytes go into `seen`.
    """
    before, rest, too_long, begun = 0, b"", False, False
    while block := file.read(_BLOCK):
        seen.update(block)
        if not begun:
            block, begun = block.removeprefix(b"\xef\xbb\xbf"), True
        *lines, rest = (rest + block).split(b"\n")
        for number, line in enumerate(lines, start=before + 1):
            if too_long or len(line) > most:
                yield number, None
            elif line and line.strip():
                yield number, line.rstrip(b"\r")
            too_long = False
        before += len(lines)
        if len(rest) > most:
            rest, too_long = b"", True
    if too_long or len(rest) > most:
        yield before + 1, None
    elif rest.strip():
        yield before + 1, rest.rstrip(b"\r")


def parse(line: bytes, limits: Limits = LIMITS) -> Parsed:
    """Reads one record. Raises ValueError with the reason when it cannot be read."""
    text = decode(line)
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is not JSON ({error})") from error
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        raise ValueError("is not an object with a text")
    if data.get("id") is None:
        raise ValueError("has no id")
    fields = declared(data, "field")
    return texts.structure(normalise(data["text"]), 0, fields, limits, title_in_text=False)
