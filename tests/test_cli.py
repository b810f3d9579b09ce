"""The commands as a person or a script meets them: output, exit codes, and what bad input says."""

import json
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from rag.cli import console
from rag.cli.results import write_lines
from rag.types.errors import RagError, SettingsError
from rag.types.settings import Settings, load_settings
from tests.conftest import ARTICLE, ROOT, SEEDS, SHORT, TAKAICHI


@pytest.fixture
def loaded(monkeypatch, assistant, seed_index):
    """Commands use the assistant that is loaded already."""
    from rag.answer import opening

    monkeypatch.setattr(opening, "open_assistant", lambda index, settings: assistant)
    return seed_index


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_build_then_check_then_build_again(rag, word_encoder):
    code, out, _ = rag("build", "--seeds", SEEDS)
    assert code == 0
    assert f"added 1: {ARTICLE}" in out
    code, out, _ = rag("check", "--seeds", SEEDS)
    unfitted, agree = out.splitlines()  # the encoder of the test is not the one of the fit, which is no finding
    assert unfitted.startswith("confidence is not fitted for this encoder")
    assert (code, agree) == (0, "seeds, index and models agree")
    assert "the index is up to date" in rag("build", "--seeds", SEEDS)[1]


def test_build_with_a_date_that_is_none_ends_with_3(rag, word_encoder, seeds):
    (seeds / "a.txt").write_text("---\ndate: 2025-11-01' OR 1=1\n---\nThe bridge was opened.\n")
    code, out, _ = rag("build", "--seeds", seeds)
    assert code == 3
    assert "read a.txt without its date: its front matter field 'date' is \"2025-11-01' OR 1=1\", not a day" in out
    assert "added 2: " in out


def test_build_with_an_unreadable_file_ends_with_3(rag, word_encoder, seeds):
    (seeds / "latin.txt").write_bytes(b"caf\xe9 au lait.")
    code, out, _ = rag("build", "--seeds", seeds)
    assert code == 3
    assert "could not read latin.txt: is not UTF-8 (byte 0xe9 at 3); save it as UTF-8" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["build", "--seeds", "none"], "there is no seeds folder at"),
        (["build", "--seeds", "."], "there is no article in ."),
        (["ask", "Who?"], "run `rag build`, or name one with --index"),
        (["ask", ""], "the question is empty"),
        (["ask", "\udcff Lee?"], "the question is not valid text"),
        (["ask", "x" * 10_000], "the question has 10,000 characters; ask in at most 1,000"),
        (["check"], "run `rag build`, or name one with --index"),
        (["search", "Who?"], "run `rag build`, or name one with --index"),
        (["verify", "none.jsonl", "--seeds", SEEDS], "none.jsonl cannot be read"),
        (["ask"], "give either a question or --batch with --out"),
        (["ask", "Who?", "--batch", "x", "--out", "y"], "give either a question or --batch"),
        (["ask", "--batch", "x"], "--batch and --out go together"),
        (["ask", "--batch", "x", "--out", "./x"], "--out would overwrite the questions"),
        (["read", "x", "--out", "x"], "--out would overwrite the questions"),
        (["unknown"], "No such command"),
        (["chat", "--port", "0"], "Invalid value"),
    ],
)
def test_bad_usage_ends_with_2_and_says_why(rag, words, message):
    code, _, err = rag(*words)
    assert code == 2
    assert message in " ".join(err.split())


def test_a_port_in_use_is_told_at_once(rag):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = rag("chat", "--port", port)
    assert code == 2
    assert f"port {port} of 127.0.0.1 is in use; choose another with --port" in err


