"""What every store promises (`rag.types.stores`), held on each backend."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from rag.build.copying import copy_generation
from rag.language.wording import folded, runs
from rag.store.files import FileStore
from rag.types import SeedEntry
from rag.types.certificates import Certificate, Level
from rag.types.contents import Contents
from rag.types.errors import IndexBusy, IndexUnusable, InputError, SeedError
from rag.types.filters import ALL, Filters
from rag.types.following import Alert, SavedQuestion, question_id
from rag.types.stores import generation_name
from tests.conftest import ROOT
from tests.store.made import RECIPE, Truth, article, build, corpus, named, same, some, vector

QUERIES = (
    ["harbour"], ["crimson", "gate"], ["U.S."], ["u.s.", "tariffs", "the"], ["Xi-Jinping", "held", "hold"], ["naive"],
    ["COVID-19", "of", "and", "a"], ["nowhere"], ["don't", "O'Neill"], ["3,000", "2024"], ['"', "ship"],
    ["running"] * 2,
)  # fmt: skip
FILTERS = (
    ALL, Filters(since="2024-01-10"), Filters(until="2024-01-05"), Filters(since="2024-01-10", until="2024-01-12"),
    Filters(since="2031-01-01"),
)  # fmt: skip


@pytest.fixture
def articles():
    return corpus(1)


@pytest.fixture
def reader(store, articles):
    made = build(store, articles.values())
    yield made
    made.close()


def test_before_the_first_build_there_is_nothing(store):
    assert store.current() is None
    assert store.generations() == []
    assert store.pins() == ()
    assert store.certified() == []
    assert store.certificate("0" * 16) is None
    assert list(store.findings()) == []
    assert store.sound() == (None, [])
    assert not store.is_building()
    with pytest.raises(IndexUnusable, match="rag build"):
        store.open()


def test_a_generation_holds_what_was_put(store, reader, articles):
    held = sorted(articles.values(), key=lambda one: one.info.article_id)
    assert (
        reader.generation == store.current() == generation_name(RECIPE, Contents.of(SeedEntry.of(a.info) for a in held))
    )
    assert store.generations() == [reader.generation]
    assert reader.contents().state == Contents.of(SeedEntry.of(a.info) for a in held).state
    assert reader.recipe == RECIPE
    assert reader.article_count == len(held)
    assert reader.passage_count == sum(len(a.chunks) for a in held)
    assert list(reader.entries()) == [SeedEntry.of(a.info) for a in held]
    assert dict(reader.files()) == {a.info.path: a.info.seed_sha256 for a in held}
    stored = list(reader.stored())
    assert len(stored) == len(held)
    assert all(same(one, other) for one, other in zip(stored, held, strict=True))
    for one in held:
        assert reader.article(one.info.article_id) == (one.info, one.text)
    assert reader.article("none of them") is None
    assert list(store.findings()) == []
    assert store.sound()[1] == []


def test_articles_come_in_pages_in_the_order_of_their_ids(reader, articles):
    ids, after = [], None
    while page := reader.articles(after, 7):
        assert len(page) <= 7
        ids += [held.info.article_id for held in page]
        after = ids[-1]
    assert ids == sorted(articles)
    held = reader.articles()[0]
    assert (held.characters, held.passages) == (len(articles[ids[0]].text), len(articles[ids[0]].chunks))
    assert reader.articles(after="\U0010ffff") == []
    assert reader.missing([ids[0], "x", ids[3], "y"]) == ["x", "y"]
    assert reader.missing([]) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rankings_are_those_of_fts5_and_numpy(store, seed):
    held = corpus(seed)
    reader = build(store, held.values())
    check_rankings(reader, held)
    reader.close()


def check_rankings(reader, held):
    truth = Truth(held.values())
    some_ids = Filters(articles=(*sorted(held)[::3], "not there"))
    among = (*FILTERS, some_ids)
    for terms in QUERIES:
        for k in (1, 5, 1000):
            found = reader.search_lexical(terms, k, among)
            assert [named(reader, its) for its in found] == [truth.lexical(terms, k, f) for f in among], (terms, k)
    for text in ("harbour gate", "Xi Jinping tariffs", "the"):
        for k in (1, 5, 1000):
            for filters, its in zip(among, reader.search_dense(vector(text), k, among), strict=True):
                truth.check_dense(vector(text), k, filters, named(reader, its))
    truth.close()


def test_nothing_asked_finds_nothing(reader):
    assert reader.search_lexical([], 5, (ALL, ALL)) == [[], []]
    assert reader.search_lexical(["!", ""], 5) == [[]]
    assert reader.passages([]) == []
    assert reader.cosines(vector("gate"), []) == []


@pytest.mark.parametrize("number", [0, -1])
def test_asking_for_none_is_an_error(reader, number):
    for ask in (
        lambda: reader.search_lexical(["gate"], number),
        lambda: reader.search_dense(vector("gate"), number),
        lambda: reader.leads(number),
    ):
        with pytest.raises(InputError, match=f"k is {number};"):
            ask()
    with pytest.raises(InputError, match=f"limit is {number};"):
        reader.articles(limit=number)


def test_passages_and_cosines_come_in_the_order_that_is_asked(reader, articles):
    ids = [id for id, _ in reader.search_dense(vector("gate"), 20)[0]][::-1]
    passages = reader.passages(ids)
    for passage in passages:
        assert passage.chunk in articles[passage.info.article_id].chunks
        assert passage.text == articles[passage.info.article_id].text[passage.chunk.start : passage.chunk.end]
    wanted = [float(articles[p.info.article_id].vectors[p.chunk.ordinal] @ vector("ship")) for p in passages]
    assert reader.cosines(vector("ship"), ids) == wanted


def test_dates_are_those_of_the_articles(reader, articles):
    ids = [id for id, _ in reader.search_dense(vector("gate"), 1000)[0]][::-1]
    days = [articles[passage.info.article_id].info.date for passage in reader.passages(ids)]
    assert reader.dates([*ids, ids[0]]) == [*days, days[0]]
    assert {None} < set(days)
    assert reader.dates([]) == []


def test_equal_scores_are_in_canonical_order(store):
    copies = {
        id: article(id, "The same words stand here.", title="Same") for id in ("b", "Z", "a", "é", "😀", "\ufffd")
    }
    reader = build(store, copies.values())
    for k in (1, 3, 6):
        for ranking in (reader.search_lexical(["words"], k)[0], reader.search_dense(vector("words"), k)[0]):
            assert [key[0] for key, _ in named(reader, ranking)] == sorted(copies)[:k]
    reader.close()


def test_leads_are_the_first_passages_of_articles_that_pass(reader, articles):
    firsts = [id for id in sorted(articles) if articles[id].chunks]
    leads = reader.passages(reader.leads(1000))
    assert [p.info.article_id for p in leads] == firsts
    assert {p.chunk.ordinal for p in leads} == {0}
    assert reader.leads(3) == reader.leads(1000)[:3]
    for filters in FILTERS:
        passing = [id for id in firsts if not filters.failed(id, articles[id].info.date)]
        assert [p.info.article_id for p in reader.passages(reader.leads(1000, filters))] == passing


def test_words_are_those_that_a_reader_sees(store):
    held = article("one", "Xi Jinping held talks in Zürich.", "Cookies help us.", title="Gizmology", date="2024-01-12")
    reader = build(store, [held, article("two", "The trade war went on. U.S. tariffs rose, and US firms paid.")])
    for term in ("Xi", "holds", "hold", "talk", "zurich", "Gizmology", "January", "Paper", "12", "u.s."):
        assert reader.occurs(term), term
        assert not reader.nowhere(term), term
    assert not reader.occurs("tradewar")
    for term in ("tradewar", "Xl"):
        assert not reader.nowhere(term), term
    for term in ("zebra", "jinpingly", "warrose", "paperjanuary"):
        assert not reader.occurs(term), term
        assert reader.nowhere(term), term
    assert reader.writings(["zurich", "us", "zebra", "on"]) == {
        "zurich": ("Zürich", 1),
        "us": ("us", 2),
        "on": ("on", 2),
    }
    reader.close()


def test_a_chain_of_builds_answers_as_one(store):
    random_, held = random.Random(9), corpus(9)
    build(store, held.values()).close()
    for step in range(12):
        going = random_.sample(sorted(held), 4)
        for id in going:
            del held[id]
        coming = [some(random_, f"new{step}-{n}") for n in range(3)] + [some(random_, random_.choice(sorted(held)))]
        held |= {one.info.article_id: one for one in coming}
        reader = build(store, coming, remove=going)
        if step % 4 == 3:
            check_rankings(reader, held)
            assert all(same(a, held[a.info.article_id]) for a in reader.stored())
            assert reader.passage_count == sum(len(a.chunks) for a in held.values())
            truth = "".join(a.text[c.start : c.end] for a in held.values() for c in a.chunks)
            assert reader.occurs("harbour") == ("harbour" in truth)
        name = reader.generation
        reader.close()
    assert list(store.findings()) == []
    assert len(store.generations()) == 2
    again = build(store, held.values(), afresh=True)
    assert again.generation == name
    check_rankings(again, held)
    again.close()


def test_what_was_removed_is_found_no_more(store):
    reader = build(store, [article("a", "A zebra stood here."), article("b", "The gate was open.")])
    assert reader.occurs("zebra")
    after = build(store, [], remove=["a"])
    assert not after.occurs("zebra")
    assert after.nowhere("zebra")
    assert after.writings(["zebra"]) == {}
    assert after.search_lexical(["zebra"], 5) == [[]]
    assert after.missing(["a", "b"]) == ["a"]
    assert reader.occurs("zebra")
    assert reader.writings(["zebra"]) == {"zebra": ("zebra", 1)}
    assert named(reader, reader.search_lexical(["zebra"], 5)[0])[0][0] == ("a", 0)
    reader.close()
    after.close()


def test_an_article_put_twice_or_put_and_removed_is_there_once_or_never(store):
    with store.building():
        writer = store.begin(RECIPE, afresh=True)
        writer.put(article("a", "An early zebra."))
        writer.put(article("a", "A late giraffe."))
        writer.put(article("b", "A lion."))
        writer.put(article("c", "A gate."))
        writer.remove("b")
        with pytest.raises(KeyError):
            writer.remove("b")
        with pytest.raises(KeyError):
            writer.remove("never there")
        name = writer.commit({})
    assert store.current() == name
    reader = store.open()
    assert [held.info.article_id for held in reader.articles()] == ["a", "c"]
    assert (reader.occurs("zebra"), reader.occurs("giraffe"), reader.occurs("lion")) == (False, True, False)
    assert list(store.findings()) == []
    reader.close()


def test_a_reader_keeps_its_generation_while_others_take_its_place(store):
    first = corpus(1, 20)
    readers = [(build(store, first.values()), dict(first))]
    held = dict(first)
    for step in range(4):
        held = {id: one for id, one in held.items() if id != sorted(held)[0]} | {
            f"n{step}": article(f"n{step}", "A gate.")
        }
        gone = [id for id in readers[-1][1] if id not in held]
        readers.append((build(store, [held[f"n{step}"]], remove=gone), held))
    for reader, its in readers:
        check_rankings(reader, its)
        assert all(same(a, its[a.info.article_id]) for a in reader.stored())
        reader.close()
    build(store, [article("last", "A last gate.")]).close()
    assert len(store.generations()) == 2  # those that were read could go now


def test_readers_see_whole_generations_while_another_is_built(store, place):
    """Each generation says its number in every article: a reader that saw two would see two numbers."""
    build(store, [article(f"a{n}", "This is round 0 of it.") for n in range(12)]).close()
    failures, seen, over = [], set(), threading.Event()

    def ask():
        mine = place.open()
        while not over.is_set():
            try:
                reader = mine.open()
                found = reader.passages([id for id, _ in reader.search_lexical(["round"], 100)[0]])
                near = reader.passages([id for id, _ in reader.search_dense(vector("round"), 100)[0]])
                texts = {p.text for p in (*found, *near)} | {a.text for a in reader.stored()}
                if len(texts) != 1 or len(found) != 12 or len(near) != 12:
                    failures.append(sorted(texts))
                seen.update(texts)
                reader.close()
            except Exception as error:  # noqa: BLE001 - whatever it is, the test has failed
                failures.append(repr(error))

    askers = [threading.Thread(target=ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    for step in range(1, 13):
        build(store, [article(f"a{n}", f"This is round {step} of it.") for n in range(12)]).close()
    over.set()
    for asker in askers:
        asker.join()
    assert not failures
    assert len(seen) > 2


def test_a_writer_that_is_aborted_changes_nothing(store, place, reader, articles):
    before = place.litter()
    with store.building():
        writer = store.begin(RECIPE, afresh=True)
        writer.put(article("x", "A giraffe."))
        writer.abort()
    writer = store.begin(RECIPE, afresh=False)
    writer.remove(sorted(articles)[0])
    writer.abort()
    assert place.litter() == before
    assert store.current() == reader.generation
    assert list(store.findings()) == []


def test_nothing_to_quote_is_no_generation(store, reader):
    writer = store.begin(RECIPE, afresh=True)
    writer.put(replace(article("x", "A giraffe."), chunks=(), vectors=np.zeros((0, 64), np.float32)))
    with pytest.raises(SeedError, match="nothing to quote"):
        writer.commit({})
    writer.abort()
    assert store.current() == reader.generation


def test_a_store_can_be_emptied_and_filled_again(store, reader, articles):
    ids = sorted(articles)
    writer = store.begin(RECIPE, afresh=False)
    for id in ids:
        writer.remove(id)
    writer.commit({})
    empty = store.open()
    assert (empty.article_count, empty.passage_count, store.current()) == (0, 0, empty.generation)
    assert empty.search_dense(vector("harbour"), 5, [ALL, Filters(since="2024-01-10")]) == [[], []]
    assert empty.search_lexical(["harbour", "gate"], 5, [ALL, Filters(since="2024-01-10")]) == [[], []]
    assert list(empty.entries()) == []
    assert list(store.findings()) == []
    empty.close()
    again = build(store, articles.values())
    assert (again.generation, again.passage_count) == (reader.generation, reader.passage_count)
    again.close()


def test_vectors_are_known_by_the_hashes_of_their_texts(store, place, reader, articles):
    one = next(a for a in articles.values() if a.chunks)
    digest = hashlib.sha256(one.text[one.chunks[0].start : one.chunks[0].end].encode()).digest()
    writer = store.begin(RECIPE, afresh=True)
    known = writer.known([digest, b"\0" * 32])
    assert list(known) == [digest]
    assert known[digest].tobytes() == one.vectors[0].tobytes()
    writer.abort()
    other = store.begin(replace(RECIPE, encoder_sha256="f" * 64), afresh=True)
    assert other.known([digest]) == {}
    other.abort()
    place.spoil("vector")
    writer = place.open().begin(RECIPE, afresh=True)
    assert writer.known([digest]) == {}
    writer.abort()


def test_one_builder_at_a_time(store, place):
    other = place.open()
    with store.building():
        assert other.is_building()
        begin = time.monotonic()
        with pytest.raises(IndexBusy, match="another build"), other.building():
            pass
        assert 8 < time.monotonic() - begin < 15
    assert not other.is_building()
    with other.building():
        pass


def test_the_same_again_is_the_same_generation(store, reader, articles):
    again = build(store, articles.values(), afresh=True)
    assert again.generation == reader.generation
    assert store.generations() == [reader.generation]
    again.close()


def test_an_older_generation_can_be_made_current_again(store, place):
    first, second = corpus(1, 15), corpus(2, 15)
    a = build(store, first.values())
    b = build(store, second.values(), afresh=True)
    assert not store.reuse("0" * 16)
    assert store.reuse(a.generation)
    assert store.current() == a.generation
    reader = place.open().open()
    check_rankings(reader, first)
    assert all(same(x, first[x.info.article_id]) for x in reader.stored())
    assert dict(reader.files()) == dict(a.files())
    c = build(store, [article("more", "One more gate.")])
    check_rankings(c, first | {"more": article("more", "One more gate.")})
    back = build(store, [], remove=["more"])
    assert back.generation == a.generation
    for opened in (a, b, c, back, reader):
        opened.close()
    assert list(store.findings()) == []


def test_pins_keep_a_generation(store, articles):
    first = build(store, articles.values())
    first.close()
    assert store.pin("first") == store.pin("first", first.generation)
    assert [pin.name for pin in store.pins()] == ["first"]
    for name in ("", "a b", "x" * 65, "../x"):
        with pytest.raises(InputError):
            store.pin(name)
    with pytest.raises(InputError, match="no generation"):
        store.pin("second", "0" * 16)
    for step in range(4):
        build(store, [article("new", f"Round {step}.")]).close()
    with pytest.raises(InputError, match="taken"):
        store.pin("first")
    kept = store.open(first.generation)
    check_rankings(kept, articles)
    kept.close()
    assert len(store.generations()) == 3
    assert store.unpin("first").generation == first.generation
    with pytest.raises(InputError, match="first"):
        store.unpin("first")
    build(store, [article("new", "Round 9.")]).close()
    assert len(store.generations()) == 2
    with pytest.raises(IndexUnusable, match="not there"):
        store.open(first.generation)


CERTIFICATE = Certificate(
    risk=0.01, confidence=0.9, threshold=0.5, answers=10, errors=0, bound=0.009, questions=20, unanswerable=5,
    develop=9, tried=1, questions_sha256="a" * 64, loss="loss 1", generation="0123456789abcdef", reader="r",
    settings={"k": 1}, made="2024-01-12", levels=(Level(0.01, 0.5, 10, 0, 0.009), Level(0.001, None, 0, 0, 1.0)),
)  # fmt: skip


def test_certificates_lie_beside(store, place, reader):
    assert store.certify(CERTIFICATE)
    assert store.certificate(CERTIFICATE.generation) == CERTIFICATE
    store.certify(replace(CERTIFICATE, threshold=0.6))
    assert place.open().certificate(CERTIFICATE.generation).threshold == 0.6
    assert store.certified() == [CERTIFICATE.generation]
    assert store.certificate(reader.generation) is None
    place.spoil("certificate")
    with pytest.raises(IndexUnusable, match="certificate"):
        store.certificate(CERTIFICATE.generation)
    assert any("certificate" in line for line in store.findings())


def test_uses_of_questions_are_counted(store, reader):
    keys = [f"{n:064x}"[::-1] for n in range(10)]
    assert store.count_try("a" * 64, keys) == 1
    assert store.count_try("b" * 64, [*keys[:5], "f" * 64]) == 2
    assert store.count_try("c" * 64, ["e" * 64]) == 1
    assert store.count_try("a" * 64, ["d" * 64]) == 2


@pytest.mark.parametrize(
    "what", ["text", "title", "vector", "words", "lost words", "passage", "lost passage", "lost article", "note"]
)
def test_damage_is_found_and_mended(store, place, reader, articles, what):
    place.spoil(what)
    lines = list(store.findings())
    assert lines
    assert all("rag build" in line for line in lines)
    assert not any("secret" in line for line in lines)
    opened, wrong = store.sound()
    assert opened is None
    assert wrong
    assert not store.reuse(reader.generation)
    with pytest.raises(InputError):
        store.pin("broken")
    mended = build(store, articles.values(), afresh=True)
    check_rankings(mended, articles)
    mended.close()
    store.tidy()
    assert list(store.findings()) == []
    assert store.sound()[1] == []


@pytest.mark.parametrize("what", ["text", "passage", "lost passage", "lost article"])
def test_what_is_damaged_is_never_quoted(store, place, reader, what):
    ids = [id for id, _ in reader.search_dense(vector("gate"), 30)[0]]
    place.spoil(what)
    with pytest.raises(IndexUnusable, match="damaged"):
        reader.passages(ids)


def test_older_generations_that_are_damaged_go(store, place):
    first = build(store, [article("a", "A gate."), article("b", "A ship.")])
    build(store, [article("a", "Another gate.")]).close()
    first.close()
    place.spoil("older text")
    with store.building():
        lines = store.tidy()
    assert [first.generation in line for line in lines] == [True]
    assert first.generation not in store.generations()
    assert list(store.findings()) == []


def test_a_copy_into_another_store_is_the_same(store, place, reader, articles):
    other = place.another()
    try:
        copy = build(other.open(), list(reader.stored()))
        assert copy.generation == reader.generation
        check_rankings(copy, articles)
        assert all(same(a, b) for a, b in zip(copy.stored(), reader.stored(), strict=True))
        copy.close()
    finally:
        other.close()


def test_any_character_comes_back(store):
    odd = article("id\0\u2028'\\", 'NUL \0, quote ", \\ backslash, \u2028 and 😀.', "é is not e\u0301.", title="T\0")
    reader = build(store, [odd, article("plain", "A gate.")])
    assert reader.article(odd.info.article_id) == (odd.info, odd.text)
    assert any(same(a, odd) for a in reader.stored())
    assert named(reader, reader.search_lexical(["backslash"], 1)[0])[0][0] == (odd.info.article_id, 0)
    assert reader.missing([odd.info.article_id, "\0"]) == ["\0"]
    long = "x" * 380
    again = build(store, [article("long", f"{long} stands here.")])
    assert again.occurs(long)
    assert again.writings([long]) == {long: (long, 1)}
    reader.close()
    again.close()


def test_an_article_without_passages_may_come_last(store):
    bare = replace(article("b", "Nothing."), chunks=(), vectors=np.empty((0, 0), np.float32))
    build(store, [article("a", "A gate."), bare]).close()
    again = build(store, [article("c", "A ship."), bare])
    assert [len(one.vectors) for one in again.stored()] == [1, 0, 1]
    assert named(again, again.search_dense(vector("A ship."), 1)[0])[0][0] == ("c", 0)
    assert list(store.findings()) == []
    again.close()


def test_a_word_longer_than_fts5_takes_is_cut_anywhere(store):
    long = "a" + "字" * 20_000
    reader = build(store, [article("long", "A gate.", title=long)])
    assert [len(its) for its in reader.search_lexical([long], 5)] == [1]
    reader.close()


def test_many_equal_passages_are_ranked_in_time(store):
    one = article("a", "A gate stands.")
    chunks = tuple(replace(one.chunks[0], ordinal=n) for n in range(20_000))
    reader = build(store, [replace(one, chunks=chunks, vectors=np.repeat(one.vectors, len(chunks), axis=0))])
    begun = time.monotonic()
    found = named(reader, reader.search_dense(vector("A gate stands."), 3)[0])
    assert [key for key, _ in found] == [("a", 0), ("a", 1), ("a", 2)]
    assert time.monotonic() - begun < 3
    reader.close()


def test_ending_a_writer_again_leaves_the_next_one_alone(store):
    with store.building():
        first = store.begin(RECIPE, afresh=False)
        first.put(article("a", "A gate."))
        first.commit({})
        second = store.begin(RECIPE, afresh=False)
        first.abort()
        second.put(article("b", "A ship."))
        second.commit({})
    reader = store.open()
    assert reader.article_count == 2
    reader.close()


def test_a_reader_knows_that_a_build_mended_what_it_reads(store, place, reader, articles):
    assert reader.is_kept()
    place.spoil("text")
    build(place.open(), articles.values(), afresh=True).close()
    mended = store.open()
    assert mended.generation == reader.generation
    assert (reader.is_kept(), mended.is_kept()) == (False, True)
    assert mended.passages(mended.leads(1))
    mended.close()


def test_saved_questions_are_copied_with_what_was_told(store, place, tmp_path):
    build(store, [article("a", "A gate."), article("b", "A ship.")]).close()
    build(store, [article("a", "Another gate."), article("b", "A ship.")]).close()
    other = replace(QUESTION, id="other", asked=1)
    for one in (QUESTION, other):
        store.save(one)
    store.tell(QUESTION, replace(QUESTION, asked=1, last=("Ann 1",), told=(alert(1).id,)), [alert(1)])
    store.tell(other, other, [alert(2, other)])
    store.tell(QUESTION, QUESTION, [])  # it is another by now
    late = replace(QUESTION, id="late", asked=0)
    store.save(late)
    copy, another = FileStore(tmp_path / "copy"), place.another()
    try:
        for source, target in ((store, copy), (copy, another.open())):
            for _ in range(2):
                copy_generation(source, target)
            of = {one.id: one for one in target.saved()}
            assert list(of) == [QUESTION.id, "other", "late"]
            assert (of[QUESTION.id].last, of[QUESTION.id].told) == (("Ann 1",), (alert(1).id,))
            last = target.last_change()
            assert [one.asked for one in of.values()] == [last, last, last + 1]  # the last is asked of everything
            assert target.alerts(10) == (alert(2, other), alert(1))
    finally:
        another.close()


@pytest.mark.parametrize("what", ["vector", "passage"])
def test_what_is_damaged_is_not_copied(store, place, reader, what):
    place.spoil(what)
    other = place.another()
    try:
        with pytest.raises(IndexUnusable, match="rag build"):
            copy_generation(store, other.open())
        assert other.open().current() is None
    finally:
        other.close()


WRITER = """
import sys, random
from tests.store.made import *
from pathlib import Path
from rag.store import named
store = named(sys.argv[1] if ":" in sys.argv[1] else "files", Path(sys.argv[1]))
random_ = random.Random(int(sys.argv[2]))
with store.building():
    writer = store.begin(RECIPE, afresh=random_.random() < 0.3)
    print("begun", flush=True)
    for n in range(60):
        writer.put(some(random_, f"k{n}"))
        if n % 10 == 9:
            writer.known([])
    writer.commit({})
