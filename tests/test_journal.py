"""The log of `rag serve --log`: whole lines, on the disk before the answer is given, also when the server is killed."""

import json
import logging
import os
import signal
import stat
import subprocess
import sys
import threading
import uuid

import httpx
import pytest

from eval.load import served
from rag.answer.batch import recorded
from rag.answer.failure import error_reply
from rag.answer.journal import Journal
from rag.serve import Serving, run
from rag.serve.ui import named_for_gradio
from rag.types.errors import InputError, RagError
from rag.types.settings import Settings
from rag.types.times import a_day
from rag.verify import verify
from rag.verify.replay import replay
from rag.verify.schema import read
from tests.conftest import ARTICLE, ROOT, SEEDS

LINE = {"schema": 1, "text": "“Größe”\n"}
WHOLE = '{"schema": 1, "text": "“Größe”\\n"}\n'.encode()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "log.jsonl"


def test_a_line_is_whole_and_the_file_its_owners_alone(file):
    journal = Journal(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    journal.add(LINE)
    Journal(file).add(LINE)
    assert file.read_bytes() == WHOLE * 2


@pytest.mark.parametrize("cut", range(1, len(WHOLE)))
def test_a_torn_last_line_is_taken_out_with_a_warning(file, caplog, cut):
    file.write_bytes(WHOLE + WHOLE[:cut])
    with caplog.at_level(logging.WARNING, "rag"):
        journal = Journal(file)
    assert file.read_bytes() == WHOLE
    assert "the last line of" in caplog.text
    journal.add(LINE)
    assert file.read_bytes() == WHOLE * 2


def test_a_long_torn_line_alone_is_taken_out(file):
    file.write_bytes(b'{"schema": 1, "text": "' + b"x" * 200_000)
    Journal(file)
    assert file.read_bytes() == b""


@pytest.mark.parametrize("held", [b"my notes, without an end", b'{"id": 1}\n{"id"', b"\n", b" " + WHOLE])
def test_a_file_that_is_no_log_is_left_as_it_is(file, held):
    file.write_bytes(held)
    with pytest.raises(RagError, match=r"log\.jsonl cannot be used: it is no log of answers"):
        Journal(file)
    assert file.read_bytes() == held


def test_what_cannot_be_a_log_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name, why in (("pipe", "no log"), ("folder", "Is a directory"), ("none/log", "No such file")):
        with pytest.raises(RagError, match=why):
            Journal(tmp_path / name)


@pytest.mark.parametrize("folder", ["seeds", "index"])
def test_a_log_among_the_articles_or_in_the_index_is_refused(tmp_path, folder):
    for name in ("seeds", "index"):
        (tmp_path / name).mkdir()
    serving = Serving(tmp_path / "index", tmp_path / "seeds", log=tmp_path / folder / "log.jsonl")
    with pytest.raises(RagError, match=f"would lie in the {folder} folder"):
        run(serving, Settings())


def test_short_writes_are_gone_on_with(file, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, bytes(data[:3])))
    Journal(file).add(LINE)
    assert file.read_bytes() == WHOLE


def test_what_was_written_of_a_line_is_taken_back_when_the_disk_is_full(file, monkeypatch):
    journal, real, written = Journal(file), os.write, []

    def full(handle, data):
        if written:
            raise OSError(28, "No space left on device")
        written.append(real(handle, bytes(data[:5])))
        return written[0]

    journal.add(LINE)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RagError, match="the answer cannot be logged, and so is not given"):
        journal.add(LINE)
    assert file.read_bytes() == WHOLE
    monkeypatch.undo()
    journal.add(LINE)
    assert file.read_bytes() == WHOLE * 2


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_on_a_full_disk_the_question_fails_and_is_no_answer(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(disk)], check=True)
    try:
        journal, reply = (
            Journal(disk / "log.jsonl"),
            error_reply(InputError("x" * 1500), question="x" * 1500, generation="g"),
        )
        given = [recorded(journal, reply, []) for _ in range(6)]
        good = [one for one in given if one is reply]
        lines = (disk / "log.jsonl").read_text().splitlines()
        assert 1 <= len(good) < 6
        assert [json.loads(line)["error"] for line in lines] == [reply.error] * len(good)
        assert {one.error for one in given[len(good) :]} == {
            "the answer cannot be logged, and so is not given; the program's log says why"
        }
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_log_that_is_moved_away_begins_anew(file, tmp_path):
    journal = Journal(file)
    journal.add(LINE)
    file.rename(tmp_path / "old.jsonl")
    journal.add(LINE)
    assert (file.read_bytes(), (tmp_path / "old.jsonl").read_bytes()) == (WHOLE, WHOLE)
    file.unlink()
    journal.add(LINE)
    assert file.read_bytes() == WHOLE


def test_several_processes_and_threads_tear_no_line(file):
    code = "import sys, threading; from pathlib import Path; from rag.answer.journal import Journal\n"
    code += "journal = Journal(Path(sys.argv[1]))\n"
    code += "work = lambda n: [journal.add({'schema': 1, 'n': n, 'text': 'x' * 5000}) for _ in range(20)]\n"
    code += "threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]\n"
    code += "[t.start() for t in threads]; [t.join() for t in threads]"
    going = [subprocess.Popen([sys.executable, "-c", code, str(file)], cwd=ROOT) for _ in range(3)]
    assert [process.wait() for process in going] == [0, 0, 0]
    found = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(found) == 240
    assert {len(line["text"]) for line in found} == {5000}


