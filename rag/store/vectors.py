"""The vectors of one generation: up to 64 shards of FAISS files, and a table of rows.

An article belongs to the shard its id hashes to, and a shard holds its articles' vectors in canonical order (by
article id, then position). So what a shard holds is a function of its articles alone: an addition rewrites one shard,
the others are shared with the generation before as hard links, and a full build makes the same shards.

Up to `EXACT_UP_TO` vectors a search looks at every one. Beyond, each shard also has the RaBitQ code of each of its
vectors, one bit a dimension: a search scans the codes and ranks the best `_CANDIDATES` again by their vectors. A code
depends on its vector alone, so this too is a function of the contents (docs/decisions/007).

The table has one record a vector, in the order of the shards: shard, key of the chunk, SHA-256 of the chunk's text. The
name of each file carries a hash of its contents, which tells without any other file whether it is whole; the table's
carries that of the encoder too.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.types import Vectors
from rag.types.errors import IndexUnusable

SHARDS = 64
SHARD_SUFFIX, CODES_SUFFIX, ROWS_SUFFIX = ".vectors", ".codes", ".rows"
EXACT_UP_TO = 200_000
_CANDIDATES = 200
_QUERY_BITS = 4
_ROW = np.dtype([("shard", "u1"), ("key", "<i8"), ("digest", "V32")])
_HASH_DIGITS = 32


def shard_of(article_id: str) -> int:
    """The shard of an article, from 0: the first six bits of the SHA-256 of its id."""
    return hashlib.sha256(article_id.encode()).digest()[0] >> 2


def whole(path: Path) -> bool:
    """Whether the contents of a shard or table are those that its name says."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return False
    return path.stem.rpartition("-")[2] == digest[:_HASH_DIGITS]


def write(
    folder: Path,
    touched: Collection[int],
    members_of: Callable[[int], Sequence[tuple[int, bytes]]],
    vectors_of: Callable[[Sequence[int]], Vectors],
    total: int,
    previous: VectorReader | None,
    encoder_sha256: str,
) -> list[str]:
    """Writes the shards that were touched, links the others from `previous`; returns the names of all files.

    `members_of` gives (key, text hash) of each chunk of a shard in canonical order, `vectors_of` the vectors of chunks
    by their keys; `total` is the number of chunks of all shards.
    """
    coded = total > EXACT_UP_TO
    names: list[str] = []
    tables: list[NDArray[Any]] = []
    for number in range(SHARDS):
        if number in touched:
            members = members_of(number)
            if members:
                vectors = vectors_of([key for key, _ in members])
                names.append(_write_shard(folder, number, vectors, previous))
                names += [_write_codes(folder, number, vectors)] if coded else []
            tables.append(np.array([(number, key, digest) for key, digest in members], dtype=_ROW))
        elif previous is not None and number in previous.names:
            share(previous.folder / previous.names[number], folder)
            names.append(previous.names[number])
            if coded and number in previous.codes:
                share(previous.folder / previous.codes[number], folder)
                names.append(previous.codes[number])
            elif coded:
                names.append(_write_codes(folder, number, previous.shard(number)))
            tables.append(previous.records(number))
    buffer = io.BytesIO()
    np.save(buffer, np.concatenate(tables))
    return [*names, write_file(folder, encoder_sha256[:16], ROWS_SUFFIX, buffer.getvalue())]


def _write_shard(folder: Path, number: int, vectors: Vectors, previous: VectorReader | None) -> str:
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors))
    data = faiss.serialize_index(index).tobytes()
    name = _name(f"{number:02d}", SHARD_SUFFIX, data)
    if previous is not None and previous.names.get(number) == name:
        share(previous.folder / name, folder)
        return name
    return write_file(folder, f"{number:02d}", SHARD_SUFFIX, data)


def _write_codes(folder: Path, number: int, vectors: Vectors) -> str:
    import faiss

    index: Any = faiss.IndexRaBitQ(vectors.shape[1], faiss.METRIC_INNER_PRODUCT)
    index.train(np.zeros((1, vectors.shape[1]), dtype=np.float32))  # codes relative to no centre but the origin
    index.add(np.ascontiguousarray(vectors))
    return write_file(folder, f"{number:02d}", CODES_SUFFIX, faiss.serialize_index(index).tobytes())


def _name(label: str, suffix: str, data: bytes) -> str:
    return f"{label}-{hashlib.sha256(data).hexdigest()[:_HASH_DIGITS]}{suffix}"


def write_file(folder: Path, label: str, suffix: str, data: bytes) -> str:
    """Writes a file whose name carries a hash of its contents; the name."""
    name = _name(label, suffix, data)
    (folder / name).write_bytes(data)
    return name


