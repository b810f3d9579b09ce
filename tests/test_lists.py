"""Answers of several spans: which words of a text are items, which are chosen, and that the checker finds others."""

import copy
import json

import numpy as np
import pytest

from eval.datasets.lists import listed as listed_row
from eval.lists import further, spans_of
from eval.metrics.lists import figures
from rag.answer.decide import decide
from rag.answer.reader import Reader, given_passage
from rag.extract import lists
from rag.extract.spans import Found, Tokens
from rag.extract.together import together
from rag.language.listing import items
from rag.serve.ui import answers as page
from rag.types import Support
from rag.types.settings import Settings
from rag.understand import query_of
from rag.verify import verify
from rag.verify.schema import Answer
from tests.answers import folder, made


def cut(text):
    return [text[start:end] for start, end in items(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Poland, Sweden, and Denmark", ["Poland", "Sweden", "Denmark"]),
        ("Marta Wilk and Jan Nowak", ["Marta Wilk", "Jan Nowak"]),
        ("both Poland and the north of Sweden", ["Poland", "the north of Sweden"]),
        ("English, along with Spanish", ["English", "Spanish"]),
        ("Jan Nowak (drums), and Ewa Mak (horn, flute)", ["Jan Nowak", "Ewa Mak"]),
        ("1992, 1994, 1998", ["1992", "1994", "1998"]),
        ("soup, fish and chips, and cake", ["soup", "fish and chips", "cake"]),
        ("“Rain, Snow and Sun” and “Wind”", ["Rain, Snow and Sun", "Wind"]),
        ('Rain ", " Snow " and " Wind and Sun "', ["Rain", "Snow", "Wind and Sun"]),
        ("by the mayor Anna Lis, and with Jan Nowak", ["the mayor Anna Lis", "Jan Nowak"]),
        # What is one:
        ("Anna Lis", []),
        ("May 20, 2010", []),
        ("Gdynia, Poland", []),
        ("John Smith, Jr.", []),
        ("a talk between Poland and Sweden", []),
        ("Anna Lis, who came late, and Jan Nowak", []),
        ("Mozart and four others of his time", []),  # a name and no name
        ("412,500", []),
        (", and ,", []),
        ("", []),
    ],
)
def test_a_list_is_cut_into_its_items_and_what_is_one_stays_whole(text, found):
    assert cut(text) == found


def test_items_are_ranges_of_the_text_that_they_are_in():
    text = "It was won by Marta Wilk and Jan Nowak. And so on, and on."
    assert [text[a:b] for a, b in items(text, 14, 38)] == ["Marta Wilk", "Jan Nowak"]


def words_of(text, marked):
    """A token a word, each with logits 0 but at the first and last word of what is marked."""
    places, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        places.append((start, start + len(word.rstrip(",."))))
    starts, ends = np.full(len(places), -20.0), np.full(len(places), -20.0)
    for words, logit in marked.items():
        start = text.index(words)
        first = next(i for i, place in enumerate(places) if place[0] == start)
        last = next(i for i, place in enumerate(places) if place[1] == start + len(words))
        starts[first] = ends[last] = logit / 2
    return Tokens(np.array(places, dtype=np.int32), starts.astype(np.float32), ends.astype(np.float32))


def support(text, words, number=0, confidence=0.9, title="An article"):
    passage = given_passage(text, title)
    sentence = passage.chunk.sentences[number]
    start = sentence.start + text[sentence.start : sentence.end].index(words)
    return Support(passage, sentence, (start, start + len(words)), (start, start + len(words)), confidence)


def found(tokens=None, margin=5.0):
    return Found(0, 1, margin, 0.0, 0.0, tokens)


WHO = "Who came to Ustka?"


def chosen(text, marked, question=WHO):
    """The items where the first of what is marked is the short answer."""
    short = next(iter(marked))
    (first,) = lists.with_items(query_of(question, 1000), [support(text, short)], [found(words_of(text, marked))])
    return [text[a:b] for a, b in first.items]


LIST = "The talks were held with Anna Lis, Jan Nowak, Ewa Mak and Piotr Dudek on Friday."


def test_the_short_answer_grows_by_what_is_marked_in_one_list_with_it():
    assert chosen(LIST, {"Anna Lis": 10.0}) == ["Anna Lis"]
    near = 10.0 - lists.IN_LIST
    assert chosen(LIST, {"Anna Lis": 10.0, "Ewa Mak": near + 0.1}) == ["Anna Lis", "Jan Nowak", "Ewa Mak"]
    assert chosen(LIST, {"Anna Lis": 10.0, "Jan Nowak": near + 0.1}) == ["Anna Lis"]  # two with a comma are no list
    whole = ["Anna Lis", "Jan Nowak", "Ewa Mak", "Piotr Dudek"]
    assert chosen(LIST.replace(" on Friday", ""), {"Anna Lis": 10.0, "Piotr Dudek": near + 0.1}) == whole
    assert chosen(LIST.replace(" on Friday", ""), {"Anna Lis": 10.0, "Piotr Dudek": near - 0.1}) == ["Anna Lis"]


APART = "Anna Lis came from Slupsk by boat while Jan Nowak walked."


