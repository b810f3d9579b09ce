"""Writes the next generation of a database, in one transaction (`rag.types.stores.Writer`)."""

from __future__ import annotations

import contextlib
import json
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, LiteralString, Protocol

import psycopg

from rag.language import absence
from rag.store.postgres import rows, schema, segments
from rag.store.postgres.connections import Connections, fetched, received, sent
from rag.store.postgres.nearest import build_graph
from rag.store.postgres.reader import PostgresReader
from rag.store.postgres.rows import ArticleRow, article_of, chunk_of, encoded, passage_values, sha256
from rag.types import ArticleInfo, SeedEntry, Vectors
from rag.types.errors import IndexUnusable, SeedError
from rag.types.stores import PAGE, Reader, Recipe, StoredArticle, generation_name

_AT_ONCE = 1_000  # passages that are written together
_CHARACTERS = 4_000_000  # or as much text
_ASKED = 10_000  # digests
_LAST_KEY = 2**32 - 1
_COPY_ARTICLES: LiteralString = "COPY article (" + rows.ARTICLE_COLUMNS + ") FROM STDIN (FORMAT BINARY)"
_COPY_PASSAGES: LiteralString = "COPY passage (" + rows.PASSAGE_COLUMNS + ") FROM STDIN (FORMAT BINARY)"
_COPY_VECTORS: LiteralString = "COPY embedding (key, article, dimension, vector) FROM STDIN (FORMAT BINARY)"
_GOING: LiteralString = (
    "SELECT key, since, info, text, passages, tokens FROM article WHERE until IS NULL AND article_id = ANY(%s)"
)
_CHUNKS: LiteralString = "SELECT article, ordinal, chunk FROM passage WHERE article = ANY(%s)"
_REMOVE: tuple[LiteralString, ...] = (
    "DELETE FROM embedding WHERE key IN (SELECT key FROM passage WHERE article = ANY(%s))",
    "DELETE FROM passage WHERE article = ANY(%s)",
    "DELETE FROM article WHERE key = ANY(%s)",
)
# Articles of one generation that another does not hold.
_BETWEEN: LiteralString = (
    "SELECT key, article_id FROM article WHERE since <= %s AND (until IS NULL OR until > %s) "
    "AND NOT (since <= %s AND (until IS NULL OR until > %s)) ORDER BY article_id"
)
_FEW = 20  # articles of which all is read at once


class Finish(Protocol):
    """What the store does when a writer has all."""

    def there(self, name: str, before: str | None) -> Callable[[], Reader] | None:
        """What makes a generation of this name current where a sound one is kept."""
        ...

    def published(self, number: int) -> Reader:
        """Opens what was written, and prunes."""
        ...


