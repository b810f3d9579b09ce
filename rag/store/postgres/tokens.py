"""The words of texts, as SQLite's FTS5 reads them with the language's tokenizer, with their places."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rag.store import tokens
from rag.store.tokens import Numbers, Postings, Tokenizer

# Kinds of postings: of what is searched; of what else a reader sees of an article; of runs of words of whole articles.
PASSAGES, BESIDE, RUNS = 0, 1, 2
DTYPES = (
    np.dtype([("key", "<u4"), ("count", "<u2"), ("length", "<u2")]),
    np.dtype([("key", "<u4"), ("count", "<u4")]),
    np.dtype([("key", "<u4"), ("rest", "<u2")]),
)
POSITION = np.dtype("<u4")
MOST = 0xFFFF  # words of a passage that are counted
_LONGEST = 200  # bytes of a word as it is stored


@dataclass(frozen=True, slots=True)
class Posting:
    """The texts that have a word, one entry each, and its places in them one after the other."""

    token: bytes
    entries: bytes
    positions: bytes


def phrases(tokenizer: Tokenizer, texts: Sequence[str]) -> list[tuple[bytes, ...]]:
    """Each text as its words in order."""
    return [tuple(map(stored, words)) for words in tokenizer.phrases(texts)]


def postings(
    keys: Sequence[int], texts: Sequence[Sequence[str | None]], kind: int
) -> tuple[Iterator[Posting], list[int]]:
    """The postings of texts of these keys; and how many words each text has.

    A text is given in up to three parts; no phrase reaches from one into the next. More than 65,535 words of one are
    not counted where passages are searched.
    """
    found = tokens.postings(texts)
    if kind == PASSAGES and found.lengths.max(initial=0) > MOST:
        found = _cut(found)
    return _grouped(np.array(keys, dtype=np.int64), found, kind), found.lengths.tolist()


def _cut(found: Postings) -> Postings:
    """Without the places that do not count."""
    counted = found.places < MOST
    of_posting = np.repeat(np.arange(len(found.counts)), found.counts)[counted]
    counts = np.bincount(of_posting, minlength=len(found.counts))
    left = counts > 0
    return replace(
        found,
        tokens=found.tokens[left],
        rows=found.rows[left],
        counts=counts[left],
        places=found.places[counted],
        lengths=np.minimum(found.lengths, MOST),
    )


def stored(data: bytes) -> bytes:
    """A word as it is stored: itself, or its hash where it is longer than an index takes."""
    return data if len(data) <= _LONGEST else b"\0" + hashlib.sha256(data).digest()


def _grouped(keys: Numbers, found: Postings, kind: int) -> Iterator[Posting]:
    """The postings word by word."""
    entries = np.empty(len(found.rows), dtype=DTYPES[kind])
    entries["key"], entries["count"] = keys[found.rows], found.counts
    if kind == PASSAGES:
        entries["length"] = found.lengths[found.rows]
    places, ends = found.places.astype(POSITION), np.concatenate([[0], np.cumsum(found.counts)])
    begins = np.searchsorted(found.tokens, np.arange(len(found.names) + 1)).tolist()
    for name, (begin, end) in zip(found.names, itertools.pairwise(begins), strict=True):
        if begin < end:
            yield Posting(stored(name), entries[begin:end].tobytes(), places[ends[begin] : ends[end]].tobytes())
