"""The tab "New": saved questions, and what they found in articles that came since."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import gradio as gr

from rag.answer.opening import LiveAssistant
from rag.follow import listing, saved
from rag.serve.ui import html
from rag.serve.ui.conversation import Turns
from rag.types.errors import RagError

_log = logging.getLogger("rag")
_SHOWN = 100  # new answers, the newest
_ABOUT = (
    "A question that you save is asked again whenever articles come in or change, of these alone. Answers that differ "
    "from the last one are shown here, once."
)
_LAST = """() => {
  const last = [...document.querySelectorAll('#chat .asked')].pop()?.cloneNode(true);
  last?.querySelectorAll('.hidden').forEach((said) => said.remove());
  return last?.innerText ?? '';
}"""
Opened = tuple[Callable[..., Any], list[Any] | None, list[Any]]


def build(live: LiveAssistant, *, saving: bool, feed: bool) -> Opened:
    """Puts the tab's components into the page; what is called when it is opened.

    `saving`: questions may be saved and removed; `feed`: there is one to subscribe to.
    """
    gr.HTML(html.note(_ABOUT))
    found = gr.HTML("", elem_id="new-answers", apply_default_css=False)
    if feed:
        gr.HTML('<p class="feed"><a href="saved.atom" target="_blank">Subscribe to them in a feed reader</a></p>')
    if not saving:
        return lambda: (answers(*_held(live)),), None, [found]
    with gr.Row(equal_height=True):
        question = gr.Textbox(label="A question to save", elem_id="save-question", max_lines=3, scale=4)
        since = gr.Textbox(label="Dated from", placeholder="2025-10-01", elem_id="save-from", scale=1, min_width=160)
        until = gr.Textbox(label="Dated to", placeholder="2025-10-31", elem_id="save-to", scale=1, min_width=160)
    with gr.Row():
        last = gr.Button("Take my last question", size="sm", elem_id="save-last")
        keep = gr.Button("Save this question", variant="primary", size="sm", elem_id="save")
    said = gr.HTML("", elem_id="save-said")
    with gr.Row(equal_height=True):
        kept = gr.Dropdown(label="Saved questions", choices=[], value=None, elem_id="saved", scale=4)
        stop = gr.Button("Stop asking it", size="sm", elem_id="saved-stop", scale=1, min_width=120)
    shown = [found, kept]

    def now() -> tuple[Any, ...]:
        questions, alerts = _held(live)
        choices = [(_label(one), one["id"]) for one in questions]
        return answers(questions, alerts), gr.update(choices=choices, value=None)

    def save(text: str, first: str, to: str) -> tuple[Any, ...]:
        try:
            filters = {"from": first.strip() or None, "to": to.strip() or None}
            saved.save(live.store, text or "", filters, live.settings)
        except RagError as error:
            return text, html.note(str(error), "error"), *now()
        return "", html.note("Saved. It is asked of what comes in from now on.", "done"), *now()

    def forget(id: str | None) -> tuple[Any, ...]:
        try:
            live.store.forget(id or "")
        except RagError:
            return html.note("Choose a question first.", "error"), *now()
        return html.note("It is not asked any more.", "done"), *now()

    private = {"api_visibility": "private"}
    last.click(None, None, question, js=_LAST, **private)
    keep.click(save, [question, since, until], [question, said, *shown], **private)
    stop.click(forget, kept, [said, *shown], **private)
    return now, None, shown


def on_asked(live: LiveAssistant, turns: Any) -> None:
    """Puts into the page that is being built what saves the question of a turn that the page's script names."""
    which, said = (gr.Textbox(label=id, elem_id=id, visible="hidden") for id in ("save-asked", "saved-asked"))

    def save_asked(which: str, before: Turns) -> str:
        return asked(live, which, before)

    its: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    done = which.change(save_asked, [which, turns], said, **its)
    done.then(None, said, js="(said) => window.articles.saved(said)", api_visibility="private")


def asked(live: LiveAssistant, which: str, before: Turns) -> str:
    """Saves the question of a turn, as it was understood and with its filters; {"turn", "done", "said"} as JSON."""
    number, _, _ = which.partition("-")
    if not (number.isdecimal() and int(number) < len(before)):
        return ""
    turn = before[int(number)]
    try:
        held = {one.id for one in live.store.saved()}
        kept = saved.save(live.store, turn["standalone_question"], turn["filters"], live.settings)
    except RagError as error:
        return json.dumps({"turn": number, "done": False, "said": str(error)})
    said = "This question is saved already" if kept.id in held else "Saved"
    return json.dumps({"turn": number, "done": True, "said": f"{said}: what comes in on it is shown under “New”."})


def _held(live: LiveAssistant) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    try:
        questions, alerts = live.store.saved(), live.store.alerts(_SHOWN)
    except RagError as error:
        _log.warning("the saved questions cannot be read: %s", error)
        return [], []
    return [listing.question_object(one) for one in questions], [listing.alert_object(one) for one in alerts]


def _label(question: Mapping[str, Any]) -> str:
    days = [f"{name} {question['filters'][name]}" for name in ("from", "to") if name in question["filters"]]
    return f"{question['question']} ({', '.join(days)})" if days else str(question["question"])


def answers(questions: Sequence[Mapping[str, Any]], alerts: Sequence[Mapping[str, Any]]) -> str:
    """New answers, newest first."""
    if not alerts:
        said = "Nothing new was found yet." if questions else "No question is saved yet."
        return html.note(said)
    return f'<div class="new-answers">{"".join(_answer(alert) for alert in alerts)}</div>'


def _answer(alert: Mapping[str, Any]) -> str:
    answer = alert["answer"]
    cited = next(one for one in answer["citations"] if one["number"] == alert["citation"])
    short = f'<p class="short" dir="auto">{escape(alert["short_answer"])}</p>' if alert["short_answer"] else ""
    said = (cited["publisher"], cited["author"], cited["date"], f"paragraph {cited['paragraph']}")
    title = _link(alert["address"], f'<span dir="auto">{escape(cited["title"])}</span>')
    web = f" · {_link(alert['original'], 'In the original')}" if alert["original"] else ""
    source = ", ".join([title, *(escape(str(one)) for one in said if one)])
    when = escape(alert["at"][:16].replace("T", " "))
    return (
        f'<article><p class="question" dir="auto">{escape(answer["question"])}</p>{short}'
        f'<blockquote dir="auto">{escape(cited["quote"])}</blockquote><p class="origin">{source}{web}</p>'
        f'<p class="when">found <time datetime="{escape(alert["at"])}">{when} UTC</time></p></article>'
    )


def _link(address: str, within: str) -> str:
    return f'<a href="{escape(address)}" rel="noopener noreferrer" target="_blank">{within}</a>'