def share(source: Path, folder: Path) -> None:
    """The same file in another generation: a hard link, or a copy where the file system has none."""
    try:
        os.link(source, folder / source.name)
    except OSError:
        shutil.copyfile(source, folder / source.name)


class VectorReader:
    """Searches the vectors of a finished generation. Files are memory-mapped, so processes share them."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        import faiss

        self.folder = folder
        self.names = {int(name[:2]): name for name in sorted(names) if name.endswith(SHARD_SUFFIX)}
        self.codes = {int(name[:2]): name for name in sorted(names) if name.endswith(CODES_SUFFIX)}
        (table,) = (name for name in names if name.endswith(ROWS_SUFFIX))
        self._table: NDArray[Any] = np.load(folder / table, mmap_mode="r")
        self._shards = [_mapped(folder / name) for name in self.names.values()]
        self._codes = [_mapped(folder / name) for name in self.codes.values()]
        for codes in self._codes:
            codes.qb = _QUERY_BITS
        self._index: Any = faiss.IndexShards(self._shards[0].d, False, True)  # type: ignore[call-arg] # stub lacks it
        for shard in self._codes or self._shards:
            self._index.add_shard(shard)
        self._begins = np.cumsum([0, *(shard.ntotal for shard in self._shards)])
        self._by_key: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None
        self._by_hash: tuple[NDArray[np.uint64], NDArray[np.int64]] | None = None  # first 8 bytes

    @property
    def count(self) -> int:
        """Number of vectors."""
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return int(self._index.d)

    def records(self, number: int) -> NDArray[Any]:
        """The records of one shard."""
        first, last = np.searchsorted(self._table["shard"], [number, number + 1])
        return np.array(self._table[first:last])

    def shard(self, number: int) -> Vectors:
        """The vectors of one shard."""
        index = self._shards[list(self.names).index(number)]
        vectors: Vectors = index.reconstruct_n(0, index.ntotal)
        return vectors

    def search(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """The `k` largest inner products, as (row, cosine), best first.

        One query a call: FAISS multiplies large batches by another routine, whose last bits differ.
        """
        if self._codes:
            _, rows = self._index.search(vector.reshape(1, -1), min(max(_CANDIDATES, 4 * k), self.count))
            near = [int(row) for row in rows[0] if row >= 0]
            scored = zip(near, (self.at(near) @ vector).tolist(), strict=True)
            return sorted(scored, key=lambda item: (-item[1], item[0]))[:k]
        scores, rows = self._index.search(vector.reshape(1, -1), min(k, self.count))
        return [(int(row), float(score)) for row, score in zip(rows[0], scores[0], strict=True)]

    def search_within(self, vector: Vectors, k: int, rows: Sequence[int]) -> list[tuple[int, float]]:
        """The same among these rows, exactly."""
        scores = self.at(rows) @ vector
        best = np.argpartition(-scores, k)[:k] if k < len(scores) else np.arange(len(scores))
        scored = ((int(rows[place]), float(scores[place])) for place in best)
        return sorted(scored, key=lambda item: (-item[1], item[0]))

    def keys(self, rows: Sequence[int]) -> list[int]:
        """The keys of the chunks in these rows."""
        return [int(key) for key in self._table["key"][list(rows)]]

    def rows_of(self, keys: Sequence[int]) -> list[int]:
        """The rows of these keys. Raises IndexUnusable for a key that is not there."""
        if self._by_key is None:
            order = np.argsort(self._table["key"], kind="stable")
            self._by_key = self._table["key"][order], order
        sorted_keys, order = self._by_key
        places = np.searchsorted(sorted_keys, keys)
        if len(keys) and (places.max() >= len(sorted_keys) or (sorted_keys[places] != keys).any()):
            raise IndexUnusable(f"the table of rows in {self.folder} is damaged; run `rag build`")
        return [int(row) for row in order[places]]

    def by_digest(self, digests: Collection[bytes]) -> dict[bytes, Vectors]:
        """The vector of each of these text hashes that is held."""
        if self._by_hash is None:
            heads = np.frombuffer(self._table["digest"].tobytes(), "<u8")[::4]
            order = np.argsort(heads, kind="stable")
            self._by_hash = heads[order], order
        heads, order = self._by_hash
        found: dict[bytes, int] = {}
        for digest in digests:
            head = np.frombuffer(digest, "<u8", 1)[0]
            for row in order[np.searchsorted(heads, head) : np.searchsorted(heads, head, side="right")][:1]:
                if bytes(self._table["digest"][row]) == digest:
                    found[digest] = int(row)
        return dict(zip(found, self.at(list(found.values())), strict=True))

    def at(self, rows: Sequence[int]) -> Vectors:
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
