"""What a build removes: litter, and generations that are neither current, nor among the newest, nor pinned."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterable
from pathlib import Path

from rag.store import layout, manifest, parts, pins
from rag.types.errors import IndexUnusable

KEPT = 2  # generations besides those that are pinned
_log = logging.getLogger("rag")


def tidy(index: Path, current: str | None) -> None:
    """Removes what a build left that did not end, and all but the newest generations and those that are pinned."""
    (index / f"{layout.POINTER}{layout.HALF}").unlink(missing_ok=True)
    remove(index, _older(index, current))
    _sweep(index)
    parent = index / layout.GENERATIONS
    for litter in [*parent.glob(f"{layout.UNFINISHED}*"), *parent.glob(f"{layout.GOING}*")]:
        shutil.rmtree(litter, ignore_errors=True)


def _sweep(index: Path) -> None:
    """Removes the files of parts that no generation has. None where one cannot tell which it has."""
    named: set[str] = set()
    for generation in layout.generations(index):
        try:
            named |= manifest.names(generation)
        except (OSError, IndexUnusable):
            return
    with contextlib.suppress(FileNotFoundError):
        for name in parts.files(index / layout.PARTS) - named:
            (index / layout.PARTS / name).unlink(missing_ok=True)


def remove(index: Path, generations: Iterable[Path]) -> list[Path]:
    """Sets generations aside but for those that are pinned, also since they were chosen; says which those were.

    None where it cannot be told what is pinned.

    One is renamed before its files are removed, so that none is ever half there under its name.
    """
    going = list(generations)
    if not going:
        return []
    with pins.lock(index):
        try:
            pinned = _pinned(index)
        except IndexUnusable as error:
            _log.warning("%s", error)
            return []
        gone = [folder for folder in going if folder.name not in pinned]
        for folder in gone:
            layout.set_aside(folder)
    return gone


def _older(index: Path, current: str | None) -> list[Path]:
    """Those that are not pinned and not the newest besides the current one. What is pinned takes nobody's place."""
    pinned: frozenset[str] = frozenset()
    with contextlib.suppress(IndexUnusable):  # then nothing is removed
        pinned = _pinned(index)
    free = [g for g in layout.generations(index) if g.name != current and g.name not in pinned]
    return sorted(free, key=lambda g: g.stat().st_mtime_ns, reverse=True)[KEPT - 1 :]


def _pinned(index: Path) -> frozenset[str]:
    return frozenset(pin.generation for pin in pins.read(index))
