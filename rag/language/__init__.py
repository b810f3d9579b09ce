"""The language of the articles, of the questions and of the words around an answer: one pack a process.

A pack is a folder in this one, a package with all that `Language` names. Nothing else in `rag` knows words of a
language: it asks `pack()`. `use` takes another pack; the setting `language` does so when settings are loaded.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, Protocol, cast, get_args

from rag.types.errors import SettingsError

DEFAULT = "english"
Pattern = Literal[
    "name",  # what a question for somebody or some place expects
    "date",
    "year",
    "number",
    "name_run",  # words with capitals whose initials may stand for them
    "initials",  # what may be written with points
    "judgement",  # a question for advice, an opinion or what is good
    "of_publisher",  # a question for the publisher of an article
    "denial",  # a word that denies, with a straight apostrophe, in a text in small letters
    "compared_word",  # a word as `compared_words` finds them in a text
    "date_line",  # a line that is a date; with the groups m1 and d1 or m2 and d2 (month, day) and year
    "boilerplate",  # what sites print around articles
    "told",  # a paragraph that begins so is none of that
    "joint",  # what stands between two items of a list; with the group word or words where it is more than a mark
    "no_joint",  # where such joins no items: "May 20, 2010"
    "before_item",  # what leads to an item and is not of it: "such as"
    "no_item",  # what begins so is no item, but a clause
]


class Language(Hashable, Protocol):
    """What a pack has, by the names in its `__init__.py`. Beside it lie its `templates`.

    Words in sets and keys are in small letters, with a straight apostrophe.
    """

    __name__: str
    STOPWORDS: frozenset[str]
    """Words that say nothing about what a passage must hold: function words, and those questions are built with."""
    NAMES: frozenset[str]
    """Stop words that are names when they are in capitals, such as US."""
    ARTICLES: frozenset[str]
    """Articles as grammar has them: a, an, the. They are left out where answers are compared by their words."""
    FORMS: Mapping[str, tuple[str, ...]]
    """Each form of a word with forms that no stemmer knows -> all of them, the word first: "held" -> (hold, held)."""
    MONTHS: tuple[str, ...]
    """The twelve months in full, as they are written."""
    SHORT_MONTHS: Mapping[str, str]
    """A month in short, without a point -> in full, as `MONTHS` has it."""
    YEAR_NOUNS: frozenset[str]
    """Nouns that ask for a year."""
    ASKING_VERBS: frozenset[str]
    """Verbs that a question about a text is built with: they are searched, and never said to occur nowhere."""
    ALPHABET: str
    """The letters that a slip of the hand may put into a word."""
    NEGATIONS: frozenset[str]
    """Words that deny."""
    FIXED: frozenset[str]
    """Words that two equal answers must both have or both lack: months, days, what denies and what compares."""
    FILLERS: frozenset[str]
    """Words that are not counted when answers are compared."""
    OPENERS: frozenset[str]
    """Words that no name begins with, though an answer may have them with a capital."""
    TOKENIZER: str
    """SQLite FTS5's tokenizer: what a word of the index is, and which words are the same."""
    SPLITTER: str
    """Name and version of what splits sentences, for the name of a generation: a change splits all articles anew."""
    OPENING: str
    """The words by which a template says that an article begins with what is quoted; in no other template."""
    PATTERNS: Mapping[str, str]
    """Regular expressions by name (`Pattern`), written for `re.VERBOSE`."""

    def stemmed(self, word: str, /) -> str:
        """The stem of a word in small letters, without marks on its letters and without a possessive ending."""
        ...

    def without_possessive(self, word: str, /) -> str:
        """The word without its possessive ending: "Japan" of "Japan's"."""
        ...

    def sentence_spans(self, text: str, /) -> list[tuple[int, int]]:
        """The ranges of the sentences of a text, in order. Only where they begin is taken."""
        ...

    def month_number(self, written: str, /) -> int:
        """The number, from 1, of a month as `date_line` finds it."""
        ...

    def compared_words(self, text: str, /) -> Iterator[tuple[str, bool]]:
        """The words by which answers are compared, in small letters, each with whether it began with a capital.

        A number is its digits; writings of one word (% and percent) are one.
        """
        ...

    def in_digits(self, words: Iterable[str], /) -> Iterator[str]:
        """The same words, those that make up one number as one word in digits."""
        ...

    ABOUT: str
    """What the networks read for each question on what an article is about."""
    OFFICES: frozenset[str]
    """Words that are no name though they are written like one before a name: President."""
    RELATIONS: frozenset[str]
    """Words that tell of a person as little as another name: counterpart."""
    PLACES: frozenset[str]
    """Words that tell of a place as little as its name: city."""

    def aside(self, text: str, /) -> Kind | None:
        """`hello`, `thanks` or `help` for a message that asks nothing of the articles; None for another."""
        ...

    def is_courtesy(self, text: str, /) -> bool:
        """Whether a message says nothing but hello, thanks or the like."""
        ...

    def form(self, text: str, /) -> Form:
        """What a message asks without greetings, thanks and requests to be told; its text where it is plain."""
        ...

    def alone(self, text: str, /) -> Form | None:
        """A topic that is named and no more: "THAAD?"; None for another text."""
        ...

    def on_topic(self, topic: str, /) -> Form | None:
        """What asks for all on a topic; None for what is more than a topic, or none."""
        ...

    def parts(self, text: str, /) -> list[str]:
        """The questions that are asked in one message; the text alone for any other."""
        ...

    def depends(self, text: str, /) -> bool:
        """Whether a question is understood only from those before it."""
        ...

    def wants_more(self, text: str, /) -> bool:
        """Whether a message asks for more on what was just spoken of."""
        ...

    def kind_and_focus(self, text: str, /) -> tuple[Kind, str | None]:
        """The kind of a question, and the noun it asks for."""
        ...

    def time_meant(self, text: str, day: str | None, /) -> TimeMeant | None:
        """The time that a question names, told from the day of asking (ISO 8601) where it needs that; None for none."""
        ...

    def days_named(self, text: str, day: str | None, /) -> list[tuple[str, str]]:
        """The times that a sentence names, each its first and last day, told from the day it was written on."""
        ...

    def days_in_words(self, since: str | None, until: str | None, /) -> str:
        """Days as a person writes them: "the week to 12 January 2024"; None where that side is open."""
        ...

    def named(self, text: str, /) -> str | None:
        """The name that a question asks who or where it is; None for another."""
        ...

    def capitalised(self, text: str, vocabulary: Vocabulary, /) -> str:
        """The question with its name as the articles mostly write it."""
        ...

    def questions(self, sentence: str, /) -> list[tuple[str, int, int]]:
        """Questions that a sentence answers and that can be understood alone, each with the answer's range in it."""
        ...

    ELISIONS: frozenset[str]
    """Words that begin with an apostrophe where it is left out: 'em."""

    def said_of(self, before: str, after: str, /) -> Said:
        """Who is said to have said a quotation, and where, by the words before it and behind it."""
        ...

    def is_title(self, before: str, quoted: str, /) -> bool:
        """Whether what is in quotation marks is a title, by the words before it."""
        ...

    def is_pronoun(self, speaker: str, /) -> bool:
        """Whether a speaker is named by a pronoun alone."""
        ...

    def names_in(self, speaker: str, /) -> tuple[str, ...]:
        """The words of a speaker's name in small letters; none of a description."""
        ...

    def word_frequencies(self) -> Mapping[str, int]:
        """Words of the language in small letters, each with how often it is written: what is no slip of the hand."""
        ...


