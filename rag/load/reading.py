"""One file -> its articles, in three steps: its records as bytes, what each holds, and all of it taken together.

The step between needs nothing but a record, so it can be done anywhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from rag.load import apart, formats, jsonl
from rag.load.formats import ParseResult, holds_many, loader_version, suffix_of
from rag.load.limits import LIMITS
from rag.load.parsed import Parsed
from rag.types import Article, ArticleInfo, SeedEntry

# Kinds of file of which a short one is read here: their loaders are our own, and take time and memory in proportion.
_READ_HERE = (".jsonl", ".txt")
_SHORT = 32_000  # bytes
_MOST = f"{LIMITS.article_bytes / 1e6:.0f}"


@dataclass(slots=True)
class Loaded:
    """What a file holds: articles that had to be read, entries of those already known, and what could not be read.

    `noted`: what could not be used of articles that were read.
    """

    articles: list[Article] = field(default_factory=list)
    kept: list[SeedEntry] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)  # (file or line, reason)
    noted: list[tuple[str, str]] = field(default_factory=list)  # the same
    sha256: str | None = None  # of the bytes that were read


@dataclass(frozen=True, slots=True)
class Record:
    """The bytes of one article, which are still to be read, or why they cannot be."""

    path: str
    label: str  # the path, or the path with a line
    raw: bytes = b""
    sha256: str = ""
    held: bool = False  # the article is known already: only what is to be noted of it is wanted
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """What came of a record: an article or a problem; `note`: what of it could not be used."""

    article: Article | None = None
    problem: str | None = None
    note: str | None = None


def read(record: Record) -> ReadRecord:
    """Reads one article, here or apart. Raises SeedError when the process that reads cannot be started."""
    if record.problem is not None:
        return ReadRecord(problem=record.problem)
    suffix = suffix_of(record.path)
    here = suffix in _READ_HERE and len(record.raw) <= _SHORT
    result: ParseResult = (formats if here else apart).read(suffix, record.raw, LIMITS)
    parsed = result.parsed
    if parsed is None:
        return ReadRecord(problem=result.problem or "")
    if record.held:
        return ReadRecord(note=parsed.note)
    return ReadRecord(
        Article(_info(record.path, record.sha256, parsed), parsed.text, parsed.paragraphs), None, parsed.note
    )


class Reading:
    """One file on its way: gives its records in order, and takes what came of each, in the same order."""

    def __init__(self, seeds: Path, path: str, known: Mapping[str, SeedEntry], *, noting: bool) -> None:
        self.path = path
        self.given_up = False  # it has too many records that cannot be read: the others are not wanted
        self._file, self._known, self._noting = seeds / path, known, noting
        self._out = Loaded()
        self._sha256: str | None = None

    def records(self) -> Iterator[Record]:
        """Those that must be read."""
        try:
            if holds_many(self.path):
                with self._file.open("rb") as file:
                    yield from self._many(file)
                return
            size = self._file.stat().st_size
            if size > LIMITS.article_bytes:
                reason = f"has {size / 1e6:.0f} MB; an article has at most {_MOST}"
                yield Record(self.path, self.path, problem=reason)
                return
            raw = self._file.read_bytes()
        except OSError as error:
            yield Record(self.path, self.path, problem=f"cannot be read: {error.strerror}")
            return
        record = self._record(self.path, raw)
        self._sha256 = record.sha256
        if not record.held or self._noting:
            yield record

    def _many(self, file: BinaryIO) -> Iterator[Record]:
        seen, empty = hashlib.sha256(), True
        for number, line in jsonl.records(file, seen, LIMITS.article_bytes):
            label, empty = f"{self.path} line {number}", False
            if line is None:
                yield Record(self.path, label, problem=f"has more than {_MOST} MB; an article has at most that")
            else:
                record = self._record(label, line)
                if not record.held or self._noting:
                    yield record
            if self.given_up:
                return
        self._sha256 = seen.hexdigest()
        if empty:
            yield Record(self.path, self.path, problem="holds no record")

    def _record(self, label: str, raw: bytes) -> Record:
        sha256 = hashlib.sha256(raw).hexdigest()
        entry = self._known.get(sha256)
        if entry is not None:
            self._out.kept.append(entry)
        return Record(self.path, label, raw, sha256, held=entry is not None)

    def take(self, record: Record, found: ReadRecord, *, keep: bool = True) -> None:
        """Takes what came of the next record; the article itself only where it is to be kept."""
        if self.given_up:
            return
        if found.problem is not None:
            self._out.problems.append((record.label, found.problem))
        if found.note:
            self._out.noted.append((record.label, found.note))
        if found.article is not None and keep:
            self._out.articles.append(found.article)
        if holds_many(self.path) and len(self._out.problems) > LIMITS.bad_records:
            reason = f"has more than {LIMITS.bad_records:,} records that cannot be read; the rest of it was not read"
            self._out.problems.append((self.path, reason))
            self.given_up = True

    def ended(self) -> Loaded:
        """All that came of the file, when every record has been taken."""
        self._out.sha256 = None if self.given_up else self._sha256
        return self._out


def _info(path: str, sha256: str, parsed: Parsed) -> ArticleInfo:
    metadata = parsed.metadata
    return ArticleInfo(
        article_id=metadata.id or path,
        path=path,
        title=metadata.title or PurePosixPath(path).stem,
        publisher=metadata.publisher,
        author=metadata.author,
        url=metadata.url,
        date=metadata.date,
        seed_sha256=sha256,
        text_sha256=hashlib.sha256(parsed.text.encode()).hexdigest(),
        loader=loader_version(path),
    )
