"""The second half of a build: writes the new generation beside the old one, some articles at a time, and switches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from rag import embed
from rag.build import processors
from rag.build.changes import BuildReport
from rag.build.inventory import Inventory
from rag.build.workers import Slice
from rag.store import unfinished
from rag.store.passages import digest_of
from rag.types import Article, Chunk, Vectors
from rag.types.errors import SeedError
from rag.types.stores import StoredArticle, Writer

_MANY = 4096  # passages that are put together, so that those of one length are embedded together


def write(now: Inventory, report: BuildReport) -> None:
    """Makes the generation of a report the current one, and says in the report what that took.

    A good generation of the same name is reused: before the work where there is one from earlier edits, and after
    it when a full build made the same again.
    """
    if not now.full and now.store.reuse(report.generation):
        with closing(now.store.open()) as reader:
            report.chunks = reader.passage_count
        return
    writer = now.store.begin(now.recipe, afresh=not now.goes_on)
    try:
        _Writing(now, report, writer).all()
        _note_processors(now, report)
        report.chunks = writer.passage_count
        writer.commit(now.files())
    finally:
        writer.abort()


def _note_processors(now: Inventory, report: BuildReport) -> None:
    """Of the vectors that were made now, and of those that stay."""
    before = now.before.generation if now.before is not None and not now.full else ""
    kinds = {*processors.recorded(now.index).get(before, ()), *now.workers.processors()}
    report.processors = tuple(sorted(kinds)) if len(kinds) > 1 else ()
    processors.record(now.index, report.generation, report.processors, now.store.generations())


@dataclass(slots=True)
class _Batch:
    """Some articles on their way, with the vectors of their passages as far as they are known."""

    articles: list[tuple[Article, list[Chunk]]]
    known: dict[bytes, Vectors]
    missing: dict[bytes, str]
    embedded: int = 0

    def progress(self) -> int:
        """How many of the articles that makes."""
        return len(self.articles) * self.embedded // max(len(self.missing), 1)


class _Writing:
    """A generation on its way."""

    def __init__(self, now: Inventory, report: BuildReport, writer: Writer) -> None:
        self._now, self._report, self._writer = now, report, writer
        self._earlier = unfinished.Kept(now.index, now.recipe.encoder_sha256, full=now.full)
        self._batches = deque[_Batch]()  # in the order in which they are put
        self._done = 0  # articles

    def all(self) -> None:
        """Writes all of it. Raises SeedError where the articles have no passage."""
        now = self._now
        for article_id in now.going():
            self._writer.remove(article_id)
        with closing(self._earlier):
            for texts, vectors in now.workers.embed(self._slices()):
                self._put_whole()  # what comes back is of the first that is not whole
                self._take(self._batches[0], list(texts), vectors)
            self._put_whole()
        self._report.repaired += self._earlier.damaged
        if not self._writer.passage_count and now.entries():
            raise SeedError(f"there is nothing to quote in {now.seeds}: {_BOILERPLATE}")

    def _slices(self) -> Iterator[Slice]:
        """The texts to be embedded, batch by batch; each batch is put behind those on their way."""
        for articles in self._parted():
            batch = self._batch(articles)
            self._batches.append(batch)
            digests, texts = list(batch.missing), list(batch.missing.values())
            for rows in embed.slices(texts):
                yield {digests[row]: texts[row] for row in rows}

    def _parted(self) -> Iterator[list[tuple[Article, list[Chunk]]]]:
        """The articles with their chunks, some at a time."""
        some, many = list[tuple[Article, list[Chunk]]](), 0
        for article, chunks in self._now.workers.split(self._now.articles):
            some.append((article, chunks))
            many += len(chunks)
            if many >= _MANY:
                yield some
                some, many = [], 0
        if some:
            yield some

    def _batch(self, articles: list[tuple[Article, list[Chunk]]]) -> _Batch:
        """These articles, with the vectors that are held."""
        texts = {digest_of(a.text, c): a.text[c.start : c.end] for a, chunks in articles for c in chunks}
        known = {} if self._now.full else self._writer.known(texts.keys())
        if texts.keys() - known.keys():
            earlier = self._earlier.read(texts.keys() - known.keys())
            known |= earlier
            self._report.resumed += len(earlier)
        missing = {digest: text for digest, text in texts.items() if digest not in known}
        self._report.embedded += len(missing)
        return _Batch(articles, known, missing)

    def _take(self, batch: _Batch, digests: list[bytes], vectors: Vectors) -> None:
        """Each is kept for the next build as soon as it is made."""
        self._earlier.add(digests, vectors)
        batch.known.update(zip(digests, vectors, strict=True))
        batch.embedded += len(digests)
        self._progress()

    def _put_whole(self) -> None:
        """Writes the articles whose vectors are all there."""
        while self._batches and self._batches[0].embedded == len(self._batches[0].missing):
            batch = self._batches.popleft()
            for article, chunks in batch.articles:
                rows = [batch.known[digest_of(article.text, chunk)] for chunk in chunks]
                vectors = np.stack(rows) if rows else np.empty((0, 0), np.float32)
                self._writer.put(StoredArticle(article.info, article.text, tuple(chunks), vectors))
            self._report.skipped += [(a.info.path, _BOILERPLATE) for a, chunks in batch.articles if not chunks]
            self._done += len(batch.articles)
            self._progress()

    def _progress(self) -> None:
        done = self._done + sum(batch.progress() for batch in self._batches)
        self._now.progress("indexing articles", done, len(self._now.articles))


_BOILERPLATE = "every paragraph is cookie, navigation or advertising text"