_active: Language | None = None


def pack() -> Language:
    """The pack that is in use: English, where none was chosen."""
    return _active or use(DEFAULT)


def name() -> str:
    """The name of the pack that is in use."""
    return pack().__name__.rpartition(".")[2]


def use(language: str) -> Language:
    """Takes the pack of this name for the process. Raises SettingsError where there is none, or it lacks something."""
    global _active
    there = names()
    if language not in there:
        raise SettingsError(f"there is no language {language!r}; there are: {', '.join(there)}")
    module = importlib.import_module(f"{__name__}.{language}")
    wanted = [name for name in (*Language.__annotations__, *vars(Language)) if not name.startswith("_")]
    missing = sorted({name for name in wanted if not hasattr(module, name)})
    missing += [f"the pattern {name}" for name in get_args(Pattern) if name not in getattr(module, "PATTERNS", {})]
    if missing:
        raise SettingsError(f"the language {language!r} lacks {', '.join(missing)}")
    _active = cast(Language, module)
    return _active


def names() -> list[str]:
    """The packs that there are."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if found.ispkg)


def pattern(name: Pattern) -> re.Pattern[str]:
    """A pattern of the pack that is in use."""
    return compiled(pack().PATTERNS[name])


@functools.cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern that is written for `re.VERBOSE`."""
    return re.compile(pattern, re.VERBOSE)


if TYPE_CHECKING:
    from rag.language import english
    from rag.types import Form, Kind, Vocabulary
    from rag.types.quotes import Said
    from rag.types.times import TimeMeant

    _has_all: Language = english
