"""Backends that keep the promises of a store: each opens stores at one place, and can spoil what lies there."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.store.cluster import Cluster, binaries, running
from tests.store.made import DIMENSION
from tests.stored import files_of

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

    def another(self) -> Postgres:
        """Another place."""
        return Postgres(self.cluster)

    def run(self, query: str, *values: object) -> list[tuple]:
        """Runs SQL behind the store's back."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            done = connection.execute(query, values)
            return done.fetchall() if done.description else []

    def spoil(self, what: str) -> None:
        """Changes what is stored of all articles."""
        self.run(SPOILED[what])

    def spoil_unseen(self, what: str) -> None:
        """The same as a disk does it: the database takes no note."""
        import psycopg

        with psycopg.connect(self.url) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(SPOILED[what])

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


VECTOR_BYTES = 4 * DIMENSION
CHANGED = {
    "text": "UPDATE article SET text = 'X' || substr(text, 2)",
    "title": "UPDATE article SET publisher = 'Another'",
    "passage": "UPDATE chunk SET sentences = replace(sentences, ',null]', ',7]')",
    "lost passage": "DELETE FROM chunk WHERE ordinal = 0",
    "lost article": "DELETE FROM article",
}


class Files:
    """A folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.index, self.stores = folder / f"store{next(_NUMBERS)}", []
        self.url = str(self.index)

    def open(self):
        """As `Postgres.open`."""
        from rag.store.files import FileStore

        self.stores.append(FileStore(self.index))
        return self.stores[-1]

    def another(self) -> Files:
        """Another place."""
        return Files(self.index.parent)

    def spoil(self, what: str) -> None:
        """As `Postgres.spoil`."""
        folders = (self.index / "generations").glob("[0-9a-f]*")
        generations = [g.name for g in sorted(folders, key=lambda g: g.stat().st_mtime_ns)]
        if what == "certificate":
            for file in (self.index / "certificates").glob("*.json"):
                file.write_text(file.read_text().replace("0.01", "0.001"))
        elif what == "older text":
            _change(files_of(self.index, "*.passages", generations[0]), CHANGED["text"])
        else:
            patterns = {"vector": "*.vectors", "note": "manifest.json"}
            files, databases = (
                {file for generation in generations for file in files_of(self.index, pattern, generation)}
                for pattern in (patterns.get(what, "*.words"), "*.passages")
            )
            self._spoil(files, databases, what)

    def _spoil(self, files: Iterable[Path], databases: Iterable[Path], what: str) -> None:
        if what in CHANGED:
            _change(databases, CHANGED[what])
        for file in files:
            if what in ("vector", "note", "words", "lost words"):
                data = bytearray(file.read_bytes())
                for at in range(len(data) - 9, 0, -VECTOR_BYTES) if what == "vector" else [-9]:
                    data[at] ^= 1
                file.write_bytes(data if what != "lost words" else data[:-9])

    def litter(self) -> list[str]:
        """As `Postgres.litter`."""
        files = (path for path in self.index.rglob("*") if path.name != "hashed.json")
        return sorted(f"{path} {path.stat().st_size}" for path in files)

    def close(self) -> None:
        """Ends what is open."""
        for store in self.stores:
            store.close()


def _change(databases: Iterable[Path], query: str) -> None:
    for file in databases:
        with contextlib.closing(sqlite3.connect(file)) as db:
            db.execute(query)
            db.commit()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if binaries() is None:
        pytest.skip("there is no PostgreSQL with pgvector here (Debian: postgresql-17-pgvector)")
    pytest.importorskip("psycopg_pool", reason="the extra 'postgres' is not installed")
    with running() as made:
        yield made


@pytest.fixture(params=["files", "postgres"])
def place(request, tmp_path):
    """Where stores of a backend are kept."""
    made = Files(tmp_path) if request.param == "files" else Postgres(request.getfixturevalue("cluster"))
    yield made
    made.close()


@pytest.fixture
def backend(cluster):
    """A place in PostgreSQL."""
    made = Postgres(cluster)
    yield made
    made.close()


@pytest.fixture
def store(place):
    return place.open()
