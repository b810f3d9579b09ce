"""Articles, chunks and the lexical index of one generation, in one SQLite file.

The lexical index is SQLite's FTS5: BM25 with k1 = 1.2 and b = 0.75 over text, heading and title, words folded by
Unicode and stemmed by Porter. It stores no text of its own. Words are counted as they are written, too. What else a
reader sees of an article (date, publisher, author, text in no chunk) is not searched, but is not said to be missing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import threading
import weakref
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from rag import absence
from rag.absence import TOKENIZER, any_of
from rag.errors import IndexUnusable
from rag.filters import Filters
from rag.types import Article, ArticleInfo, Chunk, Passage, Sentence
from rag.words import bare, commonest, forms, written

FILE = "passages.db"

_INFO = tuple(f.name for f in fields(ArticleInfo))
_COLUMNS = ", ".join(_INFO)
_SCHEMA = f"""
CREATE TABLE article (
    key INTEGER PRIMARY KEY, shard INTEGER NOT NULL, {_COLUMNS}, text TEXT NOT NULL, UNIQUE (article_id)
);
CREATE INDEX article_shard ON article (shard);
CREATE TABLE chunk (
    key INTEGER PRIMARY KEY, article INTEGER NOT NULL REFERENCES article (key), ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, section TEXT, sentences TEXT NOT NULL, digest BLOB NOT NULL,
    UNIQUE (article, ordinal)
);
CREATE VIRTUAL TABLE lexical USING fts5(
    text, section, title, content='', tokenize="{TOKENIZER}"
);
CREATE VIRTUAL TABLE beside USING fts5(words, content='', tokenize="{TOKENIZER}");
CREATE TABLE word (word TEXT PRIMARY KEY, bare TEXT NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX word_bare ON word (bare);
"""
_PASSAGES = """
SELECT article, chunk.key, ordinal, start, "end", section, sentences
FROM chunk WHERE chunk.key IN (SELECT value FROM json_each(?))
"""
_ARTICLES = f"SELECT key, text, {_COLUMNS} FROM article WHERE key IN (SELECT value FROM json_each(?))"  # noqa: S608 - names only
_SEARCH = """
SELECT best.rowid, best.score, article_id, ordinal
FROM (SELECT rowid, -rank AS score FROM lexical WHERE lexical MATCH ? ORDER BY rank LIMIT ?) AS best
JOIN chunk ON chunk.key = best.rowid JOIN article ON article.key = chunk.article
ORDER BY score DESC, article_id, ordinal
"""
_SEARCH_WITHIN = _SEARCH.replace(
    " ORDER BY rank LIMIT", " AND +rowid IN (SELECT value FROM json_each(?)) ORDER BY rank LIMIT"
)  # without the plus sign FTS5 searches once for each row that passes


class PassageWriter:
    """Changes the passages of a generation that is being built. Not safe against a crash: the folder is."""

    def __init__(self, path: Path) -> None:
        fresh = not path.exists()
        self._db = sqlite3.connect(path, isolation_level=None)
        weakref.finalize(self, self._db.close)  # a build that fails drops it
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("PRAGMA synchronous = OFF")
        if fresh:
            self._db.executescript(_SCHEMA)
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
        marks = ", ".join("?" * (len(_INFO) + 2))
        key = self._db.execute(
            f"INSERT INTO article (shard, {_COLUMNS}, text) VALUES ({marks})",  # noqa: S608 - names and marks only
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
        text, *of_info = self._db.execute(f"SELECT text, {_COLUMNS} FROM article WHERE key = ?", (article,)).fetchone()  # noqa: S608 - names only
        chunks = 'SELECT start, "end" FROM chunk WHERE article = ? ORDER BY start'
        pieces, at = [absence.beside(ArticleInfo(*of_info), text)], 0
        for start, end in self._db.execute(chunks, (article,)):
            pieces.append(text[at:start])
            at = max(at, end)
        return "\n".join([*pieces, text[at:]])

    def chunks(self, shards: Iterable[int]) -> dict[int, list[tuple[int, bytes]]]:
        """(key, SHA-256 of the text) of all chunks of these shards in canonical order: by article id, then position."""
        return _chunks(self._db, shards)

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
        rows = self._all(
            "SELECT chunk.key FROM chunk JOIN article ON article.key = chunk.article "
            "WHERE (?1 IS NULL OR date >= ?1) AND (?2 IS NULL OR date <= ?2) "
            "AND (?3 IS NULL OR article_id IN (SELECT value FROM json_each(?3))) ORDER BY article_id, ordinal",
            filters.since,
            filters.until,
            json.dumps(filters.articles) if filters.articles else None,
        )
        return [int(str(key)) for (key,) in rows]

    def missing(self, article_ids: Sequence[str]) -> list[str]:
        """Those of some article ids that are not held."""
        query = "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT article_id FROM article)"
        return [str(id) for (id,) in self._all(query, json.dumps(list(article_ids)))]

    def search(self, terms: Sequence[str], k: int, within: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """The `k` chunks with the largest BM25 over any of the terms, as (key, BM25), best first; of all, or of some.

        Equal scores are in canonical order. FTS5 returns the best by score alone, so more are asked for until the last
        one is worse than the k-th: only then can no other chunk share its score.
        """
        query, limit = any_of(terms), 2 * k
        if not terms:
            return []
        while True:
            if within is None:
                rows = self._all(_SEARCH, query, limit)
            else:
                rows = self._all(_SEARCH_WITHIN, query, json.dumps(list(within)), limit)
            if len(rows) < limit or rows[-1][1] != rows[k - 1][1]:
                break
            limit *= 4
        return [(int(str(key)), float(str(score))) for key, score, *_ in rows[:k]]

    def occurs(self, term: str) -> bool:
        """As `Vocabulary.occurs`; a term is a phrase of stems."""
        return self._stands(any_of(forms(term)))

    def nowhere(self, term: str) -> bool:
        """As `Store.nowhere`."""
        return not self._stands(absence.query(term))

    def _stands(self, words: str) -> bool:
        """Whether an FTS5 query is met by what a reader sees of any article."""
        queries = (f"SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT 1" for table in ("lexical", "beside"))  # noqa: S608 - names only
        return any(self._all(query, words) for query in queries)

    def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """As `Vocabulary.writings`."""
        query = "SELECT word, bare, count FROM word WHERE bare IN (SELECT value FROM json_each(?))"
        rows = self._all(query, json.dumps(list(words)))
        return commonest((str(word), str(key), int(str(count))) for word, key, count in rows)

    def passages(self, keys: Sequence[int]) -> list[Passage]:
        """The passages of these keys, in the order of the keys.

        The text of each article is held against its hash: what is quoted is what was indexed, or an IndexUnusable.
        """
        rows = self._all(_PASSAGES, json.dumps(list(keys)))
        # Each text is read and held against its hash once, however many of the passages are of it: it may be a book.
        articles = {row[0]: _article(*row[1:]) for row in self._all(_ARTICLES, json.dumps([*{row[0] for row in rows}]))}
        found = {row[1]: _passage(*articles[row[0]], *row[2:]) for row in rows}
        return [found[key] for key in keys]

    def leads(self) -> list[int]:
        """The key of each article's first chunk, in the order of article ids."""
        rows = self._all(
            "SELECT chunk.key FROM chunk JOIN article ON article.key = chunk.article "
            "WHERE ordinal = 0 ORDER BY article_id"
        )
        return [int(str(key)) for (key,) in rows]

    def chunks(self, shards: Iterable[int]) -> dict[int, list[tuple[int, bytes]]]:
        """As `PassageWriter.chunks`."""
        with self._lock:
            return _chunks(self._db, shards)

    def articles(self) -> list[tuple[ArticleInfo, int, int]]:
        """All articles in the order of their ids, each with its length in code points and its number of chunks."""
        rows = self._all(
            f"SELECT {_COLUMNS}, length(text), (SELECT count(*) FROM chunk WHERE chunk.article = article.key) "  # noqa: S608 - names only
            "FROM article ORDER BY article_id"
        )
        return [(ArticleInfo(*row[:-2]), int(str(row[-2])), int(str(row[-1]))) for row in rows]  # type: ignore[arg-type] # a table's row

    def article(self, article_id: str) -> tuple[ArticleInfo, str] | None:
        """An article's metadata and text."""
        rows = self._all(f"SELECT text, {_COLUMNS} FROM article WHERE article_id = ?", article_id)  # noqa: S608 - names only
        if not rows:
            return None
        return _article(*rows[0])

    def close(self) -> None:
        """Closes the file."""
        self._db.close()


def _chunks(db: sqlite3.Connection, shards: Iterable[int]) -> dict[int, list[tuple[int, bytes]]]:
    out: dict[int, list[tuple[int, bytes]]] = {shard: [] for shard in shards}
    for shard, key, digest in db.execute(
        "SELECT shard, chunk.key, digest FROM chunk JOIN article ON article.key = chunk.article "
        "WHERE shard IN (SELECT value FROM json_each(?)) ORDER BY article_id, ordinal",
        (json.dumps(list(out)),),
    ):
        out[shard].append((key, digest))
    return out


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


def _article(text: object, *of_info: object) -> tuple[ArticleInfo, str]:
    info = ArticleInfo(*of_info)  # type: ignore[arg-type] # a table's row
    return info, _sound(info, str(text))


def _passage(info: ArticleInfo, text: str, *of_chunk: object) -> Passage:
    ordinal, start, end, section, sentences = of_chunk
    chunk = Chunk(ordinal, start, end, section, tuple(Sentence(*s) for s in json.loads(str(sentences))))  # type: ignore[arg-type] # a table's row
    return Passage(info, chunk, text[chunk.start : chunk.end])


def _sound(info: ArticleInfo, text: str) -> str:
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != info.text_sha256:
        raise IndexUnusable(f"the stored text of {info.path} is damaged; run `rag build`")
    return text
