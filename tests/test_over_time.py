"""How many passages on a question each month has: what is counted, and what is shown of it."""

import re

import pytest

from rag.answer import over_time as counting
from rag.answer.assistant import Assistant, Components
from rag.answer.over_time import Span, over_time
from rag.answer.reader import shipped_understander
from rag.build import sync_index
from rag.serve.ui.over_time import html
from rag.store.reader import open_current
from rag.types.filters import Filters
from rag.types.settings import Settings


@pytest.fixture
def counted(tmp_path, word_encoder):
    """Spans of a question on articles, each given as (day or None, text)."""

    def of(articles, question, filters=Filters()):  # noqa: B008 - frozen
        (tmp_path / "seeds").mkdir(exist_ok=True)
        for n, (day, text) in enumerate(articles):
            date = f"date: {day}\n" if day else ""
            (tmp_path / "seeds" / f"{n}.txt").write_text(f"---\ntitle: Number {n}\n{date}---\n{text}\n")
        sync_index(tmp_path / "seeds", tmp_path / "index", Settings())
        parts = Components(shipped_understander(Settings()), word_encoder, None)
        assistant = Assistant(open_current(tmp_path / "index"), parts, 0.5, 0.5, Settings())
        return over_time(assistant, question, filters=filters)

    return of


HERON = "The heron stood in the harbour of Ustka."
OTHER = "The council met on the budget, which was late."
ARTICLES = [
    ("2024-11-02", HERON),
    ("2024-11-30", f"{HERON} It flew."),
    ("2025-01-01", HERON),
    ("2025-02-28", f"It rained. {HERON}"),
    ("2025-02-27", OTHER),
    ("2025-05-01", f"{OTHER} A heron was named."),
    (None, HERON),
]


def test_each_month_from_the_first_to_the_last_is_counted(counted):
    assert counted(ARTICLES, "Who saw the heron in the harbour of Ustka?") == [
        Span("2024-11", "2024-11-01", "2024-11-30", 2),
        Span("2024-12", "2024-12-01", "2024-12-31", 0),
        Span("2025-01", "2025-01-01", "2025-01-31", 1),
        Span("2025-02", "2025-02-01", "2025-02-28", 1),
    ]


def test_days_that_were_chosen_hide_no_month_and_articles_that_were_do(counted):
    question = "Who saw the heron in the harbour of Ustka?"
    days = Filters.model_validate({"from": "2025-01-01", "to": "2025-01-31"})
    assert [span.passages for span in counted(ARTICLES, question, days)] == [2, 0, 1, 1]
    assert counted(ARTICLES, question, Filters(articles=("0.txt", "2.txt"))) == []


@pytest.mark.parametrize("question", ["What is this article about?", "hello", "Who composed the Ode to Joy?"])
def test_what_no_months_tell_of_has_none(counted, question):
    assert counted(ARTICLES, question) == []


def test_many_months_are_years(counted):
    articles = [(f"{year}-0{month}-15", HERON) for year in (2019, 2021, 2023) for month in (1, 3)]
    found = counted(articles, "Who saw the heron in the harbour of Ustka?")
    assert [(span.name, span.passages) for span in found] == [(str(y), 2 * (y % 2)) for y in range(2019, 2024)]
    assert (found[0].since, found[0].until) == ("2019-01-01", "2019-12-31")


def test_a_date_of_long_ago_does_not_make_a_thousand_bars():
    spans = counting._spans({"0001-01": 1, "2024-01": 2, "2024-03": 4})
    assert len(spans) == 60
    assert spans[-1] == Span("2024", "2024-01-01", "2024-12-31", 6)


def test_bars_are_buttons_with_a_name_and_there_is_a_table():
    spans = [Span("2024-02", "2024-02-01", "2024-02-29", 1), Span("2024-03", "2024-03-01", "2024-03-31", 0)]
    page = html("<b>Who</b>?", [*spans, Span("2024-04", "2024-04-01", "2024-04-30", 1200)])
    assert "<b>" not in page
    assert re.findall(r'data-from="(.*?)" data-to="(.*?)"', page) == [
        ("2024-02-01", "2024-02-29"), ("2024-04-01", "2024-04-30"),
    ]  # fmt: skip
    assert 'aria-label="February 2024: 1 passage. Ask within it."' in page
    assert re.findall(r"<th scope=row>(.*?)</th><td>(.*?)</td>", page) == [
        ("February 2024", "1"), ("March 2024", "0"), ("April 2024", "1,200"),
    ]  # fmt: skip
    assert "aria-pressed" not in page
    assert html("Who?", spans, ("2024-02-01", "2024-02-29")).count("aria-pressed=true") == 1
    assert html("Who?", []) == ""
