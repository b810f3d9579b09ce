"""PDF: the text boxes of each page in reading order, by pdfminer.six. Pages count from 1."""

from __future__ import annotations

import datetime
import io
import itertools
import re
from collections.abc import Iterator
from importlib.metadata import version

from rag.load.parsed import Block, Metadata, Parsed, assemble

VERSION = f"pdf/3+pdfminer.six-{version('pdfminer.six')}"

_DATE = re.compile(r"D:(\d{4})(\d{2})(\d{2})")
_HEADING_WORDS = 12
_GOING_ON = 0.4


def parse(raw: bytes) -> Parsed:
    """Reads a document. Raises ValueError for one that is encrypted, damaged, or pictures of text only."""
    from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError
    from pdfminer.pdfparser import PDFParser
    from pdfminer.psexceptions import PSException

    try:
        document = PDFDocument(PDFParser(io.BytesIO(raw)))
        parsed = assemble(_blocks(raw), _metadata(document.info))
    except PDFEncryptionError as error:
        raise ValueError("is encrypted; save it without a password") from error
    except PSException as error:
        raise ValueError(f"is not a PDF that can be read ({error})") from error
    if not parsed.paragraphs:
        raise ValueError("holds no text, as a scanned document does; make one with a text layer (OCR)")
    return parsed


def _blocks(raw: bytes) -> Iterator[Block]:
    for number, boxes in enumerate(_pages(raw), start=1):
        if _is_spaced(boxes):
            (boxes,) = _pages(raw, [number - 1], line_margin=1.5)
        for text, following in itertools.pairwise([*boxes, ""]):
            joined = re.sub(r"(?<=\w-)\n(?=\w)", "", text)  # a word broken at the end of a line keeps its hyphen
            heading = _could_head(joined) and not following[:1].islower()
            yield Block(joined, heading=heading, page=number)


def _pages(raw: bytes, only: list[int] | None = None, line_margin: float = 0.5) -> Iterator[list[str]]:
    """The texts of the boxes of each page."""
    from pdfminer.layout import LAParams, LTTextContainer

    from rag.load.pdf_page import pages

    for page in pages(raw, only, LAParams(line_margin=line_margin)):
        yield [box.get_text() for box in page if isinstance(box, LTTextContainer)]


def _is_spaced(boxes: list[str]) -> bool:
    """Whether the lines of a paragraph stand so far apart that each is a box: many go on in small letters."""
    lines = [box for box in boxes if "\n" not in box.strip()]
    return len(lines) > len(boxes) / 2 and sum(line[:1].islower() for line in lines) >= _GOING_ON * len(lines)


def _could_head(text: str) -> bool:
    """One short line that does not end as a sentence does and is no page number."""
    line = text.strip()
    return (
        "\n" not in line
        and len(line.split()) <= _HEADING_WORDS
        and any(c.isalpha() for c in line)
        and not line.endswith((".", "!", "?", ":", ";", ",", "”", '"'))
    )


def _metadata(infos: list[dict[str, object]]) -> Metadata:
    info = infos[0] if infos else {}
    date = _DATE.match(_string(info.get("CreationDate")) or "")
    return Metadata(
        title=_string(info.get("Title")),
        author=_string(info.get("Author")),
        date=_day(date) if date else None,
    )


def _day(match: re.Match[str]) -> str | None:
    try:
        return datetime.date(*map(int, match.groups())).isoformat()
    except ValueError:
        return None


def _string(value: object) -> str | None:
    from pdfminer.utils import decode_text

    text = decode_text(value) if isinstance(value, bytes) else value if isinstance(value, str) else ""
    text = "".join(c for c in text if c.isprintable() or c.isspace())
    return " ".join(text.split()) or None
