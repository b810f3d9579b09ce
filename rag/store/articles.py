"""Reads the passages of all parts of a generation as one (`rag.store.passage_reader`).

A passage is known by its row: its place in the parts that have passages, one after the other.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from rag.language.absence import any_of
from rag.language.words import commonest
from rag.store.parts import PASSAGES, Part
from rag.store.passage_reader import PassageReader
from rag.types import ArticleInfo, Chunk, Passage, SeedEntry
from rag.types.filters import Filters
from rag.types.stores import HeldArticle

Numbers = NDArray[np.int64]


class Articles:
    """The articles of a finished generation. May be used from several threads."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = [PassageReader(part.path(PASSAGES)) for part in parts]
        self._begins = np.cumsum([0, *(part.passages for part in parts)])

    def open(self) -> None:
        """Opens all files now. Raises IndexUnusable where that cannot be done."""
        for part in self._parts:
            part.open()

    def _holding(self, article_id: str) -> PassageReader | None:
        """The part that holds an article."""
        return next((part for part in self._parts if part.entry(article_id)), None)

    def _by_part(self, rows: Sequence[int]) -> dict[int, list[int]]:
        """The rows within each part that has any of these."""
        found: defaultdict[int, list[int]] = defaultdict(list)
        numbers = np.searchsorted(self._begins, rows, side="right") - 1
        for row, number in zip(rows, numbers.tolist(), strict=True):
            found[number].append(row - int(self._begins[number]))
        return found

    def within(self, filters: Filters) -> Numbers:
        """The rows of the articles that pass."""
        found = [np.empty(0, np.int64)]
        for part, begin in zip(self._parts, self._begins.tolist(), strict=False):
            spans = np.array(part.within(filters), dtype=np.int64).reshape(-1, 2)
            firsts, counts = spans[:, 0] + begin, spans[:, 1]
            found.append(np.repeat(firsts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum()))
        return np.concatenate(found)

    def leads(self, k: int, filters: Filters) -> list[int]:
        """As `Reader.leads`."""
        parts = zip(self._parts, self._begins.tolist(), strict=False)
        found = [(id, first + begin) for part, begin in parts for id, first in part.leads(k, filters)]
        return [row for _, row in sorted(found)[:k]]

    def places(self, rows: Sequence[int]) -> dict[int, tuple[str, int]]:
        """(article id, position) of these rows, by which they are in canonical order."""
        placed: dict[int, tuple[str, int]] = {}
        for number, its in self._by_part(rows).items():
            begin = int(self._begins[number])
            placed |= {begin + row: place for row, place in zip(its, self._parts[number].places(its), strict=True)}
        return placed

    def dates(self, rows: Sequence[int]) -> list[str | None]:
        """As `Reader.dates`."""
        days: dict[int, str | None] = {}
        for number, its in self._by_part(rows).items():
            begin = int(self._begins[number])
            days |= {begin + row: day for row, day in zip(its, self._parts[number].dates(its), strict=True)}
        return [days[row] for row in rows]

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """As `Reader.passages`."""
        found: dict[int, Passage] = {}
        for number, its in self._by_part(rows).items():
            begin = int(self._begins[number])
            found |= {begin + row: one for row, one in zip(its, self._parts[number].passages(its), strict=True)}
        return [found[row] for row in rows]

    def missing(self, article_ids: Sequence[str]) -> list[str]:
        """As `Reader.missing`."""
        return [id for id in article_ids if self._holding(id) is None]

    def beside(self, terms: Iterable[str]) -> bool:
        """Whether any of the terms stands in what a reader sees of an article beside its chunks."""
        query = any_of(terms)
        return any(part.beside(query) for part in self._parts)

    def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """As `Vocabulary.writings`."""
        asked, total = json.dumps(list(words)), Counter[tuple[str, str]]()
        for part in self._parts:
            for word, bare, count in part.writings(asked):
                total[word, bare] += count
        return commonest((word, bare, count) for (word, bare), count in total.items())

    def articles(self, after: str | None, limit: int) -> list[HeldArticle]:
        """As `Reader.articles`."""
        merged = heapq.merge(*(part.articles(after or "") for part in self._parts), key=lambda one: one[0])
        return [held for _, held in islice(merged, limit)]

    def entries(self) -> Iterator[SeedEntry]:
        """As `Reader.entries`."""
        return (one for _, one in heapq.merge(*(part.entries() for part in self._parts), key=lambda one: one[0]))

    def stored(self) -> Iterator[tuple[ArticleInfo, str, tuple[Chunk, ...], range]]:
        """Each article with its text, its chunks and their rows, in the order of article ids."""
        for _, info, text, chunks, rows in heapq.merge(
            *map(self._stored, range(len(self._parts))), key=lambda one: one[0]
        ):
            yield info, text, chunks, rows

    def _stored(self, number: int) -> Iterator[tuple[str, ArticleInfo, str, tuple[Chunk, ...], range]]:
        begin = int(self._begins[number])
        for id, info, text, chunks in self._parts[number].stored():
            yield id, info, text, chunks, range(begin, begin + len(chunks))
            begin += len(chunks)

    def article(self, article_id: str) -> tuple[ArticleInfo, str] | None:
        """As `Reader.article`."""
        part = self._holding(article_id)
        return part.article(article_id) if part else None

    def chunks(self, article_id: str) -> tuple[Chunk, ...]:
        """As `Reader.chunks`."""
        part = self._holding(article_id)
        return part.chunks(article_id) if part else ()

    def info(self, article_id: str) -> ArticleInfo:
        """An article's metadata alone, whatever its text. Raises KeyError where it is not held."""
        part = self._holding(article_id)
        if part is None:
            raise KeyError(article_id)
        return part.info(article_id)

    def close(self) -> None:
        """Closes the files."""
        for part in self._parts:
            part.close()
