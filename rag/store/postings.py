"""The words of one part's passages in one file: which passages have a token, how often, and at which places.

A part's passages are numbered from 0 in canonical order, as its vectors are (`rag.store.vectors`). The file is a
header of sizes and then plain arrays, little-endian, each as narrow as its largest number lets it be; it is mapped, not
read. It depends on the passages of the part alone, and its name carries a hash of its contents.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.store.rows import mapped

_MAGIC = b"words 1\n"
_ALIGNED = 8
_PREFIX = 8  # bytes of a token that are compared as one number
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Shard:
    """The arrays of a file, in its order."""

    prefixes: Array  # of each token, in the order of their bytes: the first eight as a big-endian number
    names: Array  # the bytes of all tokens
    name_ends: Array  # of each token in `names`, behind a 0
    posting_ends: Array  # of each token in `rows` and `counts`, behind a 0
    place_ends: Array  # of each token in `places`, behind a 0
    rows: Array  # of each posting: the passage
    counts: Array  # of each posting: how often the token stands in it
    places: Array  # where it stands, ascending in a posting; between text, section and title one place is left out
    lengths: Array  # of each passage, in tokens
    articles: Array  # of each article: its first passage
    ids: Array  # the bytes of all article ids
    id_ends: Array  # of each article in `ids`, behind a 0

    def find(self, wanted: Sequence[bytes], prefixes: Array) -> Array:
        """The number of each of these tokens, whose `prefixes_of` are given; -1 for one that does not stand here."""
        firsts = np.searchsorted(self.prefixes, prefixes)
        lasts = np.searchsorted(self.prefixes, prefixes, side="right")
        found = np.where(firsts < lasts, firsts, -1)
        for at, token in enumerate(wanted):
            if len(token) >= _PREFIX and found[at] >= 0:  # others may begin like it
                found[at] = self._find(token, int(firsts[at]), int(lasts[at]))
        return found

    def _find(self, token: bytes, first: int, last: int) -> int:
        while first < last - 1:
            middle = (first + last) // 2
            first, last = (first, middle) if self._name(middle) > token else (middle, last)
        return first if self._name(first) == token else -1

    def _name(self, number: int) -> bytes:
        return self.names[self.name_ends[number] : self.name_ends[number + 1]].tobytes()

    def article_id(self, row: int) -> bytes:
        """The id of a passage's article, in UTF-8."""
        article = int(np.searchsorted(self.articles, row, side="right")) - 1
        return self.ids[self.id_ends[article] : self.id_ends[article + 1]].tobytes()

    def all_names(self) -> list[bytes]:
        """All tokens."""
        return _cut(self.names, self.name_ends)

    def all_ids(self) -> list[bytes]:
        """The ids of all articles."""
        return _cut(self.ids, self.id_ends)


def prefixes_of(names: Iterable[bytes]) -> Array:
    """Of each token the first eight bytes as a number; what is shorter, its number alone tells from all others."""
    return np.array([int.from_bytes(name[:_PREFIX].ljust(_PREFIX, b"\0"), "big") for name in names], dtype=np.uint64)


def packed(shard: Shard) -> bytes:
    """The file of a shard."""
    arrays = [np.asarray(a, dtype=a.dtype.newbyteorder("<")) for a in (getattr(shard, f.name) for f in fields(Shard))]
    sizes = np.array([(a.itemsize, len(a)) for a in arrays], dtype="<i8")
    return b"".join([_MAGIC, sizes.tobytes(), *(a.tobytes().ljust(_room(a.nbytes), b"\0") for a in arrays)])


def opened(path: Path) -> Shard:
    """Maps the file of a shard. Raises ValueError where it is none, or not whole."""
    data = mapped(path)
    at = len(_MAGIC) + 16 * len(fields(Shard))
    if data[: len(_MAGIC)].tobytes() != _MAGIC or len(data) < at:
        raise ValueError(f"{path} is no file of words")
    arrays = []
    for size, count in data[len(_MAGIC) : at].view("<i8").reshape(-1, 2).tolist():
        if size not in (1, 2, 4, 8) or not 0 <= count * size <= len(data) - at:
            raise ValueError(f"{path} does not hold what it says")
        arrays.append(data[at : at + size * count].view(f"<u{size}"))
        at += _room(size * count)
    if at != len(data):
        raise ValueError(f"{path} does not hold what it says")
    return Shard(*arrays)


def _room(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED


def _cut(joined: Array, ends: Array) -> list[bytes]:
    raw = joined.tobytes()
    return [raw[begin:end] for begin, end in itertools.pairwise(ends.tolist())]
