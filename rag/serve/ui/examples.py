"""The example questions below the chat: those that the index answers as it is now."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

import gradio as gr

from rag.answer.assistant import Assistant
from rag.answer.opening import LiveAssistant
from rag.serve.ui import html
from rag.types.errors import RagError

_log = logging.getLogger("rag")


class Examples:
    """They follow the index: what a build or a calibration changed is asked anew."""

    def __init__(self, live: LiveAssistant, texts: Sequence[str]) -> None:
        self._live, self._texts, self._lock = live, texts, threading.Lock()
        self._by_id = {f"example-{number}": text for number, text in enumerate(texts, start=1)}
        self._asked: Assistant | None = None
        self._fitting: list[str] = []

    def fitting(self) -> list[str]:
        """Those that are answered. Each assistant is asked once; the first time also warms the models."""
        assistant = self._live.shown()
        with self._lock:
            if assistant is not self._asked:
                self._fitting = [text for text in self._texts if assistant.ask(text).status == "answered"]
                self._asked = assistant
            return self._fitting

    def build(self) -> list[Any]:
        """Puts the components into the page: what holds them all, and a button each.

        They are hidden until a page that is opened asks for them; they are asked meanwhile.
        """
        threading.Thread(target=self.shown, daemon=True).start()
        with gr.Column(visible=False, elem_id="for-example") as holder:
            gr.HTML(html.examples_label())
            with gr.Row(elem_id="examples"):
                buttons = [
                    gr.Button(text, size="sm", min_width=200, visible=False, elem_id=id)
                    for id, text in self._by_id.items()
                ]
        return [holder, *buttons]

    def clicked(self, target: Any) -> str | None:
        """The text of the button that was clicked; None where it was another component.

        By its id: Gradio makes a button anew, without its text, when it is shown or hidden.
        """
        return self._by_id.get(getattr(target, "elem_id", None) or "")

    def shown(self) -> list[Any]:
        """Updates of these components."""
        try:
            found = self.fitting()
        except RagError as error:  # the index is damaged; a question says so
            _log.warning("no example can be shown: %s", error)
            found = []
        return [gr.update(visible=bool(found)), *(gr.update(visible=text in found) for text in self._texts)]
