"""bytes -> ParseResult: each kind of file with its module, and what is said of one that cannot be read."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from rag.load import docx, draft_html, html, jsonl, markdown, pdf, text
from rag.load.limits import Limits, bounded
from rag.load.parsed import Parsed

_FORMATS: dict[str, Any] = {
    ".docx": docx,
    ".htm": html,
    ".html": html,
    ".jsonl": jsonl,
    ".md": markdown,
    ".pdf": pdf,
    ".txt": text,
}
_ALL = _FORMATS | {draft_html.KIND: draft_html}
SUFFIXES = tuple(sorted(_FORMATS))
_SHOWN = 300  # characters of a library's own message, which may quote the file
_log = logging.getLogger("rag")


@dataclass(frozen=True, slots=True)
class ParseResult:
    """An article as it was read, or why it could not be."""

    parsed: Parsed | None = None
    problem: str | None = None


def suffix_of(path: str) -> str:
    """The end of a name that tells the kind of file."""
    return PurePosixPath(path).suffix.lower()


def loader_version(path: str) -> str:
    """Name and version of the loader of this file, with its library's, such as `plain/1`; "" where there is none."""
    loader = _FORMATS.get(suffix_of(path))
    return str(loader.VERSION) if loader else ""


def holds_many(path: str) -> bool:
    """Whether a file of this kind holds many articles, each a seed of its own."""
    return _FORMATS[suffix_of(path)] is jsonl


def keeps_front_matter(path: str) -> bool:
    """Whether the fields at the top of a file of this kind are part of its text."""
    return _FORMATS[suffix_of(path)] in (text, markdown)


def read(suffix: str, raw: bytes, limits: Limits) -> ParseResult:
    """Reads one article here. Raises MemoryError alone."""
    try:
        parsed: Parsed = _ALL[suffix].parse(raw, limits)
        check(parsed, limits)
        return ParseResult(parsed)
    except UnicodeEncodeError:
        return ParseResult(problem="holds half of a surrogate pair, which is no character")
    except ValueError as error:
        return ParseResult(problem=_short(str(error)))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - foreign files make the libraries fail in ways they do not document
        _log.debug("the loader of %s failed", suffix, exc_info=True)
        return ParseResult(problem=_short(f"cannot be read ({type(error).__name__}: {error})"))


def check(parsed: Parsed, limits: Limits) -> None:
    """Raises ValueError for what is no article, or too much for one."""
    bounded(len(parsed.paragraphs), limits.paragraphs, "paragraphs")
    bounded(len(parsed.text), limits.characters)
    headings = sum(len(paragraph.section or "") for paragraph in parsed.paragraphs)
    bounded(headings, limits.characters, "characters of headings, counted with each paragraph under them")
    if not parsed.paragraphs:
        raise ValueError("holds no paragraph of text")
    if "\0" in parsed.text:
        raise ValueError("holds a zero character, which no text has")
    parsed.text.encode()  # raises UnicodeEncodeError, which is a ValueError


def _short(reason: str) -> str:
    """One line."""
    line = " ".join(reason[: 2 * _SHOWN].split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"
