"""The second half of a build: writes the new generation beside the old one, some articles at a time, and switches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

import numpy as np

from rag import embed
from rag import split as splitting
from rag.build.changes import BuildReport
from rag.build.inventory import Inventory
from rag.store import unfinished
from rag.store.passages import digest_of
from rag.types import Article, Chunk, Encoder, Vectors
from rag.types.errors import SeedError
from rag.types.stores import StoredArticle, Writer

_MANY = 4096  # passages whose vectors are held at a time
_Split = tuple[Article, list[Chunk]]


def write(now: Inventory, report: BuildReport, source: embed.EncoderSource, encoder: Encoder | None) -> None:
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
        _Writing(now, report, source, encoder, writer).all()
        with closing(writer.commit(now.files())) as reader:
            report.chunks = reader.passage_count
    finally:
        writer.abort()


class _Writing:
    """A generation on its way."""

    def __init__(
        self,
        now: Inventory,
        report: BuildReport,
        source: embed.EncoderSource,
        encoder: Encoder | None,
        writer: Writer,
    ) -> None:
        self._now, self._report, self._writer = now, report, writer
        self._source, self._encoder = source, encoder
        self._earlier = unfinished.Kept(now.index, source.sha256, full=now.full)
        self._done = 0  # articles

    def all(self) -> None:
        """Writes all of it. Raises SeedError where there is no passage."""
        now = self._now
        for article_id in now.going():
            self._writer.remove(article_id)
        reason = "every paragraph is cookie, navigation or advertising text"
        with closing(self._earlier):
            for batch in self._batches():
                self._put(batch)
                self._done += len(batch)
                self._progress(0)
                self._report.skipped += [(article.info.path, reason) for article, chunks in batch if not chunks]
        self._report.repaired += self._earlier.damaged
        if not self._writer.passage_count:
            raise SeedError(f"there is nothing to quote in {now.seeds}: {reason}")

    def _batches(self) -> Iterator[list[_Split]]:
        """The articles with their chunks, some at a time."""
        recipe, batch, many = self._now.recipe, list[_Split](), 0
        for article in self._now.articles:
            chunks = splitting.split(article, min_chars=recipe.chunk_min_chars, max_chars=recipe.chunk_max_chars)
            batch.append((article, chunks))
            many += len(chunks)
            if many >= _MANY:
                yield batch
                batch, many = [], 0
        if batch:
            yield batch

    def _put(self, batch: Sequence[_Split]) -> None:
        texts = {digest_of(a.text, c): a.text[c.start : c.end] for a, chunks in batch for c in chunks}
        known = self._vectors(texts, len(batch))
        for article, chunks in batch:
            rows = [known[digest_of(article.text, chunk)] for chunk in chunks]
            vectors = np.stack(rows) if rows else np.empty((0, 0), np.float32)
            self._writer.put(StoredArticle(article.info, article.text, tuple(chunks), vectors))

    def _vectors(self, texts: Mapping[bytes, str], articles: int) -> dict[bytes, Vectors]:
        """The vectors of these texts by hash: those that are held, and the others embedded now."""
        known = {} if self._now.full else self._writer.known(texts.keys())
        missing = texts.keys() - known.keys()
        if missing:
            earlier = self._earlier.read(missing)
            known |= earlier
            missing -= earlier.keys()
            self._report.resumed += len(earlier)
            self._report.embedded += len(missing)
            known |= self._embedded({digest: texts[digest] for digest in texts if digest in missing}, articles)
        return known

    def _embedded(self, texts: Mapping[bytes, str], articles: int) -> dict[bytes, Vectors]:
        """Each is kept for the next build as soon as it is made."""
        known: dict[bytes, Vectors] = {}
        if texts:
            digests = list(texts)
            self._encoder = encoder = embed.loaded(self._source, self._encoder)
            for rows, fresh in embed.slices(encoder, list(texts.values())):
                its = [digests[row] for row in rows]
                self._earlier.add(its, fresh)
                known.update(zip(its, fresh, strict=True))
                self._progress(articles * len(known) // len(texts))
        return known

    def _progress(self, further: int) -> None:
        self._now.progress("indexing articles", self._done + further, len(self._now.articles))
