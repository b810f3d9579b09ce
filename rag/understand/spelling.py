"""question -> the question with slips of the hand mended: "Prime Minster of Japn" -> "Prime Minister of Japan".

A word is mended when the articles do not hold it, it is no common word, and one slip makes it of a word of the articles
or, where it is neither a name nor any word of the language, of a common one. So a name that stands in the articles or
that is common is never made another one; nor is what stands in quotation marks mended. What was searched is shown.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from rag.language import Language, pack
from rag.language.words import LETTERS, WORD, bare, commonest, stem, written
from rag.types import Vocabulary

_SHORTEST = 4  # letters of a word that is mended, and of what it becomes
_LONGEST = 40  # beyond that it is no word that somebody mistyped, and has too many that are one slip away
_LONG = 6  # letters of a word that is mended of a less likely slip
_LONG_NAME = 7  # and of a name with another letter in it, which is as likely another name: Hansen, Hanson
_QUOTED = re.compile(r"[\"“„«][^\"“”„«»]*[\"”“»]")


class KnownWords:
    """The words of a language: common ones, those that the encoder's tokenizer keeps whole, and all of a list."""

    def __init__(self, common: Iterable[str]) -> None:
        self._common, self._language = frozenset(common), pack()

    @classmethod
    def of(cls, encoder: Path) -> KnownWords:
        """With the tokenizer of the encoder in this folder."""
        return cls(filter(LETTERS.fullmatch, (encoder / "vocab.txt").read_text(encoding="utf-8").split("\n")))

    @functools.cached_property
    def _list(self) -> Mapping[str, int]:
        """A fifth of a second and 30 MB, which most questions do not need."""
        return self._language.word_frequencies()

    def common(self, word: str) -> bool:
        """Whether everybody knows the word: minister, but not minster."""
        return word in self._common

    def knows(self, word: str) -> bool:
        """Whether it is a word at all."""
        return word in self._common or word in self._list

    def commonest(self, words: Iterable[str]) -> str | None:
        """Of these words the most frequent; None where none is common."""
        return max(self._common.intersection(words), key=lambda word: (self._list.get(word, 0), word), default=None)


class PassageWords:
    """The words of one text (`Vocabulary`)."""

    def __init__(self, text: str) -> None:
        self._count = written(text)

    @functools.cached_property
    def _stems(self) -> set[str]:
        return {stem(word) for word in self._count}

    def occurs(self, term: str) -> bool:
        """As `Vocabulary.occurs`."""
        return stem(term) in self._stems

    def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """As `Vocabulary.writings`."""
        wanted = frozenset(words)
        return commonest((word, bare(word), count) for word, count in self._count.items() if bare(word) in wanted)


def mended(text: str, vocabulary: Vocabulary, known: KnownWords) -> str:
    """The question with each word that a slip explains replaced by what was meant."""
    all_words = [bare(word) for word in WORD.findall(text)]
    in_language = 2 * sum(map(known.common, all_words)) >= len(all_words)
    quoted = [match.span() for match in _QUOTED.finditer(text)]
    out, done = [], 0
    for start, end in _places(text):
        word = text[start:end]
        is_known = _is_function(bare(word)) or known.common(bare(word)) or vocabulary.occurs(word)
        if is_known or any(a <= start < b for a, b in quoted):
            continue
        name = word[0].isupper() and start > 0
        meant = _meant(bare(word), vocabulary, known, name=name, in_language=in_language)
        # Another form of the same word is no slip: subdue, subdued.
        if meant is not None and stem(meant) != stem(word):
            out += [text[done:start], _cased(meant, word)]
            done = end
    return "".join([*out, text[done:]])


def _is_function(word: str) -> bool:
    """Whether it is a function word, also as it is typed: dont, whos."""
    return word in pack().STOPWORDS or word in _without_apostrophes(pack())


@functools.cache
def _without_apostrophes(language: Language) -> frozenset[str]:
    return frozenset(word.replace("'", "") for word in language.STOPWORDS)


def _places(text: str) -> Iterator[tuple[int, int]]:
    """The runs of letters of words that hold nothing but letters, hyphens and a possessive ending."""
    for match in WORD.finditer(text):
        if "." in match[0] or any(c.isdigit() or c == "_" for c in match[0]):
            continue
        for piece in LETTERS.finditer(text, *match.span()):
            if _SHORTEST <= piece.end() - piece.start() <= _LONGEST and text[piece.start() - 1 : piece.start()] not in (
                "'",
                "’",
            ):
                yield piece.span()


def _meant(word: str, vocabulary: Vocabulary, known: KnownWords, *, name: bool, in_language: bool) -> str | None:
    """The word that was meant, as it is mostly written.

    By a likely slip a word of the articles; where it is no word of the language, by a likely slip a common one, or by
    another slip a word of the articles. By such a slip, or where it is on the list, a name only becomes a name.
    """
    likely, others = _one_slip_from(word)
    found = _of_articles(likely, vocabulary)
    if known.knows(word):
        return None if found and name and found[0].islower() else found
    if found is not None:
        return found
    common = known.commonest(likely) if in_language and not name else None
    if common or len(word) < _LONG:
        return common
    if name and len(word) < _LONG_NAME:
        others = {one for one in others if len(one) != len(word)}
    found = _of_articles(others, vocabulary)
    return None if found and name and found[0].islower() else found


def _of_articles(candidates: Collection[str], vocabulary: Vocabulary) -> str | None:
    """Of these words the most frequent of the articles."""
    found = {key: its for key, its in vocabulary.writings(candidates).items() if len(key) >= _SHORTEST}
    best = max(found, key=lambda key: (found[key][1], key), default=None)
    return None if best is None else found[best][0]


def _one_slip_from(word: str) -> tuple[set[str], set[str]]:
    """Words that become this one by a slip, likely slips and others.

    Likely are a letter left out, one doubled, and two exchanged, not the first; others are one too many, another one,
    and the first two exchanged.
    """
    cuts = range(1, len(word))
    left_out = {word[:i] + c + word[i:] for i in [*cuts, len(word)] for c in pack().ALPHABET}
    doubled = {word[:i] + word[i + 1 :] for i in cuts if word[i] == word[i - 1]}
    exchanged = {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in cuts[:-1]}
    first = {word[1] + word[0] + word[2:]}
    added = {word[:i] + word[i + 1 :] for i in cuts}
    another = {word[:i] + c + word[i + 1 :] for i in cuts for c in pack().ALPHABET}
    likely = (left_out | doubled | exchanged) - {word}
    return likely, (added | another | first) - likely - {word}


def _cased(meant: str, typed: str) -> str:
    """In capitals where it was typed so; else as it is mostly written."""
    if typed.isupper():
        return meant.upper()
    return meant[0].upper() + meant[1:] if typed[0].isupper() else meant
