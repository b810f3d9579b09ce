"""Which articles are others in one generation than in the one before it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from rag.types import ArticleInfo, SeedEntry
from rag.types.following import KEPT_BYTES, Change, ChangeKind, packed

Pair = tuple[SeedEntry | None, SeedEntry | None]
Read = Callable[[str], tuple[ArticleInfo, str | None] | None]


def pairs(before: Iterable[SeedEntry], after: Iterable[SeedEntry]) -> Iterator[Pair]:
    """Each article whose bytes or text differ, as (before, after); both are given in the order of article ids."""
    sides = ((entry.article_id, 0, entry) for entry in before), ((entry.article_id, 1, entry) for entry in after)
    merged = heapq.merge(*sides, key=lambda one: one[:2])
    for _, group in groupby(merged, key=lambda one: one[0]):
        held = {side: entry for _, side, entry in group}
        old, new = held.get(0), held.get(1)
        if old is None or new is None or _content(old) != _content(new):
            yield old, new


def _content(entry: SeedEntry) -> tuple[str, str]:
    return entry.seed_sha256, entry.text_sha256


def changes(found: Iterable[Pair], number: int, at: str, before: Read, after: Read) -> Iterator[Change]:
    """The changes of pairs, numbered from the one after `number`. `before` and `after` read an article.

    An article that is gone while one with its text is new is renamed. One of which a reader is told the same as before
    has not changed, whatever its file's bytes.
    """
    room = KEPT_BYTES // 2
    for old, new in _renamed(list(found)):
        was, now = (read(entry.article_id) if entry else None for read, entry in ((before, old), (after, new)))
        kind = _kind(was, now)
        if kind is None:
            continue
        number += 1
        text = packed(was[1]) if was and was[1] is not None and kind in ("replaced", "removed") else None
        kept = text if text is not None and len(text) <= room else None
        room -= len(kept or b"")
        yield Change(number, at, kind, was and was[0], now and now[0], kept)


def _kind(was: tuple[ArticleInfo, str | None] | None, now: tuple[ArticleInfo, str | None] | None) -> ChangeKind | None:
    if was is None or now is None:
        return None if was is now else "added" if was is None else "removed"
    same = was[0].text_sha256 == now[0].text_sha256
    if was[0].article_id != now[0].article_id:
        return "renamed"
    return None if same and was[0].told() == now[0].told() else "replaced"


def _renamed(found: list[Pair]) -> Iterator[Pair]:
    """The same with an article that is gone and one that is new with its text as one pair."""
    gone: dict[str, list[SeedEntry]] = {}
    for old, new in found:
        if old and not new:
            gone.setdefault(old.text_sha256, []).append(old)
    taken = set[str]()
    for old, new in found:
        if new and not old and gone.get(new.text_sha256):
            other = gone[new.text_sha256].pop(0)
            taken.add(other.article_id)
            yield other, new
        elif old is None or new is not None:
            yield old, new
    yield from ((old, None) for old, new in found if old and not new and old.article_id not in taken)
