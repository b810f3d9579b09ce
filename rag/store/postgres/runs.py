"""Runs of three words of articles (`rag.language.wording`) as postings: the token is a run's first half, and an entry
has an article's key and the second half.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import LiteralString

import numpy as np

from rag.language.wording import Runs
from rag.store.postgres.passing import Ask
from rag.store.postgres.postings import Gone
from rag.store.postgres.rows import decoded
from rag.store.postgres.tokens import DTYPES, RUNS, Posting
from rag.store.runs import best, runs_of
from rag.types.errors import IndexUnusable
from rag.types.quotes import Sharing

_HALF = 16  # bits
_POSTINGS: LiteralString = (
    "SELECT token, entries FROM posting WHERE segment = ANY(%s) AND kind = %s AND token = ANY(%s)"
)
_IDS: LiteralString = "SELECT key, article_id FROM article WHERE key = ANY(%s)"


def postings(articles: Iterable[tuple[int, str, str]]) -> Iterator[Posting]:
    """The postings of articles, each its key, text and title, in the order of the tokens."""
    keys, found = list[Runs](), list[Runs]()
    for key, text, title in articles:
        found.append(runs_of(text, title))
        keys.append(np.full(len(found[-1]), key, dtype=np.uint32))
    if not found:
        return
    its, whose = np.concatenate(found), np.concatenate(keys)
    order = np.lexsort((its, whose, its >> _HALF))
    its, whose = its[order], whose[order]
    entries = np.empty(len(its), dtype=DTYPES[RUNS])
    entries["key"], entries["rest"] = whose, its & ((1 << _HALF) - 1)
    tokens = its >> _HALF
    begins = [*np.flatnonzero(np.diff(tokens, prepend=-1)).tolist(), len(its)]
    for begin, end in itertools.pairwise(begins):
        yield Posting(_token(int(tokens[begin])), entries[begin:end].tobytes(), b"")


def _token(half: int) -> bytes:
    return half.to_bytes(2, "big")


def sharing(ask: Ask, segments: Sequence[int], gone: Gone, held: int, wanted: Runs, k: int) -> list[Sharing]:
    """As `Reader.sharing`, of a generation of `held` articles in these segments."""
    if not len(wanted):
        return []
    halves = wanted >> _HALF
    rows = ask(_POSTINGS, [list(segments), RUNS, [_token(half) for half in np.unique(halves).tolist()]])
    which, keys = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for token, data in rows:
        entries = np.frombuffer(data, dtype=DTYPES[RUNS])
        for place in np.flatnonzero(halves == int.from_bytes(token, "big")).tolist():
            its = entries["key"][entries["rest"] == int(wanted[place]) & ((1 << _HALF) - 1)].astype(np.int64)
            its = its[~gone.has(its)]
            which.append(np.full(len(its), place))
            keys.append(its)
    articles = np.concatenate(keys)
    ids = {key: decoded(id) for key, id in ask(_IDS, [np.unique(articles).tolist()])}
    if len(ids) != len(np.unique(articles)):
        raise IndexUnusable("an article whose words are held is not there: the index is damaged; run `rag build`")
    return best(np.concatenate(which), articles, len(wanted), held, k, ids.__getitem__)
