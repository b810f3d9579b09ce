"""The checker finds what was tampered with, from the answers and the seed files alone."""

import copy
import itertools
import json
import re
import shutil

import pytest

from rag.answer.opening import open_assistant
from rag.answer.wire import reply_object, to_json
from rag.build import sync_index
from rag.types import Support, Turn
from rag.types.errors import InputError
from rag.types.settings import Settings
from rag.verify import verify
from tests.conftest import ARTICLE, SEEDS, SHORT, TAKAICHI

QUESTIONS = [
    TAKAICHI,
    "In which city did Xi meet Donald Trump?",
    "Who composed the Ode to Joy?",
]


@pytest.fixture(scope="module")
def honest(assistant):
    """Two answers and a refusal, as objects."""
    replies = [reply_object(assistant.ask(text, id=str(n))) for n, text in enumerate(QUESTIONS)]
    assert [r["status"] for r in replies] == ["answered", "answered", "refused"]
    return json.loads(json.dumps(replies))


@pytest.fixture
def folder(tmp_path):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    shutil.copy(SEEDS / ARTICLE, seeds)
    (seeds / "other.txt").write_text("Other title\n\nTakaichi wants a very different relationship.\n")
    return seeds


def checked(replies, seeds):
    path = seeds.parent / "answers.jsonl"
    path.write_text("".join(json.dumps(reply) + "\n" for reply in replies))
    return verify(path, seeds)


FOLLOW_UPS = [
    ("Is South Korea dependent on China?", "What about the economy?"),
    ("Who is Lee?", "What is the article about?"),
    ("Who is Lee?", "Summarise the article"),
    ("What is THAAD?", "How did China respond to it?"),
    ("What is THAAD?", "thaad"),
    ("What is THAAD?", "Tell me more"),
    ("Who is Japan's Prime Minister?", "What did she tell reporters?"),
    ("Who is Japan's Prime Minister?", "What about Canada"),
    ("In which city did Xi meet Trump?", "When was that?"),
    ("What did Xi tell Carney?", "explain that"),
    ("", "Who is Japan's Prime Minister, and what did she tell reporters she had raised?"),
    ("", "How did China respond to THAAD (the system)?"),
    ("", "Trump left the summit early, right?"),
]


@pytest.mark.model
def test_honest_follow_ups_have_no_findings(assistant, folder):
    """Whatever a question takes from the turns before stands in brackets, and says nothing of its kind."""
    replies = []
    for n, (before, text) in enumerate(FOLLOW_UPS):
        said = assistant.ask(before).short_answer if before else None
        history = [Turn(before, said or "")] if before else []
        replies.append(reply_object(assistant.ask(text, id=str(n), history=history)))
    replies = json.loads(json.dumps(replies))
    assert sum(reply["status"] == "answered" for reply in replies) >= 8
    verdict = checked(replies, folder)
    assert (verdict.answers, verdict.findings) == (len(FOLLOW_UPS), ())


def test_honest_answers_have_no_findings(honest, folder):
    verdict = checked(honest, folder)
    assert (verdict.answers, verdict.findings) == (3, ())
    assert verdict.quotations == sum(len(r["citations"]) + len(r["closest"]) for r in honest)


def _cite(reply):
    return (reply["citations"] or reply["closest"])[0]


def _retext(reply):
    reply["text"] = "".join(segment["text"] for segment in reply["segments"])


def _segment(reply, kind):
    return next(s for s in reply["segments"] if s["kind"] == kind)


def move_offset(r):
    _cite(r)["start"] += 1
    _cite(r)["end"] += 1


def widen_quote(r):
    _cite(r)["end"] += 1


def change_letter(r):
    cite = _cite(r)
    old, cite["quote"] = cite["quote"], cite["quote"].replace("a", "o", 1)
    for segment in r["segments"]:
        if segment["text"] == old:
            segment["text"] = cite["quote"]
    _retext(r)


def change_letter_in_text_only(r):
    r["text"] = r["text"].replace("a", "o", 1)


def foreign_template_text(r):
    _segment(r, "template")["text"] += "It is certain. "
    _retext(r)


def template_of_the_other_status(r):
    _segment(r, "template")["text"] = (
        "The articles do not hold an answer to this question." if r["status"] == "answered" else "Who: "
    )
    _retext(r)


