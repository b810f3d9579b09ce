"""Reads one generation of a database (`rag.types.stores.Reader`)."""

from __future__ import annotations

import json
import re
import threading
import weakref
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, LiteralString

import numpy as np

from rag.language import absence
from rag.language.wording import Runs
from rag.language.words import commonest, forms
from rag.store.postgres import schema
from rag.store.postgres.connections import Connection, Connections, Rows, fetched, received
from rag.store.postgres.nearest import Nearest
from rag.store.postgres.passing import HELD, Passing, conditions
from rag.store.postgres.rows import article_of, chunk_of, decoded, encoded, passage_sum, sha256
from rag.store.postgres.tokens import phrases, stored
from rag.store.postgres.words import Words
from rag.store.tokens import Tokenizer
from rag.types import ArticleInfo, Chunk, Passage, SeedEntry, Vectors
from rag.types.contents import Contents
from rag.types.errors import IndexUnusable
from rag.types.filters import ALL, Filters
from rag.types.quotes import Sharing
from rag.types.stores import PAGE, HeldArticle, PassageId, Ranking, Recipe, StoredArticle, at_least_one

_STRING = re.compile(r'"((?:[^"]|"")*)"')  # of an FTS5 query
_FEW = 20  # articles of which all is read at once
# Of articles with these keys and numbers of passages. Each range is searched by itself: the planner takes a join by
# ranges for a ninth of all pairs, and reads the tables whole.
_WHOLE: LiteralString = """
    SELECT its.* FROM unnest(%s::bigint[], %s::bigint[]) AS a (key, passages), LATERAL (
        SELECT p.key, p.article, p.ordinal, p.chunk, p.length, p.digest, p.vector_sum, p.sum, vector_send(e.vector)
        FROM passage p JOIN embedding e ON e.key = p.key
        WHERE p.key BETWEEN a.key + 1 AND a.key + a.passages OFFSET 0
    ) AS its ORDER BY its.key
"""
_PASSAGES: LiteralString = (
    "SELECT key, article, ordinal, chunk, length, digest, vector_sum, sum FROM passage WHERE key = ANY(%s)"
)


