"""A question as it is put in a chat, and the question in it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.chat import CHAT, TOPICS, chatty, topics
from eval.datasets import seeds
from eval.datasets.lines import rows
from rag.dialogue import Turn, standalone
from rag.extract import _NAMED_CONFIDENCE, _on_topic
from rag.plain import of_topic, plain
from rag.question import analyse
from rag.reader import given_passage
from rag.types import Support


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Can you tell me who the Prime Minister is?", "Who the Prime Minister is?"),
        ("hi there, could you please tell me who is the PM", "Who is the PM?"),
        ("Do you know in which city Xi met Lee?", "In which city Xi met Lee?"),
        ("I'd like to know when it began.", "When it began?"),
        ("Hello! I was wondering why he left, thanks", "Why he left?"),
        ("ok so in which city did Xi meet Trump?", "In which city did Xi meet Trump?"),
        ("Quick question - where did Trump go?", "Where did Trump go?"),
        ("Does the article say how many came?", "How many came?"),
        ("Just checking, has Xi been to Seoul?", "Has Xi been to Seoul?"),
        ("Could you remind me who, in the end, won?", "Who, in the end, won?"),
        ("Did Xi and Trump reach a truce, please?", "Did Xi and Trump reach a truce?"),
        ("Who is the PM? Thanks a lot!", "Who is the PM?"),
        ("I never followed this. How did China respond?", "How did China respond?"),
        ("Thanks, that helps. And what was it that he signed?", "What was it that he signed?"),
        ("sorry if this is a dumb question but what does APEC stand for?", "What does APEC stand for?"),
        ("Tell me the name of the PM", "What is the name of the PM?"),
        # Yes or no.
        ("I was wondering whether Trump left.", "Do you know if Trump left?"),
        ("Do the articles say if Xi will visit?", "Do you know if Xi will visit?"),
        ("Do you know if Trump left?", "Do you know if Trump left?"),
        ("So Trump left early, right?", "Do you know if Trump left early?"),
        ("Trump left early, didn't he?", "Do you know if Trump left early?"),
        # Topics.
        ("Tell me about THAAD", "What do the articles say about THAAD?"),
        ("What does the article say about the truce?", "What do the articles say about the truce?"),
        ("what can you tell me about kimchi", "What do the articles say about kimchi?"),
        ("I want to read up on China's trade.", "What do the articles say about China's trade?"),
        ("any info on APEC please", "What do the articles say about APEC?"),
        ("Give me what you've got about the summit", "What do the articles say about the summit?"),
        ("tariffs - is there any information on those?", "What do the articles say about tariffs?"),
        ("Tell me about how it began", "How it began?"),
        ("Tell me about this article", "What is this article about?"),
    ],
)  # fmt: skip
def test_what_is_said_around_a_question_is_left_out(text, expected):
    assert plain(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Who is the president of South Korea?",
        "What did Gi-Wook Shin say about how China is seen?",
        "What was said about China by Shin?",
        "Did he tell us why?",
        "What did the report say about casualties?",
        "Hello Kitty was created by whom?",
        "Hey Jude writer?",
        "Thank You for Smoking author?",
        "Who said thank you?",
        "How do you say please in Korean?",
        "Nice is in which country?",
        "Right to Buy began when?",
        "There is growing interest in what group?",
        "how do you know if something is the golden ratio",
        "what is written on the mad hatter's hat",
        "Moon landing, when was it?",
        "I am a veteran. What services can I get?",
        "I live in Berlin. Where is the office?",
        "Is the data safe? How do I know?",
        "Is it true, right?",
        "Tell me about it",
        "Tell me more",
        "Please",
        "Thanks!",
        "Can you provide an example?",
    ],
)
def test_a_question_that_is_plain_is_left_as_it_is(text):
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What about Japan?", "What do the articles say about Japan?"),
        ("Kimchi?", "What do the articles say about Kimchi?"),
        ("prime minister japan", "What do the articles say about prime minister japan?"),
        ("Does bitcoin come up at all?", "What do the articles say about bitcoin?"),
        ("Is Taiwan mentioned anywhere?", "What do the articles say about Taiwan?"),
        ("Name the president", "Name the president"),
        ("Who?", "Who?"),
        ("2024", "2024"),
        ("it", "it"),
    ],
)
def test_a_topic_alone(text, expected):
    assert of_topic(text) == expected


def test_after_a_question_what_is_short_is_taken_from_it_first():
    before = [Turn("Who leads Canada?", "Who: Mark Carney [1]\n")]
    assert standalone("What about Japan?", before) == "Who leads Japan?"
    assert standalone("ok thanks, and what about Japan?", before).endswith("Japan?")
    assert standalone("Can you tell me about him?", before) == "What do the articles say about Mark Carney?"
    assert standalone("Hi, could you tell me where he lives?", before) == "Where Mark Carney lives?"


def test_turns_before_are_made_plain_too():
    assert standalone("When was it deployed?", [Turn("Tell me about THAAD please")]) == "When was THAAD deployed?"


@given(st.text(max_size=120))
def test_a_plain_question_stays_plain(text):
    once = plain(text)
    assert plain(once) == once


@pytest.mark.parametrize(
    "part", ["can you tell me ", "i want to know ", "thanks, ", "a - ", "what about ", "so ", "on "]
)
def test_no_question_takes_long(part):
    begin = time.perf_counter()
    standalone((part * 1000)[:1000], ())
    assert time.perf_counter() - begin < 2


def test_the_kind_of_a_topic():
    question = analyse("What do the articles say about the U.S. economy?", 1000)
    assert (question.kind, question.topic, question.terms) == ("topic", "the U.S. economy", ("U.S", "economy"))
    assert question.read == "What is the U.S. economy?"
    assert analyse("Who is the PM?", 1000).read == "Who is the PM?"


def test_sentences_that_name_the_topic_come_first_and_are_sure():
    text = "Rain fell. The summit was in Busan. Nobody knew of the summit's cost. A summit."
    passage = given_passage(text, "Busan 2025")
    pairs = zip(passage.chunk.sentences, (0.6, 0.3, 0.2, 0.01), strict=True)
    said = [Support(passage, sentence, None, None, p) for sentence, p in pairs]
    found = _on_topic(analyse("What do the articles say about the Busan summit?", 1000), said)
    quotes = [passage.slice(one.sentence.start, one.sentence.end) for one in found]
    # The second names both; the third does under its title; the last would, but the networks rule it out.
    assert quotes == ["The summit was in Busan.", "Nobody knew of the summit's cost.", "Rain fell.", "A summit."]
    assert [one.confidence for one in found] == [_NAMED_CONFIDENCE, _NAMED_CONFIDENCE, 0.6, 0.01]
    assert _on_topic(analyse("What do the articles say about Seoul?", 1000), said)[0] == said[0]


def test_the_questions_of_the_chat_are_those_of_the_seeds():
    cases = seeds.read().cases
    assert [row["id"] for row in rows(CHAT)] == [case.id for case in cases]
    assert [case.answers for case in chatty(cases)] == [case.answers for case in cases]
    assert sum(a.asked != b.asked for a, b in zip(cases, chatty(cases), strict=True)) > 140


def test_topics_have_whole_sentences_of_the_article():
    cases = topics()
    assert len(cases) == len(list(rows(TOPICS))) == 80
    assert sum(case.answerable for case in cases) == 40
    assert all(gold.text[-1] in '.")' for case in cases for gold in case.gold)
