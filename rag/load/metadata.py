"""What is known of an article besides its words: from front matter, else from the text itself."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, fields

import yaml

from rag.types import Paragraph

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<yaml>.*?)(?:(?<=\n)|\n)---[ \t]*(?:\n|\Z)", re.DOTALL)
_KEYS = ("id", "title", "publisher", "author", "url", "date")


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
    """What a format module finds in a text."""

    metadata: Metadata
    paragraphs: tuple[Paragraph, ...]


def front_matter(text: str) -> tuple[Metadata, int]:
    """The fields declared between `---` lines at the top, and the offset where the article begins.

    Raises ValueError when the block is there but cannot be used. Keys other than the known ones are ignored,
    as files come from many systems.
    """
    match = _FRONT_MATTER.match(text)
    if match is None:
        return Metadata(), 0
    try:
        data = yaml.safe_load(match["yaml"])
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"its front matter is not valid YAML: {' '.join(str(error).split())}") from error
    if data is None:
        return Metadata(), match.end()
    if not isinstance(data, dict):
        # A text may open with a rule of dashes; without `key: value` lines it is no front matter.
        return Metadata(), 0
    return Metadata(**{key: _field(key, data[key]) for key in _KEYS if data.get(key) is not None}), match.end()


def _field(key: str, value: object) -> str:
    if key == "date":
        return _day(value)
    if isinstance(value, (dict, list)):
        raise ValueError(f"its front matter field '{key}' must be a single value")
    return str(value).strip()


def _day(value: object) -> str:
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    try:
        return datetime.date.fromisoformat(str(value).strip()[:10]).isoformat()
    except ValueError as error:
        raise ValueError(f"its front matter date {value!r} is not a day like 2025-11-01") from error
