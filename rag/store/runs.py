"""Which articles of a part have a run of three words (`rag.language.wording`), in one file.

Its articles are numbered from 0 in the order of their ids. A pair of a run and an article is one number: the highest
`BITS` bits of the run, then the article. The numbers are in rising order; the file has, after a header of sizes, where
each bucket of them ends, which share their first bits, and of each number the bits that are left, in as few bytes as
hold them. It depends on the articles alone.

That two runs have the same bits happens: once in four million pairs. What is found is looked up in the text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.language.wording import Runs, folded, runs
from rag.types.quotes import Sharing

BITS = 22
_MAGIC = b"runs 1\n\0"
_DROPPED = 32 - BITS
Array = NDArray[Any]
Numbers = NDArray[np.int64]


class Told(NamedTuple):
    """What of an article is searched for quotations."""

    article_id: str
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Shard:
    """The arrays of a file, and how many bits of a number are the article and how many the bucket."""

    article_bits: int
    bucket_bits: int
    ends: Array  # of each bucket, behind a 0
    rests: Array
    ids: Array  # the bytes of all article ids
    id_ends: Array  # of each article in `ids`, behind a 0

    @property
    def articles(self) -> int:
        """Number of articles."""
        return len(self.id_ends) - 1

    def article_id(self, number: int) -> str:
        """The id of an article."""
        return self.ids[self.id_ends[number] : self.id_ends[number + 1]].tobytes().decode("utf-8", "surrogatepass")

    def having(self, wanted: Runs) -> tuple[Numbers, Numbers]:
        """The place in `wanted` and the article of each pair that is there."""
        low = BITS - self.bucket_bits
        bits = (wanted >> _DROPPED).astype(np.int64)
        buckets = bits >> low
        begins, ends = self.ends[buckets].astype(np.int64), self.ends[buckets + 1].astype(np.int64)
        sizes = ends - begins
        which = np.repeat(np.arange(len(wanted)), sizes)
        at = np.arange(int(sizes.sum())) + np.repeat(begins - np.cumsum(sizes) + sizes, sizes)
        rests = self.rests[at].astype(np.int64)
        same = rests >> self.article_bits == (bits & ((1 << low) - 1))[which]
        return which[same], rests[same] & ((1 << self.article_bits) - 1)

    def _sizes(self) -> Numbers:
        ends = self.ends.astype(np.int64)
        return ends[1:] - ends[:-1]

    def pairs(self) -> tuple[Numbers, Numbers]:
        """The bits of the run and the article of all pairs."""
        buckets = np.repeat(np.arange(len(self.ends) - 1), self._sizes())
        rests, low = self.rests.astype(np.int64), BITS - self.bucket_bits
        return buckets << low | rests >> self.article_bits, rests & ((1 << self.article_bits) - 1)


def of_articles(articles: Iterable[Told]) -> Shard:
    """The shard of these articles, which are in the order of their ids."""
    ids, bits, whose = list[bytes](), [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for article in articles:
        its = runs_of(article.text, article.title) >> _DROPPED
        bits.append(its.astype(np.int64))
        whose.append(np.full(len(its), len(ids)))
        ids.append(article.article_id.encode("utf-8", "surrogatepass"))
    return _shard(np.concatenate(bits), np.concatenate(whose), ids)


def runs_of(text: str, title: str) -> Runs:
    """The runs of an article, each once."""
    return np.unique(np.concatenate([runs(folded(text)), runs(folded(title))]))


def merged(sources: Sequence[tuple[Shard, Collection[str]]], added: Iterable[Told]) -> Shard:
    """The shard of what some shards hold, each without the articles of these ids, and of what is added.

    What is added is in the order of the ids.
    """
    both = [(shard, {id.encode("utf-8", "surrogatepass") for id in gone}) for shard, gone in sources]
    both.append((of_articles(added), set()))
    held = [[_id(shard, number) for number in range(shard.articles)] for shard, _ in both]
    ids = sorted(id for its, (_, gone) in zip(held, both, strict=True) for id in its if id not in gone)
    place = {id: number for number, id in enumerate(ids)}
    bits, whose = list[Numbers](), list[Numbers]()
    for its, (shard, gone) in zip(held, both, strict=True):
        new = np.array([-1 if id in gone else place[id] for id in its], dtype=np.int64)
        of_runs, articles = shard.pairs()
        moved = new[articles]
        bits.append(of_runs[moved >= 0])
        whose.append(moved[moved >= 0])
    return _shard(np.concatenate(bits), np.concatenate(whose), ids)


def _id(shard: Shard, number: int) -> bytes:
    return shard.ids[shard.id_ends[number] : shard.id_ends[number + 1]].tobytes()


def _shard(bits: Numbers, whose: Numbers, ids: Sequence[bytes]) -> Shard:
    article_bits = max(len(ids) - 1, 0).bit_length()
    numbers = np.unique(bits << article_bits | whose)
    bucket_bits = min(range(BITS + 1), key=lambda b: _size(b, article_bits, len(numbers)))
    rest_bits = BITS - bucket_bits + article_bits
    ends = np.searchsorted(numbers >> rest_bits, np.arange((1 << bucket_bits) + 1))
    return Shard(
        article_bits,
        bucket_bits,
        ends.astype(np.min_scalar_type(len(numbers))),
        (numbers & ((1 << rest_bits) - 1)).astype(_narrow(rest_bits)),
        np.frombuffer(b"".join(ids), dtype=np.uint8),
        np.concatenate([[0], np.cumsum([len(id) for id in ids])]).astype(np.uint32),
    )


def _size(bucket_bits: int, article_bits: int, pairs: int) -> int:
    """Bytes of a file with so many buckets."""
    of_end = np.min_scalar_type(pairs).itemsize
    return (of_end << bucket_bits) + pairs * np.dtype(_narrow(BITS - bucket_bits + article_bits)).itemsize


def _narrow(bits: int) -> np.dtype[Any]:
    return np.min_scalar_type((1 << bits) - 1)


def packed(shard: Shard) -> bytes:
    """The file of a shard."""
    arrays = [shard.ends, shard.rests, shard.ids, shard.id_ends]
    sizes = [shard.article_bits, shard.bucket_bits, *(n for a in arrays for n in (a.itemsize, len(a)))]
    data = [np.asarray(a, dtype=a.dtype.newbyteorder("<")).tobytes() for a in arrays]
    return b"".join([_MAGIC, np.array(sizes, dtype="<i8").tobytes(), *(d.ljust(_room(len(d)), b"\0") for d in data)])


def opened(path: Path) -> Shard:
    """Maps the file of a shard. Raises ValueError where it is none, or not whole."""
    mapped = np.asarray(np.memmap(path, dtype=np.uint8, mode="r"))
    at = len(_MAGIC) + 8 * 10
    if mapped[: len(_MAGIC)].tobytes() != _MAGIC or len(mapped) < at:
        raise ValueError(f"{path} is no file of runs of words")
    article_bits, bucket_bits, *sizes = mapped[len(_MAGIC) : at].view("<i8").tolist()
    arrays = []
    for size, count in zip(sizes[::2], sizes[1::2], strict=True):
        if size not in (1, 2, 4, 8) or not 0 <= count * size <= len(mapped) - at:
            raise ValueError(f"{path} does not hold what it says")
        arrays.append(mapped[at : at + size * count].view(f"<u{size}"))
        at += _room(size * count)
    whole = at == len(mapped) and 0 <= bucket_bits <= BITS and 0 <= article_bits < 32
    if not whole or len(arrays[0]) != (1 << bucket_bits) + 1 or len(arrays[3]) < 1:
        raise ValueError(f"{path} does not hold what it says")
    return Shard(article_bits, bucket_bits, *arrays)


def _room(size: int) -> int:
    return -(-size // 8) * 8


class RunReader:
    """Finds articles of a finished generation by runs of words. May be used from several threads."""

    def __init__(self, paths: Iterable[Path]) -> None:
        """Of the files of all parts. Raises ValueError for one that is no file of runs."""
        self._shards = [opened(path) for path in paths]
        self._begins = np.cumsum([0, *(shard.articles for shard in self._shards)])

    @property
    def count(self) -> int:
        """Number of articles."""
        return int(self._begins[-1])

    def sharing(self, wanted: Runs, k: int) -> list[Sharing]:
        """As `Reader.sharing`."""
        found = [shard.having(wanted) for shard in self._shards]
        which = np.concatenate([its for its, _ in found] or [np.zeros(0, np.int64)])
        places = [articles + begin for (_, articles), begin in zip(found, self._begins.tolist(), strict=False)]
        articles = np.concatenate(places or [np.zeros(0, np.int64)])
        return best(which, articles, len(wanted), int(self._begins[-1]), k, self._id, self._begins)

    def _id(self, number: int) -> str:
        shard = int(np.searchsorted(self._begins, number, side="right")) - 1
        return self._shards[shard].article_id(number - int(self._begins[shard]))


def best(
    which: Numbers, articles: Numbers, wanted: int, held: int, k: int, id_of: Any, begins: Array | None = None
) -> list[Sharing]:
    """The `k` articles that share most of what was wanted: (id, how many runs, weight), of pairs of run and article.

    A run weighs the more the fewer of the `held` articles have it. `begins`: where the numbers begin of articles that
    are in the order of their ids.
    """
    if not len(which):
        return []
    weights = np.log2(1.0 + held / np.maximum(np.bincount(which, minlength=wanted), 1))
    different, at = np.unique(articles, return_inverse=True)
    total = np.round(np.bincount(at, weights=weights[which]), 6)
    counts = np.bincount(at)
    order = np.arange(len(different))
    if len(order) > k:
        worst = np.partition(total, len(total) - k)[len(total) - k]
        order = np.flatnonzero(total >= worst)
        if begins is not None:  # of many that weigh the same, the ids of few have to be looked at
            last = order[total[order] == worst]
            shard = np.searchsorted(begins, different[last], side="right")
            firsts = np.searchsorted(shard, shard, side="left")
            order = np.union1d(order[total[order] > worst], last[np.arange(len(last)) - firsts < k])
    some = sorted((-float(total[n]), id_of(int(different[n])), int(counts[n])) for n in order.tolist())
    return [Sharing(id, count, -weight) for weight, id, count in some[:k]]
