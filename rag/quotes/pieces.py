"""A quotation as it is looked for: runs of words, and what an editor may leave out or put in between them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.language.wording import Wording, wording

MOST_LEFT_OUT = 150  # words of the article in the place of "…"
MOST_REPLACED = 12  # words of the article in the place of "[the president]"
_BRACKETS = str.maketrans(dict.fromkeys("[]"))
_GAP = re.compile(
    r"(?P<link>\[[^\[\]\n]{0,500}\]\([^()\s]{0,2000}\))"
    r"|(?P<omitted>[\[(]\s*(?:…|\.\s?\.\s?\.(?:\s?\.)?)\s*[\])]|…|\.\s?\.\s?\.(?:\s?\.)?)"
    r"|(?P<attached>(?:(?<![^\W_])[^\W_]+['’]?)?\[[^\W_]['’\w-]{0,30}\][^\W_]*(?:['’][^\W_]+)*)"
    r"|(?P<put>\[[^\[\]]{1,300}\])"
)


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands between two pieces: from `least` to `most` words of the article.

    A word with a changed letter ("[W]e") is one word that begins and ends with what stands outside of the brackets.
    """

    least: int
    most: int
    omitted: bool = False
    begins: str = ""
    ends: str = ""
    put: str = ""  # what an editor put in, with its brackets

    @property
    def is_word(self) -> bool:
        """Whether it is a word that was changed by an editor."""
        return self.least == 1


@dataclass(frozen=True, slots=True)
class Piece:
    """Words that stand together, and the gap before them; `start` is where its text begins in the quotation."""

    gap: Gap
    wording: Wording
    start: int


NO_GAP = Gap(0, 0)


@dataclass(frozen=True, slots=True)
class Pieces:
    """A quotation in pieces, the gap behind the last, and whether a stop or comma follows behind its closing mark."""

    pieces: tuple[Piece, ...]
    last: Gap
    stopped: bool = False

    @property
    def words(self) -> int:
        """Number of words."""
        return sum(len(piece.wording.words) for piece in self.pieces)


def whole(text: str) -> Pieces:
    """The quotation as one piece: what is in brackets may stand in the article, too."""
    found = wording(text)
    return Pieces((Piece(NO_GAP, found, 0),) if found.words else (), NO_GAP)


def edited(text: str) -> Pieces | None:
    """The quotation in pieces, where an editor left something out or put something in; None where there is no sign."""
    pieces, gap, at = list[Piece](), NO_GAP, 0
    seen = False
    for match in _GAP.finditer(text):
        if match.lastgroup == "link":
            continue
        seen = True
        _add(pieces, gap, text, at, match.start())
        gap = _joined(gap if not _added(pieces, at) else NO_GAP, _gap(match))
        at = match.end()
    if not seen:
        return None
    _add(pieces, gap, text, at, len(text))
    return Pieces(tuple(pieces), NO_GAP if _added(pieces, at) else gap)


def _added(pieces: list[Piece], at: int) -> bool:
    return bool(pieces) and pieces[-1].start == at


def _add(pieces: list[Piece], gap: Gap, text: str, start: int, end: int) -> None:
    found = wording(text[start:end])
    if found.words:
        pieces.append(Piece(gap, found, start))


def _gap(match: re.Match[str]) -> Gap:
    if match.lastgroup == "omitted":
        return Gap(0, MOST_LEFT_OUT, omitted=True)
    if match.lastgroup == "attached":
        begins, _, rest = match[0].partition("[")
        ends = rest.rpartition("]")[2]
        if begins or ends:
            begins, ends = (part.casefold().replace("’", "'") for part in (begins, ends))
            return Gap(1, 1, begins=begins, ends=ends, put=match[0].translate(_BRACKETS))
    if match[0].strip("[] ").casefold() == "sic":
        return NO_GAP
    return Gap(0, MOST_REPLACED, put=match[0])


def _joined(one: Gap, other: Gap) -> Gap:
    if one is NO_GAP:
        return other
    if other is NO_GAP:
        return one
    put = f"{one.put} {other.put}".strip()
    return Gap(one.least + other.least, one.most + other.most, one.omitted or other.omitted, put=put)