def quote_from_another_article(r):
    cite = _cite(r)
    cite["path"] = cite["article_id"] = "other.txt"


def quote_as_metadata(r):
    segment = _segment(r, "metadata")
    segment["text"] = "Trust this"
    _retext(r)


def another_title(r):
    _cite(r)["title"] = "A better title"


def another_date(r):
    _cite(r)["date"] = "2025-10-31"


def another_paragraph(r):
    _cite(r)["paragraph"] += 1


def renumber(r):
    _cite(r)["number"] = 2


def file_outside_the_seeds(r):
    _cite(r)["path"] = "../answers.jsonl"


def flip_the_decision(r):
    r["confidence"], r["threshold"] = (
        r["threshold"] - 0.1 if r["status"] == "answered" else 0.99,
        r["threshold"],
    )


def drop_the_citations(r):
    r["citations"], r["closest"] = [], []


def unquoted_citation(r):
    r["segments"] = [s for s in r["segments"] if s["text"] != _cite(r)["quote"]]
    _retext(r)


def splice_a_sentence(r):
    """Parts of one citation put together to what it does not say."""
    cite = _cite(r)
    n = next(i for i, s in enumerate(r["segments"]) if s["text"] == cite["quote"])
    a, b = cite["start"], cite["end"]
    halves = [(a + 20, a + 40), (a, a + 12)]
    quotes = [dict(r["segments"][n], start=x, end=y, text=cite["quote"][x - a : y - a]) for x, y in halves]
    r["segments"][n : n + 1] = quotes
    assert b > a + 40
    _retext(r)


def cut_the_quotation(r):
    cite = _cite(r)
    old = cite["quote"]
    cite["end"] -= 12
    cite["quote"] = old[:-12]
    for s in r["segments"]:
        if s["text"] == old:
            s["text"], s["end"] = cite["quote"], cite["end"]
    _retext(r)


def paragraph_in_the_text_only(r):
    segment = next(s for s in reversed(r["segments"]) if s["kind"] == "metadata")
    segment["text"] = "1"
    _retext(r)


def no_wording(r):
    r["segments"] = [s for s in r["segments"] if s["kind"] != "template"]
    _retext(r)


def empty_text(r):
    r["segments"], r["text"], r["closest"] = [], "", []


def a_word_that_does_occur(r):
    r["unmatched_terms"] = [*r["unmatched_terms"], "Beijing"]
    r["question"] += " Beijing"
    segment = {"kind": "question", "text": "Beijing", "citation": None, "start": 0, "end": 0}
    r["segments"].append(segment)
    _retext(r)


def a_word_that_was_not_asked(r):
    r["unmatched_terms"] = [*r["unmatched_terms"], "zebra"]


def an_alternative_inside_a_word(r):
    r["alternatives"] = [{"short_answer": "e", "citations": [1]}]


def an_error_with_an_answer(r):
    r |= {"status": "error", "error": "x", "text": "", "segments": [], "citations": [], "closest": []}
    r |= {"short_answer": "The president resigned", "reason": None}


def an_alternative_of_nothing(r):
    r["alternatives"] = [{"short_answer": "Oslo", "citations": [1]}]


def two_quotations_swapped_in_the_text(r):
    quotes = [i for i, s in enumerate(r["segments"]) if s["kind"] == "quote"]
    i, j = quotes[0], quotes[-1]
    r["segments"][i], r["segments"][j] = r["segments"][j], r["segments"][i]
    r["segments"].append(dict(r["segments"][i]))
    _retext(r)


