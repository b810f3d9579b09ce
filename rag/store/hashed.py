"""The hashes of files, so that a build reads anew only what has changed since it was read.

A file of the index counts as unchanged while its inode, size and time are what they were. So a build finds what was
overwritten, cut or brought back from elsewhere; what a disk has lost unseen, `rag check` finds, which reads every byte
and has the next build do the same. A file of the seeds must also have the time of its last change of any kind, which
nobody can set back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from pathlib import Path

from rag.store import layout

_JUST_NOW = 100_000_000  # nanoseconds: within these a file may be written again without another time
_Key = tuple[int, ...]


class Hashed:
    """The SHA-256 of files, which is kept in a file of an index folder: of the index itself, or of `seeds`."""

    def __init__(self, index: Path, *, seeds: bool = False) -> None:
        self._seeds, self._file = seeds, _file(index, seeds=seeds)
        self._before: dict[_Key, str] = {}
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._before = {tuple(key): str(sha256) for *key, sha256 in json.loads(self._file.read_bytes())}
        self._now: dict[_Key, str] = {}

    def sha256(self, path: str | Path) -> str:
        """Of a file. Raises OSError where it cannot be read."""
        stat = os.stat(path)  # noqa: PTH116 - there are many, and a Path takes its time
        key: _Key = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
        if self._seeds:  # a file of the index changes so by each link to it
            key = (*key, stat.st_ctime_ns)
        found = self._now.get(key) or self._before.get(key)
        if found is None:
            begun = time.time_ns()
            found = sha256(path)
            if begun - max(key[3:]) < _JUST_NOW:
                return found
        self._now[key] = found
        return found

    def save(self) -> None:
        """Keeps the hashes of the files that were asked for, where they can be written."""
        if self._now != self._before:
            with contextlib.suppress(OSError):
                layout.write_whole(self._file, json.dumps([[*key, found] for key, found in self._now.items()]))
                self._before = dict(self._now)

    @staticmethod
    def forget(index: Path, *, seeds: bool = False) -> None:
        """Has the next build read every byte, where the folder can be written."""
        with contextlib.suppress(OSError):
            _file(index, seeds=seeds).unlink()


def _file(index: Path, *, seeds: bool) -> Path:
    return index / (layout.SEEDS_HASHED if seeds else layout.HASHED)


def sha256(path: str | Path) -> str:
    """Of a file, read now."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
