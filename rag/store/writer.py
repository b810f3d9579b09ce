"""Writes a generation of files beside the current one (`rag.types.stores.Writer`)."""

from __future__ import annotations

import shutil
import sqlite3
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from rag.store import changes, layout, manifest, passages, posting_writer, pruning, salvage, soundness, vectors
from rag.store.hashed import Hashed
from rag.store.passage_writer import PassageWriter
from rag.store.reader import FileReader
from rag.types import Vectors
from rag.types.contents import Contents
from rag.types.errors import IndexUnusable, SeedError
from rag.types.stores import Recipe, StoredArticle, generation_name

_SPOOL = "vectors.new"


class FileWriter:
    """A generation on its way, in a folder that no reader looks into."""

    def __init__(self, index: Path, recipe: Recipe, before: FileReader | None, hashed: Hashed, *, afresh: bool) -> None:
        self._index, self._recipe, self._before, self._hashed = index, recipe, before, hashed
        self._goes_on = before if before is not None and not afresh else None
        self._salvaged: dict[bytes, Vectors] | None = None
        self._keys = array("q")  # of the chunks that were put, rising, each with a row of the spool
        self._touched = set[int]() if self._goes_on else set(range(vectors.SHARDS))
        self._changed = set[str]()  # articles
        self._dimension = self._goes_on.vectors.dimension if self._goes_on else 0
        self._committed = False
        with _failing(index):
            self._folder = layout.new_folder(index)
            if self._goes_on:
                shutil.copyfile(self._goes_on.folder / passages.FILE, self._folder / passages.FILE)
            self._passages = PassageWriter(self._folder / passages.FILE)
            self._spool = (self._folder / _SPOOL).open("w+b")

    @property
    def passage_count(self) -> int:
        """Number of passages so far."""
        return self._passages.count()

    def known(self, digests: Collection[bytes]) -> dict[bytes, Vectors]:
        """As `Writer.known`: of the generation before, or where that is damaged of what is whole of any."""
        if self._before is not None:
            same = self._before.recipe.encoder_sha256 == self._recipe.encoder_sha256
            return self._before.vectors.by_digest(digests) if same else {}
        if self._salvaged is None:
            self._salvaged = salvage.salvaged(self._index, self._recipe)
        return {digest: self._salvaged[digest] for digest in digests if digest in self._salvaged}

    def put(self, article: StoredArticle) -> None:
        """As `Writer.put`."""
        id = article.info.article_id
        with _failing(self._index):
            if self._passages.holds(id):
                self.remove(id)
            shard = vectors.shard_of(id)
            self._keys.extend(self._passages.add(article.info, article.text, article.chunks, shard))
            if article.chunks:
                self._dimension = article.vectors.shape[1]
            self._spool.write(np.ascontiguousarray(article.vectors, dtype="<f4").tobytes())
        self._touched.add(shard)
        self._changed.add(id)

    def remove(self, article_id: str) -> None:
        """As `Writer.remove`."""
        with _failing(self._index):
            self._passages.remove(article_id)
        self._touched.add(vectors.shard_of(article_id))
        self._changed.add(article_id)

    def commit(self, files: Mapping[str, str]) -> FileReader:
        """As `Writer.commit`."""
        with _failing(self._index):
            if not self._passages.count():
                raise SeedError("there is nothing to quote")
            name = self._written(files)
            FileReader(self._folder).close()  # opens as it will for a reader, before any reader can
            there = layout.folder(self._index, name)
            changes.prepare(self._index, self._folder, name)
            if soundness.is_sound(there, self._hashed):
                layout.point(self._index, name)
                shutil.rmtree(self._folder, ignore_errors=True)
            else:
                layout.publish(self._index, self._folder, name)
            self._committed = True
            changes.settle_if_possible(self._index)
            pruning.tidy(self._index, name)
            return FileReader(there)

    def abort(self) -> None:
        """As `Writer.abort`."""
        if self._committed:  # the next writer of this process has a folder of the same name
            return
        self._spool.close()
        self._passages.abandon()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _written(self, files: Mapping[str, str]) -> str:
        """Writes all that is not written yet; the name."""
        self._passages.note_files(files)
        chunks, articles = self._passages.count(), self._passages.articles()
        name = generation_name(self._recipe, Contents.of(self._passages.entries()))
        previous = self._goes_on.vectors if self._goes_on else None
        names = vectors.write(
            self._folder,
            self._touched,
            self._passages.chunks,
            self._vectors_of(),
            chunks,
            previous,
            self._recipe.encoder_sha256,
        )
        words = (self._goes_on.folder, self._goes_on.words.names) if self._goes_on else None
        names += posting_writer.write(self._folder, self._touched, self._changed, self._passages.said, words)
        self._passages.close()
        self._spool.close()
        (self._folder / _SPOOL).unlink()
        linked = self._goes_on.manifest.files if self._goes_on else {}
        known = {name: linked[name] for name in names if name in linked}
        described = manifest.describe(self._folder, [passages.FILE, *names], self._hashed, known)
        made = manifest.Manifest(name, self._recipe, self._dimension, articles, chunks, described)
        manifest.write(self._folder, made)
        return name

    def _vectors_of(self) -> Callable[[Sequence[int]], Vectors]:
        """Gives the vectors of chunks by their keys: those that were put, else those of the generation before."""
        self._spool.flush()
        keys = np.frombuffer(self._keys, dtype=np.int64) if self._keys else np.empty(0, np.int64)
        order = np.argsort(keys, kind="stable")
        rising = keys[order]
        put: Vectors = np.empty((0, self._dimension), np.float32)
        if len(keys):
            put = np.memmap(self._folder / _SPOOL, np.float32, "r", shape=(len(keys), self._dimension))

        def vectors_of(wanted: Sequence[int]) -> Vectors:
            out = np.empty((len(wanted), self._dimension), np.float32)
            its = np.asarray(wanted, np.int64)
            # A key that was given up is given again: the last one holds.
            place = np.searchsorted(rising, its, side="right") - 1
            here = (place >= 0) & (rising[np.maximum(place, 0)] == its) if len(rising) else np.zeros(len(its), bool)
            out[here] = put[order[place[here]]]
            if self._goes_on and not here.all():
                held = self._goes_on.vectors
                out[~here] = held.at(held.rows_of([int(key) for key in its[~here]]))
            return out

        return vectors_of


@contextmanager
def _failing(index: Path) -> Iterator[None]:
    """Says of what cannot be written that the index is the one from before."""
    try:
        yield
    except (OSError, sqlite3.Error, RuntimeError) as error:  # faiss raises the last
        raise IndexUnusable(
            f"the index in {index} could not be written ({error}); it is still the one from before"
        ) from error
