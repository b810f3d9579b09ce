"""Generations of files in parts: few, shared where nothing changed, with the same answers however they are cut."""

import itertools
import random

import numpy as np
import pytest

from rag.store import parts, vectors
from rag.store.files import FileStore
from rag.types.errors import IndexUnusable
from tests.store.made import RECIPE, article, build, corpus, named, same, some, vector
from tests.store.test_promises import check_rankings
from tests.stored import files_of


def added(weights, weight, number):
    """The weights after a build that adds so much."""
    groups = parts.joined(weights | {parts.NEW: weight})
    all_ = weights | {parts.NEW: weight}
    gone = {label for group in groups for label in group}
    made = {f"{number}.{n}": sum(all_[label] for label in group) for n, group in enumerate(groups)}
    return {label: w for label, w in weights.items() if label not in gone} | made


def test_there_are_few_parts_and_an_addition_seldom_writes_much():
    random_, weights, written = random.Random(1), {}, []
    for number in range(5000):
        before = set(weights)
        weights = added(weights, random_.randint(2, 60), number)
        written.append(sum(weight for label, weight in weights.items() if label not in before))
    total = sum(weights.values())
    assert total > 100_000
    most = [bound // least - 1 for least, bound in itertools.pairwise(parts.LEVELS)]
    assert len(weights) <= total // parts.FULL + 1 + sum(most)
    assert max(weights.values()) < (most[-1] + 1) * parts.FULL
    assert np.median(written) < 2 * parts.LEVELS[0]
    assert np.mean(written) < 0.01 * total


def test_what_is_full_is_never_written_again():
    assert parts.joined({"a": parts.FULL, "b": 10 * parts.FULL, parts.NEW: 5}) == [[parts.NEW]]
    assert parts.joined({"a": 5, "b": 10 * parts.FULL, parts.NEW: 5}) == [[parts.NEW, "a"]]
    assert parts.joined({"a": parts.FULL}) == []


@pytest.fixture
def small(monkeypatch):
    """Parts so small that some articles fill one."""
    monkeypatch.setattr(parts, "LEVELS", (4, 12, 40))
    monkeypatch.setattr(parts, "FULL", 40)


@pytest.mark.parametrize("exact_up_to", [200_000, 3], ids=["exact", "codes"])
def test_a_chain_in_many_parts_answers_as_one_part(small, monkeypatch, tmp_path, exact_up_to):
    monkeypatch.setattr(vectors, "EXACT_UP_TO", exact_up_to)
    monkeypatch.setattr(vectors, "_CANDIDATES", 1000)  # what is found among codes is all there is
    random_, held, store = random.Random(4), corpus(4), FileStore(tmp_path / "chain")
    build(store, held.values()).close()
    most = 0
    for step in range(30):
        going = random_.sample(sorted(held), 3)
        held = {id: one for id, one in held.items() if id not in going}
        coming = [some(random_, f"n{step}-{n}") for n in range(4)] + [some(random_, random_.choice(sorted(held)))]
        held |= {one.info.article_id: one for one in coming}
        reader = build(store, coming, remove=going)
        most = max(most, len(reader.parts))
        reader.close()
    assert most > 4
    reader = store.open()
    check_rankings(reader, held)
    stored = sorted(held.values(), key=lambda one: one.info.article_id)
    assert all(same(a, b) for a, b in zip(reader.stored(), stored, strict=True))
    assert list(store.findings()) == []
    monkeypatch.setattr(parts, "FULL", 10_000)
    whole = build(FileStore(tmp_path / "whole"), held.values())
    assert len(whole.parts) == 1
    assert whole.generation == reader.generation
    for terms in (["harbour"], ["xi", "the"], ["u.s."]):
        assert named(whole, whole.search_lexical(terms, 50)[0]) == named(reader, reader.search_lexical(terms, 50)[0])
        assert whole.writings(terms) == reader.writings(terms)
    for text in ("harbour gate", "tariffs"):
        ours, theirs = (named(one, one.search_dense(vector(text), 50)[0]) for one in (reader, whole))
        assert ours == theirs
    assert [p.info for p in whole.passages(whole.leads(9))] == [p.info for p in reader.passages(reader.leads(9))]


def test_an_addition_shares_the_files_of_other_parts(small, tmp_path):
    store = FileStore(tmp_path)
    first = build(store, corpus(5).values())
    before = {name: (part.folder / name).stat().st_ino for part in first.parts for name in part.names}
    second = build(store, [article("one more", "A gate.")])
    after = {name: (part.folder / name).stat().st_ino for part in second.parts for name in part.names}
    shared = {name for name in after if before.get(name) == after[name]}
    assert len(before) > 10
    assert len(after) - len(shared) == 5  # passages, words, runs, vectors and rows of one part
    assert not shared - before.keys()


def test_vectors_of_one_code_are_all_ranked(monkeypatch, tmp_path):
    """Of many that are equal the first by id are found, in whatever part they lie."""
    monkeypatch.setattr(vectors, "EXACT_UP_TO", 3)
    monkeypatch.setattr(vectors, "_CANDIDATES", 4)
    store, ids = FileStore(tmp_path), [f"a{n:02d}" for n in range(30)]
    for some_ids in (ids[20:], ids[:5], ids[5:20]):
        reader = build(store, [article(id, "The same words stand here.", title="Same") for id in some_ids])
        reader.close()
    reader = store.open()
    assert [key[0] for key, _ in named(reader, reader.search_dense(vector("words"), 7)[0])] == ids[:7]


def test_one_damaged_vector_costs_one(tmp_path):
    store, held = FileStore(tmp_path), corpus(6)
    reader = build(store, held.values())
    (path,) = files_of(tmp_path, "*.vectors")
    reader.close()
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    digests = [d for part in reader.parts for d in map(bytes, rows_of(part).digests)]
    writer = FileStore(tmp_path).begin(RECIPE, afresh=True)
    known = writer.known(digests)
    writer.abort()
    assert digests[-1] not in known
    assert known.keys() == set(digests[:-1]) - {digests[-1]}


def rows_of(part):
    from rag.store.rows import Rows

    return Rows(part.path(parts.ROWS))


def test_parts_that_do_not_belong_together_are_damaged(tmp_path):
    store = FileStore(tmp_path)
    reader = build(store, corpus(7, 5).values())
    reader.close()
    (path,) = files_of(tmp_path, "*.words")
    build(FileStore(tmp_path / "other"), corpus(8, 30).values()).close()
    path.write_bytes(files_of(tmp_path / "other", "*.words")[0].read_bytes())
    with pytest.raises(IndexUnusable, match="words"):
        store.open()
