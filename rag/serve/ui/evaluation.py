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

from rag.serve.ui import html

_FOLDER = Path(__file__).parents[3]  # of a checkout; installed alone, the package has no evaluation
_NEEDED = ("ir_measures", "langchain_community", "matplotlib", "sklearn")  # `make dev` installs them
# People's questions first; of the seeds, which come with the project, so many of each part are all.
SETS = ("squad2", "wikiqa", "clapnq", "seeds")
_SAMPLE = 100
ABOUT = (
    "The quick benchmark asks this program and simple baselines some questions that people asked (SQuAD 2.0, WikiQA, "
    "ClapNQ, where their folder stands beside the checkout), then the project's own about its article. Its own are "
    "machine-written, as those that the readers were trained on, and flatter it. Quotations are checked against the "
    "file; figures, plots and every wrong answer are shown. It takes some minutes."
)


def available() -> bool:
    """Whether the program runs from a checkout, which has the evaluation, with all that this needs."""
    there = (_FOLDER / "eval" / "questions" / "seeds.jsonl").is_file()
    return there and all(importlib.util.find_spec(name) is not None for name in _NEEDED)


def build() -> None:
    """Puts the tab's components into the page."""
    gr.HTML(html.note(ABOUT), apply_default_css=False)
    run = gr.Button("Run the quick benchmark", variant="primary", elem_id="run-evaluation")
    said = gr.HTML("", elem_id="evaluation-said", apply_default_css=False)
    shown = gr.HTML("", elem_id="evaluation", apply_default_css=False)
    run.click(_run, None, [said, shown], concurrency_limit=1, api_visibility="private")


def _run() -> Iterator[tuple[str, str]]:
    with tempfile.TemporaryDirectory() as work:
        line = [sys.executable, "-u", "-m", "eval", "--sets", ",".join(SETS), "--sample", str(_SAMPLE), "--out", work]
        with subprocess.Popen(  # noqa: S603 - our own command
            line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=_FOLDER
        ) as process:
            yield html.progress("starting", 0, 0), ""
            last = ""
            for text in process.stdout or ():
                last = text.strip() or last
                if said := progress(text):
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


def progress(text: str) -> str:
    """What a line of the benchmark says of a set, without the time and the place it was logged at; else nothing."""
    found = re.search(rf"\b(?:{'|'.join(SETS)}): .*", text)
    return re.sub(r"\s+\w+\.py:\d+\s*$", "", found[0].strip()) if found else ""
