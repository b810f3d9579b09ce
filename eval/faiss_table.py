"""`python -m eval.faiss_table VECTORS.npy QUERIES.npy --sizes 10000 100000 1000000`: the table behind decision 007.

Each kind of FAISS index on the same unit vectors: recall@10 against exact search, milliseconds a query (one at a time),
seconds to build, bytes on disk, seconds to open, memory grown while searching. Where a size is beyond the vectors that
are there, more are made from them: a vector plus a share of the difference of two others, to unit length, which keeps
the directions along which real vectors differ.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.types import Vectors

_SEED = 7


def grown(vectors: Vectors, size: int) -> Vectors:
    """`size` unit vectors: those given, and more made from them."""
    if size <= len(vectors):
        return np.ascontiguousarray(vectors[:size])
    random = np.random.default_rng(_SEED)
    out = np.empty((size, vectors.shape[1]), dtype=np.float32)
    out[: len(vectors)] = vectors
    for at in range(len(vectors), size, 50_000):
        n = min(50_000, size - at)
        a, b, c = (vectors[random.integers(len(vectors), size=n)] for _ in range(3))
        made = a + 0.35 * (b - c)
        out[at : at + n] = made / np.linalg.norm(made, axis=1, keepdims=True)
    return out


def exact(vectors: Vectors) -> tuple[Any, list[Any]]:
    """Brute force in 64 shards, as the store searches; the shards have to be kept alive."""
    index: Any = faiss.IndexShards(vectors.shape[1], False, True)  # type: ignore[call-arg] # stub lacks it
    parts: list[Any] = [faiss.IndexFlatIP(vectors.shape[1]) for _ in range(64)]
    for part, rows in zip(parts, np.array_split(vectors, 64), strict=True):
        part.add(np.ascontiguousarray(rows))
        index.add_shard(part)
    return index, parts


def factory(text: str, **parameters: float) -> Callable[[Vectors], Any]:
    """An index by FAISS's own description, trained on at most 200,000 of the vectors."""

    def make(vectors: Vectors) -> Any:
        index = faiss.index_factory(vectors.shape[1], text, faiss.METRIC_INNER_PRODUCT)
        if not index.is_trained:
            index.train(vectors[:200_000:1])
        index.add(vectors)
        for name, value in parameters.items():
            faiss.ParameterSpace().set_index_parameter(index, name, value)
        return index

    return make


def _rabitq(query_bits: int) -> Callable[[Vectors], Any]:
    def make(vectors: Vectors) -> Any:
        index: Any = faiss.IndexRaBitQ(vectors.shape[1], faiss.METRIC_INNER_PRODUCT)
        index.qb = query_bits
        index.train(np.zeros((1, vectors.shape[1]), dtype=np.float32))  # as the store does: no centre but the origin
        index.add(vectors)
        return index

    return make


def kinds(size: int) -> dict[str, Callable[[Vectors], Any]]:
    """The indexes compared at this size."""
    lists = 256 if size <= 20_000 else 1024 if size <= 200_000 else 4096
    return {
        "RaBitQ": _rabitq(4),  # with float queries (0 bits) it is 150 times slower, at the same recall
        "SQ8": factory("SQ8"),
        f"IVF{lists},SQ8": factory(f"IVF{lists},SQ8", nprobe=32),
        f"IVF{lists},RaBitQ": factory(f"IVF{lists},RaBitQ", nprobe=32),
        "HNSW32": factory("HNSW32", efSearch=64),
    }


def searched(index: Any, queries: Vectors, k: int) -> tuple[NDArray[np.int64], float, float]:
    """Rows found, and the median and 95th percentile of milliseconds a query."""
    found, times = [], []
    for query in queries:
        begin = time.perf_counter()
        _, rows = index.search(query.reshape(1, -1), k)
        times.append((time.perf_counter() - begin) * 1e3)
        found.append(rows[0])
    return np.stack(found), float(np.median(times)), float(np.percentile(times, 95))


def reranked(rows: NDArray[np.int64], vectors: Vectors, queries: Vectors, k: int) -> NDArray[np.int64]:
    """The best `k` of each query's rows by exact inner product."""
    out = []
    for query, candidates in zip(queries, rows, strict=True):
        candidates = candidates[candidates >= 0]
        out.append(candidates[np.argsort(-(vectors[candidates] @ query), kind="stable")[:k]])
    return np.stack(out)


def recall(found: NDArray[np.int64], truth: NDArray[np.int64]) -> float:
    """Share of the true ten that were found."""
    return float(np.mean([len(set(a) & set(b)) / len(b) for a, b in zip(found, truth, strict=True)]))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vectors", type=Path)
    parser.add_argument("queries", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    arguments = parser.parse_args()
    source, queries = np.load(arguments.vectors), np.load(arguments.queries)[:200]
    columns = "vectors, index, recall@10, after re-ranking 100, median ms, 95th ms, build s, MB, open s, MB grown"
    print(f"| {columns.replace(', ', ' | ')} |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for size in arguments.sizes:
        vectors = grown(source, size)
        begin = time.perf_counter()
        index, _parts = exact(vectors)
        built = time.perf_counter() - begin
        truth, median, high = searched(index, queries, 10)
        row = f"| {size:,} | exact, 64 shards | 1.000 | – | {median:.2f} | {high:.2f} | {built:.1f} "
        print(f"{row}| {vectors.nbytes / 1e6:.0f} | – | – |", flush=True)
        for name, make in kinds(size).items():
            _row(size, name, make, vectors, queries, truth)


def _row(size: int, name: str, make: Any, vectors: Vectors, queries: Vectors, truth: NDArray[np.int64]) -> None:
    begin = time.perf_counter()
    index = make(vectors)
    built = time.perf_counter() - begin
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, _, _ = searched(index, queries, 10)
    wide, median, high = searched(index, queries, 100)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3
    with tempfile.TemporaryDirectory() as work:
        path = Path(work, "index")
        faiss.write_index(index, str(path))
        begin = time.perf_counter()
        faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        opened, megabytes = time.perf_counter() - begin, path.stat().st_size / 1e6
    better = recall(reranked(wide, vectors, queries, 10), truth)
    print(
        f"| {size:,} | {name} | {recall(found, truth):.3f} | {better:.3f} | {median:.2f} | {high:.2f} | {built:.1f} "
        f"| {megabytes:.0f} | {opened:.3f} | {grown_mb:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