def test_an_unknown_setting_is_named(rag, monkeypatch, tmp_path):
    monkeypatch.setenv("RAG_THRESHHOLD", "0.3")
    code, _, err = rag("ask", "Who?")
    assert (code, "RAG_THRESHHOLD is not a setting" in err) == (2, True)
    monkeypatch.delenv("RAG_THRESHHOLD")
    (tmp_path / "rag.toml").write_text("chunk_max = 3\n")
    code, _, err = rag("check")
    assert (code, "setting 'chunk_max'" in err) == (2, True)
    (tmp_path / "rag.toml").write_text("chunk_max = \n")
    assert "rag.toml is not valid TOML" in rag("check")[2]


def test_settings_come_from_the_file_and_the_environment_wins(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rag.toml").write_text("passages = 7\nrrf_k = 30\n")
    monkeypatch.setenv("RAG_RRF_K", "20")
    settings = load_settings()
    assert (settings.passages, settings.rrf_k, settings.candidates) == (7, 20, Settings().candidates)


def test_fast_reads_half_as_many_passages_and_at_least_one():
    assert [Settings(passages=n, fast=fast).passages_read for n in (1, 7) for fast in (False, True)] == [1, 1, 7, 3]


@pytest.mark.model
def test_ask_answers_with_the_short_answer_and_its_citation(rag, loaded):
    # The article was old on the day of asking, which is today where none is given.
    for day, date in (((), " (2025-11-01)"), (("--asked", "2025-11-02"), "")):
        code, out, _ = rag("ask", TAKAICHI, *day)
        assert code == 0
        assert out.startswith(f"In short: {SHORT} [1]{date}\n\n“While Takaichi stressed a desire")
        assert "CaliToday, 2025-11-01, paragraph 8" in out


@pytest.mark.model
def test_a_refusal_is_done(rag, loaded):
    code, out, _ = rag("ask", "Who composed the Ode to Joy?", "--json")
    reply = json.loads(out)
    assert (code, reply["status"], reply["reason"]) == (0, "refused", "no_support")
    assert reply["unmatched_terms"] == ["composed", "Ode", "Joy"]
    assert 1 <= len(reply["closest"]) <= 3


@pytest.mark.model
def test_what_was_found_in_another_form_is_not_said_to_occur_nowhere(assistant):
    assert assistant.ask("Who is the finance minister of Canada?").unmatched_terms == ("finance",)  # "Canadian"
    assert assistant.ask("Who is the finance minister of Mongolia?").unmatched_terms == ("finance", "Mongolia")


@pytest.mark.model
def test_a_word_with_a_hyphen_stands_where_its_words_do(assistant):
    assert assistant.ask("When was the Xi-Trump picnic?").unmatched_terms == ("picnic",)
    assert assistant.ask("When was the Xi-Macron picnic?").unmatched_terms == ("Macron", "picnic")


@pytest.mark.model
def test_a_further_question_takes_its_words_from_the_one_before(assistant):
    """What was searched is shown, so that a wrong guess can be seen."""
    reply = assistant.ask("Who is Japan's Prime Minister, and what did she tell reporters?")
    assert reply.standalone_question == (
        "Who is Japan's Prime Minister? What did she tell reporters (Japan Prime Minister Sanae Takaichi)?"
    )
    assert reply.status == "answered"


@pytest.mark.model
def test_a_verb_of_asking_is_not_said_to_occur_nowhere(assistant):
    assert assistant.ask("What does Macron think happened to the ferry?").unmatched_terms == ("Macron", "ferry")


@pytest.mark.model
def test_the_json_object_has_exactly_the_fields_of_the_contract(rag, loaded):
    reply = json.loads(rag("ask", TAKAICHI, "--json")[1])
    assert list(reply) == [
        "schema",
        "id",
        "question",
        "standalone_question",
        "filters",
        "asked",
        "time",
        "status",
        "text",
        "segments",
        "short_answer",
        "short_answer_span",
        "short_answers",
        "confidence",
        "threshold",
        "certificate",
        "reason",
        "unmatched_terms",
        "citations",
        "closest",
        "alternatives",
        "index_generation",
        "timings_ms",
    ]
    assert list(reply["citations"][0]) == [
        "number",
        "article_id",
        "title",
        "publisher",
        "author",
        "url",
        "path",
        "date",
        "section",
        "page",
        "paragraph",
        "start",
        "end",
        "quote",
        "seed_sha256",
        "text_sha256",
    ]
    assert list(reply["segments"][0]) == ["kind", "text", "citation", "start", "end"]
    assert "total" in reply["timings_ms"]


@pytest.mark.model
def test_a_question_in_another_script_is_refused(rag, loaded):
    code, out, _ = rag("ask", "Кто такой Си Цзиньпин?", "--json")
    reply = json.loads(out)
    assert (code, reply["status"]) == (0, "refused")
    assert reply["unmatched_terms"] == []  # whether a word stands in no other form, English rules do not tell


@pytest.mark.model
def test_a_batch_answers_line_by_line_and_bad_lines_do_not_stop_it(rag, loaded, tmp_path):
    batch = [
        json.dumps({"id": "a", "question": TAKAICHI, "gold": "ignored", "history": []}),
        "{not json",
        json.dumps(["a list"]),
        json.dumps({"id": 4, "text": "no question"}),
        json.dumps({"id": "e", "question": ""}),
        json.dumps({"id": "f", "question": "Who composed the Ode to Joy?"}),
        json.dumps({"id": "g", "question": "Who?", "filters": {"year": 2020}}),
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(batch) + "\n", encoding="utf-8")
    code, _, err = rag("ask", "--batch", "in.jsonl", "--out", "out.jsonl")
    out = lines(tmp_path / "out.jsonl")
    assert code == 2
    assert "5 lines could not be used" in err
    assert [(r["id"], r["status"]) for r in out] == [
        ("a", "answered"),
        (None, "error"),
        (None, "error"),
        ("4", "error"),
        ("e", "error"),
        ("f", "refused"),
        ("g", "error"),
    ]
    assert out[1]["error"].startswith("line 2 is not JSON")
    assert "the question is empty" in out[4]["error"]
    code, verdict, _ = rag("verify", "out.jsonl", "--seeds", SEEDS)
    assert (code, "7 answers" in verdict, "0 violations" in verdict) == (0, True, True)
    (tmp_path / "out.jsonl").write_text(json.dumps(out[0] | {"id": None, "text": "Another one."}) + "\n")
    code, verdict, _ = rag("verify", "out.jsonl", "--seeds", SEEDS)
    assert (code, verdict.startswith("out.jsonl:1: violation: ")) == (1, True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"id": "a", "question": "What did \\ud800 say?"}', "holds half of a surrogate pair"),
        ("[" * 100_000, "is not JSON"),
        ('{"id": "a", "question": "Lee?", "filters": {"year": 1900}}', "a key that is not known"),
    ],
)
@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.model
def test_a_line_that_cannot_be_used_is_an_error_of_its_own(rag, loaded, tmp_path, command, line, message):
    (tmp_path / "in.jsonl").write_text(line + "\n" + json.dumps({"id": "b", "question": TAKAICHI}) + "\n")
    assert rag(command, "--batch", "in.jsonl", "--out", "out.jsonl")[0] == 2
    bad, good = lines(tmp_path / "out.jsonl")
    assert (bad["status"], message in bad["error"]) == ("error", True)
    assert good["status"] in ("answered", "ok")


