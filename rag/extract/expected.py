"""Whether a text holds what a who, when, where or how-many question expects: a name, a date, a number. By patterns."""

from __future__ import annotations

from rag.language import Pattern, pack, pattern
from rag.language.words import WORD, stem
from rag.types import Query

# A kind of question -> the pattern of what it expects.
_EXPECTED: dict[str, Pattern] = {"who": "name", "where": "name", "when": "date", "how_many": "number"}
KINDS = frozenset(_EXPECTED)


def holds_expected(question: Query, text: str) -> bool:
    """Whether `text` holds a name, a date or a number, as the question asks for one, that it does not hold itself."""
    return bool(_found(question, text))


def is_expected(question: Query, text: str) -> bool:
    """Whether at least half of the content words of `text` are of such names, dates or numbers."""
    return 2 * sum(_content(its) for its in _found(question, text)) >= max(1, _content(text))


def _found(question: Query, text: str) -> list[str]:
    asked = {stem(term) for term in question.terms}
    expected = _EXPECTED.get(question.kind)
    if expected == "date" and question.focus in pack().YEAR_NOUNS:
        expected = "year"
    return [match[0] for match in pattern(expected).finditer(text) if _new(match[0], asked)] if expected else []


def _content(text: str) -> int:
    return sum(word.casefold() not in pack().STOPWORDS for word in WORD.findall(text))


def _new(text: str, asked: set[str]) -> bool:
    words = WORD.findall(text)
    return any(stem(word) not in asked and word.casefold() not in pack().STOPWORDS for word in words)
