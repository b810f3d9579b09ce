"""Answers asked anew: the same to the last leaf where nothing was changed, and each changed leaf named."""

import json
import shutil
from typing import get_args

import pytest

from rag.answer.batch import ask_lines
from rag.answer.opening import open_assistant
from rag.answer.wire import TurnLine, reply_object
from rag.build import sync_index
from rag.store import certificates, layout, pins
from rag.types import ASIDES, Kind
from rag.types.errors import IndexUnusable, InputError
from rag.types.settings import Settings
from rag.understand import query_of
from rag.verify import replay as replaying
from rag.verify import verify
from tests.conftest import ARTICLE, SEEDS, TAKAICHI
from tests.stored import files_of
from tests.test_calibrate import certified_at

pytestmark = pytest.mark.model

HISTORY = [
    {"question": "In which city did Xi meet Donald Trump?", "answer": "Where: Busan [1]", "short_answer": "Busan"}
]
ASKED = [
    # One of each template, and each sort of refusal and of error.
    {"question": "Who met Xi?"},
    {"question": "When was President Lee elected?"},
    {"question": "In which city was the APEC summit held this year?"},
    {"question": "How many times could North Korea talk about it without it being realized?"},
    {"question": "Why did Xi visit South Korea?"},
    {"question": "How was South Korea punished for THAAD?"},
    {"question": "Who paid for THAAD?"},
    {"question": "Did Takaichi meet Xi?"},
    {"question": "Tell me about THAAD"},
    {"question": TAKAICHI},
    {"question": "What is this article about?"},
    {"question": "When was this article published?"},
    {"question": "Who wrote this article?"},
    *({"question": word} for word in ("hello", "thanks", "help")),
    {"question": "Who is Japan's Prime Minister, and what did she tell reporters?"},
    {"question": "Who composed the Ode to Joy?"},
    {"question": "Кто такой Си Цзиньпин?"},
    {"question": "When was that?", "history": HISTORY},
    {"question": "And what did he tell Carney?", "history": [*HISTORY, *HISTORY]},
    {"question": TAKAICHI, "filters": {"articles": [ARTICLE], "from": "2025-10-01"}},
    {"question": TAKAICHI, "filters": {"to": "2020-01-01"}},
    {"question": ""},
    {"question": "x" * 1001},
    {"question": TAKAICHI, "filters": {"year": 2020}},
    {"question": TAKAICHI, "filters": {"from": "yesterday"}},
    {"question": TAKAICHI, "filters": {"articles": ["none.txt"]}},
]
UNASKED = ["{not json", json.dumps(["a list"]), json.dumps({"id": "q", "question": 7})]


@pytest.fixture(scope="module")
def index(seed_index, tmp_path_factory):
    """A copy, as some tests write beside the generation."""
    return shutil.copytree(seed_index, tmp_path_factory.mktemp("replay") / "index")


@pytest.fixture(autouse=True)
def opened(monkeypatch, assistant):
    """The generations that were opened, with the encoder that is loaded already."""
    names = []

    def opening(index, settings, encoder, *, generation):
        names.append(generation)
        return open_assistant(index, settings, encoder or assistant.components.encoder, generation=generation)

    monkeypatch.setattr(replaying, "open_assistant", opening)
    return names


@pytest.fixture(scope="module")
def honest(index, assistant, tmp_path_factory):
    """What `rag ask --batch` makes of all the questions, as objects."""
    lines = [json.dumps({"id": f"q{n}"} | asked) for n, asked in enumerate(ASKED)] + UNASKED
    file = tmp_path_factory.mktemp("asked") / "in.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return [json.loads(json.dumps(line)) for line, _ in ask_lines(file, lambda: assistant)]


def again(tmp_path, index, lines, settings=None):
    file = tmp_path / "answers.jsonl"
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return replaying.replay(file, index, settings or Settings())


def test_answers_of_every_kind_are_the_same_when_asked_anew(tmp_path, index, honest, opened):
    found = again(tmp_path, index, honest)
    assert found.differences == ()
    kinds = {query_of(line["standalone_question"], 1000).kind for line in honest if line["status"] == "answered"}
    assert kinds >= {*get_args(Kind)} - ASIDES
    assert (found.same, found.differing, found.unasked, found.gone) == (len(ASKED), 0, len(UNASKED), ())
    assert [(at.whose, at.threshold) for at in found.thresholds] == [("shipped", 0.46)]
    assert opened == [layout.pointed(index)]  # once for all lines
    assert sorted({line["reason"] for line in honest if line["reason"]}) == ["no_support", "nothing_found", "unsure"]
    assert [line["status"] for line in honest[-8:]] == ["error"] * 8
    assert honest[19]["standalone_question"] == "When was that (city Xi meet Donald Trump Busan)?"
    assert honest[19]["history"] == HISTORY
    assert honest[25]["filters"] == {"year": 2020}
    assert verify(tmp_path / "answers.jsonl", SEEDS).findings == ()