print("done", flush=True)
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_writer_that_is_killed_changes_nothing(store, place, reader, articles, seed):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, place.url, str(seed)], stdout=subprocess.PIPE, cwd=ROOT, env=environment
    )
    assert child.stdout.readline() == b"begun\n"
    time.sleep(random.Random(seed).uniform(0, 0.5))
    os.kill(child.pid, signal.SIGKILL)
    finished = b"done" in child.stdout.read()
    child.wait()
    child.stdout.close()
    if not finished and store.current() == reader.generation:
        check_rankings(reader, articles)
    with store.building():
        assert store.tidy() == []
    assert list(store.findings()) == []
    build(store, [article("after", "A gate.")]).close()
    assert list(store.findings()) == []


def kinds(store, after=0):
    return [
        (change.number, change.kind, change.article and change.article.article_id) for change in store.changes(after)
    ]


def test_changes_are_noted_with_each_switch(store, place):
    a, b, c = article("a", "A gate."), article("b", "A ship."), article("c", "A crate.")
    build(store, [a, b, c]).close()
    assert (kinds(store), store.last_change()) == ([], 0)
    build(store, [article("a", "Another gate."), article("d", "Some paint.")], remove=["b"]).close()
    build(store, [article("e", "A crate.")], remove=["c"]).close()
    retitled = article("d", "Some paint.", title="Of paint")
    build(store, [replace(retitled, info=replace(retitled.info, seed_sha256="d" * 64))]).close()
    again = replace(retitled, info=replace(retitled.info, seed_sha256="e" * 64))  # of which nobody is told otherwise
    build(store, [again]).close()
    first = sorted(one[1:] for one in kinds(store)[:3])
    assert first == [("added", "d"), ("removed", "b"), ("replaced", "a")]
    assert [one[1:] for one in kinds(store)[3:]] == [("renamed", "e"), ("replaced", "d")]
    assert [one[0] for one in kinds(store)] == [1, 2, 3, 4, 5]
    assert store.last_change() == 5
    assert kinds(store, 3) == kinds(store)[3:]
    texts = {change.before.article_id: change.text for change in store.changes(texts=True) if change.before}
    assert texts == {"a": a.text, "b": b.text, "c": None, "d": "Some paint."}
    assert {change.before.article_id: change.before for change in store.changes() if change.before}["b"] == b.info
    assert all(change.packed is None for change in store.changes())
    assert kinds(place.open()) == kinds(store)
    assert list(store.findings()) == []


