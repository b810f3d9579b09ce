"""One id in several articles: decides which keeps it, and reports the others.

The article that was there keeps its id: the one of the path under which the current generation holds it, else the one
with the bytes that it holds (a renamed file), else the first by path and line. So history decides who keeps an id that
is used twice. A full build and a chain of small ones end in the same generation where no id is used twice, where the
holder is the first by path, and after a full build, which asks for no history. The others are indexed as soon as the
holder is gone.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from rag import load
from rag.load import jsonl
from rag.load.limits import LIMITS
from rag.types import SeedEntry


def taken(seeds: Path, entries: Sequence[SeedEntry], held: Iterable[SeedEntry] = ()) -> dict[int, tuple[str, str]]:
    """Those of some articles, by their place in the list, whose id another keeps: (file or line, why it is left out).

    `held` are the articles of the current generation.
    """
    by_id: defaultdict[str, list[int]] = defaultdict(list)
    for place, entry in enumerate(entries):
        by_id[entry.article_id].append(place)
    double = {id: places for id, places in by_id.items() if len(places) > 1}
    if not double:
        return {}
    holders = {entry.article_id: entry for entry in held}
    lines = _lines(seeds, entries, {place for places in double.values() for place in places})
    out: dict[int, tuple[str, str]] = {}
    for id, places in double.items():
        first, *others = sorted(places, key=lambda p: (_rank(entries[p], holders.get(id)), entries[p].path, lines[p]))
        kept = _name(entries[first], lines[first])
        why = f"its id '{id}' is that of {kept}, which is kept; change the id in one of them"
        out |= {place: (_name(entries[place], lines[place]), why) for place in others}
    return out


def _rank(entry: SeedEntry, holder: SeedEntry | None) -> tuple[bool, bool]:
    """How far an article is from the one that holds the id: smaller is nearer."""
    return (
        holder is None or entry.path != holder.path,
        holder is None or entry.seed_sha256 != holder.seed_sha256,
    )


def _name(entry: SeedEntry, line: int) -> str:
    return f"{entry.path} line {line}" if line else entry.path


def _lines(seeds: Path, entries: Sequence[SeedEntry], places: set[int]) -> dict[int, int]:
    """The line of each of these articles in a file that holds many; 0 in another, or where the file is gone by now."""
    numbers = {entries[p].path: _numbers(seeds / entries[p].path) for p in places if load.holds_many(entries[p].path)}
    out = {}
    for place in sorted(places):
        its = numbers.get(entries[place].path, {}).get(entries[place].seed_sha256, [])
        # Of lines with the same bytes the articles stand in the list in the lines' order.
        out[place] = its.pop(0) if its else 0
    return out


def _numbers(file: Path) -> dict[str, list[int]]:
    """The numbers of the lines of a file by their SHA-256."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    with contextlib.suppress(OSError), file.open("rb") as stream:
        for number, line in jsonl.records(stream, hashlib.sha256(), LIMITS.article_bytes):
            found[hashlib.sha256(line or b"").hexdigest()].append(number)
    return found
