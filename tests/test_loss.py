"""What is right by the rule of certificates, and what only looks like it."""

import pytest

from eval import loss_before, loss_table
from rag.calibrate.judge import agrees, right, too_long


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
    assert not right("It was not put off because of the rain.", None, ["put off because of the rain"])


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


def judged(id, short, gold, right, stratum="border"):
    row = {"set": "squad2", "id": id, "article_id": "context", "start": 0, "end": len(QUOTE), "stratum": stratum}
    return row | {"quote": QUOTE, "short": short, "gold": gold, "right": right}


def test_judgements_are_kept_without_texts_and_counted_both_ways():
    some = [judged(f"q{n}", "2017", ["in 2017"], True) for n in range(20)]
    some += [judged(f"r{n}", None, ["Busan"], n < 5) for n in range(20)]  # loss/1 takes them all for right
    row = loss_table.kept(some[0])
    assert QUOTE[slice(*row["short"])] == "2017"
    assert not {"quote", "gold", "question", "context"} & row.keys()
    lines = loss_table.table([*some, judged("w", "2017", [f"{QUOTE} It rained. {QUOTE}"], False)])
    shares = {tuple(line.split(" | ")[:3]): line.split(" | ")[3:5] for line in lines[2:]}
    before = [shares[f"| {half}", "border", "loss/1"] for half in ("settling", "reported")]
    after = [shares[f"| {half}", "border", "loss/2"] for half in ("settling", "reported")]
    counts = [[cell.split("(")[1].split(",")[0] for cell in cells] for cells in (*before, *after)]
    (was, flattered), (was2, flattered2), (misses, none), (misses2, none2) = counts
    assert sum(int(share.split("/")[0]) for share in (was, was2)) == 0
    assert sum(int(share.split("/")[0]) for share in (misses, misses2)) == 5
    assert sum(int(share.split("/")[0]) for share in (flattered, flattered2)) == 15
    assert sum(int(share.split("/")[0]) for share in (none, none2)) == 0
    assert "(1/1," in lines[-1]  # the whole article is of another row


def test_half_of_what_is_drawn_is_on_the_border():
    some = [judged(f"q{n}", "2017", ["in 2017" if n % 2 else "in 2016"], None) for n in range(200)]
    some = [row | {"short": None, "gold": ["Busan"]} if n < 30 else row for n, row in enumerate(some)]
    drawn = loss_table.draw(some)
    strata = [row["stratum"] for row in drawn]
    assert (len(drawn), strata.count("border")) == (44, 22)
    assert drawn == loss_table.draw(some[::-1])
