"""Recognises "Who is Xi Jinping?" and "Where is Gyeongju?"."""

from __future__ import annotations

import re

from rag.language.english.patterns import any_case
from rag.language.english.words import STOPWORDS
from rag.language.words import LETTERS, bare
from rag.types import Vocabulary

_ASKS = any_case(
    r"(?:who|where)(?:\s+exactly)?(?:['’]?s|\s+(?P<verb>is|was|are|were))\s+(?P<name>[^\s?][^?]*?)"
    r"(?:(?<=\S)\s+(?:exactly|located|situated))?[\s?.!]*"
)
_CAPITALISED = r"[^\W\d_a-z][\w.'’\-]*"
_PARTICLE = r"(?:of|the|and|de|del|di|du|da|van|von|der|den|la|le|al|bin|ibn|el|y)"
_NAME = re.compile(rf"{_CAPITALISED}(?:\s+(?:{_PARTICLE}\s+)*{_CAPITALISED})*")
_LONGEST = 6  # words of a name
# With a capital they are of no name: "Chinese President" tells who somebody is.
OFFICES = frozenset(
    """
    admiral adviser advisor ambassador archbishop attorney baron bishop captain cardinal ceo chairman chairwoman
    chancellor chief coach colonel commander commissioner congressman congresswoman count countess director duchess
    duke earl emperor empress general governor head judge justice king leader major mayor minister officer pope
    premier president prince princess professor prophet queen rabbi representative secretary senator sergeant sheriff
    speaker spokesman spokeswoman sultan treasurer
    """.split()
)
# They tell of a name as little as another name: "his South Korean counterpart", "the city".
RELATIONS = frozenset("colleague counterpart".split())
PLACES = frozenset("area city country district place province region state town village".split())


def named(text: str) -> str | None:
    """The name that a question asks who or where it is; None for another.

    Nor is it where an office is in it: "Who is CEO of ABC?" asks for a name, and so may "Who is President Lee?".
    """
    match = _ASKS.fullmatch(text)
    if match is None or not _NAME.fullmatch(match["name"]) or len(match["name"].split()) > _LONGEST:
        return None
    if match["verb"] and match["verb"][0].isupper():
        return None  # a capital says nothing: "WHERE WAS JOHN WAYNE BORN"
    words = re.split(r"\W+", match["name"].casefold())
    return None if not OFFICES.isdisjoint(words) or re.search(r"['’][sS]?\s", f"{match['name']} ") else match["name"]


def capitalised(text: str, vocabulary: Vocabulary) -> str:
    """The question with its name as the articles mostly write it: "who is takaichi" asks "Who is Takaichi"."""
    match = _ASKS.fullmatch(text)
    if (
        match is None
        or named(text)
        or re.fullmatch(r"(?i)\w+(?:ing|ed)", match["name"])
        or len(match["name"].split()) > _LONGEST
    ):
        return text
    written = vocabulary.writings({bare(word) for word in LETTERS.findall(match["name"])})

    def as_written(word: re.Match[str]) -> str:
        known = bare(word[0]) in written and word[0].casefold() not in STOPWORDS  # "The" begins a sentence
        return written[bare(word[0])][0] if known else word[0].casefold()

    start, end = match.span("name")
    meant = f"{text[:start].capitalize()}{LETTERS.sub(as_written, text[start:end])}{text[end:]}"
    return meant if named(meant) else text
