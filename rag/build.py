"""The build walk: seeds -> load -> Article -> split -> Chunk -> embed -> vectors -> store."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rag import embed, ids, load
from rag import split as splitting
from rag.boilerplate import is_boilerplate
from rag.changes import BuildReport, make_plan, same_text
from rag.errors import IndexUnusable, SeedError
from rag.extract import shipped_model
from rag.settings import Settings
from rag.store import Generation, kept, layout, manifest, passages, pruning, salvage, soundness, vectors
from rag.store.passage_writer import PassageWriter
from rag.types import Article, Encoder, SeedEntry, SeedFile, Vectors

Progress = Callable[[str, int, int], None]  # stage, done, total


def recipe(settings: Settings, source: embed.EncoderSource) -> manifest.Recipe:
    """What decides the contents of an index besides the seeds."""
    return manifest.Recipe(
        encoder=settings.encoder,
        encoder_sha256=source.sha256,
        metric="inner_product",
        chunk_min_chars=settings.chunk_min_chars,
        chunk_max_chars=settings.chunk_max_chars,
        splitter=splitting.VERSION,
    )


def sync_index(
    seeds: Path,
    index: Path,
    settings: Settings,
    *,
    full: bool = False,
    dry_run: bool = False,
    encoder: Encoder | None = None,
    progress: Progress = lambda _stage, _done, _total: None,
) -> BuildReport:
    """Brings the index in step with the seeds, doing only what changed. With `dry_run` it only says what it would do.

    `encoder` is the one of the settings where it is loaded already; else it is loaded when something must be embedded.

    Of articles with one id, one keeps it (`rag.ids`); the others are reported as unreadable.

    Raises SeedError when there is no article to index, IndexUnusable when the index cannot be written; the index then
    stays as it was.
    """
    load.require(seeds)  # before the index folder is made
    with nullcontext() if dry_run else layout.builder_lock(index):
        seen: manifest.Seen = {}
        damaged = [] if dry_run else soundness.tidied(index, seen)
        source = embed.resolve(settings.encoder)
        work = _Work(seeds, index, recipe(settings, source), source, full, progress, seen, encoder)
        report = work.plan()
        report.repaired += damaged
        report.unfitted = shipped_model().unfitted(source.sha256)
        if report.changed_anything and not dry_run:
            try:
                work.write(report)
            except (OSError, sqlite3.Error, RuntimeError) as error:  # faiss raises the last
                raise IndexUnusable(
                    f"the index in {index} could not be written ({error}); it is still the one from before"
                ) from error
        if not dry_run:
            kept.drop(index)
        return report


@dataclass(slots=True)
class _Work:
    """One build, from what the seeds folder and the index hold now."""

    seeds: Path
    index: Path
    recipe: manifest.Recipe
    source: embed.EncoderSource
    full: bool
    progress: Progress
    seen: manifest.Seen
    encoder: Encoder | None
    before: Generation | None = None
    keep_chunks: bool = False
    keep_vectors: bool = False
    found: list[SeedFile] = field(default_factory=list)
    found_sha256: dict[str, str | None] = field(default_factory=dict)  # of the files that were read
    articles: list[Article] = field(default_factory=list)
    noted: list[tuple[str, str]] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)  # paths of articles without a passage
    kept: list[SeedEntry] = field(default_factory=list)

    def plan(self) -> BuildReport:
        """Reads what must be read, and compares."""
        self.before, damaged = soundness.sound_generation(self.index, self.seen)
        held: tuple[SeedEntry, ...] = ()
        reasons: list[str] = []
        if self.before is not None:
            held, was = self.before.manifest.seeds, self.before.manifest.recipe
            reasons = was.differences(self.recipe)
            self.keep_chunks = not self.full and was.same_chunks(self.recipe)
            self.keep_vectors = not self.full and was.encoder_sha256 == self.recipe.encoder_sha256
        found = load.find(self.seeds)
        self.found = found.files
        unreadable = found.unreadable + self._load(held) + self._one_each(() if self.full else held)
        entries = self._entries()
        if not entries:
            raise SeedError(_nothing_to_index(self.seeds, unreadable))
        report = BuildReport(make_plan(entries, held), manifest.generation_name(self.recipe, entries))
        report.reasons = [*reasons, *(["a full build was asked for"] if self.full else [])]
        report.articles, report.skipped, report.unreadable = len(entries), found.skipped, unreadable
        report.repaired, report.duplicates, report.noted = damaged, same_text(entries), self.noted
        report.boilerplate = sum(is_boilerplate(a.text[p.start : p.end]) for a in self.articles for p in a.paragraphs)
        if self.before and self.before.generation == report.generation and not self.full:
            report.changed_anything, report.chunks = False, self.before.manifest.chunks
        return report

    def _load(self, held: Sequence[SeedEntry]) -> list[tuple[str, str]]:
        """Fills `articles` and `kept`; returns what could not be read."""
        known = load.by_file(e for e in held if self.keep_chunks and e.loader == load.loader_version(e.path))
        same_files = self.before.manifest.seed_files if self.before else {}
        unreadable = []
        for done, file in enumerate(self.found, start=1):
            entries = known[file.path]
            if entries and same_files.get(file.path) == file.sha256:
                self.kept += entries.values()
            else:
                # What was to be said of the file is said again until it is mended.
                loaded = load.load(self.seeds, file.path, entries, noting=file.path not in same_files)
                self.articles += loaded.articles
                self.kept += loaded.kept
                unreadable += loaded.problems
                self.noted += loaded.noted
                # What was read counts, not what was found; a file with a problem is read again by every build.
                self.found_sha256[file.path] = None if loaded.problems or loaded.noted else loaded.sha256
            self.progress("reading articles", done, len(self.found))
        return unreadable

    def _one_each(self, held: Sequence[SeedEntry]) -> list[tuple[str, str]]:
        """Leaves out of `articles` and `kept` those whose id another article keeps; says which those are."""
        entries = [*self.kept, *(SeedEntry.of(article.info) for article in self.articles)]
        taken = ids.taken(self.seeds, entries, held)
        many = len(self.kept)
        self.kept = [entry for place, entry in enumerate(self.kept) if place not in taken]
        self.articles = [article for place, article in enumerate(self.articles, start=many) if place not in taken]
        for place in taken:  # read again by the next build, which may have room for it
            self.found_sha256[entries[place].path] = None
        return [said for _, said in sorted(taken.items(), key=lambda item: item[1])]

    def _entries(self) -> list[SeedEntry]:
        """All articles of the new generation, in the order of their ids."""
        infos = [article.info for article in self.articles]
        read = [SeedEntry.of(info) for info in infos]
        return sorted([*self.kept, *read], key=lambda entry: entry.article_id)

    def write(self, report: BuildReport) -> None:
        """Writes the new generation beside the old one and switches to it.

        A good generation of the same name is reused: before the work where there is one from earlier edits, and after
        it when a full build made the same again.
        """
        there = layout.folder(self.index, report.generation)
        if not self.full and soundness.is_sound(there):
            report.chunks = manifest.read(there).chunks
            layout.point(self.index, report.generation)
            pruning.tidy(self.index, report.generation)
            return
        folder = layout.new_folder(self.index)
        entries = self._entries()
        touched = self._write_passages(folder, entries)
        writer = PassageWriter(folder / passages.FILE)
        chunks = writer.chunks(touched)
        known = self._vectors(writer, chunks, report)
        report.chunks = writer.count()
        writer.close()
        reason = "every paragraph is cookie, navigation or advertising text"
        report.skipped += [(path, reason) for path in self.empty]
        if not report.chunks:
            shutil.rmtree(folder)
            raise SeedError(f"there is nothing to quote in {self.seeds}: {reason}")
        previous = self.before.vectors if self.before and self.keep_chunks and self.keep_vectors else None

        def vectors_of(digests: Sequence[bytes]) -> Vectors:
            return np.stack([known[digest] for digest in digests])

        names = vectors.write(folder, chunks, vectors_of, previous, self.recipe.encoder_sha256)
        linked = self.before.manifest.files if previous and self.before else {}
        files = manifest.describe(folder, [passages.FILE, *names], {n: linked[n] for n in names if n in linked})
        read = {f.path: self.found_sha256.get(f.path, f.sha256) for f in self.found}
        found = {path: sha256 for path, sha256 in read.items() if sha256 is not None}
        dimension = self.before.vectors.dimension if not known and self.before else len(next(iter(known.values())))
        manifest.write(folder, manifest.Manifest(self.recipe, dimension, tuple(entries), found, report.chunks, files))
        Generation(folder).close()  # opens as it will for a reader, before any reader can
        if soundness.is_sound(there):
            layout.point(self.index, report.generation)
        else:
            layout.publish(self.index, folder, report.generation)
        pruning.tidy(self.index, report.generation)

    def _write_passages(self, folder: Path, entries: Sequence[SeedEntry]) -> set[int]:
        """Writes articles and chunks; returns the shards in which anything changed."""
        staying = {entry.article_id for entry in self.kept}
        going: list[str] = []
        if self.before is not None and self.keep_chunks:
            shutil.copyfile(self.before.folder / passages.FILE, folder / passages.FILE)
            # Each once: an index of an earlier version may name one twice.
            held = dict.fromkeys(entry.article_id for entry in self.before.manifest.seeds)
            going = [article_id for article_id in held if article_id not in staying]
        writer = PassageWriter(folder / passages.FILE)
        for article_id in going:
            writer.remove(article_id)
        for done, article in enumerate(self.articles, start=1):
            chunks = splitting.split(
                article, min_chars=self.recipe.chunk_min_chars, max_chars=self.recipe.chunk_max_chars
            )
            writer.add(article, chunks, vectors.shard_of(article.info.article_id))
            if not chunks:
                self.empty.append(article.info.path)
            self.progress("splitting articles", done, len(self.articles))
        writer.close()
        if not (self.keep_chunks and self.keep_vectors):
            return {vectors.shard_of(entry.article_id) for entry in entries}
        return {vectors.shard_of(id) for id in [*going, *(a.info.article_id for a in self.articles)]}

    def _vectors(
        self, writer: PassageWriter, chunks: Mapping[int, Sequence[tuple[int, bytes]]], report: BuildReport
    ) -> dict[bytes, Vectors]:
        """The vectors of all these chunks by text hash: those the index holds, and the others embedded now."""
        keys = {digest: key for members in chunks.values() for key, digest in members}
        known: dict[bytes, Vectors] = {}
        if self.keep_vectors and self.before:
            known = self.before.vectors.by_digest(list(keys))
        elif self.before is None and not self.full:
            known = {d: v for d, v in salvage.salvaged(self.index, self.recipe).items() if d in keys}
        missing = [digest for digest in keys if digest not in known]
        earlier = kept.Kept(self.index, self.recipe.encoder_sha256, full=self.full)
        if missing:
            known |= earlier.read(set(missing))
            report.repaired += earlier.damaged
            count, missing = len(missing), [digest for digest in missing if digest not in known]
            report.embedded, report.resumed = len(missing), count - len(missing)
        if missing:
            done = 0

            def advance(count: int) -> None:
                nonlocal done
                done += count
                self.progress("embedding passages", done, len(missing))

            advance(0)
            encoder = embed.loaded(self.source, self.encoder)
            texts = writer.texts([keys[digest] for digest in missing])
            with closing(earlier):
                for rows, fresh in embed.slices(encoder, texts, advance):
                    digests = [missing[row] for row in rows]
                    earlier.add(digests, fresh)
                    known.update(zip(digests, fresh, strict=True))
        return known


def _nothing_to_index(seeds: Path, unreadable: Sequence[tuple[str, str]]) -> str:
    if unreadable:
        path, reason = unreadable[0]
        return f"no file in {seeds} could be read; the first is {path}: {reason}"
    return f"there is no article in {seeds}; put files there ({', '.join(load.SUFFIXES)}) and run `rag build`"
