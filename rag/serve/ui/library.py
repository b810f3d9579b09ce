"""The tab with the articles: what is there, adding and taking out files, building the index anew."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components.dataframe import DataframeData

from rag.answer.opening import LiveAssistant
from rag.build.seeds import Holding, Library
from rag.load import SUFFIXES
from rag.serve.building import building
from rag.serve.guard import COOKIE, Uploads
from rag.serve.quickly import without_stubs
from rag.serve.ui import html
from rag.types.errors import InputError, RagError

_log = logging.getLogger("rag")
_HEADERS = ["Title", "Publisher", "Date", "Characters", "Passages", "State", "File"]
_WIDTHS = ["31%", "13%", "11%", "11%", "10%", "11%", "13%"]
_SHOWN = 5000  # rows of the table


def build(
    live: LiveAssistant, library: Library, uploads: Uploads | None
) -> tuple[Callable[[], tuple[Any, ...]], None, list[Any]]:
    """Puts the tab's components into the page; returns what refreshes them, its inputs and them.

    `uploads` are the files that browsers uploaded; None where nothing may be changed.
    """
    held = library.holdings(live.shown().store)
    table = _table(held)
    said = gr.HTML("", elem_id="library-said")
    if uploads is None:
        return lambda: (_rows(library.holdings(live.shown().store)),), None, [table]
    act = Actions(live, library, uploads)
    return act.now, None, _changing(act, table, said, (_files(held), library.removed()))


with without_stubs():

    class Table(gr.Dataframe):  # type: ignore[misc] # it has no types
        """Gradio's table, of rows alone. Its own way of showing them imports pandas, which takes 37 MB."""

        is_template = True  # the browser knows it by its base

        def postprocess(self, value: list[list[Any]] | None) -> DataframeData:
            """The rows as they go to the browser; None where there are none."""
            return DataframeData(headers=self.headers, data=value or [])


def _table(held: Sequence[Holding]) -> Any:
    return Table(
        headers=_HEADERS,
        datatype="str",
        value=_rows(held),
        interactive=False,
        wrap=True,
        column_widths=_WIDTHS,
        max_height=480,
        show_search="filter",
        elem_id="articles",
        label="Articles",
        buttons=[],
    )


def _changing(act: Actions, table: Any, said: Any, names: tuple[list[str], list[str]]) -> list[Any]:
    """What changes the articles; the components to refresh. `names` are the files that are there, and taken out."""
    there, removed = names
    with gr.Row():
        with gr.Column(min_width=300):
            files = gr.File(
                label="Add articles (drop files here)",
                file_count="multiple",
                file_types=list(SUFFIXES),
                elem_id="upload",
            )
            add = gr.Button("Add", elem_id="add")
        with gr.Column(min_width=300):
            chosen = gr.Dropdown(label="Take out a file", choices=there, value=None, elem_id="file")
            remove = gr.Button("Take out …", elem_id="remove")
            with gr.Row(visible=False, elem_id="really") as really:
                yes = gr.Button("Yes, take it out", variant="stop", size="sm", elem_id="yes")
                no = gr.Button("No", size="sm", elem_id="no")
            gone = gr.Dropdown(label="Bring back a file", choices=removed, value=None, elem_id="gone")
            back = gr.Button("Bring back", elem_id="back")
    rebuild = gr.Button("Build the index", variant="primary", elem_id="rebuild")
    progress = gr.HTML("", elem_id="build-said")
    shown = [table, chosen, gone]
    private = {"api_visibility": "private"}
    add.click(act.add, files, [files, said, *shown], **private)
    asked_for = gr.State(None)  # the file that is to be confirmed, whatever is chosen meanwhile
    remove.click(act.confirm, chosen, [really, said, asked_for], **private)
    yes.click(act.remove, asked_for, [really, said, *shown], **private)
    no.click(lambda: (gr.update(visible=False), ""), None, [really, said], **private)
    back.click(act.bring_back, gone, [said, *shown], **private)
    rebuild.click(act.build, None, [progress, *shown], concurrency_limit=1, **private)
    return shown


class Actions:
    """What the buttons do; each returns the updates of its outputs."""

    def __init__(self, live: LiveAssistant, library: Library, uploads: Uploads) -> None:
        self._live, self._library, self._uploads = live, library, uploads

    def now(self) -> tuple[Any, ...]:
        """Of the table and the two lists; they stay as they are where the seeds cannot be read."""
        try:
            held, removed = self._library.holdings(self._live.shown().store), self._library.removed()
        except (RagError, OSError) as error:
            _log.warning("the articles cannot be listed: %s", error)
            return gr.skip(), gr.skip(), gr.skip()
        return _rows(held), gr.update(choices=_files(held), value=None), gr.update(choices=removed, value=None)

    def _tried(self, work: Callable[[], str]) -> tuple[Any, ...]:
        try:
            said = html.note(work(), "done")
        except (RagError, OSError) as error:
            said = html.note(str(error), "error")
        return said, *self.now()

    def add(self, paths: list[str] | None, request: gr.Request) -> tuple[Any, ...]:
        """Copies files that the same browser uploaded into the folder, and no others."""

        def work() -> str:
            if not self._uploads.of(request.cookies.get(COOKIE)).issuperset(paths or ()):
                raise InputError("only files that were uploaded on this page are added; choose them again")
            names = self._library.add([Path(path) for path in paths or []], self._live.shown().store)
            return f"Added {', '.join(names)}. Build the index to be answered from them."

        return None, *self._tried(work)

    def confirm(self, name: str | None) -> tuple[Any, ...]:
        """Whether a file is really to be taken out."""
        if not name:
            return gr.update(visible=False), html.note("Choose a file first.", "error"), None
        one = f"Take {name} out of the articles? It moves to a folder from which it can be brought back."
        return gr.update(visible=True), html.note(one), name

    def remove(self, name: str) -> tuple[Any, ...]:
        """Takes it out."""

        def work() -> str:
            self._library.remove(name)
            return f"{name} was taken out. Build the index, so that it is not quoted any more."

        return gr.update(visible=False), *self._tried(work)

    def bring_back(self, name: str | None) -> tuple[Any, ...]:
        """Puts it back."""
        return self._tried(
            lambda: f"{self._library.bring_back(name or '')} is back. Build the index to be answered from it."
        )

    def build(self) -> Iterator[tuple[Any, ...]]:
        """Builds the index, saying how far it is."""
        for text in progress_of(self._live, self._library):
            yield text, gr.skip(), gr.skip(), gr.skip()
        yield gr.skip(), *self.now()


def _rows(held: Sequence[Holding]) -> list[list[Any]]:
    return [
        [h.title, h.publisher or "", h.date or "", h.characters, h.passages, h.state, h.path] for h in held[:_SHOWN]
    ]


def _files(held: Sequence[Holding]) -> list[str]:
    """The files that are there."""
    return list(dict.fromkeys(h.path for h in held if h.state != "removed since the build"))


def progress_of(live: LiveAssistant, library: Library) -> Iterator[str]:
    """Builds in a process of its own, so that chatting goes on; yields what to show, at the end the report."""
    yield html.progress("reading the articles", 0, 0)
    settings = live.latest().settings  # a damaged index must not keep the page from mending it
    for kind, what in building(library.seeds, live.index, settings):
        if kind == "progress":
            yield html.progress(*what)
        elif kind == "done":
            yield html.note("\n".join(what), "done")
        else:
            yield html.note(what, "error")
