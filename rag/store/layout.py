"""Where things lie under the index folder, and how one generation replaces another.

CURRENT                    the name of the generation that readers open, one line
build.lock                 held by the builder while it works
pins.json, pins.lock       generations that are kept for good (rag.store.pins), and held while one is pinned or removed
hashed.json                hashes of the files below, so that a build need not read them all (rag.store.hashed)
seeds.json                 the same of the seeds folder's
suggestions.json           questions to begin with (rag.answer.suggestions)
processors.json            generations embedded on several kinds of processor (rag.build.processors)
embedded-*.kept            what a build has embedded so far; the next build that ends takes it away
changes/                   how articles changed with each switch (rag.store.changes)
saved.json, saved.lock     saved questions and their alerts (rag.store.saved), and held while they change
generations/<name>/        manifest.json, seeds-*.json; never changed once there
generations/.new-*         a build that has not finished
generations/.old-*         a generation that is being removed; the next build takes both away
parts/                     files of parts (rag.store.parts), which generations share; never changed once there
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from rag.types.errors import IndexBusy, IndexUnusable

POINTER = "CURRENT"
LOCK = "build.lock"
GENERATIONS, PARTS = "generations", "parts"
UNFINISHED, GOING = ".new-", ".old-"
HALF = ".new"  # ends the name of a file that is being written
PINS = "pins.json"
HASHED, SEEDS_HASHED, SUGGESTED = "hashed.json", "seeds.json", "suggestions.json"
PROCESSORS = "processors.json"
CHANGES = "changes"
SAVED = "saved.json"
KNOWN = (
    POINTER, GENERATIONS, PARTS, PINS, HASHED, SEEDS_HASHED, SUGGESTED, PROCESSORS, CHANGES, SAVED, "README.md",
    "certificates",
)  # fmt: skip
LOCK_SECONDS = 10.0


def _is_name(name: str) -> bool:
    """Whether a generation may be called so."""
    return re.fullmatch(r"[0-9a-f]{16}", name) is not None


def pointed(index: Path) -> str | None:
    """The name of the current generation; None before the first build."""
    try:
        raw = (index / POINTER).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise IndexUnusable(f"{index / POINTER} cannot be read ({error.strerror}); run `rag build`") from error
    name, end = raw[:-1].decode("ascii", "replace"), raw[-1:]
    if end != b"\n" or not _is_name(name):
        raise IndexUnusable(f"{index / POINTER} is damaged: it does not name a generation; run `rag build`")
    return name


def folder(index: Path, name: str) -> Path:
    """The folder of a generation."""
    return index / GENERATIONS / name


def pool(generation: Path) -> Path:
    """Where the files of parts lie that a generation in this folder shares with others."""
    return generation.parent.parent / PARTS


def holds(index: Path, name: str) -> bool:
    """Whether a generation of that name is there. What is no name of a generation is not looked for."""
    return _is_name(name) and folder(index, name).is_dir()


def builder_lock(index: Path) -> AbstractContextManager[None]:
    """Makes this process the only builder.

    Raises IndexBusy when another holds it for ten seconds, IndexUnusable when the folder cannot be written.
    """
    return locked(
        index / LOCK,
        busy=f"another build is working on {index}; wait for it to end, then run this again",
        unwritable=lambda reason: f"the index folder {index} cannot be written ({reason}); choose one with --index",
    )


@contextmanager
def locked(file: Path, *, busy: str, unwritable: Callable[[str | None], str]) -> Iterator[None]:
    """Holds a lock, which goes with the process, however it ends.

    Raises IndexBusy with `busy` when another holds it for ten seconds, IndexUnusable with what `unwritable` makes of
    the reason.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(file, timeout=LOCK_SECONDS)
        lock.acquire()
    except Timeout as error:
        raise IndexBusy(busy) from error
    except OSError as error:
        raise IndexUnusable(unwritable(error.strerror)) from error
    try:
        yield
    finally:
        lock.release()


def is_building(index: Path) -> bool:
    """Whether a build of the index is going on."""
    path = index / LOCK
    if not path.is_file():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # where nothing can be written, nothing is built
        return False


def new_folder(index: Path) -> Path:
    """An empty folder for a build on the same file system."""
    parent = index / GENERATIONS
    parent.mkdir(parents=True, exist_ok=True)
    made = parent / f"{UNFINISHED}{os.getpid()}"
    made.mkdir()
    return made


def share(built: Path, names: Iterable[str]) -> None:
    """Moves the files of parts that a build has made to where generations share them.

    One that is there already has the same contents, or is damaged: it is replaced at once. Who has it open keeps it.
    """
    shared = pool(built)
    shared.mkdir(exist_ok=True)
    for name in names:
        sync(built / name)
        (built / name).replace(shared / name)
    sync(shared)


def publish(index: Path, built: Path, name: str) -> None:
    """Renames a finished build to its name and points readers at it; either step is whole or not at all.

    A generation that has the name already must be damaged: a good one is reused instead.
    """
    for file in built.iterdir():
        sync(file)
    sync(built)
    target = folder(index, name)
    if target.exists():
        set_aside(target)
    built.rename(target)
    sync(target.parent)
    point(index, name)


def point(index: Path, name: str) -> None:
    """Switches the pointer atomically."""
    write_whole(index / POINTER, name + "\n")


def write_whole(path: Path, text: str) -> None:
    """Writes a file so that a reader finds the old one or the new one, whatever dies in between."""
    temporary = path.with_name(f"{path.name}{HALF}")
    temporary.write_text(text, encoding="utf-8")
    sync(temporary)
    temporary.replace(path)
    sync(path.parent)


def generations(index: Path) -> list[Path]:
    """The folders of generations, by name; what has another name, somebody else put there."""
    parent = index / GENERATIONS
    found = sorted(parent.iterdir()) if parent.is_dir() else []
    return [g for g in found if g.is_dir() and not g.is_symlink() and _is_name(g.name)]


def set_aside(generation: Path) -> None:
    """Renames a generation to what the next tidying removes."""
    generation.rename(generation.with_name(f"{GOING}{generation.name}-{time.time_ns()}"))


def sync(path: Path) -> None:
    """Flushes a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
