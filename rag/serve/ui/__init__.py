"""The Gradio page: a chat with the cited article beside it, further tabs, and with `rag serve` the API."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.answer.failure import error_reply, told
from rag.answer.journal import Journal
from rag.answer.opening import LiveAssistant
from rag.answer.wire import reply_object
from rag.build.seeds import Library
from rag.calibrate.feedback import Feedback
from rag.serve.asking import Asking
from rag.serve.guard import Uploads
from rag.serve.line import Busy, Line
from rag.serve.ui import changes, chat, evaluation, html, quotes, saved, sources
from rag.serve.ui import library as library_tab
from rag.serve.ui.theme import THEME
from rag.types.errors import RagError

if TYPE_CHECKING:  # it brings what fetches, which most servers do not do
    from rag.sources import Sources

__all__ = ["THEME", "Offer", "Tab", "named_for_gradio", "page", "style"]
_EVENTS = 4  # of a kind at once, but questions
_QUIETLY: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True)
class Offer:
    """What a page offers besides the chat."""

    library: Library | None = None  # the tab with the articles
    uploads: Uploads | None = None  # in it, changing them: what browsers uploaded
    sources: Sources | None = None  # in it, adding them from addresses
    api: bool = False  # named endpoints
    journal: Journal | None = None  # where every answer is written before it is given
    leaving: bool = False  # users log in, and may log out

    @property
    def saving(self) -> bool:
        """Whether questions may be saved: by who may change the articles."""
        return self.library is not None and self.uploads is not None


Opened = tuple[Callable[..., Any], list[Any] | None, list[Any]]
"""What is called when a tab is opened, and its inputs and outputs."""


@dataclass(frozen=True)
class Tab:
    """A part of the page. `build` puts its components into the page that is being built."""

    name: str
    id: str
    build: Callable[[], Opened | None]


def style() -> str:
    """The page's style sheet: the tokens, then every other one, by name."""
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in _sheets())


def _sheets() -> list[Any]:
    there = [file for file in files("rag.serve.ui").iterdir() if file.name.endswith(".css")]
    return sorted(there, key=lambda file: (file.name != "tokens.css", file.name != "page.css", file.name))


def _script() -> str:
    """All scripts as one function, each in a block of its own; it gives what the browser kept of a conversation."""
    there = sorted(
        (file for file in files("rag.serve.ui").iterdir() if file.name.endswith(".js")), key=lambda f: f.name
    )
    each = "".join(f"{{\n{file.read_text(encoding='utf-8')}}}\n" for file in there)
    return f"() => {{ if (!window.articles) {{ window.articles = {{}};\n{each}}} return [window.articles.turns()]; }}"


def page(live: LiveAssistant, feedback: Feedback, offer: Offer, line: Line) -> gr.Blocks:
    """The page."""
    with gr.Blocks(
        title="Ask the articles", analytics_enabled=False, fill_width=True, delete_cache=(600, 3600)
    ) as blocks:
        if warning := html.warning(live.shown().unfitted):
            gr.HTML(warning, elem_id="warning")
        gr.HTML(html.header(), elem_id="header", apply_default_css=False)
        if offer.leaving:
            gr.HTML(html.leaving(), elem_id="leaving", apply_default_css=False)
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", id="chat") as asking:
                parts = chat.build(live, feedback, line, offer.journal, saving=offer.saving)
            asking.select(parts.reopen, *parts.reopening, **_QUIETLY)
            asking.select(parts.greet, *parts.greeting, **_QUIETLY)
            for tab in _tabs(live, offer, line):
                with gr.Tab(tab.name, id=tab.id) as shown:
                    gr.HTML(html.title(tab.name), apply_default_css=False)
                    opened = tab.build()
                if opened is not None:
                    shown.select(*opened, **_QUIETLY)
        restored = blocks.load(parts.restore, *parts.restoring, js=_script(), **_QUIETLY)
        restored.then(None, js="() => window.articles.answered()", api_visibility="private")
        blocks.load(parts.reopen, *parts.reopening, **_QUIETLY)
        blocks.load(parts.greet, *parts.greeting, **_QUIETLY)
        if offer.api:
            _endpoints(Asking(live, offer.journal), line)
    return blocks.queue(default_concurrency_limit=_EVENTS, max_size=200)


