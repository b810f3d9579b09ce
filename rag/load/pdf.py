"""PDF: the text boxes of each page in reading order, by pdfminer.six. Pages count from 1.

The day that a file was made is not the article's date: the document does not say that it is.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING

from rag.load.limits import LIMITS, Limits
from rag.load.parsed import Block, Metadata, Parsed, assemble

if TYPE_CHECKING:
    from rag.load.pdf_page import Document

VERSION = f"pdf/4+pdfminer.six-{version('pdfminer.six')}"

_HEADING_WORDS = 12
_GOING_ON = 0.4


def parse(raw: bytes, limits: Limits = LIMITS) -> Parsed:
    """Reads a document. Raises ValueError for one that is encrypted, damaged, pictures of text only, or too much."""
    from pdfminer.pdfdocument import PDFEncryptionError
    from pdfminer.psexceptions import PSException

    from rag.load.pdf_page import Document

    try:
        document = Document(raw, limits)
        parsed = assemble(_blocks(document), _metadata(document.info), limits)
    except PDFEncryptionError as error:
        raise ValueError("is encrypted; save it without a password") from error
    except PSException as error:
        raise ValueError(f"is not a PDF that can be read ({error})") from error
    if not parsed.paragraphs:
        raise ValueError("holds no text, as a scanned document does; make one with a text layer (OCR)")
    return parsed


def _blocks(document: Document) -> Iterator[Block]:
    from rag.load.pdf_page import Layouts

    layouts = Layouts()
    for number, page in enumerate(document.pages(), start=1):
        boxes = layouts.boxes(page, line_margin=0.5)
        if _is_spaced(boxes):
            boxes = layouts.boxes(page, line_margin=1.5)
        for text, following in itertools.pairwise([*boxes, ""]):
            joined = re.sub(r"(?<=\w-)\n(?=\w)", "", text)  # a word broken at the end of a line keeps its hyphen
            heading = _could_head(joined) and not following[:1].islower()
            yield Block(joined, heading=heading, page=number)


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
    return Metadata(title=_string(info.get("Title")), author=_string(info.get("Author")))


def _string(value: object) -> str | None:
    from pdfminer.utils import decode_text

    text = decode_text(value) if isinstance(value, bytes) else value if isinstance(value, str) else ""
    text = "".join(c for c in text if c.isprintable() or c.isspace())
    return " ".join(text.split()) or None