def test_a_full_build_and_an_older_generation_are_noted_by_what_differs(store):
    held = [article(f"a{n}", f"Gate {n}.") for n in range(5)]
    first = build(store, held)
    build(store, [*held[:4], article("a4", "Gate four.")], afresh=True).close()
    assert kinds(store) == [(1, "replaced", "a4")]
    assert store.reuse(first.generation)
    assert kinds(store) == [(1, "replaced", "a4"), (2, "replaced", "a4")]
    assert [change.text for change in store.changes(texts=True)] == ["Gate 4.", "Gate four."]
    again = build(store, held, afresh=True)
    assert (again.generation, len(kinds(store))) == (first.generation, 2)
    writer = store.begin(RECIPE, afresh=False)
    writer.remove("a1")
    writer.abort()
    assert len(kinds(store)) == 2
    first.close()
    again.close()


def test_changes_add_up_to_what_is_held(store):
    """Whatever was put, removed or made anew: the changes lead from the first generation to the last."""
    random_, held = random.Random(4), corpus(4, 15)
    build(store, held.values()).close()
    told = {id: one.info.text_sha256 for id, one in held.items()}
    for step in range(10):
        going = random_.sample(sorted(held), 2)
        for id in going:
            del held[id]
        coming = [some(random_, f"new{step}"), some(random_, random_.choice(sorted(held)))]
        held |= {one.info.article_id: one for one in coming}
        if step % 3:
            build(store, coming, remove=going).close()
        else:
            build(store, held.values(), afresh=True).close()
    numbers = []
    for change in store.changes(texts=True):
        numbers.append(change.number)
        if change.before:
            assert told.pop(change.before.article_id) == change.before.text_sha256
            assert change.kind == "renamed" or change.text is not None
        if change.after:
            told[change.after.article_id] = change.after.text_sha256
    assert told == {id: one.info.text_sha256 for id, one in held.items()}
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("what", ["lost passage", "note"])
def test_changes_from_a_damaged_generation_are_told_or_said_to_be_unknown(store, place, articles, reader, what):
    place.spoil(what)
    one = sorted(articles)[0]
    after = [a for id, a in articles.items() if id != one]
    build(store, after, afresh=True).close()
    assert [one[1:] for one in kinds(store)] in ([("removed", one)], [("unknown", None)])


