"""`rag watch` for a long time: files and pages of feeds come, change and go, and what the index holds is counted.

python -m tests.soak_watch --minutes 60 [--seed 1]     prints counts as JSON; ends with 1 where one is wrong

Each round does some of it at random, and then waits until the log says that it is built. The feeds are asked once a
minute, as often as the setting allows.
"""

from __future__ import annotations

import argparse
import atexit
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from rag.load import find
from rag.store.reader import open_current
from rag.types.errors import IndexUnusable
from tests.web import ATOM, RSS, Web, atom, item, page, rss

PATIENCE = 1200.0  # seconds until a change must be in the index
WORDS = (
    "harbour crane committee vote crimson ship crate paint engineer winter owl river bridge tunnel mayor ferry".split()
)


class Soak:
    """The folder, the server and the process, and what the index should hold: the texts by path."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random, self.counts, self.wrong = random.Random(seed), Counter[str](), list[str]()
        self.seeds, self.index = folder / "seeds", folder / "index"
        self.seeds.mkdir()
        self.web = Web()
        self.files = dict[str, str]()  # by name
        self.entries = dict[str, tuple[int, str]]()  # of the feeds: by link, how often changed and the text
        self.taken_out = set[str]()  # pages that were deleted from the folder, which do not come back
        self.number = 0
        self._feeds()
        self.log = (folder / "log.jsonl").open("w+")
        env = {**os.environ, "RAG_FEEDS_MINUTES": "1"}
        line = [sys.executable, "-m", "rag.cli", "watch", f"{self.web.url}/rss", f"{self.web.url}/atom", "--json"]
        line += ["--allow-private", "--seeds", str(self.seeds), "--index", str(self.index)]
        self.process = subprocess.Popen(line, stdout=self.log, env=env)

    def text(self) -> str:
        """A paragraph that there was not before."""
        self.number += 1
        said = " ".join(self.random.choices(WORDS, k=30))
        return f"Report number {self.number} says that {said}, as was heard at the harbour on Monday."

    def _feeds(self) -> None:
        for name, kind in (("rss", RSS), ("atom", ATOM)):
            its = [(link, n) for link, (n, _) in self.entries.items() if link.startswith(f"/{name}/")][-50:]
            if kind == RSS:
                body = rss(*(item(link, link, f"Version {n}") for link, n in its))
            else:
                body = atom(*((f"tag:{link}", link, f"2026-11-{1 + n % 28:02d}") for link, n in its))
            self.web.put(f"/{name}", body, kind=kind)

    def step(self) -> None:
        """One thing that happens."""
        what = self.random.choice("add add change remove rename slow bad page page edit drop none bytes".split())
        self.counts[what] += 1
        getattr(self, what)()

    def add(self, pause: float = 0.0) -> None:
        """A new file."""
        name, text = f"f{self.number}.txt", self.text()
        with (self.seeds / name).open("w") as file:
            for piece in text.split(" "):
                file.write(piece + " ")
                if pause:
                    file.flush()
                    time.sleep(pause)
        self.files[name] = text

    def slow(self) -> None:
        """One that is written slowly."""
        self.add(0.2)

    def change(self) -> None:
        """Another text in a file."""
        if self.files:
            name = self.random.choice(sorted(self.files))
            self.files[name] = self.text()
            (self.seeds / name).write_text(self.files[name])

    def remove(self) -> None:
        """A file goes."""
        if len(self.files) > 5:
            name = self.random.choice(sorted(self.files))
            del self.files[name]
            (self.seeds / name).unlink()

    def rename(self) -> None:
        """A file goes to another folder."""
        if self.files:
            old = self.random.choice(sorted(self.files))
            new = old.removeprefix("sub/") if old.startswith("sub/") else f"sub/{old}"
            (self.seeds / "sub").mkdir(exist_ok=True)
            (self.seeds / old).rename(self.seeds / new)
            self.files[new] = self.files.pop(old)

    def bad(self) -> None:
        """A file that cannot be read."""
        (self.seeds / "bad.txt").write_bytes(b"\xff" * self.number)

    def page(self) -> None:
        """A new entry of a feed."""
        self._page(f"/{self.random.choice(['rss', 'atom'])}/{self.number}", 0)

    def edit(self) -> None:
        """An entry changes, and its page."""
        if self.entries:
            link = self.random.choice(sorted(self.entries))
            self._page(link, self.entries[link][0] + 1)

    def drop(self) -> None:
        """A page goes from the folder, by hand. One that has changed since it was fetched would come back."""
        for file in (self.seeds / "web").rglob("*.html"):
            head, _, body = file.read_bytes().partition(b"\n")
            link = json.loads(head[13:-4])["url"].removeprefix(self.web.url)
            if link not in self.taken_out and self.entries[link][1].encode() in body:
                file.unlink()
                self.taken_out.add(link)
                break

    def none(self) -> None:
        """An entry without a page."""
        self.entries[f"/rss/none{self.number}"] = (0, "")
        self.number += 1
        self._feeds()

    def bytes(self) -> None:
        """A page is other bytes, and says the same."""
        links = sorted(link for link, (_, text) in self.entries.items() if text)
        if links:
            link = self.random.choice(links)
            head = f"<meta name='token' content='{self.number}'>"
            self.web.put(link, page(f"Page {link}", self.entries[link][1], head=head))

    def _page(self, link: str, version: int) -> None:
        text = self.text()
        self.entries.pop(link, None)
        self.entries[link] = (version, text)
        self.taken_out.discard(link)  # an entry that changed is fetched anew
        self.web.put(link, page(f"Page {link}", text))
        self._feeds()

    def wanted(self) -> Counter[str]:
        """The texts that the index should hold."""
        pages = [text for link, (_, text) in self.entries.items() if text and link not in self.taken_out]
        return Counter([*self.files.values(), *pages])

    def held(self) -> Counter[str]:
        """Those that it holds."""
        try:
            reader = open_current(self.index)
        except IndexUnusable:
            return Counter()
        texts = [" ".join(reader.article(entry.article_id)[1].split()) for entry in reader.entries()]
        reader.close()
        return Counter(texts)

    def settle(self, what: str) -> float:
        """Waits until the index holds what it should; the seconds."""
        begun = time.monotonic()
        while (held := self.held()) != self.wanted():
            if self.process.poll() is not None:
                raise SystemExit(f"rag watch ended with {self.process.returncode}")
            if time.monotonic() - begun > PATIENCE:
                missing, more = self.wanted() - held, held - self.wanted()
                self.wrong.append(f"{what}: {len(missing)} missing, {len(more)} too many: {[*missing, *more][:3]}")
                break
            time.sleep(1)
        return time.monotonic() - begun

    def vanish(self) -> None:
        """The folder goes, and comes back: the index stays as it is."""
        self.counts["vanish"] += 1
        self.settle("before it vanished")
        before = self.held()
        self.seeds.rename(self.seeds.with_name("away"))
        time.sleep(70)
        if self.held() != before:
            self.wrong.append("the index changed while the folder was gone")
        self.seeds.with_name("away").rename(self.seeds)


def main() -> int:
    """Runs it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), given.seed)
        atexit.register(soak.process.kill)
        begun, waits, rounds = time.monotonic(), list[float](), 0
        minutes = lambda: (time.monotonic() - begun) / 60  # noqa: E731
        while minutes() < given.minutes and not soak.wrong:
            for _ in range(soak.random.randint(2, 14)):
                soak.step()
                time.sleep(soak.random.choice([0, 0, 1, 3]))
            waits.append(soak.settle(f"round {rounds}"))
            rounds += 1
            if rounds % 5 == 0:
                soak.vanish()
        soak.process.send_signal(signal.SIGTERM)
        code = soak.process.wait(60)
        soak.log.seek(0)
        events = Counter(json.loads(line)["event"] for line in soak.log)
        result = {
            "minutes": round(minutes(), 1), "rounds": rounds, "done": dict(soak.counts), "log": dict(events),
            "held": soak.held().total(), "wanted": soak.wanted().total(), "files": len(find(soak.seeds).files),
            "requests": sum(soak.web.asked.values()), "statuses": dict(soak.web.statuses), "exit": code,
            "most_at_once": soak.web.most_at_once, "seconds_to_index": {"median": sorted(waits)[len(waits) // 2],
            "longest": max(waits)}, "wrong": soak.wrong,
        }  # fmt: skip
        print(json.dumps(result, indent=1))
        return int(bool(soak.wrong) or code != 143 or soak.held() != soak.wanted())


if __name__ == "__main__":
    sys.exit(main())
