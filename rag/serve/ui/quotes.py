"""The tab "Check a draft": a draft is pasted or dropped, and shown with what came of each of its quotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr

from rag.answer.failure import told
from rag.answer.links import links
from rag.quotes import check
from rag.quotes.draft import of_file, of_text
from rag.quotes.wire import VERDICTS, noted, summed
from rag.serve.line import Line
from rag.serve.ui import chat, html
from rag.types import Citation
from rag.types.errors import RagError
from rag.types.quotes import MOST_CHARACTERS, QUOTE_VERDICTS, Change, CheckedDraft, CheckedQuotation, QuoteVerdict

if TYPE_CHECKING:
    from rag.answer.opening import LiveAssistant

_SIGNS: dict[QuoteVerdict, str] = {"verbatim": "✓", "altered": "≠", "misattributed": "⇄", "absent": "✕"}
_KINDS = [".txt", ".md", ".html", ".htm", ".docx"]
_INTRO = (
    "Every quotation in a draft is looked up in all articles. You see which stand there word for word, which were "
    "altered and how, which somebody else said, and which are in no article."
)
_MOST_PLACES = 3  # of a quotation


def build(live: LiveAssistant, line: Line, *, files: bool) -> None:
    """Puts the tab's components into the page; `files` where a file may be dropped."""
    gr.HTML(f'<p class="quotes-intro">{escape(_INTRO)}</p>')
    with gr.Row(elem_id="quotes-given"):
        text = gr.Textbox(
            label="Paste a draft", lines=8, max_lines=16, max_length=MOST_CHARACTERS, elem_id="quotes-text", scale=3
        )
        file = gr.File(
            label="or drop a file: text, Markdown, HTML, Word", file_types=_KINDS, type="filepath", visible=files,
            elem_id="quotes-file", height=160, scale=1,
        )  # fmt: skip
    button = gr.Button("Check the quotations", variant="primary", elem_id="quotes-check")
    found = gr.HTML("", elem_id="quotes-found", apply_default_css=False)

    async def checked(given: str | None, path: str | None) -> str:
        try:
            return await line.run(lambda: _checked(live, given or "", path))
        except RagError as error:
            return html.note(told(error), "error")

    button.click(
        checked, [text, file], found, api_visibility="private", concurrency_id=chat.ASKING,
        concurrency_limit=chat.IN_LINE, show_progress="full",
    )  # fmt: skip


def _checked(live: LiveAssistant, given: str, path: str | None) -> str:
    draft = of_file(Path(path).name, Path(path).read_bytes()) if path else of_text(given)
    return shown(check(draft, live.current().store))


def shown(checked: CheckedDraft) -> str:
    """A checked draft: the sum, a filter, the draft with its quotations marked, and the list of them."""
    verdicts = [one.verdict for one in checked.quotations]
    filters = [("all", "All", len(verdicts))]
    filters += [
        (v, f"{_SIGNS[v]} {VERDICTS[v].capitalize()}", verdicts.count(v)) for v in QUOTE_VERDICTS if v in verdicts
    ]
    inputs = "".join(
        f'<input type="radio" name="quotes-filter" id="quotes-{name}" class="quotes-{name}"{" checked" * (name == "all")}>'  # noqa: E501 - a line of its own
        f'<label for="quotes-{name}">{escape(said)} ({count})</label>'
        for name, said, count in filters
    )
    items = "".join(_item(number, one) for number, one in enumerate(checked.quotations, start=1))
    return (
        f'<div class="quotes"><p class="quotes-sum" role="status">{escape(summed(checked)).capitalize()}.</p>'
        f'<fieldset class="quotes-filter"><legend>Show</legend>{inputs}</fieldset>'
        f'<div class="quotes-both"><section class="quotes-draft" aria-label="The draft" tabindex="0">'
        f"{''.join(_marked(checked))}</section>"
        f'<ol class="quotes-list" aria-label="Its quotations">{items}</ol></div></div>'
    )


def _marked(checked: CheckedDraft) -> Iterator[str]:
    """The draft's text, each quotation a link to what came of it."""
    at = 0
    for number, one in enumerate(checked.quotations, start=1):
        yield escape(checked.text[at : one.start])
        sign = f'<span class="quotes-sign" aria-hidden="true">{_SIGNS[one.verdict]}</span>'
        yield (
            f'<a class="quotes-mark quotes-is-{one.verdict}" href="#quote-{number}" id="marked-{number}" '
            f'title="{VERDICTS[one.verdict]}">{escape(one.text)}{sign}'
            f'<span class="quotes-unseen"> ({VERDICTS[one.verdict]})</span></a>'
        )
        at = one.end
    yield escape(checked.text[at:])


def _item(number: int, one: CheckedQuotation) -> str:
    said = f'<a class="quotes-verdict" href="#marked-{number}">{_SIGNS[one.verdict]} {VERDICTS[one.verdict].capitalize()}</a>'  # noqa: E501 - a line of its own
    named = ", ".join(escape(name) for name in (one.speaker, one.source if one.source != one.speaker else None) if name)
    parts = [said, f'<span class="quotes-named">{named}</span>' if named else ""]
    parts.append(f"<blockquote>{_difference(one.diff) if one.diff else escape(one.text)}</blockquote>")
    if note := noted(one):
        parts.append(f'<p class="quotes-note">{escape(note).capitalize()}.</p>')
    places = "".join(f"<li>{_place(place)}</li>" for place in one.places[:_MOST_PLACES])
    if places:
        parts.append(f'<ul class="quotes-places">{places}</ul>')
    return f'<li id="quote-{number}" class="quotes-item quotes-is-{one.verdict}">{"".join(parts)}</li>'


def _difference(changes: tuple[Change, ...]) -> str:
    """The article's words that the draft has not struck out, those of the draft alone underlined."""
    out, before = "", ""
    for change in changes:
        pieces = list[str]()
        if change.op == "equal":
            pieces.append(escape(change.draft))
        if change.op in ("delete", "replace"):
            pieces.append(f'<del><span class="quotes-unseen">the article has: </span>{escape(change.article)}</del>')
        if change.op in ("insert", "replace"):
            pieces.append(f'<ins><span class="quotes-unseen">the draft has: </span>{escape(change.draft)}</ins>')
        # A number may be taken apart at its mark: 55,000 and 40,000.
        within = re.search(r"\d[.,]\Z", before) and (change.draft or change.article)[:1].isdigit()
        out += ("" if within or not out else " ") + " ".join(pieces)
        before = change.draft or change.article
    return out


def _place(place: Citation) -> str:
    known = ", ".join(filter(None, (place.publisher, place.date, f"paragraph {place.paragraph}")))
    return (
        f'<a href="{escape(links(place, None).address)}" target="_blank" rel="noopener">{escape(place.title)}</a>'
        f'<span class="quotes-where"> {escape(known)}</span>'
    )
