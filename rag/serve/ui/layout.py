"""What stands in the tab with the conversation, from top to bottom; what it does: `rag.serve.ui.chat`."""

from __future__ import annotations

from typing import Any

import gradio as gr

from rag.answer.opening import LiveAssistant
from rag.serve.ui import choices, html
from rag.serve.ui.examples import Examples

_STORAGE = "ask-the-articles"


class Layout:
    """The components, put into the page that is being built."""

    def __init__(self, live: LiveAssistant, examples: Examples) -> None:
        self.turns, self.kept = gr.State([]), gr.BrowserState([], storage_key=_STORAGE, secret=_STORAGE)
        self.messages = gr.State([])  # what the chat shows, kept here: taken from the caller, it could hold anything
        with gr.Row(equal_height=False):
            with gr.Column(scale=3, min_width=320):
                self.chatbot = _chatbot()
                with gr.Row(equal_height=True):
                    self.box, self.send = _question()
                self.offered = examples.build()
                self.choice = choices.build(live)
                self.levels = [self.choice.level, self.choice.note, self.choice.lapsed]
                with gr.Accordion("This conversation", open=False, elem_id="conversation"):
                    with gr.Row():
                        self.new = gr.Button("New conversation", size="sm", elem_id="new")
                        self.export = gr.Button("Export", size="sm", elem_id="export")
                    self.exported = gr.Files(label="Exported", visible=False, elem_id="exported")
                with gr.Row(visible=False, elem_id="remark") as self.remark:
                    label = "What was wrong, or good? (kept on this machine)"
                    self.comment = gr.Textbox(label=label, scale=4, max_lines=3)
                    self.tell = gr.Button("Send", size="sm", scale=1, min_width=80)
                self.told = gr.HTML("", elem_id="told")
            with gr.Column(scale=2, min_width=320):
                self.article = gr.HTML(html.no_article(), elem_id="article")
        self.cited = gr.Textbox(label="Citation", elem_id="cited", visible="hidden")
        # Not empty when a searched question is being changed: what is sent then is asked as it stands.
        self.changed = gr.Textbox(label="Changed", elem_id="changed", visible="hidden")
        self.judged = gr.State(None)  # the answer of the last thumb


def _chatbot() -> Any:
    return gr.Chatbot(
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


def _question() -> tuple[Any, Any]:
    box = gr.Textbox(
        label="Your question",
        placeholder="Ask a question about the articles",
        elem_id="question",
        scale=5,
        max_lines=4,
        autofocus=True,
    )
    return box, gr.Button("Ask", variant="primary", elem_id="ask", scale=1, min_width=90)
