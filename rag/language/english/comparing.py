"""Words by which English answers are compared: numbers in digits, months in full, contractions undone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from rag.language import compiled
from rag.language.english.days import MONTHS, SHORT_MONTHS, WEEKDAYS
from rag.language.english.words import without_possessive

_WORD = r"[$£€%] | (\d+(?:[.,]\d+)*)(?:(?:st|nd|rd|th)\b)? | [^\W\d_]+(?:['’][^\W\d_]+)*['’]?"
_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_ORDERED = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {
    **{word: n for n, word in enumerate(f"{_UNITS} seventeen eighteen nineteen".split())},
    **{word: n for n, word in enumerate(_ORDERED.split())},
    **{f"{word}th": n for n, word in enumerate("fourteen fifteen sixteen seventeen eighteen nineteen".split(), 14)},
    **{word: 10 * n for n, word in enumerate(_TENS.split(), 2)},
    **{f"{word[:-1]}ieth": 10 * n for n, word in enumerate(_TENS.split(), 2)},
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SAME = {"%": "percent", "dollar": "$", "dollars": "$", "pound": "£", "pounds": "£", "euro": "€", "euros": "€"}
_COMPARED = "before after until under over above below less more fewer least most"

NEGATIONS = frozenset("not no never without nor neither".split())
FIXED = frozenset([*(day.casefold() for day in (*MONTHS, *WEEKDAYS)), *NEGATIONS, *_COMPARED.split()])
FILLERS = frozenset("a an the in on at of".split())
_DENIAL = r"\b(?:not|no|never|without|nor|neither|cannot|nothing|nobody|none|nowhere|hardly|barely|scarcely)\b|n't\b"
# With digits the first group is a number.
PATTERNS: Mapping[str, str] = {"compared_word": _WORD, "denial": _DENIAL}
OPENERS = frozenset("because to by for from with and as it they he she this that there".split())


def compared_words(text: str) -> Iterator[tuple[str, bool]]:
    """As `Language.compared_words`: "20 %" is "twenty percent", "Sept." is "september", "can't" is "not"."""
    before = ""
    for match in compiled(_WORD).finditer(unicodedata.normalize("NFKC", text)):
        word = without_possessive(match[0].casefold()).rstrip("'’")
        capital = match[0][0].isupper()
        if match[1]:
            word = _figure(match[1])
        elif capital and (month := _month(word)):
            word = month
        elif word == "cent" and before == "per":
            word = "percent"
        before = word
        if word.endswith(("n't", "n’t")):
            yield "not", False
        elif word != "per":
            yield _SAME.get(word, word), capital


def _month(word: str) -> str | None:
    """The month that a word is, in short or in full, in small letters."""
    month = SHORT_MONTHS.get(word[:3], "").casefold()
    return month if month and word in (word[:3], "sept", month) else None


def _figure(digits: str) -> str:
    """A number in digits, without its thousands' commas and needless zeros."""
    try:
        return f"{Decimal(digits.replace(',', '')).normalize():f}"
    except InvalidOperation:
        return digits  # 1.2.3


def in_digits(words: Iterable[str]) -> Iterator[str]:
    """As `Language.in_digits`: "twenty five million" is 25000000."""
    value: Decimal | None = None
    for word in words:
        small = _SMALL.get(word)
        if small is None and word in _SCALES and value is not None:
            value *= _SCALES[word]
        elif small is not None and value is not None and small < 10 <= value % 100 and value % 10 == 0:
            value += small
        else:
            if value is not None:
                yield f"{value.normalize():f}"
            number = word.replace(".", "", 1).isdecimal()
            value = Decimal(small) if small is not None else Decimal(word) if number else None
            if value is None:
                yield word
    if value is not None:
        yield f"{value.normalize():f}"
