"""Follow-ups become questions that stand by themselves; new topics stay as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rag.dialogue import Turn, further, questions, standalone

WHO = Turn("Who is the Prime Minister of Japan?", "Who: Sanae Takaichi [1]\n\n“…” [1]")
MET = Turn("In which city did Xi meet Donald Trump?", "Where: Busan [1]\n\n“…” [1]")
TOLD = Turn("What did Xi tell Carney?", "The words reported:\n\n“…” [1]")
THAAD = Turn("What is THAAD?", "The articles say:\n\n“…” [1]")
SUMMIT = Turn("Which summit is Xi attending?", "In short: APEC summit [1]\n\n“…” [1]")
INVITED = Turn("Who did Xi invite?", "Who: Mark Carney [1]\n\n“…” [1]")
OFFICE = Turn("Who is Japan's new Prime Minister?")
LEADER = Turn("Who is the leader of South Korea?")
REFUSED = Turn("Who opened the bridge?", "The articles do not hold an answer to this question.")


@pytest.mark.parametrize(
    ("history", "question", "expected"),
    [
        ([MET], "When was that?", "When did Xi meet Donald Trump?"),
        ([MET], "When?", "When did Xi meet Donald Trump?"),
        ([TOLD], "And Japan?", "What did Xi tell Japan?"),
        ([TOLD], "What about Takaichi?", "What did Xi tell Takaichi?"),
        ([TOLD], "Who is he?", "Who is Carney?"),
        ([TOLD], "Where did he invite him?", "Where did Xi invite Carney?"),
        ([TOLD], "When did she see her sister?", "When did Xi see Xi's sister?"),
        ([SUMMIT], "Where is it held?", "Where is APEC summit held?"),
        ([SUMMIT], "Who is he?", "Who is Xi?"),
        ([WHO], "And Canada?", "Who is the Prime Minister of Canada?"),
        ([WHO], "And of France?", "Who is the Prime Minister of France?"),
        ([Turn("When was Lee elected?")], "And in Japan?", "When was Lee elected, in Japan?"),
        ([WHO], "Who is she?", "Who is Sanae Takaichi?"),
        ([WHO], "What did she tell reporters?", "What did Sanae Takaichi tell reporters?"),
        ([WHO], "What is her goal?", "What is Sanae Takaichi's goal?"),
        ([Turn("What happened in 2017?")], "What about the year before?", "What happened in 2016?"),
        ([Turn("What happened in 2017?")], "And in 2019?", "What happened in 2019?"),
        ([Turn("When did it open?", "When: 1932 [1]")], "And the year after?", "When did it open in 1933?"),
        # "It" may be what happened as well as a name: nothing is put in its place.
        (
            [Turn("Who did Xi meet?", "Who: Lee Jae Myung [1]")],
            "what came out of it?",
            "what came out of it (Xi meet)?",
        ),
        ([TOLD], "What came out of it?", "What came out of it (Xi Carney)?"),
        ([THAAD], "When was it deployed?", "When was THAAD deployed?"),
        ([THAAD], "How did China respond to it?", "How did China respond to THAAD?"),
        ([TOLD, MET], "Where did they sit?", "Where did Xi and Donald Trump sit?"),
        ([WHO, Turn("What did she say?")], "And Lee?", "What did Lee say?"),
        ([REFUSED], "When?", "When opened the bridge?"),
        (
            [Turn("Who is Japan's new Prime Minister?")],
            "When did she meet Xi?",
            "When did Japan's new Prime Minister meet Xi?",
        ),
        (
            [LEADER],
            "When was he elected?",
            "When was the leader of South Korea elected?",
        ),
        ([LEADER], "Who is he?", "Who is the leader of South Korea?"),
        ([Turn("Who is Lee's wife?")], "When did she meet him?", "When did Lee's wife meet him?"),
        ([Turn("Who was Japan's first king?")], "When did he die?", "When did Japan's first king die?"),
        ([Turn("Who is the manager of Wedding?")], "When was he hired?", "When was the manager of Wedding hired?"),
        ([Turn("Who was the bomb planted by?")], "Why did he do it?", "Why did he do it (bomb planted)?"),
        ([INVITED], "What did he tell him?", "What did Xi tell Mark Carney?"),
        ([INVITED], "When did he leave?", "When did Mark Carney leave?"),
        ([Turn("Who is Xi meeting?")], "Where did he go?", "Where did Xi go?"),
        ([Turn("What did China's president say?")], "When was he there?", "When was China there?"),
        ([THAAD], "Ok, and what did Lee say about it?", "What did Lee say about THAAD?"),
        ([Turn("Did Takaichi visit Beijing?")], "What did she say?", "What did Takaichi say?"),
        ([Turn("Did Xi meet Trump?")], "Where did he go?", "Where did Xi go?"),
        ([TOLD], "Who’s he?", "Who is Carney?"),
        ([Turn("Who’s the leader of Peru?")], "When was he elected?", "When was the leader of Peru elected?"),
        ([Turn("What did the US promise?")], "And Japan?", "What did Japan promise?"),
        ([Turn("What did the US say?")], "Why did it leave?", "Why did US leave?"),
        ([TOLD], "THAAD?", "What do the articles say about THAAD?"),
        ([TOLD], "Thanks!", "Thanks!"),
        ([TOLD], "Great, thank you so much", "Great"),
        ([TOLD], "and then?", "What did Xi tell Carney, then?"),
        ([TOLD], "UK reaction?", "UK reaction (Xi Carney)?"),
        ([Turn("Did Trump sign the bill?")], "What does it say?", "What does it say (Trump sign bill)?"),
        ([Turn("Who leads the WHO?")], "When was he appointed?", "When was he appointed (leads WHO)?"),
        ([Turn("Who is Japan's PM?")], "What about the US?", "Who is the US's PM?"),
        ([Turn("Who is the PM of Japan?")], "and the US president?", "Who is the US president?"),
        ([Turn("Who is Xi, and where is THAAD?")], "When was it deployed?", "When was THAAD deployed?"),
        ([Turn("What happened to Xi?")], "And the year after?", "What happened to Xi the year after?"),
        ([Turn("Who is Japan's PM?")], "And Canada's?", "Who is Canada's PM?"),
        ([Turn("Who is the PM of Japan?")], "And Canada's?", "Who is the PM of Canada?"),
        ([Turn("Who is Japan's prime minister?")], "And Canada's?", "Who is Canada's prime minister?"),
        ([Turn("Who is Japan's prime minister?")], "And Canada?", "Who is Canada's prime minister?"),
        ([Turn("How big is Russia's army?")], "And Ukraine's?", "How big is Ukraine's army?"),
        ([Turn("What rating did Fitch give to France?")], "And Moody's?", "What rating did Fitch give to Moody's?"),
        (
            [Turn("What is the president's salary?")],
            "And the minister's?",
            "What is the president's salary, the minister's?",
        ),
        ([Turn("Who is the judge appointed by Trump?")], "How old is he?", "How old is the judge appointed by Trump?"),
        ([Turn("Who was the soldier captured by Hamas?")], "Was he freed?", "Was the soldier captured by Hamas freed?"),
        ([Turn("Who is the minister meeting in Rome?")], "Why did he go?", "Why did he go (minister meeting Rome)?"),
        (
            [Turn("Who is Takaichi?")],
            "Did Trump host Xi at his Florida resort?",
            "Did Trump host Xi at his Florida resort?",
        ),
        ([Turn("Who is Carney?")], "Did Xi say the idea was his?", "Did Xi say the idea was his?"),
        ([Turn("Who is the president of France?")], "And Germany's chancellor?", "Who is Germany's chancellor?"),
        (
            [Turn("Who is the PM of Japan?")],
            "And the finance minister?",
            "Who is the PM of Japan, the finance minister?",
        ),
        ([WHO], "Is the plan hers?", "Is the plan Sanae Takaichi's?"),
        ([TOLD], "Was the idea his?", "Was the idea Xi's?"),
    ],
)
def test_follow_ups(history, question, expected):
    assert standalone(question, history) == expected


@pytest.mark.parametrize(
    ("question", "said", "second"),
    [
        ("Who leads Japan and how old is she?", "", "How old is she (leads Japan)?"),
        ("Who leads Japan and how old is she?", "Sanae Takaichi", "How old is Sanae Takaichi?"),
        ("Who challenged Sunak and did he win?", "", "Did he win (challenged Sunak)?"),
        ("Who challenged Sunak and did he win?", "Liz Truss", "Did Liz Truss win?"),
        ("Which party won in Scotland and who leads it?", "SNP", "Who leads SNP?"),
        ("When did Trump sign the bill and what does it say?", "Monday", "What does it say (Trump sign bill)?"),
        ("Who is the leader of Peru, and when was he elected?", "", "When was the leader of Peru elected?"),
        ("What is THAAD and why was it deployed?", "a missile system", "Why was THAAD deployed?"),
        ("What was stolen and where was it found?", "a painting", "Where was it found (stolen)?"),
        ("What's the latest on Gaza? How many trucks got in?", "", "How many trucks got in (Gaza)?"),
        ("What did Xi say, and where was the APEC summit?", "", "Where was the APEC summit?"),
        ("What does Lee want, and how did North Korea dismiss it?", "", "How did North Korea dismiss it?"),
        ("Who opened it, and what is this article about?", "Lee", "What is this article about?"),
        ("Who was the bomb in Paris planted by, and when was he held?", "", "When was he held (bomb Paris planted)?"),
        ("Who is the minister meeting in Rome, and why did he go?", "", "Why did he go (minister meeting Rome)?"),
    ],
)
def test_a_further_question_in_one_message(question, said, second):
    """Its pronoun is exchanged only where it is sure what it stands for; the turns before are for the first."""
    for history in ([], [WHO, MET]):
        first, other = questions(question, history)
        assert further(other, first if history == [] else questions(question, [])[0], said) == second
    assert questions("Where is it held, and who came to it?", [SUMMIT])[0] == "Where is APEC summit held"


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
        "Did the mayor keep her promise?",
        "What is IT spending in Korea?",
        "Did Her Majesty visit Canada?",
        "Is there a trade deal between Canada and China?",
        "What is the name of the treaty that ended the Korean War?",
        "Who is the one who leads Canada?",
        "What is deterrence?",
        "What does US stand for?",
    ],
)
def test_a_new_topic_is_left_alone(question):
    assert standalone(question, [WHO, MET]) == question


def test_a_topic_is_named_where_a_question_names_none():
    asked = standalone("How does it work?", [Turn("Is unemployment insurance part of a federal program?")])
    assert asked.startswith("How does it work (unemployment insurance")
    assert standalone("Regional differences", [THAAD]) == "Regional differences (THAAD)?"
    assert standalone("Why?", []) == "Why?"


def test_a_long_turn_before_never_makes_a_question_too_long():
    last = Turn("What did " + "Xi and " * 120 + "Lee say?")
    assert standalone("And Japan?", [last], 1000) != "And Japan?"
    assert standalone("And Japan?", [last], 200) == "And Japan?"
    assert standalone("When was that?", [last], 200) == "When was that?"


@given(st.text(max_size=80), st.lists(st.tuples(st.text(max_size=80), st.text(max_size=80)), max_size=4))
def test_any_text_gives_a_question_and_the_same_one_again(question, turns):
    history = [Turn(asked, answer) for asked, answer in turns]
    found = standalone(question, history)
    assert found == standalone(question, history)
    assert standalone(found, ()) == found


def test_what_was_put_behind_a_question_is_not_put_behind_the_next():
    turns = [Turn("Is a licence needed (trade deal Canada China)?")]
    assert standalone("Who said that?", turns) == "Who said that (licence needed)?"


def test_a_long_history_takes_no_time():
    question = standalone("When was it?", [Turn("what is " + "?" * 2_000_000 + "x", "x" * 2_000_000)] * 8)
    assert len(question) <= 1000
