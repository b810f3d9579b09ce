"""Which words of a question may be said to occur nowhere: one rule, for what says it and for what checks it.

A word is looked for by stem in all that a reader sees of the articles, with its irregular forms and with what looks
like it: "Xl" is not said to occur nowhere where XI stands. Words in letters that look like others (Cyrillic in an
English word) are never said to.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from rag.types import ArticleInfo
from rag.words import WORD, dated, forms, terms

TOKENIZER = "porter unicode61 remove_diacritics 2"  # SQLite FTS5's: what a word is, and which are the same
_LOOK_LIKE_OTHERS = frozenset("ıĸŉſŀĿ")
_UNLIKE_LATIN = frozenset("бгджзийлпфцчшщъыэюяβγδζθλξπσφψω")
_UNLIKE_SCRIPTS = frozenset("CJK HIRAGANA KATAKANA HANGUL ARABIC HEBREW DEVANAGARI THAI".split())
_ALIKE = {"I": "l1", "l": "I1", "1": "lI", "O": "0", "o": "0", "0": "Oo"}
_PAIRS = (("rn", "m"), ("m", "rn"), ("vv", "w"), ("w", "vv"))


def cleaned(question: str) -> str:
    """A question on one line, in NFC, without what cannot be seen: by two spellings of one word nothing is hidden."""
    seen = (c for c in " ".join(question.split()) if unicodedata.category(c) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFC", " ".join("".join(seen).split()))


def askable(question: str) -> Mapping[str, str]:
    """The content words of a cleaned question that may be said to occur nowhere, as typed, by their small letters.

    None is part of a word with a mark of its own, nor in letters that look like others.
    """
    whole = (
        m[0] for m in WORD.finditer(question) if not any(map(_is_mark, question[max(0, m.start() - 1) : m.end() + 1]))
    )
    found = terms(" ".join(whole))
    return {term.casefold(): term for term in found if all(map(_is_plain, term)) or _is_foreign(term)}


def _is_plain(c: str) -> bool:
    """Whether this is ASCII, an apostrophe, or a Latin letter with a mark that no other letter looks like."""
    return c.isascii() or c == "’" or ("À" <= c <= "ž" and c.isalpha() and c not in _LOOK_LIKE_OTHERS)


def _is_foreign(term: str) -> bool:
    """Whether a word is all in one other script, and cannot be taken for a word in Latin letters."""
    scripts = {unicodedata.name(c, "").partition(" ")[0] for c in term}
    if scripts in ({"CYRILLIC"}, {"GREEK"}):
        return any(c in _UNLIKE_LATIN for c in term.casefold())
    return len(scripts) == 1 and scripts <= _UNLIKE_SCRIPTS


def _is_mark(c: str) -> bool:
    return unicodedata.category(c).startswith("M")


def query(term: str) -> str:
    """An FTS5 query for a word, its irregular forms and what looks like it."""
    return any_of(sorted({*forms(term), *_lookalikes(term)}))


def _lookalikes(term: str) -> set[str]:
    """The word with one letter, or all of one kind, as another that looks the same."""
    found = {term.replace(one, other) for one, others in _ALIKE.items() for other in others}
    found |= {term.replace(one, other) for one, other in _PAIRS}
    return found | {term[:i] + other + term[i + 1 :] for i, c in enumerate(term) for other in _ALIKE.get(c, "")}


def seen(info: ArticleInfo, text: str) -> str:
    """All that a reader sees of an article."""
    return "\n".join([text, info.title, info.publisher or "", info.author or "", dated(info.date)])


def any_of(terms: Iterable[str]) -> str:
    """An FTS5 query for what has any of the terms."""
    return " OR ".join(map(_quoted, terms))


def _quoted(term: str) -> str:
    """A term as an FTS5 string, in which nothing is an operator."""
    return '"' + term.replace('"', '""').replace("\0", " ") + '"'
