"""Writes the next generation of a database, in one transaction (`rag.types.stores.Writer`)."""

from __future__ import annotations

import contextlib
import json
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import LiteralString, Protocol

import psycopg

from rag.store.postgres import record, schema, segments, soundness
from rag.store.postgres.changes import Changes
from rag.store.postgres.connections import Connections, fetched, received
from rag.store.postgres.nearest import build_graph
from rag.store.postgres.reader import PostgresReader
from rag.store.postgres.rows import Damaged, decoded, generation_sum
from rag.types import Vectors
from rag.types.contents import Contents
from rag.types.errors import IndexUnusable, SeedError
from rag.types.stores import Reader, Recipe, StoredArticle, generation_name

_AT_ONCE = 1_000  # passages that are written together
_CHARACTERS = 4_000_000  # or as much text
_ASKED = 10_000  # digests
_FEW = 20  # articles of which all is read at once
_KNOWN: LiteralString = (
    "SELECT DISTINCT ON (p.digest) p.digest, vector_send(e.vector) FROM passage p JOIN embedding e USING (key) "
    "JOIN article a ON a.key = p.article WHERE p.digest = ANY(%s) AND a.encoder = %s "
    "AND sha256(vector_send(e.vector)) = p.vector_sum ORDER BY p.digest, p.key"
)
# Articles of one generation that another does not hold.
_BETWEEN: LiteralString = (
    "SELECT key, article_id FROM article WHERE since <= %s AND (until IS NULL OR until > %s) "
    "AND NOT (since <= %s AND (until IS NULL OR until > %s)) ORDER BY article_id"
)
_OLD: LiteralString = "SELECT key, info, text, passages FROM article WHERE key = ANY(%s) ORDER BY article_id"


class Finish(Protocol):
    """What the store does when a writer has all."""

    def there(self, name: str) -> Callable[[], Reader] | None:
        """What makes a generation of this name current, where a sound one is kept."""
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
        self._pending: dict[str, StoredArticle] = {}
        with ExitStack() as stack:
            stack.callback(self._connection.close)
            with connections.telling():
                self._begin(afresh)
            stack.pop_all()

    def _begin(self, afresh: bool) -> None:
        connection = self._connection
        connection.autocommit = False
        schema.writing(connection)
        schema.only_one(connection, schema.WRITER, 10.0)
        before, key = fetched(connection, "SELECT current, key FROM state FOR UPDATE")[0]
        self._number = int(fetched(connection, "SELECT coalesce(max(number), 0) + 1 FROM generation")[0][0])
        self._changes = Changes(connection, self._number, self._recipe.encoder_sha256, int(key))
        self._clean, self._before = self._number - 1, before
        if afresh:
            connection.execute("UPDATE article SET until = %s WHERE until IS NULL", [self._number])
            connection.execute("UPDATE segment SET until = %s WHERE until IS NULL", [self._number])
        elif before is not None:
            query: LiteralString = (
                "SELECT articles, passages, tokens, clean, contents FROM generation WHERE number = %s"
            )
            changes = self._changes
            *counts, contents = fetched(connection, query, [before])[0]
            changes.articles, changes.passages, changes.words, self._clean = counts
            changes.contents = Contents(contents)

    @property
    def passage_count(self) -> int:
        """As `Writer.passage_count`."""
        with self._working():
            self._flush()
            return self._changes.passages

    def known(self, digests: Collection[bytes]) -> dict[bytes, Vectors]:
        """As `Writer.known`."""
        wanted, found = list(digests), dict[bytes, Vectors]()
        with self._working():
            for at in range(0, len(wanted), _ASKED):
                values = [wanted[at : at + _ASKED], self._recipe.encoder_sha256]
                rows = fetched(self._connection, _KNOWN, values)
                found |= {digest: received(data) for digest, data in rows}
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
            if not self._changes.take([article_id]) and put is None:
                raise KeyError(article_id)

    @contextmanager
    def _working(self) -> Iterator[None]:
        if self._connection.closed:
            raise IndexUnusable(
                f"the connection to {self._connections.place} was lost while it was written; run this again: the index "
                "is the one from before"
            )
        try:
            with self._connections.telling():
                yield
        except Damaged as error:
            self.abort()
            with self._connections.own() as connection:
                soundness.suspect(connection, str(error))
            raise

    def _flush(self) -> None:
        articles = list(self._pending.values())
        self._pending.clear()
        with self._working():
            self._changes.take(self._ids(articles))
            self._changes.put(articles)

    @staticmethod
    def _ids(articles: Collection[StoredArticle]) -> list[str]:
        return [article.info.article_id for article in articles]

    def become(self, old: PostgresReader, current: int) -> None:
        """Puts and removes what makes an older generation of the current one."""
        with self._working():
            going = fetched(self._connection, _BETWEEN, [current, current, old.number, old.number])
            for at in range(0, len(going), _FEW):
                self._changes.take([decoded(id) for _, id in going[at : at + _FEW]])
            rows = fetched(self._connection, _BETWEEN, [old.number, old.number, current, current])
        coming = [key for key, _ in rows]
        for at in range(0, len(coming), _FEW):
            for article in old.whole(old.rows(_OLD, [coming[at : at + _FEW]])):
                self.put(article)

    def commit(self, files: Mapping[str, str]) -> str:
        """As `Writer.commit`."""
        with contextlib.closing(self.committed(files)) as reader:
            return reader.generation

    def committed(self, files: Mapping[str, str]) -> Reader:
        """The same, and opens it."""
        self._flush()
        if not self._changes.passages and self._changes.articles:
            self.abort()
            raise SeedError("there is nothing to quote: no article has a passage")
        name = generation_name(self._recipe, self._changes.contents)
        there = self._finish.there(name)
        if there is not None:
            self.abort()
            return there()
        with self._working():
            self._changes.write_segment()
            self._clean = segments.tidy(self._connection, self._number, self._clean, self._changes.passages)
            self._publish(name, files)
            self._connection.commit()
        self._connection.close()
        return self._finish.published(self._number)

    def _publish(self, name: str, files: Mapping[str, str]) -> None:
        connection, changes = self._connection, self._changes
        recipe, read = json.dumps(asdict(self._recipe)), json.dumps(dict(sorted(files.items())))
        gone = fetched(connection, "SELECT count(*)::int FROM gone WHERE number > %s", [self._clean])[0][0]
        totals = changes.articles, changes.passages, changes.words
        values = [self._number, name, recipe, read, *totals, self._clean, gone]
        connection.execute(
            "INSERT INTO generation (number, name, recipe, files, articles, passages, tokens, clean, gone, sum, "
            "contents) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [*values, generation_sum(values), changes.contents.state],
        )
        if self._before is not None:
            record.write(connection, self._number, changes.first_key)
        connection.execute("UPDATE state SET current = %s, key = %s", [self._number, changes.key])
        build_graph(connection, changes.passages)
        if 4 * (changes.key - changes.first_key) > changes.passages:  # the database would guess wrongly until it looks
            connection.execute("ANALYZE article, passage, embedding, posting, word")

    def abort(self) -> None:
        """As `Writer.abort`."""
        with contextlib.suppress(psycopg.Error):
            self._connection.rollback()
        self._connection.close()
