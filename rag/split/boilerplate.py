"""Tells cookie, navigation and advertising text from what an article says.

Rules for short paragraphs only, those of the language. A paragraph is judged by itself, so that the chunks of an
article never depend on other articles. A change of rules changes chunks, so it goes with a new version of `rag.split`.
"""

from __future__ import annotations

import re

from rag.language import pattern

_LONGEST = 320  # code points; what sites print around articles is short


def is_boilerplate(paragraph: str) -> bool:
    """Whether a paragraph is cookie, navigation or advertising text."""
    text = " ".join(paragraph.split())
    return (
        len(text) <= _LONGEST
        and not pattern("told").match(text)
        and (bool(pattern("boilerplate").search(text)) or _is_menu(text))
    )


def _is_menu(text: str) -> bool:
    """Four or more short items parted by bars or dots: Home | News | Sport | Weather."""
    items = re.split(r"\s*[|•·»›]\s*", text)
    return len(items) >= 4 and all(0 < len(item) <= 30 and not re.search("[%:]", item) for item in items)
