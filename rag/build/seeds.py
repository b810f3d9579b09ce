"""The seeds folder as the page shows and changes it: what is there, adding files, taking one out and bringing it back.

A file that is taken out moves to `seeds/.removed/`, a hidden folder, which no build reads. Nothing is ever overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from rag import load
from rag.build import ids
from rag.build.incoming import accepted, article_ids, named_too, placed
from rag.types import SeedEntry, SeedFile
from rag.types.errors import InputError, SeedError
from rag.types.stores import Reader, every_article

REMOVED = ".removed"
_MOST_FILES = 200  # in one upload
State = Literal[
    "in the index",
    "in the index, in part",  # a file of which a build cannot read all
    "changed since the build",
    "new, not built yet",
    "removed since the build",
]


@dataclass(frozen=True, slots=True)
class Holding:
    """An article of the index, or a file that is not in it yet (without a title then)."""

    path: str
    article_id: str
    title: str
    publisher: str | None
    date: str | None
    characters: int
    passages: int
    state: State


@dataclass(frozen=True, slots=True)
class _Built:
    """What a generation says of the seeds folder."""

    entries: Sequence[SeedEntry]
    files: Mapping[str, str]


class Library:
    """The articles of a seeds folder, beside the generation that is in use."""

    def __init__(self, seeds: Path) -> None:
        load.require(seeds)
        self.seeds = seeds
        self._ids: dict[SeedFile, list[str]] = {}  # of the files that were read for them

    def holdings(self, store: Reader) -> list[Holding]:
        """All articles of the generation by path, then the files that are new since."""
        found = {file.path: file.sha256 for file in load.find(self.seeds).files}
        built = _Built(list(store.entries()), store.files())
        entries = load.by_file(built.entries)
        states = {path: self._state(path, found, built) for path in entries}
        out = []
        for held in every_article(store):
            info = held.info
            out.append(
                Holding(
                    info.path,
                    info.article_id,
                    info.title,
                    info.publisher,
                    info.date,
                    held.characters,
                    held.passages,
                    states[info.path],
                )
            )
        new: State = "new, not built yet"
        out += [Holding(path, path, "", None, None, 0, 0, new) for path in found if path not in entries]
        return sorted(out, key=lambda one: (one.path, one.article_id))

    def _state(self, path: str, found: Mapping[str, str], built: _Built) -> State:
        """Of a file of the generation, by the SHA-256 of the files that are there and by what the generation says.

        The articles decide: a build that finds the same ones keeps the generation, and with it what that says of the
        file, also where a broken line was taken out of it or put in.
        """
        if path not in found:
            return "removed since the build"
        if found[path] == built.files.get(path):
            return "in the index"
        held = [entry for entry in built.entries if entry.path == path]
        if not load.holds_many(path):
            same = any(entry.seed_sha256 == found[path] for entry in held)
            return "in the index" if same else "changed since the build"
        loaded = load.load(self.seeds, path, {entry.seed_sha256: entry for entry in held})
        its = [*loaded.kept, *(SeedEntry.of(article.info) for article in loaded.articles)]
        others = [entry for entry in built.entries if entry.path != path and entry.path in found]
        taken = ids.taken(self.seeds, [*its, *others], built.entries)
        left = [entry for place, entry in enumerate(its) if place not in taken]
        if sorted(left, key=lambda entry: entry.article_id) != held:
            return "changed since the build"
        return "in the index, in part" if loaded.problems or taken else "in the index"

    def files(self) -> list[str]:
        """The article files by path."""
        return [file.path for file in load.find(self.seeds).files]

    def add(self, files: Sequence[Path], store: Reader | None = None) -> list[str]:
        """Copies files into the folder; the names they have there. All or none.

        Raises InputError for a name, a kind, a size, a content or an id that is refused, naming the file and why. The
        files that are as they were when `store` was built need not be read for their ids.
        """
        if not files:
            raise InputError("choose one file or more to add")
        if len(files) > _MOST_FILES:
            raise InputError(f"{len(files)} files at once; add at most {_MOST_FILES}")
        names = [accepted(self.seeds, file) for file in files]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise InputError(f"two of the files are called {twice}; rename one")
        added = {name: article_ids(file, name) for file, name in zip(files, names, strict=True)}
        self._refuse_used(added, self._used(store))
        done: list[Path] = []
        try:
            for file, name in zip(files, names, strict=True):
                done.append(placed(file, self.seeds / name))
        except OSError as error:
            for path in done:
                path.unlink(missing_ok=True)
            raise SeedError(f"the files could not be added: {error.strerror or error}; none was") from error
        return names

    def add_each(self, files: Sequence[Path], store: Reader | None = None) -> Iterator[tuple[str, str | None]]:
        """The same one by one: each file's name, with why it was not added, or None where it was.

        Raises InputError for too many files.
        """
        if len(files) > _MOST_FILES:
            raise InputError(f"{len(files)} files at once; add at most {_MOST_FILES}")
        used = self._used(store)
        for file in files:
            try:
                name = accepted(self.seeds, file)
                its = article_ids(file, name)
                self._refuse_used({name: its}, used)
                placed(file, self.seeds / name)
            except InputError as error:
                yield file.name, str(error).removeprefix(f"{file.name}: ")
            except OSError as error:
                yield file.name, f"could not be added: {error.strerror or error}"
            else:
                used.append((name, its))
                yield name, None

    @staticmethod
    def _refuse_used(added: Mapping[str, Sequence[str]], used: Sequence[tuple[str, Sequence[str]]]) -> None:
        """That no article of these files has the id of another article. Raises InputError with both names."""
        users: dict[str, str] = {}
        for path, its in [*used, *added.items()]:
            for id in its:
                if id in users and path in added:
                    where = "two of its articles have" if users[id] == path else f"the article in {users[id]} has"
                    raise InputError(f"{path}: {where} the id '{id}' too; change the id in one of them")
                users[id] = path

    def _used(self, store: Reader | None) -> list[tuple[str, list[str]]]:
        """The ids of the articles that are there, by file."""
        known, files = load.by_file(store.entries() if store else ()), store.files() if store else {}
        found = load.find(self.seeds).files
        ids_of: dict[SeedFile, list[str]] = {}
        for file in found:
            held = known[file.path]
            if held and files.get(file.path) == file.sha256:
                ids_of[file] = [entry.article_id for entry in held.values()]
            elif file in self._ids:
                ids_of[file] = self._ids[file]
            else:
                loaded = load.load(self.seeds, file.path, held)
                read = [article.info.article_id for article in loaded.articles]
                ids_of[file] = [*(entry.article_id for entry in loaded.kept), *read]
        self._ids = ids_of
        return [(file.path, its) for file, its in ids_of.items()]

    def remove(self, path: str) -> str:
        """Takes a file out; the name under which it can be brought back. Raises InputError where there is none."""
        if path not in self.files():
            raise InputError(f"there is no article file {path}")
        if (self.seeds / path).is_symlink():
            raise InputError(f"{path} is a link to another file, and would point nowhere; take it out by hand")
        target = self._free(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        (self.seeds / path).rename(target)
        return target.relative_to(self.seeds / REMOVED).as_posix()

    def removed(self) -> list[str]:
        """The files that were taken out, by name."""
        folder = self.seeds / REMOVED
        return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())

    def bring_back(self, name: str) -> str:
        """Puts a file that was taken out where it was. Raises InputError where that is not there or its place taken."""
        if name not in self.removed():
            raise InputError(f"{name} is not among the files that were taken out")
        parts = PurePosixPath(name).parts
        # In a hidden folder, as no folder of articles is, lies a file whose name was taken out before.
        place = PurePosixPath(*(parts[1:] if re.fullmatch(r"\.\d+", parts[0]) and len(parts) > 1 else parts)).as_posix()
        file, target = self.seeds / REMOVED / name, self.seeds / place
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            named_too(file, target)
        except FileExistsError as error:
            raise InputError(f"there is another file {place} by now; take that out first") from error
        file.unlink()
        return place

    def _free(self, path: str) -> Path:
        """A place for a file that is taken out: its own path, in a folder .2, .3 … where there is one already."""
        number, free = 1, self.seeds / REMOVED / path
        while free.exists():
            number += 1
            free = self.seeds / REMOVED / f".{number}" / path
        return free
