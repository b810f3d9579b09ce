"""file -> Article: the one place where text is normalised and its paragraphs and metadata are found.

One module a format; each has `VERSION` and `parse(text, start) -> Parsed`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from rag.errors import SeedError
from rag.load import markdown, plain
from rag.load.metadata import Metadata, front_matter
from rag.load.normalise import decode
from rag.types import Article, ArticleInfo, SeedFile

_FORMATS = {".txt": plain, ".md": markdown}
SUFFIXES = tuple(sorted(_FORMATS))


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
    for file in _walk(seeds):
        path = file.relative_to(seeds).as_posix()
        if file.is_symlink() and not file.resolve().is_relative_to(seeds.resolve()):
            skipped.append((path, "a link to a file outside the seeds folder"))
        elif file.suffix.lower() not in _FORMATS:
            skipped.append((path, f"no loader for this kind of file (there are loaders for {', '.join(SUFFIXES)})"))
        else:
            try:
                found.append(SeedFile(path, hashlib.sha256(file.read_bytes()).hexdigest()))
            except OSError as error:
                skipped.append((path, f"cannot be read: {error.strerror}"))
    return found, skipped


def _walk(seeds: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(seeds):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and PurePosixPath(name).stem.upper() != "README":
                yield Path(folder) / name


def loader_version(path: str) -> str:
    """Name and version of the loader that reads this file, such as `plain/1`."""
    version: str = _FORMATS[PurePosixPath(path).suffix.lower()].VERSION
    return version


def load(seeds: Path, path: str) -> Article:
    """Reads one article. Raises SeedError with the reason when it cannot be read or holds no text."""
    name = PurePosixPath(path)
    try:
        raw = (seeds / path).read_bytes()
    except OSError as error:
        raise SeedError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        text = decode(raw)
        declared, start = front_matter(text)
    except ValueError as error:
        raise SeedError(f"{path}: {error}") from error
    parsed = _FORMATS[name.suffix.lower()].parse(text, start)
    if not parsed.paragraphs:
        raise SeedError(f"{path}: holds no paragraph of text")
    return Article(_info(path, raw, text, declared.over(parsed.metadata)), text, parsed.paragraphs)


def _info(path: str, raw: bytes, text: str, metadata: Metadata) -> ArticleInfo:
    return ArticleInfo(
        article_id=metadata.id or path,
        path=path,
        title=metadata.title or PurePosixPath(path).stem,
        publisher=metadata.publisher,
        author=metadata.author,
        url=metadata.url,
        date=metadata.date,
        seed_sha256=hashlib.sha256(raw).hexdigest(),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        loader=loader_version(path),
    )
