"""Chunks and sentences: exact ranges, checked against a slow and obvious reference."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.language.sentences import sentence_pieces
from rag.load import load
from rag.load import text as texts
from rag.load.normalise import normalise
from rag.split import split
from rag.split.boilerplate import is_boilerplate
from rag.types import Article, ArticleInfo
from tests.conftest import ARTICLE, SEEDS

INFO = ArticleInfo("a", "a", "t", None, None, None, None, "", "", "test")

# Repeated sentences, combining characters, emoji and every kind of newline: what makes offsets go wrong.
PIECES = st.sampled_from(
    [
        "Same words here. ",
        "Same words here. ",
        "Mr. A. B. left the U.S. on Monday. ",
        "“Yes,” he said. ",
        "e\u0301te\u0301 fini! ",
        "👩‍👩‍👧 emoji. ",
        "x" * 90 + " ",
        "no end",
        "\n",
        "\n\n",
        "\r\n\r\n",
        "\u00a0",
        "ﬁne… ",
        "Why? ",
        "\ufeff",
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


def article_of(text):
    text = normalise(text)
    return Article(INFO, text, texts.parse(text.encode()).paragraphs)


@given(TEXTS, st.sampled_from([(20, 60), (0, 80), (200, 800)]))
@settings(max_examples=150, deadline=None)
def test_chunks_cover_every_paragraph_once_and_in_order(text, sizes):
    article = article_of(text)
    chunks = split(article, min_chars=sizes[0], max_chars=sizes[1])
    # The reference: the sentences laid end to end are the paragraphs, without their white space.
    said = "".join(article.text[s.start : s.end] for c in chunks for s in c.sentences)
    held = "".join(article.text[p.start : p.end] for p in article.paragraphs)
    assert re.sub(r"\s", "", said) == re.sub(r"\s", "", held)
    at = 0
    for n, chunk in enumerate(chunks):
        assert chunk.ordinal == n
        assert (chunk.start, chunk.end) == (chunk.sentences[0].start, chunk.sentences[-1].end)
        assert chunk.end - chunk.start <= sizes[1]
        for sentence in chunk.sentences:
            assert at <= sentence.start < sentence.end
            home = article.paragraphs[sentence.paragraph - 1]
            assert home.start <= sentence.start < sentence.end <= home.end
            assert home.section == chunk.section
            at = sentence.end


@given(st.text(max_size=300) | TEXTS)
@settings(deadline=None)
def test_sentence_pieces_cover_the_text_without_gaps(text):
    pieces = sentence_pieces(text)
    assert "".join(text[a:b] for a, b in pieces) == text
    assert all(a < b for a, b in pieces)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("The bridge ![alt](x.png) is red. It is old.", ["The bridge ![alt](x.png) is red.", "It is old."]),
        ("Look! ![A bridge](x.png) It is red.", ["Look!", "![A bridge](x.png) It is red."]),
        ("The plan ![Is it? Yes. No.](x.png) is good.", ["The plan ![Is it? Yes. No.](x.png) is good."]),
        ('See ![a [b] c](<x (1).png> "So? Yes.") here.', ['See ![a [b] c](<x (1).png> "So? Yes.") here.']),
        ("See ![map][old] here! Then go.", ["See ![map][old] here!", "Then go."]),
        ("Really![1] Then he left. Stop!", ["Really!", "[1] Then he left.", "Stop!"]),
        ("He said no\\![so](x.png) and left.", ["He said no\\!", "[so](x.png) and left."]),
        ("It ended ![here Why? Nobody knows.", ["It ended !", "[here Why?", "Nobody knows."]),
    ],
)
def test_the_mark_of_an_image_ends_no_sentence(text, sentences):
    assert [text[a:b].rstrip() for a, b in sentence_pieces(text)] == sentences


def test_repeated_sentences_keep_their_own_places():
    article = article_of("Title\n\nIt rained. It rained. It rained.\n\nIt rained.")
    found = [(s.start, s.paragraph) for c in split(article, min_chars=0, max_chars=800) for s in c.sentences]
    assert found == [(7, 1), (18, 1), (29, 1), (41, 2)]


def test_owner_article_sentences():
    (article,) = load(SEEDS, ARTICLE).articles
    chunks = split(article, min_chars=200, max_chars=800)
    sentences = [article.text[s.start : s.end] for c in chunks for s in c.sentences]
    assert len(sentences) == 26
    assert any(
        s.startswith("After a pivotal meeting with U.S. President") and s.endswith("Washington.") for s in sentences
    )
    assert sentences[0].endswith("long-running trade war.")
    assert not any(
        heading in sentence for sentence in sentences for heading in ("Charm Offensive", "Balancing Act", "'Spoiler'")
    )


def test_long_paragraphs_are_cut_at_sentence_ends():
    sentence = "This sentence has exactly fifty characters in all. "
    article = article_of("Title\n\n" + sentence * 40)
    chunks = split(article, min_chars=200, max_chars=800)
    assert [len(c.sentences) for c in chunks] == [15, 15, 10]
    assert all(article.text[c.start : c.end].endswith("in all.") for c in chunks)


def test_short_neighbours_share_a_chunk_under_one_heading_only():
    article = article_of("Title\n\nOne here.\n\nTwo here.\n\nHead\n\nThree here.")
    chunks = split(article, min_chars=200, max_chars=800)
    assert [(c.section, [s.paragraph for s in c.sentences]) for c in chunks] == [
        (None, [1, 2]),
        ("Head", [3]),
    ]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("We and our partners use cookies to improve this site.", True),
        ("Accept all cookies", True),
        ("Sign up here for our free weekly newsletter.", True),
        ("Follow Ann Writer on Twitter @annwriter", True),
        ("More:Biden meets with leaders as troop withdrawal expected", True),
        ("Advertisement", True),
        ("© 2024 The Daily Example. All rights reserved.", True),
        ("Home | News | Sport | Weather | Travel", True),
        ("Already a subscriber? Log in", True),
        ("The commission fined the site for setting cookies without consent on Monday, the regulator said.", False),
        ("The court said the newsletter had 3 million readers.", False),
        ("More than 300 people signed up for the army on Monday.", False),
        ("She baked cookies for the whole village.", False),
        ("Twitter said on Monday that it would follow the law.", False),
        ("He read more than forty books in prison.", False),
        ("The firm will receive a 3% commission, the minister said.", False),
        ("Poland is already a member of NATO and the European Union.", False),
        ("In the US, bakers use more sugar in their cookies than in Europe.", False),
        ("Email addresses of 50 million Facebook users were leaked on Tuesday, the regulator said.", False),
        ("Contact between Facebook and the regulator broke down in May.", False),
        ("Follow-up tests at Twitter found the bug in 2021.", False),
        ("Thousands of refugees who came to register here were turned away.", False),
        ("Voters must register by Monday, according to emails sent by the council.", False),
        ("More than a million people were asked to download the NHS Covid app.", False),
        ("The fund will support journalism in Africa with 5 million euros.", False),
        ("Copyright 2019 rules forced Google to pay publishers, the court said.", False),
        ("The company said its affiliate partnership with Nike ended in 2020.", False),
        ("Opinion: the court ruled 5-4 that the law stands.", False),
        ("He wants to become a paying subscriber of the service, police said.", False),
        ("Contact Ann Writer at ann@daily.example or follow her on Twitter @ann.", True),
        ("Residents can sign up for flood alerts by text message, the county said on Monday.", False),
        ("Only 12 percent subscribe to a newspaper by e-mail, the survey found.", False),
        ("Police asked anyone with information to contact them at @harrowpolice.", False),
        ("Lee 42% | Kim 38% | Park 12% | Choi 8%", False),
        ("ACC | Big Ten | Big 12 | Southeastern | Pac-12", True),
        ("You can follow the author @annwriter on Twitter.", True),
        ("Ann Writer can be reached by email at ann@daily.example and on Twitter @ann.", True),
        ("More:Warming has wiped out 6,500 years of cooling, study says", True),
        ("Gold: Norway • Silver: Sweden • Bronze: Finland • Fourth: Italy", False),
    ],
)
def test_what_sites_print_around_articles_is_told_from_what_they_say(text, is_one):
    assert is_boilerplate(text) == is_one


def test_white_space_after_a_sentence_does_not_make_it_too_long():
    for length, gap in ((800, " "), (790, "\n"), (800, "\n"), (795, "   " * 200)):
        long = "A word, " * 90 + "x" * (length - 721) + "."
        assert len(long) == length
        article = article_of(f"Title\n\n{long}{gap}It ends here. So it does.")
        chunks = split(article, min_chars=200, max_chars=800)
        texts = [article.text[s.start : s.end] for c in chunks for s in c.sentences]
        assert texts == [long, "It ends here.", "So it does."]
        assert all(c.end - c.start <= 800 for c in chunks)


def test_boilerplate_is_in_no_chunk_and_keeps_its_number():
    article = article_of("Title\n\nOne here.\n\nSign up for our newsletter here.\n\nTwo here.")
    chunks = split(article, min_chars=200, max_chars=800)
    assert [[s.paragraph for s in c.sentences] for c in chunks] == [[1], [3]]


def test_a_sentence_longer_than_a_chunk_comes_in_pieces():
    article = article_of("Title\n\n" + "word, " * 300 + "end.")
    chunks = split(article, min_chars=200, max_chars=800)
    assert all(s.end - s.start <= 800 for c in chunks for s in c.sentences)
    assert len(chunks) == 3


def test_long_runs_without_white_space_are_cut_and_cost_little():
    text = "He left. " + "![" * 40_000 + " She came. It ended."
    pieces = sentence_pieces(text)
    assert "".join(text[a:b] for a, b in pieces) == text
    assert [text[a:b].strip() for a, b in pieces][-2:] == ["She came.", "It ended."]
    assert max(b - a for a, b in pieces) <= 2001
