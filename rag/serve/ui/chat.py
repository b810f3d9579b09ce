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
from rag.serve.ui import answers, article, choices, over_time, saved, thumbs
from rag.serve.ui.conversation import Messages, Turns, checked, export_files, messages_of, parsed, together, turns_of
from rag.serve.ui.layout import Layout
from rag.serve.ui.replies import filtered, shown
from rag.serve.ui.welcome import Welcome
from rag.types import Reply

# So many questions Gradio lets through to the line in which all wait: of the 40 events that it handles at once, some
# are left to others.
ASKING, IN_LINE = "asking", 30
_PAGES = 10_000  # whose conversations are told apart
_PRIVATE: dict[str, Any] = {"api_visibility": "private"}
_QUIETLY: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True)
class Parts:
    """What the page's other tabs and its start need of this one."""

    restore: Any
    restoring: tuple[list[Any], list[Any]]
    reopen: Any  # (level) -> updates, at the start and after a build or a calibration
    reopening: tuple[list[Any], list[Any]]
    greet: Any  # what is held and can be asked, at the same times
    greeting: tuple[None, list[Any]]


def build(
    live: LiveAssistant, feedback: Feedback, line: Line, journal: Journal | None = None, *, saving: bool = False
) -> Parts:
    """Puts the tab's components into the page that is being built, and says what each does.

    `saving`: what was asked may be saved.
    """
    given, leaving, welcome = Given(), Leaving(), Welcome(live)
    tab = Layout(live)

    def said(reply: Reply, turn: int) -> str:
        return answers.reply(reply, turn, saving=saving)

    def restore(before: str | None) -> tuple[Any, ...]:
        return restored_of(before, saving=saving)

    asking = _on_question(tab, live, _answering(live, line, journal, given, leaving, said))
    over_time.follow(live, line, asking, tab.turns, tab.over_time)
    _on_citation(tab, live)
    restored = [tab.chat, tab.turns, tab.messages, tab.article, tab.exported, tab.told, tab.remark, tab.judged]
    _on_conversation(tab, asking, restored, leaving, restore)
    _on_judgement(tab, live, feedback, given)
    if saving:
        saved.on_asked(live, tab.turns)

    def reopen(level: str | None) -> tuple[Any, ...]:
        return choices.titles(live), *choices.renewed(live, level)

    return Parts(
        restore,
        ([tab.kept], restored),
        reopen,
        ([tab.choice.level], [tab.choice.articles, *tab.levels]),
        welcome.greet,
        (None, [tab.welcome, tab.offers]),
    )


def restored_of(before: str | None, *, saving: bool) -> tuple[Any, ...]:
    """A conversation as the browser kept it, and nothing else beside it."""
    good, hidden = checked(parsed(before)), gr.update(visible=False)
    messages = messages_of(good, saving=saving)
    return together(messages), good, messages, article.no_article(), hidden, "", hidden, None


class Leaving:
    """How often each page has left a conversation for another. May be used from several threads."""

    def __init__(self) -> None:
        self._counts: dict[str | None, int] = {}

    def count(self, request: gr.Request) -> int:
        """So far."""
        return self._counts.get(request.session_hash, 0)

    def note(self, request: gr.Request) -> None:
        """Once more."""
        if len(self._counts) > _PAGES:
            self._counts.clear()
        self._counts[request.session_hash] = self.count(request) + 1


