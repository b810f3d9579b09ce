"""Search by words in one generation of a database, and which words stand in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import LiteralString

import numpy as np
from numpy.typing import NDArray

from rag.language.wording import Runs
from rag.store.postgres import postings, runs
from rag.store.postgres.connections import Rows
from rag.store.postgres.passing import Ask, Passing
from rag.store.postgres.postings import Gone, Keys, Posted
from rag.store.postgres.tokens import PASSAGES
from rag.types.errors import IndexUnusable
from rag.types.filters import Filters
from rag.types.quotes import Sharing
from rag.types.stores import PassageId, Ranking

_PROBED = 400  # best passages of which it is asked first which pass filters

_SIZES: LiteralString = (
    "SELECT kind, token, sum(length(entries)) FROM posting WHERE segment = ANY(%s) AND kind = ANY(%s) "
    "AND token = ANY(%s) GROUP BY kind, token"
)


class Words:
    """The words of one generation."""

    def __init__(self, ask: Ask, number: int, passing: Passing, passages: int, tokens: int, clean: int) -> None:
        self._ask, self._passing, self._passages, self._total = ask, passing, passages, tokens
        held: LiteralString = "SELECT number FROM segment WHERE since <= %s AND (until IS NULL OR until > %s)"
        self._segments = [segment for (segment,) in ask(held, [number, number])]
        removed: LiteralString = "SELECT key, last FROM gone WHERE number > %s AND number <= %s"
        self._gone = Gone.of(ask(removed, [clean, number]))

    def search(self, phrases: Sequence[tuple[bytes, ...]], k: int, among: Sequence[Filters]) -> list[Ranking]:
        """As `Reader.search_lexical`, of phrases of words as they are stored."""
        posted = self._posted(phrases, PASSAGES)
        keys, scores = postings.ranked([posted.having(p, PASSAGES) for p in phrases], self._passages, self._total)
        return [self._best(keys, scores, k, filters) for filters in among]

    def _posted(self, phrases: Sequence[tuple[bytes, ...]], kind: int) -> Posted:
        alone, near = postings.wanted(phrases)
        rows: Rows = []
        for query, tokens in ((postings.ENTRIES, alone), (postings.PLACES, near)):
            rows += self._ask(query, [self._segments, kind, tokens]) if tokens else []
        return Posted.of(rows, kind, self._gone)

    def _best(self, keys: Keys, scores: NDArray[np.float64], k: int, filters: Filters) -> Ranking:
        if not filters:
            return self._first(keys, scores, k)
        size = max(_PROBED, 8 * k)
        if len(keys) > size:
            # All that score as well as the worst of these are among them: whoever passes of them is ranked truly.
            top = scores >= np.partition(scores, len(scores) - size)[len(scores) - size]
            if np.count_nonzero(top) <= 4 * size:
                passing = self._passing.some(keys[top].tolist(), filters)
                if len(passing) >= k:
                    of_them = top & np.isin(keys, np.fromiter(passing, dtype=np.int64))
                    return self._first(keys[of_them], scores[of_them], k)
        of_them = self._passing.ranges(filters).has(keys)
        return self._first(keys[of_them], scores[of_them], k)

    def _first(self, keys: Keys, scores: NDArray[np.float64], k: int) -> Ranking:
        """The `k` best in order."""
        if not len(keys):
            return []
        k = min(k, len(keys))
        worst = np.partition(scores, len(scores) - k)[len(scores) - k]
        top = scores >= worst
        its = dict(zip(keys[top].tolist(), scores[top].tolist(), strict=True))
        order = self._passing.in_order(list(its), len(its))
        if len(order) != len(its):
            raise IndexUnusable("a passage that word search finds is not there: the index is damaged; run `rag build`")
        return [(PassageId(key), its[key]) for key in sorted(order, key=lambda key: -its[key])[:k]]

    def stands(self, phrases: Sequence[tuple[bytes, ...]]) -> bool:
        """Whether any of the phrases stands in what a reader sees of any article."""
        asked = {phrase for phrase in phrases if phrase}
        tokens = sorted({token for phrase in asked for token in phrase})
        if not tokens:
            return False
        sizes: dict[int, dict[bytes, int]] = {kind: {} for kind in postings.kinds()}
        for kind, token, size in self._ask(_SIZES, [self._segments, list(postings.kinds()), tokens]):
            sizes[kind][token] = int(size)
        for kind, there in sizes.items():
            may = {phrase: max(map(there.__getitem__, phrase)) for phrase in asked if set(phrase) <= there.keys()}
            if not len(self._gone.first) and any(len(phrase) == 1 for phrase in may):
                return True
            # One word needs no places; and what is rare is read sooner than what is not.
            for phrase in sorted(may, key=lambda phrase: (len(phrase) > 1, may[phrase], phrase)):
                if len(self._posted([phrase], kind).having(phrase, kind).keys):
                    return True
        return False

    def sharing(self, wanted: Runs, k: int, held: int) -> list[Sharing]:
        """As `Reader.sharing`, of so many articles."""
        return runs.sharing(self._ask, self._segments, self._gone, held, wanted, k)

    def writings(self, words: Sequence[bytes]) -> Rows:
        """(bare, word, count) of bare words as they are stored."""
        query: LiteralString = (
            "SELECT bare, word, sum(count)::bigint FROM word WHERE segment = ANY(%s) AND bare = ANY(%s) "
            "GROUP BY bare, word HAVING sum(count) > 0"
        )
        return self._ask(query, [self._segments, list(words)])
