"""Makes files that cost far more to read than they weigh: Word documents, PDFs, pages and texts (`eval.bombs`)."""

from __future__ import annotations

import io
import itertools
import json
import zipfile
import zlib
from collections.abc import Iterable

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_OPC = "http://schemas.openxmlformats.org"


def docx(body: str = "", doctype: str = "", styles: str = "", more: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """A Word document of raw XML, with other members beside it."""
    part = f"{_OPC}/officeDocument/2006/relationships"
    members: list[tuple[str, str | bytes]] = [
        (
            "[Content_Types].xml",
            f'<Types xmlns="{_OPC}/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{_DOCX}.document.main+xml"/>'
            f'<Override PartName="/word/styles.xml" ContentType="{_DOCX}.styles+xml"/></Types>',
        ),
        ("_rels/.rels", _relation(f"{part}/officeDocument", "word/document.xml")),
        ("word/_rels/document.xml.rels", _relation(f"{part}/styles", "styles.xml")),
        ("word/styles.xml", f'<w:styles xmlns:w="{_W}">{styles}</w:styles>'),
        ("word/document.xml", f'{doctype}<w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'),
    ]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in (*members, *more):
            archive.writestr(name, content)
    return out.getvalue()


def _relation(kind: str, target: str) -> str:
    one = f'<Relationship Id="r1" Type="{kind}" Target="{target}"/>'
    return f'<Relationships xmlns="{_OPC}/package/2006/relationships">{one}</Relationships>'


def paragraph(text: str, style: str = "") -> str:
    """A paragraph of a Word document."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def entities() -> bytes:
    """A Word document whose text is an entity of entities."""
    names = "abcdefghi"
    nested = "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in itertools.pairwise(names))
    return docx(paragraph("&i;"), doctype=f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{nested}]>')


def lying(size: int) -> bytes:
    """A Word document with a member that is larger than the archive's list of members says."""
    raw = docx(paragraph("One."), more=[("word/media/a.bin", bytes(size))])
    return raw.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little"))


def overlapping(members: int, size: int) -> bytes:
    """A Word document with many names for the same bytes."""
    raw = docx(paragraph("One."), more=[("word/media/a.bin", bytes(size))])
    end = raw.rindex(b"PK\x05\x06")
    start = int.from_bytes(raw[end + 16 : end + 20], "little")
    entry = raw[raw.index(b"PK\x01\x02", raw.rindex(b"PK\x01\x02")) : end]
    names = b"".join(entry.replace(b"a.bin", f"{n:05}".encode()) for n in range(members))
    directory = raw[start:end] + names
    count = (int.from_bytes(raw[end + 10 : end + 12], "little") + members).to_bytes(2, "little")
    tail = raw[end : end + 8] + count * 2 + len(directory).to_bytes(4, "little") + raw[end + 16 :]
    return raw[:start] + directory + tail


def pdf(objects: Iterable[str | bytes]) -> bytes:
    """A PDF of these objects, numbered from 1, of which the first is the catalogue; its table of objects is found."""
    made = (o if isinstance(o, bytes) else o.encode() for o in objects)
    numbered = b"".join(b"%d 0 obj\n%s\nendobj\n" % (n, o) for n, o in enumerate(made, start=1))
    return b"%PDF-1.7\n" + numbered + b"trailer\n<< /Root 1 0 R >>\n%%EOF\n"


def stream(content: bytes, fields: str = "", times: int = 1) -> bytes:
    """A stream, compressed some times over."""
    for _ in range(times):
        content = zlib.compress(content, 9)
    filters = "/FlateDecode " * times
    return f"<< {fields} /Filter [{filters}] /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"


def page(contents: bytes, resources: str = "", box: str = "0 0 600 800", more: Iterable[bytes] = ()) -> bytes:
    """A PDF of one page; `more` are its objects from number 6."""
    return pdf(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
            "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents 5 0 R "
            f"/Resources << /Font << /F 3 0 R >> {resources} >> >>",
            contents,
            *more,
        ]
    )


def forms(depth: int, each: int) -> bytes:
    """A page with a form that places another some times, and so on down to a text."""

    def form(content: str, inner: int | None) -> bytes:
        placed = f"/XObject << /X {inner} 0 R >>" if inner else ""
        fields = f"/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /Font << /F 3 0 R >> {placed} >>"
        return stream(content.encode(), fields)

    deep = [form("/X Do " * each, number) for number in range(7, 6 + depth)]
    last = form("BT /F 12 Tf 50 700 Td (The bridge was opened.) Tj ET", None)
    return page(stream(b"/X Do"), "/XObject << /X 6 0 R >>", more=[*deep, last])


def circle() -> bytes:
    """A page whose two forms place each other."""
    fields = "/Type /XObject /Subtype /Form /BBox [0 0 600 800] /Resources << /XObject << /X {} 0 R >> >>"
    pair = [stream(b"/X Do /X Do", fields.format(other)) for other in (7, 6)]
    return page(stream(b"/X Do"), "/XObject << /X 6 0 R >>", more=pair)


def pages(count: int) -> bytes:
    """A PDF with many empty pages, whose objects are packed together."""
    first = 5
    one = b"<< /Type /Page /Parent 2 0 R >> "
    heads = b"".join(b"%d %d " % (first + n, n * len(one)) for n in range(count))
    packed = stream(heads + one * count, f"/Type /ObjStm /N {count} /First {len(heads)}")
    kids = " ".join(f"{first + n} 0 R" for n in range(count))
    return pdf(
        [
            "<< /Type /Catalog /Pages 2 0 R >>",
            f"<< /Type /Pages /Kids [{kids}] /Count {count} /MediaBox [0 0 9 9] >>",
            packed,
            "<< >>",
        ]
    )


def packed_in_itself() -> bytes:
    """A PDF whose pages stand in a stream of objects that goes on in itself."""
    packed = stream(b"2 0 << /Type /Pages >>", "/Type /ObjStm /N 1 /First 4 /Extends 2 0 R")
    raw = pdf(["<< /Type /Catalog /Pages 3 0 R >>", packed])
    return raw.replace(b"/Length ", b"/Length 2 0 R /L ")


def written(lines: int) -> bytes:
    """A content stream of one-letter lines."""
    return b"BT /F 1 Tf 9 TL 50 900000 Td " + b"(a) ' " * lines + b"ET"


def html(body: str) -> bytes:
    """A page."""
    head = "<html><head><title>Harbour</title></head><body><article><h1>Harbour</h1>"
    return f"{head}{body}</article></body></html>".encode()


def marked(pairs: int) -> str:
    """A letter with combining marks in the order that takes longest to sort."""
    return "a" + "\u0301\u0316" * pairs


def line(text: str, **more: object) -> bytes:
    """A record of a JSONL file."""
    return json.dumps({"id": "x", "text": text, **more}).encode() + b"\n"