QUESTION = SavedQuestion(
    question_id("Who left?", ALL), "Who left?", Filters(since="2024-01-01"), "2024-01-02T03:04:05Z", 0
)


def alert(n, question=QUESTION):
    return Alert(f"{n:064x}", question.id, "2024-01-02T03:04:05Z", f"Ann {n}", 1, {"citations": [{"number": 1}]})


def test_questions_are_saved_and_forgotten(store, place, reader):
    assert (store.saved(), store.alerts(10)) == ((), ())
    assert store.save(QUESTION) == QUESTION
    assert store.save(replace(QUESTION, asked=7)) == QUESTION
    other = replace(QUESTION, id="other", question="😀 \0?", filters=ALL, last=("a",), told=("b", "c"))
    store.save(other)
    assert place.open().saved() == (QUESTION, other)
    assert store.tell(QUESTION, replace(QUESTION, asked=1), [alert(1)])
    assert store.tell(other, replace(other, asked=1), [alert(2, other)])
    assert store.alerts(10) == (alert(2, other), alert(1))
    assert store.alerts(1) == (alert(2, other),)
    assert store.forget("other") == replace(other, asked=1)
    assert store.alerts(10) == (alert(1),)
    for name in ("other", "", "x" * 1000):
        with pytest.raises(InputError, match="no saved question"):
            store.forget(name)
    assert list(store.findings()) == []


