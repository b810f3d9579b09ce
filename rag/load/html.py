"""HTML: the main text of a page, with its metadata, by trafilatura; navigation, banners and comments are left out."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from rag.load.parsed import Block, Metadata, Parsed, assemble

VERSION = f"html/2+trafilatura-{version('trafilatura')}"

_APART = ("p", "quote", "item", "list", "head", "cell", "row", "table", "lb")
_BLOCKS = ("p", "quote", "item", "head", "cell")


def parse(raw: bytes) -> Parsed:
    """Reads a page. Raises ValueError when there is no main text in it."""
    import trafilatura

    page: Any = trafilatura.bare_extraction(raw, with_metadata=True, include_comments=False, include_tables=True)
    if page is None or page.body is None:
        raise ValueError("has no main text that could be told from navigation and advertising")
    metadata = Metadata(title=page.title, publisher=page.sitename, author=page.author, url=page.url, date=page.date)
    return assemble(_blocks(page.body, page.title), metadata)


def _blocks(body: Any, title: str | None) -> Iterator[Block]:
    """Blocks in reading order; one inside another (a paragraph in a quotation) counts once, as the outer one."""
    inside: set[Any] = set()
    for element in body.iter(*_BLOCKS):
        if any(ancestor in inside for ancestor in element.iterancestors()):
            continue
        inside.add(element)
        text = "".join(_pieces(element))
        if element.tag == "head" and text.strip() == (title or "").strip():
            continue
        yield Block(text, heading=element.tag == "head")


def _pieces(element: Any) -> Iterator[str]:
    """The text inside an element, with a space wherever a line or a block inside it begins or ends."""
    yield element.text or ""
    for child in element:
        apart = child.tag in _APART
        yield " " if apart else ""
        yield from _pieces(child)
        yield " " if apart else ""
        yield child.tail or ""
