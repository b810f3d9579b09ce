"""question -> Hits: a dense and a lexical ranking, fused by reciprocal rank."""

from __future__ import annotations

from rag.settings import Settings
from rag.types import Encoder, Hit, Question, Store


def retrieve(question: Question, store: Store, encoder: Encoder, settings: Settings, k: int) -> list[Hit]:
    """The `k` best passages, best first.

    A passage's score is the sum of 1 / (rrf_k + rank) over the rankings it stands in (Cormack, Clarke and Büttcher,
    SIGIR 2009). Equal scores are ordered by cosine, then by canonical order. "What is this article about?" asked
    of an index with one article is given that article's first passage.
    """
    vector = encoder.encode([question.text], query=True)[0]
    if question.kind == "about" and store.article_count == 1:
        rows = store.leads()
        found = zip(store.passages(rows), store.cosines(vector, rows), strict=True)
        return [Hit(passage, 1.0, cosine, 1, None, None) for passage, cosine in found]
    depth = max(settings.candidates, k)
    dense, lexical = store.search_dense(vector, depth), dict(store.search_lexical(question.terms, depth))
    dense_rank = {row: rank for rank, (row, _) in enumerate(dense, start=1)}
    lexical_rank = {row: rank for rank, row in enumerate(lexical, start=1)}
    rows = list(dense_rank | lexical_rank)
    cosines = dict(zip(rows, store.cosines(vector, rows), strict=True))
    scores = {
        row: sum(1 / (settings.rrf_k + ranks[row]) for ranks in (dense_rank, lexical_rank) if row in ranks)
        for row in rows
    }
    rows = sorted(rows, key=lambda row: (-scores[row], -cosines[row], row))[:k]
    return [
        Hit(passage, scores[row], cosines[row], dense_rank.get(row), lexical.get(row), lexical_rank.get(row))
        for row, passage in zip(rows, store.passages(rows), strict=True)
    ]
