"""question -> Hits: a dense and a lexical ranking, fused by reciprocal rank."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rag.language import pattern
from rag.language.words import WORD, forms
from rag.types import OF_ARTICLE, Encoder, Hit, Passage, Query
from rag.types.filters import ALL, Filters
from rag.types.settings import Settings
from rag.types.stores import PassageId, Ranking, Reader
from rag.types.times import AFTER, NEARLY, moved

TIMELY = 1.0  # weight of the rankings among articles of the days that are sought first


def retrieve(
    question: Query, store: Reader, encoder: Encoder, settings: Settings, k: int, filters: Filters = ALL
) -> list[Hit]:
    """The `k` best passages of the articles that pass, best first.

    A passage's score is the sum of 1 / (rrf_k + rank) over the rankings it stands in (Cormack, Clarke and Büttcher,
    SIGIR 2009). Equal scores are ordered by cosine, then by the ranks. Copies of a better passage are left out.
    What is asked of one article itself ("What is this article about?") is given that article's first passage.
    """
    if question.kind in OF_ARTICLE:
        vector = encoder.encode([question.read], query=True)[0]
        ids = store.leads(k, filters)
        leads = zip(store.passages(ids), store.cosines(vector, ids), strict=True)
        return [Hit(passage, 1.0, cosine, 1, None, None) for passage, cosine in leads]
    depth, timely = max(settings.candidates, k), _timely(question, filters)
    among = (filters, timely) if timely else (filters,)
    # In a large corpus words take longer than the rest together; on another core that costs nothing.
    with ThreadPoolExecutor(1, thread_name_prefix="lexical") as beside:
        found = beside.submit(store.search_lexical, searched(question.terms), depth, among)
        vector = encoder.encode([question.read], query=True)[0]
        dense = store.search_dense(vector, depth, among)
        lexical = found.result()
    weights = (1.0, 1.0, *(TIMELY for _ in dense[1:]), *(TIMELY for _ in lexical[1:]))
    rankings = [_ranks(its) for its in (dense[0], lexical[0], *dense[1:], *lexical[1:])]
    ids = list(dict.fromkeys(id for ranks in rankings for id in ranks))
    words = {id: score for its in reversed(lexical) for id, score in its}
    cosines = dict(zip(ids, store.cosines(vector, ids), strict=True))
    places = {id: [ranks.get(id, math.inf) for ranks in rankings] for id in ids}
    scores = {
        id: sum(weight / (settings.rrf_k + rank) for weight, rank in zip(weights, ranks, strict=True))
        for id, ranks in places.items()
    }
    ids.sort(key=lambda id: (-scores[id], -cosines[id], places[id]))
    return [
        Hit(passage, scores[id], cosines[id], rankings[0].get(id), words.get(id), rankings[1].get(id))
        for id, passage in _distinct(ids, store, k)
    ]


def _ranks(ranking: Ranking) -> dict[PassageId, int]:
    return {id: rank for rank, (id, _) in enumerate(ranking, start=1)}


def _timely(question: Query, filters: Filters) -> Filters | None:
    """Those of the days that are sought first; None where a question has no such days."""
    if question.time:
        days = question.time.told(question.day)
        first, last = days.since, days.until
    elif question.day:
        first, last = moved(question.day, -NEARLY), moved(question.day, AFTER)
    else:
        return None
    since = max(filter(None, (first, filters.since)), default=None)
    until = min(filter(None, (last, filters.until)), default=None)
    if since and until and since > until:
        return None
    return filters.model_copy(update={"since": since, "until": until})


def searched(terms: Sequence[str]) -> list[str]:
    """What word search is asked: the terms with their irregular forms, abbreviations with points, too (US, U.S.)."""
    words = dict.fromkeys(form for term in terms for form in forms(term))
    return [*words, *(".".join(term) for term in terms if pattern("initials").fullmatch(term))]


def _distinct(ids: list[PassageId], store: Reader, k: int) -> list[tuple[PassageId, Passage]]:
    """The first `k` with their passages, without those that say nothing a better one does not (agency copy)."""
    kept: list[tuple[PassageId, Passage, frozenset[str]]] = []
    for begin in range(0, len(ids), 2 * k):
        batch = ids[begin : begin + 2 * k]
        for id, passage in zip(batch, store.passages(batch), strict=True):
            words = frozenset(WORD.findall(passage.text.casefold()))
            if not any(words <= others for *_, others in kept):
                kept.append((id, passage, words))
            if len(kept) == k:
                return [(id, passage) for id, passage, _ in kept]
    return [(id, passage) for id, passage, _ in kept]
