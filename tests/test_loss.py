"""What is right by the rule of certificates, and what only looks like it."""

import pytest

from eval import loss_before
from rag.loss import agrees, right, too_long


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("in 2016", "in 2017"),
        ("5 June", "6 June"),
        ("5 June 2017", "5 June"),
        ("on Monday", "on Tuesday"),
        ("President Lee", "President Xi"),
        ("Xi", "Xi Jinping"),
        ("20 percent", "20 million"),
        ("twenty", "thirty"),
        ("the second bridge", "the first bridge"),
        ("before 2017", "in 2017"),
        ("not approved", "approved"),
        ("wasn't approved", "approved"),
        ("rose 5%", "fell 5%"),
        ("more than 5 million", "less than 5 million"),
        ("the north of the city of Busan", "Busan"),
        ("", "Busan"),
        ("the", "a"),
    ],
)
def test_another_answer_is_wrong(answer, gold):
    assert not agrees(answer, gold)


@pytest.mark.parametrize(
    ("answer", "gold"),
    [
        ("2017", "in 2017"),
        ("June 5", "5th of June"),
        ("Jan. 5", "January 5"),
        ("20 %", "twenty percent"),
        ("20 per cent", "20%"),
        ("twenty-five million", "25,000,000"),
        ("2.5 billion", "2,500 million"),
        ("five dollars", "$5"),
        ("1st", "first"),
        ("the 19th century", "nineteenth century"),
        ("Xi Jinping", "Xi"),
        ("President Xi Jinping", "Xi Jinping"),
        ("Japan's prime minister", "Japan’s Prime Minister"),
        ("mutually beneficial", "a mutually beneficial deal"),
    ],
)
def test_the_same_answer_in_other_words_is_right(answer, gold):
    assert agrees(answer, gold)


QUOTE = "The match, which 3,000 people had come from Busan to see in 2017, was put off because of the heavy rain."


def test_any_accepted_answer_is_enough():
    assert right(QUOTE, "2017", ["in 2016", "in 2017"])
    assert not right(QUOTE, "2017", ["in 2016", "in 2015"])
    assert not right(QUOTE, "2017", [])
    assert not right(QUOTE, None, [])


def test_without_a_short_answer_the_quotation_has_to_be_mostly_the_accepted_one():
    # That its words stand somewhere in what is quoted says little.
    assert not right(QUOTE, None, ["2017"])
    assert not right(QUOTE, None, ["Busan"])
    assert right(QUOTE, None, ["put off because of the heavy rain"])  # a quarter of the words, unbroken
    assert right(QUOTE, None, ["The match was put off", QUOTE])
    assert not right("It was put off because of the snow.", None, ["It was put off because of the rain."])


def test_a_sentence_that_is_accepted_is_compared_with_the_quotation():
    assert right(QUOTE, "heavy rain", [QUOTE])
    assert not right(QUOTE, "heavy rain", [QUOTE.replace("2017", "2016")])
    assert not right("It rained.", "It", [f"It rained. {QUOTE}"])


def test_a_capital_that_only_begins_the_accepted_answer_is_no_name():
    assert right("It opened in the fall of 1964.", "1964", ["Fall of 1964"])
    assert not right("The Fall of Rome was in 1964.", "1964", ["Fall of 1964"])


def test_a_text_is_longer_than_a_sentence():
    assert not too_long(QUOTE)
    assert not too_long("No. 5, St. James St.")
    assert too_long(f"{QUOTE} Nobody was there. They had gone home.")
    assert too_long("word " * 81)


@pytest.mark.parametrize(
    ("quote", "short", "gold"),
    [
        ("It opened in 2016, not in 2017.", "in 2016", "in 2017"),
        ("They met on 5 June, and again on 6 June.", "5 June", "6 June"),
        ("President Lee met President Xi.", "President Lee", "President Xi"),
        (QUOTE, None, "Busan"),
        ("It rained.", None, f"Nobody came. It rained. {QUOTE}"),
    ],
)
def test_what_was_taken_for_right_is_wrong(quote, short, gold):
    assert loss_before.right(quote, short, [gold])
    assert too_long(gold) or not right(quote, short, [gold])