def _answering(
    live: LiveAssistant,
    line: Line,
    journal: Journal | None,
    given: Given,
    leaving: Leaving,
    html: Callable[[Reply, int], str],
) -> Callable[..., AsyncIterator[tuple[Any, ...]]]:
    async def answer(
        text: str,
        own: str,
        messages: Messages,
        before: Turns,
        since: str,
        until: str,
        articles: list[str],
        day: str,
        level: str | None,
        request: gr.Request,
    ) -> AsyncIterator[tuple[Any, ...]]:
        if not text.strip():  # nothing was asked
            yield *(gr.skip(),) * 5, "", gr.skip()
            return
        asked, left = [*messages, answers.asked(text)], leaving.count(request)
        yield "", "", together([*asked, answers.waiting()]), *(gr.skip(),) * 4
        known = [] if own else before

        def reply_to_it() -> tuple[Reply, str | None]:
            found, panel = filtered(live, text, known, (since, until, articles, day), level)
            return recorded(journal, found, turns_of(known)), panel

        try:
            reply, panel = await line.run(reply_to_it)
        except Busy as error:
            reply, panel = error_reply(error, question=text), None
        panel = None if reply.status == "error" else panel
        turn = to_json(reply)
        given.add(json.loads(turn))
        now = before if reply.status == "error" else [*before, json.loads(turn)]
        said = [*asked, html(reply, len(now) - 1)]
        beside = gr.skip() if panel is None else panel  # what failed leaves the article as it was
        if leaving.count(request) != left:  # another conversation is shown, whose state this is not
            return
        fresh = "" if reply.status == "error" else turn
        # What was typed meanwhile stays.
        yield gr.skip(), gr.skip(), together(said), beside, now, fresh, said

    return answer


def _on_question(tab: Layout, live: LiveAssistant, answer: Callable[..., AsyncIterator[tuple[Any, ...]]]) -> Any:
    """One event, so that a second question waits for the answer to the first."""
    choice = tab.choice
    asking = gr.on(
        [tab.box.submit, tab.send.click],
        answer,
        [tab.box, tab.changed, tab.messages, tab.turns, *choice.narrowing, choice.level],
        [tab.box, tab.changed, tab.chat, tab.article, tab.turns, tab.fresh, tab.messages],
        trigger_mode="once",
        concurrency_id=ASKING,
        concurrency_limit=IN_LINE,
        **_QUIETLY,
    )
    keep = "(turn) => { window.articles.keep(turn); window.articles.answered(); }"
    asking.then(None, tab.fresh, js=keep, **_PRIVATE)

    def asked_at(level: str | None) -> tuple[Any, ...]:
        return choices.renewed(live, level, read=True)

    asking.then(asked_at, choice.level, tab.levels, **_QUIETLY)
    return asking


def _on_citation(tab: Layout, live: LiveAssistant) -> None:
    def show(which: str, before: Turns) -> Any:
        return shown(live, which, before)

    opened = tab.cited.change(show, [tab.cited, tab.turns], tab.article, **_QUIETLY)
    opened.then(None, js="() => window.articles.panel(true)", **_PRIVATE)


def _on_conversation(
    tab: Layout, asking: Any, restored: list[Any], leaving: Leaving, restore: Callable[[str | None], tuple[Any, ...]]
) -> None:
    """Another one, or none: a question that is being answered is dropped."""
    typed = [tab.comment, tab.changed, tab.fresh]

    def clear(request: gr.Request) -> tuple[Any, ...]:
        leaving.note(request)
        return *restore(None), *[""] * len(typed)

    def change_over(before: str | None, request: gr.Request) -> tuple[Any, ...]:
        leaving.note(request)
        return restore(before)

    cleared = tab.new.click(clear, None, [*restored, *typed], cancels=[asking], **_QUIETLY)
    cleared.then(None, js="() => window.articles.cleared()", **_PRIVATE)
    turns = "() => [window.articles.turns()]"
    reopened = tab.opened.change(change_over, tab.kept, restored, js=turns, cancels=[asking], **_QUIETLY)
    reopened.then(None, js="() => window.articles.answered()", **_PRIVATE)
    tab.export.click(export_files, tab.turns, tab.exported, **_PRIVATE)


def _on_judgement(tab: Layout, live: LiveAssistant, feedback: Feedback, given: Given) -> None:
    def judge(which: str, before: Turns) -> tuple[Any, ...]:
        return thumbs.judged(live, feedback, given, before, which)

    def remarked(text: str, which: Any) -> tuple[Any, ...]:
        return thumbs.remarked(feedback, text, which)

    judged = tab.judging.change(
        judge, [tab.judging, tab.turns], [tab.judged, tab.remark, tab.told, tab.stands], **_QUIETLY
    )
    judged.then(None, tab.stands, js="(which) => window.articles.judged(which)", **_PRIVATE)
    tab.tell.click(remarked, [tab.comment, tab.judged], [tab.comment, tab.remark, tab.told], **_QUIETLY)
