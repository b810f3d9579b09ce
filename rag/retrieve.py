"""question -> Hits: a dense and a lexical ranking, fused by reciprocal rank."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from rag.language import pattern
from rag.language.words import WORD, forms
from rag.types import OF_ARTICLE, Encoder, Hit, Passage, Query, Store
from rag.types.filters import ALL, Filters
from rag.types.settings import Settings
from rag.types.times import AFTER, NEARLY, moved

TIMELY = 1.0  # weight of the rankings among articles of the days that are sought first


def retrieve(
    question: Query, store: Store, encoder: Encoder, settings: Settings, k: int, filters: Filters = ALL
) -> list[Hit]:
    """The `k` best passages of the articles that pass, best first.

    A passage's score is the sum of 1 / (rrf_k + rank) over the rankings it stands in (Cormack, Clarke and Büttcher,
    SIGIR 2009). Equal scores are ordered by cosine, then in canonical order. Copies of a better passage are left out.
    What is asked of one article itself ("What is this article about?") is given that article's first passage.
    """
    within = store.within(filters)
    if within is not None and not within:
        return []
    if question.kind in OF_ARTICLE:
        vector = encoder.encode([question.read], query=True)[0]
        held = None if within is None else set(within)
        rows = [row for row in store.leads() if held is None or row in held][:k]
        leads = zip(store.passages(rows), store.cosines(vector, rows), strict=True)
        return [Hit(passage, 1.0, cosine, 1, None, None) for passage, cosine in leads]
    depth, timely = max(settings.candidates, k), _timely(question, store, filters)
    # In a large corpus words take longer than the rest together; on another core that costs nothing.
    with ThreadPoolExecutor(1, thread_name_prefix="lexical") as beside:
        found = beside.submit(_lexical, store, searched(question.terms), depth, within, timely)
        vector = encoder.encode([question.read], query=True)[0]
        dense = store.search_dense(vector, depth, within)
        dense_near = store.search_dense(vector, depth, timely) if timely else []
        lexical, lexical_near = (dict(its) for its in found.result())
    dense_rank, lexical_rank = _ranks(row for row, _ in dense), _ranks(lexical)
    rankings = [(1.0, dense_rank), (1.0, lexical_rank)]
    rankings += [(TIMELY, _ranks(row for row, _ in dense_near)), (TIMELY, _ranks(lexical_near))]
    rows = list({row: None for _, ranks in rankings for row in ranks})
    lexical |= {row: score for row, score in lexical_near.items() if row not in lexical}
    cosines = dict(zip(rows, store.cosines(vector, rows), strict=True))
    scores = {
        row: sum(weight / (settings.rrf_k + ranks[row]) for weight, ranks in rankings if row in ranks) for row in rows
    }
    rows = sorted(rows, key=lambda row: (-scores[row], -cosines[row], row))
    return [
        Hit(passage, scores[row], cosines[row], dense_rank.get(row), lexical.get(row), lexical_rank.get(row))
        for row, passage in _distinct(rows, store, k)
    ]


def _ranks(rows: Iterable[int]) -> dict[int, int]:
    return {row: rank for rank, row in enumerate(rows, start=1)}


def _lexical(
    store: Store, words: Sequence[str], depth: int, within: Sequence[int] | None, timely: Sequence[int] | None
) -> tuple[list[tuple[int, float]], list[tuple[int, float]]]:
    if timely:
        return store.search_lexical_twice(words, depth, within, timely)
    return store.search_lexical(words, depth, within), []


def _timely(question: Query, store: Store, filters: Filters) -> list[int] | None:
    """The rows of the articles of the days that are sought first; None where a question has no such days."""
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
    return store.within(filters.model_copy(update={"since": since, "until": until}))


def searched(terms: Sequence[str]) -> list[str]:
    """What word search is asked: the terms with their irregular forms, abbreviations with points, too (US, U.S.)."""
    words = dict.fromkeys(form for term in terms for form in forms(term))
    return [*words, *(".".join(term) for term in terms if pattern("initials").fullmatch(term))]


def _distinct(rows: list[int], store: Store, k: int) -> list[tuple[int, Passage]]:
    """The first `k` rows with their passages, without those that say nothing a better one does not (agency copy)."""
    kept: list[tuple[int, Passage, frozenset[str]]] = []
    for begin in range(0, len(rows), 2 * k):
        batch = rows[begin : begin + 2 * k]
        for row, passage in zip(batch, store.passages(batch), strict=True):
            words = frozenset(WORD.findall(passage.text.casefold()))
            if not any(words <= others for *_, others in kept):
                kept.append((row, passage, words))
            if len(kept) == k:
                return [(row, passage) for row, passage, _ in kept]
    return [(row, passage) for row, passage, _ in kept]
