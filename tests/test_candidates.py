"""Passages of the days that a question is about are candidates beside the best of all (rag/retrieve.py)."""

import random

import pytest

from rag.answer.opening import open_assistant
from rag.build import sync_index
from rag.retrieve import retrieve
from rag.store.reader import open_current
from rag.types.filters import ALL, Filters, parse
from rag.types.settings import Settings
from rag.types.times import AFTER, NEARLY, moved

DAY = "2024-08-08"
QUESTION = "Who opened the old bridge of Ustka?"
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
WHO = ("Ann", "Bob", "Cid", "Dee", "Eve")
# What repeats the question, and what only touches it.
CLOSE = "The old bridge of Ustka was opened by mayor number {}. The old bridge of Ustka was opened late."
FAR = "Officials of the coast said in a long statement on schools that a bridge was opened by {} for the first time."
DATED = {
    "first.txt": moved(DAY, -NEARLY),
    "before.txt": moved(DAY, -NEARLY - 1),
    "last.txt": moved(DAY, AFTER),
    "beyond.txt": moved(DAY, AFTER + 1),
    "march.txt": "2021-03-15",
}
NEAR = {"first.txt", "last.txt"}
OLD = [f"old{n}.txt" for n in range(len(NUMBERS))]


@pytest.fixture
def opened(tmp_path, word_encoder):
    """Eight old articles that are close to the question, and of other days some that are far from it."""
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    texts = {name: ("1999-05-01", CLOSE.format(number)) for name, number in zip(OLD, NUMBERS, strict=True)}
    texts |= {name: (date, FAR.format(who)) for (name, date), who in zip(DATED.items(), WHO, strict=True)}
    for name, (date, text) in texts.items():
        (seeds / name).write_text(f"---\ntitle: A day\ndate: {date}\n---\n{text}\n")
    (seeds / "undated.txt").write_text(f"A day\n\n{FAR.format('Nobody')}\n")
    sync_index(seeds, tmp_path / "index", Settings())
    return open_assistant(tmp_path / "index", Settings(candidates=5))


def hits(opened, question=QUESTION, *, day=None, filters=ALL, k=5):
    (query,) = opened.understand(question, filters=filters, day=day).queries
    return retrieve(query, opened.store, opened.components.encoder, opened.settings, k, filters)


def ids(found):
    return {hit.passage.info.article_id for hit in found}


def test_without_a_day_the_best_of_the_two_rankings_are_found(opened):
    found = hits(opened)
    assert ids(found) < set(OLD)
    encoded = opened.components.encoder.encode([QUESTION], query=True)[0]
    dense = [row for row, _ in opened.store.search_dense(encoded, 5)[0]]
    lexical = [row for row, _ in opened.store.search_lexical(["opened", "old", "bridge", "Ustka"], 5)[0]]

    def score(row):
        return sum(1 / (10 + 1 + ranking.index(row)) for ranking in (dense, lexical) if row in ranking)

    assert [hit.score for hit in found] == pytest.approx(sorted(map(score, {*dense, *lexical}), reverse=True)[:5])


def test_passages_of_the_days_up_to_the_day_of_asking_are_candidates_beside_the_best(opened):
    found = hits(opened, day=DAY)
    assert ids(found) & set(DATED) == NEAR
    whole = dict(opened.store.search_lexical(["opened", "old", "bridge", "Ustka"], 1000)[0])
    leads = opened.store.leads(14)
    rows = {p.info.article_id: id for id, p in zip(leads, opened.store.passages(leads), strict=True)}
    for hit in found:
        of_all = hit.passage.info.article_id not in NEAR
        assert (hit.dense_rank is not None or hit.lexical_rank is not None) == of_all
        if not of_all:
            assert (hit.dense_rank, hit.lexical_rank) == (None, None)
            assert hit.lexical == pytest.approx(whole[rows[hit.passage.info.article_id]])


def test_what_is_among_the_best_of_all_and_of_the_days_counts_twice(opened):
    found = hits(opened, "Who opened the old bridge of Ustka in May 1999?")
    assert len(found) == 5
    assert ids(found) < set(OLD)
    for hit in found:
        ranks = [rank for rank in (hit.dense_rank, hit.lexical_rank) if rank is not None]
        assert hit.score == pytest.approx(2 * sum(1 / (10 + rank) for rank in ranks))


def test_no_candidate_is_lost_for_those_of_the_days(opened):
    everything = hits(opened, k=100)
    dated = hits(opened, day=DAY, k=100)
    assert len(everything) == 14
    assert ids(everything) == ids(dated)
    of_all, of_days = (
        {h.passage.info.article_id: (h.dense_rank, h.lexical, h.lexical_rank, h.cosine) for h in its}
        for its in (everything, dated)
    )
    assert of_all == of_days


