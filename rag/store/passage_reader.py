"""Reads the passages of one finished part (`rag.store.passages`)."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.store.passages import COLUMNS, ENTRY, digest_of, seal_of
from rag.types import ArticleInfo, Chunk, Passage, SeedEntry, Sentence
from rag.types.errors import IndexUnusable
from rag.types.filters import Filters
from rag.types.stores import HeldArticle

_PLACED = (
    "FROM json_each(?) AS asked JOIN place ON place.first = (SELECT max(first) FROM place WHERE first <= asked.value) "
)
_PASSAGES = f"""
SELECT chunk.article, asked.value, seal, digest, ordinal, start, "end", section, sentences
{_PLACED} JOIN chunk ON chunk.article = place.article AND ordinal = asked.value - first
"""
_ARTICLES = f"SELECT key, text, {COLUMNS} FROM article WHERE key IN (SELECT value FROM json_each(?))"  # noqa: S608 - names only
_PASSING = """
FROM place WHERE (?1 IS NULL OR date >= ?1) AND (?2 IS NULL OR date <= ?2)
AND (?3 IS NULL OR article_id IN (SELECT value FROM json_each(?3))) ORDER BY first
"""
_CHUNKS = 'SELECT ordinal, start, "end", section, sentences FROM chunk WHERE article = ? ORDER BY ordinal'
_FEW = 20  # texts at a time
_LEAST, _MOST = 16, 1024  # rows
Row = tuple[Any, ...]


class PassageReader:
    """Reads the passages of a finished part. May be used from several threads; the file is opened when it is asked."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Opens the file now. Raises IndexUnusable where that cannot be done."""
        self._all("SELECT count(*) FROM place")

    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            uri = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            weakref.finalize(self, self._connection.close)  # an assistant that is dropped closes nothing itself
            self._connection.execute("PRAGMA cache_size = -512")  # kB, of one part among many
        return self._connection

    def _all(self, query: str, *values: object) -> list[Row]:
        try:
            with self._lock:
                return self._db().execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise IndexUnusable(f"{self._path} is damaged ({error}); run `rag build`") from error

    def _missing(self) -> IndexUnusable:
        return IndexUnusable(f"{self._path} is damaged: a passage is not there; run `rag build`")

    def within(self, filters: Filters) -> list[tuple[int, int]]:
        """(first row, number of rows) of each article that passes and has any."""
        return self._all(f"SELECT first, passages {_PASSING}", *_passing(filters))

    def leads(self, k: int, filters: Filters) -> list[tuple[str, int]]:
        """(article id, first row) of the articles that pass and have any row, `k` at most, in the order of ids."""
        return self._all(f"SELECT article_id, first {_PASSING} LIMIT ?4", *_passing(filters), k)

    def dates(self, rows: Sequence[int]) -> list[str | None]:
        """The day of the article of each of these rows."""
        found: dict[int, str | None] = dict(self._all(f"SELECT asked.value, date {_PLACED}", json.dumps(list(rows))))
        if found.keys() != set(rows):
            raise self._missing()
        return [found[row] for row in rows]

    def places(self, rows: Sequence[int]) -> list[tuple[str, int]]:
        """(article id, position) of these rows, by which they are in canonical order."""
        found = self._all(f"SELECT asked.value, article_id, asked.value - first {_PLACED}", json.dumps(list(rows)))
        placed = {row: (id, ordinal) for row, id, ordinal in found}
        if placed.keys() != set(rows):
            raise self._missing()
        return [placed[row] for row in rows]

    def beside(self, query: str) -> bool:
        """Whether a query of FTS5 finds anything of what a reader sees of an article beside its chunks."""
        return bool(self._all("SELECT 1 FROM beside WHERE beside MATCH ? LIMIT 1", query))

    def writings(self, words: str) -> list[tuple[str, str, int]]:
        """(word, bare, count) of the words that are written as one of these, a JSON list of bare ones."""
        return self._all("SELECT word, bare, count FROM word WHERE bare IN (SELECT value FROM json_each(?))", words)

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages in these rows, in their order.

        The text of each article and chunk is held against its hash: what is quoted is what was indexed, or an
        IndexUnusable.
        """
        held = self._all(_PASSAGES, json.dumps(list(rows)))
        # Each text is read and held against its hash once, however many of the passages are of it: it may be a book.
        texts = self._all(_ARTICLES, json.dumps([*{row[0] for row in held}]))
        articles = {row[0]: _article(*row[1:]) for row in texts}
        found = {row[1]: _passage(*articles[row[0]], *row[2:]) for row in held if row[0] in articles}
        if found.keys() != set(rows):
            raise self._missing()
        return [found[row] for row in rows]

    def digests(self) -> list[bytes]:
        """The text hash of each row."""
        rows = self._all("SELECT digest FROM place JOIN chunk USING (article) ORDER BY first, ordinal")
        return [digest for (digest,) in rows]

    def chunks(self, article_id: str) -> tuple[Chunk, ...]:
        """As `Reader.chunks`."""
        key = self._all("SELECT key FROM article WHERE article_id = ?", article_id)
        return tuple(_chunk(*row) for row in self._all(_CHUNKS, key[0][0])) if key else ()

    def articles(self, after: str) -> Iterator[tuple[str, HeldArticle]]:
        """As `Reader.articles`, all after an id, each with its id; few rows at a time, then more."""
        rows = self._paged(f"article_id, {COLUMNS}, characters, passages", after, _LEAST, _MOST)
        return ((row[0], HeldArticle(ArticleInfo(*row[1:-2]), row[-2], row[-1])) for row in rows)

    def entries(self) -> Iterator[tuple[str, SeedEntry]]:
        """As `Reader.entries`, each with its id."""
        return ((row[0], SeedEntry(*row)) for row in self._paged(", ".join(ENTRY), "", _MOST, _MOST))

    def stored(self) -> Iterator[tuple[str, ArticleInfo, str, tuple[Chunk, ...]]]:
        """The id, the text and the chunks of each article, in the order of ids."""
        for id, key, *of_article in self._paged(f"article_id, key, text, {COLUMNS}", "", _FEW, _FEW):
            yield id, *_article(*of_article), tuple(_chunk(*row) for row in self._all(_CHUNKS, key))

    def _paged(self, columns: str, after: str, page: int, most: int) -> Iterator[Row]:
        """All articles by their id, which is the first column, behind one."""
        query = f"SELECT {columns} FROM article WHERE article_id > ? ORDER BY article_id LIMIT ?"  # noqa: S608 - names only
        while rows := self._all(query, after, page):
            yield from rows
            after, page = rows[-1][0], min(2 * page, most)

    def entry(self, article_id: str) -> tuple[SeedEntry, int] | None:
        """The entry of an article and its number of passages."""
        rows = self._all(f"SELECT passages, {', '.join(ENTRY)} FROM article WHERE article_id = ?", article_id)  # noqa: S608 - names only
        return (SeedEntry(*rows[0][1:]), rows[0][0]) if rows else None

    def article(self, article_id: str) -> tuple[ArticleInfo, str] | None:
        """An article's metadata and text."""
        rows = self._all(f"SELECT text, {COLUMNS} FROM article WHERE article_id = ?", article_id)  # noqa: S608 - names only
        return _article(*rows[0]) if rows else None

    def info(self, article_id: str) -> ArticleInfo:
        """An article's metadata alone, whatever its text. Raises KeyError where it is not held."""
        for row in self._all(f"SELECT {COLUMNS} FROM article WHERE article_id = ?", article_id):  # noqa: S608 - names only
            return ArticleInfo(*row)
        raise KeyError(article_id)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()