def test_answers_as_gradios_endpoints_give_them_are_the_same(tmp_path, index, honest):
    from rag.serve.ui import named_for_gradio

    lines = named_for_gradio(honest)
    assert [one["file"] for one in lines[0]["citations"]] == [ARTICLE] * len(lines[0]["citations"])
    assert again(tmp_path, index, lines).differences == ()
    assert verify(tmp_path / "answers.jsonl", SEEDS).findings == ()


def changed(value):
    """The value as another one of its sort."""
    if isinstance(value, bool) or value is None:
        return "0" * 16
    if isinstance(value, str):
        return value + "x"
    return value + 1 if isinstance(value, int) else value / 2 + 0.1


def leaves(value, path=()):
    """The place and the value of each leaf, and of each empty list."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if not inner or not value:
        yield path, value
    for key, its in inner:
        yield from leaves(its, (*path, key))


def named(path):
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


def test_every_leaf_is_compared_but_the_times(honest):
    compared = 0
    for line in honest:
        for path, value in leaves({key: its for key, its in line.items() if key not in ("timings_ms", "history")}):
            other = json.loads(json.dumps(line))
            place = other
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = [7] if value == [] else {"x": 7} if value == {} else changed(value)
            (one,) = replaying.changed_leaves(other, line, "")
            assert one[0] == named(path) + ("[0]" if value == [] else ".x" if value == {} else "")
            compared += 1
    assert compared > 1000
    assert list(replaying.changed_leaves(honest[0] | {"timings_ms": {"total": 9.0}}, honest[0], "")) == []


TAMPERED = [
    (9, {"confidence": 0.9999}, {"confidence"}),
    (9, {"short_answer": "beneficial"}, {"short_answer"}),
    (9, {"standalone_question": "What relationship?"}, {"standalone_question"}),
    (9, {"certificate": "0123456789abcdef"}, {"certificate"}),
    (9, {"threshold": 0.0}, {"threshold"}),
    (9, {"threshold": None}, {"threshold"}),
    (9, {"unmatched_terms": ["Beijing"]}, {"unmatched_terms[0]"}),
    (9, {"alternatives": [{"short_answer": "thorny", "citations": [1]}]}, {"alternatives[0]"}),
    (9, {"text": "In short: thorny [1]"}, {"text"}),
    (9, {"short_answer_span": None}, {"short_answer_span"}),
    (17, {"unmatched_terms": ["composed", "Ode", "to", "Joy"]}, {"unmatched_terms[2]", "unmatched_terms[3]"}),
    (17, {"reason": "nothing_found"}, {"reason"}),
    (17, {"confidence": 0.0}, {"confidence"}),
    (17, {"closest": []}, {"closest[0]", "closest[1]", "closest[2]"}),
    (17, {"status": "error", "error": "it failed"}, {"status", "error"}),
    (24, {"error": "the question is empty"}, {"error"}),
    (27, {"filters": {"articles": [ARTICLE, "other.txt"]}}, {"error"}),
    (28, {"confidence": 0.5}, {"confidence"}),
    (28, {"text": "Xi has resigned"}, {"text"}),
]


def test_what_was_tampered_with_is_named(tmp_path, index, honest):
    found = again(tmp_path, index, [honest[9], *(honest[number] | edit for number, edit, _ in TAMPERED)])
    assert (found.same, found.differing) == (1, len(TAMPERED))
    for line, (_, edit, paths) in enumerate(TAMPERED, start=2):
        named = {one.path for one in found.differences if one.line == line}
        assert named == paths, edit


def test_an_error_about_filters_goes_with_no_others(tmp_path, index, honest):
    for edit in ({"error": "Xi Jinping has resigned"}, {"filters": {"from": "x"}}, {"status": "refused"}):
        with pytest.raises(InputError, match="not an answer in schema 1: filters"):
            again(tmp_path, index, [honest[25] | edit])


def test_a_refusal_by_a_forged_threshold_is_seen(tmp_path, index, assistant):
    forged = json.loads(json.dumps(reply_object(assistant.with_threshold(0.99).ask(TAKAICHI))))
    assert forged["status"] == "refused"
    found = again(tmp_path, index, [forged])
    assert [(one.path, one.then, one.now) for one in found.differences] == [
        ("threshold", "0.99, chosen by the caller", "0.46")
    ]
    assert [(at.threshold, at.whose) for at in found.thresholds] == [(0.99, "chosen by the caller")]
    found = again(tmp_path, index, [forged], Settings(threshold=0.99))
    assert (found.same, found.thresholds[0].whose) == (1, "of the settings")


def test_another_question_or_history_is_another_answer(tmp_path, index, honest):
    found = again(
        tmp_path, index, [honest[9] | {"question": "Who composed the Ode to Joy?"}, honest[19] | {"history": []}]
    )
    assert found.differing == 2
    assert {"status", "standalone_question"} <= {one.path for one in found.differences if one.line == 1}
    other = again(tmp_path, index, [honest[9] | {"id": None, "question": "Who composed the Ode to Joy?"}])
    assert "None" not in " ".join(replaying.lines(other, tmp_path / "a.jsonl"))
    assert "standalone_question" in {one.path for one in found.differences if one.line == 2}


def test_a_generation_that_is_gone_is_counted_as_that(tmp_path, index, honest):
    lines = [honest[0] | {"index_generation": name} for name in ("0" * 16, "../../etc", None)]
    found = again(tmp_path, index, [*lines, lines[0], honest[1]])
    assert (found.same, found.differing) == (1, 0)
    assert [(gone.generation, gone.lines) for gone in found.gone] == [
        ("0" * 16, (1, 4)),
        ("../../etc", (2,)),
        (None, (3,)),
    ]
    said = list(replaying.lines(found, tmp_path / "a.jsonl"))
    assert said[0].endswith("a.jsonl: generation 0000000000000000 of 2 answers (line 1, 4): the generation "
                            "0000000000000000 is not there")  # fmt: skip
    assert said[-2] == "1 same, 0 differ, 4 whose generation is gone"
    assert "None" not in " ".join(said)


def test_a_damaged_generation_is_named_and_counted_as_gone(tmp_path, index, honest):
    broken = shutil.copytree(index, tmp_path / "index")
    for path in files_of(broken, "*.passages"):
        path.write_bytes(b"")
    found = again(tmp_path, broken, [honest[0]])
    assert (found.same, found.gone[0].lines) == (0, (1,))
    assert ".passages: 0 bytes" in found.gone[0].reason


def test_other_settings_are_named(tmp_path, index, honest):
    found = again(tmp_path, index, [honest[0]], Settings(chunk_max_chars=500))
    assert (found.same, "built with other settings (chunk_max_chars: 800 -> 500)" in found.gone[0].reason) == (0, True)


def test_each_level_of_a_certificate_is_told_from_what_was_invented(tmp_path, index):
    held = shutil.copytree(index, tmp_path / "index")
    certified_at(held, 0.5, 0.75)  # thresholds 0.5 and 0.25
    opened = open_assistant(held, Settings())
    name = opened.certificate.name
    replies = [opened.ask(TAKAICHI), opened.at_level(0.75).ask(TAKAICHI), opened.ask(TAKAICHI, filters=_one())]
    lines = [json.loads(json.dumps(reply_object(reply))) for reply in replies]
    assert [line["certificate"] for line in lines] == [name, name, None]
    found = again(tmp_path, held, lines)
    assert (found.same, found.differing) == (3, 0)
    assert [(at.threshold, at.whose, at.answers) for at in found.thresholds] == [
        (0.25, f"a level of certificate {name}", 1),
        (0.5, f"a level of certificate {name}", 2),
    ]
    other = "0123456789abcdef"
    edits = [{"certificate": None}, {"certificate": other}, {"certificate": other}]
    found = again(tmp_path, held, [line | edit for line, edit in zip(lines, edits, strict=True)])
    assert [(one.line, one.path, one.then, one.now) for one in found.differences] == [
        (1, "certificate", "null", f'"{name}"'),
        (2, "certificate", f'"{other}"', f'"{name}"'),
        (3, "certificate", f'"{other}"', "null"),
    ]
    # At the shipped threshold nothing is certified, whatever certificate there is.
    shipped = json.loads(json.dumps(reply_object(opened.with_threshold(0.46).ask(TAKAICHI))))
    assert shipped["certificate"] is None
    assert again(tmp_path, held, [shipped]).same == 1
    assert [one.path for one in again(tmp_path, held, [shipped | {"certificate": name}]).differences] == ["certificate"]
    # It holds for these settings alone.
    found = again(tmp_path, held, lines[:1], Settings(rrf_k=11))
    assert "certificate" in {one.path for one in found.differences}
    assert found.thresholds[0].whose == f"a level of certificate {name}, which does not hold here"
    (held / certificates.FOLDER / f"{layout.pointed(held)}.json").unlink()
    assert {"certificate", "threshold"} == {one.path for one in again(tmp_path, held, lines[:1]).differences}


def _one():
    from rag.types.filters import parse

    return parse({"articles": [ARTICLE]})


def test_answers_of_a_pinned_generation_replay_after_several_builds(tmp_path, assistant, opened):
    seeds, index = tmp_path / "seeds", tmp_path / "index"
    seeds.mkdir()
    (seeds / "a.txt").write_text("Harbour\n\nThe committee chose crimson for the harbour gate in 1987.\n")
    question = "Which colour did the committee choose for the harbour gate?"
    lines = []
    for colour in ("crimson", "indigo", "amber", "ivory"):
        (seeds / "a.txt").write_text(f"Harbour\n\nThe committee chose {colour} for the harbour gate in 1987.\n")
        sync_index(seeds, index, Settings(), encoder=assistant.components.encoder)
        reply = open_assistant(index, Settings(), assistant.components.encoder).ask(question)
        assert colour in reply.text
        lines.append(json.loads(json.dumps(reply_object(reply))))
        if colour == "crimson":
            pins.add(index, "first")
    found = again(tmp_path, index, [*lines, *lines])
    assert (found.same, found.differing) == (6, 0)
    assert [(gone.generation, gone.lines) for gone in found.gone] == [(lines[1]["index_generation"], (2, 6))]
    assert sorted(opened) == sorted({line["index_generation"] for line in lines})
    sync_index(seeds, index, Settings(), full=True, encoder=assistant.components.encoder)
    assert again(tmp_path, index, lines[:1]).same == 1


def test_the_command(tmp_path, index, honest, rag):
    file = tmp_path / "answers.jsonl"
    again(tmp_path, index, [honest[9]])
    assert rag("replay", file, "--index", index)[:2] == (
        0,
        "1 same, 0 differ, 0 whose generation is gone\nasked at threshold 0.46 (shipped): 1 answer\n",
    )
    again(tmp_path, index, [honest[9] | {"confidence": 1.0, "text": "x" * 500}, *honest[-2:]])
    code, out, _ = rag("replay", file, "--index", index)
    assert code == 1
    assert f"{file}:1 (q9): confidence: 1.0 in the file, {honest[9]['confidence']} asked anew" in out
    assert f'text: "{"x" * 159} … (502 characters) in the file, ' in out
    assert "0 same, 1 differ, 0 whose generation is gone, 2 errors of what was never asked" in out
    code, out, _ = rag("replay", file, "--index", index, "--json")
    assert (code, json.loads(out)["differences"][0]["path"]) == (1, "text")
    again(tmp_path, index, [honest[9] | {"index_generation": "0" * 16}])
    assert rag("replay", file, "--index", index)[0] == 1


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (None, "cannot be read"),
        ("", "holds no answer"),
        ("\n\n", "holds no answer"),
        ("{", "line 1: not JSON"),
        ('{"schema": 2}', "not an answer in schema 1"),
    ],
)
def test_a_file_that_holds_no_answers_ends_with_2(tmp_path, index, rag, held, message):
    file = tmp_path / "answers.jsonl"
    if held is not None:
        file.write_text(held)
    code, _, err = rag("replay", file, "--index", index)
    assert (code, message in err) == (2, True)


def test_without_an_index_it_ends_with_2(tmp_path, honest):
    with pytest.raises(IndexUnusable, match="there is no index"):
        again(tmp_path, tmp_path / "none", [honest[0]])


def test_history_is_checked_as_the_rest_of_a_line(tmp_path, index, honest):
    for history in ("x", [{"answer": "x"}], [{"question": "x", "other": 1}], [7]):
        with pytest.raises(InputError, match="not an answer in schema 1: history"):
            again(tmp_path, index, [honest[0] | {"history": history}])
    assert TurnLine(question="x", short_answer=None).answer == ""
