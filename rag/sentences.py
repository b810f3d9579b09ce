"""Sentence boundaries with their offsets, from nupunkt (compared with four others in docs/decisions/002)."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable
from importlib.metadata import version

VERSION = f"sentences/2+nupunkt-{version('nupunkt')}"
# A Markdown image, ![alt](address "title") or ![alt][label]. The possessive marks keep it linear on any text.
_IMAGE = re.compile(
    r"""(?<!\\)!
    \[ (?: [^\[\]\\] | \\. | \[ [^\[\]]* \] )*+ \]
    (?: \( (?: [^()\\] | \\. | \( [^()]* \) )*+ \) | \[ [^\[\]]* \] )""",
    re.VERBOSE | re.DOTALL,
)


@functools.cache
def _spans() -> Callable[[str], list[tuple[int, int]]]:
    # Imported at first use: its model takes a noticeable part of a second to load.
    from nupunkt import sent_spans

    spans: Callable[[str], list[tuple[int, int]]] = sent_spans
    return spans


def sentence_pieces(text: str) -> list[tuple[int, int]]:
    """Ranges that follow each other and cover `text` whole; each begins where a sentence begins.

    White space between two sentences belongs to the piece before it. None begins inside a Markdown image: its "!" ends
    no sentence, and a sentence of its description is none of the article's.
    """
    if not text:
        return []
    starts = {_skip_space(text, start) for start, _ in _spans()(text)} - {0, len(text)}
    for image in _IMAGE.finditer(text):
        starts.difference_update(range(image.start() + 1, image.end()))
    return list(itertools.pairwise([0, *sorted(starts), len(text)]))


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
