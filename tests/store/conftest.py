"""Backends that keep the promises of a store: each opens stores at one place, and can spoil what lies there."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.store.cluster import Cluster, binaries, running

_NUMBERS = itertools.count()
SPOILED = {
    "text": "UPDATE rag.article SET text = '\\x58' || substring(text FROM 2)",
    "older text": "UPDATE rag.article SET text = 'x' WHERE until IS NOT NULL",
    "title": "UPDATE rag.article SET info = replace(info, 'The Paper', 'Another')",
    "vector": "UPDATE rag.embedding SET vector = vector + vector",
    "words": "UPDATE rag.posting SET entries = entries || entries",
    "lost words": "DELETE FROM rag.posting WHERE token = 'harbour'",
    "passage": "UPDATE rag.passage SET chunk = replace(chunk, ',null,', ',\"x\",')",
    "lost passage": "DELETE FROM rag.passage WHERE ordinal = 0",
    "lost article": "DELETE FROM rag.article",
    "note": "UPDATE rag.generation SET passages = passages + 1",
    "certificate": "UPDATE rag.certificate SET body = replace(body, '0.01', '0.001')",
}


class Postgres:
    """A database of its own in the cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.name, self.stores = cluster, f"store{next(_NUMBERS)}", []
        self.url = cluster.create(self.name)

    def open(self):
        """Another store at the place, as another process opens it."""
        from rag.store.postgres import PostgresStore

        self.stores.append(PostgresStore(self.url))
        return self.stores[-1]

    def run(self, query: str, *values: object) -> list[tuple]:
        """Runs SQL behind the store's back."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            done = connection.execute(query, values)
            return done.fetchall() if done.description else []

    def spoil(self, what: str) -> None:
        """Changes what is stored of all articles."""
        self.run(SPOILED[what])

    def litter(self) -> list[tuple]:
        """What is there, for a comparison: a writer that was killed must leave nothing."""
        tables = "article passage embedding posting word gone segment generation state pin".split()
        query = "SELECT count(*), min(ctid::text), max(ctid::text) FROM rag."
        return [(table, self.run(query + table)) for table in tables]

    def close(self) -> None:
        """Removes the database."""
        for store in self.stores:
            store.close()
        self.cluster.drop(self.name)

    def close_with(self, query: str) -> None:
        """Removes the database and what only then can be removed."""
        import psycopg

        self.close()
        with psycopg.connect(self.cluster.url("postgres"), autocommit=True) as connection:
            connection.execute(query)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if binaries() is None:
        pytest.skip("there is no PostgreSQL with pgvector here (Debian: postgresql-17-pgvector)")
    pytest.importorskip("psycopg_pool", reason="the extra 'postgres' is not installed")
    with running() as made:
        yield made


@pytest.fixture(params=["postgres"])
def backend(request, cluster):
    made = Postgres(cluster)
    yield made
    made.close()


@pytest.fixture
def store(backend):
    return backend.open()