def test_elsewhere_in_the_sentence_only_what_is_marked_almost_as_highly_is_an_item():
    near = 10.0 - lists.ELSEWHERE
    assert chosen(APART, {"Anna Lis": 10.0, "Jan Nowak": near + 0.1}) == ["Anna Lis", "Jan Nowak"]
    assert chosen(APART, {"Anna Lis": 10.0, "Jan Nowak": near - 0.1}) == ["Anna Lis"]


def test_of_another_sort_of_the_question_or_of_days_and_numbers_nothing_is_added():
    assert chosen(APART, {"Anna Lis": 10.0, "walked": 9.9}) == ["Anna Lis"]
    assert chosen(APART, {"Anna Lis": 10.0, "Slupsk": 9.9}, "Who came from Slupsk?") == ["Anna Lis"]
    assert chosen(APART, {"Anna Lis": 10.0, "Jan Nowak": 9.9}, "When did they come?") == ["Anna Lis"]
    numbers = "It has 30 boats of oak beside some 40 of pine."
    assert chosen(numbers, {"30": 10.0, "40": 9.9}, "What is the size of the fleet?") == ["30"]


def test_a_list_of_days_is_several():
    text = "The fair moved in 1995, 1998 and 2003."
    assert chosen(text, {"1995, 1998 and 2003": 10.0}, "When did the fair move?") == ["1995", "1998", "2003"]


def test_an_item_that_says_nothing_new_is_left_out():
    assert chosen("Anna Lis, Lis and Jan Nowak came.", {"Anna Lis, Lis and Jan Nowak": 10.0}) == [
        "Anna Lis",
        "Jan Nowak",
    ]


TWO = "Anna Lis came first. Then Jan Nowak and Anna Lis came."


def with_next(margin, question=WHO, title="An article"):
    supports = [support(TWO, "Anna Lis"), support(TWO, "Jan Nowak and Anna Lis", 1, 0.8, title)]
    whole = lists.with_items(query_of(question, 1000), supports, [found(margin=5.0), found(margin=margin)])
    return [[TWO[a:b] for a, b in one.items] for one in whole]


def test_the_next_sentence_has_what_is_new_where_it_is_almost_as_sure():
    assert with_next(5.1 - lists.NEXT) == [["Anna Lis"], ["Jan Nowak"]]
    assert with_next(4.9 - lists.NEXT) == [["Anna Lis"], []]
    assert with_next(5.0, "When did they come?") == [["Anna Lis"], []]
    assert with_next(5.0, title="Another article") == [["Anna Lis"], []]


def test_without_both_readings_the_short_answer_is_cut_and_nothing_added():
    first = lists.cut(support(LIST, "Anna Lis, Jan Nowak, Ewa Mak and Piotr Dudek"))
    assert [LIST[a:b] for a, b in first.items] == ["Anna Lis", "Jan Nowak", "Ewa Mak", "Piotr Dudek"]


def test_the_next_sentence_is_quoted_where_it_reaches_the_threshold():
    first, second = lists.with_items(
        query_of(WHO, 1000),
        [support(TWO, "Anna Lis"), support(TWO, "Jan Nowak and Anna Lis", 1, 0.8)],
        [found(), found()],
    )
    outcome = decide([first, second], 0.5, 0.05)
    assert (outcome.supports, outcome.others, outcome.joined) == ((first, second), (), (1,))
    outcome = decide([first, second], 0.85, 0.05)
    assert (outcome.supports, outcome.joined) == ((first,), ())
    assert not any(one.items or one.short for one in together([[first], [second]]))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("lists")


@pytest.fixture(scope="module")
def honest(place):
    answers = made(folder(place / "seeds"), place / "index")
    return {name: answer for name, answer in answers.items() if answer["short_answers"]}


IN_SHORT, BEYOND, TWO_OF = (
    "a list that is the short answer",
    "a list beyond the short answer",
    "a list of two sentences",
)


@pytest.mark.model
def test_the_answer_says_each_span_at_its_place(honest):
    assert set(honest) == {IN_SHORT, BEYOND, TWO_OF}
    starts = {
        IN_SHORT: "Who: Marta Wilk, Jan Nowak and Ewa Mak [1]\n\n“Marta",
        BEYOND: "In short: the Old Lamp; the Red Tower; the Widow [1]\n\n“The tower",
        TWO_OF: "Who: Anna Lis [1]; Jan Nowak [2]\n\n“Anna Lis chairs",
    }
    for name, answer in honest.items():
        assert answer["text"].startswith(starts[name])
        cited = {one["number"]: one for one in answer["citations"]}
        for one in answer["short_answers"]:
            its = cited[one["citation"]]
            assert its["quote"][one["start"] - its["start"] : one["end"] - its["start"]] == one["text"]


def found_in(answer, place):
    file = place / "answers.jsonl"
    file.write_text(json.dumps(answer) + "\n")
    return [finding.what for finding in verify(file, place / "seeds").findings]


def without(answer, i):
    return answer | {"short_answers": [one for n, one in enumerate(answer["short_answers"]) if n != i]}


