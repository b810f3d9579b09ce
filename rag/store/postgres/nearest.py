"""Search by vectors in one generation of a database.

Up to `EXACT_UP_TO` passages every vector is looked at. Beyond, pgvector's graph (HNSW) over vectors in half precision
finds the near ones. It goes on (`iterative_scan`) until enough of them pass filters; where few passages pass, these are
looked at one by one.
"""

from __future__ import annotations

from typing import LiteralString

from rag.store.postgres.connections import Connection, Rows, fetched, received
from rag.store.postgres.passing import Ask, Passing, conditions
from rag.types import Vectors
from rag.types.filters import Filters
from rag.types.stores import PassageId, Ranking

EXACT_UP_TO = 200_000
_FEW = 20_000  # passages that pass filters: looked at in the time that the graph takes
_CLOSE = 1e-5  # more than single precision takes or gives to an inner product in another order of additions
_CLOSE_IN_GRAPH = 2e-3  # the same of half precision

# The vectors themselves are read only of those that are nearest.
_BEGIN: LiteralString = (
    "SELECT near.key, vector_send(found.vector) FROM "
    "(SELECT e.key FROM embedding e JOIN article a ON a.key = e.article WHERE "
)
_END: LiteralString = " LIMIT %s) AS near JOIN embedding found USING (key)"
_EXACT: LiteralString = " ORDER BY e.vector <#> %s::real[]::vector"
_GRAPH: LiteralString = (
    "SET LOCAL hnsw.ef_search = 800; SET LOCAL hnsw.iterative_scan = strict_order; "
    "SET LOCAL hnsw.max_scan_tuples = 200000; SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; "
    "SET LOCAL enable_mergejoin = off; SET LOCAL enable_bitmapscan = off; "
    "SET LOCAL max_parallel_workers_per_gather = 0"
)


class Nearest:
    """The vectors of one generation, of this many passages."""

    def __init__(self, ask: Ask, passing: Passing, number: int, passages: int) -> None:
        self._ask, self._passing, self._number = ask, passing, number
        self._graph = passages > EXACT_UP_TO and graph_of(ask)

    def search(self, vector: Vectors, k: int, filters: Filters) -> Ranking:
        """The `k` passages that pass with the largest inner product.

        The database finds some more than those, and they are ranked by the products of the vectors as they are stored:
        so scores are those of any other store, and equal ones are in canonical order.
        """
        graph = self._graph and not (filters and self._passing.count(filters) <= _FEW)
        size = 2 * k + 20
        while True:
            rows = self._rows(vector, size, filters, graph=graph)
            scores = {key: float(received(data) @ vector) for key, data in rows}
            best = sorted(scores.values(), reverse=True)[:k]
            if len(rows) < size or min(scores.values()) < best[-1] - (_CLOSE_IN_GRAPH if graph else _CLOSE):
                break
            size *= 4
        near = [key for key, score in scores.items() if score >= best[-1]] if best else []
        order = self._passing.in_order(near, len(near)) if near else []
        return [(PassageId(key), scores[key]) for key in sorted(order, key=lambda key: -scores[key])[:k]]

    def _rows(self, vector: Vectors, size: int, filters: Filters, *, graph: bool) -> Rows:
        where, values = conditions(self._number, filters)
        asked = [*values, vector.tolist(), size]
        if not graph:
            return self._ask(_BEGIN + where + _EXACT + _END, asked)
        return self._ask(_BEGIN + where + _by_graph(len(vector)) + _END, asked, _GRAPH)


def _by_graph(dimension: int) -> LiteralString:
    # A number of our own in words of our own: an index is of one dimension, which cannot be a parameter.
    return " AND e.dimension = {0} ORDER BY e.vector::halfvec({0}) <#> %s::real[]::vector::halfvec({0})".format(
        int(dimension)
    )


def graph_of(ask: Ask) -> bool:
    """Whether there is a graph."""
    return bool(ask("SELECT 1 FROM pg_class WHERE oid = to_regclass('rag.embedding_graph')"))


def build_graph(connection: Connection, passages: int) -> None:
    """Makes the graph where there are so many passages that it is needed; from then on it grows with them."""
    query: LiteralString = "SELECT dimension FROM embedding ORDER BY key DESC LIMIT 1"
    (dimension,) = fetched(connection, query)[0]
    held = fetched(connection, "SELECT obj_description(to_regclass('rag.embedding_graph'), 'pg_class')")[0][0]
    if passages <= EXACT_UP_TO or held == str(dimension):
        return
    connection.execute("DROP INDEX IF EXISTS embedding_graph")
    # As above: no parameter may stand in these.
    of: LiteralString = (
        "CREATE INDEX embedding_graph ON embedding USING hnsw ((vector::halfvec({0})) halfvec_ip_ops) "
        "WITH (m = 32, ef_construction = 100) WHERE dimension = {0}"
    )
    connection.execute(of.format(int(dimension)))
    connection.execute(f"COMMENT ON INDEX embedding_graph IS '{int(dimension)}'")
