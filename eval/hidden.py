"""A store as a search finds it when some of its passages are not there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar, cast

from rag.types import Store, Vectors

Ranked = list[tuple[int, float]]
Item = TypeVar("Item")


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

    def search_dense(self, vector: Vectors, k: int, within: Sequence[int] | None = None) -> Ranked:
        return self._others(lambda depth: self._store.search_dense(vector, depth, within), k)

    def search_lexical(self, terms: Sequence[str], k: int, within: Sequence[int] | None = None) -> Ranked:
        return self._others(lambda depth: self._store.search_lexical(terms, depth, within), k)

    def search_lexical_twice(
        self, terms: Sequence[str], k: int, within: Sequence[int] | None, among: Sequence[int]
    ) -> tuple[Ranked, Ranked]:
        return self.search_lexical(terms, k, within), self.search_lexical(terms, k, among)

    def _others(self, search: Callable[[int], Ranked], k: int) -> Ranked:
        return kept(search, lambda found: found[0] not in self._rows, k, k)


def kept(search: Callable[[int], list[Item]], keep: Callable[[Item], bool], k: int, depth: int) -> list[Item]:
    """The `k` best of what is kept of a search, which is asked for more than `depth` until so many are left."""
    while True:
        found = search(depth)
        some = [item for item in found if keep(item)]
        if len(some) >= k or len(found) < depth:
            return some[:k]
        depth *= 4
