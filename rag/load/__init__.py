"""file -> Article: the one place where text is normalised and its paragraphs and metadata are found.

One module a format, each with a `VERSION` and a `parse` from the bytes of one article.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from rag.errors import SeedError
from rag.load import docx, html, jsonl, markdown, pdf, plain
from rag.load.parsed import Parsed
from rag.types import Article, ArticleInfo, SeedEntry, SeedFile

_FORMATS: dict[str, Any] = {
    ".docx": docx,
    ".htm": html,
    ".html": html,
    ".jsonl": jsonl,
    ".md": markdown,
    ".pdf": pdf,
    ".txt": plain,
}
SUFFIXES = tuple(sorted(_FORMATS))
# A file of one article beyond this is something else; a JSONL file has no bound.
MAX_ARTICLE_BYTES = 50_000_000
_log = logging.getLogger("rag")


@dataclass(slots=True)
class Loaded:
    """What a file holds: articles that had to be read, entries of those already known, and what could not be read."""

    articles: list[Article] = field(default_factory=list)
    kept: list[SeedEntry] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)  # (file or line, reason)
    sha256: str | None = None  # of the bytes that were read


@dataclass(slots=True)
class Found:
    """The article files of a seeds folder in the order of their paths, and what was left out, as (path, reason)."""

    files: list[SeedFile] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # on purpose
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def find(seeds: Path) -> Found:
    """The article files under `seeds`.

    Hidden files and README files are never articles and are not mentioned. Raises SeedError without the folder.
    """
    require(seeds)
    out = Found()
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


def _walk(seeds: Path, out: Found) -> Iterator[Path]:
    def failed(error: OSError) -> None:
        where = Path(error.filename).relative_to(seeds).as_posix() if error.filename else "."
        out.unreadable.append((_shown(where), f"the folder cannot be read: {error.strerror}"))

    for folder, folders, names in os.walk(seeds, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder) / name for name in folders if (Path(folder) / name).is_symlink())
        for name in sorted(names):
            if not name.startswith(".") and not name.upper().startswith("README"):
                yield Path(folder) / name


def _sort(file: Path, path: str, seeds: Path, out: Found) -> None:
    """Puts one file where it belongs."""
    try:
        linked = file.is_symlink()
        real = file.resolve(strict=True)
        if _shown(path) != path:
            raise ValueError("its name is not UTF-8; rename it")
        if linked and (real.is_dir() or not real.is_relative_to(seeds.resolve())):
            out.skipped.append((path, "a link to a folder, or out of the seeds folder"))
        elif file.suffix.lower() not in _FORMATS:
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


def loader_version(path: str) -> str:
    """Name and version of the loader that reads this file, with its library's, such as `plain/1`."""
    return str(_FORMATS[PurePosixPath(path).suffix.lower()].VERSION)


def holds_many(path: str) -> bool:
    """Whether a file of this kind holds many articles, each a seed of its own."""
    return _FORMATS[PurePosixPath(path).suffix.lower()] is jsonl


def by_file(entries: Iterable[SeedEntry]) -> defaultdict[str, dict[str, SeedEntry]]:
    """The entries by the path of their file, and by seed SHA-256, as `load` takes those it need not read."""
    out: defaultdict[str, dict[str, SeedEntry]] = defaultdict(dict)
    for entry in entries:
        out[entry.path][entry.seed_sha256] = entry
    return out


def load(seeds: Path, path: str, known: Mapping[str, SeedEntry] | None = None) -> Loaded:
    """Reads the articles of one file.

    `known` are the entries already held of this file by seed SHA-256: those are not read again. Nothing is raised for a
    file or record that cannot be read; it is a problem with its reason.
    """
    out = Loaded()
    parser, many = _FORMATS[PurePosixPath(path).suffix.lower()], holds_many(path)
    try:
        size = (seeds / path).stat().st_size
        if not many and size > MAX_ARTICLE_BYTES:
            out.problems.append(
                (path, f"has {size / 1e6:.0f} MB; an article has at most {MAX_ARTICLE_BYTES / 1e6:.0f}")
            )
            return out
        raw = (seeds / path).read_bytes()
        out.sha256 = hashlib.sha256(raw).hexdigest()
    except OSError as error:
        out.problems.append((path, f"cannot be read: {error.strerror}"))
        return out
    if not many:
        _one(out, path, path, raw, parser, known or {})
        return out
    for number, line in jsonl.records(raw):
        _one(out, path, f"{path} line {number}", line, parser, known or {})
    if not (out.articles or out.kept or out.problems):
        out.problems.append((path, "holds no record"))
    return out


def _one(out: Loaded, path: str, label: str, raw: bytes, parser: Any, known: Mapping[str, SeedEntry]) -> None:
    """Reads one article into `out`."""
    sha256 = hashlib.sha256(raw).hexdigest()
    if sha256 in known:
        out.kept.append(known[sha256])
        return
    try:
        parsed: Parsed = parser.parse(raw)
        if not parsed.paragraphs:
            raise ValueError("holds no paragraph of text")
        if "\0" in parsed.text:
            raise ValueError("holds a zero character, which no text has")
        out.articles.append(Article(_info(path, sha256, parsed), parsed.text, parsed.paragraphs))
    except UnicodeEncodeError:
        out.problems.append((label, "holds half of a surrogate pair, which is no character"))
    except ValueError as error:
        out.problems.append((label, str(error)))
    except Exception as error:  # noqa: BLE001 - foreign files make the libraries fail in ways they do not document
        _log.warning("%s: %s failed", label, loader_version(path), exc_info=True)
        out.problems.append((label, f"cannot be read ({type(error).__name__}: {error})"))


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
