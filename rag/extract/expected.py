"""Whether a text holds what a who, when, where or how-many question expects: a name, a date, a number. By patterns."""

from __future__ import annotations

import re

from rag.types import Query
from rag.words import STOPWORDS, WORD, stem

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan\.|Feb\.|Aug\.|Sept\.|Oct\.|Nov\.|Dec\.)"
)
_WEEKDAY = r"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_COUNT = r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|several|a few)"
_DATE = re.compile(
    rf"\b(?:{_WEEKDAY},?\s+)?(?:{_MONTH}\s+{_DAY}(?:,?\s+\d{{4}})?|{_DAY}\s+{_MONTH}(?:,?\s+\d{{4}})?"
    rf"|{_MONTH}(?:,?\s+\d{{4}})?)(?![\w])"
    rf"|\b{_WEEKDAY}\b|\b(?:1[0-9]|20)\d\ds?\b|\b(?:yesterday|today|tomorrow|tonight)\b"
    r"|\b(?:last|next|this)\s+(?:week|month|year|summer|winter|spring|autumn|fall|decade)\b"
    rf"|\b{_COUNT}\s+(?:days?|weeks?|months?|years?|decades?)\s+(?:ago|earlier|later)\b"
)
_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b")
_SMALL = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|dozens?|a dozen|half|several|hundreds?|"
    r"a (?:hundred|thousand|million|billion|decade|century)|thousands|millions|billions)"
)
_UNIT = (
    r"(?:percent|per cent|years?|months?|weeks?|days?|hours?|minutes?|miles?|kilomet(?:er|re)s?|met(?:er|re)s?|feet"
    r"|dollars?|euros?|times|people)"
)
_NUMBER = re.compile(
    rf"(?:(?:more|less|fewer) than |over |nearly |almost |about |around |at least |up to )?"
    rf"(?:[$€£¥]\s?)?(?:\b\d[\d,]*(?:\.\d+)?|\b{_SMALL}\b)(?:[- ](?:hundred|thousand|million|billion|trillion)\b)*"
    rf"(?:\s?%|\s{_UNIT}\b)?",
    re.IGNORECASE,
)
_CAPITALISED = r"(?:[^\W\d_a-z][\w'’\-]*|[A-Z]\.)"
_NAME = re.compile(rf"\b{_CAPITALISED}(?:\s+(?:(?:of|the|de|van|von|al|bin|and the)\s+)*{_CAPITALISED})*")
_EXPECTED = {"who": _NAME, "where": _NAME, "when": _DATE, "how_many": _NUMBER}
KINDS = frozenset(_EXPECTED)


def holds_expected(question: Query, text: str) -> bool:
    """Whether `text` holds a name, a date or a number, as the question asks for one, that it does not hold itself."""
    return bool(_found(question, text))


def is_expected(question: Query, text: str) -> bool:
    """Whether at least half of the content words of `text` are of such names, dates or numbers."""
    return 2 * sum(_content(its) for its in _found(question, text)) >= max(1, _content(text))


def _found(question: Query, text: str) -> list[str]:
    asked = {stem(term) for term in question.terms}
    pattern = _YEAR if question.kind == "when" and question.focus in ("year", "years") else _EXPECTED.get(question.kind)
    return [match[0] for match in pattern.finditer(text) if _new(match[0], asked)] if pattern else []


def _content(text: str) -> int:
    return sum(word.casefold() not in STOPWORDS for word in WORD.findall(text))


def _new(text: str, asked: set[str]) -> bool:
    words = WORD.findall(text)
    return any(stem(word) not in asked and word.casefold() not in STOPWORDS for word in words)
