"""Vectors of texts that were embedded before, in one SQLite file: keyed by the model, the use and the text.

An encoder's vector of a text does not depend on what else is embedded (`rag.embed`), so keeping vectors changes no
figure, only the time. Times are therefore never measured through this cache.
"""

from __future__ import annotations

import hashlib
import sqlite3
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from rag import embed
from rag.types import Encoder, Vectors

_BATCH = 512


class CachedEncoder:
    """An encoder that keeps what it embedded (`rag.types.Encoder`). The weights are loaded when something is new."""

    def __init__(self, source: embed.EncoderSource, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self.source = source
        self._loaded: Encoder | None = None
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._db.close)
        self._db.execute("pragma page_size = 16384")  # a vector is 1.5 kB: ten to a page
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("create table if not exists vectors (key blob primary key, vector blob)")
        self.embedded = 0

    @property
    def encoder(self) -> Encoder:
        """The encoder itself."""
        if self._loaded is None:
            self._loaded = embed.SentenceTransformerEncoder(self.source)
        return self._loaded

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        return self.encoder.dimension

    def encode(
        self, texts: Sequence[str], *, query: bool = False, progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """As `rag.types.Encoder`; new vectors are kept in batches, so that an interrupted run loses little."""
        keys = [self._key(text, query) for text in texts]
        known = self._known(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if progress is not None:
            progress(len(texts) - len(missing))
        todo = sorted(missing, key=lambda key: len(missing[key]))  # of like length, which embeds fastest
        for begin in range(0, len(todo), _BATCH):
            batch = todo[begin : begin + _BATCH]
            vectors = self.encoder.encode([missing[key] for key in batch], query=query)
            self.keep(batch, vectors)
            known.update(zip(batch, vectors, strict=True))
            if progress is not None:
                progress(len(batch))
        self.embedded += len(todo)
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, 0), dtype=np.float32)

    def missing(self, texts: Sequence[str], *, query: bool = False) -> list[str]:
        """Those whose vectors are not kept."""
        keys = [self._key(text, query) for text in texts]
        known = self._known(keys)
        return [text for text, key in zip(texts, keys, strict=True) if key not in known]

    def keep(self, keys: Sequence[bytes], vectors: Vectors) -> None:
        """Stores vectors under their keys."""
        rows = [(key, vector.astype(np.float32).tobytes()) for key, vector in zip(keys, vectors, strict=True)]
        self._db.execute("begin")
        self._db.executemany("insert or replace into vectors values (?, ?)", rows)
        self._db.execute("commit")

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        known: dict[bytes, Vectors] = {}
        distinct = list(dict.fromkeys(keys))
        for begin in range(0, len(distinct), _BATCH):
            batch = distinct[begin : begin + _BATCH]
            marks = ",".join("?" * len(batch))
            found = self._db.execute(f"select key, vector from vectors where key in ({marks})", batch)  # noqa: S608 - marks only
            known.update((key, np.frombuffer(vector, dtype=np.float32)) for key, vector in found)
        return known

    def _key(self, text: str, query: bool) -> bytes:
        use = "query" if query else "document"
        return hashlib.sha256(f"{self.source.sha256}\0{use}\0{text}".encode("utf-8", "surrogatepass")).digest()
