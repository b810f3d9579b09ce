"""The rows that a build writes and takes away: articles with their passages, vectors and words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, LiteralString

from rag.language import absence
from rag.store.postgres import rows, segments
from rag.store.postgres.connections import Connection, fetched, sent
from rag.store.postgres.rows import ArticleRow, Damaged, article_of, chunk_of, encoded, passage_values, sha256
from rag.types import SeedEntry
from rag.types.contents import Contents
from rag.types.errors import IndexUnusable
from rag.types.stores import StoredArticle

_LAST_KEY = 2**32 - 1
_COPY_ARTICLES: LiteralString = "COPY article (" + rows.ARTICLE_COLUMNS + ") FROM STDIN (FORMAT BINARY)"
_COPY_PASSAGES: LiteralString = "COPY passage (" + rows.PASSAGE_COLUMNS + ") FROM STDIN (FORMAT BINARY)"
_COPY_VECTORS: LiteralString = "COPY embedding (key, article, dimension, vector) FROM STDIN (FORMAT BINARY)"
_GOING: LiteralString = (
    "SELECT key, since, info, text, passages, tokens, sum = " + rows.ARTICLE_SUM + " FROM article "  # noqa: S608 - words of our own
    "WHERE until IS NULL AND article_id = ANY(%s)"
)
_CHUNKS: LiteralString = (
    "SELECT article, ordinal, chunk FROM passage WHERE article = ANY(%s) AND sum = " + rows.PASSAGE_SUM  # noqa: S608 - words of our own
)
_GONE: LiteralString = "INSERT INTO gone (key, last, number) VALUES (%s, %s, %s)"
REMOVE: tuple[LiteralString, ...] = (
    "DELETE FROM embedding WHERE article = ANY(%s)",
    "DELETE FROM passage WHERE article = ANY(%s)",
    "DELETE FROM article WHERE key = ANY(%s)",
)
"""What removes articles of these keys."""


class Changes:
    """What one build changes of generation `number`, by its transaction. `key` is the last that was used."""

    def __init__(self, connection: Connection, number: int, encoder: str, key: int) -> None:
        self._connection, self._number, self._encoder = connection, number, encoder
        self.contents = Contents()
        self._collected = segments.Collected()
        self.first_key = self.key = key
        self.articles = self.passages = self.words = 0

    def take(self, ids: Iterable[str]) -> int:
        """Removes the articles of these ids that are held; how many those were. Raises Damaged for a changed row."""
        going = fetched(self._connection, _GOING, [[encoded(id) for id in ids]])
        if not going:
            return 0
        keys = [row[0] for row in going]
        chunks: dict[int, list[Any]] = {key: [] for key in keys}
        for key, ordinal, chunk in fetched(self._connection, _CHUNKS, [keys]):
            chunks[key].append(chunk_of(ordinal, chunk))
        for key, _, info, text, passages, _, is_whole in going:
            held, whole = article_of(info, text)
            if not is_whole or len(chunks[key]) != passages:
                raise Damaged(f"the article {held.path} is damaged; run `rag build` again, which mends it")
            self.contents.remove(SeedEntry.of(held))
            self._collected.count(((whole[c.start : c.end], c.section, held.title) for c in chunks[key]), -1)
        self._connection.execute("UPDATE article SET until = %s WHERE key = ANY(%s)", [self._number, keys])
        for query in REMOVE:  # nobody has read what this build has put itself
            self._connection.execute(query, [[row[0] for row in going if row[1] == self._number]])
        with self._connection.cursor() as cursor:
            cursor.executemany(_GONE, [(row[0], row[0] + row[4], self._number) for row in going])
        self._count(-len(going), -sum(row[4] for row in going), -sum(row[5] for row in going))
        return len(going)

    def put(self, articles: Sequence[StoredArticle]) -> None:
        """Adds articles. Raises IndexUnusable for an id that is too long."""
        keys: list[int] = []
        for article in articles:
            self.contents.add(SeedEntry.of(article.info))
            keys.append(self.key + 1)
            self.key += 1 + len(article.chunks)
        if self.key > _LAST_KEY:
            raise IndexUnusable("the database has used all its keys; copy the index into a new one")
        keyed = list(zip(keys, articles, strict=True))
        passages = [key + 1 + n for key, article in keyed for n in range(len(article.chunks))]
        texts = [text for article in articles for text in _searched(article)]
        found = iter(self._collected.add(passages, texts, [(key, _beside(article)) for key, article in keyed]))
        self._collected.add_runs((key, article.text, article.info.title) for key, article in keyed)
        lengths = [[next(found) for _ in article.chunks] for article in articles]
        self._copy(_COPY_ARTICLES, rows.ARTICLE_TYPES, self._articles(keyed, lengths))
        self._copy(_COPY_PASSAGES, rows.PASSAGE_TYPES, _passages(keyed, lengths))
        self._copy(_COPY_VECTORS, rows.VECTOR_TYPES, _vectors(keyed))
        self._count(len(articles), len(passages), sum(map(sum, lengths)))
        if self._collected.size >= segments.FLUSHED_AT:
            self.write_segment()

    def _articles(
        self, keyed: Sequence[tuple[int, StoredArticle]], lengths: Sequence[Sequence[int]]
    ) -> Iterator[tuple[object, ...]]:
        for (key, article), its in zip(keyed, lengths, strict=True):
            held = ArticleRow(key, self._number, article.info, article.text, len(its), sum(its), self._encoder)
            yield held.values()

    def _count(self, articles: int, passages: int, words: int) -> None:
        self.articles, self.passages, self.words = (
            self.articles + articles,
            self.passages + passages,
            self.words + words,
        )

    def _copy(self, into: LiteralString, types: Sequence[str], values: Iterable[tuple[object, ...]]) -> None:
        with self._connection.cursor().copy(into) as copy:
            copy.set_types(types)
            for row in values:
                copy.write_row(row)

    def write_segment(self) -> None:
        """Writes what was collected of words."""
        collected = self._collected
        if not collected.is_empty():
            segments.write(self._connection, self._number, collected.passages, collected.postings(), collected.words())
            collected.clear()


def _searched(article: StoredArticle) -> list[tuple[str, str | None, str | None]]:
    """(text, heading, title) of each passage: what is searched of it by words."""
    return [(article.text[c.start : c.end], c.section, article.info.title) for c in article.chunks]


def _beside(article: StoredArticle) -> str:
    """What a reader sees of an article beside its passages and headings, or reads otherwise than FTS5 does."""
    pieces, at = [absence.beside(article.info, article.text)], 0
    for chunk in article.chunks:
        pieces.append(article.text[at : chunk.start])
        at = max(at, chunk.end)
    return "\n".join([*pieces, article.text[at:]])


def _passages(
    keyed: Sequence[tuple[int, StoredArticle]], lengths: Sequence[Sequence[int]]
) -> Iterator[tuple[object, ...]]:
    for (key, article), its in zip(keyed, lengths, strict=True):
        for n, (chunk, length, vector) in enumerate(zip(article.chunks, its, article.vectors, strict=True)):
            digest = sha256(article.text[chunk.start : chunk.end].encode())
            yield passage_values(key + 1 + n, key, chunk, length, digest, sha256(sent(vector)))


def _vectors(keyed: Sequence[tuple[int, StoredArticle]]) -> Iterator[tuple[object, ...]]:
    for key, article in keyed:
        for n, vector in enumerate(article.vectors):
            yield key + 1 + n, key, len(vector), vector