class PostgresReader:
    """One whole generation, opened for reading. No build removes it while it is open."""

    def __init__(self, connections: Connections, number: int) -> None:
        self._connections, self._number, self._lock = connections, number, threading.Lock()
        self._lease: Connection | None = connections.connect()
        weakref.finalize(self, self._lease.close)
        with connections.telling():
            schema.share(self._lease, number)
        found = connections.rows(
            "SELECT name, recipe, articles, passages, tokens, clean FROM generation WHERE number = %s", [number]
        )
        if not found:
            raise self._removed()
        self._name, recipe, self._articles, self._count, tokens, clean = found[0]
        self._recipe = Recipe(**json.loads(recipe))
        self._passing = Passing(self.rows, number)
        self._nearest = Nearest(self.rows, self._passing, number, self._count)
        self._tokenizer = Tokenizer()
        self._words = Words(self.rows, number, self._passing, self._count, int(tokens), clean)

    @property
    def generation(self) -> str:
        """The generation's name."""
        return str(self._name)

    @property
    def recipe(self) -> Recipe:
        """What it was made with."""
        return self._recipe

    @property
    def article_count(self) -> int:
        """Number of articles."""
        return int(self._articles)

    @property
    def passage_count(self) -> int:
        """Number of passages."""
        return int(self._count)

    @property
    def number(self) -> int:
        """Its number in the database."""
        return self._number

    def rows(self, query: LiteralString, values: Sequence[object] = (), settings: LiteralString = "") -> Rows:
        """The rows of a query. Raises IndexUnusable where the generation was removed before: then some may lack."""

        def work(connection: Connection) -> tuple[Rows, bool]:
            if settings:
                with connection.transaction():
                    connection.execute(settings)
                    rows = fetched(connection, query, values)
            else:
                rows = fetched(connection, query, values)
            there = fetched(connection, "SELECT 1 FROM generation WHERE number = %s", [self._number])
            return rows, bool(there)

        rows, there = self._connections.run(work)
        if not there:
            raise self._removed()
        return rows

    def _removed(self) -> IndexUnusable:
        return IndexUnusable(
            f"a generation of {self._connections.place} was removed by a build while it was asked; ask again"
        )

    def _damaged(self, what: str) -> IndexUnusable:
        return IndexUnusable(f"{what} in {self._connections.place} is damaged; run `rag check`, then `rag build`")

    def search_dense(self, vector: Vectors, k: int, among: Sequence[Filters] = (ALL,)) -> list[Ranking]:
        """As `Reader.search_dense`."""
        at_least_one("k", k)
        return [self._nearest.search(vector, k, filters) for filters in among]

    def search_lexical(self, terms: Sequence[str], k: int, among: Sequence[Filters] = (ALL,)) -> list[Ranking]:
        """As `Reader.search_lexical`."""
        at_least_one("k", k)
        if not terms:
            return [[] for _ in among]
        return self._words.search(phrases(self._tokenizer, terms), k, among)

    def cosines(self, vector: Vectors, ids: Sequence[PassageId]) -> list[float]:
        """As `Reader.cosines`."""
        rows = self.rows("SELECT key, vector_send(vector) FROM embedding WHERE key = ANY(%s)", [list(ids)])
        found = {key: float(received(data) @ vector) for key, data in rows}
        if any(key not in found for key in ids):
            raise self._damaged("a vector")
        return [found[key] for key in ids]

    def passages(self, ids: Sequence[PassageId]) -> list[Passage]:
        """As `Reader.passages`."""
        rows = self.rows(_PASSAGES, [list(ids)])
        held = self._texts({row[1] for row in rows})
        found = {row[0]: self._passage(row, held[row[1]]) for row in rows if row[1] in held}
        if any(key not in found for key in ids):
            raise self._damaged("a passage")
        return [found[key] for key in ids]

    def _texts(self, keys: Collection[int]) -> dict[int, tuple[ArticleInfo, str]]:
        rows = self.rows("SELECT key, info, text FROM article WHERE key = ANY(%s)", [list(keys)])
        return {key: article_of(info, text) for key, info, text in rows}

    def _passage(self, row: tuple[Any, ...], article: tuple[ArticleInfo, str]) -> Passage:
        *said, total = row
        _, _, ordinal, written, _, digest, _ = said
        if passage_sum(*said) != total:
            raise self._damaged(f"a passage of {article[0].path}")
        chunk = chunk_of(ordinal, written)
        text = article[1][chunk.start : chunk.end]
        if sha256(text.encode()) != digest:
            raise self._damaged(f"a passage of {article[0].path}")
        return Passage(article[0], chunk, text)

    def dates(self, ids: Sequence[PassageId]) -> list[str | None]:
        """As `Reader.dates`."""
        query: LiteralString = (
            "SELECT p.key, a.date FROM passage p JOIN article a ON a.key = p.article WHERE p.key = ANY(%s)"
        )
        found: dict[int, str | None] = dict(self.rows(query, [list(ids)]))
        if any(key not in found for key in ids):
            raise self._damaged("a passage")
        return [found[key] for key in ids]

    def leads(self, k: int, filters: Filters = ALL) -> list[PassageId]:
        """As `Reader.leads`."""
        at_least_one("k", k)
        where, values = conditions(self._number, filters)
        query: LiteralString = "SELECT a.key + 1 FROM article a WHERE "
        rows = self.rows(query + where + " AND a.passages > 0 ORDER BY a.article_id LIMIT %s", [*values, k])
        return [PassageId(key) for (key,) in rows]

    def occurs(self, term: str) -> bool:
        """As `Vocabulary.occurs`."""
        return self._words.stands(phrases(self._tokenizer, forms(term)))

    def nowhere(self, term: str) -> bool:
        """As `Reader.nowhere`."""
        asked = [text.replace('""', '"') for text in _STRING.findall(absence.query(term))]
        return not self._words.stands(phrases(self._tokenizer, asked))

    def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """As `Vocabulary.writings`."""
        given = {stored(encoded(word)): word for word in words}
        rows = self._words.writings(list(given))
        return commonest((decoded(word), given[bare], int(count)) for bare, word, count in rows)

    def missing(self, article_ids: Sequence[str]) -> list[str]:
        """As `Reader.missing`."""
        query: LiteralString = "SELECT a.article_id FROM article a WHERE a.article_id = ANY(%s) AND "
        rows = self.rows(query + HELD, [[encoded(id) for id in article_ids], self._number, self._number])
        held = {decoded(id) for (id,) in rows}
        return [id for id in article_ids if id not in held]

    def article(self, article_id: str) -> tuple[ArticleInfo, str] | None:
        """As `Reader.article`."""
        query: LiteralString = "SELECT a.info, a.text FROM article a WHERE a.article_id = %s AND "
        rows = self.rows(query + HELD, [encoded(article_id), self._number, self._number])
        return article_of(*rows[0]) if rows else None

    def chunks(self, article_id: str) -> tuple[Chunk, ...]:
        """As `Reader.chunks`."""
        query: LiteralString = (
            "SELECT p.ordinal, p.chunk FROM article a JOIN passage p ON p.article = a.key WHERE a.article_id = %s AND "
        )
        rows = self.rows(query + HELD + " ORDER BY p.ordinal", [encoded(article_id), self._number, self._number])
        return tuple(chunk_of(ordinal, written) for ordinal, written in rows)

    def sharing(self, wanted: Runs, k: int) -> list[Sharing]:
        """As `Reader.sharing`."""
        return self._words.sharing(wanted, k, self.article_count)

    def articles(self, after: str | None = None, limit: int = PAGE) -> list[HeldArticle]:
        """As `Reader.articles`."""
        at_least_one("limit", limit)
        rows = self._page("a.info, a.characters, a.passages", after, limit)
        return [HeldArticle(ArticleInfo(*json.loads(info)), length, count) for info, length, count in rows]

    def _page(self, columns: LiteralString, after: str | None, limit: int) -> Rows:
        later: LiteralString = " FROM article a WHERE (%s::bytea IS NULL OR a.article_id > %s) AND "
        begin = None if after is None else encoded(after)
        values = [begin, begin, self._number, self._number, limit]
        return self.rows("SELECT " + columns + later + HELD + " ORDER BY a.article_id LIMIT %s", values)

    def entries(self) -> Iterator[SeedEntry]:
        """As `Reader.entries`."""
        after = None
        while page := self.articles(after):
            yield from (SeedEntry.of(held.info) for held in page)
            after = page[-1].info.article_id

    def contents(self) -> Contents:
        """As `Reader.contents`."""
        query: LiteralString = "SELECT contents FROM generation WHERE number = %s"
        return Contents(self.rows(query, [self._number])[0][0])

    def files(self) -> Mapping[str, str]:
        """As `Reader.files`."""
        (files,) = self.rows("SELECT files FROM generation WHERE number = %s", [self._number])[0]
        held: dict[str, str] = json.loads(files)
        return held

    def stored(self) -> Iterator[StoredArticle]:
        """As `Reader.stored`."""
        after = None
        while page := self._page("a.key, a.info, a.text, a.passages", after, _FEW):
            after = json.loads(page[-1][1])[0]
            yield from self.whole(page)

    def whole(self, page: Rows) -> Iterator[StoredArticle]:
        """All of the articles of rows of key, info, text and number of passages."""
        keys = [row[0] for row in page]
        passages: dict[int, list[tuple[Any, ...]]] = {key: [] for key in keys}
        for row in self.rows(_WHOLE, [keys, [row[3] for row in page]]):
            *said, total, vector = row
            if passage_sum(*said) != total or sha256(vector) != said[-1]:
                raise self._damaged("a passage or a vector")
            passages[row[1]].append(row)
        for key, info, text, count in page:
            its = passages[key]
            if len(its) != count:
                raise self._damaged("a passage")
            vectors = np.stack([received(row[-1]) for row in its]) if its else np.zeros((0, 0), dtype=np.float32)
            yield StoredArticle(*article_of(info, text), tuple(chunk_of(row[2], row[3]) for row in its), vectors)

    def is_kept(self) -> bool:
        """As `Reader.is_kept`."""
        newest = self._connections.rows("SELECT max(number) FROM generation WHERE name = %s", [self._name])
        return bool(newest[0][0] == self._number)

    def close(self) -> None:
        """Gives back what it holds open: from now on a build may remove the generation."""
        with self._lock:
            lease, self._lease = self._lease, None
        if lease is not None:
            schema.release(lease, self._number)
            lease.close()
