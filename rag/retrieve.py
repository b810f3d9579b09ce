"""question -> Hits: a dense and a lexical ranking, fused by reciprocal rank."""

from __future__ import annotations

import re

from rag.settings import Settings
from rag.types import Encoder, Hit, Passage, Question, Store
from rag.words import WORD

# Share of common words above which two passages with the same numbers are copies of one text. Cosine cannot tell: lists
# of the same form with other figures reach 0.99 (docs/decisions/006).
_SAME_WORDS = 0.8
_NUMBER = re.compile(r"\d[\d.,:]*")


def retrieve(question: Question, store: Store, encoder: Encoder, settings: Settings, k: int) -> list[Hit]:
    """The `k` best passages, best first.

    A passage's score is the sum of 1 / (rrf_k + rank) over the rankings it stands in (Cormack, Clarke and Büttcher,
    SIGIR 2009). Equal scores are ordered by cosine, then in canonical order. Copies of a better passage are left out.
    "What is this article about?" asked of an index with one article is given that article's first passage.
    """
    vector = encoder.encode([question.text], query=True)[0]
    if question.kind == "about" and store.article_count == 1:
        rows = store.leads()
        leads = zip(store.passages(rows), store.cosines(vector, rows), strict=True)
        return [Hit(passage, 1.0, cosine, 1, None, None) for passage, cosine in leads]
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
    rows = sorted(rows, key=lambda row: (-scores[row], -cosines[row], row))
    found = dict(zip(rows[: 3 * k], store.passages(rows[: 3 * k]), strict=True))
    return [
        Hit(found[row], scores[row], cosines[row], dense_rank.get(row), lexical.get(row), lexical_rank.get(row))
        for row in _distinct(found, k)
    ]


def _distinct(found: dict[int, Passage], k: int) -> list[int]:
    """The first `k` rows, without copies of a better one (agency copy in many papers)."""
    kept: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
    for row, passage in found.items():
        words = frozenset(WORD.findall(passage.text.casefold()))
        numbers = frozenset(_NUMBER.findall(passage.text))
        copied = any(
            numbers == others and len(words & other) >= _SAME_WORDS * len(words | other)
            for other, others in kept.values()
        )
        if not copied:
            kept[row] = words, numbers
        if len(kept) == k:
            break
    return list(kept)
