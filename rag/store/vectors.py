"""The vectors of one generation in a FAISS file: exact inner product, each vector under its chunk's key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np

from rag.types import Vectors

FILE = "vectors.faiss"


def write(path: Path, keys: Sequence[int], vectors: Vectors) -> None:
    """Writes unit vectors of shape (len(keys), dimension), in this order."""
    index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
    index.add_with_ids(np.ascontiguousarray(vectors), np.asarray(keys, dtype=np.int64))
    faiss.write_index(index, str(path))


class VectorReader:
    """Searches the vectors of a finished generation."""

    def __init__(self, path: Path) -> None:
        self._index = faiss.read_index(str(path))

    @property
    def count(self) -> int:
        """Number of vectors."""
        return int(self._index.ntotal)

    def search(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """The `k` largest inner products, as (key, cosine), best first.

        One query a call: FAISS multiplies large batches by another routine, whose last bits differ.
        """
        scores, keys = self._index.search(vector.reshape(1, -1), min(k, self.count))
        return [(int(key), float(score)) for key, score in zip(keys[0], scores[0], strict=True) if key >= 0]

    def vectors(self, keys: Sequence[int]) -> Vectors:
        """The vectors of these keys, shape (len(keys), dimension)."""
        if not keys:
            return np.zeros((0, self._index.d), dtype=np.float32)
        found: Vectors = np.stack([self._index.reconstruct(int(key)) for key in keys])
        return found
