"""The seed questions are what they say: enough of each sort, and every accepted answer stands where it says."""

import json
from collections import Counter

import pytest

from eval.datasets.seeds import FILE, read
from eval.parts import seed_half
from rag.language.english.words import STOPWORDS
from rag.language.words import WORD, stem
from rag.load import load
from tests.conftest import ARTICLE
from tests.conftest import SEEDS as ARTICLES

CASES = read().cases
ROWS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]


def test_there_are_enough_questions_of_each_sort_and_each_once():
    assert sum(case.answerable for case in CASES) >= 80
    assert sum(not case.answerable for case in CASES) >= 80
    assert len({case.id for case in CASES}) == len({case.asked.question for case in CASES}) == len(CASES)
    halves = Counter((case.part, case.answerable) for case in CASES)
    assert min(halves.values()) >= 35
    assert {case.part for case in CASES} == {"develop", "test"}
    assert all(case.part == seed_half(case.id) for case in CASES)


def test_every_kind_and_category_has_questions():
    answerable = Counter(case.kind for case in CASES if case.answerable)
    assert {"who", "when", "where", "how_many", "why", "how", "said", "yes_no", "what", "about"} == set(answerable)
    assert min(count for kind, count in answerable.items() if kind != "about") >= 3
    assert {"two_sentences", "no_shared_word", "typo", "paraphrase"} < {c.category for c in CASES if c.answerable}
    assert {c.category for c in CASES if not c.answerable} == {
        "missing_detail",
        "false_premise",
        "swapped",
        "wrong_year",
        "opinion",
        "prediction",
        "other_topic",
        "near_miss",
    }


@pytest.mark.parametrize("row", [row for row in ROWS if row["gold"]], ids=lambda row: row["id"])
def test_gold_spans_are_the_words_of_the_article(row):
    (article,) = load(ARTICLES, row["article_id"]).articles
    assert {gold.get("part", 0) for gold in row["gold"]} == ({1, 2} if row["category"] == "two_sentences" else {0})
    for gold in row["gold"]:
        assert article.text[gold["start"] : gold["end"]] == gold["text"]
        home = article.paragraphs[gold["paragraph"] - 1]
        assert home.start <= gold["start"] < gold["end"] <= home.end


def test_paraphrases_without_a_shared_word_share_none():
    (article,) = load(ARTICLES, ARTICLE).articles
    held = {stem(word) for word in WORD.findall(article.text)}
    asked = [case.asked.question for case in CASES if case.category == "no_shared_word"]
    assert len(asked) >= 5
    for question in asked:
        content = [word for word in WORD.findall(question) if word.casefold() not in STOPWORDS]
        assert not held & {stem(word) for word in content}, question


def test_question_lines_have_the_documented_fields():
    for row in ROWS:
        assert sorted(row) == ["article_id", "category", "gold", "id", "kind", "question"]
        assert row["article_id"] == ARTICLE
        for gold in row["gold"]:
            assert set(gold) - {"part"} == {"paragraph", "start", "end", "text"}
