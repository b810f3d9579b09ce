"""`python -m eval.editing --index INDEX --seeds SEEDS --questions FILE [--every 20]`: asking while articles come in.

As `eval.load`, on copies of index and articles: the people are readers of a file of users, and an editor adds an
article so often (0: never), as the page does, and it is built. A reply is torn where `rag verify` does not find it in
the article files, or where two of one generation differ for the same question. Prints also how many were built, and
seconds from an upload to the index with it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from eval.datasets.lines import rows
from eval.load import asking, memory_mb, served
from rag.serve.users import put
from rag.store.reader import open_current
from rag.verify import verify

PASSWORD = "of the load test"  # noqa: S105 - of a server that ends with it
READER = {"Authorization": f"Bearer rita:{PASSWORD}"}


@dataclass
class Newsroom:
    """A server for users on copies of index and seeds, and what happened to its index."""

    address: str
    pid: int
    seeds: Path
    index: Path
    texts: Sequence[str]  # of articles, to make others from
    added: int = 0
    built: list[float] = field(default_factory=list)  # seconds from the upload to the switch
    most_mb: int = 0  # of the server and its builds, without what they share

    def edit(self, every: float, seconds: float) -> None:
        """Adds an article every so many seconds, as the page does."""
        end = time.monotonic() + seconds
        with httpx.Client(base_url=self.address, timeout=60) as caller:
            caller.post("/login", data={"username": "emil", "password": PASSWORD}).raise_for_status()
            config = caller.get("/config").json()
            its = next(one["id"] for one in config["components"] if one["props"].get("elem_id") == "upload")
            add = next(one["id"] for one in config["dependencies"] if [its, "upload"] in map(list, one["targets"]))
            while time.monotonic() < end:
                self._add(caller, add)
                time.sleep(every)

    def _add(self, caller: httpx.Client, add: int) -> None:
        number, text = self.added, self.texts[self.added % len(self.texts)]
        body = f"Report {number}\n\nThe number of report {number} is {7919 * (number + 1)}.\n\n{text}"
        path = caller.post("/gradio_api/upload", files={"files": (f"report-{number}.txt", body.encode())}).json()[0]
        file = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": f"report-{number}.txt"}
        given = {"data": [[file], ""], "fn_index": add, "session_hash": uuid.uuid4().hex, "event_data": None}
        caller.post("/gradio_api/queue/join", json=given).raise_for_status()
        self.added += 1
        threading.Thread(target=self._wait, args=(number, time.monotonic()), daemon=True).start()

    def _wait(self, number: int, since: float) -> None:
        current = ""
        while time.monotonic() < since + 300:
            now = (self.index / "CURRENT").read_text()
            if now != current:
                current = now
                with closing(open_current(self.index)) as reader:
                    if reader.article(f"report-{number}.txt"):
                        self.built.append(time.monotonic() - since)
                        return
            time.sleep(0.2)

    def settle(self) -> None:
        """Waits for what is still being built, a minute at most."""
        until = time.monotonic() + 60
        while len(self.built) < self.added and time.monotonic() < until:
            time.sleep(0.2)

    def watch(self, stop: threading.Event) -> None:
        """Notes the memory of the server and its children."""
        while not stop.wait(1):
            total = 0
            for pid in _tree(self.pid):
                try:
                    total += memory_mb(pid)["pss"]
                except (OSError, KeyError):
                    continue  # it has just ended
            self.most_mb = max(self.most_mb, total)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        tasks = [(task / "children").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return
    children = [int(child) for said in tasks for child in said.split()]
    for child in children:
        yield from _tree(child)


@contextmanager
def newsroom(index: Path, seeds: Path) -> Iterator[Newsroom]:
    """Copies, a file of users, and the server."""
    with tempfile.TemporaryDirectory(dir=index.parent) as folder:
        work = Path(folder)
        shutil.copytree(index, work / "index")
        shutil.copytree(seeds, work / "seeds")
        for name, role in (("rita", "reader"), ("emil", "editor")):
            put(work / "users.json", name, role, PASSWORD)
        with closing(open_current(work / "index")) as reader:
            ids = [one.info.article_id for one in reader.articles(limit=200)]
            texts = [found[1] for id in ids if (found := reader.article(id))]
        users = "--users", str(work / "users.json")
        with served(work / "index", work / "seeds", *users, XDG_DATA_HOME=folder) as (address, pid):
            yield Newsroom(address, pid, work / "seeds", work / "index", texts)


def torn(replies: Sequence[Mapping[str, Any]], seeds: Path) -> list[str]:
    """What is wrong with replies that were given."""
    texts: dict[tuple[str, str], str] = {}
    wrong = []
    for reply in replies:
        key = reply["question"], reply["index_generation"]
        if texts.setdefault(key, reply["text"]) != reply["text"]:
            wrong.append(f"two answers of {key}")
    answers = seeds.parent / "answers.jsonl"
    answers.write_text("".join(json.dumps(reply) + "\n" for reply in replies), encoding="utf-8")
    return wrong + [f"{one.kind}: {one.what}" for one in verify(answers, seeds).findings]


def main() -> None:
    """Serves, asks, edits and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("index", "seeds", "questions"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--every", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    questions = [row["question"] for row in rows(options.questions)]
    with newsroom(options.index, options.seeds) as room:
        asking(room.address, questions, 1, 5, headers=READER)  # warm
        before, stop, replies = memory_mb(room.pid), threading.Event(), list[Any]()
        threads = [threading.Thread(target=room.watch, args=(stop,))]
        if options.every:
            threads.append(threading.Thread(target=room.edit, args=(options.every, options.seconds)))
        for thread in threads:
            thread.start()
        found = asking(room.address, questions, options.people, options.seconds, headers=READER, replies=replies)
        took = list(room.built)
        found |= {
            "added": room.added,
            "built": len(took),
            "memory_before_mb": before,
            "memory_after_mb": memory_mb(room.pid),
        }
        room.settle()
        stop.set()
        for thread in threads:
            thread.join()
        found |= {"most_mb_with_builds": room.most_mb, "generations": len({one["index_generation"] for one in replies})}
        if took:
            found["seconds_to_index"] = [round(float(np.percentile(took, share)), 1) for share in (50, 100)]
        wrong = torn(replies, room.seeds)
        print(json.dumps(found | {"torn": len(wrong), "first_torn": wrong[:3]}, indent=1))


if __name__ == "__main__":
    main()
