"""What a quotation may not lose, and who may have said it (`rag.quotes`)."""

from dataclasses import replace

import pytest

from rag.language.english import said_of
from rag.quotes import check
from rag.quotes.attributed import is_of
from rag.quotes.draft import of_text
from rag.quotes.people import are_one, name_words
from rag.store.files import FileStore
from tests.store.made import article, build

FLOOD = (
    "Some 1.5 million people were displaced by the flood, and the town lost $12.5 billion in a year.",
    "It was -5 degrees on the hill. The council wants a 5% tax on every house, and the plan runs for 2019-2021.",
)
VOTE = (
    "The council did not approve the plan for the new harbour. It will cost a lot of money, as all members know.",
    "“Is the dam safe for the people below?” nobody asked. We can never trust the builders of this wall again.",
)
WALL = (
    "“The tax is a gift to the rich of the town,” finance minister Sam Odell said on Monday, as Olga Finn had said.",
    "“The wall was built in a hurry,” said engineer Olga Finn, who left the company in May.",
    "Odell called the wall “a very bad idea of the engineers” and the house burned down in the night. He never came.",
    "Karl Finn, her brother, did not speak of it.",
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    texts = {"flood": FLOOD, "vote": VOTE, "wall": WALL}
    made = [article(name, *text, title=f"An article on the {name}") for name, text in texts.items()]
    opened = build(FileStore(tmp_path_factory.mktemp("index")), made)
    yield opened
    opened.close()


def verdict(reader, text):
    (one,) = check(of_text(text), reader).quotations
    return one.verdict


@pytest.mark.parametrize(
    ("draft", "its"),
    [
        ("“Some 1.5 million people were displaced”", "verbatim"),
        ("“1.5 million people were displaced by the flood”", "verbatim"),
        ("“5 million people were displaced by the flood”", "altered"),
        ("“Some […] 5 million people were displaced by the flood”", "altered"),
        ("“and the town lost $12.5 billion”", "verbatim"),
        ("“$12.5 billion in a year”", "verbatim"),
        ("“12.5 billion in a year”", "altered"),
        ("“and the town lost $12.”", "altered"),
        ("“-5 degrees on the hill”", "verbatim"),
        ("“5 degrees on the hill”", "altered"),
        ("“The council wants a 5%”", "verbatim"),
        ("“The council wants a 5”", "altered"),
        ("“and the plan runs for 2019”", "altered"),
        ("“the plan runs for 2019–2021”", "verbatim"),
    ],
)
def test_no_number_is_cut(reader, draft, its):
    assert verdict(reader, draft) == its


@pytest.mark.parametrize(
    ("draft", "its"),
    [
        ("“The council did […] approve the plan for the new harbour”", "altered"),
        ("“The council did … approve the plan for the new harbour”", "altered"),
        ("“The council [did] approve the plan for the new harbour”", "altered"),
        ("“The council [didn’t] approve the plan for the new harbour”", "verbatim"),
        ("“The council did [n]ot approve the plan for the new harbour”", "verbatim"),
        ("“It will [not] cost a lot of money, as all members know”", "altered"),
        ("“It will cost a lot of money, as all [hardly any] members know”", "altered"),
        ("“It will cost a lot of money, as all members [never]”", "altered"),
        ("“It will cost […] as all members know”", "verbatim"),
        ("“It will … money, as all members know”", "altered"),
        ("“We can[not] trust the builders of this wall”", "altered"),
        ("“[W]e can never trust … of this wall again”", "verbatim"),
    ],
)
def test_no_omission_or_bracket_hides_a_denial(reader, draft, its):
    assert verdict(reader, draft) == its


@pytest.mark.parametrize(
    ("draft", "its"),
    [
        ("“Is the dam safe for the people below?”", "verbatim"),
        ("“Is the dam safe for the people below” was asked", "verbatim"),
        ("Did they ask “is the dam safe for the people below”?", "verbatim"),
        ("“Is the dam safe for the people below.”", "altered"),
        ("“Is the dam safe for the people below,” they said.", "altered"),
        ("The council asked “is the dam safe for the people below”.", "altered"),
    ],
)
def test_a_question_is_no_statement(reader, draft, its):
    assert verdict(reader, draft) == its


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Finn", "Olga Finn", True),
        ("Karl Finn", "Olga Finn", False),
        ("K. Finn", "Karl Finn", True),
        ("O. Finn", "Karl Finn", False),
        ("President Lee Jae Myung", "Lee Jae-myung", True),
        ("Lee Jae Myung", "Seong-Hyon Lee", False),
        ("Jae Myung Lee", "Lee Jae Myung", True),
        ("Hillary Clinton", "Bill Clinton", False),
        ("Mike Hart", "Michael Hart", True),
        ("J. Edgar Stone", "Edgar Stone", True),
        ("Steelworks chief Ann Lee", "Ann Lee", True),
        ("the UN", "the United Nations", True),
    ],
)
def test_a_surname_in_common_makes_not_one_person(one, other, same):
    assert are_one(name_words(one), name_words(other)) is same
    assert are_one(name_words(other), name_words(one)) is same


