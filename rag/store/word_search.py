"""Finds the passages of a generation by words: BM25 with k1 = 1.2 and b = 0.75, as SQLite's FTS5 computes it.

A question's terms are looked up in every part (`rag.store.postings`), and what each adds to the score of a passage is
added to one array of all passages, in the order of the terms: the sums are those of FTS5 to the last bit. How many
passages there are, how many have a term, and how long they are on average are counted over all parts, so they are
exact for what the generation holds, whatever was removed. A passage is known by its row, as in `rag.store.vectors`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.store import postings, vectors
from rag.store.tokens import Tokenizer
from rag.types.errors import IndexUnusable

_K1, _B = 1.2, 0.75
_LEAST_IDF = 1e-6  # of a term that more than half of the passages have
_PLACE_BITS = 32
Rows = NDArray[np.int64]
Scores = NDArray[np.float64]
Ranking = list[tuple[int, float]]
_Token = NDArray[np.int64]  # its number in each shard, -1 where it does not stand there
_NONE = np.zeros(0, dtype=np.int64)


class WordReader:
    """Searches the words of a finished generation. May be used from several threads; files are memory-mapped."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Of the files of all parts. Raises ValueError for one that is no file of words."""
        self._paths, self._tokenizer = paths, Tokenizer()
        self._shards = [postings.opened(path) for path in paths]
        self._begins = np.cumsum([0, *(len(shard.lengths) for shard in self._shards)])
        self._lengths = _joined([shard.lengths for shard in self._shards])
        if int(self._lengths.max(initial=0)) > sum(len(shard.places) for shard in self._shards):
            raise ValueError("the words do not hold what they say")
        average = float(self._lengths.sum(dtype=np.int64)) / max(len(self._lengths), 1) or 1.0
        of_each = np.arange(int(self._lengths.max(initial=0)) + 1)
        self._norms = _K1 * ((1 - _B) + _B * of_each / average)  # of a passage of each length

    @property
    def count(self) -> int:
        """Number of passages."""
        return len(self._lengths)

    def search(self, terms: Sequence[str], k: int, among: Sequence[Sequence[int] | Rows | None]) -> list[Ranking]:
        """The `k` passages with the largest BM25 over any of the terms, as (row, BM25), best first.

        One ranking for each of `among`: of all, or of the rows that it has, each once. Equal scores are in canonical
        order: by article id, then position.
        """
        with self._whole():
            scores, rarest = self._scores(terms, k)
            return [self._best(scores, self._hopeful(scores, rarest, k) if its is None else its, k) for its in among]

    def stands(self, terms: Sequence[str]) -> bool:
        """Whether any passage has any of the terms."""
        with self._whole():
            phrases = list(filter(None, self._tokenizer.phrases(terms)))
            numbers = self._numbers(phrases)
            there = [[numbers[token] for token in p] for p in phrases if all((numbers[t] >= 0).any() for t in p)]
            return any(len(self._phrase(tokens)[0]) > 0 for tokens in sorted(there, key=len))

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """Raises IndexUnusable that names the file where what is read cannot be so."""
        try:
            yield
        except (IndexError, ValueError) as error:
            wrong = [path for path in self._paths if not vectors.whole(path)]
            if not wrong:
                raise
            raise IndexUnusable(f"{wrong[0]} is damaged; run `rag build`") from error

    def _scores(self, terms: Sequence[str], k: int) -> tuple[Scores, Rows]:
        """The BM25 of every passage, 0 for one with no term; and the rows of the rarest term that `k` have."""
        scores = np.zeros(self.count)
        rarest = _NONE
        phrases = self._tokenizer.phrases(terms)
        numbers = self._numbers(phrases)
        added: dict[tuple[bytes, ...], tuple[Rows, Scores]] = {}
        for phrase in phrases:
            if phrase not in added:
                rows, counts = self._phrase([numbers[token] for token in phrase])
                idf = math.log((self.count - len(rows) + 0.5) / (len(rows) + 0.5))
                weights = counts * (_K1 + 1) / (counts + self._norms.take(self._lengths.take(rows)))
                added[phrase] = rows, (idf if idf > 0 else _LEAST_IDF) * weights
                if len(rows) >= k and not 0 < len(rarest) <= len(rows):
                    rarest = rows
            np.add.at(scores, *added[phrase])
        return scores, rarest

    @staticmethod
    def _hopeful(scores: Scores, rarest: Rows, k: int) -> Rows:
        """The rows that may be among the `k` best: what is below the k-th of some is below the k-th of all."""
        least = _kth(scores[rarest], k)
        return np.flatnonzero(scores >= least if least else scores)

    def _numbers(self, phrases: Iterable[tuple[bytes, ...]]) -> dict[bytes, _Token]:
        """The number of each token of the phrases in each shard."""
        wanted = list(dict.fromkeys(token for phrase in phrases for token in phrase))
        prefixes = postings.prefixes_of(wanted)
        found = np.array([shard.find(wanted, prefixes) for shard in self._shards], dtype=np.int64)
        found = found.reshape(len(self._shards), len(wanted))  # also without a shard
        return dict(zip(wanted, found.T, strict=True))

    def _phrase(self, tokens: Sequence[_Token]) -> tuple[Rows, Rows]:
        """The rows that have these tokens one behind the other, ascending, and how often each has them."""
        if not tokens:
            return _NONE, _NONE
        held = [self._postings(token) for token in tokens]
        if len(tokens) == 1:
            return held[0]
        order = sorted(range(len(tokens)), key=lambda at: len(held[at][0]))
        common = held[order[0]][0]
        for at in order[1:]:
            having = np.zeros(self.count, dtype=bool)
            having[held[at][0]] = True
            common = common[having[common]]
        having = np.zeros(self.count, dtype=bool)
        having[common] = True
        begins = self._places(tokens[order[0]], *held[order[0]], having) - order[0]  # where the phrase may begin
        for at in order[1:]:
            begins = begins[_are_in(begins, self._places(tokens[at], *held[at], having) - at)]
        rows, counts = np.unique(begins >> _PLACE_BITS, return_counts=True)
        return rows, counts

    def _postings(self, token: _Token) -> tuple[Rows, Rows]:
        """The rows that have a token, ascending, and how often each has it."""
        held = [(shard, *shard.posting_ends[n : n + 2].tolist()) for shard, n in self._having(token)]
        rows = _joined([shard.rows[begin:end] for shard, begin, end in held])
        sizes = [end - begin for _, begin, end in held]
        rows = rows + np.repeat(self._begins[:-1][token >= 0], sizes)
        return rows, _joined([shard.counts[begin:end] for shard, begin, end in held])

    def _places(self, token: _Token, rows: Rows, counts: Rows, having: NDArray[np.bool_]) -> Rows:
        """row << 32 | place of each time that a token, whose postings are given, stands in one of some rows."""
        ends = [(shard.places, *shard.place_ends[n : n + 2].tolist()) for shard, n in self._having(token)]
        places = _joined([its[begin:end] for its, begin, end in ends])
        chosen = np.flatnonzero(having[rows])
        begins = (np.cumsum(counts, dtype=np.int64) - counts)[chosen]
        rows, counts = rows[chosen], counts[chosen].astype(np.int64)
        within = np.arange(counts.sum()) + np.repeat(begins - np.cumsum(counts) + counts, counts)
        found: Rows = (np.repeat(rows, counts) << _PLACE_BITS) + places[within]
        return found

    def _having(self, token: _Token) -> list[tuple[postings.Shard, int]]:
        """The shards in which a token stands, each with its number there."""
        return [(shard, n) for shard, n in zip(self._shards, token.tolist(), strict=True) if n >= 0]

    def _best(self, scores: Scores, some: Sequence[int] | Rows, k: int) -> Ranking:
        """The `k` best of some rows, as `search` gives them."""
        rows = np.asarray(some, dtype=np.int64)
        its = scores[rows]
        if k < len(rows):
            least = _kth(its, k)
            equal = np.sort(rows[its == least])
            # Within a shard rows are in canonical order: of more than k that are equal the first k are enough.
            shards = np.searchsorted(self._begins, equal, side="right")
            equal = equal[np.arange(len(equal)) - np.searchsorted(shards, shards) < k]
            rows = np.concatenate([rows[its > least], equal])
            its = scores[rows]
        found = [(row, score) for row, score in zip(rows.tolist(), its.tolist(), strict=True) if score]
        often = Counter(score for _, score in found)

        def place(one: tuple[int, float]) -> tuple[float, bytes, int]:
            row, score = one
            return -score, self._article_id(row) if often[score] > 1 else b"", row

        return sorted(found, key=place)[:k]

    def _article_id(self, row: int) -> bytes:
        shard = int(np.searchsorted(self._begins, row, side="right")) - 1
        return self._shards[shard].article_id(row - int(self._begins[shard]))


def _joined(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return np.concatenate(arrays) if arrays else _NONE


def _kth(scores: Scores, k: int) -> float:
    """The k-th largest; 0 where there are fewer."""
    return float(np.partition(scores, len(scores) - k)[len(scores) - k]) if len(scores) >= k else 0.0


def _are_in(numbers: Rows, others: Rows) -> NDArray[np.bool_]:
    """Which numbers are among others, both ascending."""
    at = np.searchsorted(others, numbers)
    there = at < len(others)
    there[there] = others[at[there]] == numbers[there]
    return there
