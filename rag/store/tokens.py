"""Texts as the tokens of word search, by SQLite's own tokenizer, so that there is one rule of what a word is.

Which tokenizer, the language pack says (`rag.language`): for English, words folded by Unicode and stemmed by Porter.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.language import pack

_OFFSET_BITS = 32
_PARTS = 3  # of a text: text, heading, title
Numbers = NDArray[np.int64]
_TABLES = """
CREATE VIRTUAL TABLE said USING fts5(words, content='', tokenize="{tokenizer}");
CREATE VIRTUAL TABLE token USING fts5vocab(said, row);
CREATE VIRTUAL TABLE place USING fts5vocab(said, instance);
"""


def inverted(texts: Iterable[tuple[int, str]]) -> tuple[list[bytes], Numbers, Numbers]:
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


@dataclass(frozen=True, slots=True)
class Postings:
    """Where tokens stand in texts. A posting is a text with a token; they are in the order of tokens, then of texts."""

    names: list[bytes]  # the tokens, in the order of their bytes
    tokens: Numbers  # of each posting, by their places in `names`
    rows: Numbers  # of each posting: the text
    counts: Numbers  # of each posting: how often
    places: Numbers  # of all postings together, ascending in each; between the parts of a text one place is left out
    lengths: Numbers  # of each text, in tokens


def postings(texts: Iterable[Sequence[str | None]]) -> Postings:
    """The postings of texts, each of which is given in up to three parts."""
    many = 0

    def parts() -> Iterator[tuple[int, str]]:
        nonlocal many
        for many, text in enumerate(texts, start=1):
            yield from (((many - 1) * _PARTS + number, part) for number, part in enumerate(text) if part)

    names, counts, where = inverted(parts())
    of_part, offsets = where >> _OFFSET_BITS, where & ((1 << _OFFSET_BITS) - 1)
    sizes = np.bincount(of_part, minlength=_PARTS * many).reshape(-1, _PARTS)
    begins = np.cumsum(sizes + 1, axis=1) - sizes - 1
    rows, of_token = of_part // _PARTS, np.repeat(np.arange(len(names)), counts)
    first = np.ones(len(rows), dtype=bool)  # of each posting
    first[1:] = (of_token[1:] != of_token[:-1]) | (rows[1:] != rows[:-1])
    starts = np.flatnonzero(first)
    return Postings(
        names,
        of_token[starts],
        rows[starts],
        np.diff(starts, append=len(rows)),
        offsets + begins.reshape(-1)[of_part],
        sizes.sum(axis=1),
    )


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
