"""Sentence boundaries with their offsets, from nupunkt (compared with four others in docs/decisions/002)."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable
from importlib.metadata import version

VERSION = f"nupunkt-{version('nupunkt')}"


@functools.cache
def _spans() -> Callable[[str], list[tuple[int, int]]]:
    # Imported at first use: its model takes a noticeable part of a second to load.
    from nupunkt import sent_spans

    spans: Callable[[str], list[tuple[int, int]]] = sent_spans
    return spans


def sentence_pieces(text: str) -> list[tuple[int, int]]:
    """Ranges that follow each other and cover `text` whole; each begins where a sentence begins.

    White space between two sentences belongs to the piece before it.
    """
    if not text:
        return []
    starts = sorted({_skip_space(text, start) for start, _ in _spans()(text)} - {0, len(text)})
    return list(itertools.pairwise([0, *starts, len(text)]))


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
