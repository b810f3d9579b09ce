"""What asks nothing of the articles' text is answered as what it is, and a refusal says no more than is so."""

import json

import pytest

from rag.answer.opening import open_assistant
from rag.answer.wire import reply_object
from rag.build import sync_index
from rag.language.english.asides import aside, on_record
from rag.serve.ui import answers
from rag.types.filters import Filters
from rag.types.settings import Settings
from rag.verify import verify
from tests.conftest import ARTICLE, SEEDS

TITLE = "China's Xi Meets South Korean Leader in Bid to Stabilize Ties After US Trade Truce"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hello", "hello"),
        ("Hi there!", "hello"),
        ("Good morning", "hello"),
        ("thanks", "thanks"),
        ("Thank you so much!", "thanks"),
        ("help", "help"),
        ("Can you help me?", "help"),
        ("What can I ask?", "help"),
        ("How does this page work?", "help"),
        ("How does it work?", None),
        ("How does this work?", None),
        ("What is this?", None),
        ("Who are you?", "help"),
        ("ok", "help"),
        ("And then?", None),
        ("one more", None),
        ("Hello Kitty", None),
        ("Hi, who is the Prime Minister of Canada?", None),
        ("What can I do about THAAD?", None),
        ("How does this system work?", None),
        ("Who are you meeting?", None),
        ("thanks to whom?", None),
    ],
)
def test_courtesies_are_told_from_questions(text, kind):
    assert aside(text) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("When was this article published?", "dated"),
        ("what's the date of this article?", "dated"),
        ("When was this written?", "dated"),
        ("Hi, on what day was the story published, please?", "dated"),
        ("Who wrote this?", "written"),
        ("Who is the author?", "written"),
        ("Which newspaper published this article?", "written"),
        ("Who was this article written by?", "written"),
        ("What is the source of this story?", "written"),
        ("When was this system published?", None),
        ("Who wrote this song?", None),
        ("Who is the author of Hamlet?", None),
        ("When was it published?", None),
        ("What is the source of the truce?", None),
    ],
)
def test_questions_on_the_article_itself(text, kind):
    assert on_record(text) == kind


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "first"),
    [("hello", "Hello."), ("thanks", "You are welcome."), ("help", "Ask about what the articles say")],
)
def test_a_courtesy_gets_no_quotation_and_is_no_refusal_to_look_at(assistant, text, first):
    reply = assistant.ask(text)
    assert reply.text.startswith(first)
    assert "Tell me about" in reply.text
    assert (reply.status, reply.reason, reply.confidence) == ("refused", "nothing_found", 0.0)
    assert (reply.citations, reply.closest, reply.unmatched_terms) == ((), (), ())
    shown = answers.reply(reply)
    assert 'class="reply aside"' in shown
    assert answers.turn_of(shown) is None  # so that nobody can judge it as a refusal
    assert "No answer" not in shown


@pytest.mark.model
def test_what_is_known_of_the_article_is_answered(assistant):
    reply = assistant.ask("When was this article published?")
    assert reply.status == "answered"
    assert reply.text.startswith(f"{TITLE} is dated 2025-11-01 [1]\n\nIt opens with:\n\n“Chinese President Xi")
    reply = assistant.ask("Who wrote this?")
    assert reply.text.startswith(f"{TITLE} names no author. It was published by CaliToday [1]\n\nIt opens with:")


@pytest.fixture
def of_three(tmp_path, word_encoder):
    """Three articles: one that says who and when, one that says nothing of itself, one with a paragraph left out."""
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    texts = {
        "a.txt": "---\nauthor: Ann Example\ndate: 2024-10-07\n---\nThe bridge at Lund was opened by the mayor.",
        "b.txt": "The tunnel at Lund was closed by the mayor.",
        "c.txt": "Harbour news\n\nHarbour Herald (03/02/2023): The harbour froze over.\n\n"
        "Sign up for our newsletter here.",
    }
    for name, text in texts.items():
        (seeds / name).write_text(text + "\n")
    sync_index(seeds, tmp_path / "index", Settings())
    return seeds, open_assistant(tmp_path / "index", Settings())