class Caller:
    """Asks a served index by the API, by the page's own event and by MCP; keeps every answer that came."""

    def __init__(self, address):
        self.http = httpx.Client(base_url=address, timeout=60)
        self.came = []

    def api(self, *data):
        body = json.dumps({"data": [*data, *[None] * (5 - len(data))]})
        headers = {"content-type": "application/json"}
        begun = self.http.post("/gradio_api/call/ask", content=body, headers=headers).json()
        with self.http.stream("GET", f"/gradio_api/call/ask/{begun['event_id']}") as stream:
            said = [line for line in stream.iter_lines() if line.startswith("data: ")]
        self.came.append(json.loads(said[-1].removeprefix("data: "))[0])
        return self.came[-1]

    def mcp(self, question):
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
        call["params"] = {"name": "ask", "arguments": {"question": question}}
        headers = {"accept": "application/json, text/event-stream"}
        found = self.http.post("/gradio_api/mcp/", json=call, headers=headers).text
        found = next((line for line in found.splitlines() if line.startswith("data: ")), found).removeprefix("data: ")
        return json.loads(found)["result"]["content"][0]["text"]

    def page(self, session, text, since="", day=""):
        """As the page asks; what it shows."""
        config = self.http.get("/config").json()
        button = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == "ask")
        event = next(d for d in config["dependencies"] if [button, "click"] in [list(t) for t in d["targets"]])
        data = [text, "", None, None, since, "", [], day, None]
        body = {"data": data, "fn_index": event["id"], "session_hash": session, "trigger_id": button}
        assert self.http.post("/gradio_api/queue/join", json=body).status_code == 200
        with self.http.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as stream:
            for line in stream.iter_lines():
                if '"process_completed"' in line:
                    return line
        return ""


def logged(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.mark.model
def test_the_page_the_api_and_mcp_are_logged_and_the_log_verifies_and_replays(seed_index, tmp_path):
    file = tmp_path / "log.jsonl"
    history = [{"question": "Who is Sanae Takaichi?", "answer": "Japan's Prime Minister", "short_answer": "x"}]
    home = {"XDG_DATA_HOME": str(tmp_path)}
    with served(seed_index, SEEDS, "--mcp", "--no-upload", "--log", str(file), **home) as (address, _):
        caller, session = Caller(address), uuid.uuid4().hex
        caller.api("Who met Xi?")
        caller.api("What did she tell reporters?", history, None, "two")
        caller.api("Who met Xi?", None, {"articles": [ARTICLE]})
        caller.api("Who met Xi?", None, {"year": 2020})
        caller.api("Who met Xi?", None, {"articles": ["none.txt"]})
        caller.api("")
        caller.api(7)
        caller.api("Who met \udcff Xi?")
        told = caller.mcp("When was President Lee elected?")
        shown = caller.page(session, "In which city did Xi meet Donald Trump?", day="2025-11-02")
        caller.page(session, "When was that?")
        caller.page(session, "Who met Xi?", since="yesterday")
        caller.http.close()
    lines = logged(file)
    without = [{k: v for k, v in line.items() if k != "history"} for line in lines[:8]]
    assert named_for_gradio(without) == caller.came
    assert [line["status"] for line in lines] == [
        *("answered", "answered", "answered", "error", "error", "error", "error", "error"),
        *("answered", "answered", lines[10]["status"], "error"),
    ]
    assert lines[1]["history"] == history
    assert lines[8]["question"] == "When was President Lee elected?"
    assert all(cited["seed_sha256"] in told for cited in lines[8]["citations"])
    assert lines[9]["question"] == "In which city did Xi meet Donald Trump?"
    assert lines[9]["short_answer"] in shown
    first = {"question": lines[9]["standalone_question"], "answer": lines[9]["text"]}
    assert lines[10]["history"] == [first | {"short_answer": lines[9]["short_answer"]}]
    assert lines[10]["standalone_question"] != lines[10]["question"]
    assert "is not a day" in lines[11]["error"]
    assert [line["asked"] for line in lines[:10]] == [*[None] * 9, "2025-11-02"]
    assert a_day(lines[10]["asked"]) is not None  # where none is set the page asks today
    assert verify(file, SEEDS).findings == ()
    found = replay(file, seed_index, Settings())
    assert (found.same, found.differing, found.gone, found.unasked) == (9, 0, (), 3)


@pytest.mark.model
def test_every_answer_that_was_given_is_in_the_log_of_a_server_that_was_killed(seed_index, tmp_path):
    file, given = tmp_path / "log.jsonl", []
    questions = ["Who met Xi?", "When was President Lee elected?", "Who composed the Ode to Joy?"]

    def person(address, number, enough):
        caller = Caller(address)
        try:
            while True:
                caller.api(questions[number % 3], None, None, f"{number}-{len(caller.came)}")
                if len(caller.came) >= 4:
                    enough.set()
        except (httpx.HTTPError, json.JSONDecodeError, KeyError, IndexError):  # the server is gone
            given.extend(caller.came)
        finally:
            caller.http.close()

    for _ in range(2):
        with served(seed_index, SEEDS, "--log", str(file), XDG_DATA_HOME=str(tmp_path)) as (address, pid):
            enough = threading.Event()
            people = [threading.Thread(target=person, args=(address, n, enough)) for n in range(5)]
            for one in people:
                one.start()
            assert enough.wait(120)
            os.kill(pid, signal.SIGKILL)
            for one in people:
                one.join()
        with file.open("ab") as log:
            log.write(b'{"schema": 1, "id": "torn')  # what a kill within the write would leave
    Journal(file)
    lines = [{key: value for key, value in line.items() if key != "history"} for line in logged(file)]
    assert len(given) >= 8
    assert [reply for reply in given if reply not in named_for_gradio(lines)] == []
    assert len(list(read(file))) == len(lines)
    assert verify(file, SEEDS).findings == ()
    found = replay(file, seed_index, Settings())
    assert (found.same, found.differing, found.gone) == (len(lines), 0, ())
