"""The tab with the conversation, and beside it the article that is quoted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag.answer.batch import recorded
from rag.answer.failure import error_reply
from rag.answer.journal import Journal
from rag.answer.opening import LiveAssistant
from rag.answer.wire import to_json
from rag.calibrate.feedback import Feedback, Given
from rag.serve.line import Busy, Line
from rag.serve.ui import choices, html, thumbs
from rag.serve.ui.conversation import KEPT, Messages, Turns, checked, export_files, messages_of, turns_of
from rag.serve.ui.examples import Examples
from rag.serve.ui.layout import Layout
from rag.serve.ui.replies import filtered, shown
from rag.types import Reply

# Shown where the index answers them; another corpus shows those of the four that fit it.
EXAMPLES = (
    "What kind of relationship does Takaichi want with Beijing?",
    "In which city did Xi meet Donald Trump?",
    "What did Xi tell Carney?",
    "What is this article about?",
)
# So many questions Gradio lets through to the line in which all wait: of the 40 events that it handles at once, some
# are left to others.
ASKING, IN_LINE = "asking", 30


@dataclass(frozen=True)
class Parts:
    """What the page's other tabs and its start need of this one."""

    restore: Any
    restoring: tuple[list[Any], list[Any]]
    reopen: Any  # (level) -> updates, at the start and after a build or a calibration
    reopening: tuple[list[Any], list[Any]]


def build(live: LiveAssistant, feedback: Feedback, line: Line, journal: Journal | None = None) -> Parts:
    """Puts the tab's components into the page that is being built, and says what each does."""
    examples, given = Examples(live, EXAMPLES), Given()
    tab = Layout(live, examples)
    asking = _on_question(tab, live, _answering(live, line, journal, examples, given))
    _on_citation(tab, live)
    _on_conversation(tab, asking)
    _on_judgement(tab, live, feedback, given)

    def restore(before: Any) -> tuple[Any, ...]:
        good = checked(before)
        return messages_of(good), good, messages_of(good)

    def reopen(level: str | None) -> tuple[Any, ...]:
        return choices.titles(live), *choices.renewed(live, level), *examples.shown()

    return Parts(
        restore,
        ([tab.kept], [tab.chatbot, tab.turns, tab.messages]),
        reopen,
        ([tab.choice.level], [tab.choice.articles, *tab.levels, *tab.offered]),
    )


def _answering(
    live: LiveAssistant, line: Line, journal: Journal | None, examples: Examples, given: Given
) -> Callable[..., AsyncIterator[tuple[Any, ...]]]:
    async def answer(
        text: str,
        own: str,
        shown: Messages,
        before: Turns,
        since: str,
        until: str,
        articles: list[str],
        day: str,
        level: str | None,
        event: gr.EventData,
    ) -> AsyncIterator[tuple[Any, ...]]:
        text = examples.clicked(event.target) or text
        if not text.strip():  # nothing was asked
            yield (gr.skip(),) * 7
            return
        asked = [*shown, {"role": "user", "content": html.asked(text)}]
        yield "", "", asked, *[gr.skip()] * 4
        known = [] if own else before

        def reply_to_it() -> tuple[Reply, str | None]:
            found, panel = filtered(live, text, known, (since, until, articles, day), level)
            return recorded(journal, found, turns_of(known)), panel

        try:
            reply, panel = await line.run(reply_to_it)
        except Busy as error:
            reply, panel = error_reply(error, question=text), None
        panel = None if reply.status == "error" else panel
        turn = json.loads(to_json(reply))
        given.add(turn)
        now = before if reply.status == "error" else [*before, turn]
        said = {"role": "assistant", "content": html.reply(reply, len(now) - 1)}
        beside = gr.skip() if panel is None else panel  # what failed leaves the article as it was
        # What was typed meanwhile stays.
        yield gr.skip(), gr.skip(), [*asked, said], beside, now, now[-KEPT:], [*asked, said]

    return answer


def _on_question(tab: Layout, live: LiveAssistant, answer: Callable[..., AsyncIterator[tuple[Any, ...]]]) -> Any:
    """One event, so that a second question waits for the answer to the first."""
    choice, buttons = tab.choice, tab.offered[1:]
    asking = gr.on(
        [tab.box.submit, tab.send.click, *(button.click for button in buttons)],
        answer,
        [tab.box, tab.changed, tab.messages, tab.turns, *choice.narrowing, choice.level],
        [tab.box, tab.changed, tab.chatbot, tab.article, tab.turns, tab.kept, tab.messages],
        api_visibility="private",
        show_progress_on=[tab.chatbot],
        trigger_mode="once",
        concurrency_id=ASKING,
        concurrency_limit=IN_LINE,
    )
    asking.then(None, js="() => window.articles.answered()", api_visibility="private")

    def asked_at(level: str | None) -> tuple[Any, ...]:
        return choices.renewed(live, level, read=True)

    asking.then(asked_at, choice.level, tab.levels, api_visibility="private", show_progress="hidden")
    return asking


def _on_citation(tab: Layout, live: LiveAssistant) -> None:
    def show(which: str, before: Turns) -> Any:
        return shown(live, which, before)

    private = {"api_visibility": "private"}
    opened = tab.cited.change(show, [tab.cited, tab.turns], tab.article, show_progress="hidden", **private)
    opened.then(None, js="() => window.articles.panel(true)", **private)


def _on_conversation(tab: Layout, asking: Any) -> None:
    def clear() -> tuple[Any, ...]:
        hidden = gr.update(visible=False)
        return [], [], [], [], html.no_article(), hidden, "", hidden, None, "", ""

    emptied = [tab.chatbot, tab.messages, tab.turns, tab.kept, tab.article, tab.exported, tab.told, tab.remark]
    emptied += [tab.judged, tab.comment, tab.changed]
    for trigger in (tab.new.click, tab.chatbot.clear):
        trigger(clear, None, emptied, cancels=[asking], api_visibility="private")
    tab.export.click(export_files, tab.turns, tab.exported, api_visibility="private")


def _on_judgement(tab: Layout, live: LiveAssistant, feedback: Feedback, given: Given) -> None:
    def like(before: Turns, event: gr.LikeData) -> tuple[Any, ...]:
        return thumbs.judged(live, feedback, given, before, event)

    def remarked(text: str, which: Any) -> tuple[Any, ...]:
        return thumbs.remarked(feedback, text, which)

    tab.chatbot.like(like, tab.turns, [tab.judged, tab.remark, tab.told], api_visibility="private")
    tab.tell.click(remarked, [tab.comment, tab.judged], [tab.comment, tab.remark, tab.told], api_visibility="private")
