"""Which articles are searched, and how strict the program is: what can be chosen beside the chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import gradio as gr

from rag.answer.assistant import Assistant
from rag.answer.opening import LiveAssistant
from rag.serve.ui import html
from rag.types.certificates import percent
from rag.types.errors import InputError
from rag.types.messages import message
from rag.types.stores import every_article
from rag.types.times import today

SHIPPED = "shipped"
FROM, TO, ASKED = "Dated from", "Dated to", "Asked on"
_MANY = 2000  # articles beyond which they cannot be chosen from a list


@dataclass(frozen=True)
class Choice:
    """The components."""

    since: Any
    until: Any
    articles: Any
    asked: Any
    level: Any
    note: Any
    lapsed: Any

    @property
    def narrowing(self) -> tuple[Any, ...]:
        """What is given to `rag.serve.ui.replies.filtered`."""
        return self.since, self.until, self.articles, self.asked


def build(live: LiveAssistant) -> Choice:
    """Puts the components into the page that is being built."""
    lapsed = gr.HTML("", elem_id="lapsed")  # seen also while the rest is folded away
    with gr.Accordion("Dates, articles and strictness", open=False, elem_id="choices") as accordion:
        # A list that is opened must not hide what is wrong with the days, so it stands above them.
        articles = gr.Dropdown(
            label="Only these articles", choices=_titles(live), multiselect=True, value=[], elem_id="only"
        )
        with gr.Row():
            since, until = (_day_box(label, id) for label, id in ((FROM, "since"), (TO, "until")))
            asked = _day_box(ASKED, "asked", "today")
        wrong = gr.HTML("", elem_id="days-note")
        choices, note = levels(live.shown())
        # What is chosen is set when a page is loaded: the levels may have changed since the server was started.
        level = gr.Radio(label="Strictness", choices=choices, value=None, elem_id="strictness")
        said = gr.HTML(html.note(note), elem_id="strictness-note")

    def opened(chosen: str | None) -> tuple[Any, ...]:
        return renewed(live, chosen)

    for box in (since, until, asked):
        for left in (box.blur, box.submit):
            left(_said, [since, until, asked], wrong, api_visibility="private", show_progress="hidden")
    accordion.expand(opened, level, [level, said, lapsed], api_visibility="private", show_progress="hidden")
    return Choice(since, until, articles, asked, level, said, lapsed)


def titles(live: LiveAssistant) -> Any:
    """Of the articles alone."""
    return gr.update(choices=_titles(live))


def renewed(live: LiveAssistant, chosen: str | None, *, read: bool = False) -> tuple[Any, ...]:
    """Of the levels, the note beside them, and the line that says that the chosen one has lapsed.

    A level that is still offered stays chosen. One that is not lapses with its certificate, and is never replaced
    without a word. What was said of an earlier one stays until it has been `read`.
    """
    choices, note = levels(live.shown())
    otherwise = "" if read else gr.skip()
    if chosen in [value for _, value in choices]:
        return gr.update(choices=choices), html.note(note), otherwise
    label, value = choices[0]
    if not chosen or chosen == SHIPPED:
        said = otherwise
    else:
        said = html.note(
            f"“{_in_words(float(chosen))}” was chosen and is no longer certified, as the articles or the certificate "
            f"have changed. Chosen now: “{label}”.",
            "error",
        )
    return gr.update(choices=choices, value=value), html.note(note), said


def _titles(live: LiveAssistant) -> list[tuple[str, str]]:
    store = live.shown().store
    if store.article_count > _MANY:
        return []
    held = [one.info for one in every_article(store)]
    return [(f"{info.title} ({info.date or info.path})", info.article_id) for info in held]


def levels(assistant: Assistant) -> tuple[list[tuple[str, str]], str]:
    """The levels that can be chosen, as (label, value), and why there are no others."""
    certificate = assistant.certificate
    if assistant.settings.threshold is not None:
        return [("as set", SHIPPED)], "How strict it is, the settings say; that was not tested on these articles."
    if certificate is None:
        return [("as shipped", SHIPPED)], (
            "This was not tested on these articles, so nothing is promised about how many answers are wrong; "
            "`rag calibrate` can do that."
        )
    reached = [level for level in certificate.levels if level.threshold is not None]
    choices = [(_in_words(level.risk), str(level.risk)) for level in reached]
    choices.sort(key=lambda one: one[1] != str(certificate.risk))
    note = (
        f"Certified on {certificate.questions} questions with {percent(certificate.confidence)} confidence: a share of "
        "all answers, no promise for one. "
        + (
            "It covers questions that follow others in a conversation, and no first one."
            if certificate.history
            else "It covers first questions, and none that follows others in a conversation."
        )
        + ("" if certificate.asked else " It was made without days of asking, so it covers no question here.")
    )
    missed = [percent(level.risk) for level in certificate.levels if level.threshold is None]
    if missed:
        note += f" Not offered: {', '.join(missed)}, as the wrong answers cannot be kept that few."
    return choices, note


def _in_words(risk: float) -> str:
    whole = round(1 / risk)
    share = f"1 answer in {whole}" if abs(1 / risk - whole) < 1e-6 else f"{percent(risk)} of the answers"
    return f"at most {share} is wrong"


def _day_box(label: str, id: str, otherwise: str = "YYYY-MM-DD") -> Any:
    """A field for a day, which holds what was typed: a calendar field kept the day before when something else was."""
    # So narrow that on a phone "from" and "to" stand side by side.
    return gr.Textbox(label=label, placeholder=otherwise, max_lines=1, max_length=40, min_width=120, elem_id=id)


def _said(since: str | None, until: str | None, asked: str | None) -> str:
    """What is wrong with the days, below them."""
    try:
        given(since, until, [])
        day_of(asked)
    except InputError as error:
        return html.note(str(error), "error")
    return ""


def given(since: str | None, until: str | None, articles: Sequence[str] | None) -> Mapping[str, Any]:
    """The filters that were chosen, as a request has them. Raises InputError for what is not a day."""
    first, last = _day(since, FROM), _day(until, TO)
    if first and last and first > last:
        raise InputError(message("day_order", FROM, first, TO, last))
    chosen = {"from": first, "to": last, "articles": list(articles or [])}
    return {name: value for name, value in chosen.items() if value}


def day_of(asked: str | None) -> str:
    """The day of asking that was set, else today. Raises InputError for what is not a day."""
    return _day(asked, ASKED) or today()


def _day(text: str | None, label: str) -> str:
    typed = (text or "").strip()
    try:
        if typed and date.fromisoformat(typed).isoformat() != typed:
            raise ValueError
    except ValueError as error:
        raise InputError(message("no_day", label)) from error
    return typed
