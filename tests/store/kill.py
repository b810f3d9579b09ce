"""Kills builds into PostgreSQL at random moments while others ask: `python -m tests.store.kill --kills 300`.

In turn the builder is killed, its connection is ended by the server, and the server's process that works for it is
killed, which makes the server start anew. After each kill the index must be the one from before or the one that was
built, whole to the last byte; then the same build must succeed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psycopg

from rag.store.postgres import PostgresStore
from rag.types.errors import RagError
from rag.types.stores import Reader, StoredArticle
from tests.children import Pace, ended, in_child
from tests.store.cluster import Cluster, running
from tests.store.made import RECIPE, corpus, some, unlike_changes, vector

VICTIMS = "builder", "connection", "backend"
BUILDERS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = 'kill' AND application_name = 'rag' AND pid <> pg_backend_pid() "
    "AND (state LIKE 'idle in transaction%' OR query ~ '^(COPY|INSERT|UPDATE|DELETE|COMMIT)')"
)


def answers(reader: Reader) -> str:
    """A hash of what a reader finds and holds."""
    digest = hashlib.sha256()
    for ranking in (
        reader.search_lexical(["harbour", "U.S.", "the"], 20)[0],
        reader.search_dense(vector("harbour gate"), 20)[0],
    ):
        passages = reader.passages([id for id, _ in ranking])
        digest.update(repr([(p.info, p.text, s) for p, (_, s) in zip(passages, ranking, strict=True)]).encode())
    for article in reader.stored():
        digest.update(repr((article.info, article.text, article.chunks)).encode() + article.vectors.tobytes())
    return digest.hexdigest()


class Trial:
    """A database, somebody who asks, and the builds that are killed."""

    def __init__(self, cluster: Cluster, work: Path, seed: int) -> None:
        self.cluster, self.url, self.log = cluster, cluster.create("kill"), work / "asked.jsonl"
        self.random, self.held = random.Random(seed), corpus(seed, 40)
        self.kills: Counter[str] = Counter()
        self.kept: Counter[str] = Counter()  # which generation a kill left
        self.truth: dict[str, str] = {}
        self.first: dict[str, str] = {}  # the articles of the first generation
        self.failures: list[str] = []
        self.pace = Pace(1.0)

    def change(self) -> None:
        """Some random edits, additions and removals."""
        for _ in range(self.random.randrange(1, 25)):
            id = self.random.choice([*self.held, f"new{self.random.randrange(10**6)}"])
            if len(self.held) > 20 and self.random.random() < 0.3:
                self.held.pop(id, None)
            else:
                self.held[id] = some(self.random, id)

    def build(self) -> None:
        """Brings the database in step with what is held."""
        store = PostgresStore(self.url)
        with store.building():
            store.tidy()
            there: dict[str, StoredArticle] = {}
            if store.current() is not None:
                reader = store.open()
                there = {a.info.article_id: a for a in reader.stored()}
                reader.close()
            afresh = not there or self.random.random() < 0.2
            writer = store.begin(RECIPE, afresh=afresh)
            there = {} if afresh else there
            for id in there:
                if id not in self.held:
                    writer.remove(id)
            for id, article in self.held.items():
                if id not in there or there[id].info != article.info:
                    writer.put(article)
            writer.commit({})
        store.close()

    def ask_on(self) -> None:
        """In a child: asks until killed, and writes what it is told."""
        store = PostgresStore(self.url)
        with self.log.open("a") as log:
            while True:
                try:
                    reader = store.open()
                    line = {"generation": reader.generation, "answers": answers(reader)}
                    reader.close()
                except RagError as error:
                    line = {"error": str(error)}
                except Exception as error:  # noqa: BLE001 - a failing ask is what the trial looks for
                    line = {"failed": f"{type(error).__name__}: {error}"}
                log.write(json.dumps(line) + "\n")
                log.flush()

    def settle(self) -> None:
        """Builds to the end, checks every byte, and notes what this generation answers."""
        status = self.pace.wait(in_child(self.build, RagError))
        if status:
            self.failures.append(f"the build after a kill ended with {status}")
        self.check()

    def check(self) -> str:
        """The current generation, every byte of which is sound."""
        end = time.monotonic() + 60
        while True:  # the server may be starting anew
            store = PostgresStore(self.url)
            try:
                return self._checked(store)
            except RagError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            finally:
                store.close()

    def _checked(self, store: PostgresStore) -> str:
        self.failures += list(store.findings())
        reader = store.open()
        found = answers(reader)
        if not self.truth:
            self.first = {entry.article_id: entry.text_sha256 for entry in reader.entries()}
        self.failures += unlike_changes(store, reader, self.first)
        if self.truth.setdefault(reader.generation, found) != found:
            self.failures.append(f"{reader.generation} answers otherwise than before")
        reader.close()
        return reader.generation

    def kill_one(self, victim: str) -> None:
        """Starts a build and kills it, at a random moment."""
        before = self.check()
        pid = in_child(self.build, RagError)
        time.sleep(self.random.uniform(0.0, 1.0) * self.pace.seconds)
        if victim == "builder":
            os.kill(pid, signal.SIGKILL)
        else:
            self.kill_server_side(victim)
        _, status = os.waitpid(pid, 0)
        after = self.check()
        if status:
            self.kills[victim] += 1
            self.kept["before" if after == before else "after"] += 1
        if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status) == 1:
            self.failures.append("a build ended with another error than one of this program")

    def kill_server_side(self, victim: str) -> None:
        """Ends the connection that builds, or kills the process that serves it."""
        with psycopg.connect(self.cluster.url("kill"), autocommit=True) as connection:
            for (pid,) in connection.execute(BUILDERS).fetchall():
                if victim == "connection":
                    connection.execute("SELECT pg_terminate_backend(%s)", [pid])
                else:
                    os.kill(pid, signal.SIGKILL)
                    return

    def run(self, kills: int) -> None:
        """Kills until as many builds were hit as asked for."""
        self.settle()
        asker = in_child(self.ask_on)
        try:
            while self.kills.total() < kills:
                self.change()
                self.kill_one(VICTIMS[self.kills.total() % len(VICTIMS)])
                self.settle()
                print(dict(self.kills), self.failures[-3:], file=sys.stderr, flush=True)
        finally:
            ended(asker)

    def asked(self) -> dict[str, object]:
        """What the asker was told, against what each generation answers."""
        count: Counter[str] = Counter()
        seen = set()
        for line in self.log.read_text().splitlines()[:-1]:  # the last may be cut
            asked = json.loads(line)
            if "failed" in asked:
                self.failures.append(asked["failed"])
            elif "error" in asked:
                count["told of an error"] += 1
            else:
                count["answered"] += 1
                seen.add(asked["generation"])
                if self.truth.get(asked["generation"]) != asked["answers"]:
                    self.failures.append(f"an answer of {asked['generation']} is torn")
        return dict(count) | {"generations": len(seen)}


def main() -> int:
    """Runs and prints the counts; 1 when anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it tells of each try while the server starts anew
    with running() as cluster, tempfile.TemporaryDirectory() as work:
        trial = Trial(cluster, Path(work), arguments.seed)
        trial.run(arguments.kills)
        asked = trial.asked()
    found = {"kills": trial.kills, "left": trial.kept, "asked": asked, "failures": trial.failures[:20]}
    print(json.dumps(found, indent=1))
    return 1 if trial.failures else 0


if __name__ == "__main__":
    sys.exit(main())
