"""Kills builds at random moments while another process asks: `python -m tests.kill --kills 1000`.

Builds run in children forked from this process, which has its imports done and the real encoder loaded, so that the
kills land in the build's own work. Every second kill waits for a phase chosen at random, as the short ones would hardly
be hit by chance. After each kill the index must open, a build must succeed, and `rag check` must find nothing.
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rag import build, embed
from rag.answer import opening
from rag.answer.wire import reply_object
from rag.store import (
    changes,
    layout,
    manifest,
    pins,
    posting_writer,
    pruning,
    rows,
    soundness,
    unfinished,
    vectors,
    writer,
)  # fmt: skip
from rag.store.files import FileStore
from rag.store.passage_writer import PassageWriter
from rag.store.reader import open_current
from rag.types.settings import Settings
from rag.verify.check import check
from tests.children import Pace, ended, in_child
from tests.store.made import unlike_changes

PHASES = (
    "start", "planning", "beginning", "writing passages", "embedding", "keeping vectors", "writing vectors",
    "writing words", "writing rows", "sharing", "hashing", "writing manifest", "opening to check", "syncing",
    "renaming", "noting changes", "switching", "keeping changes", "pruning", "dropping vectors", "done",
)  # fmt: skip
QUESTION = "Which colour did the committee choose for the harbour gate?"
COLOURS = ("crimson", "indigo", "amber", "emerald", "ivory", "scarlet", "violet", "turquoise")


@dataclass
class Outcome:
    """What happened over a run."""

    kills: Counter[str] = field(default_factory=Counter)  # by phase
    finished: int = 0  # builds that ended before the kill
    asked: int = 0
    generations: int = 0  # different ones that were asked
    failures: list[str] = field(default_factory=list)


class Phase:
    """A byte shared between processes: what the build is doing."""

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def get(self) -> str:
        return PHASES[self._byte[0]]

    def set(self, name: str) -> None:
        self._byte[0] = PHASES.index(name)

    def around(self, module: object, name: str, phase: str) -> None:
        """Marks the phase whenever a function of the program is entered."""
        inner: Callable = getattr(module, name)

        def outer(*args, **kwargs):
            self.set(phase)
            return inner(*args, **kwargs)

        setattr(module, name, outer)


def mark(phase: Phase) -> None:
    """In a child: makes the build tell its phases."""
    phase.around(soundness, "sound_generation", "planning")
    phase.around(layout, "new_folder", "beginning")
    phase.around(PassageWriter, "add", "writing passages")
    phase.around(embed, "slices", "embedding")
    phase.around(unfinished.Kept, "add", "keeping vectors")
    phase.around(unfinished, "drop", "dropping vectors")
    phase.around(posting_writer, "inverted", "writing words")
    phase.around(vectors, "packed", "writing vectors")
    phase.around(rows, "packed", "writing rows")
    phase.around(layout, "share", "sharing")
    phase.around(manifest, "describe", "hashing")
    phase.around(manifest, "write", "writing manifest")
    phase.around(writer, "_open", "opening to check")
    phase.around(layout, "publish", "syncing")
    phase.around(Path, "rename", "renaming")
    phase.around(changes, "prepare", "noting changes")
    phase.around(layout, "point", "switching")
    phase.around(changes, "settle_if_possible", "keeping changes")
    phase.around(pruning.shutil, "rmtree", "pruning")


class Trial:
    """Seeds, an index, an asker, and the builds that are killed."""

    def __init__(self, work: Path, seed: int) -> None:
        self.seeds, self.index, self.log = work / "seeds", work / "index", work / "asked.jsonl"
        self.random, self.settings = random.Random(seed), Settings()
        self.outcome, self.phase = Outcome(), Phase()
        self.truth: dict[str, str] = {}
        self.pace = Pace(0.3)
        self.first: dict[str, str] = {}  # the articles of the first generation
        encoder = embed.SentenceTransformerEncoder(embed.resolve(self.settings.encoder))
        embed.SentenceTransformerEncoder = lambda _source: encoder  # type: ignore[misc,assignment] # loaded once
        embed.SLICE = 1  # so that the few passages that change are kept in several steps
        self.seeds.mkdir()
        for n in range(40):
            self.edit(n)

    def edit(self, n: int) -> None:
        """Rewrites one article; article 0 holds the answer, so that each generation has one of its own."""
        colour = self.random.choice(COLOURS)
        number = self.random.randrange(10**9)
        text = f"Harbour report {n}\n\nThe committee chose {colour} for the harbour gate in vote {number}.\n"
        if n:
            text = f"Report {n}\n\nShip {n} carried {number} crates. The crew of ship {n} painted it {colour}.\n" * 3
        (self.seeds / f"{n:03d}.txt").write_text(text)

    def change(self) -> None:
        """Some random edits, additions and removals."""
        self.edit(0)
        for _ in range(self.random.randrange(1, 6)):
            n = self.random.randrange(1, 60)
            path = self.seeds / f"{n:03d}.txt"
            if path.exists() and self.random.random() < 0.4:
                path.unlink()
            else:
                self.edit(n)

    def build(self) -> None:
        build.sync_index(self.seeds, self.index, self.settings)

    def ask_on(self) -> None:
        """In a child: asks until killed, writing the generation and the answer of each reply."""
        live = opening.LiveAssistant(self.index, self.settings)
        with self.log.open("a") as log:
            while True:
                try:
                    reply = reply_object(live.current().ask(QUESTION)) | {"timings_ms": None}
                    line = {"generation": reply["index_generation"], "reply": json.dumps(reply, sort_keys=True)}
                except Exception as error:  # noqa: BLE001 - a failing ask is what the trial looks for
                    line = {"failed": f"{type(error).__name__}: {error}"}
                log.write(json.dumps(line) + "\n")
                log.flush()

    def settle(self) -> None:
        """Builds to the end, checks everything, and notes what this generation answers."""
        status = self.pace.wait(in_child(self.build))
        if status != 0:
            self.outcome.failures.append(f"the build after a kill ended with {status}")
        self.outcome.failures += check(self.seeds, self.index, self.settings)
        assistant = opening.open_assistant(self.index, self.settings)
        if not self.truth:
            self.first = {entry.article_id: entry.text_sha256 for entry in assistant.store.entries()}
        self.outcome.failures += unlike_changes(FileStore(self.index), assistant.store, self.first)
        reply = reply_object(assistant.ask(QUESTION)) | {"timings_ms": None}
        self.truth[reply["index_generation"]] = json.dumps(reply, sort_keys=True)
        assistant.store.close()

    def kill_one(self, target: str | None) -> None:
        """Starts a build and kills it: at a random moment, or soon after it enters a phase."""

        def marked() -> None:
            mark(self.phase)
            self.build()
            self.phase.set("done")

        self.phase.set("start")
        pid = in_child(marked)
        end = time.monotonic() + (10 if target else self.random.uniform(0, 1.1 * self.pace.seconds))
        while time.monotonic() < end and self.phase.get() not in (target, "done"):
            time.sleep(0 if target else 0.0005)
        if target:
            time.sleep(self.random.uniform(0, 0.004))
        status = ended(pid)
        if os.WIFSIGNALED(status):
            self.outcome.kills[self.phase.get()] += 1
        else:
            self.outcome.finished += 1
            if status != 0:
                self.outcome.failures.append(f"an undisturbed build ended with {status}")

    def run(self, kills: int) -> Outcome:
        """Kills until as many builds were hit in their work as asked for."""
        self.settle()
        first = pins.add(self.index, "first").generation
        asker = in_child(self.ask_on)
        try:
            while self.outcome.kills.total() < kills:
                self.change()
                target = self.random.choice(PHASES[1:-1]) if self.outcome.kills.total() % 2 else None
                self.kill_one(target)
                open_current(self.index).close()
                self.settle()
        finally:
            ended(asker)
        self.compare()
        assistant = opening.open_assistant(self.index, self.settings, generation=first)
        reply = reply_object(assistant.ask(QUESTION)) | {"timings_ms": None}
        if json.dumps(reply, sort_keys=True) != self.truth[first]:
            self.outcome.failures.append("the pinned generation answers otherwise than when it was pinned")
        return self.outcome

    def compare(self) -> None:
        """Every reply must be the one its generation gives to a reader that has it to itself."""
        seen = set()
        lines = self.log.read_text().splitlines()
        for line in lines[:-1]:  # the last may be cut by the kill of the asker
            asked = json.loads(line)
            self.outcome.asked += 1
            if "failed" in asked:
                self.outcome.failures.append(f"an ask failed: {asked['failed']}")
                continue
            seen.add(asked["generation"])
            if self.truth.get(asked["generation"]) != asked["reply"]:
                self.outcome.failures.append(f"a reply of {asked['generation']} is not what that generation answers")
        self.outcome.generations = len(seen)


def main() -> int:
    """Runs and prints the counts; 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    import torch
    from tqdm import tqdm

    torch.set_num_threads(1)  # a forked child cannot use its parent's threads
    # The progress bars' lock is shared between forks: a child killed while it holds it would stop all the others.
    tqdm.monitor_interval = 0
    tqdm.set_lock(threading.RLock())
    with tempfile.TemporaryDirectory() as work:
        outcome = Trial(Path(work), arguments.seed).run(arguments.kills)
    counts = {
        "kills": {phase: outcome.kills[phase] for phase in PHASES if outcome.kills[phase]},
        "finished": outcome.finished,
        "asked": outcome.asked,
        "generations": outcome.generations,
        "failures": outcome.failures[:20],
    }
    print(json.dumps(counts, indent=1))
    return 1 if outcome.failures else 0


if __name__ == "__main__":
    sys.exit(main())
