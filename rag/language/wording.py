"""The words of a text as quotations are compared: without what typography may change, each with its place.

What counts as the same word: any writing of an apostrophe, case (`Word.folded`), characters that Unicode calls
compatible (a ligature, a wide letter), and letters without the soft hyphens in them. Between two words stand marks that
count (`marks`): stops, commas, brackets of a sum, signs of currencies. Quotation marks, spaces, hyphens and dashes do
not, but for a sign before a number; nor do the address of a link and the stars of Markdown.
"""

from __future__ import annotations

import functools
import re
import unicodedata
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RUN = 3  # words
LEAST = 4  # words of a text whose runs tell where it stands
_WORD = re.compile(
    r"(?P<link>\]\([^()\s]{0,2000}\))"
    r"|(?P<word>[^\W_]+(?:[\u0300-\u036f\u00ad\u200b-\u200d\u2060]*(?:['’‘ʼ＇]?[^\W_]+))*[\u0300-\u036f\u00ad]*)"
    r"|(?P<dots>\.\s?\.(?:\s?\.)*)|(?P<sign>(?<![^\W_])[-−–](?=\d))|(?P<mark>[^\s\w])"
)
_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ＇", "'") | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060"))
LINK = re.compile(r"\]\([^()\s]{0,2000}\)")
_PLAIN_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_PLAIN = _APOSTROPHES | str.maketrans(dict.fromkeys("…\u00a0\u202f\u2009", " "))
# What typography may change: quotation marks, hyphens, dashes, dots that stand for what is left out, brackets, Markdown.  # noqa: E501 - a line of its own
FREE = frozenset("'’‘ʼ＇\"“”„‟«»‹›‚‛「」『』`´′″-‐‑‒–—―−…*[]\u00ad\u200b\u200c\u200d\u2060\ufeff\\~|#>")
_SIGNS = frozenset("-−–")
Runs = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of a text in order.

    `words` as written, but for what typography changes; `folded` by case, too; `starts`, `ends` their places;
    `marks[i]` the marks that count before word i, `marks[-1]` those behind the last.
    """

    words: list[str]
    folded: list[str]
    starts: list[int]
    ends: list[int]
    marks: list[str]


def wording(text: str) -> Wording:
    """The words of a text."""
    words, folded, starts, ends, marks = list[str](), list[str](), list[int](), list[int](), list[str]()
    pending = ""
    for match in _WORD.finditer(text):
        kind = match.lastgroup
        if kind == "word":
            word, fold = _normal(match[0])
            words.append(word)
            folded.append(fold)
            starts.append(match.start())
            ends.append(match.end())
            marks.append(pending)
            pending = ""
        elif kind == "sign":
            pending += "-"
        elif kind == "mark" and match[0] not in FREE:
            pending += match[0]
    return Wording(words, folded, starts, ends, [*marks, pending])


def folded(text: str) -> list[str]:
    """The `folded` of `wording`, sooner."""
    plain = (LINK.sub(" ", text) if "](" in text else text).translate(_PLAIN)
    if unicodedata.is_normalized("NFKC", plain):
        return _PLAIN_WORD.findall(plain.casefold())
    return wording(text).folded


@functools.lru_cache(maxsize=200_000)
def _normal(word: str) -> tuple[str, str]:
    plain = unicodedata.normalize("NFKC", word.translate(_APOSTROPHES))
    return plain, plain.casefold()


def runs(folded: Sequence[str]) -> Runs:
    """Numbers, rising, that stand for runs of three words: of each two neighbouring runs at least one is there.

    Which one depends on the two alone (winnowing: Schleimer, Wilkerson and Aiken, 2003), so a text that has another of
    four words or more inside it has all the numbers of that. Texts of three words have one, shorter ones none.
    """
    if len(folded) < RUN:
        return np.zeros(0, dtype=np.uint32)
    words = np.fromiter(map(_number, folded), dtype=np.uint32, count=len(folded))
    with np.errstate(over="ignore"):
        mixed = _mixed(words[:-2] * np.uint32(0x9E3779B1) ^ _mixed(words[1:-1] * np.uint32(0x85EBCA77) ^ words[2:]))
        order = mixed * np.uint32(0xC2B2AE3D)
    if len(mixed) == 1:
        return mixed
    first = order[:-1] <= order[1:]
    chosen = np.concatenate([mixed[:-1][first], mixed[1:][~first]])
    return np.unique(chosen)


@functools.lru_cache(maxsize=200_000)
def _number(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def _mixed(numbers: Runs) -> Runs:
    """Each number another one, with all bits depending on all (MurmurHash3's last step)."""
    numbers = (numbers ^ numbers >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    numbers = (numbers ^ numbers >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    return numbers ^ numbers >> np.uint32(16)
