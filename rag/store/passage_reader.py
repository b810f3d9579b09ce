"""Reads the passages of a finished generation (`rag.store.passages`)."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rag.language.absence import any_of
from rag.language.words import commonest
from rag.store.passages import COLUMNS, ENTRY, chunks_of, digest_of, seal_of
from rag.types import ArticleInfo, Chunk, Passage, SeedEntry, Sentence
from rag.types.errors import IndexUnusable
from rag.types.filters import Filters
from rag.types.stores import PAGE, HeldArticle

_PASSAGES = """
SELECT article, chunk.key, seal, digest, ordinal, start, "end", section, sentences
FROM chunk WHERE chunk.key IN (SELECT value FROM json_each(?))
"""
_ARTICLES = f"SELECT key, text, {COLUMNS} FROM article WHERE key IN (SELECT value FROM json_each(?))"  # noqa: S608 - names only
_OF_ARTICLES = """
FROM chunk JOIN article ON article.key = chunk.article WHERE (?1 IS NULL OR date >= ?1)
AND (?2 IS NULL OR date <= ?2) AND (?3 IS NULL OR article_id IN (SELECT value FROM json_each(?3)))
"""
_FEW = 100  # texts at a time


class PassageReader:
    """Reads the passages of a finished generation. May be used from several threads."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        weakref.finalize(self, self._db.close)  # an assistant that is dropped closes nothing itself
        self._path, self._lock = path, threading.Lock()
        self._all("SELECT count(*) FROM article")  # SQLite opens the file with the first query

    def _all(self, query: str, *values: object) -> list[tuple[object, ...]]:
        try:
            with self._lock:
                return self._db.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise IndexUnusable(f"{self._path} is damaged ({error}); run `rag build`") from error

    def within(self, filters: Filters) -> list[int]:
        """The keys of the chunks of the articles that pass, in canonical order."""
        rows = self._all(f"SELECT chunk.key {_OF_ARTICLES} ORDER BY article_id, ordinal", *_passing(filters))
        return [int(str(key)) for (key,) in rows]

    def leads(self, k: int, filters: Filters) -> list[int]:
        """The key of the first chunk of each article that passes, `k` at most, in the order of article ids."""
        query = f"SELECT chunk.key {_OF_ARTICLES} AND ordinal = 0 ORDER BY article_id LIMIT ?4"
        return [int(str(key)) for (key,) in self._all(query, *_passing(filters), k)]

    def places(self, keys: Sequence[int]) -> list[tuple[str, int]]:
        """(article id, position) of these chunks, by which they are in canonical order."""
        if not keys:
            return []
        query = (
            "SELECT chunk.key, article_id, ordinal FROM chunk JOIN article ON article.key = chunk.article "
            "WHERE chunk.key IN (SELECT value FROM json_each(?))"
        )
        found = {key: (str(id), int(str(ordinal))) for key, id, ordinal in self._all(query, json.dumps(list(keys)))}
        if found.keys() != set(keys):
            raise IndexUnusable(f"{self._path} is damaged: a passage is not there; run `rag build`")
        return [found[key] for key in keys]

    def missing(self, article_ids: Sequence[str]) -> list[str]:
        """Those of some article ids that are not held."""
        query = "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT article_id FROM article)"
        return [str(id) for (id,) in self._all(query, json.dumps(list(article_ids)))]

    def beside(self, terms: Iterable[str]) -> bool:
        """Whether any of the terms stands in what a reader sees of an article beside its chunks."""
        return bool(self._all("SELECT 1 FROM beside WHERE beside MATCH ? LIMIT 1", any_of(terms)))

    def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """As `Vocabulary.writings`."""
        query = "SELECT word, bare, count FROM word WHERE bare IN (SELECT value FROM json_each(?))"
        rows = self._all(query, json.dumps(list(words)))
        return commonest((str(word), str(key), int(str(count))) for word, key, count in rows)

    def passages(self, keys: Sequence[int]) -> list[Passage]:
        """The passages of these keys, in the order of the keys.

        The text of each article and chunk is held against its hash: what is quoted is what was indexed, or an
        IndexUnusable.
        """
        rows = self._all(_PASSAGES, json.dumps(list(keys)))
        # Each text is read and held against its hash once, however many of the passages are of it: it may be a book.
        articles = {row[0]: _article(*row[1:]) for row in self._all(_ARTICLES, json.dumps([*{row[0] for row in rows}]))}
        found = {row[1]: _passage(*articles[row[0]], *row[2:]) for row in rows if row[0] in articles}
        if found.keys() != set(keys):
            raise IndexUnusable(f"{self._path} is damaged: a passage is not there; run `rag build`")
        return [found[key] for key in keys]

    def chunks(self, shard: int) -> list[tuple[int, bytes]]:
        """As `rag.store.passages.chunks_of`."""
        with self._lock:
            return chunks_of(self._db, shard)

    def articles(self, after: str | None, limit: int) -> list[HeldArticle]:
        """As `Reader.articles`."""
        rows = self._all(
            f"SELECT {COLUMNS}, length(text), (SELECT count(*) FROM chunk WHERE chunk.article = article.key) "  # noqa: S608 - names only
            "FROM article WHERE ?1 IS NULL OR article_id > ?1 ORDER BY article_id LIMIT ?2",
            after,
            limit,
        )
        return [HeldArticle(ArticleInfo(*row[:-2]), int(str(row[-2])), int(str(row[-1]))) for row in rows]  # type: ignore[arg-type] # a table's row

    def entries(self) -> Iterator[SeedEntry]:
        """As `Reader.entries`."""
        names = ", ".join(ENTRY)
        query = f"SELECT {names} FROM article WHERE article_id > ? ORDER BY article_id LIMIT ?"  # noqa: S608 - names only
        return (SeedEntry(*row) for row in self._paged(query))  # type: ignore[arg-type] # a table's row

    def files(self) -> dict[str, str]:
        """As `Reader.files`."""
        return {str(path): str(sha256) for path, sha256 in self._all("SELECT path, sha256 FROM seed_file")}

    def stored(self) -> Iterator[tuple[ArticleInfo, str, list[int], tuple[Chunk, ...]]]:
        """Each article with its text, and the keys of its chunks and the chunks, in the order of article ids."""
        query = f"SELECT article_id, key, text, {COLUMNS} FROM article WHERE article_id > ? ORDER BY article_id LIMIT ?"  # noqa: S608 - names only
        chunks = 'SELECT key, ordinal, start, "end", section, sentences FROM chunk WHERE article = ? ORDER BY ordinal'
        for _, article, *of_article in self._paged(query, _FEW):
            rows = self._all(chunks, article)
            yield *_article(*of_article), [int(str(row[0])) for row in rows], tuple(_chunk(*row[1:]) for row in rows)

    def _paged(self, query: str, page: int = PAGE) -> Iterator[tuple[object, ...]]:
        """All rows of a query by the first column, as many at a time as a page has."""
        after: object = ""
        while rows := self._all(query, after, page):
            yield from rows
            after = rows[-1][0]

    def article(self, article_id: str) -> tuple[ArticleInfo, str] | None:
        """An article's metadata and text."""
        rows = self._all(f"SELECT text, {COLUMNS} FROM article WHERE article_id = ?", article_id)  # noqa: S608 - names only
        if not rows:
            return None
        return _article(*rows[0])

    def info(self, article_id: str) -> ArticleInfo:
        """An article's metadata alone, whatever its text. Raises KeyError where it is not held."""
        for row in self._all(f"SELECT {COLUMNS} FROM article WHERE article_id = ?", article_id):  # noqa: S608 - names only
            return ArticleInfo(*row)  # type: ignore[arg-type] # a table's row
        raise KeyError(article_id)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()


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
