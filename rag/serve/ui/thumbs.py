"""What a user thinks of an answer: a thumb, taken back or not, and a comment."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rag.answer.opening import LiveAssistant
from rag.calibrate.feedback import Feedback, Given
from rag.serve.ui import html
from rag.serve.ui.conversation import Turns, quoted
from rag.types.errors import RagError

_WAYS = {"good": True, "bad": False, "none": None}


def judged(live: LiveAssistant, feedback: Feedback, given: Given, before: Turns, which: str) -> tuple[Any, ...]:
    """Keeps a thumb, or takes it back: `turn-good`, `turn-bad` or `turn-none`, and what makes it another than the last.

    What is judged, the box for a comment, what is said, and how the turn stands.
    """
    turn, way, *_ = [*which.split("-"), "", ""]
    hidden, number = gr.update(visible=False), int(turn) if turn.isdecimal() else len(before)
    if number >= len(before) or way not in _WAYS:
        return None, hidden, html.note("Only answers and refusals can be judged."), ""
    if not given.holds(before[number]):
        return None, hidden, html.note("Only an answer of this run of the server can be judged; ask again."), ""
    if not quoted(live.shown().store, before[number]):
        return None, hidden, html.note("The article has changed since this answer; it cannot be judged any more."), ""
    good = _WAYS[way]
    try:
        if good is None:  # pressed again
            feedback.take_back(before[number])
            return None, hidden, html.note("Taken back.", "done"), f"{turn}-{way}"
        feedback.add(before[number], good=good)
    except RagError as error:
        return None, hidden, html.note(str(error), "error"), ""
    thanks = html.note("Thank you; kept on this machine.", "done")
    return (before[number], good), gr.update(visible=True), thanks, f"{turn}-{way}"


def remarked(feedback: Feedback, text: str, which: Any) -> tuple[Any, ...]:
    """Keeps a comment on the answer that was judged last."""
    if not which or not text.strip():
        return text, gr.skip(), html.note("Write a comment first.")
    try:
        feedback.add(which[0], good=which[1], comment=text)
    except RagError as error:
        return text, gr.skip(), html.note(str(error), "error")
    return "", gr.update(visible=False), html.note("Thank you; the comment is kept on this machine.", "done")
