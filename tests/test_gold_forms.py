"""The gold of the quiz is accepted in other forms, none of which makes a wrong answer right."""

import pytest

from eval.datasets.gold_forms import accepted
from eval.datasets.person import asks_for_a_person
from rag.calibrate.judge import holds_words


@pytest.mark.parametrize(
    ("question", "gold", "forms"),
    [
        ("Where is it?", "N.Y", {"New York", "NY"}),
        ("Where is it?", "Troy, New York", {"Troy, N.Y.", "Troy, NY"}),
        ("Where is it?", "Miss.", {"Mississippi"}),
        ("Which country won?", "US", {"United States", "U.S.", "the US", "USA"}),
        ("Which country won?", "the U.K.", {"the United Kingdom", "the UK", "the Britain"}),
        ("What was crossed?", "US border", {"U.S. border", "United States border"}),
        ("Which footballer scored?", "Lionel Messi", {"Messi"}),
        ("Who spoke?", "Ursula von der Leyen", {"von der Leyen"}),
        ("Who spoke?", "Freedonian President Ann Muster Jr.", {"Ann Muster Jr.", "Muster"}),
        ("Which leader came?", "Freedonia’s Ann Muster", {"Ann Muster", "Muster"}),
        ("Which monarch came?", "King Carl", {"Carl"}),
        ("What was sung?", "“Rain Song”", {"Rain Song"}),
        ("What fell?", "A tree", {"tree"}),
        ("Which contest is it?", "The Big Year", {"Big Year"}),
        ("How long was it?", "Three weeks", {"3 weeks"}),
        ("How long was it?", "3 weeks", {"three weeks"}),
        ("How much?", "25%", {"25 percent", "25 per cent"}),
        ("How much?", "20 percent", {"20%", "twenty percent"}),
    ],
)
def test_other_forms(question, gold, forms):
    found = accepted(question, gold)
    assert found[0] == gold
    assert forms <= set(found)


@pytest.mark.parametrize(
    ("question", "gold"),
    [
        ("Is it so?", "TRUE"),
        ("Which film is it?", "The Big Year"),
        ("Which band plays?", "The Who"),
        ("Who wrestles?", "The Rock"),
        ("Who spoke?", "The president"),
        ("Which country, whose president fell, voted?", "South Korea"),
        ("Who won?", "South Korea"),
        ("Who won?", "Manchester United"),
        ("Which university’s president spoke?", "Muster College"),
        ("Which firm was founded by the singer?", "Silk Beauty"),
        ("Where does the man who won live?", "Baton Rouge"),
        ("Which of Jo Muster’s sisters is the singer?", "Ann Muster"),
        ("Who spoke?", "Jill Biden"),
        ("Who wrote it?", "Stephen King"),
        ("Which president was first?", "George Washington"),
        ("Who spoke?", "Malcolm X"),
        ("Who marched?", "Martin Luther King Jr."),
        ("Where is it?", "IN"),
        ("Where is it?", "OR"),
        ("How many?", "1"),
        ("How many?", "one"),
        ("What was the score?", "2-1"),
        ("When?", "Oct. 13, 2024"),
        ("How much?", "$3 trillion"),
        ("Which network is it?", "5G"),
    ],
)
def test_no_other_form(question, gold):
    assert accepted(question, gold) == (gold,)


def test_no_form_is_a_word_in_small_letters():
    assert not holds_words("Tell us or me in Indiana's mass.", accepted("Where?", "United States"))
    assert not holds_words("He went to mass.", accepted("Where?", "Massachusetts"))
    assert holds_words("the US, too", accepted("Where?", "United States"))
    assert holds_words("It was in Albany, N.Y.", accepted("Where?", "New York"))


def test_which_question_asks_for_a_person():
    asks = ("Who won?", "On Monday, who won?", "Whose book?", "Which former U.S. president won?", "What pop star sang?")
    not_so = ("Which city’s mayor won?", "How did the man who won die?", "Which star system is it?", "What is it?")
    assert [asks_for_a_person(question) for question in asks] == [True] * 5
    assert not any(asks_for_a_person(question) for question in not_so[:2])
    assert not asks_for_a_person(not_so[3])
