"""The first half of a build: reads what must be read of the seeds folder, and compares with what the index holds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag import load
from rag.build import ids
from rag.build.changes import BuildReport, make_plan, same_text
from rag.build.spool import Spool
from rag.build.workers import Workers
from rag.types import SeedEntry, SeedFile
from rag.types.contents import Contents
from rag.types.errors import SeedError
from rag.types.stores import Reader, Recipe, Store, generation_name

Progress = Callable[[str, int, int], None]  # stage, done, total


@dataclass(slots=True)
class Inventory:
    """What the seeds folder and the index hold now, and so what of the articles is read anew and what is kept."""

    seeds: Path
    index: Path
    store: Store
    recipe: Recipe
    full: bool
    progress: Progress
    workers: Workers
    articles: Spool  # those that were read
    before: Reader | None = None
    held: list[SeedEntry] = field(default_factory=list)  # by it
    goes_on: bool = False  # from what the current generation holds
    found: list[SeedFile] = field(default_factory=list)
    found_sha256: dict[str, str | None] = field(default_factory=dict)  # of the files that were read
    noted: list[tuple[str, str]] = field(default_factory=list)
    kept: list[SeedEntry] = field(default_factory=list)
    _done: int = 0  # files

    def compare(self, sha256_of: Callable[[Path], str] = load.sha256, *, allow_empty: bool = False) -> BuildReport:
        """Reads what must be read, and compares; the hashes of the seed files are told.

        Raises SeedError where there is no article, but with `allow_empty`.
        """
        self.before, damaged = self.store.sound()
        reasons: list[str] = []
        if self.before is not None:
            self.held, reasons = list(self.before.entries()), self.before.recipe.differences(self.recipe)
            self.goes_on = not self.full and not reasons
        held = self.held
        found = load.find(self.seeds, sha256_of)
        self.found = found.files
        unreadable = found.unreadable + self._load(held) + self._one_each(() if self.full else held)
        entries = self.entries()
        if not entries and not (allow_empty and not unreadable):
            raise SeedError(_nothing_to_index(self.seeds, unreadable, held=bool(held)))
        report = BuildReport(make_plan(entries, held), generation_name(self.recipe, self._contents(entries)))
        report.reasons = [*reasons, *(["a full build was asked for"] if self.full else [])]
        report.articles, report.skipped, report.unreadable = len(entries), found.skipped, unreadable
        report.repaired, report.duplicates, report.noted = damaged, same_text(entries), self.noted
        report.boilerplate = self.articles.boilerplate
        if self.before and self.before.generation == report.generation and not self.full:
            report.changed_anything, report.chunks = False, self.before.passage_count
        return report

    def _contents(self, entries: Sequence[SeedEntry]) -> Contents:
        """The hash of these entries, reckoned by what differs from what is held."""
        contents = Contents() if self.before is None else self.before.contents()
        now, then = set(entries), set(self.held)
        for gone in then - now:
            contents.remove(gone)
        for new in now - then:
            contents.add(new)
        return contents

    def _load(self, held: Sequence[SeedEntry]) -> list[tuple[str, str]]:
        """Fills `articles` and `kept`; returns what could not be read."""
        unreadable: list[tuple[str, str]] = []
        begun = deque[load.Reading]()
        files = self._files(held, begun)
        for record, (found, boilerplate) in self.workers.read(files):
            while begun[0].path != record.path:
                unreadable += self._ended(begun.popleft())
            begun[0].take(record, found, keep=False)
            if found.article is not None and not begun[0].given_up:
                self.articles.add(found.article, boilerplate)
        while begun:
            unreadable += self._ended(begun.popleft())
        return unreadable

    def _files(self, held: Sequence[SeedEntry], begun: deque[load.Reading]) -> Iterator[load.Record]:
        """The records that must be read, file by file; each file is put behind those begun."""
        known = load.by_file(e for e in held if self.goes_on and e.loader == load.loader_version(e.path))
        same_files = self.before.files() if self.before else {}
        for file in self.found:
            entries = known[file.path]
            if entries and same_files.get(file.path) == file.sha256:
                self.kept += entries.values()
                self._read_so_far()
            else:
                # What was to be said of the file is said again until it is mended.
                begun.append(load.Reading(self.seeds, file.path, entries, noting=file.path not in same_files))
                yield from begun[-1].records()

    def _ended(self, reading: load.Reading) -> list[tuple[str, str]]:
        """Takes down what came of a file; returns what could not be read."""
        loaded = reading.ended()
        self.kept += loaded.kept
        self.noted += loaded.noted
        # What was read counts, not what was found; a file with a problem is read again by every build.
        self.found_sha256[reading.path] = None if loaded.problems or loaded.noted else loaded.sha256
        self._read_so_far()
        return loaded.problems

    def _read_so_far(self) -> None:
        self._done += 1
        self.progress("reading articles", self._done, len(self.found))

    def _one_each(self, held: Sequence[SeedEntry]) -> list[tuple[str, str]]:
        """Leaves out of `articles` and `kept` those whose id another article keeps; says which those are."""
        entries = [*self.kept, *self.articles.entries]
        taken = ids.taken(self.seeds, entries, held)
        many = len(self.kept)
        self.kept = [entry for place, entry in enumerate(self.kept) if place not in taken]
        self.articles.leave_out({place - many for place in taken})
        for place in taken:  # read again by the next build, which may have room for it
            self.found_sha256[entries[place].path] = None
        return [said for _, said in sorted(taken.items(), key=lambda item: item[1])]

    def going(self) -> list[str]:
        """The ids of articles that the writer begins with and that do not stay as they are."""
        if not self.goes_on:
            return []
        staying = {entry.article_id for entry in self.kept}
        return [entry.article_id for entry in self.held if entry.article_id not in staying]

    def files(self) -> dict[str, str]:
        """The files that were read whole, which need not be read again while they have this SHA-256."""
        read = {file.path: self.found_sha256.get(file.path, file.sha256) for file in self.found}
        return {path: sha256 for path, sha256 in read.items() if sha256 is not None}

    def entries(self) -> list[SeedEntry]:
        """All articles of the new generation, in the order of their ids."""
        return sorted([*self.kept, *self.articles.entries], key=lambda entry: entry.article_id)


def _nothing_to_index(seeds: Path, unreadable: Sequence[tuple[str, str]], *, held: bool) -> str:
    if unreadable:
        path, reason = unreadable[0]
        return f"no file in {seeds} could be read; the first is {path}: {reason}"
    empty = "; `rag build --allow-empty` empties the index" if held else ""
    return f"there is no article in {seeds}; put files there ({', '.join(load.SUFFIXES)}) and run `rag build`{empty}"
