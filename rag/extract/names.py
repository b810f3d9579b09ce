"""Names that are written in two ways: an abbreviation and the words whose initials it has, months in short and in full.

What a text itself shows counts: "U.S." stands for "United States" and the reverse, "IMF" for "International
Monetary Fund". Of a person's name a part stands for the whole, as words are compared one by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.words import WORD, stem

_MONTHS = "January February March April June July August September October November December".split()
# "May" is its own abbreviation. Both "Sep" and "Sept" are written.
_SHORT = {month[:3].casefold(): stem(month) for month in _MONTHS} | {"sept": stem("September")}
_RUN = re.compile(r"\b[A-Z][\w'’\-]*(?:\s+(?:(?:of|the|and|for|on)\s+)?[A-Z][\w'’\-]*)+")
_ABBREVIATION = re.compile(r"\b(?:[A-Z]\.(?:[A-Z]\.?)+|[A-Z]{2,6})(?!\w)")


def also_held(terms: Iterable[str], question: str, text: str) -> set[str]:
    """The stems of those terms of the question that stand in the text in another writing."""
    terms = list(terms)
    held = {stem(word) for word in WORD.findall(text)}
    short, runs = {match[0].replace(".", "") for match in _ABBREVIATION.finditer(text)}, _initials(text)
    found = {stem(term) for term in terms if _folded(term) in runs or not held.isdisjoint(_month(stem(term)))}
    for initials, words in _initials(question).items():
        if initials in short:
            found.update(stem(word) for word in words)
    return found


def _month(stemmed: str) -> set[str]:
    """Other stems of a month."""
    return {_SHORT[stemmed]} if stemmed in _SHORT else {brief for brief, full in _SHORT.items() if full == stemmed}


def _folded(term: str) -> str:
    """An abbreviation without its points; "" for another word."""
    return term.replace(".", "") if _ABBREVIATION.fullmatch(term) else ""


def _initials(text: str) -> dict[str, list[str]]:
    """The capitalised words of each run by their initials; of a longer run the shorter ones in it, too."""
    found: dict[str, list[str]] = {}
    for match in _RUN.finditer(text):
        words = [word for word in match[0].split() if word[0].isupper()]
        for a in range(len(words)):
            for b in range(a + 2, min(a + 6, len(words)) + 1):
                found.setdefault("".join(word[0] for word in words[a:b]), words[a:b])
    return found
