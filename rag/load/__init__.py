"""file -> Article: the one place where text is normalised and its paragraphs and metadata are found.

One module a format, each with a `VERSION` and a `parse` from the bytes of one article. All but short texts are read in
a process of its own, with bounds of memory and time.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rag.load.formats import SUFFIXES, holds_many, loader_version
from rag.load.reading import Loaded, Reading, ReadRecord, Record, read
from rag.types import SeedEntry, SeedFile
from rag.types.errors import SeedError

__all__ = [
    "SUFFIXES",
    "Loaded",
    "ReadRecord",
    "Reading",
    "Record",
    "SeedFiles",
    "by_file",
    "find",
    "holds_many",
    "load",
    "loader_version",
    "read",
    "require",
]


def sha256(file: Path) -> str:
    """Of a file, read now."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(slots=True)
class SeedFiles:
    """The article files of a seeds folder in the order of their paths, and what was left out, as (path, reason)."""

    files: list[SeedFile] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # on purpose
    unreadable: list[tuple[str, str]] = field(default_factory=list)


def find(seeds: Path, sha256_of: Callable[[Path], str] = sha256) -> SeedFiles:
    """The article files under `seeds`, whose hashes `sha256_of` tells.

    Hidden files and README files are never articles and are not mentioned. Raises SeedError without the folder.
    """
    require(seeds)
    out = SeedFiles()
    for file, path in _walk(seeds, out):
        _sort(file, path, seeds, out, sha256_of)
    out.files.sort(key=lambda f: f.path)
    return out


def require(seeds: Path) -> None:
    """Raises SeedError when there is no seeds folder."""
    if not seeds.is_dir():
        raise SeedError(
            f"there is no seeds folder at {seeds.resolve()}; go to the project's folder, or name one with --seeds"
        )


def _walk(seeds: Path, out: SeedFiles) -> Iterator[tuple[Path, str]]:
    """Each file, and link to a folder, with its path relative to the seeds folder."""

    def failed(error: OSError) -> None:
        where = Path(error.filename).relative_to(seeds).as_posix() if error.filename else "."
        out.unreadable.append((_shown(where), f"the folder cannot be read: {error.strerror}"))

    for name, folders, names in os.walk(seeds, onerror=failed):
        folder = Path(name)
        within = "" if folder == seeds else f"{folder.relative_to(seeds).as_posix()}/"
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from ((folder / name, within + name) for name in folders if (folder / name).is_symlink())
        for name in sorted(names):
            if not name.startswith(".") and not name.upper().startswith("README"):
                yield folder / name, within + name


def _sort(file: Path, path: str, seeds: Path, out: SeedFiles, sha256_of: Callable[[Path], str]) -> None:
    """Puts one file where it belongs."""
    try:
        mode = file.lstat().st_mode
        if _shown(path) != path:
            raise ValueError("its name is not UTF-8; rename it")
        if stat.S_ISLNK(mode):
            real = file.resolve(strict=True)
            mode = real.stat().st_mode
            if stat.S_ISDIR(mode) or not real.is_relative_to(seeds.resolve()):
                out.skipped.append((path, "a link to a folder, or out of the seeds folder"))
                return
        if file.suffix.lower() not in SUFFIXES:
            out.skipped.append((path, f"no loader for this kind of file (there are {', '.join(SUFFIXES)})"))
        elif not stat.S_ISREG(mode):
            out.skipped.append((path, "not a regular file"))
        else:
            out.files.append(SeedFile(path, sha256_of(file)))
    except (OSError, RuntimeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        out.unreadable.append((_shown(path), f"cannot be read: {reason}"))


def _shown(path: str) -> str:
    """A path as text, whatever bytes its name is made of."""
    return path.encode("utf-8", "replace").decode()


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
    reading = Reading(seeds, path, known or {}, noting=noting)
    for record in reading.records():
        reading.take(record, read(record))
    return reading.ended()
