"""English sentences, by nupunkt (compared with four others in docs/decisions/002)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib.metadata import version

SPLITTER = f"nupunkt-{version('nupunkt')}"


@functools.cache
def _spans() -> Callable[[str], list[tuple[int, int]]]:
    # Imported at first use: its model takes a noticeable part of a second to load.
    from nupunkt import sent_spans

    spans: Callable[[str], list[tuple[int, int]]] = sent_spans
    return spans


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """As `Language.sentence_spans`."""
    return _spans()(text)
