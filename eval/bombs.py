"""Files that cost far more to read than they weigh, each built beside a good one (`python -m eval.bombs [NAME…]`).

Prints a table: the size of each, what a build says of it, the seconds, and the peak memory of the build's own process
and of its largest child. Nothing is kept; the encoder is a stand-in, so that loading one does not count.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from eval.crafted import (
    circle,
    docx,
    entities,
    forms,
    html,
    line,
    lying,
    marked,
    overlapping,
    packed_in_itself,
    page,
    pages,
    paragraph,
    stream,
    written,
)

_PATIENCE = 400  # seconds after which a build is ended
_MOST = 8_000_000_000  # bytes of address space of a build, so that the machine outlives it
GOOD = "A bridge\n\nThe bridge was opened on Monday by the mayor of the town.\n"


def aliases() -> str:
    """Front matter of lists of lists, each named ten times by the next."""
    rows = [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]\n" for n in range(1, 10)]
    return f"---\ntitle: A bridge\nx0: &x0 [{'a, ' * 10}]\n{''.join(rows)}---\n{GOOD}"


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
    from rag.types.settings import Settings

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
