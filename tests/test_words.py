"""Word search against SQLite's FTS5 itself: the same passages in the same order with the same scores."""

import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from operator import itemgetter

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.language import pack
from rag.language.absence import any_of
from rag.load import load
from rag.split import split
from rag.store import postings
from rag.store.posting_writer import Said, inverted, merged
from rag.store.vectors import write_file
from rag.store.word_search import WordReader
from rag.types.errors import IndexUnusable
from tests.conftest import ARTICLE, SEEDS

PARTS = 16


def part_of(said):
    return hashlib.sha256(said.article_id.encode()).digest()[0] % PARTS


def canonical(passages):
    """Passages by part and then in canonical order, as rows are; of an article they are given in its order."""
    return sorted(passages, key=lambda said: (part_of(said), said.article_id))


def written(folder, passages):
    """The files of words of these passages."""
    folder.mkdir()
    for part in range(PARTS):
        its = [said for said in canonical(passages) if part_of(said) == part]
        if its:
            write_file(folder, f"{part:02d}", ".words", postings.packed(inverted(its)))
    return folder


def opened(folder):
    return WordReader(sorted(folder.iterdir()))


def fts5(passages, removed=()):
    """FTS5's own search of passages; those that are `removed` were there for a while."""
    db = sqlite3.connect(":memory:")
    db.execute(f"CREATE VIRTUAL TABLE t USING fts5(text, section, title, content='', tokenize=\"{pack().TOKENIZER}\")")
    rows = [(row, *said[1:]) for row, said in enumerate(canonical(passages))]
    gone = [(row, *said[1:]) for row, said in enumerate(removed, start=len(rows))]
    db.executemany("INSERT INTO t (rowid, text, section, title) VALUES (?, ?, ?, ?)", [*gone, *rows])
    db.executemany("INSERT INTO t (t, rowid, text, section, title) VALUES ('delete', ?, ?, ?, ?)", gone)
    place = [(said.article_id, row) for row, said in enumerate(canonical(passages))]

    def search(terms, k, some=None):
        found = db.execute("SELECT rowid, -rank FROM t WHERE t MATCH ?", (any_of(terms),)).fetchall() if terms else []
        found = [(row, score) for row, score in found if some is None or row in some]
        return sorted(found, key=lambda one: (-one[1], place[one[0]]))[:k]

    return search


def same(ours, theirs):
    assert [row for row, _ in ours] == [row for row, _ in theirs]
    assert [score for _, score in ours] == pytest.approx([score for _, score in theirs], rel=1e-12)


