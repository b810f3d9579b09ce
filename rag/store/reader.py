"""Reads one generation of files (`rag.types.stores.Reader`)."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from tokenize import TokenError

from rag.language import absence
from rag.language.words import forms
from rag.store import layout, manifest, passages, vectors
from rag.store.hashed import sha256
from rag.store.passage_reader import PassageReader
from rag.store.word_search import WordReader
from rag.types import ArticleInfo, Passage, SeedEntry, Vectors
from rag.types.contents import Contents
from rag.types.errors import IndexUnusable
from rag.types.filters import ALL, Filters
from rag.types.stores import PAGE, HeldArticle, PassageId, Ranking, Recipe, StoredArticle

_KEPT = 8
_ROUNDING = 1e-6  # of a cosine, summed in another order


class FileReader:
    """A `Reader`, whose passages are known by their rows: their places in the shards, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._opened = folder, _file(folder)
        self.manifest = manifest.read(folder)
        wrong = manifest.damaged(folder, self.manifest, None)
        if wrong:
            raise IndexUnusable(f"{wrong[0]}; the index is damaged: run `rag build`")
        self._within: dict[Filters, array[int]] = {}  # of the latest: most questions of a day are of the same days
        try:
            self.vectors = vectors.VectorReader(folder, list(self.manifest.files))
            self.words = WordReader(folder, self.manifest.files)
            self._passages = PassageReader(folder / passages.FILE)
        except (
            RuntimeError,
            ValueError,
            SyntaxError,
            TokenError,
            sqlite3.Error,
        ) as error:  # numpy raises the middle two
            wrong = manifest.damaged(folder, self.manifest, sha256) or [f"{folder}: {error}"]
            raise IndexUnusable(f"{wrong[0]}; the index is damaged: run `rag build`") from error

    @property
    def generation(self) -> str:
        """The generation's name."""
        return self.folder.name

    @property
    def recipe(self) -> Recipe:
        """What it was made with."""
        return self.manifest.recipe

    @property
    def article_count(self) -> int:
        """Number of articles."""
        return self.manifest.articles

    @property
    def passage_count(self) -> int:
        """Number of passages."""
        return self.manifest.chunks

    def search_dense(self, vector: Vectors, k: int, among: Sequence[Filters] = (ALL,)) -> list[Ranking]:
        """As `Reader.search_dense`."""
        return [self._dense(vector, k, self._rows(filters)) for filters in among]

    def _dense(self, vector: Vectors, k: int, rows: Sequence[int] | None) -> Ranking:
        def search(depth: int) -> list[tuple[int, float]]:
            its = self.vectors
            return its.search(vector, depth) if rows is None else its.search_within(vector, depth, rows)

        found = [row for row, _ in _with_ties(search, k)]
        return self._in_order(list(zip(found, self._products(vector, found), strict=True)))[:k]

    def search_lexical(self, terms: Sequence[str], k: int, among: Sequence[Filters] = (ALL,)) -> list[Ranking]:
        """As `Reader.search_lexical`."""
        found = self.words.search(terms, k, [self._rows(filters) for filters in among])
        return [[(PassageId(row), score) for row, score in its] for its in found]

    def _in_order(self, found: Sequence[tuple[int, float]]) -> Ranking:
        """With equal scores in canonical order, which the rows are not in."""
        scores = Counter(score for _, score in found)
        tied = [row for row, score in found if scores[score] > 1]
        order = dict(zip(tied, self._passages.places(self.vectors.keys(tied)), strict=True))
        ranked = sorted(found, key=lambda item: (-item[1], order.get(item[0], ("", 0))))
        return [(PassageId(row), score) for row, score in ranked]

    def _rows(self, filters: Filters) -> Sequence[int] | None:
        """The rows of the articles that pass; None where the filters are empty."""
        if not filters:
            return None
        rows = self._within.get(filters)
        if rows is None:
            if len(self._within) >= _KEPT:
                self._within.clear()
            rows = self._within[filters] = array("q", self.vectors.rows_of(self._passages.within(filters)))
        return rows

    def cosines(self, vector: Vectors, ids: Sequence[PassageId]) -> list[float]:
        """As `Reader.cosines`."""
        return self._products(vector, ids)

    def _products(self, vector: Vectors, rows: Sequence[int]) -> list[float]:
        """One by one: a product of many sums each in an order that depends on the others."""
        return [float(other @ vector) for other in self.vectors.at(rows)]

    def passages(self, ids: Sequence[PassageId]) -> list[Passage]:
        """As `Reader.passages`."""
        return self._passages.passages(self.vectors.keys(ids))

    def leads(self, k: int, filters: Filters = ALL) -> list[PassageId]:
        """As `Reader.leads`."""
        return [PassageId(row) for row in self.vectors.rows_of(self._passages.leads(k, filters))]

    def occurs(self, term: str) -> bool:
        """As `Vocabulary.occurs`."""
        return self._stand(forms(term))

    def nowhere(self, term: str) -> bool:
        """As `Reader.nowhere`."""
        return not self._stand(absence.looked_for(term))

    def _stand(self, terms: Sequence[str]) -> bool:
        """Whether any of the terms stands in what a reader sees of any article."""
        return self.words.stands(terms) or self._passages.beside(terms)

    def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """As `Vocabulary.writings`."""
        return self._passages.writings(words)

    def missing(self, article_ids: Sequence[str]) -> list[str]:
        """As `Reader.missing`."""
        return self._passages.missing(article_ids) if article_ids else []

    def article(self, article_id: str) -> tuple[ArticleInfo, str] | None:
        """As `Reader.article`."""
        return self._passages.article(article_id)

    def articles(self, after: str | None = None, limit: int = PAGE) -> list[HeldArticle]:
        """As `Reader.articles`."""
        return self._passages.articles(after, limit)

    def entries(self) -> Iterator[SeedEntry]:
        """As `Reader.entries`."""
        return self._passages.entries()

    def contents(self) -> Contents:
        """As `Reader.contents`."""
        return Contents.of(self.entries())

    def files(self) -> Mapping[str, str]:
        """As `Reader.files`."""
        return self._passages.files()

    def stored(self) -> Iterator[StoredArticle]:
        """As `Reader.stored`."""
        for info, text, keys, chunks in self._passages.stored():
            yield StoredArticle(info, text, chunks, self.vectors.at(self.vectors.rows_of(keys)))

    def is_kept(self) -> bool:
        """As `Reader.is_kept`."""
        return _file(self.folder) in (self._opened, None)

    def close(self) -> None:
        """Closes the files."""
        self._passages.close()