@pytest.mark.model
def test_out_may_be_a_link_or_a_device(rag, loaded, tmp_path):
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "b", "question": TAKAICHI}) + "\n")
    (tmp_path / "real.jsonl").write_text("old\n")
    (tmp_path / "link.jsonl").symlink_to("real.jsonl")
    assert rag("ask", "--batch", "in.jsonl", "--out", "link.jsonl")[0] == 0
    assert (tmp_path / "link.jsonl").is_symlink()
    assert lines(tmp_path / "real.jsonl")[0]["id"] == "b"
    assert rag("ask", "--batch", "in.jsonl", "--out", "/dev/null")[0] == 0


def test_what_a_shell_redirected_is_appended_to_and_a_pipe_written(tmp_path):
    lines = (
        "from pathlib import Path; from rag.cli.results import write_lines; "
        "write_lines(Path('/dev/stdout'), [({'a': 'é'}, True)])"
    )
    log = tmp_path / "log"
    log.write_text("KEPT\n")
    with log.open("a") as out:
        subprocess.run([sys.executable, "-c", lines], stdout=out, check=True, cwd=ROOT)
    assert log.read_text() == 'KEPT\n{"a": "é"}\n'
    piped = subprocess.run([sys.executable, "-c", lines], capture_output=True, check=True, cwd=ROOT)
    assert piped.stdout.decode() == '{"a": "é"}\n'


