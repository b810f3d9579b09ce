"""Lists in a text: which words of "A, B and C" are its items. By the patterns of the language alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.language import pattern
from rag.language.words import WORD, telling

Range = tuple[int, int]
_LONGEST = 12  # words of an item; more are a clause
# What stands in marks is not parted. A mark with a comma or one short word behind it closes what began before.
_TOGETHER = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|\"(?!\s*[,;]|\s+\w{1,3}\s+\")[^\"]*\"|“[^”]*”")
_BEFORE = re.compile(r"[\s,;:\"“”)\]]+")
_BEHIND = re.compile(r"(?:[\s,;:\"“”(\[]|\s\([^()]*\))+$")


@dataclass(frozen=True, slots=True)
class Joint:
    """What stands between two items: its range, and whether it has a word ("and") and a mark (a comma)."""

    start: int
    end: int
    word: bool
    mark: bool


def joints(text: str, start: int, end: int, within: Range = (0, 0)) -> list[Joint]:
    """The joints in a range of a text, but those in brackets or quotation marks that do not hold `within`."""
    part = text[start:end]
    kept = [
        found.span()
        for found in _TOGETHER.finditer(part)
        if not (start + found.start() <= within[0] < within[1] <= start + found.end())
    ]
    kept += [found.span() for found in pattern("no_joint").finditer(part)]
    return [
        Joint(start + it.start(), start + it.end(), bool(it["word"] or it["words"]), it[0].lstrip()[:1] in tuple(",;"))
        for it in pattern("joint").finditer(part)
        if not any(a < it.end() and it.start() < b for a, b in kept)
    ]


def pieces(start: int, end: int, between: Sequence[Joint]) -> list[Range]:
    """The ranges before, between and behind joints."""
    starts, ends = [start, *(one.end for one in between)], [*(one.start for one in between), end]
    return list(zip(starts, ends, strict=True))


def bare(text: str, start: int, end: int) -> Range:
    """A range without marks, what leads to an item ("such as") and a bracket behind it."""
    while start < end and (led := _BEFORE.match(text, start, end) or pattern("before_item").match(text, start, end)):
        start = led.end()
    behind = _BEHIND.search(text, start, end)
    end = behind.start() if behind and behind.start() > start else end
    if text.count('"', start, end) % 2 and text[end - 1] == '"':
        end -= 1
    return start, end


def kind(item: str) -> str:
    """Of what sort an item is: a number, a name or other words. Those of one list are of one."""
    if item[:1].isdigit() or item[:1] in "$€£¥":
        return "number"
    return "name" if any(word[:1].isupper() for word in item.split()) else "words"


def items(text: str, start: int, end: int) -> list[Range]:
    """The items of a range that is a list and nothing more; none where it is no list.

    A list has a word between two items, or three items. Where it has commas, "and" joins the last two, and belongs to
    the item anywhere else: "shepherd's pie, fish and chips, and toast".
    """
    found = joints(text, start, end)
    if any(one.mark for one in found):
        found = [one for one in found[:-1] if one.mark] + found[-1:]
    if not any(one.word for one in found) and len(found) < 2:
        return []
    its = [bare(text, *piece) for piece in pieces(start, end, found)]
    its = [(a, b) for a, b in its if a < b and WORD.search(text, a, b)]
    said = [text[a:b] for a, b in its]
    of_one_kind = len(its) > 2 or len({kind(one) for one in said}) == 1
    whole = all(not pattern("no_item").match(one) and len(one.split()) <= _LONGEST for one in said)
    return its if len(its) > 1 and of_one_kind and whole else []


def new_ones(said: Sequence[str], before: Sequence[str] = ()) -> list[int]:
    """The places of the texts that say something else than those before them."""
    words, kept = [telling(text) for text in before], list[int]()
    for place, its in enumerate(map(telling, said)):
        if its and not any(its <= other for other in words):
            words.append(its)
            kept.append(place)
    return kept