@pytest.mark.parametrize(
    ("speaker", "url", "its"),
    [
        ("Xi", "https://taxiindia.com/a", False),
        ("Rand", "https://www.grandnews.com/a", False),
        ("The Herald", "https://www.theherald.co.uk/a", True),
        ("New Harbour Times", "https://nhtimes.com/a", True),
        ("Harbour Post", "https://harbour-post.com/a", True),
    ],
)
def test_a_site_is_named_by_a_whole_label(reader, speaker, url, its):
    assert is_of(speaker, replace(reader.article("flood")[0], publisher=None, author=None, url=url)) is its


@pytest.mark.parametrize(
    ("speaker", "its"),
    [("Olga Finn", "verbatim"), ("Finn", "verbatim"), ("O. Finn", "verbatim"), ("Karl Finn", "misattributed")],
)
def test_another_of_the_same_surname_is_misattributed(reader, speaker, its):
    assert verdict(reader, f"“The wall was built in a hurry,” said {speaker}.") == its


@pytest.mark.parametrize(
    ("behind", "speaker"),
    [
        (" finance minister Sam Odell said.", "finance minister Sam Odell"),
        (" spokesman Ann Lee said, and left.", "spokesman Ann Lee"),
        (" union leader Petra Lindqvist told the meeting.", "union leader Petra Lindqvist"),
        (" former party vice-chair J. Edgar Stone later wrote.", "former party vice-chair J. Edgar Stone"),
        (" deputy head Ursula von der Tann says.", "deputy head Ursula von der Tann"),
        (" said Mr. Odell.", "Mr. Odell"),
        (" said O. Finn.", "O. Finn"),
        (" and went to Paris, as Ann Lee said.", None),
        (" which was news to what Ann Lee said.", None),
    ],
)
def test_a_name_behind_a_description_is_found(behind, speaker):
    assert said_of("", behind).speaker == speaker


@pytest.mark.parametrize(
    ("who", "its"), [("finance minister Sam Odell", "verbatim"), ("engineer Olga Finn", "misattributed")]
)
def test_who_is_described_in_draft_and_article_is_compared(reader, who, its):
    assert verdict(reader, f"“The tax is a gift to the rich of the town,” {who} said.") == its


@pytest.mark.parametrize(
    ("draft", "its"),
    [
        ("“A very bad idea of the engineers,” said Odell.", "verbatim"),
        ("“A very bad idea of the engineers and the house burned down,” said Odell.", "misattributed"),
        ("“a very bad idea of the engineers […] He never came,” said Odell.", "misattributed"),
        ("“a very bad idea of the engineers and the house burned down”", "verbatim"),
    ],
)
def test_words_behind_the_closing_mark_are_the_reporters(reader, draft, its):
    assert verdict(reader, draft) == its


def test_whom_a_pronoun_means_is_not_told(reader):
    draft = "“It was -5 degrees on the hill,” said Karl Finn.\n\n“The wall was built in a hurry,” she said."
    one, other = check(of_text(draft), reader).quotations
    assert (one.speaker, other.speaker, other.verdict) == ("Karl Finn", None, "verbatim")
