"""RealTimeQA of 2024 and 2026 over an archive of 10,784 articles: the news in a large corpus, asked on a day.

As `news` (`eval.datasets.news`) in all but this: its articles are those of the archive that the corpus of `news` lacks,
each question has the day on which it was asked, and the unanswerable ones are of the same weeks as the others.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.cases import Case, Dataset
from eval.datasets import news
from eval.datasets.lines import rows
from eval.parts import parts_of

FILES = ("news_archive/articles.jsonl.gz", "news_archive/questions.jsonl", news.FILES[0])
YEARS = ("2024", "2026")  # the questions of 2022 are those of `news`
SOURCE = "news_archive/"


def read(data: Path) -> Dataset:
    """The answerable questions, and those whose gold stands nowhere."""
    articles, records = _articles(data), _records(data)
    # They were told apart by the gold as it is written alone.
    others = {row["id"]: news.forms(row)[1:] for row in records if not row["answerable"]}
    some = {id: forms for id, forms in others.items() if forms}
    said = {id for id, ids in zip(some, news.holding(list(some.values()), articles), strict=True) if ids}
    cases = (replace(c, unscorable="an article holds its gold otherwise") if c.id in said else c for c in _cases(data))
    return Dataset("archive", tuple(cases), articles=articles, source=SOURCE)


def read_removed(data: Path) -> Dataset:
    """The answerable questions, each also without the articles that hold its gold."""
    articles = _articles(data)
    cases = [case for case in _cases(data) if case.answerable]
    hidden = news.holding([case.answers for case in cases], articles)
    return Dataset("archive_removed", news.with_removed(cases, hidden), articles=articles, source=SOURCE)


def golds(data: Path) -> dict[str, tuple[str, ...]]:
    """All that is accepted for the gold of each question, also of the unanswerable ones: for who judges by reading."""
    return {row["id"]: news.forms(row) for row in _records(data)}


def _articles(data: Path) -> tuple[dict[str, Any], ...]:
    """In the order and with the keys of the file: the index of the corpus is kept under them."""
    known = {row["text"] for row in rows(data / FILES[2])}
    return tuple(row for row in rows(data / FILES[0]) if row["text"] not in known)


def _records(data: Path) -> list[dict[str, Any]]:
    return [row for row in rows(data / FILES[1]) if row["id"].startswith(YEARS)]


def _cases(data: Path) -> list[Case]:
    records = _records(data)
    parts = parts_of("archive", [news.week(row) for row in records])
    return [news.case_of(row, parts[news.week(row)], "unanswerable", _day(row["date"])) for row in records]


def _day(date: str) -> str:
    """The day in ISO form; it is written with strokes, too."""
    return date.replace("/", "-")