def changed(answer, i, **values):
    forged = copy.deepcopy(answer)
    forged["short_answers"][i] |= values
    return forged


def inside_a_word(answer):
    one = answer["short_answers"][2]
    return changed(answer, 2, text=one["text"][:-1], end=one["end"] - 1)


def wider(answer):
    """The last span with the word before it, in the short answer: its place is so, but it is no item."""
    one = answer["short_answers"][2]
    return changed(answer, 2, text=f"and {one['text']}", start=one["start"] - 4)


def of_an_alternative(answer):
    return answer | {"alternatives": [{"short_answer": "Jan Nowak", "citations": [2]}]}


def apart_from_the_short(answer):
    start = answer["citations"][0]["start"]
    return answer | {
        "short_answer": "The tower",
        "short_answer_span": {"citation": 1, "start": start, "end": start + 9},
    }


@pytest.mark.model
@pytest.mark.parametrize(
    ("name", "forge", "what"),
    [
        (IN_SHORT, lambda it: without(it, 1), "not those that the short answer is a list of"),
        (IN_SHORT, wider, "not those that the short answer is a list of"),
        (IN_SHORT, lambda it: it | {"short_answers": it["short_answers"][:1]}, "less than two"),
        (IN_SHORT, lambda it: it | {"short_answers": it["short_answers"][::-1]}, "not in order"),
        (IN_SHORT, lambda it: it | {"short_answer": None, "short_answer_span": None}, "less than two"),
        (BEYOND, inside_a_word, "inside a word"),
        (BEYOND, lambda it: changed(it, 1, text="the Red Lamp"), "is not in its citation"),
        (BEYOND, lambda it: without(it, 1), "segment"),
        (
            BEYOND,
            lambda it: it | {"short_answers": [*it["short_answers"], it["short_answers"][-1]]},
            "nothing that was not",
        ),
        (BEYOND, apart_from_the_short, "is of the short answer"),
        (TWO_OF, lambda it: changed(it, 1, citation=1), "is not in its citation"),
        (TWO_OF, of_an_alternative, "or an alternative's"),
    ],
)
def test_a_forged_span_is_found(honest, place, name, forge, what):
    assert not found_in(honest[name], place)
    assert any(what in said for said in found_in(forge(honest[name]), place))


@pytest.mark.model
def test_an_answer_from_before_there_were_lists_holds(honest, place):
    old = {key: value for key, value in honest[IN_SHORT].items() if key != "short_answers"}
    assert not found_in(old, place)


@pytest.mark.model
def test_the_page_marks_and_says_each_span(honest):
    html = page.reply(Answer.model_validate(honest[BEYOND]))
    for words in ("the Old Lamp", "the Red Tower", "the Widow"):
        assert f"<mark>{words}</mark>" in html
        assert f'<strong class="short" dir="auto">{words}</strong>' in html
    html = page.reply(Answer.model_validate(honest[IN_SHORT]))
    assert html.count("<mark>") == 3
    assert '<strong class="short" dir="auto">Marta Wilk, Jan Nowak and Ewa Mak</strong>' in html


@pytest.fixture(scope="module")
def reader():
    return Reader.load(Settings())


CRUISE = (
    "The cruise called at Gdynia, Ronne, and Karlskrona. It was led by Captain Ewa Mak. She had left on 3 May 2019."
)


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "short", "spans"),
    [
        ("At which ports did the cruise call?", "Gdynia, Ronne, and Karlskrona", ["Gdynia", "Ronne", "Karlskrona"]),
        ("Who led the cruise?", "Captain Ewa Mak", []),
        ("When had the captain left?", "3 May 2019", []),
    ],
)
def test_the_reader_tells_of_each_span_of_what_it_reads(reader, question, short, spans):
    found = reader.read(question, CRUISE)
    assert found.short_answer == short
    assert [(it.text, CRUISE[it.start : it.end]) for it in found.short_answers] == [(text, text) for text in spans]
    assert spans_of(found) == (spans or [short])
    assert further(found) == []


def test_the_figures_of_lists_count_each_span():
    its = figures([(["the Red Tower", "a boat"], ["Red Tower", "Old Lamp"]), (["Anna Lis, and Ewa"], ["Ewa"])])
    assert (its.found, its.contained, its.precision) == pytest.approx((1 / 3, 2 / 3, 1 / 3))
    assert (its.exact_f1, its.all_found, its.spans) == (pytest.approx(1 / 3), 0.0, 1.5)
    assert figures([([""], ["Ewa"])]).found == 0.0
    assert figures([(["Ewa", "the Ewa"], ["Ewa"])]).precision == 1.0


def test_what_overlaps_counts_as_far_as_it_does():
    its = figures([(["abcd", "xyz"], ["abef", "xyz"])])
    assert its.partial_f1 == pytest.approx(0.75)  # half of one and all of the other, on both sides
    assert its.exact_f1 == 0.5


def test_a_row_of_the_set_keeps_its_places():
    row = {"question": "Who?", "context": "Ewa and Jan", "answers": ["Ewa", "Jan"], "starts": [0, 8]}
    assert [row["context"][s : s + 3] for s in listed_row(row).starts] == list(listed_row(row).answers)
