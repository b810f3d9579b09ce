"""What the chat shows for a message: a reply, and beside it the article that is quoted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from rag.answer.batch import answered
from rag.answer.failure import error_reply
from rag.answer.opening import LiveAssistant
from rag.answer.wire import MAX_TURNS, AskedLine, requested
from rag.language import pack
from rag.serve.ui import article, choices
from rag.serve.ui.conversation import Turns, turns_of
from rag.types import Reply
from rag.types.errors import InputError
from rag.types.messages import message
from rag.verify.schema import Answer


def converse(
    live: LiveAssistant,
    text: str,
    before: Turns = [],  # noqa: B006 - never changed
    filters: Mapping[str, Any] = {},
    level: str | None = choices.SHIPPED,
    day: str | None = None,
) -> tuple[Reply, str | None]:
    """The reply to show, and the panel beside it where that changes. A failure is an error reply, never a refusal."""
    generation = None
    try:
        if len(before) >= MAX_TURNS:
            raise InputError(message("turns", MAX_TURNS))
        asked = requested({"question": text, "filters": dict(filters), "asked": day}, AskedLine)
        assistant = live.current()
        if level and level != choices.SHIPPED:
            assistant = assistant.at_level(float(level))
        generation = assistant.store.generation
        reply = answered(assistant, asked.model_copy(update={"history": turns_of(before)}))
        return reply, None if pack().aside(text) else article.sources(reply, assistant.store)
    except Exception as error:  # noqa: BLE001 - the edge of the process: the page must say that it failed
        return error_reply(error, question=text, filters=filters, asked=day, generation=generation), None


def filtered(live: LiveAssistant, text: str, before: Turns, chosen: tuple[Any, ...], level: str | None) -> Any:
    """As `converse`, with the fields as they stand: what is no day is said, and nothing is searched."""
    try:
        *filters, day = chosen
        return converse(live, text, before, choices.given(*filters), level, choices.day_of(day))
    except InputError as error:
        return error_reply(error, question=text), None


def shown(live: LiveAssistant, which: str, before: Turns) -> Any:
    """The article of a citation that was chosen, as `turn-number`; nothing where there is no such one."""
    turn, _, rest = which.partition("-")
    number = rest.partition("-")[0]
    if not (turn.isdecimal() and number.isdecimal() and int(turn) < len(before)):
        return gr.skip()
    return article.sources(Answer.model_validate(before[int(turn)]), live.shown().store, int(number))
