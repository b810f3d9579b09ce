"""Matches names that are written in two ways: initials and their words, months in short and in full.

What a text itself shows counts: "U.S." stands for "United States" and the reverse, "IMF" for "International
Monetary Fund". Of a person's name a part stands for the whole, as words are compared one by one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping

from rag.language import Language, pack, pattern
from rag.language.words import WORD, stem

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
    short = _short_months(pack())
    return {short[stemmed]} if stemmed in short else {brief for brief, full in short.items() if full == stemmed}


@functools.cache
def _short_months(language: Language) -> Mapping[str, str]:
    """A month in short -> the stem of it in full."""
    return {short: stem(month) for short, month in language.SHORT_MONTHS.items()}


def _folded(term: str) -> str:
    """An abbreviation without its points; "" for another word."""
    return term.replace(".", "") if _ABBREVIATION.fullmatch(term) else ""


def _initials(text: str) -> dict[str, list[str]]:
    """The capitalised words of each run by their initials; of a longer run the shorter ones in it, too."""
    found: dict[str, list[str]] = {}
    for match in pattern("name_run").finditer(text):
        words = [word for word in match[0].split() if word[0].isupper()]
        for a in range(len(words)):
            for b in range(a + 2, min(a + 6, len(words)) + 1):
                found.setdefault("".join(word[0] for word in words[a:b]), words[a:b])
    return found
