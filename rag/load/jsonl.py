"""JSONL: one article a line, `{"id", "title", "date", "url", "text"}` and optionally "author" and "publisher".

Each line is a seed of its own, known by the SHA-256 of its bytes, so that adding one line to a file leaves what was
quoted from the others as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from rag.load import plain
from rag.load.limits import LIMITS, Limits
from rag.load.normalise import decode, normalise
from rag.load.parsed import Parsed, declared

VERSION = f"jsonl/2+{plain.VERSION}"


class Digest(Protocol):
    """What takes in bytes, as those of hashlib do."""

    def update(self, data: bytes, /) -> None:
        """Takes in some more."""


def records(file: BinaryIO, seen: Digest, most: int) -> Iterator[tuple[int, bytes | None]]:
    """(line number, line without its end) of each line that is not blank; None for one of more than `most` bytes.

    One line is held at a time. All bytes go into `seen`.
    """
    number, line = 0, file.readline(most + 1)
    while line:
        number += 1
        seen.update(line)
        whole = len(line) <= most or line.endswith(b"\n")
        while not whole:
            rest = file.readline(most)
            seen.update(rest)
            whole = not rest or rest.endswith(b"\n")
            line = b""
        content = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
        if not line or content.strip():
            yield number, content.removesuffix(b"\n").rstrip(b"\r") if line else None
        line = file.readline(most + 1)


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
    return plain.structure(normalise(data["text"]), 0, fields, limits, title_in_text=False)