def test_a_place_that_cannot_be_written_is_told_before_the_work(rag, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id": "a", "question": "Who came?"}\n')
    code, _, said = rag("ask", "--batch", "in.jsonl", "--out", "none/out.jsonl", "--index", "none")
    assert code == 2
    assert "none/out.jsonl cannot be written: No such file or directory" in said  # and not that there is no index


def test_a_failure_leaves_no_half_written_file(tmp_path):
    def lines():
        yield {"a": 1}, True
        raise RagError("broke")

    with pytest.raises(RagError, match="broke"):
        write_lines(tmp_path / "out.jsonl", lines())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_json_is_read_as_it_was_meant_whatever_the_terminal(encoding):
    said = {"quote": "it\x92s é \x85 \x7f 한 \U0001f600"}
    code = f"import json; from rag.cli import console; console.say_json(json.dumps({said!r}, ensure_ascii=False))"
    out = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", code],
        capture_output=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)},
    ).stdout
    assert json.loads(out.decode()) == said
    assert not {c for c in out.decode() if "\x7f" <= c <= "\x9f"}


@pytest.mark.model
def test_an_existing_output_is_kept_when_the_batch_cannot_be_read(rag, loaded, tmp_path):
    (tmp_path / "out.jsonl").write_text("old\n")
    assert rag("ask", "--batch", "none.jsonl", "--out", "out.jsonl")[0] == 2
    assert (tmp_path / "out.jsonl").read_text() == "old\n"


def test_control_characters_of_an_article_do_not_reach_the_terminal(capsys):
    console.say("a\x1b[31mb\x07\n\tc\x9bd")
    assert capsys.readouterr().out == "a\ufffd[31mb\ufffd\n\tc\ufffdd\n"


@pytest.mark.model
def test_a_crash_in_the_reader_is_an_error_not_a_refusal(rag, loaded, assistant, monkeypatch, tmp_path):
    def broken(question, hits):
        raise RuntimeError("out of memory")

    extractor = type("E", (), {"extract": staticmethod(broken)})
    monkeypatch.setattr(assistant, "components", replace(assistant.components, extractor=extractor))
    (tmp_path / "in.jsonl").write_text('{"id": "a", "question": "Who came?"}\n')
    assert rag("ask", "--batch", "in.jsonl", "--out", "out.jsonl")[0] == 2
    (reply,) = lines(tmp_path / "out.jsonl")
    assert (reply["status"], reply["error"]) == ("error", "the program failed (RuntimeError); its log says more")


@pytest.mark.model
def test_the_same_batch_twice_and_each_question_alone_give_the_same_answers(assistant, seed_index):
    """A fresh assistant in another order, so that nothing kept from one question can reach the next."""
    from rag.answer.opening import open_assistant
    from rag.answer.wire import reply_object

    texts = [json.loads(line)["question"] for line in (ROOT / "eval/questions/seeds.jsonl").read_text().splitlines()][
        ::4
    ]

    def answers(asker, order):
        found = {text: reply_object(asker.ask(text)) | {"timings_ms": None} for text in order}
        return [found[text] for text in texts]

    first = answers(assistant, texts)
    assert answers(assistant, texts) == first
    assert answers(open_assistant(seed_index, Settings()), texts[::-1]) == first


