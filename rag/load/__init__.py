"""file -> Article: the one place where text is normalised and its paragraphs and metadata are found.

One module a format, each with a `VERSION` and a `parse` from the bytes of one article. All but short texts are read in
a process of its own, with bounds of memory and time.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from rag.load import apart, formats, jsonl
from rag.load.formats import SUFFIXES, ParseResult, holds_many, loader_version, suffix_of
from rag.load.limits import LIMITS
from rag.load.parsed import Parsed
from rag.types import Article, ArticleInfo, SeedEntry, SeedFile
from rag.types.errors import SeedError

__all__ = ["SUFFIXES", "Loaded", "SeedFiles", "by_file", "find", "holds_many", "load", "loader_version", "require"]

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


@dataclass(slots=True)
class SeedFiles:
    """The article files of a seeds folder in the order of their paths, and what was left out, as (path, reason)."""

    files: list[SeedFile] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # on purpose
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def find(seeds: Path) -> SeedFiles:
    """The article files under `seeds`.

    Hidden files and README files are never articles and are not mentioned. Raises SeedError without the folder.
    """
    require(seeds)
    out = SeedFiles()
    for file in _walk(seeds, out):
        _sort(file, file.relative_to(seeds).as_posix(), seeds, out)
    out.files.sort(key=lambda f: f.path)
    return out


def require(seeds: Path) -> None:
    """Raises SeedError when there is no seeds folder."""
    if not seeds.is_dir():
        raise SeedError(
            f"there is no seeds folder at {seeds.resolve()}; go to the project's folder, or name one with --seeds"
        )


def _walk(seeds: Path, out: SeedFiles) -> Iterator[Path]:
    def failed(error: OSError) -> None:
        where = Path(error.filename).relative_to(seeds).as_posix() if error.filename else "."
        out.unreadable.append((_shown(where), f"the folder cannot be read: {error.strerror}"))

    for folder, folders, names in os.walk(seeds, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder) / name for name in folders if (Path(folder) / name).is_symlink())
        for name in sorted(names):
            if not name.startswith(".") and not name.upper().startswith("README"):
                yield Path(folder) / name


def _sort(file: Path, path: str, seeds: Path, out: SeedFiles) -> None:
    """Puts one file where it belongs."""
    try:
        linked = file.is_symlink()
        real = file.resolve(strict=True)
        if _shown(path) != path:
            raise ValueError("its name is not UTF-8; rename it")
        if linked and (real.is_dir() or not real.is_relative_to(seeds.resolve())):
            out.skipped.append((path, "a link to a folder, or out of the seeds folder"))
        elif file.suffix.lower() not in SUFFIXES:
            out.skipped.append((path, f"no loader for this kind of file (there are {', '.join(SUFFIXES)})"))
        elif not real.is_file():
            out.skipped.append((path, "not a regular file"))
        else:
            out.files.append(SeedFile(path, _sha256(file)))
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        out.unreadable.append((_shown(path), f"cannot be read: {reason}"))


def _shown(path: str) -> str:
    """A path as text, whatever bytes its name is made of."""
    return path.encode("utf-8", "replace").decode()


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def by_file(entries: Iterable[SeedEntry]) -> defaultdict[str, dict[str, SeedEntry]]:
    """The entries by the path of their file, and by seed SHA-256, as `load` takes those it need not read."""
    out: defaultdict[str, dict[str, SeedEntry]] = defaultdict(dict)
    for entry in entries:
        out[entry.path][entry.seed_sha256] = entry
    return out


def load(seeds: Path, path: str, known: Mapping[str, SeedEntry] | None = None, *, noting: bool = False) -> Loaded:
    """Reads the articles of one file.

    `known` are the entries already held of this file by seed SHA-256: those are not read again, but with `noting`, for
    what is to be noted of them. Nothing is raised for a file or record that cannot be read; it is a problem with its
    reason.
    """
    out, held = Loaded(), _Held(path, known or {}, noting)
    try:
        if holds_many(path):
            with (seeds / path).open("rb") as file:
                _many(out, held, file)
            return out
        size = (seeds / path).stat().st_size
        if size > LIMITS.article_bytes:
            out.problems.append((path, f"has {size / 1e6:.0f} MB; an article has at most {_MOST}"))
            return out
        raw = (seeds / path).read_bytes()
    except OSError as error:
        out.problems.append((path, f"cannot be read: {error.strerror}"))
        return out
    out.sha256 = hashlib.sha256(raw).hexdigest()
    _one(out, held, path, raw)
    return out


@dataclass(frozen=True, slots=True)
class _Held:
    """A file, and what is known of it."""

    path: str
    known: Mapping[str, SeedEntry]
    noting: bool


def _many(out: Loaded, held: _Held, file: BinaryIO) -> None:
    """Reads each record of a file into `out`."""
    seen = hashlib.sha256()
    for number, line in jsonl.records(file, seen, LIMITS.article_bytes):
        label = f"{held.path} line {number}"
        if line is None:
            out.problems.append((label, f"has more than {_MOST} MB; an article has at most that"))
        else:
            _one(out, held, label, line)
        if len(out.problems) > LIMITS.bad_records:
            reason = f"has more than {LIMITS.bad_records:,} records that cannot be read; the rest of it was not read"
            out.problems.append((held.path, reason))
            return
    out.sha256 = seen.hexdigest()
    if not (out.articles or out.kept or out.problems):
        out.problems.append((held.path, "holds no record"))


def _one(out: Loaded, held: _Held, label: str, raw: bytes) -> None:
    """Reads one article into `out`."""
    sha256 = hashlib.sha256(raw).hexdigest()
    entry = held.known.get(sha256)
    if entry is not None:
        out.kept.append(entry)
        if not held.noting:
            return
    suffix = suffix_of(held.path)
    here = suffix in _READ_HERE and len(raw) <= _SHORT
    result: ParseResult = (formats if here else apart).read(suffix, raw, LIMITS)
    if result.parsed is None:
        out.problems.append((label, result.problem or ""))
        return
    if result.parsed.note:
        out.noted.append((label, result.parsed.note))
    if entry is None:
        parsed = result.parsed
        out.articles.append(Article(_info(held.path, sha256, parsed), parsed.text, parsed.paragraphs))


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
