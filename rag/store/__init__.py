"""The index on disk: whole generations, each with its passages, lexical index, vectors and manifest."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from rag.store import layout, manifest, passages, vectors
from rag.store.passage_reader import PassageReader
from rag.types import ArticleInfo, Passage, Vectors
from rag.types.errors import IndexUnusable
from rag.types.filters import Filters

_KEPT = 8


class Generation:
    """One whole generation, opened for reading (`rag.types.Store`). It stays readable after it was replaced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = manifest.read(folder)
        wrong = manifest.damaged(folder, self.manifest, thorough=False)
        if wrong:
            raise IndexUnusable(f"{wrong[0]}; the index is damaged: run `rag build`")
        self._within: dict[Filters, list[int]] = {}  # of the latest: most questions of a day are of the same days
        try:
            self.vectors = vectors.VectorReader(folder, list(self.manifest.files))
            self._passages = PassageReader(folder / passages.FILE)
        except (RuntimeError, ValueError, sqlite3.Error) as error:
            wrong = manifest.damaged(folder, self.manifest, thorough=True) or [f"{folder}: {error}"]
            raise IndexUnusable(f"{wrong[0]}; the index is damaged: run `rag build`") from error

    @property
    def generation(self) -> str:
        """The generation's name."""
        return self.folder.name

    @property
    def article_count(self) -> int:
        """Number of articles."""
        return len(self.manifest.seeds)

    def within(self, filters: Filters) -> list[int] | None:
        """As `Store.within`."""
        if not filters:
            return None
        rows = self._within.get(filters)
        if rows is None:
            if len(self._within) >= _KEPT:
                self._within.clear()
            rows = self._within[filters] = self.vectors.rows_of(self._passages.within(filters))
        return rows

    def missing(self, article_ids: Sequence[str]) -> list[str]:
        """Those of some article ids that the generation does not hold."""
        return self._passages.missing(article_ids) if article_ids else []

    def search_dense(self, vector: Vectors, k: int, within: Sequence[int] | None = None) -> list[tuple[int, float]]:
        """As `Store.search_dense`."""
        return self.vectors.search(vector, k) if within is None else self.vectors.search_within(vector, k, within)

    def search_lexical(
        self, terms: Sequence[str], k: int, within: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """As `Store.search_lexical`."""
        return self.search_lexical_twice(terms, k, within, ())[0]

    def search_lexical_twice(
        self, terms: Sequence[str], k: int, within: Sequence[int] | None, among: Sequence[int]
    ) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
        """As `Store.search_lexical_twice`."""
        keys = None if within is None else self.vectors.keys(within)
        found = self._passages.search_twice(terms, k, keys, self.vectors.keys(among))
        all_found, some = (
            list(zip(self.vectors.rows_of([key for key, _ in its]), [score for _, score in its], strict=True))
            for its in found
        )
        return all_found, some

    def cosines(self, vector: Vectors, rows: Sequence[int]) -> list[float]:
        """As `Store.cosines`."""
        return [float(other @ vector) for other in self.vectors.at(rows)]

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """As `Store.passages`. Raises IndexUnusable when a stored text is not the one that was indexed."""
        return self._passages.passages(self.vectors.keys(rows))

    def leads(self) -> list[int]:
        """As `Store.leads`."""
        return self.vectors.rows_of(self._passages.leads())

    def occurs(self, term: str) -> bool:
        """As `Vocabulary.occurs`."""
        return self._passages.occurs(term)

    def nowhere(self, term: str) -> bool:
        """As `Store.nowhere`."""
        return self._passages.nowhere(term)

    def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """As `Vocabulary.writings`."""
        return self._passages.writings(words)

    def articles(self) -> list[tuple[ArticleInfo, int, int]]:
        """All articles in the order of their ids, each with its length in code points and its number of passages."""
        return self._passages.articles()

    def article(self, article_id: str) -> tuple[ArticleInfo, str] | None:
        """An article's metadata and whole text; None when this generation does not hold it."""
        return self._passages.article(article_id)

    def close(self) -> None:
        """Closes the files."""
        self._passages.close()


def open_kept(index: Path, name: str) -> Generation:
    """Opens a generation by its name. Raises IndexUnusable when it is not there or is damaged."""
    gone = f"the generation {name[:80]} is not there"
    if not layout.holds(index, name):
        raise IndexUnusable(gone)
    try:
        return Generation(layout.folder(index, name))
    except FileNotFoundError as error:  # removed meanwhile
        raise IndexUnusable(gone) from error


def open_current(index: Path) -> Generation:
    """Opens the current generation. Raises IndexUnusable when there is none or it is damaged."""
    name = layout.pointed(index)
    while True:
        if name is None:
            raise IndexUnusable(f"there is no index in {index.resolve()}; run `rag build`, or name one with --index")
        try:
            return Generation(layout.folder(index, name))
        except (FileNotFoundError, IndexUnusable) as error:
            # A builder may have replaced and removed it since the pointer was read: then there is another.
            before, name = name, layout.pointed(index)
            if name != before:
                continue
            if isinstance(error, IndexUnusable):
                raise
            raise IndexUnusable(f"{error.filename} is missing; the index is damaged: run `rag build`") from error
