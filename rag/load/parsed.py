"""What every format module gives back: a text, its paragraphs, and what is known of the article besides."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace

from rag.load.dates import day
from rag.load.limits import LIMITS, Limits, at_most, bounded
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
class Declared:
    """What front matter or a record says of its article; `note`: why it has no date although one is declared."""

    metadata: Metadata = Metadata()
    note: str | None = None

    def over(self, found: Metadata) -> Metadata:
        """These fields, and those found where these say nothing; no date where the declared one is none."""
        metadata = self.metadata.over(found)
        return replace(metadata, date=None) if self.note else metadata


@dataclass(frozen=True, slots=True)
class Mark:
    """A range of a text that is set as a quotation or, with an address, as a link."""

    start: int
    end: int
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Parsed:
    """An article as a format module reads it: the normalised text, and ranges of paragraphs in it.

    `note` says of an article that can be read what of it could not be used. `marks` are read of drafts alone.
    """

    text: str
    metadata: Metadata
    paragraphs: tuple[Paragraph, ...]
    note: str | None = None
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document whose text has to be taken out of its format."""

    text: str
    heading: bool = False
    page: int | None = None
    quoted: bool = False  # it is set as a quotation
    links: tuple[tuple[str, str], ...] = ()  # in order, each its text and its address


def assemble(blocks: Iterable[Block], metadata: Metadata, limits: Limits = LIMITS) -> Parsed:
    """Lays blocks end to end, parted by blank lines: the text that all offsets count in.

    Each block is normalised first and its white space made single spaces, as the lines of a page or of HTML source are
    no part of what an article says. A heading is the section of the paragraphs after it. Raises ValueError as soon as
    there are more blocks or characters than an article may have.
    """
    pieces: list[str] = []
    paragraphs: list[Paragraph] = []
    marks: list[Mark] = []
    section: str | None = None
    at = 0
    for block in at_most(limits.paragraphs, blocks, "paragraphs"):
        text = " ".join(normalise(block.text).split())
        if not text:
            continue
        if block.heading:
            section = text
        else:
            paragraphs.append(Paragraph(at, at + len(text), len(paragraphs) + 1, section, block.page))
        marks += _marks(block, text, at)
        pieces.append(text)
        at += len(text) + 2
        bounded(at, limits.characters)
    # Joined blocks may compose across the gap in no way: a blank line stands between them.
    return Parsed("\n\n".join(pieces), metadata, tuple(paragraphs), marks=tuple(marks))


def _marks(block: Block, text: str, at: int) -> Iterator[Mark]:
    """What a block is set as, where its text begins at a place."""
    if block.quoted:
        yield Mark(at, at + len(text))
    behind = 0
    for written, address in block.links:
        name = " ".join(normalise(written).split())
        begin = text.find(name, behind)
        if name and begin >= 0:
            behind = begin + len(name)
            yield Mark(at + begin, at + behind, address)


_SHOWN = 60  # characters of a value that is none, in a message
_LONGEST = 2_000  # characters of a field, as it stands beside each quotation
_RAISED = str.maketrans("0123456789+-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")


def raised(text: str) -> str:
    """A number that is set above the line, in characters that are; any other text as it is ("1st", "[2]")."""
    return text.translate(_RAISED) if re.fullmatch(r"\s*[+\u2212-]?[0-9]+\s*", text) else text


def declared(data: dict[str, object], where: str) -> Declared:
    """The known fields of front matter or of a record. Raises ValueError naming a field that cannot be used.

    A date that is none is no such field: the article is read without, and what was declared is noted.
    """
    given = {f.name: data[f.name] for f in fields(Metadata) if data.get(f.name) is not None}
    date = _day(given["date"]) if "date" in given else None
    metadata = Metadata(**{name: _field(name, value, where) for name, value in given.items() if name != "date"})
    if "date" in given and date is None:
        said = " ".join(str(given["date"])[:_SHOWN].split())
        return Declared(metadata, f"its {where} 'date' is {said!r}, not a day like 2025-11-01")
    return Declared(replace(metadata, date=date))


def _field(key: str, value: object, where: str) -> str:
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"its {where} '{key}' must be a single value")
    text = " ".join(normalise(str(value)).split())
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        raise ValueError(f"its {where} '{key}' holds a control character")
    if len(text) > _LONGEST:
        raise ValueError(f"its {where} '{key}' has more than {_LONGEST:,} characters")
    return text


def _day(value: object) -> str | None:
    return day(str(value)) if isinstance(value, (str, int)) else None
