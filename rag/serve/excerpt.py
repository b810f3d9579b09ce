"""The text of an article as HTML, quotations marked: all of it, of a long one what is near to them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from rag.load.formats import keeps_front_matter
from rag.load.front_matter import front_matter

_WHOLE = 50_000  # characters up to which an article is shown whole
_AROUND = 5_000  # of a longer one, on each side of a quotation


class Mark(NamedTuple):
    """A range of the text, the attributes of its element, and HTML within it, before the words and after them."""

    start: int
    end: int
    attributes: str = ""
    before: str = ""
    after: str = ""


def marked(path: str, text: str, marks: Sequence[Mark]) -> str:
    """The text of the article of a file, escaped; `marks` do not overlap."""
    # Fields declared at the top of a text file are shown above, not as text.
    hidden = front_matter(text)[1] if keeps_front_matter(path) else 0
    begin = at = min([hidden, *(mark.start for mark in marks)])
    pieces = []
    for mark in sorted(marks):
        pieces.append(_stretch(text, at, mark.start, after=at > begin, before=True))
        words = escape(text[mark.start : mark.end])
        pieces.append(f"<mark{mark.attributes}>{mark.before}{words}{mark.after}</mark>")
        at = mark.end
    pieces.append(_stretch(text, at, len(text), after=True, before=False))
    return "".join(pieces)


def _stretch(text: str, start: int, end: int, *, after: bool, before: bool) -> str:
    """The text between two quotations, or at an end of the article; of a long article what is near to them.

    `after` and `before` say at which of its ends a quotation stands. What is kept there is whole paragraphs; a part of
    one only where it is longer than all that is kept.
    """
    first = _break_before(text, start, start + _AROUND) if after else start
    last = _break_after(text, end - _AROUND, end) if before else end
    if len(text) <= _WHOLE or last - first <= _AROUND // 10:
        return escape(text[start:end])
    gap = f'<span class="gap">… {last - first:,} characters left out …</span>'
    return escape(text[start:first]) + gap + escape(text[last:end])


def _break_before(text: str, start: int, end: int) -> int:
    """The last place in a range where a paragraph ends; without one, late in it, where a line does, or a word."""
    late = (start + end) // 2
    places = (text.rfind(mark, begin, end) for mark, begin in (("\n\n", start), ("\n", late), (" ", late)))
    return next((place for place in places if place >= 0), end)


def _break_after(text: str, start: int, end: int) -> int:
    """The first place in a range where a paragraph begins; without one, early in it, where a line does, or a word."""
    start = max(0, start)
    early = (start + end) // 2
    places = ((text.find(mark, start, stop), mark) for mark, stop in (("\n\n", end), ("\n", early), (" ", early)))
    return next((place + len(mark) for place, mark in places if place >= 0), start)
