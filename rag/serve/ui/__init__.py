"""The Gradio page: a chat with the cited article beside it, the library, and with `rag serve` the API."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import gradio as gr

from rag.answer.batch import recorded, replied
from rag.answer.failure import error_reply
from rag.answer.journal import Journal
from rag.answer.opening import LiveAssistant
from rag.answer.wire import AskedLine, TurnLine, hit_object, identifier, reply_object, requested
from rag.build.seeds import Library
from rag.calibrate.feedback import Feedback
from rag.serve.guard import Uploads
from rag.serve.ui import chat, evaluation, html
from rag.serve.ui import library as library_tab
from rag.types import ArticleInfo
from rag.types.errors import InputError, RagError
from rag.types.filters import parse
from rag.types.messages import message

THEME = gr.themes.Default(
    primary_hue="blue",
    neutral_hue="slate",
    font=["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
).set(  # white on it is read at 4.5 to 1 or better
    button_primary_background_fill="*primary_700",
    button_primary_background_fill_dark="*primary_700",
    button_primary_background_fill_hover="*primary_800",
    button_primary_background_fill_hover_dark="*primary_800",
)
_MOST_HITS = 100
_PROMISE = (
    "Every word of an answer is quoted from the articles, with its place. That makes nothing up, but it is no promise "
    "of truth: a quotation can still be beside the point. When the articles do not answer, the page says so."
)


@dataclass(frozen=True)
class Offer:
    """What a page offers besides the chat."""

    library: Library | None = None  # the tab with the articles
    uploads: Uploads | None = None  # in it, changing them: what browsers uploaded
    api: bool = False  # named endpoints
    journal: Journal | None = None  # where every answer is written before it is given


def style() -> str:
    """The page's style sheet."""
    return _file("page.css")


def _file(name: str) -> str:
    return files("rag.serve.ui").joinpath(name).read_text(encoding="utf-8")


def page(live: LiveAssistant, feedback: Feedback, offer: Offer) -> gr.Blocks:
    """The page."""
    with gr.Blocks(
        title="Ask the articles", analytics_enabled=False, fill_width=True, delete_cache=(600, 3600)
    ) as blocks:
        gr.HTML(html.header(_PROMISE, live.shown().unfitted), elem_id="header")
        if offer.library is None:
            parts = chat.build(live, feedback, offer.journal)
        else:
            with gr.Tabs(elem_id="tabs"):
                with gr.Tab("Chat", id="chat") as chat_tab:
                    parts = chat.build(live, feedback, offer.journal)
                chat_tab.select(parts.reopen, *parts.reopening, api_visibility="private")
                with gr.Tab("Library", id="library") as tab:
                    now, shown = library_tab.build(live, offer.library, offer.uploads)
                tab.select(now, None, shown, api_visibility="private")
                if offer.uploads is not None and evaluation.available():
                    with gr.Tab("Evaluation", id="evaluation"):
                        evaluation.build()
        blocks.load(None, js=_file("chat.js"), api_visibility="private")
        blocks.load(parts.restore, *parts.restoring, api_visibility="private")
        blocks.load(parts.reopen, *parts.reopening, api_visibility="private")
        if offer.api:
            _endpoints(live, offer.journal)
    return blocks.queue(default_concurrency_limit=chat.AT_ONCE, max_size=200)


def _endpoints(live: LiveAssistant, journal: Journal | None) -> None:
    def ask(
        question: str,
        history: list[dict[str, str]] | None = None,
        filters: dict[str, Any] | None = None,
        id: str | None = None,
        asked: str | None = None,
    ) -> dict[str, Any]:
        """Answers a question with quotations, or refuses: the schema-1 object.

        `history` are earlier turns, {"question", "answer", "short_answer"}, oldest first; `filters` may hold "from" and
        "to", days, and "articles", a list of article ids. `asked` is the day of asking, such as 2024-01-12.
        """
        before: list[TurnLine] = []
        try:
            given = {"question": question, "history": history or [], "filters": filters or {}, "id": id, "asked": asked}
            line = requested(given, AskedLine)
            before = line.history
            reply = replied(line, live.current())
        except Exception as error:  # noqa: BLE001 - the edge of the process: what it says may be of the server
            shown = question if isinstance(question, str) else ""
            reply = error_reply(error, question=shown, id=identifier(id))
        return reply_object(recorded(journal, reply, before))

    def search(
        question: str, k: int = 10, filters: dict[str, Any] | None = None, asked: str | None = None
    ) -> list[dict[str, Any]]:
        """The best passages for a question, with their scores."""
        try:
            line = requested({"question": question, "filters": filters or {}, "asked": asked}, AskedLine)
            if type(k) is not int or not 1 <= k <= _MOST_HITS:
                raise InputError(message("k", _MOST_HITS))
            hits = live.current().search(line.question, k, filters=parse(line.filters), day=line.asked)
        except RagError as error:
            raise gr.Error(str(error)) from error
        return [hit_object(rank, hit) for rank, hit in enumerate(hits, start=1)]

    def articles() -> list[dict[str, Any]]:
        """The articles of the index: id, title, publisher, author, date, url, path, characters, passages."""
        return [_listed(*article) for article in live.current().store.articles()]

    gr.api(ask, api_name="ask", concurrency_id=chat.ASKING)
    gr.api(search, api_name="search", concurrency_id=chat.ASKING)
    gr.api(articles, api_name="articles")


def _listed(info: ArticleInfo, characters: int, passages: int) -> dict[str, Any]:
    return {
        "article_id": info.article_id,
        "title": info.title,
        "publisher": info.publisher,
        "author": info.author,
        "date": info.date,
        "url": info.url,
        "path": info.path,
        "characters": characters,
        "passages": passages,
    }
