"""A hash of a set of articles that is kept up to date: one more or one less costs the same, however many there are.

Each entry is hashed to 1,024 numbers of 16 bits, and the hash of the set is their sum, number by number (LtHash, of
Bellare and Micciancio's family: to find two sets with one sum is a problem of lattices that nobody solves).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import numpy as np

from rag.types import SeedEntry

SIZE = 2048  # bytes


class Contents:
    """The hash of a set of entries, empty at first; their order does not count. Not for several threads."""

    __slots__ = ("_sum",)

    def __init__(self, state: bytes = bytes(SIZE)) -> None:
        """Goes on from a `state`. Raises ValueError where it is none."""
        if len(state) != SIZE:
            raise ValueError(f"a hash of contents has {SIZE} bytes, not {len(state)}")
        self._sum = np.frombuffer(state, dtype="<u2").copy()

    @classmethod
    def of(cls, entries: Iterable[SeedEntry]) -> Contents:
        """The hash of these entries."""
        made = cls()
        for entry in entries:
            made.add(entry)
        return made

    def add(self, entry: SeedEntry) -> None:
        """One more."""
        self._sum += _hashed(entry)

    def remove(self, entry: SeedEntry) -> None:
        """One that was added is no more in it."""
        self._sum -= _hashed(entry)

    @property
    def state(self) -> bytes:
        """All of it, from which another goes on."""
        return self._sum.tobytes()


def _hashed(entry: SeedEntry) -> np.ndarray[tuple[int], np.dtype[np.uint16]]:
    said = [entry.article_id, entry.path, entry.seed_sha256, entry.text_sha256, entry.loader]
    data = json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
    return np.frombuffer(hashlib.shake_256(data).digest(SIZE), dtype="<u2")