@pytest.mark.model
def test_search_shows_scores_and_ranks(rag, loaded, tmp_path):
    hits = json.loads(rag("search", TAKAICHI, "--k", "3", "--json")[1])
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert hits[0]["paragraphs"] == [8]
    assert hits[0]["dense_rank"] == 1
    assert 0.3 < hits[0]["cosine"] < 1
    (tmp_path / "in.jsonl").write_text(json.dumps({"id": "a", "question": TAKAICHI}) + "\n")
    assert rag("search", "--batch", "in.jsonl", "--out", "out.jsonl", "--k", "3")[0] == 0
    (line,) = lines(tmp_path / "out.jsonl")
    assert (line["id"], line["hits"]) == ("a", hits)


@pytest.mark.model
def test_read_finds_spans_in_given_passages_without_an_index(rag, tmp_path):
    context = "It was a calm year.\r\nThe bridge was opened in 1932 by the mayor. People cheered."
    given = [
        {"id": "a", "question": "When was the bridge opened?", "context": context},
        {"id": "b", "question": "Who composed the Ode to Joy?", "context": context, "title": "Bridges"},
        {"id": "c", "question": "When?", "context": "  "},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in given))
    assert rag("read", "in.jsonl", "--out", "out.jsonl")[0] == 2
    a, b, c = lines(tmp_path / "out.jsonl")
    fields = ["id", "status", "short_answer", "start", "end", "short_answers", "sentences", "confidence", "threshold"]
    assert list(a) == [*fields, "reason"]
    assert (a["reason"], b["reason"]) == (None, "no_support")
    assert (a["status"], a["short_answer"], context[a["start"] : a["end"]]) == ("answered", "1932", "1932")
    assert [context[s:e] for s, e in a["sentences"]] == ["The bridge was opened in 1932 by the mayor."]
    assert b["status"] == "refused"
    assert context[b["start"] : b["end"]] == b["short_answer"]
    assert (c["status"], c["error"]) == ("error", "the context is empty; give a passage to read")


@pytest.mark.model
def test_the_installed_command_runs_in_a_new_process(seed_index):
    done = subprocess.run(
        [sys.executable, "-m", "rag.cli", "ask", TAKAICHI, "--index", str(seed_index)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        f"In short: {SHORT} [1] (2025-11-01)",
    )
    assert done.stderr == ""


def test_a_build_without_changes_imports_no_torch(seed_index):
    """In a new process, as imports of this one would hide it."""
    code = (
        "import sys; from pathlib import Path; from rag.build import sync_index; "
        "from rag.types.settings import Settings; "
        f"r = sync_index(Path({str(SEEDS)!r}), Path({str(seed_index)!r}), Settings()); "
        "print(r.changed_anything, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_no_error_of_settings_has_the_address_of_a_database(monkeypatch):
    monkeypatch.setenv("RAG_CHUNK_MIN_CHARS", "900")
    monkeypatch.setenv("RAG_STORE", "postgresql://me:secret@h/x")
    with pytest.raises(SettingsError) as error:
        load_settings()
    monkeypatch.setenv("RAG_STORE", "mysql://me:secret@h/x")
    with pytest.raises(SettingsError) as another:
        load_settings()
    assert "secret" not in f"{error.value.__cause__} {another.value.__cause__}"


def test_a_replica_of_a_folder_is_an_error(monkeypatch):
    monkeypatch.setenv("RAG_STORE_READ", "postgresql://me:secret@h/x")
    with pytest.raises(SettingsError, match="store_read names a replica, and store is 'files'") as error:
        load_settings()
    assert "secret" not in f"{error.value} {error.value.__cause__}"
