"""Files that cost far more to read than they weigh, each built beside a good one (`python -m eval.bombs [NAME…]`).

Prints a table: the size of each, what a build says of it, the seconds, and the peak memory of the build's own process
and of its largest child. Nothing is kept; the encoder is a stand-in, so that loading one does not count.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_OPC = "http://schemas.openxmlformats.org"
_PATIENCE = 400  # seconds after which a build is ended
_MOST = 8_000_000_000  # bytes of address space of a build, so that the machine outlives it
GOOD = "A bridge\n\nThe bridge was opened on Monday by the mayor of the town.\n"


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


def aliases() -> str:
    """Front matter of lists of lists, each named ten times by the next."""
    rows = [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 10)]
    return f"---\ntitle: A bridge\nx0: &x0 [{'a, ' * 10}]\n{''.join(rows)}---\n{GOOD}"


def line(text: str, **more: object) -> bytes:
    """A record of a JSONL file."""
    return json.dumps({"id": "x", "text": text, **more}).encode() + b"\n"


_LOOP = '<w:style w:type="paragraph" w:styleId="{}"><w:name w:val="{}"/><w:basedOn w:val="{}"/></w:style>'
BOMBS: dict[str, Callable[[], bytes]] = {
    "paragraphs.docx": lambda: docx(paragraph("a") * 2_500_000),
    "one member.docx": lambda: docx(paragraph("One."), more=[("word/media/a.bin", bytes(400_000_000))]),
    "size not told.docx": lambda: lying(400_000_000),
    "overlapping.docx": lambda: overlapping(5000, 5_000_000),
    "members.docx": lambda: docx(paragraph("One."), more=((f"a/{n}", b"") for n in range(60_000))),
    "entities.docx": entities,
    "nested.docx": lambda: docx("<w:sdt><w:sdtContent>" * 100_000),
    "styles in a circle.docx": lambda: docx(
        paragraph("The bridge was opened.", "A"), styles=_LOOP.format("A", "A", "B") + _LOOP.format("B", "B", "A")
    ),
    "spaces.pdf": lambda: page(stream(b" " * 480_000_000)),
    "spaces, packed twice.pdf": lambda: page(stream(b" " * 3_000_000_000, times=2)),
    "lines.pdf": lambda: page(stream(written(3_000_000))),
    "forms in forms.pdf": lambda: forms(12, 10),
    "forms in a circle.pdf": circle,
    "pages.pdf": lambda: pages(300_000),
    "objects in a circle.pdf": packed_in_itself,
    "large page.pdf": lambda: page(
        stream(b"BT /F 900000000 Tf 0 0 Td (aaaaaaaa) Tj (bbb) ' ET"), box="0 0 1e12 1e12"
    ),
    "nested.html": lambda: html("<div>" * 100_000 + "The bridge was opened on Monday."),
    "nested spans.html": lambda: html("<p>" + "<span>a " * 100_000),
    "paragraphs.html": lambda: html("<p>a</p>" * 1_000_000),
    "brackets.md": lambda: b"[" * 100_000,
    "stars.md": lambda: b"*a **a " * 20_000,
    "quotations.md": lambda: b">" * 100_000 + b" a",
    "paragraphs.md": lambda: b"a\n\n" * 5_000_000,
    "paragraphs.txt": lambda: b"a\n\n" * 10_000_000,
    "lines.txt": lambda: b"a\n" * 20_000_000,
    "marks.txt": lambda: marked(500_000).encode(),
    "aliases.txt": lambda: aliases().encode(),
    "front matter.txt": lambda: f"---\ntitle: A\nx: [{'a, ' * 2_000_000}]\n---\n{GOOD}".encode(),
    "nested.jsonl": lambda: line("One.").replace(b'"One."', b"[" * 20_000_000),
    "newlines.jsonl": lambda: line("One. Two.") + b"\n" * 40_000_000,
    "broken.jsonl": lambda: line("One. Two.") + b"x\n" * 5_000_000,
    "paragraphs.jsonl": lambda: line("a\n\n" * 10_000_000),
    "marks.jsonl": lambda: line(marked(500_000)),
}  # fmt: skip


class _Encoder:
    """Stands for the real one: a vector that says nothing."""

    dimension = 8

    def encode(self, texts: list[str], **_: object) -> np.ndarray:
        return np.full((len(texts), self.dimension), self.dimension**-0.5, dtype=np.float32)


def _build(folder: Path) -> dict[str, object]:
    """Builds, with the figures of this process and of its largest child."""
    from rag.build import sync_index
    from rag.settings import Settings

    resource.setrlimit(resource.RLIMIT_AS, (_MOST, _MOST))
    start = time.perf_counter()
    report = sync_index(folder / "seeds", folder / "index", Settings(), encoder=_Encoder())  # type: ignore[arg-type]
    seconds = time.perf_counter() - start
    with contextlib.suppress(ImportError):  # an earlier version has none
        from rag.load import apart

        apart.end()  # so that its memory can be asked for
    mine, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "unreadable": report.unreadable[:2],
        "articles": report.articles,
        "seconds": seconds,
        "own": mine.ru_maxrss / 1000,
        "child": children.ru_maxrss / 1000,
    }


def _measure(name: str) -> str:
    """One row of the table."""
    with tempfile.TemporaryDirectory() as work:
        seeds = Path(work, "seeds")
        seeds.mkdir()
        (seeds / "good.txt").write_text(GOOD)
        me = [sys.executable, "-m", "eval.bombs", name, "--folder", work]
        subprocess.run([*me, "--make"], check=True)  # noqa: S603 - apart, as a process inherits the peak of its maker
        row = f"| {name} | {(seeds / name).stat().st_size / 1000:,.0f}"
        start = time.perf_counter()
        with subprocess.Popen(me, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:  # noqa: S603
            try:
                out, errors = run.communicate(timeout=_PATIENCE)
            except subprocess.TimeoutExpired:
                peak = _peak(run.pid)
                run.kill()
                return f"{row} | ended after {_PATIENCE} s | {_PATIENCE} | {peak} | |"
        if run.returncode:
            last = (errors.decode(errors="replace").strip().splitlines() or [""])[-1]
            return f"{row} | the build fails ({run.returncode}: {last[:80]}) | {time.perf_counter() - start:.0f} | | |"
        found = json.loads(out.splitlines()[-1])
        said = "; ".join(reason for _, reason in found["unreadable"]) or f"read; {found['articles']} articles"
        return f"{row} | {said[:150]} | {found['seconds']:.1f} | {found['own']:,.0f} | {found['child']:,.0f} |"


def _peak(process: int) -> str:
    """The most memory that a process has had, in MB, where the system tells."""
    status = Path(f"/proc/{process}/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    return f"{int(found[1]) / 1000:,.0f}" if found else ""


def main() -> None:
    """Prints the table, or with `--folder` builds one folder and prints its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="some of the bombs; none for all")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.make:
        Path(given.folder, "seeds", given.names[0]).write_bytes(BOMBS[given.names[0]]())
        return
    if given.folder:
        print(json.dumps(_build(given.folder)))
        return
    print("| bomb | kB | outcome | seconds | MB, own process | MB, largest child |\n|---|---|---|---|---|---|")
    for name in given.names or BOMBS:
        print(_measure(name), flush=True)


if __name__ == "__main__":
    main()
