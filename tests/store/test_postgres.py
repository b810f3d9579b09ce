"""What can go wrong between this program and a PostgreSQL server: each is one clear error, and no password is in it."""

import logging
import os
import subprocess
import threading
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from rag.build.copying import copy_generation
from rag.store import at
from rag.types.errors import IndexBusy, IndexUnusable, RagError, SettingsError
from rag.types.filters import ALL, Filters
from rag.types.settings import Settings
from rag.types.stores import FORMAT
from tests.store.cluster import free_port, own
from tests.store.made import RECIPE, Truth, article, build, corpus, named, vector
from tests.store.test_promises import check_rankings

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


def store_at(url, read_url=None):
    from rag.store.postgres import PostgresStore

    return PostgresStore(url, read_url)


def failing(url, what, kind=IndexUnusable):
    """What opening this address says."""
    store = store_at(url)
    try:
        with pytest.raises(kind, match=what) as error:
            store.open()
    finally:
        store.close()
    assert "secret" not in str(error.value)
    assert "wrong-word" not in str(error.value)
    return str(error.value)


def test_a_server_that_does_not_answer_is_named(cluster):
    begin = time.monotonic()
    said = failing(f"postgresql://me:secret@127.0.0.1:{free_port()}/x", "cannot be reached")
    assert "'store'" in said
    assert "me@127.0.0.1" in said
    assert time.monotonic() - begin < 20


def test_a_wrong_password_is_told(cluster):
    said = failing(cluster.url("postgres").replace("secret", "wrong-word"), "password")
    assert "PGPASSWORD" in said


def test_a_database_that_is_not_there_is_told(cluster):
    failing(cluster.url("no_such_database"), "no_such_database")


@pytest.mark.parametrize(
    "url", [
        "secret", "postgresql://me:secret@[::1/x", "host=a secret", "postgresql://me:sec/secret@h/x",
        "postgresql://me:sec@secret@h/x", "postgresql://me:secret", "postgresql://me:secret@h:port/x",
        "postgresql://h?user=me&password=a@secret",
    ],
)  # fmt: skip
def test_what_is_no_address_is_told_without_it(url):
    pytest.importorskip("psycopg_pool")
    with pytest.raises(SettingsError, match="'store'") as error:
        store_at(url)
    assert "secret" not in str(error.value)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__ or error.value.__context__ is None


def test_a_database_without_pgvector_is_told(backend):
    backend.run("CREATE ROLE plain LOGIN PASSWORD 'secret'")
    backend.run(f'GRANT CREATE ON DATABASE "{backend.name}" TO plain')
    store = store_at(backend.url.replace("//postgres:", "//plain:"))
    with pytest.raises(IndexUnusable, match="CREATE EXTENSION vector"):
        build(store, [article("a", "A gate.")])
    assert backend.run("SELECT 1 FROM pg_namespace WHERE nspname = 'rag'") == []
    backend.run("CREATE EXTENSION vector")
    build(store, [article("a", "A gate.")]).close()
    store.close()
    backend.run("DROP OWNED BY plain CASCADE")
    backend.run("DROP ROLE plain")


def test_the_extension_may_lie_in_another_schema(backend):
    backend.run("CREATE SCHEMA elsewhere")
    backend.run("CREATE EXTENSION vector SCHEMA elsewhere")
    held = corpus(4, 10)
    reader = build(backend.open(), held.values())
    check_rankings(reader, held)
    reader.close()


def test_a_foreign_schema_is_left_alone(backend):
    backend.run("CREATE SCHEMA rag")
    backend.run("CREATE TABLE rag.mine (x int)")
    failing(backend.url, "another program")
    with pytest.raises(IndexUnusable, match="'store'"):
        build(backend.open(), [article("a", "A gate.")])
    assert backend.run("SELECT to_regclass('rag.mine') IS NULL, to_regclass('rag.article') IS NULL") == [(False, True)]


def test_a_newer_schema_is_told(backend):
    build(backend.open(), [article("a", "A gate.")]).close()
    backend.run("UPDATE rag.schema SET version = 99")
    assert "99" in failing(backend.url, "later version")
    with pytest.raises(IndexUnusable, match="later version"):
        build(backend.open(), [article("a", "A gate.")])


