"""The day of asking: each way in which it is given, what of it stands in an answer, and that this is checked."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from eval import grounding
from eval.cases import Asked
from rag.answer.batch import ask_lines
from rag.answer.opening import open_assistant
from rag.answer.wire import AskedLine, reply_object, requested
from rag.cli import questions
from rag.language import pack
from rag.serve.ui import answers, choices
from rag.serve.ui.conversation import checked, export_files, exported
from rag.serve.ui.replies import converse, filtered
from rag.types import Turn
from rag.types.errors import InputError
from rag.types.messages import own
from rag.types.settings import Settings
from rag.types.times import a_day
from rag.verify import replay as replaying
from rag.verify import verify
from rag.verify.asked import times_named
from rag.verify.schema import Answer
from tests.conftest import SEEDS

pytestmark = pytest.mark.model

DAY = "2025-11-02"
WEEK = {"from": "2025-10-26", "to": DAY}
QUESTION = "In which city did Xi meet Donald Trump this week?"
NO_DAYS = ["2024-13-01", "20240112", "2024-W02-5", "12 January", "2024-01-12T00:00", " 2024-01-12", "", "2" * 2000]


@pytest.fixture
def loaded(monkeypatch, assistant):
    from rag.answer import opening

    monkeypatch.setattr(opening, "open_assistant", lambda index, settings: assistant)


@pytest.fixture(scope="module")
def honest(assistant):
    """An answer to a question that names a time, as an object."""
    reply = assistant.ask(QUESTION, id="q", day=DAY)
    assert reply.status == "answered"
    return json.loads(json.dumps(reply_object(reply)))


def batch(tmp_path, *lines):
    file = tmp_path / "in.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def untimed(reply):
    return json.loads(json.dumps(reply)) | {"timings_ms": None}


@pytest.mark.parametrize("day", NO_DAYS)
def test_what_is_no_day_is_told_and_not_repeated(day):
    with pytest.raises(ValueError):  # noqa: PT011 - of Python or our own
        a_day(day)
    with pytest.raises(InputError) as told:
        requested({"question": "Who?", "asked": day}, AskedLine)
    assert str(told.value) == "'asked' is no day written like 2025-10-31"
    assert own(str(told.value))


@pytest.mark.parametrize("day", [7, 20240112, True, ["2024-01-12"], {"day": 1}])
def test_a_day_is_a_string(day):
    with pytest.raises(InputError, match=r"^'asked' must be a string$"):
        requested({"question": "Who?", "asked": day}, AskedLine)


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize("day", NO_DAYS)
def test_a_bad_day_in_the_terminal_ends_with_2(rag, command, day):
    code, _, err = rag(command, "Who?", "--asked", day)
    assert code == 2
    assert "--asked takes a day such as 2024-01-12" in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_batch_takes_no_day_for_all(rag, command):
    code, _, err = rag(command, "--batch", "in", "--out", "out", "--asked", DAY)
    assert code == 2
    assert "in a batch each line has its own 'asked'" in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize("command", ["ask", "search"])
def test_a_bad_day_in_a_batch_is_an_error_of_its_line(rag, loaded, tmp_path, command):
    bad = [*NO_DAYS, 7]
    asked = [{"id": n, "question": QUESTION, "asked": day} for n, day in enumerate(bad)]
    batch(tmp_path, *asked, {"question": QUESTION})
    assert rag(command, "--batch", "in.jsonl", "--out", "out.jsonl")[0] == 2
    *errors, good = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    for number, line in enumerate(errors, start=1):
        assert (line["id"], line["status"]) == (str(number - 1), "error")
        assert line["error"].startswith(f"line {number}: 'asked' ")
    assert good["status"] in ("answered", "ok")
    if command == "ask":
        code, said, _ = rag("verify", "out.jsonl", "--seeds", SEEDS)
        assert (code, "0 violations" in said) == (0, True)


def test_nothing_is_assumed_in_a_batch_and_a_day_does_what_it_does_alone(rag, loaded, assistant, tmp_path):
    lines = [{"question": QUESTION}, {"question": QUESTION, "asked": None}, {"question": QUESTION, "asked": DAY}]
    none, null, dated = [untimed(line) for line, _ in ask_lines(batch(tmp_path, *lines), lambda: assistant)]
    assert (none["asked"], none["time"]) == (None, None)
    assert none == null == untimed(reply_object(assistant.ask(QUESTION)))
    assert (dated["asked"], dated["time"]) == (DAY, WEEK)
    code, out, _ = rag("ask", QUESTION, "--asked", DAY, "--json")
    assert (code, untimed(json.loads(out))) == (0, dated)


def test_search_takes_the_day_of_a_line_and_of_a_question(rag, loaded, assistant, monkeypatch, tmp_path):
    days, search = [], assistant.search
    monkeypatch.setattr(assistant, "search", lambda *its, **named: days.append(named["day"]) or search(*its, **named))
    monkeypatch.setattr(questions, "today", lambda: "2031-05-06")
    rag("search", QUESTION, "--asked", DAY)
    rag("search", QUESTION)
    batch(tmp_path, {"question": QUESTION, "asked": DAY}, {"question": QUESTION})
    assert rag("search", "--batch", "in.jsonl", "--out", "out.jsonl")[0] == 0
    assert days == [DAY, "2031-05-06", DAY, None]


def test_a_question_in_the_terminal_is_asked_today_where_no_day_is_given(rag, loaded, monkeypatch):
    monkeypatch.setattr(questions, "today", lambda: DAY)
    reply = json.loads(rag("ask", QUESTION, "--json")[1])
    assert (reply["asked"], reply["time"]) == (DAY, WEEK)


def test_the_terminal_says_which_days_were_understood(rag, loaded):
    assert rag("ask", QUESTION, "--asked", DAY)[1].startswith("Understood: the week to 2 November 2025\n\nWhere: Busan")
    mended = rag("ask", QUESTION.replace("city", "citty"), "--asked", DAY)[1]
    assert mended.startswith(f"Searched: {QUESTION}\nUnderstood: the week to 2 November 2025\n\nWhere: Busan")
    assert "Understood" not in rag("ask", QUESTION.replace(" this week", ""))[1]


@pytest.mark.parametrize("when", ["in 2017", "in March 2024", "last week", "before 2020"])
def test_the_best_answer_of_another_time_is_shown_and_not_given(assistant, when):
    answered = assistant.ask("In which city did Xi meet Donald Trump?", day="2026-05-04")
    assert answered.status == "answered"
    reply = assistant.ask(f"In which city did Xi meet Donald Trump {when}?", day="2026-05-04")
    assert (reply.status, reply.reason) == ("refused", "unsure")
    assert reply.closest[0].quote == answered.citations[0].quote


def test_words_of_the_turns_before_name_no_time(assistant, tmp_path):
    turn = Turn("When did Xi meet Donald Trump?", "Thursday")
    replies = [assistant.ask("Who was with him there?", history=[turn], day=day) for day in (None, "2026-05-04")]
    assert [reply.time for reply in replies] == [None, None]
    assert "Thursday" in replies[1].standalone_question
    assert told(tmp_path, json.loads(json.dumps(reply_object(replies[1])))) == [set()]


def test_no_day_of_asking_makes_the_one_article_too_old(assistant):
    asked = [
        assistant.ask("In which city did Xi meet Donald Trump?", day=day) for day in (None, "2025-11-02", "2099-01-01")
    ]
    assert len({(reply.status, reply.confidence, reply.short_answer) for reply in asked}) == 1


def test_an_answer_of_before_is_still_read(honest):
    old = {key: value for key, value in honest.items() if key not in ("asked", "time")}
    answer = Answer.model_validate(old)
    assert (answer.asked, answer.time) == (None, None)
    assert "Understood" not in answers.reply(answer)


@pytest.mark.parametrize("forged", [{"time": WEEK | {"to": "soon"}}, {"time": "now"}, {"asked": "soon"}, {"asked": ""}])
def test_days_that_are_none_are_no_answer(honest, forged):
    """What a browser kept is put into words, which needs a day."""
    assert checked([honest | forged]) == []


def told(tmp_path, *answers):
    """The leaves that are named for each answer."""
    file = batch(tmp_path, *answers)
    named = [set() for _ in answers]
    for finding in verify(file, SEEDS).findings:
        named[finding.line - 1] |= set(finding.leaves)
    return named


def test_a_time_that_is_not_the_question_s_is_found(tmp_path, honest):
    other = {"from": "2025-10-27", "to": DAY}
    forged = [{"time": other}, {"time": WEEK | {"to": None}}, {"time": None}, {"asked": "2025-11-03"}, {"asked": None}]
    right, *wrong = told(tmp_path, honest, *(honest | one for one in forged))
    assert right == set()
    assert wrong == [{"time", "standalone_question", "asked"}] * len(forged)


def test_a_time_of_what_names_none_is_found(tmp_path, assistant):
    asked = (assistant.ask(text, day=DAY) for text in ("Who met Xi?", "Hello"))
    plain, aside = (json.loads(json.dumps(reply_object(reply))) for reply in asked)
    bad, _ = next(ask_lines(batch(tmp_path, {"question": ""}), lambda: assistant))
    assert [one["time"] for one in (plain, aside, bad)] == [None] * 3
    assert told(tmp_path, plain, aside, bad) == [set()] * 3
    assert all("time" in leaves for leaves in told(tmp_path, *(one | {"time": WEEK} for one in (plain, aside, bad))))
    # A day on which no time hangs cannot be told from the files.
    assert told(tmp_path, plain | {"asked": "2001-01-01"}) == [set()]


@pytest.mark.parametrize(
    "question",
    [
        "Who met Xi this week, and who met Carney in March 2024?",
        "What happened this week? In March 2024?",
        "Was it in 2016? Or in March 2024 that Xi met him?",
        "I was away last week. Who met Xi in March 2024?",
        "hello this week",
    ],
)
def test_a_time_among_several_sentences_is_no_violation(tmp_path, assistant, question):
    reply = json.loads(json.dumps(reply_object(assistant.ask(question, day=DAY))))
    assert reply["time"] in times_named(question, reply["standalone_question"], DAY)
    assert told(tmp_path, reply) == [set()]


def test_a_line_is_replayed_on_its_day(tmp_path, monkeypatch, seed_index, assistant, honest):
    monkeypatch.setattr(
        replaying,
        "open_assistant",
        lambda index, settings, _, *, generation: open_assistant(
            index, settings, assistant.components.encoder, generation=generation
        ),
    )
    later = honest | {"asked": "2025-11-03"}
    found = replaying.replay(batch(tmp_path, honest, later), seed_index, Settings())
    assert (found.same, found.differing) == (1, 1)
    assert {one.path for one in found.differences} >= {"time.from", "time.to"}


def test_the_evaluation_writes_the_day_of_a_case_in_answers_and_errors(assistant):
    setup = SimpleNamespace(assistant=assistant)
    for question, status in ((QUESTION, "answered"), ("", "error")):
        reply = grounding._reply(setup, SimpleNamespace(id="q", asked=Asked(question, day=DAY)))
        assert (reply.status, reply.asked) == (status, DAY)


def live(assistant):
    return SimpleNamespace(current=lambda: assistant, shown=lambda: assistant)


def test_the_page_asks_on_the_day_that_is_set_or_today(monkeypatch, assistant):
    monkeypatch.setattr(choices, "today", lambda: "2031-05-06")
    for typed, day in (("", "2031-05-06"), (None, "2031-05-06"), (f" {DAY} ", DAY)):
        reply, _ = filtered(live(assistant), QUESTION, [], ("", "", [], typed), None)
        assert reply.asked == day
    reply, panel = filtered(live(assistant), QUESTION, [], ("", "", [], "12 January"), None)
    assert (reply.status, panel) == ("error", None)
    assert reply.error == "“Asked on” is not a day; write it like 2025-10-31, or empty the field"


def test_the_page_says_which_days_were_understood_also_of_a_turn_that_was_kept(assistant):
    reply, _ = converse(live(assistant), QUESTION, day=DAY)
    said = answers.reply(reply)
    assert "Understood: the week to 2 November 2025 · asked on 2 November 2025 · " in said
    assert answers.reply(Answer.model_validate(json.loads(json.dumps(reply_object(reply))))) == said
    assert "Understood" not in answers.reply(converse(live(assistant), "Who met Xi?", day=DAY)[0])


def test_an_exported_conversation_has_the_day(honest):
    text, lines, _ = export_files([honest, honest | {"asked": None, "time": None}])["value"]
    assert [json.loads(line)["asked"] for line in Path(lines).read_text().splitlines()] == [DAY, None]
    assert Path(text).read_text().count(f"Asked on {DAY}") == 1
    assert "Asked on" not in exported([honest | {"asked": None, "time": None}])


def test_days_in_words_have_each_form():
    assert pack().days_in_words(None, None) == "any time"
