"""Search by vectors in one generation of a database."""

from __future__ import annotations

from typing import LiteralString

from rag.store.postgres.connections import Rows, received
from rag.store.postgres.passing import Ask, Passing, conditions
from rag.types import Vectors
from rag.types.filters import Filters
from rag.types.stores import PassageId, Ranking

EXACT_UP_TO = 200_000
_CLOSE = 1e-5  # more than single precision takes or gives to an inner product in another order of additions

# All passages of many articles, or those of few.
_ALL: LiteralString = "SELECT e.key, vector_send(e.vector) FROM embedding e JOIN article a ON a.key = e.article WHERE "
_FEW: LiteralString = (
    "SELECT e.key, vector_send(e.vector) FROM article a JOIN embedding e "
    "ON e.key BETWEEN a.key + 1 AND a.key + a.passages WHERE "
)
_ORDER: LiteralString = " ORDER BY e.vector <#> %s::real[]::vector LIMIT %s"


class Nearest:
    """The vectors of one generation."""

    def __init__(self, ask: Ask, passing: Passing, number: int, passages: int) -> None:
        self._ask, self._passing, self._number, self._passages = ask, passing, number, passages

    def search(self, vector: Vectors, k: int, filters: Filters) -> Ranking:
        """The `k` passages that pass with the largest inner product.

        The database finds some more than those, and they are ranked by the products of the vectors as they are stored:
        so scores are those of any other store, and equal ones are in canonical order.
        """
        size = 2 * k + 20
        while True:
            rows = self._rows(vector, size, filters)
            scores = {key: float(received(data) @ vector) for key, data in rows}
            best = sorted(scores.values(), reverse=True)[:k]
            if len(rows) < size or min(scores.values()) < best[-1] - _CLOSE:
                break
            size *= 4
        near = [key for key, score in scores.items() if score >= best[-1]] if best else []
        order = self._passing.in_order(near, len(near)) if near else []
        return [(PassageId(key), scores[key]) for key in sorted(order, key=lambda key: -scores[key])[:k]]

    def _rows(self, vector: Vectors, size: int, filters: Filters) -> Rows:
        where, values = conditions(self._number, filters)
        few = filters and self._passing.count(filters) < self._passages // 4
        query = (_FEW if few else _ALL) + where + _ORDER
        return self._ask(query, [*values, vector.tolist(), size])
