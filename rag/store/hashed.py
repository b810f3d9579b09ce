"""The hashes of an index's files, so that a build reads anew only what has changed since it was read.

A file counts as unchanged while its inode, size and time are what they were. So a build finds what was overwritten, cut
or brought back from elsewhere; what a disk has lost unseen, `rag check` finds, which reads every byte and has the next
build do the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from pathlib import Path

from rag.store import layout

_JUST_NOW = 100_000_000  # nanoseconds: within these a file may be written again without another time
_Key = tuple[int, int, int, int]


class Hashed:
    """The SHA-256 of files under an index folder."""

    def __init__(self, index: Path) -> None:
        self._file = index / layout.HASHED
        self._before: dict[_Key, str] = {}
        with contextlib.suppress(OSError, ValueError, TypeError):
            self._before = {(d, i, s, t): str(sha256) for d, i, s, t, sha256 in json.loads(self._file.read_bytes())}
        self._now: dict[_Key, str] = {}

    def sha256(self, path: Path) -> str:
        """Of a file. Raises OSError where it cannot be read."""
        stat = path.stat()
        key = stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
        found = self._now.get(key) or self._before.get(key)
        if found is None:
            begun = time.time_ns()
            found = sha256(path)
            if begun - stat.st_mtime_ns < _JUST_NOW:
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
    def forget(index: Path) -> None:
        """Has the next build read every byte, where the folder can be written."""
        with contextlib.suppress(OSError):
            (index / layout.HASHED).unlink()


def sha256(path: Path) -> str:
    """Of a file, read now."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
