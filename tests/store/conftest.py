"""Backends that keep the promises of a store: each opens stores at one place, and can spoil what lies there."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.store import layout
from rag.store.files import FileStore
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


_FILES = {
    "text": "UPDATE article SET text = 'X' || substr(text, 2)",
    "title": "UPDATE article SET publisher = 'Another'",
    "passage": "UPDATE chunk SET start = start + 1",
    "lost passage": "DELETE FROM chunk WHERE ordinal = 0",
    "lost article": "DELETE FROM article",
}


class Files:
    """An index folder."""

    def __init__(self, cluster: object = None) -> None:
        del cluster
        self.url = tempfile.mkdtemp(prefix="store")

    def open(self) -> FileStore:
        """Another store at the place, as another process opens it."""
        return FileStore(Path(self.url))

    def spoil(self, what: str) -> None:
        """Changes what is stored of all articles."""
        index = Path(self.url)
        current = layout.pointed(index)
        folders = [layout.folder(index, current)]
        if what.startswith("older "):
            folders, what = [f for f in layout.generations(index) if f.name != current], what.removeprefix("older ")
        if what == "certificate":
            for file in (index / "certificates").glob("*.json"):
                file.write_text(file.read_text().replace("0.01", "0.001"))
            return
        for folder in folders:
            if what in _FILES:
                with contextlib.closing(sqlite3.connect(folder / "passages.db")) as db, db:
                    db.execute(_FILES[what])
            elif what == "note":
                file = folder / "manifest.json"
                file.write_text(file.read_text().replace('"chunks": ', '"chunks": 1'))
            for file in folder.glob("*.vectors" if what == "vector" else "*.words" if "words" in what else "-"):
                raw = file.read_bytes()
                file.write_bytes(raw[:-5] + bytes([raw[-5] ^ 4]) + raw[-4:] if what != "lost words" else raw[:-9])

    def litter(self) -> list[tuple[str, int]]:
        """What is there, for a comparison: a writer that was aborted must leave nothing."""
        files = (file for file in Path(self.url).rglob("*") if file.is_file())
        return sorted((str(file), file.stat().st_mtime_ns) for file in files if file.suffix != ".lock")

    def close(self) -> None:
        """Removes the folder."""
        shutil.rmtree(self.url)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    if binaries() is None:
        pytest.skip("there is no PostgreSQL with pgvector here (Debian: postgresql-17-pgvector)")
    pytest.importorskip("psycopg_pool", reason="the extra 'postgres' is not installed")
    with running() as made:
        yield made


@pytest.fixture(params=["files", "postgres"])
def backend(request):
    made = Files() if request.param == "files" else Postgres(request.getfixturevalue("cluster"))
    yield made
    made.close()


@pytest.fixture
def store(backend):
    return backend.open()
