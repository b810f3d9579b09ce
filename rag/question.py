"""question text -> Question: its kind, the noun it asks for, and its content words."""

from __future__ import annotations

import re

from rag.absence import cleaned
from rag.errors import InputError
from rag.messages import message
from rag.naming import named
from rag.plain import aside, is_on_article, on_record, topic_of
from rag.types import Kind, Question
from rag.words import AUXILIARY, STOPWORDS, terms

# What somebody said is asked by these, one after the other; as one pattern they take a time in the cube of the length.
_SAID = (
    re.compile(r"\bwhat\b"),
    re.compile(r"\b(?:did|does|do|has|have)\b"),
    re.compile(
        r"\b(?:say|said|tell|told|call|called|announce|announced|claim|claimed|"
        r"state|stated|describe|described|think|believe|warn|warned|promise|promised)\b"
    ),
)
_FOCUS_WORD = r"[\w'’\-]+"
_FOCUS = re.compile(
    rf"\b(?:what|which)\s+(?:kind|sort|type)s?\s+of\s+({_FOCUS_WORD})"
    rf"|\b(?:what|which)\s+(?:{_FOCUS_WORD}\s+){{0,3}}?({_FOCUS_WORD})\s+(?:{AUXILIARY})\b"
    rf"|\b(?:what|which)\s+({_FOCUS_WORD})"
)
_WHEN_NOUNS = frozenset("year years day days date month time century decade season weekday".split())
_WHERE_NOUNS = frozenset(
    "city country town state place province region village continent capital location nation".split()
)
_HOW_MANY_NOUNS = frozenset("number percentage percent amount age price cost population share".split())
_WHO_NOUNS = frozenset("person man woman people president minister leader author scientist player".split())
_HOW_MANY = re.compile(r"\bhow\s+(?:many|much|old|long|far|tall|high|large|big|often|few|deep|wide|fast|heavy)\b")


def analyse(text: str, max_chars: int) -> Question:
    """Reads a question. Raises InputError when it is empty or longer than `max_chars` code points."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise InputError(message("not_text"))
    text = cleaned(text)
    if not text:
        raise InputError(message("empty"))
    if len(text) > max_chars:
        raise InputError(message("too_long", f"{len(text):,}", f"{max_chars:,}"))
    courtesy = aside(text)
    if courtesy:
        return Question(text, courtesy, ())
    topic = topic_of(text)
    if topic:
        return Question(text, "topic", terms(topic), topic=topic)
    folded = text.casefold().replace("’", "'")
    match = _FOCUS.search(folded)
    focus = (match[1] or match[2] or match[3]) if match else None
    if focus in STOPWORDS or (focus and re.fullmatch(AUXILIARY, focus)):
        focus = None
    kind, name = on_record(text) or _kind(folded, focus), named(text)
    # Who somebody is that is named is told by no other name.
    return Question(text, "what" if name and kind == "who" else kind, terms(text), focus, name=name)


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
        kinds: tuple[tuple[Kind, frozenset[str]], ...] = (
            ("when", _WHEN_NOUNS),
            ("where", _WHERE_NOUNS),
            ("how_many", _HOW_MANY_NOUNS),
            ("who", _WHO_NOUNS),
        )
        return next((kind for kind, nouns in kinds if focus in nouns), "what")
    first = re.search(r"\b(who|whom|whose|when|where|why|how|what|which)(?:'s|'d)?\b", folded)
    if re.match(rf"(?:{AUXILIARY})\b", folded) or first is None:
        return "yes_no" if re.match(rf"(?:{AUXILIARY})\b", folded) else "what"
    words: dict[str, Kind] = {
        "who": "who",
        "whom": "who",
        "whose": "who",
        "when": "when",
        "where": "where",
        "why": "why",
    }
    return words.get(first[1], "how" if first[1] == "how" else "what")
