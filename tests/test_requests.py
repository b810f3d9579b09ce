"""A question as it is put in a chat, and the question in it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.chat import CHAT, TOPICS, chatty, topics
from eval.datasets import seeds
from eval.datasets.lines import rows
from rag.answer.reader import given_passage
from rag.extract.features import named
from rag.extract.topics import Known, fitted_on_topic
from rag.language.english.requests import alone, form
from rag.types import Form, Support, Turn
from rag.understand import RuleUnderstander, query_of
from rag.understand.spelling import PassageWords


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
        ("CAN YOU TELL ME WHO THE PM IS?", "WHO THE PM IS?"),
        ("I'd like to know when Sanae Takaichi was born.", "When Sanae Takaichi was born?"),
        ("Can you tell me, if possible, who owns it?", "Who owns it?"),
        ("I dont get it, what are the claims?", "What are the claims?"),
        ("can you tell me whos the pm", "Whos the pm?"),
        ("Does the article say how many people were killed?", "How many people were killed?"),
        ("Can you tell me how many were killed?", "How many were killed?"),
        ("Do you know how old Xi is?", "How old Xi is?"),
        ("Could you tell me what year Takaichi was born?", "What year Takaichi was born?"),
        ("tell me what countries are involved", "What countries are involved?"),
        ("tell me how Trump is involved", "How Trump is involved?"),
        ("explain what kimchi is", "What kimchi is?"),
        ("explain how interest rates are set", "How interest rates are set?"),
        ("tell me who else was arrested", "Who else was arrested?"),
        ("can you tell me how old is Xi", "How old is Xi?"),
        ("tell me what Tesla models are affected", "What Tesla models are affected?"),
        ("Any idea what the name of the summit is?", "What the name of the summit is?"),
        ("How does this affect our trade? Who met Xi?", "How does this affect our trade? Who met Xi?"),
        # Yes or no.
        ("Tell me whether or not it was audited", "Do you know if it was audited?"),
        ("He was a banker, right?", "Do you know if he was a banker?"),
        ("Trump left early, didn’t he?", "Do you know if Trump left early?"),
        ("The U.S. left the WHO, right?", "Do you know if the U.S. left the WHO?"),
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
        ("Tell me about how it began", "How it began?"),
        ("Tell me about the U.S. economy", "What do the articles say about the U.S. economy?"),
        ("Anything on Dr. Fauci?", "What do the articles say about Dr. Fauci?"),
        ("Tell me about Will Smith", "What do the articles say about Will Smith?"),
        ("Tell me about US tariffs", "What do the articles say about US tariffs?"),
        ("Do you have any articles on Wirecard?", "What do the articles say about Wirecard?"),
        ("Articles about Wirecard", "What do the articles say about Wirecard?"),
        ("What do you have on Wirecard?", "What do the articles say about Wirecard?"),
        ("What's the latest on Boeing?", "What do the articles say about Boeing?"),
        ("Summarise the Sudan war", "What do the articles say about the Sudan war?"),
        ("Give me an overview of the Sudan war", "What do the articles say about the Sudan war?"),
        ("I'm interested in kimchi", "What do the articles say about kimchi?"),
        ("What does the article say about whether he will run?", "Do you know if he will run?"),
        ("What does it say about the number of deaths?", "What is the number of deaths?"),
        ("Tell me about this article", "What is this article about?"),
    ],
)  # fmt: skip
def test_what_is_said_around_a_question_is_left_out(text, expected):
    assert form(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "Who is the president of South Korea?",
        # The sentence before says what is asked about.
        "I'm writing about wolves. How many live in Germany?",
        "I'm only interested in women. How many died?",
        "I mean the women's team. Who won the cup?",
        "I'm in scotland. when do schools reopen?",
        "I know the company was fined. How much was the fine?",
        "We know the pilot died, but what caused the crash?",
        # Nobody is asked to tell.
        "Can I get any help if I lose my job?",
        "Is there anything I can do if I was scammed?",
        "Did anybody help when she fell?",
        "Is there anyone who can stop Putin?",
        "Did anyone know about the leak?",
        "Can you tell if someone is lying?",
        "Are there some states which allow it?",
        "Did the state check if the bridge was safe?",
        "What is there to do about climate change?",
        "If the bill fails, the government shuts down, right?",
        "I wonder whether to sell Tesla",
        "The new iPhone, what does it have?",
        "Apart from Iran, what do the articles have?",
        "In the US, the style was known as what?",
        # Titles.
        "Please Please Me, when was it released?",
        "Love Actually: who wrote it?",
        "Tell Me Why: who recorded it?",
        "I Know What You Did Last Summer director",
        "Didn’t Trump leave early?",
        "whats the gdp of japan",
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
    assert form(text) == Form(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What about Japan?", "What do the articles say about Japan?"),
        ("Kimchi?", "What do the articles say about Kimchi?"),
        ("prime minister japan", "What do the articles say about prime minister japan?"),
        ("Name the president", "Name the president"),
        ("Theresa May", "Theresa May"),
        ("Roe v. Wade", "What do the articles say about Roe v. Wade?"),
        ("capital of Kazakhstan?", "What is the capital of Kazakhstan?"),
        ("Does the article cover up the scandal?", "Does the article cover up the scandal?"),
        ("trump won the election", "trump won the election"),
        ("whats the gdp of japan", "whats the gdp of japan"),
        ("Tell me more", "Tell me more"),
        ("Great answer", "Great answer"),
        ("Who?", "Who?"),
        ("2024", "2024"),
        ("it", "it"),
    ],
)
def test_a_topic_alone(text, expected):
    assert (alone(text) or form(text)).text == expected


@given(st.text(max_size=120))
def test_a_plain_question_stays_plain(text):
    once = form(text)
    assert once.topic or once.claim or form(once.text) == once


@pytest.mark.parametrize(
    "part", ["can you tell me ", "i want to know ", "thanks, ", "a - ", "what about ", "i: ", "i. ", "on "]
)
def test_no_question_takes_long(part):
    text, begin = (part * 1000)[:1000], time.perf_counter()
    RuleUnderstander(lambda typed, _: typed, 1000).understand(text, [Turn(text)] * 8, PassageWords(""), 1)
    assert time.perf_counter() - begin < 20


def test_the_kind_of_a_topic():
    question = query_of("What do the articles say about the U.S. economy?", 1000)
    assert (question.kind, question.topic, question.terms) == ("topic", "the U.S. economy", ("U.S", "economy"))
    assert question.read == "What is the U.S. economy?"
    assert query_of("Who is the PM?", 1000).read == "Who is the PM?"


def test_sentences_that_name_the_topic_come_first_with_a_confidence_of_their_own():
    text = "Rain fell. The summit was in Busan. Nobody knew of the summit's cost. A summit."
    passage = given_passage(text, "Busan 2025")
    pairs = zip(passage.chunk.sentences, (0.6, 0.3, 0.2, 0.01), strict=True)
    said = [Support(passage, sentence, None, None, p) for sentence, p in pairs]
    known, question = Known({"logit": 1.0}, 1.0), query_of("What do the articles say about the Busan summit?", 1000)
    found = fitted_on_topic(question, said, known)
    quotes = [passage.slice(one.sentence.start, one.sentence.end) for one in found]
    # The second names both; the third does under its title; the last would, but the networks rule it out.
    assert quotes == ["The summit was in Busan.", "Nobody knew of the summit's cost.", "Rain fell.", "A summit."]
    # Odds e times as high where the topic is named, and none surer than one before it.
    assert [one.confidence for one in found] == [0.5381, 0.4046, 0.4046, 0.01]
    assert fitted_on_topic(query_of("What do the articles say about Seoul?", 1000), said, known)[0] == said[0]


@pytest.mark.parametrize(
    ("topic", "text", "is_named"),
    [
        ("China's relations with Canada", "He told the Canadian to get relations with China back on track.", True),
        ("Theresa May", "Theresa May resigned.", True),
        ("Theresa May", "Theresa Villiers resigned in June.", False),
        ("US tariffs", "The US raised its tariffs.", True),
        ("US tariffs", "China raised its tariffs.", False),
        ("Niger", "Nigeria has elected a president.", False),
        ("Georgia", "George Clooney came.", False),
        ("the tariffs", "A tariff was raised.", True),
        ("the", "The rain fell.", False),
    ],
)
def test_what_names_a_topic(topic, text, is_named):
    assert named(topic, text) == is_named


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