def _article(text: object, *of_info: object) -> tuple[ArticleInfo, str]:
    info = ArticleInfo(*of_info)  # type: ignore[arg-type] # a table's row
    return info, _sound(info, str(text))


def _passage(info: ArticleInfo, text: str, seal: object, digest: object, *of_chunk: object) -> Passage:
    try:
        sealed = seal_of(digest, *of_chunk) == seal  # type: ignore[arg-type] # a table's row
        chunk = _chunk(*of_chunk)
        sound = sealed and digest_of(text, chunk) == digest
    except (TypeError, ValueError):  # a value that is none of ours
        sound = False
    if not sound:
        raise IndexUnusable(f"a stored passage of {info.path} is damaged; run `rag build`")
    return Passage(info, chunk, text[chunk.start : chunk.end])


def _chunk(ordinal: object, start: object, end: object, section: object, sentences: object) -> Chunk:
    return Chunk(ordinal, start, end, section, tuple(Sentence(*s) for s in json.loads(str(sentences))))  # type: ignore[arg-type] # a table's row


def _passing(filters: Filters) -> tuple[str | None, str | None, str | None]:
    """The values of a query on the articles that pass."""
    return filters.since, filters.until, json.dumps(filters.articles) if filters.articles else None


def _sound(info: ArticleInfo, text: str) -> str:
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != info.text_sha256:
        raise IndexUnusable(f"the stored text of {info.path} is damaged; run `rag build`")
    return text