WORDS = ["fox", "foxes", "Fox", "u", "s", "U.S.", "U.S", "covid-19", "19", "harbour", "harbourmaster", "harbourmasters"]
WORDS += ["été", "ete", "don't", "t", "上海", "a.b.a.b", "a", "b", "\0", "?", "x" * 70, "x" * 70 + "y"]
texts = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
passages = st.lists(
    st.builds(Said, st.sampled_from([f"article {n}" for n in range(9)]), texts, st.none() | texts, texts),
    min_size=1,
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(passages, passages, st.lists(st.sampled_from(WORDS), max_size=8), st.integers(1, 12), st.data())
@example([Said("a", "", None, "")], [Said("b", "fox", None, "")], ["fox"], 1, None)
def test_it_ranks_as_fts5_does(tmp_path_factory, held, removed, terms, k, data):
    reader = opened(written(tmp_path_factory.mktemp("words") / "shards", held))
    search = fts5(held, removed)
    rows = st.sets(st.sampled_from(range(len(held))))
    within = data.draw(rows) if data else {0}
    among = {row for row in within if data.draw(st.booleans())} if data else set()
    found, some = reader.search(terms, k, [None, sorted(among)])
    same(found, search(terms, k))
    same(some, search(terms, k, among))
    found, some = reader.search(terms, k, [sorted(within, reverse=True), sorted(among)])
    same(found, search(terms, k, within))
    same(some, search(terms, k, among))
    assert reader.stands(terms) == bool(search(terms, 1))


@pytest.fixture(scope="module")
def article():
    """The passages of the owner's article, and the same in thirty more articles with some words left out."""
    (read,) = load(SEEDS, ARTICLE).articles
    chunks = split(read, min_chars=200, max_chars=800)
    said = [Said("own", read.text[c.start : c.end], c.section, read.info.title) for c in chunks]
    rng = np.random.default_rng(5)
    return said + [
        Said(f"copy {n}", " ".join(w for w in one.text.split(" ") if rng.random() < 0.9), one.section, one.title)
        for n in range(30)
        for one in said
    ]


@pytest.mark.parametrize("k", [1, 10, 100])
def test_it_ranks_real_text_as_fts5_does(tmp_path, article, k):
    reader, search = opened(written(tmp_path / "shards", article)), fts5(article)
    words = list(dict.fromkeys(" ".join(said.text for said in article[:40]).split()))
    for at in range(0, len(words) - 6, 17):
        some = list(range(at % 7, len(article), 7))
        found, its = reader.search(words[at : at + 6], k, [None, some])
        same(found, search(words[at : at + 6], k))
        same(its, search(words[at : at + 6], k, set(some)))


def test_equal_scores_are_in_canonical_order_however_many(tmp_path):
    held = [Said(f"article {n % 100:02d}", "the fox ran", None, "") for n in range(500)]
    found, some = opened(written(tmp_path / "shards", held)).search(["fox"], 7, [None, range(0, 500, 2)])
    ids = [said.article_id for said in canonical(held)]
    assert [ids[row] for row, _ in found] == ["article 00"] * 5 + ["article 01"] * 2
    assert [row for row, _ in found] == sorted(range(500), key=lambda row: (ids[row], row))[:7]
    assert [row for row, _ in some] == sorted(range(0, 500, 2), key=lambda row: (ids[row], row))[:7]


def test_long_passages_and_frequent_words_are_counted_in_full(tmp_path):
    held = [
        Said("a", "fox " * 70_000 + "U.S. end", None, "fox"),
        Said("b", "fox u. s", "end", "x"),
        Said("c", "u", "s", "s"),
    ]
    reader, search = opened(written(tmp_path / "shards", held)), fts5(held)
    for terms in (["fox"], ["u.s."], ["s end"], ["fox fox"], ["end"]):
        same(reader.search(terms, 9, [None])[0], search(terms, 9))


def test_the_file_is_a_function_of_the_passages(article):
    shard = inverted(article)
    assert postings.packed(shard) == postings.packed(inverted(list(article)))
    assert shard.rows.dtype.itemsize == 2
    assert inverted(article[:20]).rows.dtype.itemsize == 1


@settings(max_examples=80, deadline=None)
@given(passages, passages, st.sets(st.sampled_from([f"article {n}" for n in range(9)])))
@example([Said("a", "fox", None, "")], [], {"a"})
@example([], [Said("a", "fox", None, "")], {"a"})
def test_a_shard_that_was_changed_is_that_of_its_passages(held, put, changed):
    """To the byte: articles that are put anew, put for the first time, taken out, and left."""
    put = [said for said in put if said.article_id in changed]
    left = [said for said in held if said.article_id not in changed]
    held, put, wanted = (sorted(its, key=itemgetter(0)) for its in (held, put, [*left, *put]))
    shards = [inverted(held), inverted(put)]
    assert postings.packed(merged([(shards[0], changed), (shards[1], ())])) == postings.packed(inverted(wanted))


def test_several_threads_may_search(tmp_path, article):
    reader = opened(written(tmp_path / "shards", article))
    words = [said.text.split()[:5] for said in article[:60]]
    alone = [reader.search(its, 20, [None]) for its in words]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda its: reader.search(its, 20, [None]), words)) == alone


@pytest.mark.parametrize("keep", [0, 7, 100, -1, -8])
def test_a_file_that_was_cut_is_not_opened(tmp_path, article, keep):
    path, *_ = written(tmp_path / "shards", article).iterdir()
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"words|empty"):
        opened(tmp_path / "shards")


def test_a_changed_file_is_named_where_it_cannot_be_read(tmp_path):
    held = [Said("a", "the fox ran", None, ""), Said("b", "the fox ran off", None, "")]
    folder = written(tmp_path / "shards", held)
    path = min(folder.iterdir())
    shard = postings.opened(path)
    changed = {name: getattr(shard, name) for name in shard.__slots__} | {"rows": shard.rows + 200}
    path.write_bytes(postings.packed(postings.Shard(**changed)))
    with pytest.raises(IndexUnusable, match=rf"{path.name} is damaged; run `rag build`"):
        opened(folder).search(["fox"], 5, [None])
