"""Builds by Ray against a build here: `python -m eval.ray --articles articles.jsonl`.

Each build is a process of its own into an empty folder; local, one worker and two take turns, and each builds one
article, too, which is what starting takes. The rate and what Ray adds to a passage are of what goes beyond that. The
latter is taken where embedding costs nothing.
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
from rag.build import cluster, sync_index, worker
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


class _FreeWorker(worker.Worker):
    """A worker with such an encoder."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Workers`."""
        return _Free(embed.resolve(self._recipe.encoder)).encode(texts)


def measure(seeds: Path, index: Path, workers: int, *, free: bool) -> dict[str, Any]:
    """One build; `workers` 0 is a build here."""
    settings, raylets, address, encoder = Settings(), None, None, None
    if workers:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        from ray.cluster_utils import Cluster

        raylets = Cluster(initialize_head=True, head_node_args={"num_cpus": workers, "include_dashboard": False})
        address = raylets.address
    if free:
        encoder = _Free(embed.resolve(settings.encoder))
        vars(cluster)["Worker"] = _FreeWorker
    begun = time.perf_counter()
    report = sync_index(seeds, index, settings, ray=address, encoder=encoder)
    took = time.perf_counter() - begun
    if raylets is not None:
        raylets.shutdown()
    return {"s": took, "passages": report.embedded}


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


def _build(seeds: Path, index: Path, workers: int, free: bool) -> dict[str, Any]:
    return _in_process_of_its_own("--one", str(seeds), str(index), str(workers), *(["--free"] if free else []))


def _compared(file: Path, many: int, work: Path, *, free: bool) -> None:
    """Prints the medians of all repeats."""
    few, all_of_them = (_seeds(work / f"seeds-{number}", file, number) for number in (1, many))
    rates: dict[int, list[float]] = {0: [], 1: [], 2: []}
    starts: dict[int, list[float]] = {0: [], 1: [], 2: []}
    added: dict[int, list[float]] = {1: [], 2: []}
    for repeat in range(_REPEATS):
        beyond = {}
        for workers in rates:
            indexes = [work / f"{free}-{workers}-{repeat}-{which}" for which in ("few", "all")]
            start, whole = _build(few, indexes[0], workers, free), _build(all_of_them, indexes[1], workers, free)
            if workers and not same(work / f"{free}-0-{repeat}-all", indexes[1]):
                raise SystemExit(f"{workers} workers made another index than this machine alone")
            passages, beyond[workers] = whole["passages"] - start["passages"], whole["s"] - start["s"]
            rates[workers].append(passages / beyond[workers])
            starts[workers].append(start["s"])
            print(
                json.dumps({"free": free, "workers": workers, "start": start, "all": whole}),
                file=sys.stderr,
                flush=True,
            )
        for workers, its in added.items():
            its.append(1000 * (beyond[workers] - beyond[0]) / passages)
    print(f"{'free encoder' if free else 'encoder'}, {passages:,} passages; medians of {_REPEATS}")
    for workers, its in rates.items():
        name = "here" if not workers else f"Ray, {workers} worker{'s' * (workers > 1)}"
        to_here = statistics.median(one / here for one, here in zip(its, rates[0], strict=True))
        line = f"{name}: {statistics.median(its):.1f} passages a second, {to_here:.2f} of here; start"
        print(f"{line} {statistics.median(starts[workers]):.1f} s")
    if free:
        for workers, its in added.items():
            print(f"Ray, {workers}: {statistics.median(its):+.2f} ms a passage")


def _seeds(folder: Path, file: Path, many: int) -> Path:
    folder.mkdir()
    with file.open("rb") as lines:
        (folder / "articles.jsonl").write_bytes(b"".join(line for line, _ in zip(lines, range(many), strict=False)))
    return folder


def main() -> None:
    """Compares, first where embedding costs nothing."""
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
    for free, many in ((True, given.many_free), (False, given.many)):
        with tempfile.TemporaryDirectory() as work:
            _compared(given.articles, many, Path(work), free=free)
    print("every index was the same as the one made here, to the last bit")


if __name__ == "__main__":
    main()
