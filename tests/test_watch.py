"""`rag add` and `rag watch` as processes, with a real server, real files and the real encoder."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

from rag.sources import Sources
from rag.sources.fetch import Fetcher
from rag.sources.log import Log
from rag.sources.watching import Pace, Watch
from rag.store.files import FileStore
from rag.store.reader import open_current
from tests.conftest import ARTICLE, ROOT, SEEDS
from tests.web import RSS, item, page, rss

pytestmark = pytest.mark.model
STORY = "The harbour committee voted on Monday to paint the crane gate number {} crimson, and nobody objected to it."
MORE = "The paint is to be delivered in {} crates before the end of the winter, as the engineer said on Friday."
PATIENCE = 600  # seconds, of a machine that does other things


def story(number):
    return page(f"Gate {number}", STORY.format(number), MORE.format(number))


def command(*words, cwd):
    line = [sys.executable, "-m", "rag.cli", *map(str, words)]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "RAG_FEEDS_MINUTES": "1"}
    return subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=cwd)


def ran(*words, cwd):
    process = command(*words, cwd=cwd)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


class Watching:
    """The command, and the lines of its log."""

    def __init__(self, tmp_path, *words):
        self.index, self.log = tmp_path / "index", []
        self.process = command(
            "watch", *words, "--json", "--allow-private", "--seeds", tmp_path / "seeds", "--index", self.index,
            cwd=tmp_path,
        )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        with self.process.stdout as lines:
            for line in lines:
                self.log.append(json.loads(line))

    def until(self, event, **what):
        """Waits for an event with these parts that has not been waited for; the event."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for number, line in enumerate(self.log):
                if line["event"] == event and all(part in str(line.get(name)) for name, part in what.items()):
                    del self.log[: number + 1]
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no {event} with {what}; there are {self.log}; {self.process.poll()}")

    def held(self):
        reader = open_current(self.index)
        try:
            return {entry.path for entry in reader.entries()}
        finally:
            reader.close()

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.wait(20), self.process.stderr.read()

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()


@pytest.fixture
def watching(tmp_path):
    started = []

    def start(*words):
        started.append(Watching(tmp_path, *words))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_add_takes_pages_feeds_and_files_and_builds(web, tmp_path):
    (tmp_path / "seeds").mkdir()
    web.put("/one", story(1))
    feed = web.put("/feed", rss(item("1", "/one"), item("2", "/none")), kind=RSS)
    alone = web.put("/two", story(2))
    code, out, err = ran("add", feed, alone, SEEDS / ARTICLE, "--allow-private", cwd=tmp_path)
    assert code == 3  # one page failed
    assert f"rag: {web.url}/none: the server answers 404" in err
    assert f"added {ARTICLE}\n" in out
    assert "added 3: " in out
    assert "3 articles" in out
    code, out, err = ran("add", feed, alone, cwd=tmp_path)
    assert (code, out) == (2, "")
    assert "own network" in err
    assert "3 articles" in ran("build", cwd=tmp_path)[1]
    answers = tmp_path / "answers.jsonl"
    answers.write_text(ran("ask", "Who voted to paint the crane gate number 2?", "--json", cwd=tmp_path)[1])
    reply = json.loads(answers.read_text())
    assert (reply["status"], reply["citations"][0]["url"]) == ("answered", alone)
    code, out, _ = ran("verify", answers, cwd=tmp_path)
    assert (code, "1 verified; 0 violations" in out) == (0, True)


def test_watch_follows_folder_and_feed(web, tmp_path, watching):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    web.put("/one", story(1))
    feed = web.put("/feed", rss(item("1", "/one")), kind=RSS)
    watch = watching(feed)
    watch.until("fetched", address="/one")
    (page_path,) = watch.until("built")["added"]
    # Files that come, change and go, one of them half written for longer than a moment.
    shutil.copy(SEEDS / ARTICLE, seeds / "a.txt")
    with (seeds / "b.txt").open("w") as slow:
        for number in range(40):
            slow.write(STORY.format(number) + "\n\n")
            slow.flush()
            time.sleep(0.1)
    built = watch.until("built")
    assert (built["added"], built["articles"]) == (["a.txt", "b.txt"], 3)
    assert watch.held() == {"a.txt", "b.txt", page_path}
    (seeds / "b.txt").write_text("Title\n\nThe owl was seen at the harbour on Tuesday.\n")
    (seeds / "a.txt").unlink()
    (seeds / "bad.pdf").write_bytes(b"%PDF-nothing")
    built = watch.until("built")
    assert (built["changed"], built["removed"], built["unreadable"][0][0]) == (["b.txt"], ["a.txt"], "bad.pdf")
    shutil.rmtree(seeds)
    assert "is gone" in watch.until("waiting")["text"]
    assert watch.held() == {"b.txt", page_path}
    seeds.mkdir()
    assert "there is no article" in watch.until("waiting")["text"]
    assert watch.held() == {"b.txt", page_path}
    (seeds / "c.txt").write_text("Title\n\nThe crate was lost at sea on Sunday.\n")
    assert watch.until("built")["added"] == ["c.txt"]
    code, err = watch.end()
    assert (code, err) == (143, "")
    assert [file.name for file in seeds.iterdir() if file.name.startswith(".adding")] == []


