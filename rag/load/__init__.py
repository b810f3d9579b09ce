"""file -> Article: the one place where text is normalised and its paragraphs and metadata are found.

One module a format, each with a `VERSION` and a `parse` from the bytes of one article.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
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


def find(seeds: Path) -> tuple[list[SeedFile], list[tuple[str, str]]]:
    """The article files under `seeds` in the order of their paths, and (path, reason) of each that is left out.

    Hidden files and README files are never articles and are not mentioned. Raises SeedError without the folder.
    """
    if not seeds.is_dir():
        raise SeedError(
            f"there is no seeds folder at {seeds}; make it and put articles in it, or name one with --seeds"
        )
    found: list[SeedFile] = []
    skipped: list[tuple[str, str]] = []
    root = seeds.resolve()
    for file in _walk(seeds):
        path = file.relative_to(seeds).as_posix()
        if file.is_symlink() and (file.is_dir() or not file.resolve().is_relative_to(root)):
            skipped.append((path, "a link to a folder, or out of the seeds folder"))
        elif file.suffix.lower() not in _FORMATS:
            skipped.append((path, f"no loader for this kind of file (there are loaders for {', '.join(SUFFIXES)})"))
        elif not file.is_file():
            skipped.append((path, "not a regular file"))
        else:
            try:
                found.append(SeedFile(path, _sha256(file)))
            except OSError as error:
                skipped.append((path, f"cannot be read: {error.strerror}"))
    return sorted(found, key=lambda f: f.path), sorted(skipped)


def _walk(seeds: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(seeds):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder) / name for name in folders if (Path(folder) / name).is_symlink())
        for name in sorted(names):
            if not name.startswith(".") and PurePosixPath(name).stem.upper() != "README":
                yield Path(folder) / name


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def loader_version(path: str) -> str:
    """Name and version of the loader that reads this file, with its library's, such as `plain/1`."""
    return str(_FORMATS[PurePosixPath(path).suffix.lower()].VERSION)


def load(seeds: Path, path: str, known: Mapping[str, SeedEntry] | None = None) -> Loaded:
    """Reads the articles of one file.

    `known` are the entries already held of this file by seed SHA-256: those are not read again. Nothing is raised for a
    file or record that cannot be read; it is a problem with its reason.
    """
    out = Loaded()
    parser = _FORMATS[PurePosixPath(path).suffix.lower()]
    try:
        size = (seeds / path).stat().st_size
        if parser is not jsonl and size > MAX_ARTICLE_BYTES:
            out.problems.append(
                (path, f"has {size / 1e6:.0f} MB; an article has at most {MAX_ARTICLE_BYTES / 1e6:.0f}")
            )
            return out
        raw = (seeds / path).read_bytes()
    except OSError as error:
        out.problems.append((path, f"cannot be read: {error.strerror}"))
        return out
    if parser is not jsonl:
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
    except ValueError as error:
        out.problems.append((label, str(error)))
    except Exception as error:  # noqa: BLE001 - foreign files make the libraries fail in ways they do not document
        _log.warning("%s: %s failed", label, loader_version(path), exc_info=True)
        out.problems.append((label, f"cannot be read ({type(error).__name__}: {error})"))
    else:
        out.articles.append(Article(_info(path, sha256, parsed), parsed.text, parsed.paragraphs))


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
