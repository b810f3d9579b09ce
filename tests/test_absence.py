"""What may be said to occur nowhere: what says it and what checks it agree, and say no more than is so."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rag.language.absence import askable, cleaned, reasons
from rag.load import load
from rag.split import split
from rag.store.files import FileStore
from rag.types.stores import Recipe, StoredArticle
from rag.verify.asked import asks, kind_of
from rag.verify.quotations import quotation
from rag.verify.schema import AnswerCitation
from rag.verify.sources import Sources

LONG = ", ".join(f"the council did not repair road number {i}" for i in range(60)) + "."
TEXTS = {
    "a": "The inter\u00adna\u00adtional fair of Na\u200bples made a \ufb01ne of 1,000 zloty in \u041coscow.",
    "b": "The high-stakes e-mail of the U.S. News Channel went to Łódź, Tromsø and the Große Straße.\n\n"
    "Illinois and the lighthouse of Rozewie: a woman held it.",
    "c": LONG,
    "d": "The fair was grand.\n\nSubscribe to our newsletter",
}
STANDS = """
    international Naples fine 1000 Moscow highstakes email US NewsChannel Lodz Tromso Strasse lllinois IIIinois
    Iighth0use Women HOLD road
""".split()
NOWHERE = ("Zanzibar", "Xi", "fines2", "lighter")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("absence") / "seeds"
    folder.mkdir()
    lines = (json.dumps({"id": id, "title": id, "text": text}) for id, text in TEXTS.items())
    (folder / "all.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder


@pytest.fixture(scope="module")
def store(seeds):
    recipe = Recipe("words", "words", "inner_product", 200, 800, "1")
    store = FileStore(seeds.parent / "index")
    writer = store.begin(recipe, afresh=True)
    for article in load(seeds, "all.jsonl").articles:
        chunks = tuple(split(article, min_chars=200, max_chars=800))
        vectors = np.ones((len(chunks), 2), dtype=np.float32)
        writer.put(StoredArticle(article.info, article.text, chunks, vectors))
    writer.commit({})
    return store.open()


@pytest.mark.parametrize("word", [*STANDS, *NOWHERE])
def test_the_index_and_the_checker_agree_on_what_stands_nowhere(seeds, store, word):
    wanted = word in NOWHERE
    assert (store.nowhere(word), Sources(seeds, 800).nowhere(word)) == (wanted, wanted)


def test_two_words_that_a_chunk_parts_are_not_one(seeds, store):
    """The checker looks for them no further than the index does, or it would find fault with an honest answer."""
    cuts = [chunk.end for chunk in split(load(seeds, "all.jsonl").articles[2], min_chars=200, max_chars=800)]
    word = LONG[: cuts[0]].split()[-1].strip(",") + LONG[cuts[0] :].split()[0]
    assert (word, store.nowhere(word), Sources(seeds, 800).nowhere(word)) == ("17the", True, True)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who saw Zanzibar?", ["saw", "Zanzibar"]),
        ("Who paid 1,000 for (Zanzibar)\u2019s \u201cboats\u201d?", ["paid", "boats"]),
        ("Who is x_y of ____ and AC/DC?", []),
        ("Who is 上海, \u30b5\u30f3, \uc11c\uc6b8 or Москва of Lodz?", ["Lodz"]),
        ("Who is " + "l" * 8 + " or " + "a" * 51 + "?", []),
    ],
)
def test_only_whole_words_in_latin_letters_are_said_to_occur_nowhere(question, words):
    assert list(askable(question).values()) == words


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("List the last size of the first president", []),
        ("Explain it. List the sizes", []),  # a capital that begins a sentence
        ("What is the population of Ustka?", ["Ustka"]),
        ("Zanzibar population?", ["Zanzibar"]),
        ("ZANZIBAR POPULATION SIZE FIRST", ["ZANZIBAR"]),  # all are capitals, which says nothing
        ("Did gluons fly to Lodz and Ode in 2031?", ["Lodz", "Ode", "2031"]),
        ("Did quarks, mesons, gluons or hadrons decay?", ["mesons", "gluons", "hadrons"]),  # the rarest, in order
        ("When was the Xi-Trump picnic?", ["Xi", "Trump", "picnic"]),
    ],
)
def test_of_what_stands_nowhere_at_most_three_words_are_named_that_tell(question, named):
    assert list(reasons(question, reversed(askable(question).values()))) == named


@pytest.mark.parametrize(
    ("typed", "meant", "kind", "holds"),
    [
        ("I was away when it happened. Who built it?", "Who built it?", "who", True),
        ("Waht city did Xi visit when he met Trump?", "What city did Xi visit when he met Trump?", "where", True),
        ("And Japan?", "Who leads Japan?", "who", False),
        ("What about Japan?", "Who leads Japan?", "who", False),
        ("Tell me about Japan", "Who leads Japan?", "who", False),
        ("Did Xi resign?", "When did Xi resign?", "when", False),
        ("How many boats are there?", "Who is there?", "who", False),
        ("x " * 1001, "Who is there?", "who", False),
    ],
)
def test_a_question_asks_for_what_its_words_ask(typed, meant, kind, holds):
    assert kind_of(meant) == kind
    assert asks(typed, meant, kind) is holds


def test_a_letter_keeps_no_more_marks_than_any_has():
    text = cleaned("who is a" + "\u0327\u0301" * 200_000)  # minutes, where all are put in order
    assert text == cleaned(text) == "who is á" + "\u0327" * 15 + "\u0301" * 14


@pytest.mark.parametrize(("text", "kind"), [("What did Xi say?", "said"), ("What say you did?", "what")])
def test_what_was_said_is_asked_for_in_this_order(text, kind):
    assert kind_of(text) == kind


def quoting(seeds, number):
    """What is found when a range of an article is quoted."""
    article, sources = load(seeds, "all.jsonl").articles[number], Sources(seeds, 800)
    given = {name: getattr(article.info, name) for name in AnswerCitation.model_fields if hasattr(article.info, name)}

    def found(start, end):
        place = {"start": start, "end": end, "quote": article.text[start:end]}
        home = next(p for p in article.paragraphs if p.start <= start < p.end)
        rest = {"number": 1, "section": None, "page": None, "paragraph": home.number}
        return [p.what for p in quotation(AnswerCitation(**given | place | rest), "citations[0]", sources)]

    return found


def test_of_a_very_long_sentence_only_what_is_quoted_of_it_may_be(seeds):
    article, found = load(seeds, "all.jsonl").articles[2], quoting(seeds, 2)
    (first, *_) = split(article, min_chars=200, max_chars=800)[0].sentences
    assert found(first.start, first.end) == []
    cut = article.text.index("repair road number 3")
    what = "citation 1 (all.jsonl): the quotation is no whole sentence, nor what is quoted of a very long one"
    assert found(cut, first.end) == found(first.start, cut) == [what]


def test_what_a_site_prints_around_is_never_quoted(seeds):
    found = quoting(seeds, 3)
    assert found(0, 19) == []
    assert found(21, 48) == ["citation 1 (all.jsonl): what a site prints around its articles is never quoted"]
