"""English: all that is known of it. What each name is: `rag.language.Language`."""

from __future__ import annotations

from collections.abc import Mapping

from rag.language.english import answers, boilerplate, days, judging
from rag.language.english.days import MONTHS, SHORT_MONTHS, month_number
from rag.language.english.judging import FILLERS, FIXED, NEGATIONS, OPENERS, compared_words, in_digits
from rag.language.english.sentences import SPLITTER, sentence_spans
from rag.language.english.words import (
    ALPHABET,
    ARTICLES,
    ASKING_VERBS,
    FORMS,
    NAMES,
    STOPWORDS,
    YEAR_NOUNS,
    stemmed,
    without_possessive,
    word_frequencies,
)

TOKENIZER = "porter unicode61 remove_diacritics 2"
OPENING = "opens with"
PATTERNS: Mapping[str, str] = {**answers.PATTERNS, **boilerplate.PATTERNS, **days.PATTERNS, **judging.PATTERNS}

__all__ = [
    "ALPHABET",
    "ARTICLES",
    "ASKING_VERBS",
    "FILLERS",
    "FIXED",
    "FORMS",
    "MONTHS",
    "NAMES",
    "NEGATIONS",
    "OPENERS",
    "OPENING",
    "PATTERNS",
    "SHORT_MONTHS",
    "SPLITTER",
    "STOPWORDS",
    "TOKENIZER",
    "YEAR_NOUNS",
    "compared_words",
    "in_digits",
    "month_number",
    "sentence_spans",
    "stemmed",
    "without_possessive",
    "word_frequencies",
]
