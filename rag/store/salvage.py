"""What can still be used of generations that are damaged: the vectors of each shard that is whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.store import layout, manifest, passages
from rag.store.hashed import sha256
from rag.store.passage_reader import PassageReader
from rag.store.vectors import ROWS_SUFFIX, SHARD_SUFFIX, SHARDS, whole
from rag.types import Vectors
from rag.types.errors import IndexUnusable
from rag.types.stores import Recipe


def salvaged(index: Path, recipe: Recipe) -> dict[bytes, Vectors]:
    """Vectors that are whole in any generation, damaged or not, made with the same encoder."""
    out: dict[bytes, Vectors] = {}
    folders = index / layout.GENERATIONS
    for folder in sorted(folders.iterdir()) if folders.is_dir() else []:
        out.update(_of_one(folder, recipe.encoder_sha256, _sound_chunks(folder, recipe)))
    return out


def _sound_chunks(folder: Path, recipe: Recipe) -> dict[int, list[tuple[int, bytes]]] | None:
    """The chunks of a generation, where its manifest and its passages are whole and it was made with this encoder."""
    try:
        held = manifest.read(folder)
    except (OSError, IndexUnusable):
        return None
    wrong = manifest.damaged(folder, held, sha256)
    if held.recipe.encoder_sha256 != recipe.encoder_sha256 or any(passages.FILE in what for what in wrong):
        return None
    reader = PassageReader(folder / passages.FILE)
    try:
        return {shard: reader.chunks(shard) for shard in range(SHARDS)}
    finally:
        reader.close()


def _of_one(
    folder: Path, encoder_sha256: str, chunks: Mapping[int, Sequence[tuple[int, bytes]]] | None
) -> dict[bytes, Vectors]:
    """The vectors by text hash of a generation with damaged files: those of each shard that is whole.

    What stands in a shard is told by the table of rows when that is whole and of this encoder, else by `chunks`, the
    (key, text hash) of each chunk by shard, when they are known to be those of this generation; else empty.
    """
    members = {shard: [digest for _, digest in rows] for shard, rows in (chunks or {}).items()}
    for path in folder.glob(f"{encoder_sha256[:16]}-*{ROWS_SUFFIX}"):
        if whole(path):
            table = np.load(path)
            members = {n: list(map(bytes, table["digest"][table["shard"] == n])) for n in range(SHARDS)}
    out: dict[bytes, Vectors] = {}
    for path in sorted(folder.glob(f"[0-9][0-9]-*{SHARD_SUFFIX}")):
        digests = members.get(int(path.name[:2]), [])
        if digests and whole(path):
            import faiss

            index: Any = faiss.read_index(str(path))
            if index.ntotal == len(digests):
                out.update(zip(digests, index.reconstruct_n(0, index.ntotal), strict=True))
    return out
