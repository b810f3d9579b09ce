"""What a question asks for: its kind, and the noun it asks for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from rag.language.english.asides import is_on_article, on_record
from rag.language.english.words import AUXILIARIES, AUXILIARY, STOPWORDS, small_words
from rag.types import Kind

# What somebody said is asked by a word of each of these, one after the other.
_SAID = (
    frozenset({"what"}),
    frozenset("did does do has have".split()),
    frozenset(
        """
        say said tell told call called announce announced claim claimed state stated describe described think believe
        warn warned promise promised
        """.split()
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
_DEGREES = frozenset("many much old long far tall high large big often few deep wide fast heavy".split())
_KINDS: dict[str, Kind] = {
    "who": "who",
    "whom": "who",
    "whose": "who",
    "when": "when",
    "where": "where",
    "why": "why",
    "how": "how",
    "what": "what",
    "which": "what",
}


def kind_and_focus(text: str) -> tuple[Kind, str | None]:
    """The kind of a question, and the noun it asks for: "city" in "In which city …?"."""
    folded = text.casefold().replace("’", "'")
    match = _FOCUS.search(folded)
    focus = (match[1] or match[2] or match[3]) if match else None
    if focus in STOPWORDS or focus in AUXILIARIES:
        focus = None
    return on_record(text) or _kind(folded, focus), focus


def _kind(folded: str, focus: str | None) -> Kind:
    if is_on_article(folded):
        return "about"
    words = small_words(folded)
    if _in_turn(words):
        return "said"
    if any(a == "how" and b in _DEGREES for a, b in itertools.pairwise(words)):
        return "how_many"
    if focus is not None:
        return next((kind for kind, nouns in _NOUNS.items() if focus in nouns), "what")
    if words and words[0] in AUXILIARIES and folded.startswith(words[0]):
        return "yes_no"
    return next((_KINDS[word] for word in words if word in _KINDS), "what")


def _in_turn(words: Sequence[str]) -> bool:
    """Whether words of what is asked by, of each sort one, stand one after the other."""
    at = 0
    for word in words:
        at += at < len(_SAID) and word in _SAID[at]
    return at == len(_SAID)