# What is said of each, of an answer and of a refusal.
TAMPERED = {
    splice_a_sentence: "where the template",
    cut_the_quotation: "the quotation is no whole sentence",
    paragraph_in_the_text_only: "is '1', where the template",
    no_wording: "segment 1 is",
    empty_text: "segment 1 is nothing",
    a_word_that_does_occur: "'Beijing' is said to occur nowhere",
    a_word_that_was_not_asked: "'zebra' is no content word of the question",
    an_alternative_of_nothing: "an alternative is not shown",
    an_alternative_inside_a_word: "an alternative is not shown",
    an_error_with_an_answer: "an error carries short_answer",
    two_quotations_swapped_in_the_text: "where the template",
    move_offset: "the quotation is not what stands at",
    widen_quote: "the quotation is not what stands at",
    change_letter: "the quotation is not what stands at",
    change_letter_in_text_only: "the segments joined are not the text",
    foreign_template_text: "It is certain. ",
    template_of_the_other_status: "segment 1 is",
    quote_from_another_article: "title is not that of the article",
    quote_as_metadata: "is 'Trust this', where the template",
    another_title: "title is not that of the article",
    another_date: "date is not that of the article",
    another_paragraph: "paragraph is not that of the quotation",
    renumber: "citations are not numbered 1, 2, 3",
    file_outside_the_seeds: "there is no such file in the seeds folder",
    flip_the_decision: "at threshold 0.46",
    drop_the_citations: "with the parts of",
    unquoted_citation: "is '” [', where the template",
}


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda f: f.__name__)
@pytest.mark.parametrize("which", [0, 2], ids=["answer", "refusal"])
def test_tampering_is_found(honest, folder, tamper, which):
    replies = copy.deepcopy(honest)
    tamper(replies[which])
    assert replies != honest
    findings = checked(replies, folder).findings
    assert {finding.line for finding in findings} == {which + 1}
    assert any(TAMPERED[tamper] in finding.what for finding in findings), findings


_NOT_THERE = "the short answer is not in its citation"
_SHORT = repr(SHORT)
_SHOWN = f"segment 2 is {_SHORT}, where the template answered/what has"
SHORT_TAMPERED = {
    "text": [_NOT_THERE, f"{_SHOWN} 'mutually harmful'"],
    "place": [_NOT_THERE, f"{_SHOWN} {_SHORT}"],
    "citation": ["the short answer is not of the first citation", _NOT_THERE, f"{_SHOWN} {_SHORT}"],
    "other words": [f"{_SHOWN} 'Takaichi'"],
    "in the text only": [f"segment 2 is 'Takaichi', where the template answered/what has {_SHORT}"],
    "part of a word": ["the short answer begins or ends inside a word"],
}


@pytest.mark.parametrize("tamper", SHORT_TAMPERED)
def test_a_tampered_short_answer_is_found(honest, folder, tamper):
    replies = copy.deepcopy(honest)
    reply = replies[0]
    if tamper == "text":
        reply["short_answer"] = "mutually harmful"
    elif tamper == "place":
        reply["short_answer_span"]["start"] -= 3
    elif tamper == "citation":
        reply["short_answer_span"]["citation"] = 2
    elif tamper == "part of a word":
        cut = re.search(r"\w", reply["short_answer"]).end()  # the first letter, and what stands before it
        reply["short_answer"] = reply["short_answer"][cut:]
        reply["short_answer_span"]["start"] += cut
        _segment(reply, "quote").update(text=reply["short_answer"], start=reply["short_answer_span"]["start"])
        _retext(reply)
    else:
        start = reply["citations"][0]["start"] + reply["citations"][0]["quote"].index("Takaichi")
        if tamper == "other words":
            reply["short_answer"] = "Takaichi"
            reply["short_answer_span"] |= {"start": start, "end": start + 8}
        else:
            _segment(reply, "quote").update(text="Takaichi", start=start, end=start + 8)
            _retext(reply)
    assert [finding.what for finding in checked(replies, folder).findings] == SHORT_TAMPERED[tamper]


class Marking:
    """An extractor that takes the first of these for the answer, and the others for other answers."""

    def __init__(self, *answers):
        self._answers = answers

    def extract(self, question, hits):
        found = []
        sentences = [(hit.passage, its) for hit in hits for its in hit.passage.chunk.sentences]
        for answer, (passage, its) in itertools.product(self._answers, sentences):
            at = passage.slice(its.start, its.end).find(answer)
            if at >= 0:
                place = (its.start + at, its.start + at + len(answer))
                found.append(Support(passage, its, place, place, 0.9))
        return found


_CUT = "an alternative begins or ends inside a word"


