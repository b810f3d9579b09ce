"""Word documents: body paragraphs and tables in order, by python-docx; styles tell headings and the title."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from rag.load.parsed import Block, Metadata, Parsed, assemble

VERSION = f"docx/2+python-docx-{version('python-docx')}"


def parse(raw: bytes) -> Parsed:
    """Reads a document. Raises ValueError when it is none."""
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError

    try:
        document = Document(io.BytesIO(raw))
    except (PackageNotFoundError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ValueError(f"is not a Word document that can be read ({error})") from error
    core = document.core_properties
    titles = [p.text for p in document.paragraphs if p.style is not None and p.style.name == "Title"]
    metadata = Metadata(
        title=" ".join((titles[0] if titles else core.title or "").split()) or None,
        author=" ".join((core.author or "").split()) or None,
        date=core.created.date().isoformat() if core.created else None,
    )
    return assemble(_blocks(document), metadata)


def _blocks(document: Any) -> Iterator[Block]:
    for item in document.iter_inner_content():
        if hasattr(item, "rows"):
            # A merged cell comes once for each column it spans.
            rows = ({id(cell._tc): cell.text for cell in row.cells} for row in item.rows)
            yield from (Block(" ".join(cells.values())) for cells in rows)
        elif (style := item.style.name if item.style is not None else "") != "Title":
            yield Block(item.text, heading=style.startswith("Heading"))