def test_an_alert_is_told_once_whoever_asks(store, place, reader):
    """Two who have asked the same: the one who is later changes nothing."""
    store.save(QUESTION)
    after = replace(QUESTION, asked=3, last=("Ann",), told=("a",))
    assert store.tell(QUESTION, after, [alert(1)])
    assert not place.open().tell(QUESTION, after, [alert(1)])
    assert store.tell(after, replace(after, asked=4), [])
    assert store.tell(replace(after, asked=4), after, [alert(3), alert(4)])
    assert [one.id for one in store.alerts(2)] == [alert(4).id, alert(3).id]
    assert store.alerts(10)[2:] == (alert(1),)
    store.forget(QUESTION.id)
    assert not store.tell(after, replace(after, asked=5), [alert(2)])
    assert (store.saved(), store.alerts(10)) == ((), ())


def test_saved_questions_and_alerts_have_a_bound(store, reader, monkeypatch):
    monkeypatch.setattr("rag.store.saved.MOST_QUESTIONS", 3)
    for module in ("rag.store.saved", "rag.store.postgres.beside"):
        monkeypatch.setattr(f"{module}.MOST_ALERTS", 5)
    held = [replace(QUESTION, id=f"q{n}") for n in range(3)]
    for one in held:
        store.save(one)
    with pytest.raises(InputError, match="questions are saved"):
        store.save(QUESTION)
    now = held[0]
    for n in range(9):
        following = replace(now, asked=n + 1)
        assert store.tell(now, following, [alert(n, now)])
        now = following
    assert [one.id for one in store.alerts(100)] == [alert(n).id for n in range(8, 3, -1)]


