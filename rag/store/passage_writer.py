"""Writes the passages of a part that is being built (`rag.store.passages`)."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import weakref
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.language import absence, pack
from rag.language.words import bare, written
from rag.store.passages import COLUMNS, INFO, SCHEMA, digest_of, seal_of
from rag.store.rows import DIGEST
from rag.types import ArticleInfo, Chunk

Places = list[tuple[str, int, int]]  # article id, first row, number of passages


class PassageWriter:
    """Changes the passages of a part that is being built. Not safe against a crash: the folder is."""

    def __init__(self, path: Path) -> None:
        fresh = not path.exists()
        self._db = sqlite3.connect(path, isolation_level=None)
        weakref.finalize(self, self._db.close)  # a build that fails drops it
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        if fresh:
            self._db.executescript(SCHEMA.format(tokenizer=pack().TOKENIZER))
        self._db.execute("BEGIN")

    def remove(self, article_id: str) -> None:
        """Removes an article with its chunks. Raises KeyError where there is none."""
        found = self._db.execute("SELECT key FROM article WHERE article_id = ?", (article_id,)).fetchone()
        if not found:
            raise KeyError(article_id)
        (key,) = found
        held = self._words(key)
        self._db.execute("INSERT INTO beside (beside, rowid, words) VALUES ('delete', ?, ?)", (key, self._beside(key)))
        self._db.executemany("UPDATE word SET count = count - ?2 WHERE word = ?1", _counted(held).items())
        self._db.execute("DELETE FROM word WHERE count = 0")
        self._db.execute("DELETE FROM chunk WHERE article = ?", (key,))
        self._db.execute("DELETE FROM article WHERE key = ?", (key,))

    def add(self, info: ArticleInfo, text: str, chunks: Sequence[Chunk]) -> None:
        """Adds an article with its chunks."""
        marks = ", ".join("?" * (len(INFO) + 3))
        key = self._db.execute(
            f"INSERT INTO article (passages, characters, {COLUMNS}, text) VALUES ({marks})",  # noqa: S608 - names and marks only
            (len(chunks), len(text), *astuple(info), text),
        ).lastrowid
        self._db.executemany(
            'INSERT INTO chunk (article, digest, seal, ordinal, start, "end", section, sentences) '
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(key, *_sealed(text, c)) for c in chunks],
        )
        self._db.execute("INSERT INTO beside (rowid, words) VALUES (?, ?)", (key, self._beside(key)))
        self._db.executemany(
            "INSERT INTO word VALUES (?, ?, ?) ON CONFLICT (word) DO UPDATE SET count = count + excluded.count",
            [(word, bare(word), count) for word, count in _counted(self._words(key)).items()],
        )

    def _words(self, article: int | None) -> list[tuple[str, str | None, str]]:
        """(text, heading, title) of each chunk of an article, in order: what is searched of it by words."""
        text, title = self._db.execute("SELECT text, title FROM article WHERE key = ?", (article,)).fetchone()
        query = 'SELECT start, "end", section FROM chunk WHERE article = ? ORDER BY ordinal'
        return [(text[start:end], section, title) for start, end, section in self._db.execute(query, (article,))]

    def _beside(self, article: int | None) -> str:
        """What a reader sees of an article beside its chunks and headings, or reads otherwise than FTS5 does."""
        text, *of_info = self._db.execute(f"SELECT text, {COLUMNS} FROM article WHERE key = ?", (article,)).fetchone()  # noqa: S608 - names only
        chunks = 'SELECT start, "end" FROM chunk WHERE article = ? ORDER BY start'
        pieces, at = [absence.beside(ArticleInfo(*of_info), text)], 0
        for start, end in self._db.execute(chunks, (article,)):
            pieces.append(text[at:start])
            at = max(at, end)
        return "\n".join([*pieces, text[at:]])

    def places(self) -> Places:
        """The rows of each article that has any, in canonical order, as they were laid down last."""
        return self._db.execute("SELECT article_id, first, passages FROM place ORDER BY first").fetchall()

    def lay_down(self) -> tuple[Places, NDArray[Any]]:
        """Numbers the rows anew; the rows of each article, and the text hash of each row."""
        self._db.execute("DELETE FROM place")
        self._db.execute(
            "INSERT INTO place SELECT sum(passages) OVER (ORDER BY article_id) - passages, key, passages, article_id, "
            "date FROM article WHERE passages > 0 ORDER BY article_id"
        )
        digests = self._db.execute("SELECT digest FROM place JOIN chunk USING (article) ORDER BY first, ordinal")
        return self.places(), np.frombuffer(b"".join(digest for (digest,) in digests), dtype=DIGEST)

    def articles(self) -> list[str]:
        """The ids of all articles."""
        return [id for (id,) in self._db.execute("SELECT article_id FROM article")]

    def close(self) -> None:
        """Commits and closes."""
        with contextlib.closing(self._db):
            self._db.execute("COMMIT")


def _counted(held: Iterable[tuple[str, str | None, str]]) -> Counter[str]:
    """The words of chunks, headings and titles, as they are written."""
    count: Counter[str] = Counter()
    for text, section, title in held:
        count.update(written(f"{text} {section or ''} {title}"))
    return count


def _sealed(text: str, c: Chunk) -> tuple[object, ...]:
    """The columns of a chunk but for its article."""
    digest, of_chunk = digest_of(text, c), (c.ordinal, c.start, c.end, c.section, _pack(c))
    return digest, seal_of(digest, *of_chunk), *of_chunk


def _pack(chunk: Chunk) -> str:
    return json.dumps([[s.start, s.end, s.paragraph, s.page] for s in chunk.sentences], separators=(",", ":"))