def _file(folder: Path) -> tuple[int, int, int] | None:
    """Which file the manifest of a generation is; None where there is none."""
    try:
        stat = (folder / manifest.FILE).stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns


def _with_ties(search: Callable[[int], list[tuple[int, float]]], k: int) -> list[tuple[int, float]]:
    """The `k` best of a search and all that may share the last one's score: it is asked for more until one is worse."""
    depth = 2 * k
    while True:
        found = search(depth)
        if len(found) < depth or found[-1][1] < found[k - 1][1] - _ROUNDING:
            return found
        depth *= 4


def open_kept(index: Path, name: str) -> FileReader:
    """Opens a generation by its name. Raises IndexUnusable when it is not there or is damaged."""
    gone = f"the generation {name[:80]} is not there"
    if not layout.holds(index, name):
        raise IndexUnusable(gone)
    try:
        return FileReader(layout.folder(index, name))
    except FileNotFoundError as error:  # removed meanwhile
        raise IndexUnusable(gone) from error


def open_current(index: Path) -> FileReader:
    """Opens the current generation. Raises IndexUnusable when there is none or it is damaged."""
    name = layout.pointed(index)
    while True:
        if name is None:
            raise IndexUnusable(f"there is no index in {index.resolve()}; run `rag build`, or name one with --index")
        try:
            return FileReader(layout.folder(index, name))
        except (FileNotFoundError, IndexUnusable) as error:
            # A builder may have replaced and removed it since the pointer was read: then there is another.
            before, name = name, layout.pointed(index)
            if name != before:
                continue
            if isinstance(error, IndexUnusable):
                raise
            raise IndexUnusable(f"{error.filename} is missing; the index is damaged: run `rag build`") from error
