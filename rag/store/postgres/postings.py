"""Word search over one generation: BM25 as FTS5 computes it, from the postings of the words that are asked.

A posting has an entry for each text with the word: its key, how often the word is there, and how many words it has. So
how many passages have the word is counted and never stale: entries of what was removed since are left out first.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import numpy as np
from numpy.typing import NDArray

from rag.store.postgres.tokens import BESIDE, DTYPES, PASSAGES, POSITION

K1, B = 1.2, 0.75
_LEAST_IDF = 1e-6

ENTRIES: LiteralString = (
    "SELECT token, entries, NULL::bytea FROM posting WHERE segment = ANY(%s) AND kind = %s AND token = ANY(%s)"
)
PLACES: LiteralString = (
    "SELECT token, entries, positions FROM posting WHERE segment = ANY(%s) AND kind = %s AND token = ANY(%s)"
)
Keys = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Gone:
    """What was removed: ranges of keys that do not meet, by their first and last key."""

    first: Keys
    last: Keys

    @classmethod
    def of(cls, ranges: Collection[tuple[int, int]]) -> Gone:
        """Of (first, last) in any order."""
        table = np.array(sorted(ranges), dtype=np.int64).reshape(-1, 2)
        return cls(np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1]))

    def has(self, keys: Keys) -> NDArray[np.bool_]:
        """Which of these keys lie in a range."""
        if not len(self.first):
            return np.zeros(len(keys), dtype=bool)
        at = np.searchsorted(self.first, keys, side="right") - 1
        found: NDArray[np.bool_] = (at >= 0) & (keys <= self.last[np.maximum(at, 0)])
        return found


@dataclass(frozen=True, slots=True)
class Found:
    """The texts that have a phrase: keys, how often, and how many words each has (none where kind is BESIDE)."""

    keys: Keys
    counts: Keys
    lengths: Keys


@dataclass(frozen=True, slots=True)
class Posted:
    """The postings of some words in one generation, without what is gone."""

    entries: dict[bytes, NDArray[Any]]
    places: dict[bytes, NDArray[np.uint64]]  # key << 32 | position

    @classmethod
    def of(cls, rows: Sequence[tuple[Any, ...]], kind: int, gone: Gone) -> Posted:
        """Of rows as `ENTRIES` or `PLACES` give them."""
        entries: dict[bytes, list[NDArray[Any]]] = {}
        places: dict[bytes, list[NDArray[np.uint64]]] = {}
        for token, data, positions in rows:
            held = np.frombuffer(data, dtype=DTYPES[kind])
            alive = ~gone.has(held["key"].astype(np.int64))
            entries.setdefault(token, []).append(held[alive])
            if positions is not None:
                keys = np.repeat(held["key"].astype(np.uint64), held["count"])
                codes = keys << np.uint64(32) | np.frombuffer(positions, dtype=POSITION).astype(np.uint64)
                places.setdefault(token, []).append(codes[np.repeat(alive, held["count"])])
        return cls(
            {token: np.concatenate(parts) for token, parts in entries.items()},
            {token: np.concatenate(parts) for token, parts in places.items()},
        )

    def having(self, phrase: Sequence[bytes], kind: int) -> Found:
        """The texts that have a phrase."""
        none = np.zeros(0, dtype=np.int64)
        if not phrase or any(token not in self.entries for token in phrase):
            return Found(none, none, none)
        held = self.entries[phrase[0]]
        keys = held["key"].astype(np.int64)
        lengths = held["length"].astype(np.int64) if kind == PASSAGES else none
        if len(phrase) == 1:
            return Found(keys, held["count"].astype(np.int64), lengths)
        starts = self.places[phrase[0]]
        for number, token in enumerate(phrase[1:], start=1):
            starts = starts[_among(starts + np.uint64(number), self.places[token])]
        its, counts = np.unique((starts >> np.uint64(32)).astype(np.int64), return_counts=True)
        if kind == PASSAGES:
            order = np.argsort(keys, kind="stable")
            lengths = lengths[order[np.searchsorted(keys[order], its)]]
        return Found(its, counts.astype(np.int64), lengths)


def _among(some: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of some are among others; quick where those are few, or in runs that are sorted."""
    if not len(others):
        return np.zeros(len(some), dtype=bool)
    ordered = np.sort(others, kind="stable")
    at = np.minimum(np.searchsorted(ordered, some), len(ordered) - 1)
    found: NDArray[np.bool_] = ordered[at] == some
    return found


def wanted(phrases: Collection[Sequence[bytes]]) -> tuple[list[bytes], list[bytes]]:
    """The words of phrases: those whose entries are needed alone, and those whose places are, too."""
    near = {token for phrase in phrases if len(phrase) > 1 for token in phrase}
    return sorted({token for phrase in phrases for token in phrase} - near), sorted(near)


def ranked(found: Sequence[Found], passages: int, tokens: int) -> tuple[Keys, NDArray[np.float64]]:
    """The keys of all passages that have one of some phrases, with their BM25, in the order of the keys.

    In FTS5's own order of operations, so that scores are the same to the last bit.
    """
    asked = [one for one in found if len(one.keys)]
    if not asked:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    average = tokens / passages
    keys: Keys = np.unique(np.concatenate([one.keys for one in asked]))
    scores = np.zeros(len(keys))
    for one in asked:
        idf = math.log((passages - len(one.keys) + 0.5) / (len(one.keys) + 0.5))
        idf = idf if idf > 0.0 else _LEAST_IDF
        counts = one.counts.astype(np.float64)
        parts = idf * ((counts * (K1 + 1.0)) / (counts + K1 * (1 - B + B * one.lengths / average)))
        scores[np.searchsorted(keys, one.keys)] += parts
    return keys, scores


def kinds() -> tuple[int, ...]:
    """Of postings."""
    return PASSAGES, BESIDE
