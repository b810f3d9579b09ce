"""Builds by Ray against a build here: `python -m eval.ray --articles articles.jsonl`.

Each build is a process of its own into an empty folder; local, one worker and two take turns. The rate is that of
embedding, from the first articles that are done to the last, so without what starting takes, which is given apart. The
overhead is what Ray adds to a passage where embedding costs nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag import embed
from rag.build import cluster, hand, sync_index
from rag.store import at
from rag.types import Vectors
from rag.types.settings import Settings

_REPEATS = 3


class _Free:
    """Vectors that cost nothing."""

    dimension = 384

    def __init__(self, source: embed.EncoderSource) -> None:
        self.source = source

    def encode(self, texts: Sequence[str], **_rest: object) -> Vectors:
        """Each the same unit vector."""
        return np.eye(1, self.dimension, dtype=np.float32).repeat(len(texts), axis=0)


class _FreeHand(hand.Hand):
    """A worker with such an encoder."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Workshop`."""
        return _Free(embed.resolve(self._recipe.encoder)).encode(texts)


def measure(seeds: Path, index: Path, workers: int, *, free: bool) -> dict[str, Any]:
    """One build; `workers` 0 is a build here."""
    marks: list[tuple[float, int, int]] = []

    def progress(stage: str, done: int, total: int) -> None:
        if stage == "indexing articles" and done:
            marks.append((time.perf_counter(), done, total))

    settings, raylets, address, encoder = Settings(), None, None, None
    if workers:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        from ray.cluster_utils import Cluster

        raylets = Cluster(initialize_head=True, head_node_args={"num_cpus": workers, "include_dashboard": False})
        address = raylets.address
    if free:
        encoder = _Free(embed.resolve(settings.encoder))
        vars(cluster)["Hand"] = _FreeHand
    begun = time.perf_counter()
    report = sync_index(seeds, index, settings, ray=address, encoder=encoder, progress=progress)
    ended = time.perf_counter()
    if raylets is not None:
        raylets.shutdown()
    (first, before, total), (last, _, _) = marks[0], marks[-1]
    share = (total - before) / total
    rate = report.embedded * share / (last - first) if last > first and share else float("nan")
    return {"s": ended - begun, "to_first_s": first - begun, "passages": report.embedded, "passages_per_s": rate}


def same(one: Path, other: Path) -> bool:
    """Whether two indexes hold the same, to the last bit of every vector."""
    with_all = []
    for index in (one, other):
        reader = at(index, Settings()).open()
        stored = [(a.info, a.text, a.chunks, a.vectors.tobytes()) for a in reader.stored()]
        with_all.append((reader.generation, stored, reader.files()))
    return bool(with_all[0] == with_all[1])


def _in_process_of_its_own(*words: str) -> dict[str, Any]:
    line = [sys.executable, "-W", "ignore", "-m", "eval.ray", *words]
    done = subprocess.run(line, capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _compared(seeds: Path, work: Path, *, free: bool) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {0: [], 1: [], 2: []}
    for repeat in range(_REPEATS):
        for workers, its in found.items():
            index = work / f"{'free' if free else 'real'}-{workers}-{repeat}"
            words = ["--one", str(seeds), str(index), str(workers), *(["--free"] if free else [])]
            its.append(_in_process_of_its_own(*words))
            print(json.dumps({"workers": workers, "free": free, **its[-1]}), file=sys.stderr, flush=True)
            if workers and not same(work / f"{'free' if free else 'real'}-0-{repeat}", index):
                raise SystemExit(f"{workers} workers made another index than this machine alone")
    return found


def main() -> None:
    """Prints the medians of three repeats."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=Path, help="a JSONL file of articles")
    parser.add_argument("--many", type=int, default=60, help="how many of them are embedded")
    parser.add_argument("--many-free", type=int, default=600, help="how many of them where embedding costs nothing")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--free", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        seeds, index, workers = given.one
        print(json.dumps(measure(Path(seeds), Path(index), int(workers), free=given.free)))
        return
    with tempfile.TemporaryDirectory() as work:
        for free, many in ((True, given.many_free), (False, given.many)):
            seeds = Path(work, f"seeds-{many}")
            seeds.mkdir()
            with given.articles.open("rb") as file:
                (seeds / "articles.jsonl").write_bytes(
                    b"".join(line for line, _ in zip(file, range(many), strict=False))
                )
            found = _compared(seeds, Path(work), free=free)
            for workers, its in found.items():
                name = "here" if not workers else f"Ray, {workers} worker{'s' * (workers > 1)}"
                medians = {key: round(statistics.median(one[key] for one in its), 2) for key in its[0]}
                print(f"{'free encoder' if free else 'encoder'}: {name}: {json.dumps(medians)}")
            if free:
                for workers in (1, 2):
                    added = [
                        1000 * ((one["s"] - one["to_first_s"]) - (here["s"] - here["to_first_s"])) / one["passages"]
                        for one, here in zip(found[workers], found[0], strict=True)
                    ]
                    print(f"overhead with {workers}: {statistics.median(added):.3f} ms a passage")
    print("every index was the same to the last bit")


if __name__ == "__main__":
    main()
