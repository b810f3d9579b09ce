"""Finds damaged generations, and removes old ones that are damaged."""

from __future__ import annotations

from pathlib import Path

from rag.store import changes, layout, manifest, pruning
from rag.store.hashed import Hashed
from rag.store.reader import FileReader, open_current
from rag.types.errors import IndexUnusable


def tidied(index: Path, hashed: Hashed) -> list[str]:
    """Removes what is left over, and older generations that are damaged; says which those were."""
    changes.settle_if_possible(index)
    current = _pointed(index)
    older = [g for g in layout.generations(index) if g.name != current and current is not None]
    gone = pruning.remove(index, [folder for folder in older if not is_sound(folder, hashed)])
    pruning.tidy(index, current)
    return [f"{folder}, an older generation that was damaged, is removed" for folder in gone]


def _pointed(index: Path) -> str | None:
    """The current generation's name, damaged or not; None when even the name is."""
    try:
        return layout.pointed(index)
    except IndexUnusable:
        return None


def sound_generation(index: Path, hashed: Hashed) -> tuple[FileReader | None, list[str]]:
    """The current generation when all of it is as it was written; else what is damaged."""
    try:
        if layout.pointed(index) is None:
            return None, []
        generation = open_current(index, checked=True)  # which follows
    except (IndexUnusable, OSError) as error:
        return None, [str(error)]
    wrong = manifest.damaged(generation.folder, generation.manifest, hashed.sha256)
    return (None, wrong) if wrong else (generation, [])


def is_sound(folder: Path, hashed: Hashed) -> bool:
    """Whether a generation is there and all of it as it was written."""
    try:
        return not manifest.damaged(folder, manifest.read(folder), hashed.sha256)
    except (OSError, IndexUnusable):
        return False
