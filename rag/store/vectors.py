"""The vectors of one generation: a FAISS file of each part (`rag.store.parts`).

Up to `EXACT_UP_TO` vectors a search looks at every one. Beyond, each part also has the RaBitQ code of each of its
vectors, one bit a dimension: a search scans the codes and ranks the best `_CANDIDATES` again by their vectors. A code
depends on its vector alone, and of equal codes all or none are ranked: so what is found is a function of the contents,
however they lie in parts (docs/decisions/007).

The name of each file carries a hash of its contents, which tells without any other file whether it is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.store.parts import CODES, ROWS, VECTORS, Part
from rag.store.rows import Rows, mapped
from rag.types import Vectors

Some = Sequence[int] | NDArray[np.int64]  # rows
EXACT_UP_TO = 200_000
_CANDIDATES = 200
_QUERY_BITS = 4
_HASH_DIGITS = 32
_ROUNDING = 1e-6  # of a cosine, summed in another order


def whole(path: Path) -> bool:
    """Whether the contents of a file are those that its name says."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False
    return path.stem.rpartition("-")[2] == digest[:_HASH_DIGITS]


def packed(vectors: Vectors) -> bytes:
    """The file of these vectors."""
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    return bytes(faiss.serialize_index(index).tobytes())


def coded(vectors: Vectors) -> bytes:
    """The file of their codes."""
    import faiss

    index: Any = faiss.IndexRaBitQ(vectors.shape[1], faiss.METRIC_INNER_PRODUCT)
    index.train(np.zeros((1, vectors.shape[1]), dtype=np.float32))  # codes relative to no centre but the origin
    index.add(np.ascontiguousarray(vectors))
    return bytes(faiss.serialize_index(index).tobytes())


def held(path: Path, rows: int) -> Vectors:
    """The vectors of a file with so many, read behind FAISS's back: shape (rows, dimension).

    Raises ValueError where they cannot be there.
    """
    data = mapped(path)
    dimension = int(data[4:8].view("<i4")[0]) if len(data) > 8 else 0
    if rows < 1 or dimension < 1 or len(data) < 4 * rows * dimension + 8:
        raise ValueError(f"{path} does not hold {rows} vectors")
    raw = data[len(data) - 4 * rows * dimension :]
    return np.frombuffer(raw, dtype="<f4").reshape(rows, dimension)


def by_digest(parts: Sequence[Part], digests: Collection[bytes]) -> dict[bytes, Vectors]:
    """The vector of each of these text hashes that some parts hold."""
    found: dict[bytes, Vectors] = {}
    for part in parts:
        its = Rows(part.path(ROWS)).find(digests)
        if its:
            vectors = held(part.path(VECTORS), part.passages)
            found |= {digest: vectors[row] for digest, row in its.items()}
    return found


def with_ties(search: Callable[[int], list[tuple[int, float]]], k: int) -> list[tuple[int, float]]:
    """The `k` best of a search and all that may share the last one's score: it is asked for more until one is worse."""
    depth = 2 * k
    while True:
        found = search(depth)
        if len(found) < depth or found[-1][1] < found[k - 1][1] - _ROUNDING:
            return found
        depth *= 4


def write_file(folder: Path, label: str, suffix: str, data: bytes) -> str:
    """Writes a file whose name carries a hash of its contents; the name."""
    name = f"{label}-{hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]}{suffix}"
    (folder / name).write_bytes(data)
    return name


class VectorReader:
    """Searches the vectors of a finished generation. Files are memory-mapped, so processes share them."""

    def __init__(self, parts: Sequence[Part]) -> None:
        """Of the parts that have passages. Raises RuntimeError for a file that is none of FAISS's."""
        import faiss

        self._shards = [_mapped(part.path(VECTORS)) for part in parts]
        self._codes = [_mapped(part.path(CODES)) for part in parts if part.name(CODES)]
        for codes in self._codes:
            codes.qb = _QUERY_BITS
        self._index: Any = faiss.IndexShards(self._shards[0].d if self._shards else 1, False, True)  # type: ignore[call-arg] # stub lacks it
        for shard in self._codes or self._shards:
            self._index.add_shard(shard)
        self._begins = np.cumsum([0, *(shard.ntotal for shard in self._shards)])
        if self._begins.tolist() != np.cumsum([0, *(part.passages for part in parts)]).tolist():
            raise ValueError("there are vectors too many or too few")

    @property
    def count(self) -> int:
        """Number of vectors."""
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return int(self._index.d)

    def search(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """The `k` largest inner products, as (row, cosine), best first.

        One query a call: FAISS multiplies large batches by another routine, whose last bits differ.
        """
        if not self.count:
            return []
        if self._codes:
            near = self._near(vector, min(max(_CANDIDATES, 4 * k), self.count))
            scored = zip(near, (self.at(near) @ vector).tolist(), strict=True)
            return sorted(scored, key=lambda item: (-item[1], item[0]))[:k]
        scores, rows = self._index.search(vector.reshape(1, -1), min(k, self.count))
        return [(int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True)]

    def _near(self, vector: Vectors, wanted: int) -> list[int]:
        """The rows with the best codes, and all whose code is as good as the last one's."""
        depth = wanted + 1
        while True:
            scores, rows = self._index.search(vector.reshape(1, -1), min(depth, self.count))
            least = scores[0][wanted - 1]
            if depth >= self.count or scores[0][-1] < least:
                return [int(row) for row in rows[0][scores[0] >= least] if row >= 0]
            depth *= 2

    def search_within(self, vector: Vectors, k: int, rows: Some) -> list[tuple[int, float]]:
        """The same among these rows, exactly."""
        if not len(rows):
            return []
        scores = self.at(rows) @ vector
        best = np.argpartition(-scores, k)[:k] if k < len(scores) else np.arange(len(scores))
        scored = ((int(rows[place]), float(scores[place])) for place in best)
        return sorted(scored, key=lambda item: (-item[1], item[0]))

    def at(self, rows: Some) -> Vectors:
        """The vectors in these rows, shape (len(rows), dimension)."""
        out = np.zeros((len(rows), self.dimension), dtype=np.float32)
        wanted = np.asarray(rows, dtype=np.int64)
        shards = np.searchsorted(self._begins, wanted, side="right") - 1
        for shard in np.unique(shards):
            its = shards == shard
            out[its] = self._shards[shard].reconstruct_batch(wanted[its] - self._begins[shard])
        return out


def _mapped(path: Path) -> Any:
    import faiss

    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
