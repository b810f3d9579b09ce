"""Where things lie under the index folder, and how one generation replaces another.

CURRENT                    the name of the generation that readers open, one line
build.lock                 held by the builder while it works
generations/<name>/        manifest.json, passages.db, vectors.faiss; never changed once there
generations/.new-*         a build that has not finished; removed by the next one
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from rag.errors import IndexBusy, IndexUnusable

POINTER = "CURRENT"
GENERATIONS = "generations"
UNFINISHED = ".new-"
KEPT = 2
_LOCK_SECONDS = 10.0


def pointed(index: Path) -> str | None:
    """The name of the current generation; None before the first build."""
    try:
        name = (index / POINTER).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexUnusable(f"{index / POINTER} cannot be read ({error}); run `rag build`") from error
    if not name.isalnum():
        raise IndexUnusable(f"{index / POINTER} does not name a generation; run `rag build`")
    return name


def folder(index: Path, name: str) -> Path:
    """The folder of a generation."""
    return index / GENERATIONS / name


@contextlib.contextmanager
def builder_lock(index: Path) -> Iterator[None]:
    """Makes this process the only builder. The lock goes with the process, however it ends.

    Raises IndexBusy when another holds it for ten seconds, IndexUnusable when the folder cannot be written.
    """
    path = index / "build.lock"
    try:
        index.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path, timeout=_LOCK_SECONDS)
        lock.acquire()
    except Timeout as error:
        raise IndexBusy(f"another build is working on {index}; wait for it to end, then run this again") from error
    except OSError as error:
        raise IndexUnusable(
            f"the index folder {index} cannot be written ({error.strerror}); choose one with --index"
        ) from error
    try:
        yield
    finally:
        lock.release()


def new_folder(index: Path) -> Path:
    """An empty folder for a build on the same file system. Removes what earlier builds left unfinished."""
    parent = index / GENERATIONS
    parent.mkdir(parents=True, exist_ok=True)
    for litter in parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(litter, ignore_errors=True)
    made = parent / f"{UNFINISHED}{os.getpid()}"
    made.mkdir()
    return made


def publish(index: Path, built: Path, name: str) -> None:
    """Renames a finished build to its name and points readers at it; either step is whole or not at all."""
    for file in built.iterdir():
        sync(file)
    sync(built)
    target = folder(index, name)
    if target.exists():  # only a damaged one, as a good one is reused
        shutil.rmtree(target)
    built.rename(target)
    sync(target.parent)
    point(index, name)


def point(index: Path, name: str) -> None:
    """Switches the pointer atomically, then removes all but the newest generations."""
    temporary = index / f"{POINTER}.new"
    temporary.write_text(name + "\n", encoding="ascii")
    sync(temporary)
    temporary.replace(index / POINTER)
    sync(index)
    others = [g for g in (index / GENERATIONS).iterdir() if g.name != name and not g.name.startswith(UNFINISHED)]
    for old in sorted(others, key=lambda g: g.stat().st_mtime_ns, reverse=True)[KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def sync(path: Path) -> None:
    """Flushes a file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
