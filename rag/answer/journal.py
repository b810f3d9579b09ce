"""The log of `rag serve --log`: every answer as one line, on the disk before anybody sees it.

A line is written by one call at the file's end and synced. Where that fails, what was written of it is taken back, and
the answer is not given. A server that is killed can leave a last line without its end; nobody got that answer, and the
next one that opens the log takes it out.
"""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.store.layout import sync
from rag.types.errors import RagError
from rag.types.messages import message

_BEGINNING = b'{"schema": 1'  # of every line
_BLOCK = 1 << 16
_log = logging.getLogger("rag")


class Journal:
    """A log file. May be used from several threads and processes, and be moved away while it is in use."""

    def __init__(self, file: Path) -> None:
        """Makes the file where there is none, readable to its owner alone, and takes a torn last line out.

        Raises RagError where it cannot be written, and for a file that is no log, of which nothing is taken.
        """
        self._file, self._lock = file, threading.Lock()
        try:
            with self._opened():
                pass
        except OSError as error:
            raise RagError(f"the log {file} cannot be used: {error.strerror}; name another with --log") from error

    @property
    def file(self) -> Path:
        """Where it is."""
        return self._file

    def add(self, line: Mapping[str, Any]) -> None:
        """Writes a schema-1 object, whole or not at all. Raises RagError where it cannot be written."""
        data = (json.dumps(line, ensure_ascii=False) + "\n").encode()
        try:
            with self._opened() as (handle, size):
                try:
                    _write(handle, data)
                except OSError:
                    os.ftruncate(handle, size)
                    raise
        except OSError as error:
            _log.error("the log %s cannot be written: %s", self._file, error.strerror)
            raise RagError(message("not_logged")) from error

    @contextmanager
    def _opened(self) -> Iterator[tuple[int, int]]:
        """The file, held by this thread alone, and its size; it ends with a whole line."""
        with self._lock:
            # Opened anew for each line, as it may have been moved away or removed.
            handle = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield handle, self._mended(handle)
            finally:
                os.close(handle)

    def _mended(self, handle: int) -> int:
        """The size of the file without the line that was torn."""
        told = os.fstat(handle)
        if not stat.S_ISREG(told.st_mode) or not _BEGINNING.startswith(os.pread(handle, len(_BEGINNING), 0)):
            raise OSError(errno.EINVAL, "it is no log of answers")
        if not told.st_size:
            sync(self._file.parent)
        whole = _whole(handle, told.st_size)
        if whole < told.st_size:
            os.ftruncate(handle, whole)
            _log.warning("the last line of %s was torn, and is taken out: its answer was never given", self._file)
        return whole


def _write(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]
    os.fsync(handle)


def _whole(handle: int, size: int) -> int:
    """Where the last whole line ends."""
    end = size
    while end:
        start = max(0, end - _BLOCK)
        found = os.pread(handle, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
