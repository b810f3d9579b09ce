"""Questions made from the articles' own words: each is answered by them, and the same index gives the same."""

import json
import shutil
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest

from rag.answer import suggestions
from rag.answer.opening import open_assistant
from rag.answer.suggestions import suggested
from rag.language.english import questions
from rag.types.settings import Settings
from rag.verify.check import check
from tests.conftest import SEEDS


@pytest.mark.parametrize(
    ("sentence", "question", "answer"),
    [
        (
            "At least 12 people were killed in Oslo after the ferry sank on Monday.",
            "How many people were killed in Oslo?",
            "At least 12",
        ),
        (
            "A ferry sank off Bergen on Monday, killing at least 12 people in Oslo, the police said.",
            "How many people were killed in Oslo?",
            "at least 12",
        ),
        (
            "The Oslo Bridge was opened in 1932 by the mayor, who cut a ribbon of red silk.",
            "When was the Oslo Bridge opened?",
            "1932",
        ),
        (
            "The Bergen treaty was signed in Oslo by both of the countries that had fought for years.",
            "Where was the Bergen treaty signed?",
            "Oslo",
        ),
        (
            "Anna Berg, the head of the Oslo ferry company, said that nobody was to blame.",
            "Who is Anna Berg?",
            "the head of the Oslo ferry company",
        ),
        (
            "Norwegian Prime Minister Anna Berg travelled to the coast to see the ferry.",
            "Who is the Norwegian prime minister?",
            "Anna Berg",
        ),
        (
            "Bergen has promised to pay the families of all passengers before the end of the year.",
            "What did Bergen promise to do?",
            "to pay the families of all passengers before the end of the year.",
        ),
        (
            "The Oslo Climate Summit will be held on 12 July in the old town hall of the city.",
            "When will the Oslo Climate Summit be held?",
            "12 July",
        ),
        (
            "Oslo banned the Bergen ferry because its engine had failed three times in a year.",
            "Why did Oslo ban the Bergen ferry?",
            "its engine had failed three times in a year.",
        ),
        ("He was killed in Oslo after the ferry that he had boarded in Bergen sank.", "", ""),
        ("The plan was approved in 1932 after long talks between all of the parties.", "", ""),
        ("Oslo.", "", ""),
    ],
)
def test_a_sentence_gives_the_question_that_it_answers(sentence, question, answer):
    made = questions(sentence)
    if not question:
        assert made == []
        return
    assert question in [text for text, _, _ in made]
    start, end = next((a, b) for text, a, b in made if text == question)
    assert sentence[start:end] == answer


def test_a_hostile_sentence_takes_no_time():
    for unit in ("A ", "Aa ", "Aa", "a-", "Aa of ", "12 aa ", "Aa, the aa bb cc, ", "Aa’", "“", "Aa called aa "):
        begin = time.perf_counter()
        questions((unit * 320)[:319] + ".")
        assert time.perf_counter() - begin < 2


@pytest.mark.model
def test_three_questions_are_suggested_and_answered_and_kept(seed_index, tmp_path):
    index = tmp_path / "index"
    shutil.copytree(seed_index, index)
    assistant = open_assistant(index, Settings())
    found = suggested(assistant, index)
    assert len(found) == len(set(found)) == 3
    for text in found:
        assert assistant.ask(text).status == "answered"
    assert check(SEEDS, index, Settings()) == []  # what is kept beside the index is no damage
    again = SimpleNamespace(store=assistant.store, threshold=assistant.threshold, settings=assistant.settings)
    assert suggested(again, index) == found  # asks nothing
    file = index / "suggestions.json"
    file.write_text(json.dumps({"of": ["another"], "questions": ["Who?"]}))
    assert suggested(assistant, index) == found
    file.write_text("damaged")
    assert suggested(assistant, index) == found


def held(*articles):
    infos = [SimpleNamespace(article_id=id, date=date) for id, date, _ in articles]
    texts = {id: text for id, _, text in articles}
    return SimpleNamespace(
        articles=lambda after: [SimpleNamespace(info=info) for info in infos] if after is None else [],
        article=lambda id: (None, texts[id]),
    )


def test_each_sort_is_asked_in_turn_and_the_latest_articles_first():
    store = held(
        ("old", "2020-01-01", "Anna Berg, the head of the Oslo ferry company, said that nobody was to blame."),
        ("new", "2024-01-01", "At least 12 people were killed in Oslo after the ferry sank on Monday.\n\n"
         "Ola Dahl, the mayor of the town of Bergen, said that nobody was to blame for it."),
    )  # fmt: skip
    made = list(suggestions._in_turn(suggestions._made(store)))
    texts = ["How many people were killed in Oslo?", "Who is Ola Dahl?", "Who is Anna Berg?"]
    assert [one.text for one in made] == texts


def test_those_shown_are_of_different_articles_and_sorts_where_there_are():
    one = suggestions._Made("Who is Anna Berg?", "a", "1")
    sorts = [one, replace(one, text="Who is Ola Dahl?"), replace(one, text="When was Oslo built?", article_id="2")]
    sorts.append(replace(one, text="Where is the Oslo fair held?"))
    good = [(0.95, sorts[0]), (0.94, sorts[1]), (0.9, sorts[2]), (0.85, sorts[3]), (0.5, one)]
    assert suggestions._varied(good, 0.8) == [sorts[0], sorts[2], sorts[3]]
    assert suggestions._varied(good, 0.92) == sorts[:2]


def test_an_answer_is_the_one_that_the_question_was_made_of():
    made = suggestions._Made("Where was it held?", "the city of Oslo", "1")
    for status, short, found in (
        ("answered", "Oslo", True), ("answered", "Bergen", False), ("answered", None, False), ("refused", "Oslo", False)
    ):  # fmt: skip
        assert suggestions._is_found(made, SimpleNamespace(status=status, short_answer=short)) is found
