"""Writes the passages of a generation that is being built (`rag.store.passages`)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import weakref
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path

from rag.language import absence, pack
from rag.language.words import bare, written
from rag.store.passages import COLUMNS, INFO, SCHEMA, chunks_of
from rag.types import Article, ArticleInfo, Chunk


class PassageWriter:
    """Changes the passages of a generation that is being built. Not safe against a crash: the folder is."""

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
        """Removes an article with its chunks."""
        (key,) = self._db.execute("SELECT key FROM article WHERE article_id = ?", (article_id,)).fetchone()
        held = self._words(key)
        self._db.executemany(
            "INSERT INTO lexical (lexical, rowid, text, section, title) VALUES ('delete', ?, ?, ?, ?)", held
        )
        self._db.execute("INSERT INTO beside (beside, rowid, words) VALUES ('delete', ?, ?)", (key, self._beside(key)))
        self._db.executemany("UPDATE word SET count = count - ?2 WHERE word = ?1", _counted(held).items())
        self._db.execute("DELETE FROM word WHERE count = 0")
        self._db.execute("DELETE FROM chunk WHERE article = ?", (key,))
        self._db.execute("DELETE FROM article WHERE key = ?", (key,))

    def add(self, article: Article, chunks: Sequence[Chunk], shard: int) -> None:
        """Adds an article with its chunks."""
        marks = ", ".join("?" * (len(INFO) + 2))
        key = self._db.execute(
            f"INSERT INTO article (shard, {COLUMNS}, text) VALUES ({marks})",  # noqa: S608 - names and marks only
            (shard, *astuple(article.info), article.text),
        ).lastrowid
        self._db.executemany(
            'INSERT INTO chunk (article, ordinal, start, "end", section, sentences, digest) '
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(key, c.ordinal, c.start, c.end, c.section, _pack(c), _digest(article.text, c)) for c in chunks],
        )
        held = self._words(key)
        self._db.executemany("INSERT INTO lexical (rowid, text, section, title) VALUES (?, ?, ?, ?)", held)
        self._db.execute("INSERT INTO beside (rowid, words) VALUES (?, ?)", (key, self._beside(key)))
        self._db.executemany(
            "INSERT INTO word VALUES (?, ?, ?) ON CONFLICT (word) DO UPDATE SET count = count + excluded.count",
            [(word, bare(word), count) for word, count in _counted(held).items()],
        )

    def _words(self, article: int | None) -> list[tuple[int, str, str | None, str]]:
        """(key, text, heading, title) of each chunk of an article: what is searched of it by words."""
        text, title = self._db.execute("SELECT text, title FROM article WHERE key = ?", (article,)).fetchone()
        chunks = self._db.execute('SELECT key, start, "end", section FROM chunk WHERE article = ?', (article,))
        return [(key, text[start:end], section, title) for key, start, end, section in chunks]

    def _beside(self, article: int | None) -> str:
        """What a reader sees of an article beside its chunks and headings, or reads otherwise than FTS5 does."""
        text, *of_info = self._db.execute(f"SELECT text, {COLUMNS} FROM article WHERE key = ?", (article,)).fetchone()  # noqa: S608 - names only
        chunks = 'SELECT start, "end" FROM chunk WHERE article = ? ORDER BY start'
        pieces, at = [absence.beside(ArticleInfo(*of_info), text)], 0
        for start, end in self._db.execute(chunks, (article,)):
            pieces.append(text[at:start])
            at = max(at, end)
        return "\n".join([*pieces, text[at:]])

    def chunks(self, shards: Iterable[int]) -> dict[int, list[tuple[int, bytes]]]:
        """As `rag.store.passages.chunks_of`."""
        return chunks_of(self._db, shards)

    def count(self) -> int:
        """Number of chunks."""
        (number,) = self._db.execute("SELECT count(*) FROM chunk").fetchone()
        return int(number)

    def texts(self, keys: Iterable[int]) -> list[str]:
        """The texts of these chunks, in the order of the keys. Raises ValueError for one that is not what was split."""
        keys = list(keys)
        found: dict[int, str] = {}
        whole: tuple[int, str] = -1, ""
        for article, key, start, end, digest in self._db.execute(
            'SELECT article, key, start, "end", digest FROM chunk WHERE key IN (SELECT value FROM json_each(?)) '
            "ORDER BY article",
            (json.dumps(keys),),
        ).fetchall():
            if whole[0] != article:
                query = "SELECT text FROM article WHERE key = ?"
                whole = article, self._db.execute(query, (article,)).fetchone()[0]
            found[key] = whole[1][start:end]
            if hashlib.sha256(found[key].encode()).digest() != digest:
                raise ValueError(f"chunk {key} is not the text that was split")
        return [found[key] for key in keys]

    def close(self) -> None:
        """Commits and closes."""
        with contextlib.closing(self._db):
            self._db.execute("COMMIT")


def _counted(held: Iterable[tuple[int, str, str | None, str]]) -> Counter[str]:
    """The words of chunks, headings and titles, as they are written."""
    count: Counter[str] = Counter()
    for _, text, section, title in held:
        count.update(written(f"{text} {section or ''} {title}"))
    return count


def _digest(text: str, chunk: Chunk) -> bytes:
    return hashlib.sha256(text[chunk.start : chunk.end].encode()).digest()


def _pack(chunk: Chunk) -> str:
    return json.dumps([[s.start, s.end, s.paragraph, s.page] for s in chunk.sentences], separators=(",", ":"))
