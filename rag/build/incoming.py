"""A file that is to be added to the seeds: whether it may be, and how it gets there. Nothing is ever overwritten."""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
import unicodedata
from pathlib import Path, PurePosixPath

from rag import load
from rag.build.changes import counted
from rag.types.errors import InputError

_MOST_BYTES = 200_000_000  # of a JSONL file, which has no bound of its own


def accepted(seeds: Path, file: Path) -> str:
    """The name of a file that may be added. Raises InputError with what is wrong with it."""
    name = file.name
    shown = "".join(c if c.isprintable() else "\ufffd" for c in name)
    if name != PurePosixPath(name).name or "\\" in name or name in ("", ".", ".."):
        raise InputError(f"{shown}: a name with a folder in it is refused; rename the file")
    if any(unicodedata.category(c) in ("Cc", "Cf", "Cs") for c in name) or len(name.encode("utf-8", "replace")) > 200:
        raise InputError(f"{shown}: a name with control characters or of more than 200 bytes is refused; rename it")
    if name.startswith(".") or name.upper().startswith("README"):
        raise InputError(f"{shown}: hidden files and README files are never articles; rename it")
    if PurePosixPath(name).suffix.lower() not in load.SUFFIXES:
        raise InputError(f"{shown}: no loader for this kind of file; there are {', '.join(load.SUFFIXES)}")
    if (seeds / name).is_file() and file.is_file() and filecmp.cmp(file, seeds / name, shallow=False):
        raise InputError(f"{shown}: is there already, the same to the byte; there is nothing to add")
    if (seeds / name).exists():
        raise InputError(f"{shown}: there is a file of this name; remove that first, or rename this one")
    return name


def article_ids(file: Path, name: str) -> list[str]:
    """The ids of the articles that a build would read of a file. Raises InputError with the build's own reason."""
    size = file.stat().st_size
    if size > _MOST_BYTES:
        raise InputError(f"{name}: has {size / 1e6:.0f} MB; at most {_MOST_BYTES / 1e6:.0f} are taken")
    with tempfile.TemporaryDirectory() as work:
        shutil.copyfile(file, Path(work, name))
        loaded = load.load(Path(work), name)
    if loaded.problems:
        label, reason = loaded.problems[0]
        more = len(loaded.problems) - 1
        raise InputError(f"{label}: {reason}" + (f" (and {counted(more, 'more problem')})" if more else ""))
    return [article.info.article_id for article in loaded.articles]


def named_too(file: Path, target: Path) -> None:
    """Gives a file a second name, or copies it where there are no links; fails where there is one of that name."""
    try:
        os.link(file, target)
    except FileExistsError:
        raise
    except OSError:
        with target.open("xb") as out:
            try:
                out.write(file.read_bytes())
            except OSError:
                target.unlink()
                raise


def placed(file: Path, target: Path) -> Path:
    """Copies under another name first, so that a build never sees half a file; never over one that is there."""
    handle, name = tempfile.mkstemp(prefix=".adding-", dir=target.parent)
    os.close(handle)
    work = Path(name)
    try:
        shutil.copyfile(file, work)
        work.chmod(0o644)
        named_too(work, target)
    finally:
        work.unlink()
    return target