class PostgresWriter:
    """A generation on its way. Its connection holds one transaction, so that whatever ends it leaves nothing."""

    def __init__(self, connections: Connections, recipe: Recipe, *, afresh: bool, finish: Finish) -> None:
        self._connections, self._recipe, self._finish = connections, recipe, finish
        self._connection = connections.connect(patient=True)
        weakref.finalize(self, self._connection.close)
        self._collected, self._pending = segments.Collected(), dict[str, StoredArticle]()
        try:
            with connections.telling():
                self._begin(afresh)
        except BaseException:
            self._connection.close()
            raise

    def _begin(self, afresh: bool) -> None:
        connection = self._connection
        connection.autocommit = False
        schema.only_one(connection, schema.WRITER, 10.0)
        (before, key), *_ = fetched(connection, "SELECT current, key FROM state FOR UPDATE")
        self._first_key = self._key = int(key)
        self._number = int(fetched(connection, "SELECT coalesce(max(number), 0) + 1 FROM generation")[0][0])
        self._before: tuple[int, str] | None = None
        self._totals, self._clean = [0, 0, 0], self._number - 1  # articles, passages, words
        if before is not None:
            query: LiteralString = "SELECT name, articles, passages, tokens, clean FROM generation WHERE number = %s"
            name, *totals, clean = fetched(connection, query, [before])[0]
            self._before = before, name
            if not afresh:
                self._totals, self._clean = [int(total) for total in totals], int(clean)
        if afresh:
            connection.execute("UPDATE article SET until = %s WHERE until IS NULL", [self._number])
            connection.execute("UPDATE segment SET until = %s WHERE until IS NULL", [self._number])

    def known(self, digests: Collection[bytes]) -> dict[bytes, Vectors]:
        """As `Writer.known`."""
        wanted, found = list(digests), dict[bytes, Vectors]()
        with self._working():
            for at in range(0, len(wanted), _ASKED):
                query: LiteralString = (
                    "SELECT DISTINCT ON (p.digest) p.digest, vector_send(e.vector) FROM passage p "
                    "JOIN embedding e USING (key) JOIN article a ON a.key = p.article WHERE p.digest = ANY(%s) "
                    "AND a.encoder = %s AND sha256(vector_send(e.vector)) = p.vector_sum ORDER BY p.digest, p.key"
                )
                values = [wanted[at : at + _ASKED], self._recipe.encoder_sha256]
                found |= {digest: received(data) for digest, data in fetched(self._connection, query, values)}
        return found

    def put(self, article: StoredArticle) -> None:
        """As `Writer.put`."""
        self._pending[article.info.article_id] = article
        some = self._pending.values()
        if sum(len(a.chunks) for a in some) >= _AT_ONCE or sum(len(a.text) for a in some) >= _CHARACTERS:
            self._flush()

    def remove(self, article_id: str) -> None:
        """As `Writer.remove`."""
        put = self._pending.pop(article_id, None)
        with self._working():
            if not self._take([encoded(article_id)]) and put is None:
                raise KeyError(article_id)

    def _working(self) -> Any:
        if self._connection.closed:
            raise IndexUnusable(
                f"the connection to {self._connections.place} was lost while it was written; run this again: the index "
                "is the one from before"
            )
        return self._connections.telling()

    def _flush(self) -> None:
        articles = list(self._pending.values())
        self._pending.clear()
        with self._working():
            self._take([encoded(article.info.article_id) for article in articles])
            self._write(articles)
            if self._collected.size >= segments.FLUSHED_AT:
                self._write_segment()

    def _write(self, articles: Sequence[StoredArticle]) -> None:
        keys = []
        for article in articles:
            keys.append(self._key + 1)
            self._key += 1 + len(article.chunks)
        if self._key > _LAST_KEY:
            raise IndexUnusable(f"{self._connections.place} has used all its keys; copy the index into a new database")
        passages = [key + 1 + n for key, a in zip(keys, articles, strict=True) for n in range(len(a.chunks))]
        texts = [text for article in articles for text in searched(article)]
        others = [(key, beside(article)) for key, article in zip(keys, articles, strict=True)]
        lengths = iter(self._collected.add(passages, texts, others))
        with_lengths = [(k, a, [next(lengths) for _ in a.chunks]) for k, a in zip(keys, articles, strict=True)]
        encoder, number = self._recipe.encoder_sha256, self._number
        self._copy(
            _COPY_ARTICLES,
            rows.ARTICLE_TYPES,
            (
                ArticleRow(k, number, a.info, a.text, len(a.chunks), sum(its), encoder).values()
                for k, a, its in with_lengths
            ),
        )
        self._copy(
            _COPY_PASSAGES, rows.PASSAGE_TYPES, (row for k, a, its in with_lengths for row in _passages(k, a, its))
        )
        self._copy(
            _COPY_VECTORS,
            "int8 int8 int4 vector".split(),
            (
                (key + 1 + n, key, len(vector), vector)
                for key, article in zip(keys, articles, strict=True)
                for n, vector in enumerate(article.vectors)
            ),
        )
        self._add(len(articles), len(passages), sum(sum(its) for *_, its in with_lengths))

    def _add(self, *more: int) -> None:
        self._totals = [total + one for total, one in zip(self._totals, more, strict=True)]

    def _copy(self, into: LiteralString, types: Sequence[str], values: Iterator[tuple[object, ...]]) -> None:
        with self._connection.cursor().copy(into) as copy:
            copy.set_types(types)
            for row in values:
                copy.write_row(row)

    def _take(self, ids: Sequence[bytes]) -> int:
        """Removes the articles of these ids that are held; how many those were."""
        going = fetched(self._connection, _GOING, [list(ids)])
        if not going:
            return 0
        keys = [row[0] for row in going]
        passages: dict[int, list[Any]] = {key: [] for key in keys}
        for key, ordinal, chunk in fetched(self._connection, _CHUNKS, [keys]):
            passages[key].append(chunk_of(ordinal, chunk))
        for key, _, info, text, _, _ in going:
            held, whole = article_of(info, text)
            self._collected.count(((whole[c.start : c.end], c.section, held.title) for c in passages[key]), -1)
        own = [row[0] for row in going if row[1] == self._number]
        self._connection.execute("UPDATE article SET until = %s WHERE key = ANY(%s)", [self._number, keys])
        for query in _REMOVE:
            self._connection.execute(query, [own])
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO gone (key, last, number) VALUES (%s, %s, %s)",
                [(key, key + count, self._number) for key, _, _, _, count, _ in going],
            )
        self._add(-len(going), -sum(row[4] for row in going), -sum(row[5] for row in going))
        return len(going)

    def _write_segment(self) -> None:
        collected = self._collected
        if not collected.is_empty():
            segments.write(self._connection, self._number, collected.passages, collected.postings(), collected.words())
            collected.clear()

    def become(self, old: PostgresReader, current: int) -> None:
        """Puts and removes what makes this of the current generation an older one."""
        with self._working():
            going = fetched(self._connection, _BETWEEN, [current, current, old.number, old.number])
            for at in range(0, len(going), _FEW):
                self._take([id for _, id in going[at : at + _FEW]])
        coming = [key for key, _ in fetched(self._connection, _BETWEEN, [old.number, old.number, current, current])]
        for at in range(0, len(coming), _FEW):
            query: LiteralString = (
                "SELECT key, info, text, passages FROM article WHERE key = ANY(%s) ORDER BY article_id"
            )
            for article in old.whole(old.rows(query, [coming[at : at + _FEW]])):
                self.put(article)

    def commit(self, files: Mapping[str, str]) -> Reader:
        """As `Writer.commit`."""
        self._flush()
        if not self._totals[1]:
            self.abort()
            raise SeedError("there is nothing to quote: no article has a passage")
        with self._working():
            name = generation_name(self._recipe, self._entries())
        before = self._before
        there = self._finish.there(name, None if before is None else before[1])
        if there is not None:
            self.abort()
            return there()
        with self._working():
            self._write_segment()
            self._clean = segments.tidy(self._connection, self._number, self._clean, self._totals[1])
            self._publish(name, files)
            self._connection.commit()
        self._connection.close()
        return self._finish.published(self._number)

    def _publish(self, name: str, files: Mapping[str, str]) -> None:
        connection = self._connection
        recipe, read = json.dumps(asdict(self._recipe)), json.dumps(dict(sorted(files.items())))
        query: LiteralString = "SELECT count(*)::int FROM gone WHERE number > %s"
        gone = fetched(connection, query, [self._clean])[0][0]
        values = [self._number, name, recipe, read, *self._totals, self._clean, gone]
        connection.execute(
            "INSERT INTO generation (number, name, recipe, files, articles, passages, tokens, clean, gone, sum) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [*values, generation_sum(values)],
        )
        connection.execute("UPDATE state SET current = %s, key = %s", [self._number, self._key])
        build_graph(connection, self._totals[1])
        if 4 * (self._key - self._first_key) > self._totals[1]:
            connection.execute("ANALYZE article, passage, embedding, posting, word")

    def _entries(self) -> Iterator[SeedEntry]:
        after = b""
        query: LiteralString = (
            "SELECT article_id, info FROM article WHERE until IS NULL AND article_id > %s ORDER BY article_id LIMIT %s"
        )
        while page := fetched(self._connection, query, [after, PAGE]):
            yield from (SeedEntry.of(ArticleInfo(*json.loads(info))) for _, info in page)
            after = page[-1][0]

    def abort(self) -> None:
        """As `Writer.abort`."""
        with contextlib.suppress(psycopg.Error):
            self._connection.rollback()
        self._connection.close()


def generation_sum(values: Sequence[object]) -> bytes:
    """The `sum` of a row of `generation`: of all before it."""
    return sha256(json.dumps(list(values)).encode())


def searched(article: StoredArticle) -> list[tuple[str, str | None, str | None]]:
    """(text, heading, title) of each passage: what is searched of it by words."""
    return [(article.text[c.start : c.end], c.section, article.info.title) for c in article.chunks]


def beside(article: StoredArticle) -> str:
    """What a reader sees of an article beside its passages and headings, or reads otherwise than FTS5 does."""
    pieces, at = [absence.beside(article.info, article.text)], 0
    for chunk in article.chunks:
        pieces.append(article.text[at : chunk.start])
        at = max(at, chunk.end)
    return "\n".join([*pieces, article.text[at:]])


def _passages(key: int, article: StoredArticle, lengths: Sequence[int]) -> Iterator[tuple[object, ...]]:
    for n, (chunk, length, vector) in enumerate(zip(article.chunks, lengths, article.vectors, strict=True)):
        digest = sha256(article.text[chunk.start : chunk.end].encode())
        yield passage_values(key + 1 + n, key, chunk, length, digest, sha256(sent(vector)))
