"""Keeps the vectors of a build as it makes them, so that one that was interrupted goes on.

One file in the index folder, which only grows while a build embeds, a batch at a time: the number of vectors, their
dimension and a SHA-256, then the hashes of the texts and the vectors. The SHA-256 is over the encoder's hash and all of
the batch, so one that was torn, damaged or made by another encoder is never used. The file goes when a build has ended.

A full build makes everything anew: it takes only what a full build kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import struct
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from rag.types import Vectors
from rag.types.errors import IndexUnusable

_SUFFIX = ".kept"
_HEAD = struct.Struct("<II32s")  # vectors, dimension, SHA-256
_DIGEST = 32
_log = logging.getLogger("rag")


class Kept:
    """The kept vectors of one encoder."""

    def __init__(self, index: Path, encoder_sha256: str, *, full: bool) -> None:
        self._encoder = encoder_sha256
        name = f"embedded-{encoder_sha256[:16]}"
        self.own = index / (f"{name}-full{_SUFFIX}" if full else f"{name}{_SUFFIX}")
        self._readable = [self.own] if full else [self.own, index / f"{name}-full{_SUFFIX}"]
        self._file: BinaryIO | None = None
        self._whole = 0  # bytes of its own file up to which every batch is sound
        self._places: dict[bytes, tuple[Path, int, int]] | None = None  # by text hash: file, offset, dimension
        self._keeps = True
        self.damaged: list[str] = []

    def read(self, wanted: Collection[bytes]) -> dict[bytes, Vectors]:
        """The vectors of these text hashes that are there. Says in `damaged`, once, what could not be used."""
        if self._places is None:
            self._places = {}
            for path in self._readable:
                self._find(path, self._places)
        found: dict[bytes, Vectors] = {}
        for path, file in [(path, path.open("rb")) for path in self._readable if path.exists()]:
            with file:
                for digest in wanted:
                    place, offset, dimension = self._places.get(digest, (None, 0, 0))
                    if place == path:
                        file.seek(offset)
                        found[digest] = np.frombuffer(file.read(4 * dimension), dtype="<f4")
        return found

    def _find(self, path: Path, places: dict[bytes, tuple[Path, int, int]]) -> None:
        """Takes down where the vectors of a file are, up to the first batch that is not whole."""
        count = whole = size = 0
        try:
            with path.open("rb") as file:
                size = path.stat().st_size
                for digests, dimension in self._batches(file, size):
                    begin = file.tell() - 4 * dimension * len(digests)
                    for row, digest in enumerate(digests):
                        places[digest] = path, begin + 4 * dimension * row, dimension
                    count, whole = count + len(digests), file.tell()
        except FileNotFoundError:
            return
        except OSError as error:
            self.damaged.append(f"{path}, which cannot be read ({error.strerror})")
            return
        if path == self.own:
            self._whole = whole
        if whole < size:
            self.damaged.append(f"{path} after its first {count:,} vectors, which are used")

    def _batches(self, file: BinaryIO, size: int) -> Iterator[tuple[list[bytes], int]]:
        """Text hashes and dimension of the batches up to the first that is not whole."""
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            count, dimension, sha256 = _HEAD.unpack(head)
            length = count * (_DIGEST + 4 * dimension)
            if not count or not dimension or length > size - file.tell():
                return
            body = file.read(length)
            if self._sha256(count, dimension, body) != sha256:
                return
            yield [body[n * _DIGEST : (n + 1) * _DIGEST] for n in range(count)], dimension

    def _sha256(self, count: int, dimension: int, body: bytes) -> bytes:
        digest = hashlib.sha256(f"kept 1 {self._encoder} {count} {dimension} ".encode())
        digest.update(body)
        return digest.digest()

    def add(self, digests: Sequence[bytes], vectors: Vectors) -> None:
        """Keeps some more. Where the disk does not take them the build goes on without: it is a help, no need."""
        if not self._keeps:
            return
        count, dimension = vectors.shape
        body = b"".join(digests) + np.ascontiguousarray(vectors, dtype="<f4").tobytes()
        try:
            if self._file is None:
                self._file = self.own.open("r+b" if self.own.exists() else "xb")
                self._file.truncate(self._whole)
                self._file.seek(self._whole)
            self._file.write(_HEAD.pack(count, dimension, self._sha256(count, dimension, body)) + body)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            _log.warning("%s: %s; the build goes on, and would begin anew if it were stopped", self.own, error)
            self._keeps = False
            with contextlib.suppress(OSError):  # it tries to write again what it could not
                self.close()
            drop(self.own.parent)  # what it holds is room that the build needs

    def close(self) -> None:
        """Closes the file; what it holds stays."""
        file, self._file = self._file, None
        if file is not None:
            file.close()


def made(index: Path) -> None:
    """Makes the index folder. Raises IndexUnusable where it cannot be made."""
    try:
        index.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise IndexUnusable(
            f"the index folder {index} cannot be written ({error.strerror}); choose one with --index"
        ) from error


def is_kept(path: Path) -> bool:
    """Whether a file in the index folder is one of these."""
    return path.name.startswith("embedded-") and path.suffix == _SUFFIX


def drop(index: Path) -> None:
    """Removes the kept vectors: a generation holds them, or a build ended that did not need them."""
    for path in index.iterdir():
        if is_kept(path):
            try:
                path.unlink()
            except OSError as error:
                _log.warning("%s cannot be removed (%s)", path, error.strerror)