def test_a_time_that_is_named_stands_for_the_days_before_the_day_of_asking(opened):
    named = "Who opened the old bridge of Ustka in March 2021?"
    for day in (DAY, None):
        assert ids(hits(opened, named, day=day)) & set(DATED) == {"march.txt"}
    assert ids(hits(opened, "Who opened the old bridge of Ustka in March 2020?", day=DAY)) & set(DATED) == set()


def test_without_articles_of_the_days_the_hits_are_those_of_no_day(opened):
    assert hits(opened, day="2010-01-01") == hits(opened)


@pytest.mark.parametrize(
    ("given", "near"),
    [
        ({"to": "2024-08-01"}, {"first.txt"}),
        ({"from": "1990-01-01", "to": "2024-08-18"}, NEAR),
        ({"from": "1990-01-01", "to": "2024-07-01"}, set()),
        ({"articles": OLD}, set()),
        ({"articles": [*OLD, "last.txt", "beyond.txt"]}, {"last.txt"}),
        ({"articles": [*OLD, "last.txt"], "to": "2024-08-08"}, set()),
        ({"to": "2010-01-01"}, set()),
    ],
)
def test_the_filters_hold_of_the_days_too(opened, given, near):
    filters = parse(given)
    found = hits(opened, day=DAY, filters=filters)
    assert len(found) == 5
    assert not any(filters.failed(hit.passage.info.article_id, hit.passage.info.date) for hit in found)
    assert ids(found) & set(DATED) == near


def test_a_time_that_the_filters_leave_out_is_no_error(opened):
    filters = Filters.model_validate({"from": "2024-01-01"})
    found = hits(opened, "Who opened the old bridge of Ustka in March 2021?", day=DAY, filters=filters)
    assert ids(found) == set(DATED) - {"march.txt"}


@pytest.fixture
def copies(tmp_path, word_encoder):
    """Sixty passages, of three texts."""
    seeds = tmp_path / "copies"
    seeds.mkdir()
    for n in range(60):
        text = ("The fox ran off.", "A fox and an owl met.", f"The owl slept, said Zorp{n}.")[n % 3]
        (seeds / f"{n:02}.txt").write_text(f"Title\n\n{text}\n")
    sync_index(seeds, tmp_path / "index", Settings())
    return open_current(tmp_path / "index")


def articles(numbers):
    return Filters(articles=tuple(f"{n:02}.txt" for n in numbers))


def named(copies, ranking):
    return [p.info.article_id for p in copies.passages([id for id, _ in ranking])]


def test_two_searches_in_one_find_what_two_find(copies):
    chosen, every, ties = random.Random(7), range(60), 0
    terms = [["fox"], ["owl"], ["fox", "owl"], ["Zorp4"], ["nowhere"], ["fox", "nowhere"], []]
    for _ in range(120):
        words, k = chosen.choice(terms), chosen.choice([1, 2, 5, 19, 20, 21, 50])
        within = chosen.choice([None, chosen.sample(every, 45), chosen.sample(every, 3)])
        among = articles(chosen.sample(within or every, chosen.randint(1, len(within or every))))
        whole = articles(within) if within else ALL
        first, second = copies.search_lexical(words, k, (whole, among))
        assert [first] == copies.search_lexical(words, k, (whole,))
        assert [second] == copies.search_lexical(words, k, (among,))
        ties += len(first) > 1 and first[0][1] == first[-1][1]
    assert ties > 20


def test_equal_scores_are_in_canonical_order(copies):
    same = [f"{n:02}.txt" for n in range(0, 60, 3)]
    first, second = copies.search_lexical(["fox", "ran"], 3, (ALL, articles(range(30, 60))))
    assert named(copies, first) == same[:3]
    assert named(copies, second) == same[10:13]
    assert len({score for _, score in first + second}) == 1
    vector = next(copies.stored()).vectors[0]
    first, second = copies.search_dense(vector, 3, (ALL, articles(range(30, 60))))
    assert named(copies, first) == same[:3]
    assert named(copies, second) == same[10:13]


def test_each_ranking_is_of_its_own_filters(copies):
    (found,) = copies.search_lexical(["fox"], 40)
    its = [int(name[:2]) for name in named(copies, found)]
    first, second = copies.search_lexical(["fox"], 5, (articles(its[:20]), articles(its[20:])))
    assert [first, second] == [found[:5], found[20:25]]


def test_filters_pass_the_same_when_their_articles_were_kept(opened):
    days = [moved("2024-07-01", n) for n in range(20)]
    filters = [Filters.model_validate({"from": day}) for day in days]
    found = [opened.store.leads(100, one) for one in filters]
    assert found == [opened.store.leads(100, one) for one in reversed(filters)][::-1]
    held = [{p.info.article_id for p in opened.store.passages(ids)} for ids in found]
    assert held == [{name for name, date in DATED.items() if date >= day} for day in days]
    assert len(opened.store.leads(100)) == 14
