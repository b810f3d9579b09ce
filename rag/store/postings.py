"""The words of one shard of passages in one file: which passages have a token, how often, and at which places.

A shard's passages are numbered from 0 in canonical order, as its vectors are (`rag.store.vectors`). The file is a
header of sizes and then plain arrays, little-endian, each as narrow as its largest number lets it be; it is mapped, not
read. It depends on the passages of the shard alone, and its name carries a hash of its contents.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.store import tokens

SUFFIX = ".words"
_MAGIC = b"words 1\n"
_ALIGNED = 8
_PREFIX = 8  # bytes of a token that are compared as one number
Array = NDArray[Any]


class Said(NamedTuple):
    """What of a passage is searched by words."""

    article_id: str
    text: str
    section: str | None
    title: str


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


def prefixes_of(names: Iterable[bytes]) -> Array:
    """Of each token the first eight bytes as a number; what is shorter, its number alone tells from all others."""
    return np.array([int.from_bytes(name[:_PREFIX].ljust(_PREFIX, b"\0"), "big") for name in names], dtype=np.uint64)


def inverted(passages: Iterable[Said]) -> Shard:
    """The shard of these passages, which are in canonical order."""
    ids: list[str] = []
    names, token_counts, where = tokens.inverted(_numbered(passages, ids))
    texts, offsets = tokens.split(where)
    parts = np.bincount(texts, minlength=_PARTS * len(ids)).reshape(-1, _PARTS)
    begins = np.cumsum(parts + 1, axis=1) - parts - 1
    rows, places = texts // _PARTS, offsets + begins.reshape(-1)[texts]
    of_token = np.repeat(np.arange(len(names)), token_counts)
    first = np.ones(len(rows), dtype=bool)  # of each posting
    first[1:] = (of_token[1:] != of_token[:-1]) | (rows[1:] != rows[:-1])
    starts = np.flatnonzero(first)
    articles = [row for row, id in enumerate(ids) if not row or ids[row - 1] != id]
    id_bytes = [ids[row].encode() for row in articles]
    return Shard(
        prefixes=prefixes_of(names),
        names=np.frombuffer(b"".join(names), dtype=np.uint8),
        name_ends=_narrow(_ends(map(len, names))),
        posting_ends=_narrow(_ends(np.bincount(of_token[starts], minlength=len(names)).tolist())),
        place_ends=_narrow(_ends(token_counts.tolist())),
        rows=_narrow(rows[starts]),
        counts=_narrow(np.diff(starts, append=len(rows))),
        places=_narrow(places),
        lengths=_narrow(parts.sum(axis=1)),
        articles=_narrow(np.array(articles, dtype=np.int64)),
        ids=np.frombuffer(b"".join(id_bytes), dtype=np.uint8),
        id_ends=_narrow(_ends(map(len, id_bytes))),
    )


_PARTS = 3  # text, section, title


def _numbered(passages: Iterable[Said], ids: list[str]) -> Iterable[tuple[int, str]]:
    """The parts of the passages with their numbers, `_PARTS` a passage; adds to `ids` the article of each."""
    for row, (article_id, *parts) in enumerate(passages):
        ids.append(article_id)
        yield from ((_PARTS * row + part, text) for part, text in enumerate(parts) if text)


def _ends(lengths: Iterable[int]) -> Array:
    return np.array([0, *itertools.accumulate(lengths)], dtype=np.int64)


def _narrow(numbers: Array) -> Array:
    """The same numbers in the narrowest unsigned type that holds them."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))


def packed(shard: Shard) -> bytes:
    """The file of a shard."""
    arrays = [np.asarray(a, dtype=a.dtype.newbyteorder("<")) for a in (getattr(shard, f.name) for f in fields(Shard))]
    sizes = np.array([(a.itemsize, len(a)) for a in arrays], dtype="<i8")
    return b"".join([_MAGIC, sizes.tobytes(), *(a.tobytes().ljust(_room(a.nbytes), b"\0") for a in arrays)])


def opened(path: Path) -> Shard:
    """Maps the file of a shard. Raises ValueError where it is none, or not whole."""
    mapped = np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))
    at = len(_MAGIC) + 16 * len(fields(Shard))
    if mapped[: len(_MAGIC)].tobytes() != _MAGIC or len(mapped) < at:
        raise ValueError(f"{path} is no file of words")
    arrays = []
    for size, count in mapped[len(_MAGIC) : at].view("<i8").reshape(-1, 2).tolist():
        if size not in (1, 2, 4, 8) or not 0 <= count * size <= len(mapped) - at:
            raise ValueError(f"{path} does not hold what it says")
        arrays.append(mapped[at : at + size * count].view(f"<u{size}"))
        at += _room(size * count)
    if at != len(mapped):
        raise ValueError(f"{path} does not hold what it says")
    return Shard(*arrays)


def _room(size: int) -> int:
    return -(-size // _ALIGNED) * _ALIGNED
