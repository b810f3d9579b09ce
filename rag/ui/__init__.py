"""The Gradio page: a chat, and beside it the cited article with the quotation marked."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import gradio as gr

from rag.asking import hit_object, reply_object
from rag.errors import RagError
from rag.pipeline import LiveAssistant
from rag.render import error_reply
from rag.types import Reply
from rag.ui import html

_log = logging.getLogger("rag")

THEME = gr.themes.Default(
    primary_hue="blue",
    neutral_hue="slate",
    font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)
# Shown where the index answers them; another corpus shows those of the four that fit it.
EXAMPLES = (
    "What kind of relationship does Takaichi want with Beijing?",
    "In which city did Xi meet Donald Trump?",
    "What did Xi tell Carney?",
    "What is this article about?",
)
_PROMISE = (
    "Every word of an answer is quoted from the articles, with its place. That makes nothing up, but it is no promise "
    "of truth: a quotation can still be beside the point. When the articles do not answer, the page says so."
)
Messages = list[dict[str, Any]]


def style() -> str:
    """The page's style sheet."""
    return _file("page.css")


def _file(name: str) -> str:
    return files("rag.ui").joinpath(name).read_text(encoding="utf-8")


def page(live: LiveAssistant, *, api: bool) -> gr.Blocks:
    """The page; with `api` also the named endpoints `/ask` and `/search`."""
    examples = fitting(live)
    with gr.Blocks(title="Ask the articles", analytics_enabled=False, fill_width=True) as blocks:
        gr.HTML(html.header(_PROMISE), elem_id="header")
        with gr.Row(equal_height=False):
            with gr.Column(scale=3, min_width=320):
                chatbot = gr.Chatbot(
                    label="Conversation",
                    show_label=False,
                    elem_id="chat",
                    autoscroll=False,
                    height="62vh",
                    min_height=320,
                    buttons=[],
                    feedback_options=None,
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
                buttons = []
                if examples:
                    gr.HTML(html.examples_label())
                    with gr.Row(elem_id="examples"):
                        buttons = [gr.Button(text, size="sm", variant="secondary", min_width=200) for text in examples]
            with gr.Column(scale=2, min_width=320):
                article = gr.HTML(html.no_article(), elem_id="article")

        def answer(text: str, messages: Messages) -> Iterator[tuple[str, Messages, Any]]:
            asked = [*messages, {"role": "user", "content": html.asked(text)}]
            yield "", asked, gr.skip()
            reply, panel = converse(live, text)
            shown = gr.skip() if panel is None else panel  # what failed leaves the article as it was
            yield "", [*asked, {"role": "assistant", "content": html.reply(reply)}], shown

        outputs, scroll = [box, chatbot, article], _file("scroll.js")
        asking = [(box.submit, box), (send.click, box), *((button.click, button) for button in buttons)]
        for trigger, source in asking:
            done = trigger(answer, [source, chatbot], outputs, api_visibility="private", show_progress_on=[chatbot])
            done.then(None, js=scroll, api_visibility="private")
        if api:
            _endpoints(live)
    return blocks


def fitting(live: LiveAssistant) -> list[str]:
    """Those of the example questions that the current index answers. Asking them also warms the models."""
    assistant = live.current()
    return [text for text in EXAMPLES if assistant.ask(text).status == "answered"]


def converse(live: LiveAssistant, text: str) -> tuple[Reply, str | None]:
    """The reply to show, and the panel beside it where that changes. A failure is an error reply, never a refusal."""
    try:
        assistant = live.current()
        reply = assistant.ask(text)
        return reply, html.sources(reply, assistant.store)
    except RagError as error:
        message = str(error)
    except Exception as error:  # noqa: BLE001 - the edge of the process: the page must say that it failed
        _log.exception("a question failed")
        message = f"the program failed ({type(error).__name__}); its log says more"
    return error_reply(message, question=text), None


def _endpoints(live: LiveAssistant) -> None:
    def ask(question: str) -> dict[str, Any]:
        """Answers a question with quotations, or refuses: the schema-1 object."""
        try:
            return reply_object(live.current().ask(question))
        except RagError as error:
            return reply_object(error_reply(str(error), question=question))

    def search(question: str, k: int = 10) -> list[dict[str, Any]]:
        """The best passages for a question, with their scores."""
        try:
            hits = live.current().search(question, max(1, min(int(k), 100)))
        except RagError as error:
            raise gr.Error(str(error)) from error
        return [hit_object(rank, hit) for rank, hit in enumerate(hits, start=1)]

    gr.api(ask, api_name="ask")
    gr.api(search, api_name="search")
