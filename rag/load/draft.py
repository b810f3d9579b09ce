"""file -> the text of a draft that is to be checked, with its block quotes and links, by the readers of articles."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.load import apart
from rag.load.draft_html import KIND
from rag.load.formats import ParseResult, suffix_of
from rag.load.limits import LIMITS, bounded
from rag.load.normalise import decode
from rag.load.parsed import Mark, Metadata, Parsed

SUFFIXES = (".docx", ".htm", ".html", ".md", ".txt")
_READ_HERE = (".md", ".txt")  # nothing is taken out of them
_QUOTED = re.compile(r"(?:^ {0,3}>[^\n]*(?:\n|\Z))+", re.MULTILINE)


def read(name: str, raw: bytes, characters: int) -> ParseResult:
    """Reads a draft of at most so many characters; the kind is told by the end of its name.

    What is not text is read in the process that reads articles, within its bounds. Raises SeedError when that cannot
    be started.
    """
    suffix = suffix_of(name)
    if suffix not in SUFFIXES:
        return ParseResult(problem=f"is no draft that can be read (there are {', '.join(SUFFIXES)})")
    if len(raw) > LIMITS.article_bytes:
        return ParseResult(problem=f"has {len(raw) / 1e6:.0f} MB; a draft has at most {LIMITS.article_bytes / 1e6:.0f}")
    if suffix in _READ_HERE:
        return _text(raw, characters)
    return apart.read(KIND if suffix != ".docx" else suffix, raw, replace(LIMITS, characters=characters))


def _text(raw: bytes, characters: int) -> ParseResult:
    try:
        bounded(len(raw), 4 * characters)  # before it is normalised
        decode(raw)  # tells what is no text
        text = raw.decode()  # as it is: its offsets are those of whoever gave it
        bounded(len(text), characters)
    except ValueError as error:
        return ParseResult(problem=str(error))
    marks = [Mark(m.start(), m.end()) for m in _QUOTED.finditer(text) if m.end() > m.start()]
    return ParseResult(Parsed(text, Metadata(), (), marks=tuple(marks)))