def test_nothing_is_saved_where_there_is_no_index(store):
    with pytest.raises(IndexUnusable, match="rag build"):
        store.save(QUESTION)
    with pytest.raises(InputError):
        store.forget(QUESTION.id)
    assert (list(store.changes()), store.last_change(), store.saved(), store.alerts(5)) == ([], 0, (), ())


def exact_slices(articles):
    """Runs of four to twelve words of texts and of titles, with the ids of all articles that have them."""
    words = {id: [folded(a.text), folded(a.info.title)] for id, a in articles.items()}
    drawn = random.Random(5)
    for id in sorted(words):
        its = words[id][0]
        if len(its) >= 4:
            begin = drawn.randrange(len(its) - 3)
            wanted = its[begin : begin + drawn.randint(4, 12)]
            text = f" {' '.join(wanted)} "
            yield wanted, {i for i, parts in words.items() if any(text in f" {' '.join(p)} " for p in parts)}


def check_sharing(reader, articles):
    for wanted, holders in exact_slices(articles):
        its = runs(wanted)
        found = reader.sharing(its, len(articles) + 1)
        assert holders <= {one.article_id for one in found if one.runs == len(its)}
        assert [one for one in found if one.runs > len(its)] == []
        assert found == sorted(found, key=lambda one: (-one.weight, one.article_id))
        assert reader.sharing(its, 2) == found[:2]
    assert reader.sharing(runs("no such words stand in any of them at all".split()), 5) == []
    assert reader.sharing(runs([]), 5) == []


def test_articles_that_share_words_with_a_quotation_are_found(store, reader, articles):
    check_sharing(reader, articles)
    more = {
        "new": article("new", "The harbour committee held one vote on crimson paint.", title="A quite long title here")
    }
    gone = sorted(articles)[:5]
    changed = build(store, more.values(), remove=gone)
    left = {id: one for id, one in (articles | more).items() if id not in gone}
    check_sharing(changed, left)
    of_title = runs(folded("a quite long title"))
    (first,) = changed.sharing(of_title, 1)
    assert (first.article_id, first.runs) == ("new", len(of_title))
    afresh = build(store, left.values(), afresh=True)
    for wanted, _ in exact_slices(left):
        assert changed.sharing(runs(wanted), 50) == afresh.sharing(runs(wanted), 50)
    changed.close()
    afresh.close()


def test_chunks_of_an_article_are_those_that_were_put(reader, articles):
    for id, one in articles.items():
        assert reader.chunks(id) == one.chunks
    assert reader.chunks("none of them") == ()
