"""Makes the words of a part (`rag.store.postings`): of its passages, or of the words of other parts.

Both ways give the same file. What is joined is not split into words again.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.store import tokens
from rag.store.postings import Array, Shard, prefixes_of

Numbers = NDArray[np.int64]


class Said(NamedTuple):
    """What of a passage is searched by words."""

    article_id: str
    text: str
    section: str | None
    title: str


def inverted(passages: Iterable[Said]) -> Shard:
    """The shard of these passages, which are in canonical order."""
    ids: list[str] = []

    def parts() -> Iterable[Sequence[str | None]]:
        for article_id, *its in passages:
            ids.append(article_id)
            yield its

    found = tokens.postings(parts())
    articles = [(id.encode(), len(list(its))) for id, its in itertools.groupby(ids)]
    return _shard(found.names, found.tokens, found.rows, found.counts, found.places, found.lengths, articles)


def merged(sources: Sequence[tuple[Shard, Collection[str]]]) -> Shard:
    """The shard of what some shards hold, each without the articles of these ids."""
    shards = [shard for shard, _ in sources]
    going = [{id.encode() for id in gone} for _, gone in sources]
    articles = [
        (id, of, first, many)
        for of, shard in enumerate(shards)
        for id, first, many in zip(shard.all_ids(), shard.articles.tolist(), _sizes(shard), strict=True)
        if id not in going[of]
    ]
    articles.sort()
    new_rows = [np.full(len(shard.lengths), -1) for shard in shards]  # -1 for one that is gone
    at = 0
    for _, of, first, many in articles:
        new_rows[of][first : first + many] = np.arange(at, at + many)
        at += many
    names = sorted({name for shard in shards for name in shard.all_names()})
    numbers = {name: number for number, name in enumerate(names)}
    of_token = np.concatenate([_tokens(shard, numbers) for shard in shards])
    rows = np.concatenate([new[shard.rows] for shard, new in zip(shards, new_rows, strict=True)])
    counts = np.concatenate([shard.counts for shard in shards]).astype(np.int64)
    lengths = np.zeros(at, dtype=np.int64)
    for shard, new in zip(shards, new_rows, strict=True):
        lengths[new[new >= 0]] = shard.lengths[new >= 0]
    order = np.argsort(of_token * (at + 1) + rows, kind="stable")  # runs in order, which are joined
    order = order[rows[order] >= 0]
    begins, counts = (np.cumsum(counts) - counts)[order], counts[order]
    taken = np.arange(counts.sum()) + np.repeat(begins - np.cumsum(counts) + counts, counts)
    places = np.concatenate([shard.places for shard in shards])[taken]
    return _shard(names, of_token[order], rows[order], counts, places, lengths, [(a[0], a[3]) for a in articles])


def _sizes(shard: Shard) -> list[int]:
    """The number of passages of each article."""
    sizes: list[int] = np.diff(shard.articles.astype(np.int64), append=len(shard.lengths)).tolist()
    return sizes


def _tokens(shard: Shard, numbers: Mapping[bytes, int]) -> Numbers:
    """The new number of the token of each posting."""
    new = np.array([numbers[name] for name in shard.all_names()], dtype=np.int64)
    ends = shard.posting_ends.astype(np.int64)
    return np.repeat(new, ends[1:] - ends[:-1])


def _shard(
    names: list[bytes],
    of_token: Numbers,
    rows: Numbers,
    counts: Numbers,
    places: Array,
    lengths: Numbers,
    articles: list[tuple[bytes, int]],
) -> Shard:
    """A shard of postings in order, each with its token's number; names without a posting are left out.

    `articles` has the id and the number of passages of each.
    """
    postings = np.bincount(of_token, minlength=len(names))
    names = [name for name, some in zip(names, postings.tolist(), strict=True) if some]
    posting_ends = _ends(postings[postings > 0].tolist())
    return Shard(
        prefixes=prefixes_of(names),
        names=np.frombuffer(b"".join(names), dtype=np.uint8),
        name_ends=_narrow(_ends(map(len, names))),
        posting_ends=_narrow(posting_ends),
        place_ends=_narrow(np.concatenate([[0], np.cumsum(counts)])[posting_ends]),
        rows=_narrow(rows),
        counts=_narrow(counts),
        places=_narrow(places),
        lengths=_narrow(lengths),
        articles=_narrow(_ends(many for _, many in articles)[:-1]),
        ids=np.frombuffer(b"".join(id for id, _ in articles), dtype=np.uint8),
        id_ends=_narrow(_ends(len(id) for id, _ in articles)),
    )


def _ends(lengths: Iterable[int]) -> Numbers:
    return np.array([0, *itertools.accumulate(lengths)], dtype=np.int64)


def _narrow(numbers: Array) -> Array:
    """The same numbers in the narrowest unsigned type that holds them."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))
