"""What can still be used of generations that are damaged, or of an earlier format: each vector that is whole."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rag.store import layout, manifest
from rag.store.parts import PASSAGES, ROWS, VECTORS
from rag.store.passage_reader import PassageReader
from rag.store.rows import Rows, sums_of
from rag.store.vectors import held, whole
from rag.types import Vectors
from rag.types.errors import IndexUnusable
from rag.types.stores import Recipe

Salvaged = dict[bytes, Vectors]  # by the hash of the text


def salvaged(index: Path, recipe: Recipe) -> Salvaged:
    """Vectors that are whole in any generation, damaged or not, made with the same encoder."""
    out: Salvaged = {}
    for vectors in sorted((index / layout.PARTS).glob(f"*{VECTORS}")):
        with contextlib.suppress(OSError, ValueError, IndexUnusable):
            out.update(_of_part(index, vectors, recipe.encoder_sha256))
    folders = index / layout.GENERATIONS
    for folder in sorted(folders.iterdir()) if folders.is_dir() else []:
        with contextlib.suppress(OSError, ValueError):
            out.update(_of_shards(folder, recipe.encoder_sha256))
    return out


def _of_part(index: Path, path: Path, encoder_sha256: str) -> Iterator[tuple[bytes, Vectors]]:
    """Those of a part: each that has its hash where its table of rows is whole; else all of a file that is whole."""
    label = path.name.partition("-")[0]
    tables = [Rows(table) for table in path.parent.glob(f"{label}-*{ROWS}") if whole(table)]
    if tables:
        table = tables[0]
        if table.is_of(encoder_sha256) and len(table.digests):
            vectors = held(path, len(table.digests))
            for row in np.flatnonzero(sums_of(vectors) == table.sums).tolist():
                yield table.digests[row].tobytes(), vectors[row]
    elif whole(path):
        for passages in path.parent.glob(f"{label}-*{PASSAGES}"):
            if whole(passages) and _is_of(index, path.name, encoder_sha256):
                digests = _digests(passages)
                yield from zip(digests, held(path, len(digests)), strict=True)


def _is_of(index: Path, name: str, encoder_sha256: str) -> bool:
    """Whether a generation that has this file, and whose manifest is whole, was made with this encoder."""
    for folder in layout.generations(index):
        with contextlib.suppress(OSError, IndexUnusable):
            held = manifest.read(folder)
            if name in held.files and held.recipe.encoder_sha256 == encoder_sha256:
                return True
    return False


def _digests(path: Path) -> list[bytes]:
    reader = PassageReader(path)
    try:
        return reader.digests()
    finally:
        reader.close()


def _of_shards(folder: Path, encoder_sha256: str) -> Iterator[tuple[bytes, Vectors]]:
    """Those of a generation up to format 8: shards by number, and one table of rows, named by the encoder."""
    for path in folder.glob(f"{encoder_sha256[:16]}-*{ROWS}"):
        if whole(path):
            table = np.load(path)
            for shard in folder.glob(f"[0-9][0-9]-*{VECTORS}"):
                digests = table["digest"][table["shard"] == int(shard.name[:2])]
                if len(digests) and whole(shard):
                    yield from zip(map(bytes, digests), held(shard, len(digests)), strict=True)
