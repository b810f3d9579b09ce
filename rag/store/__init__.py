"""The index on disk: whole generations, each with its passages, lexical index, vectors and manifest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from rag.errors import IndexUnusable
from rag.store import layout, manifest, passages, vectors
from rag.types import ArticleInfo, Passage, Vectors


class Generation:
    """One whole generation, opened for reading (`rag.types.Store`). It stays readable after it was replaced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = manifest.read(folder)
        wrong = manifest.damaged(folder, self.manifest, thorough=False)
        if wrong:
            raise IndexUnusable(f"{wrong[0]}; the index is damaged: run `rag build`")
        try:
            self._vectors = vectors.VectorReader(folder / vectors.FILE)
        except RuntimeError as error:
            raise IndexUnusable(f"{folder / vectors.FILE} cannot be read; run `rag build`") from error
        self._passages = passages.PassageReader(folder / passages.FILE)

    @property
    def generation(self) -> str:
        """The generation's name."""
        return self.folder.name

    @property
    def article_count(self) -> int:
        """Number of articles."""
        return len(self.manifest.seeds)

    def search_dense(self, vector: Vectors, k: int) -> list[tuple[int, float]]:
        """As `Store.search_dense`."""
        return self._vectors.search(vector, k)

    def search_lexical(self, terms: Sequence[str], k: int) -> list[tuple[int, float]]:
        """As `Store.search_lexical`."""
        return self._passages.search(terms, k)

    def cosines(self, vector: Vectors, keys: Sequence[int]) -> list[float]:
        """As `Store.cosines`."""
        return [float(row @ vector) for row in self._vectors.vectors(keys)]

    def passages(self, keys: Sequence[int]) -> list[Passage]:
        """As `Store.passages`."""
        return self._passages.passages(keys)

    def leads(self) -> list[int]:
        """As `Store.leads`."""
        return self._passages.leads()

    def unmatched(self, terms: Iterable[str]) -> list[str]:
        """As `Store.unmatched`."""
        return [term for term in terms if not self._passages.occurs(term)]

    def article(self, article_id: str) -> tuple[ArticleInfo, str] | None:
        """An article's metadata and whole text; None when this generation does not hold it."""
        return self._passages.article(article_id)

    def vectors_by_text(self, digests: Sequence[bytes]) -> dict[bytes, Vectors]:
        """The stored vector of each of these text hashes that this generation holds."""
        keys = self._passages.keys_by_text(digests)
        return dict(zip(keys, self._vectors.vectors(list(keys.values())), strict=True))

    def vectors(self, keys: Sequence[int]) -> Vectors:
        """The vectors of these chunk keys."""
        return self._vectors.vectors(keys)

    def close(self) -> None:
        """Closes the files."""
        self._passages.close()


def open_current(index: Path) -> Generation:
    """Opens the current generation. Raises IndexUnusable when there is none or it is damaged."""
    for _ in range(5):
        name = layout.pointed(index)
        if name is None:
            raise IndexUnusable(f"there is no index in {index}; run `rag build`")
        try:
            return Generation(layout.folder(index, name))
        except FileNotFoundError as error:
            # A builder may have replaced and removed it since the pointer was read: look again.
            missing = error
    raise IndexUnusable(f"{missing.filename} is missing; the index is damaged: run `rag build`")
