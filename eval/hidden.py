"""A store as a search finds it when some of its passages are not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar, cast

from rag.types import Passage, Vectors
from rag.types.filters import ALL, Filters
from rag.types.stores import Ranking, Reader

Item = TypeVar("Item")


def without(store: Reader, hides: Callable[[Passage], bool]) -> Reader:
    """The store less some passages, in both rankings.

    The other passages close up: what came second is first when the first is not there. To take passages out of what was
    found would leave their ranks open, which tells that something was taken away. BM25 still counts their words.
    """
    return cast("Reader", _Without(store, hides))


class _Without:
    def __init__(self, store: Reader, hides: Callable[[Passage], bool]) -> None:
        self._store, self._hides = store, hides

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def search_dense(self, vector: Vectors, k: int, among: Sequence[Filters] = (ALL,)) -> list[Ranking]:
        return [self._others(partial(self._dense, vector, its), k) for its in among]

    def search_lexical(self, terms: Sequence[str], k: int, among: Sequence[Filters] = (ALL,)) -> list[Ranking]:
        return [self._others(partial(self._lexical, terms, its), k) for its in among]

    def _dense(self, vector: Vectors, filters: Filters, depth: int) -> list[Ranking]:
        return self._store.search_dense(vector, depth, (filters,))

    def _lexical(self, terms: Sequence[str], filters: Filters, depth: int) -> list[Ranking]:
        return self._store.search_lexical(terms, depth, (filters,))

    def _others(self, search: Callable[[int], list[Ranking]], k: int) -> Ranking:
        depth = k
        while True:
            (found,) = search(depth)
            its = self._store.passages([id for id, _ in found])
            some = [one for one, passage in zip(found, its, strict=True) if not self._hides(passage)]
            if len(some) >= k or len(found) < depth:
                return some[:k]
            depth *= 4


def kept(search: Callable[[int], list[Item]], keep: Callable[[Item], bool], k: int, depth: int) -> list[Item]:
    """The `k` best of what is kept of a search, which is asked for more than `depth` until so many are left."""
    while True:
        found = search(depth)
        some = [item for item in found if keep(item)]
        if len(some) >= k or len(found) < depth:
            return some[:k]
        depth *= 4
