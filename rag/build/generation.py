"""The second half of a build: writes the new generation beside the old one and switches to it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag import embed
from rag import split as splitting
from rag.build.changes import BuildReport
from rag.build.inventory import Inventory
from rag.store import Generation, layout, manifest, passages, pruning, salvage, soundness, unfinished, vectors
from rag.store.passage_writer import PassageWriter
from rag.types import Encoder, SeedEntry, Vectors
from rag.types.errors import SeedError


def write(now: Inventory, report: BuildReport, source: embed.EncoderSource, encoder: Encoder | None) -> None:
    """Makes the generation of a report the current one, and says in the report what that took.

    A good generation of the same name is reused: before the work where there is one from earlier edits, and after
    it when a full build made the same again.
    """
    there = layout.folder(now.index, report.generation)
    if not now.full and soundness.is_sound(there):
        report.chunks = manifest.read(there).chunks
        layout.point(now.index, report.generation)
    else:
        folder = _Writing(now, report, source, encoder, layout.new_folder(now.index)).generation()
        Generation(folder).close()  # opens as it will for a reader, before any reader can
        if soundness.is_sound(there):
            layout.point(now.index, report.generation)
        else:
            layout.publish(now.index, folder, report.generation)
    pruning.tidy(now.index, report.generation)


@dataclass(frozen=True, slots=True)
class _Writing:
    """A generation on its way into a new folder."""

    now: Inventory
    report: BuildReport
    source: embed.EncoderSource
    encoder: Encoder | None
    folder: Path

    def generation(self) -> Path:
        """Writes all of it; the folder. Raises SeedError where there is no passage."""
        now, report, folder = self.now, self.report, self.folder
        entries = now.entries()
        touched, empty = self._passages(entries)
        writer = PassageWriter(folder / passages.FILE)
        chunks = writer.chunks(touched)
        known = self._vectors(writer, chunks)
        report.chunks = writer.count()
        writer.close()
        reason = "every paragraph is cookie, navigation or advertising text"
        report.skipped += [(path, reason) for path in empty]
        if not report.chunks:
            shutil.rmtree(folder)
            raise SeedError(f"there is nothing to quote in {now.seeds}: {reason}")
        previous = now.before.vectors if now.before and now.keep_chunks and now.keep_vectors else None

        def vectors_of(digests: Sequence[bytes]) -> Vectors:
            return np.stack([known[digest] for digest in digests])

        names = vectors.write(folder, chunks, vectors_of, previous, now.recipe.encoder_sha256)
        linked = now.before.manifest.files if previous and now.before else {}
        files = manifest.describe(folder, [passages.FILE, *names], {n: linked[n] for n in names if n in linked})
        read = {f.path: now.found_sha256.get(f.path, f.sha256) for f in now.found}
        found = {path: sha256 for path, sha256 in read.items() if sha256 is not None}
        dimension = now.before.vectors.dimension if not known and now.before else len(next(iter(known.values())))
        manifest.write(folder, manifest.Manifest(now.recipe, dimension, tuple(entries), found, report.chunks, files))
        return folder

    def _passages(self, entries: Sequence[SeedEntry]) -> tuple[set[int], list[str]]:
        """Writes articles and chunks: the shards in which anything changed, and the articles without a passage."""
        now, file = self.now, self.folder / passages.FILE
        staying = {entry.article_id for entry in now.kept}
        going: list[str] = []
        empty: list[str] = []
        if now.before is not None and now.keep_chunks:
            shutil.copyfile(now.before.folder / passages.FILE, file)
            # Each once: an index of an earlier version may name one twice.
            held = dict.fromkeys(entry.article_id for entry in now.before.manifest.seeds)
            going = [article_id for article_id in held if article_id not in staying]
        writer = PassageWriter(file)
        for article_id in going:
            writer.remove(article_id)
        for done, article in enumerate(now.articles, start=1):
            chunks = splitting.split(
                article, min_chars=now.recipe.chunk_min_chars, max_chars=now.recipe.chunk_max_chars
            )
            writer.add(article, chunks, vectors.shard_of(article.info.article_id))
            if not chunks:
                empty.append(article.info.path)
            now.progress("splitting articles", done, len(now.articles))
        writer.close()
        ids = [*going, *(article.info.article_id for article in now.articles)]
        if not (now.keep_chunks and now.keep_vectors):
            ids = [entry.article_id for entry in entries]
        return {vectors.shard_of(id) for id in ids}, empty

    def _vectors(
        self, writer: PassageWriter, chunks: Mapping[int, Sequence[tuple[int, bytes]]]
    ) -> dict[bytes, Vectors]:
        """The vectors of all these chunks by text hash: those the index holds, and the others embedded now."""
        now, report = self.now, self.report
        keys = {digest: key for members in chunks.values() for key, digest in members}
        known: dict[bytes, Vectors] = {}
        if now.keep_vectors and now.before:
            known = now.before.vectors.by_digest(list(keys))
        elif now.before is None and not now.full:
            known = {d: v for d, v in salvage.salvaged(now.index, now.recipe).items() if d in keys}
        missing = [digest for digest in keys if digest not in known]
        if missing:
            earlier = unfinished.Kept(now.index, now.recipe.encoder_sha256, full=now.full)
            known |= earlier.read(set(missing))
            report.repaired += earlier.damaged
            count, missing = len(missing), [digest for digest in missing if digest not in known]
            report.embedded, report.resumed = len(missing), count - len(missing)
            if missing:
                known |= self._embedded(writer, {digest: keys[digest] for digest in missing}, earlier)
        return known

    def _embedded(
        self, writer: PassageWriter, keys: Mapping[bytes, int], earlier: unfinished.Kept
    ) -> dict[bytes, Vectors]:
        """The vectors of the chunks of these keys by text hash, each kept for the next build as soon as it is made."""
        missing, done = list(keys), 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            self.now.progress("embedding passages", done, len(missing))

        advance(0)
        known: dict[bytes, Vectors] = {}
        encoder = embed.loaded(self.source, self.encoder)
        texts = writer.texts(keys.values())
        with closing(earlier):
            for rows, fresh in embed.slices(encoder, texts, advance):
                digests = [missing[row] for row in rows]
                earlier.add(digests, fresh)
                known.update(zip(digests, fresh, strict=True))
        return known
