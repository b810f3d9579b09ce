"""A primary and a streaming replica: reading from one, writing to the other, and one taking the place of the other."""

import threading
import time

import pytest

from rag.types.errors import IndexUnusable, RagError
from rag.types.filters import ALL
from tests.store.cluster import binaries, running
from tests.store.made import article, build, corpus, vector
from tests.store.replicas import promote, replica_of
from tests.store.test_promises import check_rankings


@pytest.fixture
def primary():
    if binaries() is None:
        pytest.skip("there is no PostgreSQL with pgvector here (Debian: postgresql-17-pgvector)")
    with running() as made:
        yield made


def store_at(url, read_url=None):
    from rag.store.postgres import PostgresStore

    return PostgresStore(url, read_url)


def arrived(replica, url, generation):
    """Waits until a replica has a generation."""
    end = time.monotonic() + 30
    store = store_at(replica.url(url))
    while store.current() != generation:
        assert time.monotonic() < end
        time.sleep(0.05)
    store.close()


def sql(cluster, query):
    import psycopg

    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        return connection.execute(query).fetchall()


def answers(reader):
    """What one reader finds: words, vectors and texts."""
    lexical = reader.search_lexical(["harbour", "round"], 10, (ALL,))[0]
    dense = reader.search_dense(vector("harbour gate"), 10)[0]
    found = [zip(reader.passages([id for id, _ in its]), its, strict=True) for its in (lexical, dense)]
    return reader.generation, [(passage.info, passage.text, score) for its in found for passage, (_, score) in its]


def test_a_replica_answers_as_its_primary_and_takes_no_writes(primary):
    url = primary.create("x")
    held = corpus(7, 20)
    with replica_of(primary) as replica:
        store = store_at(url, replica.url("x"))
        build(store, held.values()).close()
        arrived(replica, "x", store_at(url).current())
        reader = store.open()
        check_rankings(reader, held)
        alone = store_at(replica.url("x"))
        with pytest.raises(IndexUnusable, match=r"replica.*'store'"):
            build(alone, [article("a", "A gate.")])
        with pytest.raises(IndexUnusable, match="takes no writes"):
            alone.count_try("a" * 64, ["b" * 64])
        reader.close()
        # One that lags has the generation from before, whole; a builder sees the primary all the same.
        sql(replica, "SELECT pg_wal_replay_pause()::text")
        after = build(store, [article("late", "A late gate.")])
        assert store.current() != after.generation
        lagging = store.open()
        check_rankings(lagging, held)
        with store.building():
            assert store.current() == after.generation
        sql(replica, "SELECT pg_wal_replay_resume()::text")
        arrived(replica, "x", after.generation)
        for one in (lagging, after, alone, store):
            one.close()


def test_a_primary_is_killed_under_load_and_its_replica_takes_its_place(primary):
    """No wrong answer at any time; only clear errors in between, and then the same answers."""
    primary.create("x")
    held = corpus(8, 20)
    truth, failures, errors, asked, over = {}, [], [], [], threading.Event()
    with replica_of(primary) as replica:
        # libpq finds the server that takes writes.
        hosts = f"127.0.0.1:{primary.port},127.0.0.1:{replica.port}"
        both = f"postgresql://postgres:secret@{hosts}/x?target_session_attrs=read-write"
        store = store_at(both)
        first = build(store, held.values())
        truth[first.generation] = answers(first)[1]
        first.close()

        def ask(address):
            mine = store_at(address)
            while not over.is_set():
                try:
                    reader = mine.open()
                    generation, found = answers(reader)
                    asked.append(time.monotonic())
                    if truth.get(generation, found) != found:
                        failures.append(generation)
                    truth.setdefault(generation, found)
                    reader.close()
                except RagError as error:
                    errors.append(str(error))
                    time.sleep(0.05)
                except Exception as error:  # noqa: BLE001 - whatever it is, the test has failed
                    failures.append(repr(error))
            mine.close()

        askers = [threading.Thread(target=ask, args=[a]) for a in (both, both, replica.url("x"))]
        for asker in askers:
            asker.start()
        for step in range(3):
            build(store, [article("new", f"This is round {step} of the harbour.")]).close()
        last = store.current()
        arrived(replica, "x", last)
        threading.Timer(0.3, primary.kill).start()
        with pytest.raises(IndexUnusable), store.building():
            writer = store.begin(first.recipe, afresh=True)
            for n in range(100_000):
                writer.put(article(f"b{n}", "This is never read."))
        promote(replica)
        up = time.monotonic()
        end = up + 60
        while not any(at > up + 1 for at in asked):
            assert time.monotonic() < end, errors[-3:]
            time.sleep(0.1)
        assert store.current() == last
        assert list(store.findings()) == []
        after = build(store, [article("new", "This is round 9 of the harbour.")])
        reopened = answers(after)
        after.close()
        time.sleep(0.5)
        over.set()
        for asker in askers:
            asker.join()
        assert failures == []
        assert truth[reopened[0]] == reopened[1]
        assert all("secret" not in error for error in errors)
        assert all("the database" in error or "removed by a build" in error for error in errors), set(errors)
        store.close()