def test_whoever_may_only_read_reads_and_does_not_write(backend):
    held = corpus(4, 10)
    reader = build(backend.open(), held.values())
    backend.run("CREATE ROLE asker LOGIN PASSWORD 'secret'")
    backend.run("GRANT USAGE ON SCHEMA rag TO asker")
    backend.run("GRANT SELECT ON ALL TABLES IN SCHEMA rag TO asker")
    store = store_at(backend.url.replace("//postgres:", "//asker:"))
    mine = store.open()
    check_rankings(mine, held)
    with pytest.raises(IndexUnusable, match="permission denied"):
        build(store, [article("a", "A gate.")])
    for one in (mine, reader, store):
        one.close()
    backend.run("DROP OWNED BY asker")
    backend.run("DROP ROLE asker")


def test_a_connection_that_is_lost_is_made_anew(backend):
    held = corpus(5, 10)
    reader = build(backend.open(), held.values())
    for _ in range(5):
        backend.run(KILL, backend.name)
        assert reader.occurs("harbour")
    check_rankings(reader, held)
    reader.close()


def test_a_killed_backend_ends_the_build_and_nothing_else(backend):
    held = corpus(5, 10)
    store = backend.open()
    reader = build(store, held.values())
    with pytest.raises(IndexUnusable, match=r"before|reached"), store.building():
        writer = store.begin(RECIPE, afresh=True)
        writer.put(article("x", "A giraffe."))
        backend.run(KILL + " AND state LIKE 'idle in trans%%'", backend.name)
        writer.commit({})
    assert store.current() == reader.generation
    check_rankings(reader, held)
    assert list(store.findings()) == []
    reader.close()


def test_two_writers_do_not_write_together(backend):
    store = backend.open()
    build(store, [article("a", "A gate.")]).close()
    writer = store.begin(RECIPE, afresh=False)
    begin = time.monotonic()
    with pytest.raises(IndexBusy, match="another build"):
        backend.open().begin(RECIPE, afresh=False)
    assert time.monotonic() - begin > 8
    writer.abort()


def test_more_asks_than_connections_are_all_answered(backend):
    store = backend.open()
    reader = build(store, [article(f"a{n}", "A gate stands here.") for n in range(20)])
    failures = []

    def ask():
        for _ in range(10):
            found = reader.search_lexical(["gate"], 20)[0]
            if len(found) != 20:
                failures.append(found)

    askers = [threading.Thread(target=ask) for _ in range(24)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert failures == []
    reader.close()


def test_no_log_has_the_password(backend, caplog):
    caplog.set_level(logging.DEBUG)
    store = backend.open()
    build(store, [article("a", "A gate.")]).close()
    lost = store_at(f"postgresql://me:secret@127.0.0.1:{free_port()}/x")
    with pytest.raises(RagError):
        lost.current()
    lost.close()
    assert "secret" not in caplog.text
    assert "secret" not in store.place
    assert "secret" not in repr(store.__dict__["_primary"].place)


@pytest.fixture
def small_disk(cluster):
    """A folder of the server's on a file system of 24 MB."""
    small = cluster.folder.parent / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", small]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no small file system can be mounted here")
    own(small)
    yield small
    subprocess.run(["umount", small], check=True)
    small.rmdir()


def test_a_full_disk_leaves_the_index_as_it_was(small_disk, backend, request):
    backend.run(f"CREATE TABLESPACE small LOCATION '{small_disk}'")
    request.addfinalizer(lambda: backend.close_with("DROP TABLESPACE small"))
    backend.run(f'ALTER DATABASE "{backend.name}" SET default_tablespace = small')
    store, held = backend.open(), corpus(5, 10)
    reader = build(store, held.values())
    one = article("big", *(f"Gate {n} " + "stands here. " * 20 for n in range(20)))
    many = (replace(one, info=replace(one.info, article_id=f"big{n}")) for n in range(5000))
    with pytest.raises(IndexUnusable, match="room"), store.building():
        writer = store.begin(RECIPE, afresh=False)
        for big in many:
            writer.put(big)
        writer.commit({})
    assert store.current() == reader.generation
    check_rankings(reader, held)
    assert list(store.findings()) == []
    reader.close()


