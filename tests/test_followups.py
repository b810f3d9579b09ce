"""A question that needs the turns before it is asked with their words; another is left alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.understanders import as_one
from rag.language.english.followups import wants_more
from rag.types import Query, Turn
from rag.understand import RuleUnderstander
from rag.understand.spelling import PassageWords

UNDERSTANDER = RuleUnderstander(lambda text, _: text, 1000)
WORDS = PassageWords("")
WHO = Turn("Who is the Prime Minister of Japan?", "Sanae Takaichi")
MET = Turn("In which city did Xi meet Donald Trump?", "Busan")
TOLD = Turn("What did Xi tell Carney?")
THAAD = Turn("What is THAAD?")
TRUCE = Turn("Tell me about the truce")
REFUSED = Turn("Who opened the bridge?")


def queries(message: str, *history: Turn, max_chars: int = 1000) -> list[Query]:
    return list(RuleUnderstander(lambda text, _: text, max_chars).understand(message, history, WORDS, 2).queries)


@pytest.mark.parametrize(
    ("history", "question", "expected"),
    [
        ([MET], "When was that?", "When was that (city Xi meet Donald Trump Busan)?"),
        ([MET], "When?", "When (city Xi meet Donald Trump Busan)?"),
        ([TOLD], "And Japan?", "And Japan (Xi Carney)?"),
        ([TOLD], "What about Takaichi?", "What about Takaichi (Xi Carney)?"),
        ([WHO], "Who is she?", "Who is she (Prime Minister Japan Sanae Takaichi)?"),
        ([WHO], "What did she tell reporters?", "What did she tell reporters (Prime Minister Japan Sanae Takaichi)?"),
        ([WHO], "Hi, could you tell me where she lives?", "Where she lives (Prime Minister Japan Sanae Takaichi)?"),
        ([THAAD], "How did China respond to it?", "How did China respond to it (THAAD)?"),
        ([THAAD], "Regional differences", "Regional differences (THAAD)?"),
        ([TRUCE], "When was it agreed?", "When was it agreed (truce)?"),
        ([REFUSED], "When?", "When (opened bridge)?"),
        # Of a turn that needs another its words come first, and of none before that.
        ([WHO, Turn("What did she promise?", "a deal"), Turn("When?")], "Why?", "Why (promise deal)?"),
        ([WHO, Turn("What did she promise?")], "Why?", "Why (Prime Minister Japan Sanae Takaichi promise)?"),
        ([WHO, Turn("What did she say?"), Turn("When?")], "Why?", "Why (Prime Minister Japan Sanae Takaichi)?"),
        # A courtesy is no turn.
        ([THAAD, Turn("Thank you")], "When was it deployed?", "When was it deployed (THAAD)?"),
        # "It" stands for something here.
        ([THAAD], "Was it sold to Japan?", "Was it sold to Japan (THAAD)?"),
        ([THAAD], "What was it intended to do?", "What was it intended to do (THAAD)?"),
        ([THAAD], "What is it good for?", "What is it good for (THAAD)?"),
        ([THAAD], "What did it cost to build?", "What did it cost to build (THAAD)?"),
        # Of a claim its own words.
        ([Turn("Do you know if Xi left?")], "Why?", "Why (Xi left)?"),
        # A word that the question has itself is not put behind it.
        ([TOLD], "Where did Carney sign it?", "Where did Carney sign it (Xi)?"),
    ],
)
def test_a_question_that_needs_the_turns_before_is_asked_with_their_words(history, question, expected):
    (query,) = queries(question, *history)
    assert query.text == expected == query.read
    assert query.terms == query.own_terms + query.context
    assert " ".join(query.context) in expected


@pytest.mark.parametrize(
    "question",
    [
        "Who is the mayor of Oslo?",
        "What did Kim Jong Un say about nuclear weapons?",
        "Is it true that Xi met Trump?",
        "Did Lee say that China is important?",
        "What is this article about?",
        "Which countries joined the summit in Gyeongju?",
        "Did it rain in Seoul during the parade?",
        "How long does it take to fly from Seoul to Beijing?",
        "Is it legal to sell fentanyl in China?",
        "Was it Trump who proposed the truce?",
        "How did Canada change its policy towards China?",
        "Did Takaichi say she supports Taiwan?",
        "When did Mark Carney invite Xi to his country?",
        "What is IT spending in Korea?",
        "Did Her Majesty visit Canada?",
        "Is there a trade deal between Canada and China?",
        "What is the name of the treaty that ended the Korean War?",
        "Who is the one who leads Canada?",
        "What is deterrence?",
        "What did Xi say this week?",
        "Who led Canada this past year?",
        "What does US stand for?",
        # Of the article itself, and what has no word.
        "What is the article about?",
        "Which newspaper published this article?",
        "When was this published?",
        "who is the author?",
        "?",
        "...",
    ],
)
def test_a_question_that_stands_by_itself_is_left_alone(question):
    (query,) = queries(question, WHO, MET)
    assert (query.text, query.context) == (question, ())


@pytest.mark.parametrize(
    ("message", "history", "topic"),
    [
        ("Tell me more", [TRUCE], "the truce"),
        ("ok, more details please", [THAAD], "THAAD"),
        ("can you tell me more about her?", [WHO], "Sanae Takaichi"),
        ("Anything else?", [Turn("Who was in Canada?", "Mark Carney")], "Mark Carney"),
        ("Go on", [Turn("When was Xi elected?", "2012")], "Xi elected"),
    ],
)
def test_more_is_on_what_was_spoken_of(message, history, topic):
    (query,) = queries(message, *history)
    assert (query.kind, query.topic, query.read) == ("topic", topic, f"What is {topic}?")


def test_without_turns_before_nothing_is_put_behind_a_question():
    for message in ("Why?", "And Japan?", "How does it work?", "Tell me more"):
        assert queries(message)[0].context == ()
    assert not wants_more("Tell me more about tariffs")


@pytest.mark.parametrize(
    ("message", "said", "second"),
    [
        ("Who leads Japan and how old is she?", "", "How old is she (leads Japan)?"),
        ("Who leads Japan and how old is she?", "Sanae Takaichi", "How old is she (leads Japan Sanae Takaichi)?"),
        ("What is THAAD and why was it deployed?", "a missile system", "Why was it deployed (THAAD missile system)?"),
        ("What's the latest on Gaza? How many trucks got in?", "", "How many trucks got in?"),
        ("What did Xi say, and where was the APEC summit?", "", "Where was the APEC summit?"),
        ("Who opened it, and what is this article about?", "Lee", "What is this article about?"),
    ],
)
def test_a_further_question_in_one_message_gets_the_words_and_the_answer_of_the_first(message, said, second):
    first, other = queries(message)
    assert first.context == ()
    assert other.needs_answer_of == (0 if "(" in second else None)
    completed = UNDERSTANDER.with_answer(other, said) if other.needs_answer_of is not None else other
    assert completed.text == second


def test_what_is_shown_is_each_question_that_is_searched():
    found = UNDERSTANDER.understand("Who leads Japan and how old is she?", (), WORDS, 2)
    assert found.shown == "Who leads Japan? How old is she (leads Japan)?"
    assert UNDERSTANDER.understand("Tell us who leads Japan", (), WORDS, 2).shown == "Who leads Japan?"


@pytest.mark.model
def test_a_further_question_is_shown_with_the_answer_that_it_was_asked_with(assistant):
    asked = "Who is Japan's Prime Minister, and what did she tell reporters she had raised?"
    assert assistant.understand(asked).shown.endswith("raised (Japan Prime Minister)?")
    reply = assistant.ask(asked)
    assert reply.standalone_question.endswith("raised (Japan Prime Minister Sanae Takaichi)?")


def test_the_turns_before_are_for_the_first_of_two_questions():
    first, second = queries("Where is it held, and who came to it?", Turn("Which summit is Xi attending?", "APEC"))
    assert first.text == "Where is it held (summit Xi attending APEC)?"
    assert second.text == "Who came to it (held summit Xi attending APEC)?"


def test_what_would_be_too_long_is_asked_as_it_was_typed():
    last = Turn("What did " + "Xi and " * 20 + "Seongnam Gwangju Incheon " * 5 + "Lee say?")
    assert queries("And Japan?", last)[0].text == "And Japan (Xi Seongnam Gwangju Incheon Lee)?"
    assert queries("And Japan?", last, max_chars=12)[0].text == "And Japan?"
    (query,) = queries("When was that?", last, max_chars=30)
    assert query.context == ("Xi",)
    assert RuleUnderstander(lambda text, _: text, 30).with_answer(query, "x" * 40) == query


def test_of_a_long_context_the_last_words_are_kept():
    last = Turn(" ".join(f"word{i}" for i in range(60)) + "?", "Sanae Takaichi")
    (query,) = queries("How old is she?", last, max_chars=400)
    assert query.text.startswith("How old is she (word")
    assert query.text.endswith(" word56 word57 word Sanae Takaichi)?")
    assert 390 < len(query.text) <= 400


def test_courtesies_push_no_turn_out():
    (query,) = queries("How old is she?", WHO, *[Turn("Thanks!")] * 20)
    assert query.context == ("Prime", "Minister", "Japan", "Sanae", "Takaichi")


@pytest.mark.parametrize("short", ["Defense\nsystem  THAAD", "THA\u00adAD", "\ud800THAAD", "T" * 10_000, "\u202eX"])
def test_a_short_answer_that_comes_from_elsewhere_is_one_line_of_what_can_be_seen(short):
    for message in ("Tell me more", "How does it work?"):
        (query,) = queries(message, Turn("What is it?", short))
        assert query.text == " ".join(query.text.split())
        assert query.text.isprintable()
        assert len(query.text) <= 1000


@settings(deadline=None)
@given(st.text(max_size=80), st.lists(st.tuples(st.text(max_size=80), st.text(max_size=80)), max_size=4))
def test_any_turns_give_a_question_that_is_short_enough(question, turns):
    history = [Turn(asked, answer) for asked, answer in turns]
    found = queries(f"who {question}", *history, max_chars=200)
    assert all(0 < len(query.text) <= 200 for query in found)


def test_a_long_history_is_cut():
    question = queries("When was it?", *[Turn("what is " + "?" * 2_000_000 + "x", "x" * 2_000)] * 8)[0]
    assert len(question.text) <= 1000


def test_what_reads_one_question_alone_is_asked_all_of_a_message():
    two = UNDERSTANDER.understand("Who leads Japan and how old is she?", (), WORDS, 2)
    assert (as_one(two).text, as_one(two).kind) == ("Who leads Japan? How old is she (leads Japan)?", "what")
    one = UNDERSTANDER.understand("Tell us who leads Japan", (), WORDS, 2)
    assert as_one(one) == one.queries[0]
