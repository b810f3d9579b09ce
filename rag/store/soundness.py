"""Which generations are whole, and what can still be used of one that is not."""

from __future__ import annotations

from pathlib import Path

from rag.errors import IndexUnusable
from rag.store import Generation, layout, manifest, open_current, passages, pruning, vectors
from rag.store.passage_reader import PassageReader
from rag.types import Vectors


def tidied(index: Path, seen: manifest.Seen) -> list[str]:
    """Removes what is left over, and older generations that are damaged; says which those were."""
    current = _pointed(index)
    older = [g for g in layout.generations(index) if g.name != current and current is not None]
    gone = pruning.remove(index, [folder for folder in older if not is_sound(folder, seen)])
    pruning.tidy(index, current)
    return [f"{folder}, an older generation that was damaged, is removed" for folder in gone]


def _pointed(index: Path) -> str | None:
    """The current generation's name, damaged or not; None when even the name is."""
    try:
        return layout.pointed(index)
    except IndexUnusable:
        return None


def sound_generation(index: Path, seen: manifest.Seen) -> tuple[Generation | None, list[str]]:
    """The current generation when every byte of it is as it was written; else what is damaged."""
    try:
        if layout.pointed(index) is None:
            return None, []
        generation = open_current(index)
    except (IndexUnusable, OSError) as error:
        return None, [str(error)]
    wrong = manifest.damaged(generation.folder, generation.manifest, thorough=True, seen=seen)
    return (None, wrong) if wrong else (generation, [])


def is_sound(folder: Path, seen: manifest.Seen | None = None) -> bool:
    """Whether a generation is there with every byte as it was written."""
    try:
        return not manifest.damaged(folder, manifest.read(folder), thorough=True, seen=seen)
    except (OSError, IndexUnusable):
        return False


def salvaged(index: Path, recipe: manifest.Recipe) -> dict[bytes, Vectors]:
    """Vectors that are whole in any generation, damaged or not, made with the same encoder."""
    out: dict[bytes, Vectors] = {}
    folders = index / layout.GENERATIONS
    for folder in sorted(folders.iterdir()) if folders.is_dir() else []:
        out.update(vectors.salvage(folder, recipe.encoder_sha256, _sound_chunks(folder, recipe)))
    return out


def _sound_chunks(folder: Path, recipe: manifest.Recipe) -> dict[int, list[tuple[int, bytes]]] | None:
    """The chunks of a generation, where its manifest and its passages are whole and it was made with this encoder."""
    try:
        held = manifest.read(folder)
    except (OSError, IndexUnusable):
        return None
    wrong = manifest.damaged(folder, held, thorough=True)
    if held.recipe.encoder_sha256 != recipe.encoder_sha256 or any(passages.FILE in what for what in wrong):
        return None
    reader = PassageReader(folder / passages.FILE)
    try:
        return reader.chunks(range(vectors.SHARDS))
    finally:
        reader.close()
