"""Questions who or what a name is: which are taken from the sets, and how answers are counted."""

import math

import pytest

from eval.datasets.identity import named, of_set
from eval.identity import IdentityAnswer, differences, fault, figures


@pytest.mark.parametrize(
    ("question", "passage", "found"),
    [
        ("Who is Ali Bongo?", "", ("who", "Ali Bongo")),
        ("who is josef fritzl", "It was Josef Fritzl.", ("who", "Josef Fritzl")),
        ("who was leaving", "He was leaving.", None),
        ("Where is the city located?", "", None),
        ("Where is Pergamon located?", "", ("where", "Pergamon")),
        ("What is NF-kB?", "", ("what", "NF-kB")),
        ("When is Easter?", "", None),
    ],
)
def test_a_name_is_known_by_its_capitals_here_or_in_the_passage(question, passage, found):
    assert named(question, passage) == found


@pytest.mark.parametrize(
    ("short", "answers", "why"),
    [
        ("Ali", (), "itself"),
        ("Bongo", ("son of Omar Bongo",), ""),
        ("Omar Torrijos", ("a minister",), "another"),
        ("Defense Minister", (), ""),
        ("his wife", (), "relation"),
        ("counterpart", (), "relation"),
        ("a former minister", (), ""),
    ],
)
def test_what_is_no_answer(short, answers, why):
    assert fault("Ali Bongo", short, answers) == why


def test_a_question_is_put_to_its_passage_to_the_rest_of_it_and_to_others():
    row = {"id": "1", "title": "Bongo", "question": "Who is Ali Bongo?", "answers": ["a minister"]}
    whole = "Ali Bongo is a minister. Bongo left early."
    placed = [
        (row | {"context": whole}, "test"),
        ({"id": "2", "title": "Bongo", "question": "When?", "answers": [], "context": "Ali Bongo slept."}, "test"),
        ({"id": "3", "title": "Bongo", "question": "When?", "answers": [], "context": "Ali Bongo ate."}, "develop"),
        (
            {
                "id": "4",
                "title": "X",
                "question": "Who left the house?",
                "answers": ["Mary Ann Lee"],
                "context": "Mary Ann Lee left.",
            },
            "test",
        ),
    ]
    found = [(one.sort, one.question, one.context, one.answers) for one in of_set("s", placed)]
    assert found == [
        ("own", "Who is Ali Bongo?", whole, ("a minister",)),
        ("cut", "Who is Ali Bongo?", "Bongo left early.", ()),
        ("other", "Who is Ali Bongo?", "Ali Bongo slept.", ()),
        ("made", "Who is Mary Ann Lee?", "Mary Ann Lee left.", ()),
    ]


def answer(id, sort, answers, confidence, answered, f1, why=""):
    exact = None if f1 is None else f1 == 1
    return IdentityAnswer(id, "s", "who", sort, "test", id, "", "", answers, confidence, answered, f1, exact, why)


BEFORE = [
    answer("a", "own", ("x",), 0.9, True, 1.0),
    answer("b", "own", ("x",), 0.4, False, 0.0, "another"),
    answer("c", "cut", (), 0.5, True, None, "another"),
    answer("d", "made", (), 0.99, True, None, "itself"),
]
AFTER = [BEFORE[0], answer("b", "own", ("x",), 0.6, True, 0.6), answer("c", "cut", (), 0.1, False, None), BEFORE[3]]


def test_figures_count_what_each_is_of():
    found = figures(BEFORE)
    shares = {name: text.split("(")[1].split(",")[0] for name, text in found.items() if "(" in text}
    assert shares == {
        "right where one is forced (token F1 over 0.5)": "1/2",
        "the same to the word": "1/2",
        "shares a word with an accepted one": "1/2",
        "answered, and right": "1/2",
        "refused where nothing answers": "0/1",
        "answered with the name itself": "1/4",
        "answered with another name": "1/4",
        "answered with a bare relation": "0/4",
    }
    assert found["AUROC of answerable"] == "0.500"  # the made question, of which nobody knows, is not in it


def test_differences_are_of_the_same_questions():
    found = differences(BEFORE, AFTER[::-1])
    assert found["right where one is forced (token F1 over 0.5)"].startswith("+0.500 (95% ")
    assert found["the same to the word"] == "+0.000 (95% +0.000 to +0.000)"
    assert found["refused where nothing answers"].startswith("+1.000")
    assert found["answered with another name"].startswith("-0.250")
    assert found["AUROC of answerable"].startswith("+0.500")
    assert not math.isnan(float(found["AUROC of answerable"].split()[0]))
