"""Whether two names stand for one person or body."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from itertools import product

from rag.language import pack


def name_words(speaker: str | None) -> tuple[str, ...]:
    """The words of a name in order, without offices; none of a description or a pronoun."""
    if speaker is None or pack().is_pronoun(speaker):
        return ()
    return tuple(word for word in pack().names_in(speaker) if word not in _offices(pack().OFFICES))


@functools.cache
def _offices(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)


def are_one(mine: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether two names, as `name_words` has them, may stand for one: the one is in the other, or both end alike.

    Of those that end alike the words before must not conflict: "Ann Lee" is "A. Lee", and not "Jon Lee".
    """
    one, other = _parts(mine), _parts(theirs)
    shared = set(one) & set(other)
    if shared and (len(shared) >= 2 or len(shared) == min(len(set(one)), len(set(other)))):
        return True
    if _are_initials(mine, theirs) or _are_initials(theirs, mine):
        return True
    return one[-1] == other[-1] and any(_are_alike(a, b) for a, b in product(one[:-1], other[:-1]))


def _parts(name: Sequence[str]) -> list[str]:
    """The words of a name, each part of "Jae-myung" and "J.R." alone."""
    return [part for word in name for part in re.split(r"[-‐‑.]", word) if part]


def _are_alike(a: str, b: str) -> bool:
    """Whether two first names may be one: the one is the other's initial, or short for it as "Mike" is."""
    short, long = sorted((a, b), key=len)
    return long.startswith(short) if len(short) < 3 else long.startswith(short[:2]) and len(short) <= 4 < len(long)


def _are_initials(one: Sequence[str], other: Sequence[str]) -> bool:
    return any(len(word) >= 2 and list(word) == [w[0] for w in other] for word in one)
