"""The tab with the conversation, and beside it the article that is quoted."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag.batch import answered, recorded
from rag.errors import InputError, RagError
from rag.feedback import Feedback, Given
from rag.journal import Journal
from rag.messages import message
from rag.pipeline import LiveAssistant
from rag.render import error_reply
from rag.types import Reply
from rag.ui import choices, html
from rag.ui.conversation import KEPT, Messages, Turns, checked, export_files, messages_of, quoted, turns_of
from rag.ui.examples import Examples
from rag.understand import aside
from rag.verify.schema import Answer
from rag.wire import MAX_TURNS, AskedLine, requested, to_json

_log = logging.getLogger("rag")
# Shown where the index answers them; another corpus shows those of the four that fit it.
EXAMPLES = (
    "What kind of relationship does Takaichi want with Beijing?",
    "In which city did Xi meet Donald Trump?",
    "What did Xi tell Carney?",
    "What is this article about?",
)
_STORAGE = "ask-the-articles"
# Questions share two cores well; those of the page and of the API wait in one line.
ASKING, AT_ONCE = "asking", 4


@dataclass(frozen=True)
class Parts:
    """What the page's other tabs and its start need of this one."""

    restore: Any
    restoring: tuple[list[Any], list[Any]]
    reopen: Any  # (level) -> updates, at the start and after a build or a calibration
    reopening: tuple[list[Any], list[Any]]


def build(live: LiveAssistant, feedback: Feedback, journal: Journal | None = None) -> Parts:
    """Puts the tab's components into the page that is being built."""
    examples, given = Examples(live, EXAMPLES), Given()
    turns, kept = gr.State([]), gr.BrowserState([], storage_key=_STORAGE, secret=_STORAGE)
    messages = gr.State([])  # what the chat shows, kept here: taken from the caller, it could hold anything
    with gr.Row(equal_height=False):
        with gr.Column(scale=3, min_width=320):
            chatbot = gr.Chatbot(
                label="Conversation",
                show_label=False,
                elem_id="chat",
                autoscroll=False,
                height="58vh",
                min_height=320,
                buttons=[],
                feedback_options=("Like", "Dislike"),
                latex_delimiters=[],
                placeholder=html.placeholder(),
            )
            with gr.Row(equal_height=True):
                box = gr.Textbox(
                    label="Your question",
                    placeholder="Ask a question about the articles",
                    elem_id="question",
                    scale=5,
                    max_lines=4,
                    autofocus=True,
                )
                send = gr.Button("Ask", variant="primary", elem_id="ask", scale=1, min_width=90)
            offered = examples.build()
            buttons = offered[1:]
            choice = choices.build(live)
            with gr.Accordion("This conversation", open=False, elem_id="conversation"):
                with gr.Row():
                    new = gr.Button("New conversation", size="sm", elem_id="new")
                    export = gr.Button("Export", size="sm", elem_id="export")
                exported = gr.Files(label="Exported", visible=False, elem_id="exported")
            with gr.Row(visible=False, elem_id="remark") as remark:
                comment = gr.Textbox(label="What was wrong, or good? (kept on this machine)", scale=4, max_lines=3)
                tell = gr.Button("Send", size="sm", scale=1, min_width=80)
            told = gr.HTML("", elem_id="told")
        with gr.Column(scale=2, min_width=320):
            article = gr.HTML(html.no_article(), elem_id="article")
    cited = gr.Textbox(label="Citation", elem_id="cited", visible="hidden")
    # Not empty when a searched question is being changed: what is sent then is asked as it stands.
    changed = gr.Textbox(label="Changed", elem_id="changed", visible="hidden")
    judged = gr.State(None)

    def answer(
        text: str,
        own: str,
        shown: Messages,
        before: Turns,
        since: str,
        until: str,
        articles: list[str],
        level: str | None,
        event: gr.EventData,
    ) -> Iterator[tuple[Any, ...]]:
        text = examples.clicked(event.target) or text
        if not text.strip():  # nothing was asked
            yield (gr.skip(),) * 7
            return
        asked = [*shown, {"role": "user", "content": html.asked(text)}]
        yield "", "", asked, *[gr.skip()] * 4
        known = [] if own else before
        reply, panel = _filtered(live, text, known, (since, until, articles), level)
        reply = recorded(journal, reply, turns_of(known))
        panel = None if reply.status == "error" else panel
        turn = json.loads(to_json(reply))
        given.add(turn)
        now = before if reply.status == "error" else [*before, turn]
        said = {"role": "assistant", "content": html.reply(reply, len(now) - 1)}
        beside = gr.skip() if panel is None else panel  # what failed leaves the article as it was
        # What was typed meanwhile stays.
        yield gr.skip(), gr.skip(), [*asked, said], beside, now, now[-KEPT:], [*asked, said]

    # One event, so that a second question waits for the answer to the first.
    asking = gr.on(
        [box.submit, send.click, *(button.click for button in buttons)],
        answer,
        [box, changed, messages, turns, choice.since, choice.until, choice.articles, choice.level],
        [box, changed, chatbot, article, turns, kept, messages],
        api_visibility="private",
        show_progress_on=[chatbot],
        trigger_mode="once",
        concurrency_id=ASKING,
        concurrency_limit=AT_ONCE,
    )
    asking.then(None, js="() => window.articles.answered()", api_visibility="private")
    levels = [choice.level, choice.note, choice.lapsed]

    def asked_at(level: str | None) -> tuple[Any, ...]:
        return choices.renewed(live, level, read=True)

    asking.then(asked_at, choice.level, levels, api_visibility="private", show_progress="hidden")

    def reopen(level: str | None) -> tuple[Any, ...]:
        return choices.titles(live), *choices.renewed(live, level), *examples.shown()

    def show(which: str, before: Turns) -> Any:
        return _shown(live, which, before)

    opened = cited.change(show, [cited, turns], article, api_visibility="private", show_progress="hidden")
    opened.then(None, js="() => window.articles.panel(true)", api_visibility="private")

    def restore(before: Any) -> tuple[Any, ...]:
        good = checked(before)
        return messages_of(good), good, messages_of(good)

    def clear() -> tuple[Any, ...]:
        hidden = gr.update(visible=False)
        return [], [], [], [], html.no_article(), hidden, "", hidden, None, "", ""

    emptied = [chatbot, messages, turns, kept, article, exported, told, remark, judged, comment, changed]
    for trigger in (new.click, chatbot.clear):
        trigger(clear, None, emptied, cancels=[asking], api_visibility="private")
    export.click(export_files, turns, exported, api_visibility="private")

    def like(before: Turns, event: gr.LikeData) -> tuple[Any, ...]:
        return _judged(live, feedback, given, before, event)

    chatbot.like(like, turns, [judged, remark, told], api_visibility="private")

    def remarked(text: str, which: Any) -> tuple[Any, ...]:
        return _remarked(feedback, text, which)

    tell.click(remarked, [comment, judged], [comment, remark, told], api_visibility="private")
    return Parts(
        restore,
        ([kept], [chatbot, turns, messages]),
        reopen,
        ([choice.level], [choice.articles, *levels, *offered]),
    )