def test_the_graph_finds_what_filters_leave(backend, monkeypatch):
    """Where passages are many pgvector's graph is asked: with filters too it gives as many as pass."""
    from rag.store.postgres import nearest

    monkeypatch.setattr(nearest, "EXACT_UP_TO", 50)
    monkeypatch.setattr(nearest, "_FEW", 5)
    held = corpus(6, 60)
    store = backend.open()
    reader = build(store, held.values())
    assert backend.run("SELECT to_regclass('rag.embedding_graph') IS NOT NULL") == [(True,)]
    held["more"] = article("more", "One more crimson gate.", date="2024-01-11")
    after = build(store, [held["more"]])
    truth = Truth(held.values())
    for filters in (ALL, Filters(since="2024-01-10"), Filters(since="2024-01-10", until="2024-01-12")):
        for text in ("crimson gate", "Xi Jinping tariffs"):
            wanted = truth.dense(vector(text), 10, filters)
            found = named(after, after.search_dense(vector(text), 10, (filters,))[0])
            assert len(found) == len(wanted)
            assert len({key for key, _ in found} & {key for key, _ in wanted}) >= 9
            assert found == sorted(found, key=lambda one: (-one[1], one[0]))
    truth.close()
    reader.close()
    after.close()


def test_the_best_are_asked_first_whether_they_pass(backend, monkeypatch):
    from rag.store.postgres import words

    monkeypatch.setattr(words, "_PROBED", 4)
    held = corpus(11)
    reader = build(backend.open(), held.values())
    check_rankings(reader, held)
    reader.close()


def noted(backend):
    return [what.decode() for (what,) in backend.run("SELECT what FROM rag.suspect")]


def test_the_database_notes_what_others_write_and_nothing_else(backend):
    store, held = backend.open(), corpus(3, 10)
    for step in range(3):
        build(store, held.values(), afresh=True).close()
        build(store, [article("new", f"Round {step}.")]).close()
        build(store, [], remove=["new"]).close()
    assert noted(backend) == []
    backend.run("UPDATE rag.article SET info = info")
    backend.run("DELETE FROM rag.gone WHERE number < 0")
    assert noted(backend) == ["article", "gone"]
    with store.building():
        assert store.tidy() == []
    assert noted(backend) == []  # all was read, and is whole


@pytest.mark.parametrize("what", ["text", "vector", "words", "lost passage"])
def test_what_a_disk_has_changed_is_found_by_check_and_mended_by_the_next_build(backend, what):
    store, held = backend.open(), corpus(3, 10)
    build(store, held.values()).close()
    backend.spoil_unseen(what)
    reader, wrong = store.sound()
    assert wrong == []
    reader.close()
    assert list(store.findings())
    assert store.sound()[0] is None
    mended = build(store, held.values(), afresh=True)
    check_rankings(mended, held)
    mended.close()
    with store.building():
        store.tidy()
    assert list(store.findings()) == []
    assert noted(backend) == []


@pytest.mark.parametrize("what", ["text", "title", "passage", "lost passage"])
def test_a_build_does_not_go_on_from_an_article_that_is_damaged(backend, what):
    store, held = backend.open(), {id: article(id, *["A gate stands here beside it."] * 3) for id in "ab"}
    before = build(store, held.values())
    backend.spoil_unseen(what)
    with pytest.raises(IndexUnusable, match=r"damaged.*`rag build`"):
        build(store, [article("a", "Another gate.")])
    assert store.current() == before.generation
    assert store.sound()[0] is None
    before.close()


def test_a_build_does_not_merge_words_that_are_damaged(backend):
    store = backend.open()
    build(store, [article("a", "A gate.")]).close()
    backend.spoil_unseen("words")
    with pytest.raises(IndexUnusable, match="words of segment 1"):
        for step in range(8):
            build(store, [article(f"b{step}", "A ship.")]).close()
    assert store.sound()[0] is None


