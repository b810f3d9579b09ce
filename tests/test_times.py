"""Which days a question or a sentence names."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.language import pack
from rag.types.times import TimeMeant, moved

THURSDAY = "2024-08-08"


def meant(text, day=THURSDAY):
    time = pack().time_meant(text, day)
    return None if time is None else (time.since, time.until)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("Who won this week?", "2024-08-01", "2024-08-08"),
        ("What fell last week?", "2024-07-25", "2024-08-01"),
        ("Who resigned last month?", "2024-07-01", "2024-07-31"),
        ("Who resigned last year?", "2023-01-01", "2023-12-31"),
        ("What was sold in the past month?", "2024-07-09", "2024-08-08"),
        ("What opens this fall?", "2024-09-01", "2024-11-30"),
        ("Who toured last summer?", "2023-06-01", "2023-08-31"),
        ("Who was freed on Tuesday?", "2024-08-06", "2024-08-06"),
        ("Who spoke on Thursday?", "2024-08-08", "2024-08-08"),
        ("Who spoke yesterday?", "2024-08-07", "2024-08-07"),
        ("Who spoke the day before yesterday?", "2024-08-06", "2024-08-06"),
        ("Who speaks the day after tomorrow?", "2024-08-10", "2024-08-10"),
        ("Who spoke two weeks ago?", "2024-07-22", "2024-07-28"),
        ("Who is the current mayor?", "2024-07-09", "2024-08-08"),
        ("Who led in December?", "2023-12-01", "2023-12-31"),
        ("Who spoke on 3 March?", "2024-03-03", "2024-03-03"),
        ("What happens next month?", "2024-09-01", "2024-09-30"),
        ("Who was dismissed since March 2020?", "2020-03-01", "2024-08-08"),
    ],
)
def test_a_time_is_told_from_the_day_of_asking(text, since, until):
    assert meant(text) == (since, until)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("What began in 2017?", "2017-01-01", "2017-12-31"),
        ("Who ruled in the 1990s?", "1990-01-01", "1999-12-31"),
        ("Who spoke on 5 May 2021?", "2021-05-05", "2021-05-05"),
        ("Who spoke on May 5th, 2021?", "2021-05-05", "2021-05-05"),
        ("Who spoke on 2021-05-05?", "2021-05-05", "2021-05-05"),
        ("What was built in March 2021?", "2021-03-01", "2021-03-31"),
        ("What was built between 2019 and 2021?", "2019-01-01", "2021-12-31"),
        ("Which bridges fell in 2019, 2020, and 2021?", "2019-01-01", "2021-12-31"),
        ("What was built from January to March 2024?", "2024-01-01", "2024-03-31"),
        ("Who led from November to February 2024?", "2023-11-01", "2024-02-29"),
        ("Who ruled in 2015-17?", "2015-01-01", "2017-12-31"),
        ("Who ruled in 2015–2017?", "2015-01-01", "2017-12-31"),
        ("What was built before 2019?", None, "2019-12-31"),
        ("What was built after March 2019?", "2019-03-31", None),
        ("What did she say about the 2016 election?", "2016-01-01", "2016-12-31"),
    ],
)
def test_a_date_needs_no_day_of_asking(text, since, until):
    assert meant(text) == meant(text, None) == (since, until)


@pytest.mark.parametrize(
    "text",
    [
        "Who won?",
        "May he win?",
        "Who marched?",
        "What costs $2000?",
        "How far are 2000 km?",
        "Who left on 30 February 2024?",
    ],
)
def test_what_names_no_time(text):
    assert meant(text) is None


@pytest.mark.parametrize(
    "text", ["Who won this week?", "Who spoke on Tuesday?", "Who is it now?", "Who led in December?"]
)
def test_nothing_is_assumed_without_a_day(text):
    assert meant(text, None) is None


@pytest.mark.parametrize(
    "text",
    [
        "Who created Friday Night Lights?",
        "Who owns USA Today?",
        "Who directed The Day After Tomorrow?",
        "How many were killed on Bloody Sunday?",
        "Who bought the book by August Wilson?",
        "May 2 people enter?",
        "Who will march 10 miles?",
        "What happened to 2000 troops?",
    ],
)
def test_a_day_in_a_name_and_a_count_are_no_time(text):
    assert meant(text) is None


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("Who resigned since March?", "2024-03-01", "2024-08-08"),
        ("What fell after May?", "2024-05-31", None),
        ("What was built until March?", None, "2024-03-31"),
        ("What opens next Friday?", "2024-08-09", "2024-08-09"),
        ("What will happen on Monday?", "2024-08-12", "2024-08-12"),
        ("What fell last Thursday?", "2024-08-01", "2024-08-01"),
        ("Who won the vote on December 3?", "2023-12-03", "2023-12-03"),
        ("Who will win the vote on December 3?", "2024-12-03", "2024-12-03"),
        ("Who led in 2022 or 2023?", "2022-01-01", "2023-12-31"),
        ("Who left since mid-2023?", "2023-01-01", "2024-08-08"),
    ],
)
def test_sides_and_what_is_to_come_are_understood(text, since, until):
    assert meant(text) == (since, until)


def test_a_date_is_surer_than_an_event_that_dates_itself_and_that_than_now():
    sure = [pack().time_meant(text, THURSDAY).sure for text in ("in May 2024", "in 2024", "the 2024 games", "recently")]
    assert sure == sorted(sure, reverse=True)
    assert len(set(sure)) == 4


def test_the_surest_of_several_counts():
    assert meant("Who has led the firm since 2011, and resigned this week?") == ("2024-08-01", "2024-08-08")


@given(st.text(max_size=300), st.dates())
def test_any_text_can_be_asked_on_any_day(text, day):
    time = pack().time_meant(text, day.isoformat())
    if time and time.since and time.until:
        assert time.since <= time.until
        assert pack().days_in_words(time.since, time.until)
    pack().days_named(text, day.isoformat())


@given(
    st.sampled_from(["last year", "next decade", "300 decades ago", "in December", "this winter", "next week"]),
    st.sampled_from([date.min, date.max]),
)
def test_the_ends_of_the_calendar_are_no_error(text, day):
    pack().time_meant(f"Who won {text}?", day.isoformat())


def test_days_are_written_as_people_do():
    written = [
        pack().days_in_words(*its)
        for its in [
            ("2024-01-05", "2024-01-12"),
            ("2024-01-12", "2024-01-12"),
            ("2024-02-01", "2024-02-29"),
            ("2024-01-01", "2024-12-31"),
            ("2019-01-01", "2021-12-31"),
            ("2024-01-01", "2024-01-03"),
            ("2024-01-01", None),
            (None, "2024-01-01"),
        ]
    ]
    assert written == [
        "the week to 12 January 2024",
        "12 January 2024",
        "February 2024",
        "2024",
        "2019 to 2021",
        "1 January 2024 to 3 January 2024",
        "since 1 January 2024",
        "until 1 January 2024",
    ]


def test_articles_tell_of_a_time_for_some_days_after_it_and_of_what_is_to_come_before_it():
    week = TimeMeant("2024-08-01", "2024-08-08", 0.8)
    assert [week.told(THURSDAY).apart(day) for day in ("2024-07-30", "2024-08-05", "2024-08-12", "2024-08-20")] == [
        2,
        0,
        0,
        2,
    ]
    coming = TimeMeant("2025-06-01", "2025-08-31", 0.8)
    assert coming.told(THURSDAY).apart("2024-08-01") == 0
    assert coming.told(None).apart("2024-08-01") > 300


def test_a_day_is_moved_no_further_than_the_calendar_goes():
    assert (moved("0001-01-05", -10), moved("9999-12-30", 10)) == ("0001-01-01", "9999-12-31")
