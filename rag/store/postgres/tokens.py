"""The words of texts, as SQLite's FTS5 reads them with the language's tokenizer, with their places."""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.language import pack
from rag.store.tokens import Tokenizer

PASSAGES, BESIDE = 0, 1  # kinds of postings: of what is searched; of what else a reader sees of an article
DTYPES = (
    np.dtype([("key", "<u4"), ("count", "<u2"), ("length", "<u2")]),
    np.dtype([("key", "<u4"), ("count", "<u4")]),
)
POSITION = np.dtype("<u4")
MOST = 0xFFFF  # words of a passage that are counted
_LONGEST = 200  # bytes of a word as it is stored
_COLUMNS = {"text": 0, "section": 1, "title": 2}
Entries = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Posting:
    """The texts that have a word, one entry each, and its places in them one after the other."""

    token: bytes
    entries: bytes
    positions: bytes


class Tokens:
    """Reads texts by FTS5 in memory. Safe to use from several threads."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        self._lock, self._tokenizer = threading.Lock(), Tokenizer()
        self._db.execute(
            f"CREATE VIRTUAL TABLE fts USING fts5(text, section, title, content='', tokenize=\"{pack().TOKENIZER}\")"
        )
        self._db.execute("CREATE VIRTUAL TABLE temp.vocab USING fts5vocab(main, fts, instance)")

    def phrases(self, texts: Sequence[str]) -> list[tuple[bytes, ...]]:
        """Each text as its words in order."""
        return [tuple(map(stored, words)) for words in self._tokenizer.phrases(texts)]

    def postings(
        self, keys: Sequence[int], texts: Sequence[tuple[str, str | None, str | None]], kind: int
    ) -> tuple[list[Posting], list[int]]:
        """The postings of texts of these keys, in the order of the words; and how many words each text has.

        A text is given in up to three parts; no phrase reaches from one into the next. More than 65,535 words of one
        are not counted where passages are searched.
        """
        rows = self._read(texts)
        sizes = np.zeros((len(texts), 3), dtype=np.int64)
        if not rows:
            return [], [0] * len(texts)
        terms, docs, columns, offsets = zip(*rows, strict=True)
        doc, column = np.array(docs), np.array([_COLUMNS[c] for c in columns])
        sizes += np.bincount(3 * doc + column, minlength=sizes.size).reshape(sizes.shape)
        begins = np.concatenate(
            [np.zeros((len(texts), 1), dtype=np.int64), np.cumsum(sizes + 1, axis=1)[:, :2]], axis=1
        )
        place = np.array(offsets) + begins[doc, column]
        lengths = sizes.sum(axis=1)
        term = np.array([*terms, None], dtype=object)
        if kind == PASSAGES and lengths.max() > MOST:
            lengths = np.minimum(lengths, MOST)
            counted = place < MOST
            doc, place, term = doc[counted], place[counted], term[[*counted, True]]
        return list(_grouped(np.array(keys), term, doc, place, lengths, kind)), lengths.tolist()

    def _read(self, texts: Sequence[tuple[str, str | None, str | None]]) -> list[tuple[bytes, int, str, int]]:
        with self._lock:
            self._db.execute("BEGIN")
            try:
                self._db.executemany(
                    "INSERT INTO fts (rowid, text, section, title) VALUES (?, ?, ?, ?)",
                    ((row, *text) for row, text in enumerate(texts)),
                )
                return self._db.execute("SELECT CAST(term AS BLOB), doc, col, offset FROM vocab").fetchall()
            finally:
                self._db.execute("ROLLBACK")


def stored(data: bytes) -> bytes:
    """A word as it is stored: itself, or its hash where it is longer than an index takes."""
    return data if len(data) <= _LONGEST else b"\0" + hashlib.sha256(data).digest()


def _grouped(
    keys: NDArray[np.int64],
    term: NDArray[np.object_],
    doc: NDArray[np.int64],
    place: NDArray[np.int64],
    lengths: NDArray[np.int64],
    kind: int,
) -> Iterator[Posting]:
    """The postings of words that are sorted by word, then text, then place; `term` has one more at its end."""
    new_term = np.concatenate([[True], np.array(term[1:-1] != term[:-2], dtype=bool)])
    first = np.flatnonzero(new_term | np.concatenate([[True], doc[1:] != doc[:-1]]))
    entries = np.empty(len(first), dtype=DTYPES[kind])
    entries["key"], entries["count"] = keys[doc[first]], np.diff([*first, len(doc)])
    if kind == PASSAGES:
        entries["length"] = lengths[doc[first]]
    places, ends = place.astype(POSITION), np.concatenate([first, [len(doc)]])
    begins = [*np.flatnonzero(new_term[first]).tolist(), len(first)]
    for begin, end in itertools.pairwise(begins):
        at, to = ends[begin], ends[end]
        yield Posting(stored(term[at]), entries[begin:end].tobytes(), places[at:to].tobytes())
