"""JSONL: one article a line, `{"id", "title", "date", "url", "text"}` and optionally "author" and "publisher".

Each line is a seed of its own, known by the SHA-256 of its bytes, so that adding one line to a file leaves what was
quoted from the others as it was.
"""

from __future__ import annotations

import json

from rag.load import plain
from rag.load.normalise import decode, normalise
from rag.load.parsed import Parsed, declared

VERSION = f"jsonl/1+{plain.VERSION}"


def records(raw: bytes) -> list[tuple[int, bytes]]:
    """(line number, line) of each line that is not blank, without its end."""
    lines = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    return [(number, line.rstrip(b"\r")) for number, line in enumerate(lines, start=1) if line.strip()]


def parse(line: bytes) -> Parsed:
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
    return plain.structure(normalise(data["text"]), 0, fields, title_in_text=False)
