"""What the rows of a part stand for, in one small file: the hash of each passage's text and of its vector.

So vectors are found by their texts, and told to be whole where another file of the part is damaged. The file also has
the hashes of the part's article ids, and that of the encoder. Plain arrays, little-endian, mapped.
"""

from __future__ import annotations

import hashlib
import itertools
import mmap
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.types import Vectors

DIGEST = np.dtype("V32")
_MAGIC = b"rows 1\n\0"
_HEAD = len(_MAGIC) + 32 + 16


class Rows:
    """The table of a part's rows."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError where it is none, or not whole."""
        data = mapped(path)
        if len(data) < _HEAD or data[: len(_MAGIC)].tobytes() != _MAGIC:
            raise ValueError(f"{path} is no table of rows")
        self._encoder = data[len(_MAGIC) : len(_MAGIC) + 32].tobytes()
        rows, articles = data[_HEAD - 16 : _HEAD].view("<i8").tolist()
        if rows < 0 or articles < 0 or len(data) != _HEAD + 52 * rows + 8 * articles:
            raise ValueError(f"{path} does not hold what it says")
        ends = np.cumsum([_HEAD, 8 * articles, 8 * rows, 8 * rows, 32 * rows, 4 * rows]).tolist()
        ids, heads, sums, digests, order = (data[begin:end] for begin, end in itertools.pairwise(ends))
        self._ids, self._heads, self.sums = ids.view("<u8"), heads.view("<u8"), sums.view("<u8")
        self.digests: NDArray[Any] = digests.view(DIGEST)
        self._order = order.view("<u4")

    def is_of(self, encoder_sha256: str) -> bool:
        """Whether the vectors were made with this encoder."""
        return self._encoder == hashlib.sha256(encoder_sha256.encode()).digest()

    def may_hold(self, head: np.uint64) -> bool:
        """Whether an article may be in the part, by its `head_of`."""
        at = int(np.searchsorted(self._ids, head))
        return at < len(self._ids) and bool(self._ids[at] == head)

    def find(self, digests: Collection[bytes]) -> dict[bytes, int]:
        """The row of a passage with each of these text hashes, where there is one."""
        wanted = list(digests)
        if not wanted or not len(self._heads):
            return {}
        firsts = np.minimum(np.searchsorted(self._heads, _heads(wanted)), len(self._heads) - 1)
        rows = self._order[firsts].tolist()
        return {digest: row for digest, row in zip(wanted, rows, strict=True) if self.digests[row].tobytes() == digest}


def packed(encoder_sha256: str, ids: Iterable[str], digests: NDArray[Any], sums: NDArray[np.uint64]) -> bytes:
    """The file of a part with these articles and rows."""
    names = np.sort(np.array([head_of(id) for id in ids], dtype="<u8"))
    heads = np.frombuffer(digests.tobytes(), "<u8")[::4]
    order = np.argsort(heads, kind="stable")
    head = hashlib.sha256(encoder_sha256.encode()).digest() + np.array([len(digests), len(names)], "<i8").tobytes()
    arrays = (names, heads[order], sums.astype("<u8"), digests, order.astype("<u4"))
    return b"".join([_MAGIC, head, *(array.tobytes() for array in arrays)])


def head_of(article_id: str) -> np.uint64:
    """The beginning of the hash of an id."""
    return np.uint64(int.from_bytes(hashlib.sha256(article_id.encode()).digest()[:8], "little"))


def sums_of(vectors: Vectors) -> NDArray[np.uint64]:
    """A hash of each vector."""
    rows = np.ascontiguousarray(vectors, dtype="<f4")
    return _heads([hashlib.sha256(row.tobytes()).digest() for row in rows])


def mapped(path: Path) -> NDArray[np.uint8]:
    """The bytes of a file that is not empty."""
    with path.open("rb") as file:
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), dtype=np.uint8)


def _heads(digests: Sequence[bytes]) -> NDArray[np.uint64]:
    return np.array([int.from_bytes(digest[:8], "little") for digest in digests], dtype=np.uint64)
