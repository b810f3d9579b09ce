"""A store as a search finds it when some of its passages are not there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, cast

from rag.types import Store, Vectors

Found = list[tuple[int, float]]


def without(store: Store, rows: Collection[int]) -> Store:
    """The store less these rows, in both rankings.

    The other passages close up: what came second is first when the first is not there. To take passages out of what was
    found would leave their ranks open, which tells that something was taken away. BM25 still counts their words.
    """
    return cast("Store", _Without(store, frozenset(rows))) if rows else store


class _Without:
    def __init__(self, store: Store, rows: frozenset[int]) -> None:
        self._store, self._rows = store, rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def search_dense(self, vector: Vectors, k: int, within: Sequence[int] | None = None) -> Found:
        return self._others(lambda depth: self._store.search_dense(vector, depth, within), k)

    def search_lexical(self, terms: Sequence[str], k: int, within: Sequence[int] | None = None) -> Found:
        return self._others(lambda depth: self._store.search_lexical(terms, depth, within), k)

    def _others(self, search: Callable[[int], Found], k: int) -> Found:
        depth = k
        while True:
            found = search(depth)
            others = [(row, score) for row, score in found if row not in self._rows]
            if len(others) >= k or len(found) < depth:
                return others[:k]
            depth *= 4  # so many were hidden that too few are left
