"""HTML of a draft: all of its text, as what a newsroom's system gives out has no navigation that is to be left out."""

from __future__ import annotations

import re
from typing import Any

from rag.load.html import decoded
from rag.load.limits import LIMITS, Limits, bounded
from rag.load.normalise import normalise
from rag.load.parsed import Mark, Metadata, Parsed
from rag.types import Paragraph

KIND = ".draft.html"
VERSION = "draft-html/1"
_LEFT_OUT = frozenset(
    "script style head title template noscript nav form button select textarea svg del s strike".split()
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data dfn em font i ins kbd label mark q rp rt ruby samp small span strong sub"  # noqa: E501 - a line of its own
    " sup time tt u var wbr img".split()
)


def parse(raw: bytes, limits: Limits = LIMITS) -> Parsed:
    """Reads a page or a part of one. Raises ValueError when there is no text, or more than an article may have."""
    from lxml import etree, html  # type: ignore[import-untyped]

    source = decoded(raw).replace("\0", " ")
    if not source.strip():
        raise ValueError("holds no text")
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    tree = html.document_fromstring(source.encode("utf-8", "replace"), parser=parser)
    written, opened, marks, out = _Written(limits), list[tuple[int, int]](), list[Mark](), 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else "script"
        if tag in _LEFT_OUT:
            out += 1 if event == "start" else -1
        elif not out:
            _step(written, event, tag, element, opened, marks)
        if event == "end" and not out:
            written.add(element.tail or "")
    return written.parsed(marks)


def _step(
    written: _Written, event: str, tag: str, element: Any, opened: list[tuple[int, int]], marks: list[Mark]
) -> None:
    if tag == "br":
        written.apart("\n") if event == "start" else None
    elif tag not in _INLINE:
        written.apart("\n\n")
    if tag == "q":
        written.add("“" if event == "start" else "”")
    address = element.get("href", "") if tag == "a" else ""
    marked = tag == "blockquote" or re.match(r"https?://", address)
    if event == "start":
        if marked:
            opened.append(written.here())
        written.add(element.text or "")
    elif marked and opened:
        marks += written.since(*opened.pop(), address or None)


class _Written:
    """The text so far: its white space made single, but between blocks."""

    def __init__(self, limits: Limits) -> None:
        self._pieces: list[str] = []
        self._limits, self._gap = limits, ""
        self.length = 0

    def add(self, text: str) -> None:
        words = normalise(text).split()
        if not words:
            self._gap = self._gap or (" " if text and self.length else "")
            return
        if text[0].isspace() and self.length:
            self._gap = self._gap or " "
        piece = f"{self._gap if self.length else ''}{' '.join(words)}"
        self._pieces.append(piece)
        self.length += len(piece)
        bounded(self.length, self._limits.characters)
        self._gap = " " if text[-1].isspace() else ""

    def apart(self, gap: str) -> None:
        """What follows is parted from what was."""
        self._gap = gap if (self.length and gap != "\n") or self._gap != "\n\n" else self._gap

    def here(self) -> tuple[int, int]:
        """The place behind what was written: its piece, and its characters."""
        return len(self._pieces), self.length

    def since(self, piece: int, start: int, address: str | None) -> list[Mark]:
        """The mark of what was written since a place, without the white space before it."""
        if start == self.length:
            return []
        first = self._pieces[piece]
        return [Mark(start + len(first) - len(first.lstrip()), self.length, address)]

    def parsed(self, marks: list[Mark]) -> Parsed:
        text = "".join(self._pieces)
        blocks = [m.span() for m in re.finditer(r"\S(?:.|\n(?!\n))*", text)]
        paragraphs = tuple(Paragraph(a, b, n, None) for n, (a, b) in enumerate(blocks, start=1))
        return Parsed(text, Metadata(), paragraphs, marks=tuple(marks))