def test_what_is_damaged_unseen_is_not_copied(backend):
    store = backend.open()
    build(store, [article("a", "A gate.")]).close()
    backend.spoil_unseen("vector")
    other = backend.another()
    with pytest.raises(IndexUnusable, match="rag check"):
        copy_generation(store, other.open())
    assert other.open().current() is None
    other.close()


def test_a_database_of_an_earlier_version_is_migrated_and_its_vectors_stay(backend):
    from rag.store.postgres.rows import generation_sum

    held = corpus(3, 10)
    build(backend.open(), held.values()).close()
    backend.run("DROP TABLE rag.suspect")
    backend.run("DROP FUNCTION rag.suspected CASCADE")
    backend.run("ALTER TABLE rag.generation DROP COLUMN contents")
    query = "SELECT number, name, recipe, files, articles, passages, tokens, clean, gone FROM rag.generation"
    values = [value.decode() if isinstance(value, bytes) else value for value in backend.run(query)[0]]
    values[2] = values[2].replace(f'"format": {FORMAT}', f'"format": {FORMAT - 1}')
    backend.run("UPDATE rag.generation SET recipe = %s, sum = %s", values[2], generation_sum(values))
    backend.run("UPDATE rag.schema SET version = 2")
    store = backend.open()
    failing(backend.url, "earlier version")
    with store.building():
        assert store.tidy() == []
        before, wrong = store.sound()
        assert wrong == []
        assert before.recipe.differences(RECIPE) == [f"format: {FORMAT - 1} -> {FORMAT}"]
        check_rankings(before, held)
        before.close()
        writer = store.begin(RECIPE, afresh=True)
        digests = [sha256(a.text[c.start : c.end].encode()).digest() for a in held.values() for c in a.chunks]
        assert writer.known(digests).keys() == set(digests)
        for one in held.values():
            writer.put(one)
        writer.commit({})
        after = store.open()
    check_rankings(after, held)
    after.close()
    assert noted(backend) == []
    assert list(store.findings()) == []


def test_a_store_that_was_closed_is_opened_anew(backend):
    first = at(Path("index"), Settings(store=backend.url))
    build(first, [article("a", "A gate.")]).close()
    assert at(Path("index"), Settings(store=backend.url)) is first
    first.close()
    again = at(Path("index"), Settings(store=backend.url))
    again.open().close()
    again.close()


def test_changes_are_forgotten_some_at_a_time(backend, monkeypatch):
    from rag.store.postgres import record

    monkeypatch.setattr(record, "KEPT_BYTES", 1)
    monkeypatch.setattr(record, "_LOOKED_THROUGH", 4)
    store, counts = backend.open(), []
    for step in range(9):
        build(store, [article("a", f"Round {step} of it.")]).close()
        counts.append(backend.run("SELECT count(*) FROM rag.change")[0][0])
    assert counts == [0, 1, 2, 3, 1, 2, 3, 4, 1]


def test_segments_of_words_stay_few(backend):
    store, held = backend.open(), {}
    for step in range(40):
        one = article(f"a{step}", f"Gate {step} stands here.", date="2024-01-01")
        held[one.info.article_id] = one
        build(store, [one]).close()
    (count,) = backend.run("SELECT count(*) FROM rag.segment WHERE until IS NULL")[0]
    assert count < 16
    reader = store.open()
    check_rankings(reader, held)
    reader.close()
    assert list(store.findings()) == []


def test_what_no_generation_holds_is_removed(backend):
    store = backend.open()
    for step in range(6):
        build(store, [article(f"a{n}", f"Round {step} stands here.") for n in range(10)], afresh=step % 2 == 1).close()
    for counted in ("SELECT count(*) FROM rag.article", "SELECT count(*) FROM rag.embedding"):
        assert backend.run(counted)[0][0] <= 20
    kept = backend.run("SELECT number FROM rag.segment")
    used = backend.run("SELECT DISTINCT segment FROM rag.posting UNION SELECT DISTINCT segment FROM rag.word")
    assert set(used) <= set(kept)
