"""English sentences, by nupunkt (compared with four others in docs/decisions/002)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from importlib.metadata import version

SPLITTER = f"nupunkt-{version('nupunkt')}/2"

_LONGEST_RUN = 2000  # characters
_RUN = re.compile(rf"\S{{{_LONGEST_RUN},}}")


@functools.cache
def _spans() -> Callable[[str], list[tuple[int, int]]]:
    # Imported at first use: its model takes a noticeable part of a second to load.
    from nupunkt import sent_spans

    spans: Callable[[str], list[tuple[int, int]]] = sent_spans
    return spans


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """As `Language.sentence_spans`. Long runs without white space are cut: nupunkt takes quadratic time on them."""
    found, at = list[tuple[int, int]](), 0
    for run in _RUN.finditer(text):
        found += ((at + a, at + b) for a, b in _spans()(text[at : run.start()]))
        found += ((a, min(a + _LONGEST_RUN, run.end())) for a in range(run.start(), run.end(), _LONGEST_RUN))
        at = run.end()
    return found + [(at + a, at + b) for a, b in _spans()(text[at:])]
