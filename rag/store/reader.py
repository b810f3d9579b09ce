"""Reads one generation of files (`rag.types.stores.Reader`)."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.language import absence
from rag.language.wording import Runs
from rag.language.words import forms
from rag.store import layout, manifest, parts, vectors
from rag.store.articles import Articles
from rag.store.hashed import sha256
from rag.store.searches import Searches
from rag.store.vectors import VectorReader
from rag.types import ArticleInfo, Chunk, Passage, SeedEntry, Vectors
from rag.types.contents import Contents
from rag.types.errors import IndexUnusable
from rag.types.filters import ALL, Filters
from rag.types.quotes import Sharing
from rag.types.stores import PAGE, HeldArticle, PassageId, Ranking, Recipe, StoredArticle, at_least_one

_Rows = NDArray[np.int64]
_KEPT = 8


class FileReader:
    """A `Reader`, whose passages are known by their rows: their places in the parts, one after the other."""

    def __init__(self, folder: Path, *, checked: bool = False) -> None:
        """Opens all files; of a generation that was `checked` to the last byte, each when it is needed."""
        self.folder, self._opened = folder, _file(folder)
        self.manifest = manifest.read(folder)
        self.parts = parts.of_files(layout.pool(folder), self.manifest.parts, self.manifest.files)
        self._within: dict[Filters, _Rows] = {}  # of the latest: most questions of a day are of the same days
        self._lock, self._searches = threading.Lock(), list[Searches]()
        with self._damage():
            self._articles = Articles(self.parts)
        if not checked:
            wrong = manifest.damaged(folder, self.manifest, None)
            if wrong:
                raise IndexUnusable(f"{wrong[0]}; the index is damaged: run `rag build`")
            with self._damage():
                self._articles.open()
                self._files()
            self._searched()

    @contextmanager
    def _damage(self) -> Iterator[None]:
        """Says of what cannot be opened which file is damaged."""
        try:
            yield
        except (RuntimeError, ValueError, KeyError, SyntaxError, OSError) as error:  # FAISS raises the first
            if isinstance(error, FileNotFoundError) and not (self.folder / manifest.FILE).exists():
                raise
            wrong = manifest.damaged(self.folder, self.manifest, sha256) or [f"{self.folder}: {error}"]
            raise IndexUnusable(f"{wrong[0]}; the index is damaged: run `rag build`") from error

    def _searched(self) -> Searches:
        with self._lock, self._damage():
            if not self._searches:
                self._searches.append(Searches.of(self.parts))
            return self._searches[0]

    @property
    def _vectors(self) -> VectorReader:
        return self._searched().vectors

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
        at_least_one("k", k)
        return [self._dense(vector, k, self._rows(filters)) for filters in among]

    def _dense(self, vector: Vectors, k: int, rows: _Rows | None) -> Ranking:
        def search(depth: int) -> list[tuple[int, float]]:
            its = self._vectors
            return its.search(vector, depth) if rows is None else its.search_within(vector, depth, rows)

        found = [row for row, _ in vectors.with_ties(search, k)]
        return self._in_order(list(zip(found, self._products(vector, found), strict=True)))[:k]

    def search_lexical(self, terms: Sequence[str], k: int, among: Sequence[Filters] = (ALL,)) -> list[Ranking]:
        """As `Reader.search_lexical`."""
        at_least_one("k", k)
        found = self._searched().words.search(terms, k, [self._rows(filters) for filters in among])
        return [[(PassageId(row), score) for row, score in its] for its in found]

    def _in_order(self, found: Sequence[tuple[int, float]]) -> Ranking:
        """With equal scores in canonical order, which the rows are not in."""
        scores = Counter(score for _, score in found)
        tied = [row for row, score in found if scores[score] > 1]
        order = self._articles.places(tied)
        ranked = sorted(found, key=lambda item: (-item[1], order.get(item[0], ("", 0))))
        return [(PassageId(row), score) for row, score in ranked]

    def _rows(self, filters: Filters) -> _Rows | None:
        """The rows of the articles that pass; None where the filters are empty."""
        if not filters:
            return None
        rows = self._within.get(filters)
        if rows is None:
            if len(self._within) >= _KEPT:
                self._within.clear()
            rows = self._within[filters] = self._articles.within(filters)
        return rows

    def cosines(self, vector: Vectors, ids: Sequence[PassageId]) -> list[float]:
        """As `Reader.cosines`."""
        return self._products(vector, ids)

    def _products(self, vector: Vectors, rows: Sequence[int]) -> list[float]:
        """One by one: a product of many sums each in an order that depends on the others."""
        return [float(other @ vector) for other in self._vectors.at(rows)]

    def passages(self, ids: Sequence[PassageId]) -> list[Passage]:
        """As `Reader.passages`."""
        return self._articles.passages(ids)

    def dates(self, ids: Sequence[PassageId]) -> list[str | None]:
        """As `Reader.dates`."""
        return self._articles.dates(ids)

    def leads(self, k: int, filters: Filters = ALL) -> list[PassageId]:
        """As `Reader.leads`."""
        at_least_one("k", k)
        return [PassageId(row) for row in self._articles.leads(k, filters)]

    def occurs(self, term: str) -> bool:
        """As `Vocabulary.occurs`."""
        return self._stand(forms(term))

    def nowhere(self, term: str) -> bool:
        """As `Reader.nowhere`."""
        return not self._stand(absence.looked_for(term))

    def _stand(self, terms: Sequence[str]) -> bool:
        """Whether any of the terms stands in what a reader sees of any article."""
        return self._searched().words.stands(terms) or self._articles.beside(terms)

    def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """As `Vocabulary.writings`."""
        return self._articles.writings(words)

    def missing(self, article_ids: Sequence[str]) -> list[str]:
        """As `Reader.missing`."""
        return self._articles.missing(article_ids) if article_ids else []

    def article(self, article_id: str) -> tuple[ArticleInfo, str] | None:
        """As `Reader.article`."""
        return self._articles.article(article_id)

    def chunks(self, article_id: str) -> tuple[Chunk, ...]:
        """As `Reader.chunks`."""
        return self._articles.chunks(article_id)

    def sharing(self, wanted: Runs, k: int) -> list[Sharing]:
        """As `Reader.sharing`."""
        return self._searched().runs.sharing(wanted, k)

    def articles(self, after: str | None = None, limit: int = PAGE) -> list[HeldArticle]:
        """As `Reader.articles`."""
        at_least_one("limit", limit)
        return self._articles.articles(after, limit)

    def entries(self) -> Iterator[SeedEntry]:
        """As `Reader.entries`."""
        return self._articles.entries()

    def contents(self) -> Contents:
        """As `Reader.contents`."""
        return Contents(bytes.fromhex(self.manifest.contents))

    def files(self) -> Mapping[str, str]:
        """As `Reader.files`."""
        with self._damage():
            return self._files()

    def _files(self) -> dict[str, str]:
        (name,) = (name for name in self.manifest.files if name.startswith(f"{manifest.SEEDS}-"))
        return {str(path): str(sha256) for path, sha256 in json.loads((self.folder / name).read_bytes()).items()}

    def by_digest(self, digests: Collection[bytes]) -> dict[bytes, Vectors]:
        """The vector of each of these text hashes that is held."""
        with self._damage():
            return vectors.by_digest(self.parts, digests)

    def stored(self) -> Iterator[StoredArticle]:
        """As `Reader.stored`."""
        for info, text, chunks, rows in self._articles.stored():
            yield StoredArticle(info, text, chunks, self._vectors.at(rows))

    def is_kept(self) -> bool:
        """As `Reader.is_kept`."""
        return _file(self.folder) in (self._opened, None)

    def close(self) -> None:
        """Closes the files."""
        self._articles.close()


def _file(folder: Path) -> tuple[int, int, int] | None:
    """Which file the manifest of a generation is; None where there is none."""
    try:
        stat = (folder / manifest.FILE).stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns


def open_kept(index: Path, name: str) -> FileReader:
    """Opens a generation by its name. Raises IndexUnusable when it is not there or is damaged."""
    gone = f"the generation {name[:80]} is not there"
    if not layout.holds(index, name):
        raise IndexUnusable(gone)
    try:
        return FileReader(layout.folder(index, name))
    except FileNotFoundError as error:  # removed meanwhile
        raise IndexUnusable(gone) from error


def open_current(index: Path, *, checked: bool = False) -> FileReader:
    """Opens the current generation. Raises IndexUnusable when there is none or it is damaged."""
    name = layout.pointed(index)
    while True:
        if name is None:
            raise IndexUnusable(f"there is no index in {index.resolve()}; run `rag build`, or name one with --index")
        try:
            return FileReader(layout.folder(index, name), checked=checked)
        except (FileNotFoundError, IndexUnusable) as error:
            # A builder may have replaced and removed it since the pointer was read: then there is another.
            before, name = name, layout.pointed(index)
            if name != before:
                continue
            if isinstance(error, IndexUnusable):
                raise
            raise IndexUnusable(f"{error.filename} is missing; the index is damaged: run `rag build`") from error
