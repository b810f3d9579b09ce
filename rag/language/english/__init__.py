"""English: all that is known of it. What each name is: `rag.language.Language`."""

from __future__ import annotations

from collections.abc import Mapping

from rag.language.english import boilerplate, comparing, days, expected, listing
from rag.language.english.asides import aside, is_courtesy
from rag.language.english.comparing import FILLERS, FIXED, NEGATIONS, OPENERS, compared_words, in_digits
from rag.language.english.days import MONTHS, SHORT_MONTHS, days_in_words, month_number
from rag.language.english.examples import questions
from rag.language.english.followups import depends, wants_more
from rag.language.english.kinds import kind_and_focus
from rag.language.english.naming import OFFICES, PLACES, RELATIONS, capitalised, named
from rag.language.english.quoting import ELISIONS, is_pronoun, is_title, names_in, said_of
from rag.language.english.requests import ABOUT, alone, form, on_topic
from rag.language.english.sentences import SPLITTER, sentence_spans
from rag.language.english.several import parts
from rag.language.english.times import days_named, time_meant
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
PATTERNS: Mapping[str, str] = {
    **expected.PATTERNS,
    **boilerplate.PATTERNS,
    **days.PATTERNS,
    **comparing.PATTERNS,
    **listing.PATTERNS,
}

__all__ = [
    "ABOUT",
    "ALPHABET",
    "ARTICLES",
    "ASKING_VERBS",
    "ELISIONS",
    "FILLERS",
    "FIXED",
    "FORMS",
    "MONTHS",
    "NAMES",
    "NEGATIONS",
    "OFFICES",
    "OPENERS",
    "OPENING",
    "PATTERNS",
    "PLACES",
    "RELATIONS",
    "SHORT_MONTHS",
    "SPLITTER",
    "STOPWORDS",
    "TOKENIZER",
    "YEAR_NOUNS",
    "alone",
    "aside",
    "capitalised",
    "compared_words",
    "days_in_words",
    "days_named",
    "depends",
    "form",
    "in_digits",
    "is_courtesy",
    "is_pronoun",
    "is_title",
    "kind_and_focus",
    "month_number",
    "named",
    "names_in",
    "on_topic",
    "parts",
    "questions",
    "said_of",
    "sentence_spans",
    "stemmed",
    "time_meant",
    "wants_more",
    "without_possessive",
    "word_frequencies",
]
