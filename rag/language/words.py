"""Words of questions and passages: where they are, which of them carry content, their forms and their stems."""

from __future__ import annotations

import datetime
import functools
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from rag.language import Language, pack

WORD = re.compile(r"\w+(?:['’.\-]\w+)*")
LETTERS = re.compile(r"[^\W\d_]+")

_OF_NAMES = re.compile(r"[A-Z][^\W\d_]+(?:-[A-Z][^\W\d_]+)+")


def folded(text: str) -> str:
    """A text without case and with single spaces, by which two of a question are copies."""
    return " ".join(text.casefold().split())


def bare(word: str) -> str:
    """The word folded by case and without marks on its letters."""
    return "".join(c for c in unicodedata.normalize("NFD", word.casefold()) if not unicodedata.combining(c))


def forms(word: str) -> tuple[str, ...]:
    """The word with its irregular forms, the word that they are of first: hold and held of "held" and of "holds".

    What has a capital is taken for a name, and has none.
    """
    return pack().FORMS.get(word, (word,))


def stem(word: str) -> str:
    """The bare word without a possessive ending, stemmed; of an irregular form that of its word."""
    return _stem(pack(), word)


@functools.lru_cache(maxsize=100_000)
def _stem(language: Language, word: str) -> str:
    plain = language.without_possessive(bare(word))
    return language.stemmed(language.FORMS.get(plain, (plain,))[0].replace(".", ""))


def is_function(word: str, text: str) -> bool:
    """Whether a word of a text says nothing of what it is about; "US" does, where not all is in capitals."""
    if word.casefold().replace("’", "'") not in pack().STOPWORDS:
        return False
    return word not in pack().NAMES or (text.isupper() and len(text.split()) > 3)


def _names(word: str) -> list[str]:
    """The names that a word is made of: Xi-Trump; the word alone, where it is made of none."""
    return word.split("-") if _OF_NAMES.fullmatch(word) else [word]


def stems(text: str) -> set[str]:
    """The stems of the content words, and of the names that one is made of (Xi-Trump)."""
    words = {word for word in WORD.findall(text) if not is_function(word, text)}
    return {stem(name) for word in words for name in {word, *_names(word)}}


def goes_on(text: str, at: int) -> bool:
    """Whether a word goes on across a place: "U.S-made", "non-Chinese" and "412,000" are one each, "2-1" is not."""
    before, after = text[at - 1], text[at]
    if before == "-":
        return after.isalpha() and text[at - 2 : at - 1].isalnum()
    if before in ".,":
        return after.isdigit() and text[at - 2 : at - 1].isdigit()
    if after in ".,":
        return before.isdigit() and text[at + 1 : at + 2].isdigit()
    return before.isalnum() and (after.isalnum() or (after == "-" and text[at + 1 : at + 2].isalpha()))


def telling(answer: str) -> frozenset[str]:
    """The stems of the words of a short answer that tell something; of all, where none does."""
    words = [stem(word) for word in WORD.findall(answer)]
    return frozenset(word for word in words if word not in pack().STOPWORDS) or frozenset(words)


def differ(a: frozenset[str], b: frozenset[str]) -> bool:
    """Whether two short answers, by `telling`, share less than half of the words of the shorter one."""
    return 2 * len(a & b) < min(len(a), len(b))


def terms(text: str) -> tuple[str, ...]:
    """The content words as written, without possessive endings, each once, in the order of their first occurrence.

    Of a word that is made of names these: Xi and Trump of Xi-Trump.
    """
    seen: dict[str, str] = {}
    for match in WORD.finditer(text):
        for word in _names(pack().without_possessive(match[0])):
            if not is_function(word, text) and (len(word) > 1 or word.isdigit()):
                seen.setdefault(word.casefold(), word)
    return tuple(seen.values())


def written(text: str) -> Counter[str]:
    """How often each run of letters stands in a text, as it is written."""
    return Counter(LETTERS.findall(text))


def dated(day: str | None) -> str:
    """A day in ISO 8601 in the words by which people ask for it; "" for none."""
    if day is None:
        return ""
    found = datetime.date.fromisoformat(day)
    return f"{day} {found.day} {pack().MONTHS[found.month - 1]} {found.year}"


def commonest(rows: Iterable[tuple[str, str, int]]) -> dict[str, tuple[str, int]]:
    """(word, bare, count) -> for each bare word the writing that is most frequent, and the count of all."""
    best: dict[str, tuple[str, int]] = {}
    total: Counter[str] = Counter()
    for word, key, count in rows:
        total[key] += count
        if key not in best or (count, word) > (best[key][1], best[key][0]):
            best[key] = word, count
    return {key: (word, total[key]) for key, (word, _) in best.items()}


def is_text(value: object) -> bool:
    """Whether a JSON value can be written as UTF-8: half of a surrogate pair is no character."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
