"""Where the work of a build is done: here, or by Ray's workers (`rag.build.cluster`).

Each step takes what it is given lazily and gives it back with what came of it, in the same order, so that a build holds
no more than what is on its way.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

from rag import embed, load
from rag import split as splitting
from rag.split.boilerplate import is_boilerplate
from rag.types import Article, Chunk, Encoder, Vectors
from rag.types.stores import Recipe

_WIDEST = ("avx2", "avx512f", "amx_tile")  # instructions by which libraries choose their sums
Slice = Mapping[bytes, str]  # some texts by their SHA-256
Finding = tuple[load.ReadRecord, int]  # what came of a record, and how many of its paragraphs are boilerplate


class Workers(Protocol):
    """The three steps that take time."""

    def read(self, records: Iterable[load.Record]) -> Iterator[tuple[load.Record, Finding]]: ...

    def split(self, articles: Iterable[Article]) -> Iterator[tuple[Article, list[Chunk]]]: ...

    def embed(self, slices: Iterable[Slice]) -> Iterator[tuple[Slice, Vectors]]:
        """A vector a text, in the order of the slice."""
        ...

    def processors(self) -> set[str]:
        """The kinds of processor that have worked so far."""
        ...

    def close(self) -> None:
        """Ends what it has started."""
        ...


class LocalWorkers:
    """In this process, one after another. The encoder is loaded when something must be embedded."""

    def __init__(self, recipe: Recipe, source: embed.EncoderSource, encoder: Encoder | None) -> None:
        self._recipe, self._source, self._encoder = recipe, source, encoder

    def read(self, records: Iterable[load.Record]) -> Iterator[tuple[load.Record, Finding]]:
        """As `Workers`."""
        for record in records:
            yield record, finding(record)

    def split(self, articles: Iterable[Article]) -> Iterator[tuple[Article, list[Chunk]]]:
        """As `Workers`."""
        for article in articles:
            yield article, chunks(article, self._recipe)

    def embed(self, slices: Iterable[Slice]) -> Iterator[tuple[Slice, Vectors]]:
        """As `Workers`."""
        for one in slices:
            self._encoder = embed.loaded(self._source, self._encoder)
            yield one, self._encoder.encode(list(one.values()))

    def processors(self) -> set[str]:
        """As `Workers`."""
        return {processor()}

    def close(self) -> None:
        """Nothing was started."""


def finding(record: load.Record) -> Finding:
    """Reads one record."""
    found = load.read(record)
    article = found.article
    left_out = sum(is_boilerplate(article.text[p.start : p.end]) for p in article.paragraphs) if article else 0
    return found, left_out


def chunks(article: Article, recipe: Recipe) -> list[Chunk]:
    """The chunks of an article, as long as the recipe has them."""
    return splitting.split(article, min_chars=recipe.chunk_min_chars, max_chars=recipe.chunk_max_chars)


def processor() -> str:
    """The kind of processor of this machine: on another one the last bits of a vector may differ."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
    except OSError:
        text = ""
    said = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.splitlines())}
    if "model name" not in said:
        return f"{platform.system()} {platform.machine()} {platform.processor()}".strip()
    widest = [flag for flag in _WIDEST if flag in said.get("flags", "").split()]
    return f"{said['model name']}, model {said.get('cpu family')}/{said.get('model')}, {' '.join(widest)}"
