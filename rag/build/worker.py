"""What a worker of Ray does (`rag.build.cluster`): it reads, splits and embeds what it is sent."""

from __future__ import annotations

import functools
import hashlib
import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import rag
from rag import embed, language, load
from rag import split as splitting
from rag.build.workers import Finding, chunks, finding, processor
from rag.types import Article, Chunk, Encoder, Vectors
from rag.types.stores import Recipe

# Their versions decide what is read, where it is split and the last bits of a vector.
_LIBRARIES = ("torch", "transformers", "tokenizers", "sentence-transformers")


class Worker:
    """One worker, in a process of its own, on one thread."""

    def __init__(self, recipe: Recipe, environment: Mapping[str, str]) -> None:
        os.environ.update(environment)  # before torch is loaded
        language.use(recipe.language)
        self._recipe = recipe

    def ready(self) -> tuple[dict[str, str], str, str]:
        """What decides the results here, the machine's name and its kind of processor."""
        return equipment(embed.resolve(self._recipe.encoder)), platform.node(), processor()

    def read(self, records: Sequence[load.Record]) -> list[Finding]:
        """As `Workers`."""
        return [finding(record) for record in records]

    def split(self, articles: Sequence[Article]) -> list[list[Chunk]]:
        """As `Workers`."""
        return [chunks(article, self._recipe) for article in articles]

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As `Workers`."""
        return self._encoder.encode(texts)

    @functools.cached_property
    def _encoder(self) -> Encoder:
        import torch

        torch.set_num_threads(1)
        return embed.loaded(embed.resolve(self._recipe.encoder))


def equipment(source: embed.EncoderSource) -> dict[str, str]:
    """What must be the same on every machine, by what a person calls it."""
    return {
        "article-rag": f"{version('article-rag')}, its files {_code()}",
        "the encoder's SHA-256": source.sha256,
        "the splitter": splitting.version(),
        "the loaders": " ".join(load.loader_version(f"a{suffix}") for suffix in load.SUFFIXES),
        **{name: version(name) for name in _LIBRARIES},
    }


@functools.cache
def _code() -> str:
    """A hash of the program's own modules."""
    folder, digest = Path(rag.__file__).parent, hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        digest.update(f"{file.relative_to(folder).as_posix()}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]
