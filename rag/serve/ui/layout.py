"""What stands in the tab with the conversation, from left to right; what it does: `rag.serve.ui.chat`."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rag.answer.opening import LiveAssistant
from rag.serve.ui import article, choices, over_time


class Layout:
    """The components, put into the page that is being built."""

    def __init__(self, live: LiveAssistant) -> None:
        self.turns, self.messages = (
            gr.State([]),
            gr.State([]),
        )  # kept here: taken from the caller, they could be anything
        self.judged = gr.State(None)  # the answer of the last thumb
        with gr.Row(elem_id="desk", equal_height=False):
            with gr.Column(elem_id="shelf", min_width=0):
                self._shelf()
            with gr.Column(elem_id="talk", min_width=0):
                self._talk(live)
            with gr.Column(elem_id="beside", min_width=0):
                self.article = _html(article.no_article(), "article")
        # What the page's script and the server tell each other.
        self.cited, self.opened = _told("cited"), _told("opened")
        self.judging, self.stands = _told("judging"), _told("stands")
        self.fresh, self.kept = _told("fresh"), _told("kept")
        # Not empty when a searched question is being changed: what is sent then is asked as it stands.
        self.changed = _told("changed")

    def _shelf(self) -> None:
        self.new = gr.Button("New conversation", size="sm", elem_id="new")
        _html('<nav class="shelf" aria-label="Conversations"></nav>', "conversations")
        self.export = gr.Button("Export this conversation", size="sm", elem_id="export")
        self.exported = gr.Files(label="Exported", visible=False, elem_id="exported")

    def _talk(self, live: LiveAssistant) -> None:
        self.welcome = _html("", "welcome")
        self.chat = _html("", "chat")
        with gr.Row(visible=False, elem_id="remark") as self.remark:
            label = "What was wrong, or good? (kept on this machine)"
            self.comment = gr.Textbox(label=label, scale=4, max_lines=3)
            self.tell = gr.Button("Send", size="sm", scale=1, min_width=80)
        self.told = _html("", "told")
        with gr.Row(elem_id="composer"):
            self.box = gr.Textbox(
                label="Your question",
                show_label=False,
                placeholder="Ask the articles …",
                elem_id="question",
                scale=5,
                max_lines=4,
                autofocus=True,
            )
            self.send = gr.Button("Ask", variant="primary", elem_id="ask", scale=0, min_width=88)
        self.offers = _html("", "offers")
        self.over_time = over_time.build()
        self.choice = choices.build(live)
        self.levels = [self.choice.level, self.choice.note, self.choice.lapsed]


def _html(value: str, id: str) -> Any:
    return gr.HTML(value, elem_id=id, apply_default_css=False)


def _told(id: str) -> Any:
    """A field that nobody sees."""
    return gr.Textbox(label=id, elem_id=id, visible="hidden")
