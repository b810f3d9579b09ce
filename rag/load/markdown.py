"""Markdown: block structure from markdown-it-py; the text itself stays as written, markup included.

The parser tells which lines a block spans, so offsets come from the line table and nothing is searched for.
Code, HTML, tables and link definitions are left out: they are no sentences.
"""

from __future__ import annotations

import itertools
from importlib.metadata import version

from rag.load.front_matter import front_matter
from rag.load.limits import LIMITS, Limits, bounded
from rag.load.normalise import decode
from rag.load.parsed import Metadata, Parsed
from rag.types import Paragraph

VERSION = f"markdown/3+markdown-it-py-{version('markdown-it-py')}"


def parse(raw: bytes, limits: Limits = LIMITS) -> Parsed:
    """The first top heading as title, and each paragraph with the nearest heading above it.

    Raises ValueError with the reason when the file cannot be read.
    """
    from markdown_it import MarkdownIt

    text = decode(raw)
    bounded(len(text), limits.characters)
    fields, start = front_matter(text)
    lines = text[start:].split("\n")
    at = list(itertools.accumulate((len(line) + 1 for line in lines), initial=start))
    tokens = MarkdownIt("commonmark", {"maxNesting": 200}).enable("table").parse(text[start:])
    title: str | None = None
    section: str | None = None
    paragraphs: list[Paragraph] = []
    for token, inline in itertools.pairwise(tokens):
        if token.map is None:
            continue
        if token.type == "heading_open":
            if token.tag == "h1" and title is None and not paragraphs:
                title = inline.content
            else:
                section = inline.content
        elif token.type == "paragraph_open":
            first, last = token.map
            span = _trim(text, at[first], min(at[last], len(text)))
            if span[0] < span[1]:
                paragraphs.append(Paragraph(*span, len(paragraphs) + 1, section))
    bounded(len(paragraphs), limits.paragraphs, "paragraphs")
    return Parsed(text, fields.over(Metadata(title=title)), tuple(paragraphs), fields.note)


def _trim(text: str, a: int, b: int) -> tuple[int, int]:
    """The range without the white space around it and without a list or quotation mark before it."""
    while a < b and (text[a].isspace() or (text[a] in "->*+" and text[a + 1 : a + 2].isspace())):
        a += 1
    return a, a + len(text[a:b].rstrip())
