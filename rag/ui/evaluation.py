"""The tab with the benchmark: runs the quick one of a checkout in a process of its own and shows its page."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path

import gradio as gr

from rag.ui import html

_FOLDER = Path(__file__).parents[2]  # of a checkout; installed alone, the package has no evaluation
_NEEDED = ("matplotlib", "sklearn")
_ABOUT = (
    "The quick benchmark asks the questions about the project's own article of this program and of simple baselines, "
    "checks every quotation against the file, and shows figures, plots and every wrong answer. It takes some minutes."
)


def available() -> bool:
    """Whether the program runs from a checkout, which has the evaluation."""
    return (_FOLDER / "eval" / "questions" / "seeds.jsonl").is_file()


def build() -> None:
    """Puts the tab's components into the page."""
    gr.HTML(html.note(_ABOUT))
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        gr.HTML(html.note(f"It needs {' and '.join(missing)}: run `make dev`, then start the page again."))
        return
    run = gr.Button("Run the quick benchmark", variant="primary", elem_id="run-evaluation")
    said = gr.HTML("", elem_id="evaluation-said")
    shown = gr.HTML("", elem_id="evaluation")
    run.click(_run, None, [said, shown], concurrency_limit=1, api_visibility="private")


def _run() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as work:
        line = [sys.executable, "-u", "-m", "eval", "--sets", "seeds", "--out", work]
        with subprocess.Popen(  # noqa: S603 - our own command
            line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=_FOLDER
        ) as process:
            yield html.progress("starting", 0, 0), ""
            last = ""
            for text in process.stdout or ():
                last = text.strip() or last
                if "seeds:" in text:
                    said = re.sub(
                        r"\s+\w+\.py:\d+\s*$", "", text[text.index("seeds:") :].strip()
                    )  # where it was logged
                    yield html.progress(said, 0, 0), ""
        pages = sorted(Path(work).glob("*.html"))
        if process.returncode not in (0, 1) or not pages:
            yield html.note(f"The benchmark ended with code {process.returncode}: {last}", "error"), ""
            return
        # In a frame without scripts: the report quotes articles.
        page = escape(pages[0].read_text(encoding="utf-8"))
        frame = f'<iframe class="report" title="Report of the benchmark" sandbox srcdoc="{page}"></iframe>'
        found = "A quotation is not grounded: see the report." if process.returncode else "Done."
        yield html.note(found, "error" if process.returncode else "done"), frame
