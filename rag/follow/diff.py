"""Two texts of an article -> what differs, by lines, then sentences, then words. Work and result are bounded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain
from typing import Literal

from rag.language.sentences import sentence_pieces

_UNITS = 3000  # sentences, or words of a place that differs, up to which they are aligned
_WHOLE_LINES = 100_000  # characters beyond which lines are not taken apart
_CONTEXT = 120  # characters that are shown beside what differs
_SHOWN = 20_000  # characters of a diff that is shown
_GAP = " […] "
Op = Literal["equal", "insert", "delete", "replace"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of a diff; the `before` of all joined are the one text, the `after` the other."""

    op: Op
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Diff:
    """What is shown of one: with `whole` all that differs, else its beginning. Long equal runs have a gap."""

    pieces: tuple[Piece, ...]
    whole: bool


def shown(before: str, after: str) -> Diff:
    """What differs between two texts, as it is shown."""
    pieces, room = list[Piece](), _SHOWN - 4 * _CONTEXT - len(_GAP)
    found = list(pieces_of(before, after))
    for place, piece in enumerate(found):
        short = _short(piece, first=place == 0, last=place == len(found) - 1)
        room -= len(short.before) + len(short.after)
        if room < 0:
            return Diff((*pieces, *_begun(short)), whole=False)
        pieces.append(short)
    return Diff(tuple(pieces), whole=True)


def _begun(piece: Piece) -> Iterator[Piece]:
    """Of a piece that is too long to be shown where it begins to differ, with what is before that."""
    both = enumerate(zip(piece.before, piece.after, strict=False))
    same = next((n for n, (a, b) in both if a != b), min(len(piece.before), len(piece.after)))
    begin = max(piece.before.rfind(" ", 0, same) + 1, same - _CONTEXT // 2, 0)
    if piece.op != "equal":
        lead = piece.before[max(begin - _CONTEXT, 0) : begin]
        lead = f"{_GAP}{lead}" if begin > _CONTEXT else lead
        if lead:
            yield Piece("equal", lead, lead)
        yield Piece(piece.op, piece.before[begin : begin + _CONTEXT], piece.after[begin : begin + _CONTEXT])


def _short(piece: Piece, *, first: bool, last: bool) -> Piece:
    text = piece.before
    if piece.op != "equal" or len(text) <= 2 * _CONTEXT + len(_GAP):
        return piece
    begin = "" if first else re.sub(r"\s*\S*\Z", "", text[:_CONTEXT])
    end = "" if last else re.sub(r"\A\S*\s*", "", text[-_CONTEXT:])
    return Piece("equal", f"{begin}{_GAP}{end}", f"{begin}{_GAP}{end}")


def pieces_of(before: str, after: str) -> Iterator[Piece]:
    """All of both texts, whatever their length."""
    a, b = before.splitlines(keepends=True), after.splitlines(keepends=True)
    same = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    ends = zip(reversed(a[same:]), reversed(b[same:]), strict=False)
    tail = next((n for n, (x, y) in enumerate(ends) if x != y), min(len(a), len(b)) - same)
    middle = (_units(lines[same : len(lines) - tail]) for lines in (a, b))
    head, end = "".join(a[:same]), "".join(a[len(a) - tail :])
    return _joined(chain([Piece("equal", head, head)], _aligned(*middle), [Piece("equal", end, end)]))


def _units(lines: Sequence[str]) -> list[str]:
    """Sentences, or of much text the lines."""
    if sum(map(len, lines)) > _WHOLE_LINES:
        return list(lines)
    return [line[start:end] for line in lines for start, end in sentence_pieces(line)]


def _aligned(a: Sequence[str], b: Sequence[str]) -> Iterator[Piece]:
    if max(len(a), len(b)) > _UNITS:
        yield from _counted(a, b)
        return
    for op, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        old, new = "".join(a[i:j]), "".join(b[k:m])
        if op == "replace":
            yield from _words(old, new)
        else:
            yield Piece(op, old, new)


def _counted(a: Sequence[str], b: Sequence[str]) -> Iterator[Piece]:
    """Of more than can be aligned: what stands on one side more often than on the other, each where it stands."""
    more, less = Counter(a) - Counter(b), Counter(b) - Counter(a)
    for unit in a:
        gone = more[unit] > 0
        more[unit] -= gone
        yield Piece("delete", unit, "") if gone else Piece("equal", unit, unit)
    for unit in b:
        if less[unit] > 0:
            less[unit] -= 1
            yield Piece("insert", "", unit)


def _words(old: str, new: str) -> Iterator[Piece]:
    a, b = (re.findall(r"\s*\S+|\s+", text) for text in (old, new))
    if max(len(a), len(b)) > _UNITS:
        yield Piece("replace", old, new)
        return
    codes = SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    for place, (op, i, j, k, m) in enumerate(codes):
        # One word between two that differ is read together with them.
        alone = op == "equal" and j - i < 2 and 0 < place < len(codes) - 1
        before, after = "".join(a[i:j]), "".join(b[k:m])
        yield Piece("replace" if alone else op, before, after)


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours of the same kind as one; what is deleted beside what is inserted is replaced."""
    held: Piece | None = None
    for piece in pieces:
        if not piece.before and not piece.after:
            continue
        if held is None:
            held = piece
        elif (held.op == "equal") == (piece.op == "equal"):
            before, after = held.before + piece.before, held.after + piece.after
            held = Piece(held.op if held.op == "equal" else _kind(before, after), before, after)
        else:
            yield held
            held = piece
    if held is not None:
        yield held


def _kind(before: str, after: str) -> Op:
    if before and after:
        return "replace"
    return "delete" if before else "insert"
