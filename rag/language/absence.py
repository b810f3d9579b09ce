"""Which words of a question may be said to stand in no article: one rule, for `answer` and for `verify`.

A word is looked for by stem in all that a reader sees of the articles, with its irregular forms, written in one or in
two, and with what looks like it: "Xl" is not said to occur nowhere where XI stands. Only a whole word in Latin letters
is ever said to: other scripts have words that end in no space, or that are written with more before and behind.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from rag.language import Language, pack
from rag.language.words import WORD, dated, forms, stem, terms
from rag.types import ArticleInfo

_ALONE = re.compile(rf"\W*({WORD.pattern})\W*")
# Begins where a word does, so that a long word without such a character is looked through once and not from each place.
_NOT_ASCII = re.compile(r"(?:(?<!\S)|(?=\s))\S*[^\x00-\x7f]\S*")
_NO_JOINS = str.maketrans("", "", "'’.-")
# Letters of other scripts and Latin ones with a stroke, as plain ones that they look like: FTS5 folds none of them.
_LIKE_LATIN = str.maketrans(
    "аеорсухіјѕһАВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧοøØłŁđĐðħıŧŀŉĸ",
    "aeopcyxijshABEKMHOPCTYXIJSABEZHIKMNOPTYXooOlLdDdhitlnk",
) | str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th"})
_LOOK_LIKE_OTHERS = frozenset("ıĸŉſŀĿ")
_UNITS = re.compile("rn|vv|.")
_ALIKE = {one: alike for alike in (("rn", "m"), ("vv", "w"), ("I", "l", "1"), ("O", "o", "0")) for one in alike}
MOST_NAMED = 3  # words of one question
_COMMON = 6e-6  # of all words that are written: about the 5,000 commonest of English are
_ENDS = frozenset(".?!:;…")  # of a sentence or a part of one
_LONGEST = 50
_MOST_MARKS = 30  # Unicode's own bound for streams (UAX #15)
_MOST = 1000  # ways to write one word with what looks alike; one with more is never said to occur nowhere


def cleaned(question: str) -> str:
    """A question on one line, in NFC, without what cannot be seen: by two spellings of one word nothing is hidden."""
    seen = "".join(c for c in " ".join(question.split()) if unicodedata.category(c) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFC", "".join(_few_marks(" ".join(seen.split()))))


def _few_marks(text: str) -> Iterator[str]:
    """The text with no more marks on a letter than any has: the time to order a run of them is quadratic."""
    run = 0
    for c in text:
        run = run + 1 if unicodedata.combining(c) else 0
        if run <= _MOST_MARKS:
            yield c


def askable(question: str) -> Mapping[str, str]:
    """The content words of a cleaned question that may be said to occur nowhere, as typed, by their small letters.

    None is a part of what stands without a space (the 000 of "1,000"), has a mark of its own, or letters that look like
    others.
    """
    alone = (_ALONE.fullmatch(run) for run in question.split() if not any(map(_is_mark, run)))
    found = terms(" ".join(match[1] for match in alone if match))
    return {term.casefold(): term for term in found if _is_sayable(term)}


def reasons(question: str, absent: Iterable[str]) -> tuple[str, ...]:
    """Of the absent words of a question those whose absence tells why there is no answer, at most three, in its order.

    Names and numbers do, and then the rarest words. That a common word of the language stands nowhere is no reason:
    what answers may be said without it.
    """
    order = {term.casefold(): at for at, term in enumerate(askable(question).values())}
    names = _names(question)
    placed = sorted(absent, key=lambda term: order[term.casefold()])
    common = {term: -1.0 if _has_digit(term) or term.casefold() in names else _commonness(term) for term in placed}
    chosen = sorted((term for term in placed if common[term] < _COMMON), key=common.__getitem__)[:MOST_NAMED]
    return tuple(term for term in placed if term in chosen)


def _names(question: str) -> set[str]:
    """The words with a capital where no sentence begins, folded; none where all words have one, which says nothing."""
    pairs = itertools.pairwise(WORD.finditer(question))
    inside = [word[0] for before, word in pairs if _ENDS.isdisjoint(question[before.end() : word.start()])]
    capitals = [word for word in inside if word[0].isupper()]
    all_are = len(capitals) == len(inside) > 1
    return set() if all_are else {term.casefold() for term in terms(" ".join(capitals))}


def _has_digit(term: str) -> bool:
    return any(map(str.isdigit, term))


def _commonness(term: str) -> float:
    """How often a word is written, in the form that is written most, among all words."""
    known, total = _frequencies(pack())
    small = term.casefold().replace("’", "'")
    return max(known.get(form, 0) for form in (small, stem(small), *forms(small))) / max(total, 1)


@functools.cache
def _frequencies(language: Language) -> tuple[Mapping[str, int], int]:
    known = language.word_frequencies()
    return known, sum(known.values())


def _is_sayable(term: str) -> bool:
    return len(term) <= _LONGEST and all(map(_is_plain, term)) and _ways(term) <= _MOST


def _is_plain(c: str) -> bool:
    """Whether this is ASCII, an apostrophe, or a Latin letter with a mark that no other letter looks like."""
    return (c.isascii() and c != "_") or c == "’" or ("À" <= c <= "ž" and c.isalpha() and c not in _LOOK_LIKE_OTHERS)


def _is_mark(c: str) -> bool:
    return unicodedata.category(c).startswith("M")


def query(term: str) -> str:
    """An FTS5 query for what `looked_for` has of a word."""
    return any_of(looked_for(term))


def looked_for(term: str) -> list[str]:
    """A word, its irregular forms, the same in one or in two, and what looks like it: each a word or a phrase."""
    one = term.translate(_NO_JOINS)
    in_two = (f"{one[:i]} {one[i:]}" for i in range(1, len(one)))
    return sorted({one, _folded(term), *forms(term.casefold()), *in_two, *_lookalikes(term)})


def _lookalikes(term: str) -> Iterator[str]:
    """The word in every way that looks the same, itself among them."""
    return map("".join, itertools.product(*(_ALIKE.get(unit, (unit,)) for unit in _UNITS.findall(term))))


def _ways(term: str) -> int:
    return math.prod(len(_ALIKE.get(unit, (unit,))) for unit in _UNITS.findall(term))


def beside(info: ArticleInfo, text: str) -> str:
    """What a reader sees of an article beside its text, and what is read otherwise than FTS5 reads it."""
    said = "\n".join([info.title, info.publisher or "", info.author or "", dated(info.date)])
    return f"{said}\n{_legible(said)}\n{_legible(text)}"


def _legible(text: str) -> str:
    """The words that are read otherwise than FTS5 reads them, as they are read: without soft hyphens and ligatures."""
    read = ((word, _folded(word)) for word in _NOT_ASCII.findall(text))
    return " ".join(dict.fromkeys(plain for word, plain in read if plain != word))


def _folded(word: str) -> str:
    """In NFKC, without what cannot be seen, and in the plain letters that it looks like."""
    seen = (c for c in unicodedata.normalize("NFKC", word) if unicodedata.category(c) not in ("Cf", "Cc"))
    return "".join(seen).translate(_LIKE_LATIN)


def any_of(terms: Iterable[str]) -> str:
    """An FTS5 query for what has any of the terms."""
    return " OR ".join(map(_quoted, terms))


def _quoted(term: str) -> str:
    """A term as an FTS5 string, in which nothing is an operator."""
    return '"' + term.replace('"', '""').replace("\0", " ") + '"'
