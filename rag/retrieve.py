"""question -> Hits: a dense and a lexical ranking, fused by reciprocal rank."""

from __future__ import annotations

from rag.settings import Settings
from rag.types import Encoder, Hit, Passage, Question, Store, Vectors


def retrieve(question: Question, store: Store, encoder: Encoder, settings: Settings, k: int) -> list[Hit]:
    """The `k` best passages, best first.

    A passage's score is the sum of 1 / (rrf_k + rank) over the rankings it stands in (Cormack, Clarke and Büttcher,
    SIGIR 2009). Equal scores are ordered by cosine, then by article and position. "What is this article about?" asked
    of an index with one article is given that article's first passage.
    """
    vector = encoder.encode([question.text], query=True)[0]
    if question.kind == "about" and store.article_count == 1:
        return [Hit(p, 1.0, cosine, 1, None, None) for p, cosine in _with_cosines(store, vector, store.leads())]
    depth = max(settings.candidates, k)
    dense = store.search_dense(vector, depth)
    lexical = store.search_lexical(question.terms, depth)
    dense_rank = {key: rank for rank, (key, _) in enumerate(dense, start=1)}
    lexical_rank = {key: rank for rank, (key, _) in enumerate(lexical, start=1)}
    bm25 = dict(lexical)
    keys = list(dense_rank | lexical_rank)
    hits = [
        Hit(
            passage=passage,
            score=sum(1 / (settings.rrf_k + ranks[key]) for ranks in (dense_rank, lexical_rank) if key in ranks),
            cosine=cosine,
            dense_rank=dense_rank.get(key),
            lexical=bm25.get(key),
            lexical_rank=lexical_rank.get(key),
        )
        for key, (passage, cosine) in zip(keys, _with_cosines(store, vector, keys), strict=True)
    ]
    hits.sort(key=_order)
    return hits[:k]


def _with_cosines(store: Store, vector: Vectors, keys: list[int]) -> list[tuple[Passage, float]]:
    return list(zip(store.passages(keys), store.cosines(vector, keys), strict=True))


def _order(hit: Hit) -> tuple[float, float, str, int]:
    return -hit.score, -hit.cosine, hit.passage.info.article_id, hit.passage.chunk.ordinal