@pytest.mark.model
def test_who_wrote_it_is_asked_of_one_article(of_three):
    _, assistant = of_three
    one, other = (Filters(articles=(name,)) for name in ("a.txt", "b.txt"))
    assert "names as its author: Ann Example [1]" in assistant.ask("Who wrote this?", filters=one).text
    assert "is dated 2024-10-07 [1]" in assistant.ask("When was this article published?", filters=one).text
    for question in ("Who wrote this?", "When was this article published?"):
        reply = assistant.ask(question, filters=other)  # which says neither
        assert (reply.status, reply.confidence) == ("refused", 0.0)
        assert "dated" not in assistant.ask(question).text.split("\n")[0]  # of several, "this" names none
    assert assistant.understand("Who wrote this book?", filters=one).queries[0].terms == ("wrote", "book")
    assert assistant.understand("Who is the author?").queries[0].terms == ("author",)  # by which it is searched


@pytest.mark.model
def test_what_a_reader_sees_of_an_article_is_not_said_to_stand_nowhere(of_three, tmp_path):
    seeds, assistant = of_three
    asked = "What did Ann Example and the Harbour Herald tell of Zanzibar in October 2024, February and March?"
    reply = assistant.ask(asked)
    assert (reply.status, reply.unmatched_terms) == ("refused", ("Zanzibar",))
    assert "newsletter" not in assistant.ask("Which newsletter covers Zanzibar?").unmatched_terms
    # Also when an article is changed and taken out again.
    (seeds / "a.txt").write_text("---\nauthor: Bea Other\n---\nThe bridge at Lund was opened by the mayor.\n")
    (seeds / "c.txt").unlink()
    sync_index(seeds, tmp_path / "index", Settings())
    after = open_assistant(tmp_path / "index", Settings()).store
    words = ("Ann", "October", "Herald", "newsletter", "Bea", "Lund")
    assert [word for word in words if after.occurs(word)] == ["Bea", "Lund"]


@pytest.mark.model
def test_the_checker_knows_asides_and_what_a_reader_sees(assistant, tmp_path):
    def findings(*replies):
        file = tmp_path / "answers.jsonl"
        file.write_text("".join(json.dumps(reply) + "\n" for reply in replies))
        return [finding.what for finding in verify(file, SEEDS).findings]

    asked = ("hello", "thanks", "help", "Who wrote this?", "When was this article published?", "What is CaliToday?")
    honest = [reply_object(assistant.ask(text)) for text in asked]
    assert findings(*honest) == []
    forged = honest[0] | {
        "question": "When was President Lee elected?"
    }  # a refusal of a question dressed as a greeting
    assert any("where the template refused/refused has" in what for what in findings(forged))
    refused = reply_object(assistant.ask("Who composed the Ode to Joy?"))
    for term in ("CaliToday", "November", "2025-11-01"):
        text = f"What is {term} of the Ode to Joy composed?"
        forged = json.loads(json.dumps(refused).replace("Who composed the Ode to Joy?", text).replace("Joy", term))
        said = f"'{term}' is said to occur nowhere, but it, or what looks like it, stands in {ARTICLE}"
        assert said in findings(forged)


@pytest.mark.model
def test_what_is_a_courtesy_only_when_rewritten_is_searched_and_refused(assistant, tmp_path):
    text = "Please can you tell me what can I ask?"
    reply = assistant.ask(text)
    assert (reply.standalone_question, reply.status, reply.reason) == ("What can I ask?", "refused", "unsure")
    assert assistant.with_threshold(0.0).ask(text).status == "answered"  # there is a template for it
    file = tmp_path / "answers.jsonl"
    file.write_text(json.dumps(reply_object(reply)) + "\n")
    assert verify(file, SEEDS).findings == ()
