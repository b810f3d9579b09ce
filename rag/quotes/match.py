"""Where a quotation stands in an article word for word, and what an editor has changed of it."""

from __future__ import annotations

import bisect
import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rag.language import pattern
from rag.language.wording import Wording
from rag.quotes.pieces import Gap, Piece, Pieces
from rag.quotes.reading import Text

_MOST = 20  # places in one article
_LEAST = 3  # words beside an omission
_MOST_TRIED = 2_000  # places of a piece
_WEAK = ".,;:"  # marks that a quotation may end with, whatever the article has there
_INSIDE = frozenset(".,:/-‐‑–—−")  # marks between the digits of one number
_UNITS = frozenset("%‰°€£¥$¢")  # that belong to the number before them


@dataclass(frozen=True, slots=True)
class Match:
    """A place of a quotation in an article: its first and last word, what was edited, and whether no more was."""

    first: int
    last: int
    notes: frozenset[str]
    exact: bool
    left_out: str = ""  # the article's words in the place of the first omission

    def range(self, text: Text) -> tuple[int, int]:
        """The range of characters in the article."""
        return text.wording.starts[self.first], text.wording.ends[self.last]


def matches(quotation: Pieces, text: Text) -> list[Match]:
    """The places where the words stand in order, with no more between them than the gaps allow; exact ones first."""
    if not quotation.pieces:
        return []
    first, *others = quotation.pieces
    chains = [[at] for at in itertools.islice(text.places(first.wording.folded), _MOST_TRIED)]
    before = first
    for piece in others:
        starts = list(itertools.islice(text.places(piece.wording.folded), _MOST_TRIED))
        chains = [
            [*chain, nearest]
            for chain in chains
            if (nearest := _next(starts, chain[-1] + len(before.wording.words), piece.gap, text.wording)) is not None
        ]
        before = piece
    found = [_match(quotation, chain, text) for chain in chains[: 10 * _MOST]]
    kept = [match for match in found if match is not None]
    return sorted(kept, key=lambda match: (not match.exact, match.last - match.first, match.first))[:_MOST]


def _next(starts: list[int], end: int, gap: Gap, words: Wording) -> int | None:
    """The first start that lies as far behind a piece's end as the gap allows."""
    at = bisect.bisect_left(starts, end + gap.least)
    if at == len(starts) or starts[at] > end + gap.most:
        return None
    return starts[at] if not gap.is_word or _fits(words.folded[end], gap) else None


def _fits(word: str, gap: Gap) -> bool:
    return word.startswith(gap.begins) and word.endswith(gap.ends) and len(word) >= len(gap.begins) + len(gap.ends)


def _match(quotation: Pieces, chain: list[int], text: Text) -> Match | None:
    notes, exact, words, left_out = set[str](), True, text.wording, ""
    for number, (piece, at) in enumerate(zip(quotation.pieces, chain, strict=True)):
        exact &= _is_same(piece, at, words, notes) and _has_whole_numbers(piece, at, text)
        if number:
            end = chain[number - 1] + len(quotation.pieces[number - 1].wording.words)
            _note_gap(piece.gap, at - end, notes)
            exact &= _keeps_denials(piece.gap, words.words[end:at])
            if at > end and piece.gap.omitted and not left_out:
                left_out = text.text[words.starts[end] : words.ends[at - 1]]
    exact &= _are_long(quotation)
    first, last = chain[0], chain[-1] + len(quotation.pieces[-1].wording.words) - 1
    lead, trail = quotation.pieces[0].gap, quotation.last
    if lead.is_word:
        if not first or not _fits(words.folded[first - 1], lead):
            return None
        first -= 1
    exact &= _keeps_denials(lead, words.words[first : chain[0]])
    if trail.is_word:
        if last + 1 >= len(words.words) or not _fits(words.folded[last + 1], trail):
            return None
        last += 1
        exact &= _keeps_denials(trail, words.words[last : last + 1])
    else:
        exact &= _keeps_denials(trail, [])
    for gap in (lead, trail):
        if gap.most:
            _note_gap(gap, 1, notes)
    exact &= _ends(quotation, last, words, notes) and _begins(quotation, first, words)
    return Match(first, last, frozenset(notes), exact, left_out)


def _note_gap(gap: Gap, words: int, notes: set[str]) -> None:
    if gap.omitted and words:
        notes.add("omission")
    elif gap.most:
        notes.add("brackets")


def _keeps_denials(gap: Gap, replaced: Sequence[str]) -> bool:
    """Whether an editor neither left out nor put in a word that denies, by the article's words in a gap."""
    lost = _denies(" ".join(replaced))
    return not (lost or _denies(gap.put)) if gap.omitted else lost == _denies(gap.put)


def _denies(text: str) -> bool:
    return pattern("denial").search(text.casefold().replace("’", "'")) is not None


def _are_long(quotation: Pieces) -> bool:
    """Whether at least three words stand on each side of each omission between two pieces."""
    counts = [0]
    for number, piece in enumerate(quotation.pieces):
        if number and piece.gap.omitted:
            counts.append(0)
        counts[-1] += len(piece.wording.words) + piece.gap.is_word
    counts[-1] += quotation.last.is_word
    return len(counts) == 1 or min(counts) >= _LEAST


def _is_same(piece: Piece, at: int, words: Wording, notes: set[str]) -> bool:
    """Whether the words of a piece are those of the article by case, and the marks between them, too."""
    its = piece.wording
    count = len(its.words)
    if its.marks[1:count] != words.marks[at + 1 : at + count]:
        return False
    if its.words[1:] != words.words[at + 1 : at + count]:
        return False
    if its.words[0] != words.words[at]:
        if its.words[0][1:] != words.words[at][1:]:
            return False
        notes.add("capital")
    return True


def _has_whole_numbers(piece: Piece, at: int, text: Text) -> bool:
    """Whether a piece cuts no number of the article in two at its ends, nor takes its sign, currency or unit away."""
    words, marks, whole = text.wording, piece.wording.marks, text.text
    start, end = words.starts[at], words.ends[at + len(piece.wording.words) - 1]
    before, behind = whole[max(start - 2, 0) : start], whole[end : end + 2]
    if whole[start].isdigit() and before:
        if before[-1] in _INSIDE and before[:-1].isdigit():
            return False
        signed = words.marks[at][-1:]
        is_sign = signed == "-" or unicodedata.category(before[-1]) == "Sc"
        if is_sign and signed != marks[0][-1:]:
            return False
    if whole[end - 1].isdigit() and behind:
        if behind[0] in _INSIDE and behind[1:].isdigit():
            return False
        return behind[0] not in _UNITS or marks[-1].startswith(behind[0])
    return True


def _ends(quotation: Pieces, last: int, words: Wording, notes: set[str]) -> bool:
    """Whether the quotation ends with no stronger mark than the article has there, and states nothing that it asks."""
    if quotation.last.most:
        return True
    mine, theirs = quotation.pieces[-1].wording.marks[-1], words.marks[last + 1]
    if theirs[:1] == "?" and (mine[:1] in tuple(_WEAK) or (quotation.stopped and not mine)):
        return False
    strong = "".join(mark for mark in mine if mark not in _WEAK)
    if mine and mine != theirs[: len(mine)]:
        notes.add("final")
    return strong == "".join(mark for mark in theirs if mark not in _WEAK)[: len(strong)]


def _begins(quotation: Pieces, first: int, words: Wording) -> bool:
    """Whether it does not begin with a sign that the article does not have there."""
    mine = quotation.pieces[0].wording.marks[0].lstrip(_WEAK + "!?)")
    return words.marks[first].endswith(mine)