def _tabs(live: LiveAssistant, offer: Offer, line: Line) -> Iterator[Tab]:
    """Those beside the chat, from left to right."""
    if offer.library is not None:
        held = offer.library
        log = offer.journal.file if offer.journal and offer.uploads else None

        def library() -> Opened:
            opened = library_tab.build(live, held, offer.uploads)
            opened = opened if offer.sources is None else sources.beneath(opened, live, offer.sources)
            return changes.below(opened, live, log)

        yield Tab("New", "new", lambda: saved.build(live, saving=offer.saving, feed=offer.api))
        yield Tab("Library", "library", library)
    yield Tab("Check a draft", "quotes", lambda: quotes.build(live, line, files=offer.uploads is not None))
    if offer.library is not None and offer.uploads is not None and evaluation.available():
        yield Tab("Evaluation", "evaluation", evaluation.build)


def _endpoints(asking: Asking, line: Line) -> None:
    async def ask(
        question: str,
        history: list[dict[str, str]] | None = None,
        filters: dict[str, Any] | None = None,
        id: str | None = None,
        asked: str | None = None,
    ) -> dict[str, Any]:
        """Answers a question with quotations, or refuses: the schema-1 object, with `file` for a citation's `path`.

        `history` are earlier turns, {"question", "answer", "short_answer"}, oldest first; `filters` may hold "from" and
        "to", days, and "articles", a list of article ids. `asked` is the day of asking, such as 2024-01-12.
        """
        given = {"question": question, "history": history or [], "filters": filters or {}, "id": id, "asked": asked}
        try:
            reply = await line.run(functools.partial(asking.ask, given))
        except Busy as error:
            reply = reply_object(error_reply(error, question=question))
        answer: dict[str, Any] = named_for_gradio(reply)
        return answer

    async def search(
        question: str, k: int = 10, filters: dict[str, Any] | None = None, asked: str | None = None
    ) -> list[dict[str, Any]]:
        """The best passages for a question, with their scores."""
        try:
            given = {"question": question, "filters": filters or {}, "asked": asked}
            hits: list[dict[str, Any]] = named_for_gradio(await line.run(lambda: asking.search(given, k)))
        except RagError as error:
            raise gr.Error(told(error)) from error
        return hits

    async def check_quotes(draft: str, html: bool = False) -> dict[str, Any]:
        """Checks the quotations in a draft: text, Markdown or HTML of at most 200,000 characters.

        Each is "verbatim" (it stands in the articles word for word), "altered" (with the nearest passage and a diff),
        "misattributed" (it stands there, but said by another or in another article than the draft names) or "absent".
        """
        try:
            found: dict[str, Any] = named_for_gradio(await line.run(lambda: asking.quotes(draft, html=html)))
        except RagError as error:
            raise gr.Error(told(error)) from error
        return found

    def articles() -> list[dict[str, Any]]:
        """The articles of the index: id, title, publisher, author, date, url, file, characters, passages."""
        try:
            held: list[dict[str, Any]] = named_for_gradio(asking.all_articles())
        except RagError as error:
            raise gr.Error(told(error)) from error
        return held

    gr.api(ask, api_name="ask", concurrency_id=chat.ASKING, concurrency_limit=chat.IN_LINE)
    gr.api(search, api_name="search", concurrency_id=chat.ASKING, concurrency_limit=chat.IN_LINE)
    gr.api(check_quotes, api_name="quotes", concurrency_id=chat.ASKING, concurrency_limit=chat.IN_LINE)
    gr.api(articles, api_name="articles")


def named_for_gradio(data: Any) -> Any:
    """The same with `file` for `path`, which Gradio's client takes for a file that it is to fetch."""
    if isinstance(data, dict):
        return {"file" if key == "path" else key: named_for_gradio(value) for key, value in data.items()}
    return [named_for_gradio(one) for one in data] if isinstance(data, list | tuple) else data
