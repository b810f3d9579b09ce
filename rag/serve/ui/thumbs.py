"""What a user thinks of an answer: a thumb, taken back or not, and a comment."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rag.answer.opening import LiveAssistant
from rag.calibrate.feedback import Feedback, Given
from rag.serve.ui import html
from rag.serve.ui.conversation import Turns, quoted
from rag.types.errors import RagError


def judged(live: LiveAssistant, feedback: Feedback, given: Given, before: Turns, event: gr.LikeData) -> tuple[Any, ...]:
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


def remarked(feedback: Feedback, text: str, which: Any) -> tuple[Any, ...]:
    """Keeps a comment on the answer that was judged last."""
    if not which or not text.strip():
        return text, gr.skip(), html.note("Write a comment first.")
    try:
        feedback.add(which[0], good=which[1], comment=text)
    except RagError as error:
        return text, gr.skip(), html.note(str(error), "error")
    return "", gr.update(visible=False), html.note("Thank you; the comment is kept on this machine.", "done")
