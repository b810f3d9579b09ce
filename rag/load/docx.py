"""Word documents: paragraphs and tables in order, by python-docx; styles tell headings and the title.

What is read is the document as it stands with its tracked changes: what was put in counts, what was taken out or moved
away does not, and neither does what is struck through or hidden. Text boxes, notes, tables of contents, placeholders
and equations that are more than a line of signs are left out. The day that a file was made is not the article's date.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from rag.load.limits import LIMITS, Limits, at_most, bounded
from rag.load.parsed import Block, Metadata, Parsed, assemble, raised

VERSION = f"docx/5+python-docx-{version('python-docx')}"

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TARGET = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_MATHS = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_CHOICE, _FALLBACK = (
    f"{{http://schemas.openxmlformats.org/markup-compatibility/2006}}{name}" for name in ("Choice", "Fallback")
)
_TEXT = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
# Inside a paragraph: what is gone, stands elsewhere, or is said beside the text.
_LEFT_OUT = ("del", "moveFrom", "txbxContent", "rt", "pict", "drawing", "pPr")
# What stands in python-docx's own template, and stays in the documents made with it.
_TEMPLATE = ("python-docx", "Word Document")
Links = tuple[tuple[str, str], ...]
_PIECE = 1_000_000  # bytes of a member that are unpacked at a time


def parse(raw: bytes, limits: Limits = LIMITS) -> Parsed:
    """Reads a document. Raises ValueError when it is none, or more than an article may be."""
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError

    try:
        _weigh(raw, limits)
        document = Document(io.BytesIO(raw))
    except (PackageNotFoundError, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise ValueError(f"is not a Word document that can be read ({error})") from error
    blocks = list(at_most(limits.paragraphs, _blocks(document.element.body, document), "paragraphs"))
    core = document.core_properties
    titles = [text for style, text, _ in blocks if style == "Title"]
    author = core.author or ""
    # The title that it gives to a document without properties.
    named = "" if (core.last_modified_by, core.title) == _TEMPLATE else core.title or ""
    metadata = Metadata(
        title=" ".join((titles[0] if titles else named).split()) or None,
        author=None if author == _TEMPLATE[0] else " ".join(author.split()) or None,
    )
    shown = (
        Block(text, heading=style.startswith("Heading"), quoted=style.endswith("Quote"), links=links)
        for style, text, links in blocks
        if style != "Title"
    )
    return assemble(shown, metadata, limits)


def _weigh(raw: bytes, limits: Limits) -> None:
    """Raises ValueError for more files or bytes than a document has. What is unpacked counts, not what is declared."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        members = archive.infolist()
        bounded(len(members), limits.members, "files in it")
        if sum(member.compress_size for member in members) > len(raw):
            raise zipfile.BadZipFile("files in it overlap")
        total = 0
        for member in members:
            with archive.open(member) as file:
                while piece := file.read(_PIECE):
                    total += len(piece)
                    if total > limits.unpacked_bytes:
                        raise ValueError(f"unpacks to more than {limits.unpacked_bytes / 1e6:.0f} MB")
                    if total > max(limits.ratio_from, limits.ratio * len(raw)):
                        raise ValueError(f"unpacks to more than {limits.ratio} times its size")


def _blocks(element: Any, document: Any) -> Iterator[tuple[str, str, Links]]:
    """The name of the style, the text and the links of each paragraph and each row of a table, in reading order."""
    from docx.text.paragraph import Paragraph

    for child in element:
        kind = _kind(child)
        if kind == "p":
            style = _style(Paragraph(child, document._body).style)
            if not style.casefold().startswith("toc"):
                yield style, _text(child), tuple(_links(child, document))
        elif kind == "tbl":
            # A merged cell is one cell here, however many columns it spans.
            rows = (row for row in child.iter(f"{_WORD}tr") if _nearest(row, "tbl") is child)
            yield from (("", " ".join(_cells(row)), tuple(_links(row, document))) for row in rows)
        elif kind not in ("moveFrom", "del") and not _is_beside(child):
            yield from _blocks(child, document)  # content controls and the like


def _links(element: Any, document: Any) -> Iterator[tuple[str, str]]:
    """The text and the address of each link in a paragraph or a row."""
    for link in element.iter(f"{_WORD}hyperlink"):
        target = document.part.rels.get(link.get(_TARGET))
        if target is not None and target.is_external:
            yield _text(link), str(target.target_ref)


def _cells(row: Any) -> Iterator[str]:
    """The text of each cell, with the tables inside it."""
    for paragraph in row.iter(f"{_WORD}p"):
        if not any(_kind(above) in _LEFT_OUT or _is_beside(above) for above in paragraph.iterancestors()):
            yield _text(paragraph)


def _style(style: Any) -> str:
    """The name of the nearest of a style and those that it is based on that says what a paragraph is."""
    first = (style.name or "") if style is not None else ""
    passed = set()
    while style is not None and style.style_id not in passed:  # damaged ones are based on each other
        passed.add(style.style_id)
        if (style.name or "").startswith(("Heading", "Title")):
            return str(style.name)
        style = style.base_style
    return first


def _is_beside(element: Any) -> bool:
    """Whether it is what a control shows until it is filled in, a table of contents, or the other form of a choice."""
    if _kind(element) == "sdt":
        of = element.find(f"{_WORD}sdtPr")
        gallery = None if of is None else of.find(f"{_WORD}docPartObj/{_WORD}docPartGallery")
        contents = gallery is not None and gallery.get(f"{_WORD}val") == "Table of Contents"
        return contents or (of is not None and of.find(f"{_WORD}showingPlcHdr") is not None)
    if element.tag != _FALLBACK:
        return False
    choices = (other for other in element.getparent() if other.tag == _CHOICE)
    return any(next(choice.iter(f"{_WORD}t"), None) is not None for choice in choices)


def _text(element: Any) -> str:
    pieces: list[str] = []
    for child in element:
        kind = _kind(child)
        if kind == "t":
            pieces.append(child.text or "")
        elif kind in _TEXT:
            pieces.append(_TEXT[kind])
        elif kind == "r":
            pieces.append(_run(child))
        elif child.tag == f"{_MATHS}oMath":
            pieces.append(_equation(child))
        elif kind not in _LEFT_OUT and not _is_beside(child):
            pieces.append(_text(child))
    return "".join(pieces)


def _equation(element: Any) -> str:
    """An equation that is a line of signs; nothing of another, as 10 and 6 are not 106."""
    signs = [child for child in element if not str(child.tag).endswith("Pr")]
    line = all(child.tag == f"{_MATHS}r" for child in signs)
    return "".join(text.text or "" for child in signs for text in child.iter(f"{_MATHS}t")) if line else ""


def _run(run: Any) -> str:
    """The text of one run of a format; nothing of one that is struck through or hidden, and raised numbers as such."""
    of = {_kind(mark): mark.get(f"{_WORD}val", "true") for mark in run.iterfind(f"{_WORD}rPr/*")}
    if any(of.get(name, "0") not in ("0", "false", "off", "none") for name in ("strike", "dstrike", "vanish")):
        return ""
    return raised(_text(run)) if of.get("vertAlign") == "superscript" else _text(run)


def _kind(element: Any) -> str:
    """The name of one of Word's own elements; "" for another."""
    tag = element.tag
    return tag.removeprefix(_WORD) if isinstance(tag, str) and tag.startswith(_WORD) else ""


def _nearest(element: Any, kind: str) -> Any:
    return next((above for above in element.iterancestors() if _kind(above) == kind), None)
