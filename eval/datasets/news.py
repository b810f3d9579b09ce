"""RealTimeQA: quiz questions on the news, and the articles they were asked of, as one corpus.

The gold is a short text without a place: a quotation is right when it holds the words of the gold, or of another way to
write it (`eval.datasets.gold_forms`): a string test, whose precision was judged by hand (docs/decisions). Unanswerable
questions are of a later year, which gives them away, so the main test of refusing is `news_removed`: each answerable
question is asked twice, once of the whole corpus and once with every article that holds such words taken out of what is
searched.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from eval.cases import Asked, Case, Dataset
from eval.datasets.gold_forms import accepted
from eval.datasets.lines import rows
from eval.parts import parts_of
from rag.calibrate.judge import answer_words

REMOVED = "#removed"  # ends the id of a question asked without the articles that hold its gold
FILES = ("news/articles.jsonl", "news/questions.jsonl")
# Questions that cannot be asked without the options that stood below them in the quiz.
TRICK = re.compile(
    r"\b(?:of|is|which) these\b|\bthe following\b|\bone of these\b|\bexcept:?\s*$"
    r"|\bwhich\s+(?:\w+\s+){1,6}?(?:is|was|were|are|did|has)(?:\s+not\b|n[’']t\b)",
    re.IGNORECASE,
)


def read(data: Path) -> Dataset:
    """The answerable questions and those of the later year."""
    return Dataset("news", tuple(_cases(data)), articles=_articles(data), source="news/")


def read_removed(data: Path) -> Dataset:
    """The answerable questions, each also without the articles that hold its gold."""
    articles = _articles(data)
    cases = [case for case in _cases(data) if case.answerable]
    hidden = holding([case.answers for case in cases], articles)
    return Dataset("news_removed", with_removed(cases, hidden), articles=articles, source="news/")


def with_removed(cases: Sequence[Case], hidden: Sequence[Collection[str]]) -> tuple[Case, ...]:
    """Answerable questions, each followed by itself without the articles `hidden` (its id then ends in `#removed`).

    Where there are none, nothing can be taken away, and neither can be scored.
    """
    out = []
    for case, ids in zip(cases, hidden, strict=True):
        if not ids:
            case = replace(case, unscorable="no article holds its gold")
        out.append(case)
        asked = replace(case.asked, hidden=frozenset(ids))
        removed = replace(
            case, id=case.id + REMOVED, asked=asked, category="removed", answerable=False, answers=(), as_written=()
        )
        out.append(removed)
    return tuple(out)


def holding(answers: Sequence[Sequence[str]], articles: Iterable[dict[str, Any]]) -> list[set[str]]:
    """For each list of answers, the ids of the articles whose title or text holds the words of one of them.

    By the same words as the test of a quotation (`answer_words`), so no hit that is left could pass it.
    """
    found: list[set[str]] = [set() for _ in answers]
    needles = [[f" {' '.join(answer_words(answer))} " for answer in some] for some in answers]
    for article in articles:
        words = [*answer_words(article["title"]), "\n", *answer_words(article["text"])]
        text, known = f" {' '.join(words)} ", set(words)
        for ids, some in zip(found, needles, strict=True):
            if any(needle.split()[0] in known and needle in text for needle in some if needle.strip()):
                ids.add(article["id"])
    return found


def _articles(data: Path) -> tuple[dict[str, Any], ...]:
    return tuple(rows(data / FILES[0]))


def _cases(data: Path) -> list[Case]:
    records = rows(data / FILES[1])
    parts = parts_of("news", [week(row) for row in records])
    return [case_of(row, parts[week(row)], "later_year") for row in records if "<a " not in row["question"]]


def week(row: Mapping[str, Any]) -> str:
    """The week of a question: what is never torn."""
    found: str = row["id"].split("_")[0]
    return found


def forms(row: Mapping[str, Any]) -> tuple[str, ...]:
    """All that is accepted for the gold of a question."""
    return tuple(dict.fromkeys(form for gold in row["gold"] for form in accepted(row["question"], gold)))


def case_of(row: Mapping[str, Any], part: str, unanswerable: str, day: str | None = None) -> Case:
    """A question of the quiz; `unanswerable` is the category of one whose gold stands nowhere."""
    trick = bool(TRICK.search(row["question"]))
    return Case(
        row["id"],
        Asked(row["question"], day=day),
        part=part,
        group=week(row),
        rule="words",
        answerable=row["answerable"],
        answers=forms(row) if row["answerable"] else (),
        as_written=tuple(row["gold"]) if row["answerable"] else (),
        category="answerable" if row["answerable"] else unanswerable,
        unscorable="needs the options of the quiz" if trick else "",
        paragraph=row["id"],
    )
