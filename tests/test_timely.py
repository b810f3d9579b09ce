"""How far what is read is from the time that is meant (rag/extract/timely.py)."""

from math import log1p

import pytest

from rag.extract.features import FEATURES
from rag.extract.timely import NONE, TIME, Timely, of_time_first
from rag.types import ArticleInfo, Chunk, Hit, Passage, Query, Sentence
from rag.types.times import AFTER, TimeMeant

DAY = "2024-08-08"
JULY = TimeMeant("2024-07-01", "2024-07-31", 1.0)
APART, OLDER, LATER = range(3)


def query(day: str | None = DAY, time: TimeMeant | None = None) -> Query:
    return Query("Who built it?", "who", ("built",), day=day, time=time)


def hit(date: str | None, text: str = "Ann built it.") -> Hit:
    info = ArticleInfo(date or "none", "a.txt", "A", None, None, None, date, "5" * 64, "6" * 64, "plain/1")
    passage = Passage(info, Chunk(0, 0, len(text), None, (Sentence(0, len(text), 1),)), text)
    return Hit(passage, 1.0, 0.5, 1, 1.0, 1)


def numbers(question: Query, *dates: str | None) -> list[tuple[float, ...]]:
    found = [hit(date) for date in dates]
    timely = Timely(question, found)
    return [timely.numbers(one) for one in found]


def test_the_numbers_are_the_last_of_a_sentence():
    assert TIME == ("apart", "older", "later") == FEATURES[-3:]
    assert NONE == (0.0, 0.0, 0.0)


def test_without_a_day_and_a_named_time_no_date_counts():
    assert numbers(query(day=None), "1999-01-01", DAY, "2031-01-01", None) == [NONE] * 4


@pytest.mark.parametrize("time", [None, JULY])
@pytest.mark.parametrize("day", [None, DAY])
def test_without_a_date_nothing_counts(day, time):
    assert numbers(query(day, time), None, None) == [NONE] * 2


def test_an_article_without_a_date_stands_in_the_middle_of_the_dated_ones():
    near, far, undated = numbers(query(time=JULY), "2024-07-15", "2020-01-01", None)
    assert near < undated < far


def test_an_article_is_older_by_its_months_before_the_newest_that_was_found():
    assert numbers(query(), "2024-08-02", "2024-07-03", "2023-08-08") == [
        NONE,
        (0.0, log1p(30 / 30), 0.0),
        (0.0, log1p(360 / 30), 0.0),
    ]


def test_an_article_of_after_the_day_of_asking_makes_none_older_and_is_later_by_its_weeks():
    before, newest, next_week, next_year = numbers(query(), "2024-07-08", "2024-08-07", "2024-08-15", "2025-08-07")
    assert before == (0.0, log1p(30 / 30), 0.0)
    assert newest == NONE
    assert next_week == (0.0, 0.0, log1p(7 / 7))
    assert next_year == (0.0, 0.0, log1p(364 / 7))


def test_the_newest_may_be_of_the_day_of_asking():
    assert numbers(query(), DAY, "2024-07-09") == [NONE, (0.0, log1p(1), 0.0)]


def test_where_all_that_was_found_is_later_none_is_older():
    assert numbers(query(), "2024-08-22", "2024-08-15") == [(0.0, 0.0, log1p(2)), (0.0, 0.0, log1p(1))]


def test_one_old_article_alone_is_not_doubted_for_its_age():
    assert numbers(query(), "1950-01-01") == [NONE]
    assert numbers(query(), "1950-01-01", "1950-01-01", None) == [NONE] * 3


@pytest.mark.parametrize("day", [DAY, None])
def test_an_article_is_apart_by_its_weeks_outside_the_time_that_is_named(day):
    """Articles tell of a time for some days after it, and no age counts beside it."""
    assert AFTER == 10
    dates = ("2024-07-01", "2024-08-07", "2024-06-30", "2024-06-24", "2024-06-17", "2023-07-01")
    found = numbers(query(day, JULY), *dates)
    assert found == [(log1p(days / 7), 0.0, 0.0) for days in (0, 0, 1, 7, 14, 366)]
    apart = [its[APART] for its in found[1:]]
    assert apart == sorted(set(apart))


def test_after_the_time_an_article_is_apart_from_some_days_on():
    earlier = TimeMeant("2024-06-01", "2024-06-30", 1.0)
    dates = ("2024-07-10", "2024-07-17", "2024-07-31")
    assert numbers(query(DAY, earlier), *dates) == [(log1p(days / 7), 0.0, 0.0) for days in (0, 7, 21)]


