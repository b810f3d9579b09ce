"""Below the question: how many passages on the last one each month has. A month that is chosen is asked within."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from rag.answer.opening import LiveAssistant
from rag.answer.over_time import Span, over_time
from rag.language import pack
from rag.serve.line import Line
from rag.serve.ui.conversation import Turns, turns_of
from rag.types import Turn
from rag.types.errors import RagError
from rag.types.filters import parse

_COUNTED = (
    "Counted are the passages that match the words of the question at least half as well as the best one does. Choose "
    "a bar to ask within its days."
)


def build() -> Any:
    """Puts the component into the page that is being built."""
    return gr.HTML("", elem_id="over-time", apply_default_css=False)


def follow(live: LiveAssistant, line: Line, asking: Any, turns: Any, shown: Any) -> None:
    """Has it show the last question of the conversation after each that is asked; the answer does not wait for it."""

    async def counted(before: Turns) -> str:
        try:
            return await line.run(lambda: of_last(live, before))
        except RagError:  # the answer says what is wrong
            return ""

    asking.then(counted, turns, shown, api_visibility="private", show_progress="hidden")


def of_last(live: LiveAssistant, before: Turns) -> str:
    """The chart of the last turn, where it is an answer; else nothing."""
    if not before or before[-1]["status"] != "answered":
        return ""
    last, earlier = before[-1], turns_of(before[:-1])
    history = [Turn(turn.question, turn.short_answer or "") for turn in earlier]
    filters = parse(last["filters"])
    found = over_time(live.current(), last["question"], history, filters, last["asked"])
    return html(last["standalone_question"], found, (filters.since, filters.until))


def html(question: str, spans: Sequence[Span], chosen: tuple[str | None, str | None] = (None, None)) -> str:
    """Bars, each a button, and the same as a table; nothing for no spans. `chosen` are the days that were asked of."""
    if not spans:
        return ""
    most = max(span.passages for span in spans)
    unit = "year" if len(spans[0].name) == 4 else "month"
    bars = "".join(_bar(span, most, (span.since, span.until) == chosen) for span in spans)
    rows = "".join(f"<tr><th scope=row>{_days(span)}</th><td>{span.passages:,}</td></tr>" for span in spans)
    head = f"<tr><th scope=col>{unit.capitalize()}</th><th scope=col>Passages</th></tr>"
    return (
        f'<figure class="over-time"><figcaption>Passages on <q dir="auto">{escape(question)}</q> by {unit}</figcaption>'
        f'<ol>{bars}</ol><p class="ends"><span>{_days(spans[0])}</span><span>{_days(spans[-1])}</span></p>'
        f"<details><summary>As a table, and what is counted</summary><p>{_COUNTED}</p>"
        f"<table><thead>{head}</thead><tbody>{rows}</tbody></table></details>"
        '<p class="said" role="status"></p></figure>'
    )


def _bar(span: Span, most: int, pressed: bool) -> str:
    if not span.passages:
        return "<li></li>"
    state = " aria-pressed=true" if pressed else ""
    days, height = _days(span), max(4, round(100 * span.passages / most))
    count = f"{span.passages:,} passage{'' if span.passages == 1 else 's'}"
    return (
        f'<li><button type="button"{state} data-from="{span.since}" data-to="{span.until}" data-days="{days}" '
        f'title="{days}: {count}" aria-label="{days}: {count}. Ask within it.">'
        f'<span style="height: {height}%"></span></button></li>'
    )


def _days(span: Span) -> str:
    return escape(pack().days_in_words(span.since, span.until))
