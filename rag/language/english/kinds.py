"""What a question asks for: its kind, and the noun it asks for."""

from __future__ import annotations

import re

from rag.language.english.asides import is_on_article, on_record
from rag.language.english.words import AUXILIARY, STOPWORDS
from rag.types import Kind

# What somebody said is asked by these, one after the other; as one pattern they take a time in the cube of the length.
_SAID = (
    re.compile(r"\bwhat\b"),
    re.compile(r"\b(?:did|does|do|has|have)\b"),
    re.compile(
        r"\b(?:say|said|tell|told|call|called|announce|announced|claim|claimed|"
        r"state|stated|describe|described|think|believe|warn|warned|promise|promised)\b"
    ),
)
_WORD = r"[\w'’\-]+"
_FOCUS = re.compile(
    rf"\b(?:what|which)\s+(?:kind|sort|type)s?\s+of\s+({_WORD})"
    rf"|\b(?:what|which)\s+(?:{_WORD}\s+){{0,3}}?({_WORD})\s+(?:{AUXILIARY})\b"
    rf"|\b(?:what|which)\s+({_WORD})"
)
_NOUNS: dict[Kind, frozenset[str]] = {
    "when": frozenset("year years day days date month time century decade season weekday".split()),
    "where": frozenset(
        "city country town state place province region village continent capital location nation".split()
    ),
    "how_many": frozenset("number percentage percent amount age price cost population share".split()),
    "who": frozenset("person man woman people president minister leader author scientist player".split()),
}
_HOW_MANY = re.compile(r"\bhow\s+(?:many|much|old|long|far|tall|high|large|big|often|few|deep|wide|fast|heavy)\b")
_FIRST = re.compile(r"\b(who|whom|whose|when|where|why|how|what|which)(?:'s|'d)?\b")
_YES_NO = re.compile(rf"(?:{AUXILIARY})\b")
_WORDS: dict[str, Kind] = {
    "who": "who",
    "whom": "who",
    "whose": "who",
    "when": "when",
    "where": "where",
    "why": "why",
    "how": "how",
}


def kind_and_focus(text: str) -> tuple[Kind, str | None]:
    """The kind of a question, and the noun it asks for: "city" in "In which city …?"."""
    folded = text.casefold().replace("’", "'")
    match = _FOCUS.search(folded)
    focus = (match[1] or match[2] or match[3]) if match else None
    if focus in STOPWORDS or (focus and _YES_NO.fullmatch(focus)):
        focus = None
    return on_record(text) or _kind(folded, focus), focus


def _asks_what_was_said(folded: str) -> bool:
    at = 0
    for part in _SAID:
        match = part.search(folded, at)
        if match is None:
            return False
        at = match.end()
    return True


def _kind(folded: str, focus: str | None) -> Kind:
    if is_on_article(folded):
        return "about"
    if _asks_what_was_said(folded):
        return "said"
    if _HOW_MANY.search(folded):
        return "how_many"
    if focus is not None:
        return next((kind for kind, nouns in _NOUNS.items() if focus in nouns), "what")
    if _YES_NO.match(folded):
        return "yes_no"
    first = _FIRST.search(folded)
    return _WORDS.get(first[1], "what") if first else "what"
