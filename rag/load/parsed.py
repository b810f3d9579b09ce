"""What every format module gives back: a text, its paragraphs, and what is known of the article besides."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, fields

from rag.load.normalise import normalise
from rag.types import Paragraph


@dataclass(frozen=True, slots=True)
class Metadata:
    """Fields an article may declare; `date` is an ISO 8601 day."""

    id: str | None = None
    title: str | None = None
    publisher: str | None = None
    author: str | None = None
    url: str | None = None
    date: str | None = None

    def over(self, other: Metadata) -> Metadata:
        """These fields, and those of `other` where these say nothing."""
        return Metadata(*(getattr(self, f.name) or getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Parsed:
    """An article as a format module reads it: the normalised text, and ranges of paragraphs in it."""

    text: str
    metadata: Metadata
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document whose text has to be taken out of its format."""

    text: str
    heading: bool = False
    page: int | None = None


def assemble(blocks: Iterable[Block], metadata: Metadata) -> Parsed:
    """Lays blocks end to end, parted by blank lines: the text that all offsets count in.

    Each block is normalised first and its white space made single spaces, as the lines of a page or of HTML source are
    no part of what an article says. A heading is the section of the paragraphs after it.
    """
    pieces: list[str] = []
    paragraphs: list[Paragraph] = []
    section: str | None = None
    at = 0
    for block in blocks:
        text = " ".join(normalise(block.text).split())
        if not text:
            continue
        if block.heading:
            section = text
        else:
            paragraphs.append(Paragraph(at, at + len(text), len(paragraphs) + 1, section, block.page))
        pieces.append(text)
        at += len(text) + 2
    # Joined blocks may compose across the gap in no way: a blank line stands between them.
    return Parsed("\n\n".join(pieces), metadata, tuple(paragraphs))


_RAISED = str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")


def raised(text: str) -> str:
    """A number that is set above the line, in characters that are; any other text as it is ("1st", "[2]")."""
    return text.translate(_RAISED) if re.fullmatch(r"\s*[+\u2212-]?[0-9]+\s*", text) else text


def declared(data: dict[str, object], where: str) -> Metadata:
    """The known fields of front matter or of a record. Raises ValueError naming a field that cannot be used."""
    return Metadata(
        **{f.name: _field(f.name, data[f.name], where) for f in fields(Metadata) if data.get(f.name) is not None}
    )


def _field(key: str, value: object, where: str) -> str:
    if not isinstance(value, (str, int, float, datetime.date)):
        raise ValueError(f"its {where} '{key}' must be a single value")
    if key == "date":
        return _day(value, where)
    text = " ".join(normalise(str(value)).split())
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        raise ValueError(f"its {where} '{key}' holds a control character")
    return text


def _day(value: object, where: str) -> str:
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    try:
        return datetime.date.fromisoformat(str(value).strip()[:10]).isoformat()
    except ValueError as error:
        raise ValueError(f"its {where} 'date' is {value!r}, not a day like 2025-11-01") from error