def converse(
    live: LiveAssistant,
    text: str,
    before: Turns = [],  # noqa: B006 - never changed
    filters: Mapping[str, Any] = {},
    level: str | None = choices.SHIPPED,
) -> tuple[Reply, str | None]:
    """The reply to show, and the panel beside it where that changes. A failure is an error reply, never a refusal."""
    generation = None
    try:
        if len(before) >= MAX_TURNS:
            raise InputError(message("turns", MAX_TURNS))
        asked = requested({"question": text, "filters": dict(filters)}, AskedLine)
        assistant = live.current()
        if level and level != choices.SHIPPED:
            assistant = assistant.at_level(float(level))
        generation = assistant.store.generation
        reply = answered(assistant, asked.model_copy(update={"history": turns_of(before)}))
        return reply, None if aside(text) else html.sources(reply, assistant.store)
    except Exception as error:  # noqa: BLE001 - the edge of the process: the page must say that it failed
        return error_reply(error, question=text, filters=filters, generation=generation), None


def _filtered(live: LiveAssistant, text: str, before: Turns, chosen: tuple[Any, ...], level: str | None) -> Any:
    """As `converse`, with the fields as they stand: what is no day is said, and nothing is searched."""
    try:
        return converse(live, text, before, choices.given(*chosen), level)
    except InputError as error:
        return error_reply(error, question=text), None


def _shown(live: LiveAssistant, which: str, before: Turns) -> Any:
    turn, _, rest = which.partition("-")
    number = rest.partition("-")[0]
    if not (turn.isdecimal() and number.isdecimal() and int(turn) < len(before)):
        return gr.skip()
    return html.sources(Answer.model_validate(before[int(turn)]), live.shown().store, int(number))


def _judged(
    live: LiveAssistant, feedback: Feedback, given: Given, before: Turns, event: gr.LikeData
) -> tuple[Any, ...]:
    """Keeps a thumb, or takes it back. Which turn a message shows stands in it: errors are in the chat, but no turn."""
    number, hidden = html.turn_of(str(event.value)), gr.update(visible=False)
    if number is None or number >= len(before):
        return None, hidden, html.note("Only answers and refusals can be judged.")
    if not given.holds(before[number]):
        return None, hidden, html.note("Only an answer of this run of the server can be judged; ask again.")
    if not quoted(live.shown().store, before[number]):
        return None, hidden, html.note("The article has changed since this answer, so it cannot be judged any more.")
    good = event.liked
    try:
        if good not in (True, False):  # pressed again
            feedback.take_back(before[number])
            return None, hidden, html.note("Taken back.", "done")
        feedback.add(before[number], good=good)
    except RagError as error:
        return None, hidden, html.note(str(error), "error")
    return (before[number], good), gr.update(visible=True), html.note("Thank you; kept on this machine.", "done")


def _remarked(feedback: Feedback, text: str, which: Any) -> tuple[Any, ...]:
    if not which or not text.strip():
        return text, gr.skip(), html.note("Write a comment first.")
    try:
        feedback.add(which[0], good=which[1], comment=text)
    except RagError as error:
        return text, gr.skip(), html.note(str(error), "error")
    return "", gr.update(visible=False), html.note("Thank you; the comment is kept on this machine.", "done")
