"""Writes the passages of a generation that is being built (`rag.store.passages`)."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

from rag.language import absence, pack
from rag.language.words import bare, written
from rag.store.passages import COLUMNS, ENTRY, INFO, SCHEMA, chunks_of, digest_of, seal_of
from rag.store.posting_writer import Said
from rag.types import ArticleInfo, Chunk, SeedEntry


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

    def holds(self, article_id: str) -> bool:
        """Whether there is an article of this id."""
        return bool(self._db.execute("SELECT 1 FROM article WHERE article_id = ?", (article_id,)).fetchone())

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

    def add(self, info: ArticleInfo, text: str, chunks: Sequence[Chunk], shard: int) -> list[int]:
        """Adds an article with its chunks; their keys, in order."""
        marks = ", ".join("?" * (len(INFO) + 2))
        key = self._db.execute(
            f"INSERT INTO article (shard, {COLUMNS}, text) VALUES ({marks})",  # noqa: S608 - names and marks only
            (shard, *astuple(info), text),
        ).lastrowid
        self._db.executemany(
            'INSERT INTO chunk (article, digest, seal, ordinal, start, "end", section, sentences) '
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(key, *_sealed(text, c)) for c in chunks],
        )
        held = self._words(key)
        self._db.execute("INSERT INTO beside (rowid, words) VALUES (?, ?)", (key, self._beside(key)))
        self._db.executemany(
            "INSERT INTO word VALUES (?, ?, ?) ON CONFLICT (word) DO UPDATE SET count = count + excluded.count",
            [(word, bare(word), count) for word, count in _counted(held).items()],
        )
        return [key for key, *_ in held]

    def _words(self, article: int | None) -> list[tuple[int, str, str | None, str]]:
        """(key, text, heading, title) of each chunk of an article, in order: what is searched of it by words."""
        text, title = self._db.execute("SELECT text, title FROM article WHERE key = ?", (article,)).fetchone()
        query = 'SELECT key, start, "end", section FROM chunk WHERE article = ? ORDER BY ordinal'
        chunks = self._db.execute(query, (article,))
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

    def chunks(self, shard: int) -> list[tuple[int, bytes]]:
        """As `rag.store.passages.chunks_of`."""
        return chunks_of(self._db, shard)

    def said(self, shard: int, articles: Collection[str] | None) -> Iterator[Said]:
        """What of the chunks of a shard is searched by words, in canonical order: of all its articles, or of these."""
        query = "SELECT key, article_id FROM article WHERE shard = ? ORDER BY article_id"
        for key, article_id in self._db.execute(query, (shard,)).fetchall():
            if articles is None or article_id in articles:
                yield from (Said(article_id, text, section, title) for _, text, section, title in self._words(key))

    def entries(self) -> Iterator[SeedEntry]:
        """All articles in the order of their ids."""
        rows = self._db.execute(f"SELECT {', '.join(ENTRY)} FROM article ORDER BY article_id")  # noqa: S608 - names only
        return (SeedEntry(*row) for row in rows)

    def note_files(self, files: Mapping[str, str]) -> None:
        """Takes down the seed files that were read whole, path to SHA-256, in the place of those before."""
        self._db.execute("DELETE FROM seed_file")
        self._db.executemany("INSERT INTO seed_file VALUES (?, ?)", sorted(files.items()))

    def count(self) -> int:
        """Number of chunks."""
        (number,) = self._db.execute("SELECT count(*) FROM chunk").fetchone()
        return int(number)

    def articles(self) -> int:
        """Number of articles."""
        (number,) = self._db.execute("SELECT count(*) FROM article").fetchone()
        return int(number)

    def abandon(self) -> None:
        """Closes without a commit."""
        self._db.close()

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


def _sealed(text: str, c: Chunk) -> tuple[object, ...]:
    """The columns of a chunk but for its keys."""
    digest, of_chunk = digest_of(text, c), (c.ordinal, c.start, c.end, c.section, _pack(c))
    return digest, seal_of(digest, *of_chunk), *of_chunk


def _pack(chunk: Chunk) -> str:
    return json.dumps([[s.start, s.end, s.paragraph, s.page] for s in chunk.sentences], separators=(",", ":"))