def test_a_slow_feed_holds_up_no_other(web, tmp_path, watching):
    (tmp_path / "seeds").mkdir()
    web.put("/one", story(1))
    slow = web.put("/slow", kind=RSS, pieces=(time.sleep(0.1) or b" " for _ in range(10_000)))
    fast = web.put("/feed", rss(item("1", "/one")), kind=RSS).replace("127.0.0.1", "localhost")
    watch = watching(slow, fast)
    came = []
    while not came:
        time.sleep(0.1)
        came = [line for line in watch.log if line["event"] in ("fetched", "failed")]
    assert (came[0]["event"], came[0]["feed"]) == ("fetched", fast)
    watch.end()


def test_most_of_an_index_is_not_taken_for_gone(tmp_path, watching):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for number in range(30):
        (seeds / f"{number}.txt").write_text(STORY.format(number))
    watch = watching()
    assert watch.until("built")["articles"] == 30
    shutil.move(seeds, tmp_path / "elsewhere")
    seeds.mkdir()  # as where a disk is not mounted
    (seeds / "new.txt").write_text(STORY.format("new"))
    assert "30 of 30 files that the index holds are gone" in watch.until("waiting", text="30 of 30")["text"]
    assert len(watch.held()) == 30
    assert ran("build", cwd=tmp_path)[0] == 0  # a person says that it is meant
    (seeds / "more.txt").write_text(STORY.format("more"))
    assert watch.until("built")["articles"] == 2
    code, err = watch.end(signal.SIGINT)
    assert (code, "Traceback" in err) == (130, False)


def test_a_build_that_fails_is_tried_again(tmp_path, watching, web):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "bad.txt").write_bytes(b"\xff\xfe\x00")
    watch = watching(web.put("/feed", b"no feed at all"))
    assert "is no feed that can be read" in watch.until("failed", feed="/feed")["text"]
    assert "no file in" in watch.until("failed", text="could be read")["text"]
    (seeds / "good.txt").write_text(STORY.format(1))
    assert watch.until("built")["unreadable"][0][0] == "bad.txt"


def test_an_ending_in_the_middle_of_a_build_leaves_no_process(tmp_path, watching):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for number in range(300):
        (seeds / f"{number}.txt").write_text("\n\n".join(STORY.format(f"{number} {n}") for n in range(20)))
    watch = watching()
    watch.until("watching")
    end = time.monotonic() + PATIENCE
    while not (children := _children(watch.process.pid)) and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(1)
    code, err = watch.end()
    assert (code, err) == (143, "")
    time.sleep(1)
    assert children
    assert [pid for pid in children if os.path.exists(f"/proc/{pid}")] == []  # noqa: PTH110


def _children(pid):
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.split()


def test_watch_without_a_folder_ends_with_2(tmp_path):
    code, _, err = ran("watch", cwd=tmp_path)
    assert (code, "there is no seeds folder" in err) == (2, True)
    (tmp_path / "seeds").mkdir()
    code, _, err = ran("watch", "ftp://x.example/", cwd=tmp_path)
    assert (code, "only http and https" in err) == (2, True)
    code, _, err = ran("build", cwd=tmp_path)
    assert (code, "there is no article" in err) == (2, True)


def test_a_watch_ends_though_the_interrupt_was_lost(tmp_path):
    """As one is that is raised within a finalizer."""
    log = Log(lambda line: None, as_json=True)
    watch = Watch(Sources(tmp_path, Fetcher()), [], FileStore(tmp_path / "index"), lambda: None, log, Pace(feeds=60))
    running = threading.Thread(target=watch.run, daemon=True)
    running.start()
    time.sleep(0.5)
    watch.end()
    running.join(30)
    assert not running.is_alive()
