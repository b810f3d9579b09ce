"""Texts as the tokens of word search, by SQLite's own tokenizer, so that there is one rule of what a word is.

Which tokenizer, the language pack says (`rag.language`): for English, words folded by Unicode and stemmed by Porter.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.language import pack

_OFFSET_BITS = 32
_TABLES = """
CREATE VIRTUAL TABLE said USING fts5(words, content='', tokenize="{tokenizer}");
CREATE VIRTUAL TABLE token USING fts5vocab(said, row);
CREATE VIRTUAL TABLE place USING fts5vocab(said, instance);
"""


def inverted(texts: Iterable[tuple[int, str]]) -> tuple[list[bytes], NDArray[np.int64], NDArray[np.int64]]:
    """The tokens of numbered texts: the different ones in the order of their bytes, how often each stands, and where.

    Where: text << 32 | place in it, from 0, ascending for each token. Texts are numbered from 0 to 2^31.
    """
    db = _opened()
    try:
        db.execute("BEGIN")  # one for all: at the end of each FTS5 writes what it has gathered
        _tell(db, texts)
        found = db.execute("SELECT CAST(term AS BLOB), cnt FROM token").fetchall()
        places = db.execute("SELECT doc << ? | offset FROM place", (_OFFSET_BITS,))
        where = np.fromiter((place for (place,) in places), dtype=np.int64)
    finally:
        db.close()
    return [token for token, _ in found], np.array([count for _, count in found], dtype=np.int64), where


def split(where: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Texts and places of what `inverted` gives."""
    return where >> _OFFSET_BITS, where & ((1 << _OFFSET_BITS) - 1)


class Tokenizer:
    """Splits what is searched. May be used from several threads."""

    def __init__(self) -> None:
        self._db, self._lock = _opened(), threading.Lock()
        weakref.finalize(self, self._db.close)

    def phrases(self, terms: Sequence[str]) -> list[tuple[bytes, ...]]:
        """The tokens of each term in order: one of a word, more of a phrase ("U.S."), none of what has no word."""
        out: list[list[bytes]] = [[] for _ in terms]
        with self._lock:
            self._db.execute("BEGIN")
            try:
                _tell(self._db, enumerate(terms))
                for text, token in self._rows():
                    out[text].append(token)
            finally:
                self._db.execute("ROLLBACK")
        return [tuple(tokens) for tokens in out]

    def _rows(self) -> Iterator[tuple[int, bytes]]:
        rows = self._db.execute("SELECT doc, offset, CAST(term AS BLOB) FROM place").fetchall()
        return ((text, token) for text, _, token in sorted(rows))


def _opened() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    db.executescript(_TABLES.format(tokenizer=pack().TOKENIZER))
    return db


def _tell(db: sqlite3.Connection, texts: Iterable[tuple[int, str]]) -> None:
    plain = ((number, text.replace("\0", " ")) for number, text in texts)  # no token has a NUL
    db.executemany("INSERT INTO said (rowid, words) VALUES (?, ?)", plain)
