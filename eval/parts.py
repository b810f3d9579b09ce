"""Which questions may be used for what. Fixed before anything is fitted, and never changed after.

`train` and `develop` may be fitted and tuned on, `calibrate` only tests a threshold, `test` is only reported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

PARTS = ("train", "develop", "calibrate", "test")
# Titles of squad2_dev23 a part, in the order of their SHA-1.
_SQUAD2_DEV23 = (11, 3, 4, 5)


def squad2_dev23(titles: Iterable[str]) -> dict[str, str]:
    """The part of each of the 23 titles. Raises ValueError for another number of titles."""
    ordered = sorted(set(titles), key=lambda title: hashlib.sha1(title.encode(), usedforsecurity=False).hexdigest())
    if len(ordered) != sum(_SQUAD2_DEV23):
        raise ValueError(f"{len(ordered)} titles; squad2_dev23 has {sum(_SQUAD2_DEV23)}")
    parts = [part for part, count in zip(PARTS, _SQUAD2_DEV23, strict=True) for _ in range(count)]
    return dict(zip(ordered, parts, strict=True))


def seed_half(question_id: str) -> str:
    """`develop` or `test` for a question on the seed article: the parity of the SHA-1 of its id."""
    digest = hashlib.sha1(question_id.encode(), usedforsecurity=False).digest()
    return "test" if digest[-1] % 2 else "develop"
