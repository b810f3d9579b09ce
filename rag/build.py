"""The build walk: seeds -> load -> Article -> split -> Chunk -> embed -> vectors -> store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

import numpy as np

from rag import embed, load
from rag import split as splitting
from rag.errors import IndexUnusable, SeedError
from rag.plan import BuildReport, make_plan
from rag.settings import Settings
from rag.store import Generation, layout, manifest, open_current, passages, vectors
from rag.types import Article, Chunk, SeedEntry, Vectors

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
    progress: Progress = lambda _stage, _done, _total: None,
) -> BuildReport:
    """Brings the index in step with the seeds, doing only what changed. With `dry_run` it only says what it would do.

    Raises SeedError when there is no article to index or one id is used twice; the index then stays as it was.
    """
    with nullcontext() if dry_run else layout.builder_lock(index):
        source = embed.resolve(settings.encoder)
        return _Build(seeds, index, recipe(settings, source), full, progress).run(source, dry_run=dry_run)


class _Build:
    """One build, from what the seeds folder and the current generation hold now."""

    def __init__(self, seeds: Path, index: Path, want: manifest.Recipe, full: bool, progress: Progress) -> None:
        self._seeds, self._index, self._want, self._progress = seeds, index, want, progress
        self._before, self._reasons = _sound_generation(index)
        if self._before is not None:
            self._reasons = self._before.manifest.recipe.differences(want)
        self._keep_chunks = self._before is not None and not full and self._before.manifest.recipe.same_chunks(want)
        self._keep_vectors = (
            self._before is not None and not full and self._before.manifest.recipe.encoder_sha256 == want.encoder_sha256
        )
        if full:
            self._reasons.append("a full build was asked for")

    def run(self, source: embed.EncoderSource, *, dry_run: bool) -> BuildReport:
        found, skipped = load.find(self._seeds)
        held = self._before.manifest.seeds if self._before else ()
        plan = make_plan(found, held, {file.path: load.loader_version(file.path) for file in found})
        to_load = plan.to_load if self._keep_chunks else [file.path for file in found]
        articles, unreadable = self._load(to_load)
        kept = [entry for entry in held if entry.path in set(plan.kept) - set(to_load)]
        entries = _entries(kept, articles)
        report = BuildReport(plan, manifest.generation_name(self._want, entries), reasons=self._reasons)
        report.articles, report.skipped, report.unreadable = len(entries), skipped, unreadable
        report.duplicates = _same_bytes(entries)
        if not entries:
            raise SeedError(_nothing_to_index(self._seeds, unreadable))
        if self._before and self._before.generation == report.generation and self._keep_chunks:
            report.changed_anything, report.chunks = False, self._before.manifest.chunks
        elif not dry_run:
            self._write(report, source, articles, entries)
        return report

    def _load(self, paths: Sequence[str]) -> tuple[list[Article], list[tuple[str, str]]]:
        articles, unreadable = [], []
        for done, path in enumerate(paths, start=1):
            try:
                articles.append(load.load(self._seeds, path))
            except SeedError as error:
                unreadable.append((path, str(error).removeprefix(f"{path}: ")))
            self._progress("reading articles", done, len(paths))
        return articles, unreadable

    def _write(
        self,
        report: BuildReport,
        source: embed.EncoderSource,
        articles: Sequence[Article],
        entries: Sequence[SeedEntry],
    ) -> None:
        folder = layout.new_folder(self._index)
        if self._keep_chunks and self._before:
            (folder / passages.FILE).write_bytes((self._before.folder / passages.FILE).read_bytes())
        writer = passages.PassageWriter(folder / passages.FILE)
        loaded = {article.info.article_id for article in articles}
        if self._keep_chunks and self._before:
            staying = {entry.article_id for entry in entries} - loaded
            for entry in self._before.manifest.seeds:
                if entry.article_id not in staying:
                    writer.remove(entry.article_id)
        for done, article in enumerate(articles, start=1):
            writer.add(article, self._split(article))
            self._progress("splitting articles", done, len(articles))
        chunks = writer.chunks()
        matrix, report.embedded = self._vectors(writer, chunks, source)
        writer.close()
        vectors.write(folder / vectors.FILE, [key for key, _ in chunks], matrix)
        report.chunks = len(chunks)
        files = manifest.describe(folder, [passages.FILE, vectors.FILE])
        manifest.write(folder, manifest.Manifest(self._want, matrix.shape[1], tuple(entries), len(chunks), files))
        _check(folder)
        layout.publish(self._index, folder, report.generation)

    def _split(self, article: Article) -> list[Chunk]:
        return splitting.split(article, min_chars=self._want.chunk_min_chars, max_chars=self._want.chunk_max_chars)

    def _vectors(
        self, writer: passages.PassageWriter, chunks: Sequence[tuple[int, bytes]], source: embed.EncoderSource
    ) -> tuple[Vectors, int]:
        """The vectors of all chunks in their order, and how many had to be embedded."""
        digests = {digest: key for key, digest in chunks}
        known: dict[bytes, Vectors] = {}
        if self._keep_vectors and self._before:
            known = self._before.vectors_by_text(list(digests))
        missing = [digest for digest in digests if digest not in known]
        if missing:
            done = 0

            def advance(count: int) -> None:
                nonlocal done
                done += count
                self._progress("embedding passages", done, len(missing))

            self._progress("embedding passages", 0, len(missing))
            encoder = embed.SentenceTransformerEncoder(source)
            fresh = encoder.encode(writer.texts([digests[d] for d in missing]), progress=advance)
            known |= dict(zip(missing, fresh, strict=True))
        return np.stack([known[digest] for _, digest in chunks]), len(missing)


def _sound_generation(index: Path) -> tuple[Generation | None, list[str]]:
    """The current generation when every byte of it is as it was written; else why it cannot be used."""
    try:
        if layout.pointed(index) is None:
            return None, []
        generation = open_current(index)
    except IndexUnusable as error:
        return None, [str(error)]
    wrong = manifest.damaged(generation.folder, generation.manifest, thorough=True)
    return (None, wrong) if wrong else (generation, [])


def _check(folder: Path) -> None:
    """Opens a finished build as a reader would, before any reader can."""
    generation = Generation(folder)
    generation.close()


def _entries(kept: Sequence[SeedEntry], articles: Sequence[Article]) -> list[SeedEntry]:
    """All articles of the new generation in the order of their ids. Raises SeedError for an id used twice."""
    infos = [article.info for article in articles]
    entries = [
        *kept,
        *(SeedEntry(i.article_id, i.path, i.seed_sha256, i.text_sha256, i.loader) for i in infos),
    ]
    by_id: dict[str, str] = {}
    for entry in sorted(entries, key=lambda e: e.path):
        if entry.article_id in by_id:
            raise SeedError(
                f"the id '{entry.article_id}' is used by {by_id[entry.article_id]} and by {entry.path}; "
                "change the id in one of them"
            )
        by_id[entry.article_id] = entry.path
    return sorted(entries, key=lambda e: e.article_id)


def _same_bytes(entries: Sequence[SeedEntry]) -> list[tuple[str, str]]:
    first: dict[str, str] = {}
    same = []
    for entry in sorted(entries, key=lambda e: e.path):
        if entry.seed_sha256 in first:
            same.append((entry.path, first[entry.seed_sha256]))
        first.setdefault(entry.seed_sha256, entry.path)
    return same


def _nothing_to_index(seeds: Path, unreadable: Sequence[tuple[str, str]]) -> str:
    if unreadable:
        path, reason = unreadable[0]
        return f"no file in {seeds} could be read; the first is {path}: {reason}"
    return f"there is no article in {seeds}; put .txt or .md files there and run `rag build`"