def test_what_is_apart_counts_by_how_sure_the_time_is():
    one, less = (numbers(query(DAY, TimeMeant("2024-07-01", "2024-07-31", sure)), "2024-05-01") for sure in (1.0, 0.8))
    assert one[0][APART] == pytest.approx(less[0][APART] / 0.8) == pytest.approx(log1p(61 / 7))


def test_now_asks_for_the_newest_as_a_question_without_a_time_does():
    now = TimeMeant("2024-07-09", DAY, 0.5)
    assert numbers(query(DAY, now), "2024-05-01", DAY) == numbers(query(DAY), "2024-05-01", DAY)


def test_beside_a_named_time_an_article_may_be_later_than_the_day_of_asking():
    ((apart, older, later),) = numbers(query(DAY, JULY), "2024-08-22")
    assert (apart, older, later) == (log1p(12 / 7), 0.0, log1p(2))


def test_of_a_time_that_is_to_come_articles_tell_before_it():
    coming = TimeMeant("2025-06-01", "2025-08-31", 0.8)
    before, just = numbers(query(DAY, coming), "2024-07-01", "2024-07-09")
    assert (before[APART], just) == (0.8 * log1p(8 / 7), NONE)


def elsewhere(time: TimeMeant | None, date: str | None, text: str = "Ann built it.", day: str | None = DAY) -> bool:
    return Timely(query(day, time), [hit(date)]).elsewhere(hit(date, text))


def test_an_article_of_another_time_is_elsewhere():
    assert elsewhere(JULY, "2024-05-01")
    assert elsewhere(JULY, "2024-05-01", day=None)
    assert elsewhere(TimeMeant("2024-07-01", "2024-07-31", 0.8), "2024-05-01")
    assert elsewhere(TimeMeant(None, "2020-12-31", 1.0), "2024-05-01")
    assert elsewhere(TimeMeant("2024-07-01", None, 1.0), "2024-05-01")


def test_an_article_of_the_time_or_without_a_date_is_not_elsewhere():
    assert not elsewhere(JULY, "2024-07-01")
    assert not elsewhere(JULY, "2024-08-10")  # ten days after it articles still tell of it
    assert elsewhere(JULY, "2024-08-11")
    assert not elsewhere(JULY, None)
    assert not elsewhere(None, "2024-05-01")
    assert not elsewhere(TimeMeant(None, "2020-12-31", 1.0), "1999-05-01")


@pytest.mark.parametrize("sure", [0.5, 0.6])
def test_recently_and_the_2016_election_name_no_time_that_an_article_must_be_of(sure):
    assert not elsewhere(TimeMeant("2024-07-09", DAY, sure), "2016-05-01")


@pytest.mark.parametrize(
    ("text", "away"),
    [
        ("Ann built it in July 2024.", False),
        ("Ann built it on 31 July 2024.", False),
        ("Ann will have built it by 3 July.", False),  # told from the day of the article
        ("It stood there all through 2024.", False),
        ("Ann built it on 1 August 2024.", True),
        ("Ann built it on 30 June 2024.", True),
        ("Ann built it on Monday, 29 April 2024.", True),
        ("Ann built it this week.", True),  # that of the article
        ("Ann built it recently.", True),
    ],
)
def test_a_passage_that_names_a_day_of_the_time_is_not_elsewhere(text, away):
    assert elsewhere(JULY, "2024-05-01", text) is away


def test_a_passage_that_names_a_day_is_held_against_a_time_that_is_open_on_a_side():
    since, until = TimeMeant("2024-07-01", None, 1.0), TimeMeant(None, "2020-12-31", 1.0)
    assert not elsewhere(since, "2024-05-01", "Ann will build it in 2030.")
    assert elsewhere(since, "2024-05-01", "Ann built it in March 2024.")
    assert not elsewhere(until, "2024-05-01", "Ann built it in 1999.")
    assert elsewhere(until, "2024-05-01", "Ann built it in 2021.")


@pytest.mark.parametrize(
    ("order", "elsewhere", "turned"),
    [
        ([0, 1], [True, False], True),
        ([1, 0], [False, True], True),
        ([0, 1], [False, True], False),
        ([0, 1], [True, True], False),
        ([0, 1], [False, False], False),
        ([0], [True], False),
    ],
)
def test_a_sentence_of_the_time_that_is_named_may_come_before_one_of_another(order, elsewhere, turned):
    assert of_time_first(order, elsewhere) is turned