@pytest.mark.parametrize(
    ("other", "problems"),
    [("Oslo", []), ("Peter_Andre", []), ("slo", [_CUT]), ("Andr", [_CUT])],
)
def test_another_answer_stands_at_its_place_and_cuts_no_word(tmp_path, word_encoder, other, problems):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "a.txt").write_text("One title\n\nThe band comes from Bergen.\n")
    (seeds / "b.txt").write_text("Other title\n\nThe band comes from Oslo, see title=Peter_Andre_album.\n")
    sync_index(seeds, tmp_path / "index", Settings())
    assistant = open_assistant(tmp_path / "index", Settings(), extractor=Marking("Bergen", other))
    given = assistant.ask("Where does the band come from?")
    (span,) = (one.span for one in given.alternatives)
    assert (span.citation, (seeds / "b.txt").read_text()[span.start : span.end]) == (2, other)
    reply = json.loads(json.dumps(reply_object(given)))
    assert reply["alternatives"] == [{"short_answer": other, "citations": [2]}]
    findings = checked([reply], seeds).findings
    assert [finding.what for finding in findings] == problems


def test_what_sites_print_around_articles_is_seen_and_so_not_said_to_be_missing(tmp_path, word_encoder):
    seeds, index = tmp_path / "seeds", tmp_path / "index"
    seeds.mkdir()
    text = "A bridge\n\nThe bridge was opened on Monday.\n\nSign up for our Pomegranate newsletter here.\n"
    (seeds / "a.txt").write_text(text)
    sync_index(seeds, index, Settings())
    reply = open_assistant(index, Settings()).ask("What does the Pomegranate newsletter say of Zanzibar?")
    assert reply.unmatched_terms == ("Zanzibar",)
    assert not checked([json.loads(to_json(reply))], seeds).findings


def test_an_answer_from_before_days_were_told_is_not_at_fault_for_the_time_that_it_names(assistant, folder):
    reply = json.loads(json.dumps(reply_object(assistant.ask("What did Takaichi say in 2025?"))))
    assert reply["time"] == {"from": "2025-01-01", "to": "2025-12-31"}
    before = {key: value for key, value in reply.items() if key not in ("asked", "time")}
    assert not checked([reply, before], folder).findings
    assert checked([reply | {"time": None}], folder).findings


def test_a_changed_seed_is_told_apart_from_a_violation(honest, folder):
    path = folder / ARTICLE
    path.write_text(path.read_text(encoding="utf-8") + "\nA later line.\n", encoding="utf-8")
    assert {finding.kind for finding in checked(honest, folder).findings} == {"source changed"}


def test_a_removed_seed_is_told_apart_from_a_violation(honest, folder):
    (folder / ARTICLE).unlink()
    verdict = checked(honest, folder)
    assert {finding.kind for finding in verdict.findings} == {"source missing"}
    assert (verdict.verified, verdict.missing) == (0, verdict.quotations)


@pytest.mark.parametrize(
    "change",
    [
        {"confidence": 7.5},
        {"confidence": float("nan")},
        {"threshold": -3.0},
        {"certificate": "sure"},
        {"extra": 1},
        {"alternatives": [{"short_answer": "", "citations": [1]}]},
    ],
    ids=str,
)
def test_values_that_cannot_be_are_an_error_of_the_file(honest, folder, change):
    with pytest.raises(InputError, match="not an answer in schema 1"):
        checked([honest[0] | change], folder)


def test_a_key_that_stands_twice_is_an_error_of_the_file(honest, folder):
    path = folder.parent / "answers.jsonl"
    path.write_text(json.dumps(honest[0])[:-1] + ', "status": "refused"}\n')
    with pytest.raises(InputError, match="a key stands twice"):
        verify(path, folder)


@pytest.mark.parametrize("text", ["", "\n", "not json\n", "[]\n", '{"schema": 1}\n', '{"schema": 2}\n'])
def test_a_malformed_or_empty_file_is_an_error(folder, text):
    path = folder.parent / "answers.jsonl"
    path.write_text(text)
    with pytest.raises(InputError):
        verify(path, folder)


def test_a_long_run_of_template_pieces_is_checked_in_little_time(honest, folder):
    replies = copy.deepcopy(honest)
    _segment(replies[0], "template")["text"] = "\n" * 5000 + "!"
    _retext(replies[0])
    (found,) = checked(replies, folder).findings
    assert found.leaves == ("segments[0].text", "status")
