"""HTML: the main text of a page, with its metadata, by trafilatura; navigation, banners and comments are left out.

So is what is struck out, which the page does not say any more. A raised number keeps its height: 10⁶ is not 106. Its
date is the one that it states as that of its publication (`rag.load.html_date`); of a page that was fetched, else the
one that its feed states, and its address is the one it came from (`rag.load.origin`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from rag.load.limits import LIMITS, Limits
from rag.load.origin import split
from rag.load.parsed import Block, Metadata, Parsed, assemble, raised

VERSION = f"html/4+trafilatura-{version('trafilatura')}"

_APART = ("p", "quote", "item", "list", "head", "cell", "row", "table", "lb")
_BLOCKS = ("p", "quote", "item", "head", "cell")
# Where a page declares its encoding; a description may speak of one, and a comment hold one that is not meant.
_DECLARED = re.compile(
    rb"<meta\s+charset\s*=\s*[\"']?\s*([\w.:-]+)"
    rb"|<meta\b(?=[^>]*http-equiv\s*=\s*[\"']?content-type)[^>]*?charset\s*=\s*([\w.:-]+)"
    rb"|\A\s*<\?xml\b[^>]*?encoding\s*=\s*[\"']([\w.:-]+)",
    re.IGNORECASE,
)
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_HEAD = 4096  # bytes in which an encoding is declared
_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
# Its search for a date, which guesses by addresses, headings, pictures and changes, is not used, and so kept short.
_DATE = {"extensive_search": False, "original_date": True}


def parse(raw: bytes, limits: Limits = LIMITS) -> Parsed:
    """Reads a page. Raises ValueError when there is no main text in it, or more than an article may have."""
    import trafilatura

    from rag.load.html_date import stated

    origin, raw = split(raw)
    tree = trafilatura.load_html(decoded(raw, origin.charset if origin else ""))
    date = stated(tree) if tree is not None else None
    for element in list(tree.iter("sup")) if tree is not None else ():
        text = "".join(element.itertext())
        if raised(text) != text:
            tail = element.tail
            element.clear()
            element.text, element.tail = raised(text), tail
    page: Any = trafilatura.bare_extraction(
        tree, with_metadata=True, include_comments=False, include_tables=True, date_extraction_params=_DATE
    )
    if page is None or page.body is None:
        raise ValueError("has no main text that could be told from navigation and advertising")
    metadata = Metadata(title=page.title, publisher=page.sitename, author=page.author, url=page.url, date=date)
    if origin is not None:
        metadata = origin.metadata(metadata)
    return assemble(_blocks(page.body, page.title), metadata, limits)


def decoded(raw: bytes, charset: str = "") -> str:
    """By its mark, else as UTF-8 where it is that, else by what its server (`charset`) or it declares, else as pages
    are that declare nothing.

    Where a byte of UTF-8 is broken, a mark stands there, instead of other letters all over.
    """
    found = _DECLARED.search(_COMMENT.sub(b"", raw[:_HEAD]))
    declared = next(filter(None, found.groups())).decode("ascii", "replace").casefold() if found else ""
    name = charset or declared
    if name in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii", ""):
        name = "windows-1252"  # as the WHATWG has it
    broken = raw.decode("utf-8", "replace")
    mostly = not (found or charset) and 20 * broken.count("\ufffd") < sum(c > "\x7f" for c in broken)
    names = [its for mark, its in _MARKS.items() if raw.startswith(mark)]
    for one in (*names, "utf-8", *([] if mostly else [name])):
        try:
            return raw.decode(one)
        except (LookupError, UnicodeDecodeError):
            continue
    return broken


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
        if child.tag != "del":
            yield from _pieces(child)
        yield " " if apart else ""
        yield child.tail or ""
