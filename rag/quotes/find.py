"""text -> its quotations: where each begins and ends, by the marks around it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.language import pack

Style = Literal["straight", "curly", "low", "guillemets", "single", "block"]
_MARK = re.compile(r"``|''|[\"“”‟„«»‘’']")
_BLANK = re.compile(r"\n[ \t>]*\n\s*")  # between paragraphs
_ENDED = ".!?…:;”\"’'»)*"
_OPEN_BEFORE = "([{—–-/=>*_“‘«„\u00a0"
_STOPS = ".,!?…;:—–-"
_CLOSERS: dict[str, tuple[str, Style]] = {
    "“": ("”", "curly"), "„": ("“”‟", "low"), "«": ("»", "guillemets"), "»": ("«", "guillemets"), "\"": ("\"", "straight"),  # noqa: E501 - a line of its own
    "‟": ("”", "curly"), "”": ("”", "curly"),
}  # fmt: skip
_MIXED = {("curly", "“"), ("curly", '"'), ("straight", "“"), ("straight", "”")}
_SIGNED = re.compile(r"[> \t]*(?:—|–|―|--|-)[ \t]*\S")


@dataclass(frozen=True, slots=True)
class Span:
    """A quotation: the range inside of its marks, the range with them, and how it is marked."""

    start: int
    end: int
    first: int
    last: int
    style: Style
    closed: bool = True


def find(text: str, blocks: Sequence[tuple[int, int]] = ()) -> list[Span]:
    """The quotations of a text in order, none inside another; those that never end, too, with `closed` False.

    `blocks` are the ranges of block quotes. Takes time in proportion to the text.
    """
    spans = _Scanner(text).spans()
    for a, b in blocks:
        inside = [s for s in spans if a <= s.first and s.last <= b and s.closed]
        if 2 * sum(s.last - s.first for s in inside) < b - a:
            spans = [s for s in spans if s.last <= a or s.first >= b]
            spans.append(_block(text, a, b))
    return sorted(spans, key=lambda s: s.first)


def _block(text: str, a: int, b: int) -> Span:
    line = text.rfind("\n", a, a + len(text[a:b].rstrip(" \t\n>")))  # the last one may say who said it
    end = line if line > a and _SIGNED.match(text, line + 1, b) else b
    start = a
    while start < end and (text[start].isspace() or text[start] in '>"“„«'):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in '"”“»>'):
        end -= 1
    return Span(start, end, a, max(end, a), "block")


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._marks = list(_MARK.finditer(text))
        blank = _BLANK.search(text) is not None
        breaks = [m.end() for m in _BLANK.finditer(text)] if blank else [
            m.end() for m in re.finditer(r"\n\s*", text) if text[m.start() - 1 : m.start()] in _ENDED
        ]  # fmt: skip
        self._breaks = [*breaks, len(text)]
        self._at = 0  # of the next break
        self._left = 5 * len(self._marks) + 10_000  # marks that may be looked at again

    def spans(self) -> list[Span]:
        """All of them."""
        out, number = list[Span](), 0
        while number < len(self._marks):
            mark = self._marks[number]
            sign, at = mark[0], mark.start()
            while self._breaks[self._at] <= at and self._at < len(self._breaks) - 1:
                self._at += 1
            if sign in "‘'" and len(sign) == 1:
                span, number = self._single(number)
            elif sign == "``":
                span, number = self._closed(number, ("''",), "straight")
            elif sign in _CLOSERS and self._opens(at, sign):
                closers, style = _CLOSERS[sign]
                span, number = self._closed(number, tuple(closers), style)
            else:
                span, number = None, number + 1
            if span is not None and span.start < span.end:
                out.append(span)
        return out

    def _opens(self, at: int, sign: str) -> bool:
        """Whether a mark begins a quotation by what is on either side of it."""
        before, after = self._text[at - 1 : at], self._text[at + len(sign) : at + len(sign) + 1]
        if not after or (after.isspace() and sign not in "«»"):
            return False
        if sign in "“«„‟":
            return sign != "“" or not before or not before.isalnum() or after.isalnum()
        return not before or before.isspace() or before in _OPEN_BEFORE

    def _closed(self, number: int, closers: tuple[str, ...], style: Style) -> tuple[Span | None, int]:
        """The quotation that begins with a mark, and the number of the mark behind it."""
        opener = self._marks[number]
        first, start, at_break = opener.start(), opener.end(), self._at
        depth, inner = 1, 0
        for later in range(number + 1, len(self._marks)):
            mark = self._marks[later]
            sign, at = mark[0], mark.start()
            while self._breaks[at_break] <= at:  # a paragraph ends inside the quotation
                begin = self._breaks[at_break]
                at_break += 1
                if not (begin == at and self._goes_on(sign, opener[0])):
                    return self._unclosed(first, start, begin, style), self._again(number, later, style)
            if at in self._breaks[max(at_break - 1, 0) : at_break] and self._goes_on(sign, opener[0]) and at > first:
                continue
            if sign in closers and not (style == "straight" and self._opens(at, sign) and self._inside(at, sign)):
                depth -= 1
                if depth == 0 or style != "curly":
                    return Span(start, at, first, mark.end(), style), later + 1
            elif style == "straight" and sign == opener[0] and self._opens(at, sign):
                return self._unclosed(first, start, at, style), later
            elif style == "curly" and sign == "“" and self._opens(at, sign):
                depth += 1
            elif (style, sign) in _MIXED:  # it begins with one kind of mark, and ends with another
                if inner or self._opens(at, sign):
                    inner += 1 if self._opens(at, sign) else -1
                else:
                    return Span(start, at, first, mark.end(), style), later + 1
        end = self._breaks[min(at_break, len(self._breaks) - 1)]
        return self._unclosed(first, start, end, style), self._again(number, len(self._marks), style)

    def _again(self, number: int, later: int, style: Style) -> int:
        """The mark to go on with behind one that never ends: the next, as long as not too much was looked at twice."""
        self._left -= later - number
        return number + 1 if style != "straight" and self._left > 0 else later

    def _inside(self, at: int, sign: str) -> bool:
        """Whether a straight mark looks like one that opens and not like one that closes."""
        after = self._text[at + len(sign) : at + len(sign) + 1]
        return after.isalnum() or after in "[…"

    @staticmethod
    def _goes_on(sign: str, opener: str) -> bool:
        """Whether a mark at the beginning of a paragraph says that the quotation goes on."""
        return sign == opener or (opener in "«»" and sign in "«»") or (opener == "„" and sign in "„“")

    def _unclosed(self, first: int, start: int, end: int, style: Style) -> Span:
        end = start + len(self._text[start:end].rstrip())
        return Span(start, end, first, end, style, closed=False)

    def _single(self, number: int) -> tuple[Span | None, int]:  # noqa: C901 - one rule after the other
        """A quotation in single marks, where they are surely no apostrophes."""
        text, opener = self._text, self._marks[number]
        sign, first = opener[0], opener.start()
        word = re.compile(r"\w*").match(text, first + 1)
        elided = word is not None and word[0].casefold() in pack().ELISIONS
        if not self._opens_single(first) or (elided and sign == "'") or text[first + 1 : first + 2].isdigit():
            return None, number + 1
        best, at_break = None, self._at
        for later in range(number + 1, len(self._marks)):
            mark = self._marks[later]
            at = mark.start()
            while self._breaks[at_break] <= at:
                begin = self._breaks[at_break]
                at_break += 1
                if not (begin == at and mark[0] == sign):
                    at_break = -1
                    break
            if at_break < 0:
                break
            if mark[0] not in ("’", "'"):
                if mark[0] == "‘" and at_break == self._at:
                    break
                continue
            if mark[0] == sign == "'" and self._opens_single(at) and at not in self._breaks:
                break
            if not self._closes_single(at):
                continue
            if text[at - 1] in _STOPS:
                best = later
                break
            if best is None or self._possessive(self._marks[best].start()):
                best = later
            if not self._possessive(at):
                break
        if best is None:
            return None, number + 1
        closer = self._marks[best]
        return Span(opener.end(), closer.start(), first, closer.end(), "single"), best + 1

    def _opens_single(self, at: int) -> bool:
        before, after = self._text[at - 1 : at], self._text[at + 1 : at + 2]
        return bool(after) and not after.isspace() and (not before or before.isspace() or before in _OPEN_BEFORE)

    def _closes_single(self, at: int) -> bool:
        before, after = self._text[at - 1 : at], self._text[at + 1 : at + 2]
        return bool(before) and not before.isspace() and not after.isalnum()

    def _possessive(self, at: int) -> bool:
        """Whether it may be the apostrophe of "the workers' rights"."""
        return self._text[at - 1] in "sS" and re.compile(r" [a-z]").match(self._text, at + 1) is not None
