"""Writes a generation of files beside the current one (`rag.types.stores.Writer`)."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rag.store import changes, layout, manifest, part_writer, parts, pruning, salvage, soundness, vectors
from rag.store.articles import Articles
from rag.store.hashed import Hashed
from rag.store.part_writer import Source
from rag.store.parts import CODES, NEW, PASSAGES, ROWS, Part
from rag.store.passage_reader import PassageReader
from rag.store.reader import FileReader
from rag.store.rows import Rows, head_of
from rag.store.searches import Searches
from rag.types import SeedEntry, Vectors
from rag.types.contents import Contents
from rag.types.errors import IndexUnusable, SeedError
from rag.types.stores import Recipe, StoredArticle, generation_name


class FileWriter:
    """A generation on its way, in a folder that no reader looks into.

    What is put stays in memory until it fills a part; what is removed stays in its part until all is written.
    """

    def __init__(self, index: Path, recipe: Recipe, before: FileReader | None, hashed: Hashed, *, afresh: bool) -> None:
        self._index, self._recipe, self._before, self._hashed = index, recipe, before, hashed
        goes_on = before if before is not None and not afresh else None
        self._salvaged: salvage.Salvaged | None = None
        self._parts = {part.label: part for part in goes_on.parts} if goes_on else {}
        self._gone: defaultdict[str, set[str]] = defaultdict(set)  # by part
        self._pending: dict[str, StoredArticle] = {}
        self._weight = 0  # of what is pending
        self._contents = goes_on.contents() if goes_on else Contents()
        self._articles, self._passages = (goes_on.article_count, goes_on.passage_count) if goes_on else (0, 0)
        self._dimension = goes_on.manifest.dimension if goes_on else 0
        self._described = goes_on.manifest.files if goes_on else {}
        self._holders: dict[str, tuple[Rows, PassageReader]] = {}  # of the parts in which articles were looked for
        self._committed = False
        with _failing(index):
            self._folder = layout.new_folder(index)

    @property
    def passage_count(self) -> int:
        """Number of passages so far."""
        return self._passages

    def known(self, digests: Collection[bytes]) -> dict[bytes, Vectors]:
        """As `Writer.known`: of the generation before, or where that is damaged of what is whole of any."""
        if self._before is not None:
            same = self._before.recipe.encoder_sha256 == self._recipe.encoder_sha256
            return self._before.by_digest(digests) if same else {}
        if self._salvaged is None:
            self._salvaged = salvage.salvaged(self._index, self._recipe)
        return {digest: self._salvaged[digest] for digest in digests if digest in self._salvaged}

    def put(self, article: StoredArticle) -> None:
        """As `Writer.put`."""
        id = article.info.article_id
        with _failing(self._index):
            self._take(id)
            self._pending[id] = article
            self._count(SeedEntry.of(article.info), 1, len(article.chunks))
            self._weight += 1 + len(article.chunks)
            if article.chunks:
                self._dimension = article.vectors.shape[1]
            if self._weight >= parts.FULL:
                self._seal()

    def remove(self, article_id: str) -> None:
        """As `Writer.remove`."""
        with _failing(self._index):
            if not self._take(article_id):
                raise KeyError(article_id)

    def _count(self, entry: SeedEntry, sign: int, passages: int) -> None:
        (self._contents.add if sign > 0 else self._contents.remove)(entry)
        self._articles += sign
        self._passages += sign * passages

    def _take(self, article_id: str) -> bool:
        """Takes an article out; whether it was there."""
        pending = self._pending.pop(article_id, None)
        if pending is not None:
            self._weight -= 1 + len(pending.chunks)
            self._count(SeedEntry.of(pending.info), -1, len(pending.chunks))
            return True
        found = self._found(article_id)
        if found is None:
            return False
        label, entry, passages = found
        self._gone[label].add(article_id)
        self._count(entry, -1, passages)
        return True

    def _found(self, article_id: str) -> tuple[str, SeedEntry, int] | None:
        """The part that holds an article, its entry and its number of passages."""
        head = head_of(article_id)
        for label, part in self._parts.items():
            if label not in self._holders:
                self._holders[label] = Rows(part.path(ROWS)), PassageReader(part.path(PASSAGES))
            rows, passages = self._holders[label]
            if rows.may_hold(head) and article_id not in self._gone[label]:
                found = passages.entry(article_id)
                if found:
                    return label, *found
        return None

    def _seal(self) -> None:
        """Writes what is pending as a part."""
        part = part_writer.write(self._folder, (), self._pending, self._recipe.encoder_sha256)
        if part is not None:
            self._parts[part.label] = part
        self._pending, self._weight = {}, 0

    def commit(self, files: Mapping[str, str]) -> str:
        """As `Writer.commit`."""
        with _failing(self._index):
            if not self._passages and self._articles:
                raise SeedError("there is nothing to quote")
            name = generation_name(self._recipe, self._contents)
            there = layout.folder(self._index, name)
            if soundness.is_sound(there, self._hashed):
                changes.prepare(self._index, there, name)
                layout.point(self._index, name)
                shutil.rmtree(self._folder, ignore_errors=True)
            else:
                self._write(name, files)
                changes.prepare(self._index, self._folder, name)
                layout.publish(self._index, self._folder, name)
            self._committed = True
            changes.settle_if_possible(self._index)
            pruning.tidy(self._index, name)
            return name

    def abort(self) -> None:
        """As `Writer.abort`."""
        if self._committed:  # the next writer of this process has a folder of the same name
            return
        shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, name: str, files: Mapping[str, str]) -> None:
        """Writes all that is not written yet."""
        self._join()
        coded = self._passages > vectors.EXACT_UP_TO
        pool, made = layout.pool(self._folder), list[Part]()
        for part in self._parts.values():
            whole = part_writer.with_codes(part, self._folder) if coded else part.less(CODES)
            made.append(replace(whole, folder=pool))
        kept = {file for part in made for file in part.names}
        new = {path.name for path in self._folder.iterdir()}
        for left in new - kept:  # of parts that were written and joined since
            (self._folder / left).unlink()
        layout.share(self._folder, sorted(new & kept))
        files_of = manifest.describe(self._folder, [*kept, self._seed_files(files)], self._hashed, self._described)
        counts = {part.label: (part.articles, part.passages) for part in made}
        state = self._contents.state.hex()
        totals = self._dimension, self._articles, self._passages
        manifest.write(self._folder, manifest.Manifest(name, self._recipe, *totals, state, counts, files_of))
        _open([part for part in made if not self._described.keys() >= set(part.names)])

    def _join(self) -> None:
        """Writes parts anew of which something is gone or that become one, and what is pending."""
        weights = {label: part.weight for label, part in self._parts.items()}
        if self._pending:
            weights[NEW] = self._weight
        groups = parts.joined(weights)
        grouped = {label for group in groups for label in group}
        groups += [[label] for label, gone in self._gone.items() if gone and label not in grouped]
        for group in groups:
            sources = [Source(self._parts.pop(label), self._gone[label]) for label in group if label != NEW]
            added = self._pending if NEW in group else {}
            part = part_writer.write(self._folder, sources, added, self._recipe.encoder_sha256)
            if part is not None:
                self._parts[part.label] = part
        self._pending, self._weight = {}, 0

    def _seed_files(self, files: Mapping[str, str]) -> str:
        """Writes the seed files that were read whole; the name."""
        data = json.dumps(dict(sorted(files.items())), separators=(",", ":"), ensure_ascii=False).encode()
        return vectors.write_file(self._folder, manifest.SEEDS, manifest.SEEDS_SUFFIX, data)


def _open(made: Sequence[Part]) -> None:
    """Opens parts as they will be for a reader, before any reader can."""
    articles = Articles(made)
    articles.open()
    articles.close()
    if any(part.passages for part in made):
        Searches.of(made)


@contextmanager
def _failing(index: Path) -> Iterator[None]:
    """Says of what cannot be written that the index is the one from before."""
    try:
        yield
    except (OSError, sqlite3.Error, RuntimeError) as error:  # faiss raises the last
        raise IndexUnusable(
            f"the index in {index} could not be written ({error}); it is still the one from before"
        ) from error
