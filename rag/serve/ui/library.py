"""The tab with the articles: what is there, adding and taking out files. What is changed is built at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from rag.answer.opening import LiveAssistant
from rag.build.seeds import Library
from rag.serve.guard import COOKIE, Uploads
from rag.serve.ui import holdings, html
from rag.serve.ui.upkeep import Upkeep
from rag.types.errors import InputError

_ADD = "Add articles"
_EVERY = 0.7  # seconds between two looks at what is being done
_QUIETLY: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build(
    live: LiveAssistant, library: Library, uploads: Uploads | None
) -> tuple[Callable[..., tuple[Any, ...]], list[Any], list[Any]]:
    """Puts the tab's components into the page; returns what refreshes them, its inputs and them.

    `uploads` are the files that browsers uploaded; None where nothing may be changed.
    """
    act = Actions(Upkeep(live, library), uploads)
    if uploads is not None:
        files = gr.File(label=_ADD, show_label=False, file_count="multiple", elem_id="upload", height=132)
    said = gr.HTML("", elem_id="library-said", apply_default_css=False)
    with gr.Row(elem_id="finding"):
        search = gr.Textbox(
            label="Find an article",
            show_label=False,
            placeholder="Find by title, publisher, date or file",
            elem_id="find",
            max_lines=1,
            scale=4,
        )
        if uploads is not None:
            rebuild = gr.Button("Read the folder again", size="sm", elem_id="rebuild", scale=0, min_width=190)
    shown = gr.HTML("", elem_id="articles", apply_default_css=False)
    asked = gr.Textbox(label="act", elem_id="act", visible="hidden")
    timer = gr.Timer(_EVERY, active=False)
    seen = [said, shown, timer]
    search.change(act.find, search, shown, trigger_mode="always_last", **_QUIETLY)
    asked.change(act.act, [asked, search], seen, **_QUIETLY)
    timer.tick(act.look, search, seen, **_QUIETLY)
    if uploads is not None:
        files.upload(act.add, [files, search], [files, *seen], **_QUIETLY)
        rebuild.click(act.build, search, seen, **_QUIETLY)
    return act.now, [search], seen


class Actions:
    """What the page calls; each returns the updates of what is said, of the list, and of whether to look again."""

    def __init__(self, upkeep: Upkeep, uploads: Uploads | None) -> None:
        self._upkeep, self._uploads = upkeep, uploads

    def now(self, search: str) -> tuple[Any, ...]:
        """When the tab is opened."""
        self._upkeep.look()
        return self._seen(search)

    def look(self, search: str) -> tuple[Any, ...]:
        """While something is done: the list only once it has ended."""
        said, shown, timer = self._seen(search)
        return (said, gr.skip(), timer) if self._upkeep.running else (said, shown, timer)

    def find(self, search: str) -> str:
        """The first page of what is looked for."""
        return self._listed(search, 1)

    def add(self, paths: list[str] | None, search: str, request: gr.Request) -> tuple[Any, ...]:
        """Adds files that the same browser uploaded, and no others."""
        if self._uploads is None or not self._uploads.of(request.cookies.get(COOKIE)).issuperset(paths or ()):
            error = InputError("only files that were uploaded on this page are added; choose them again")
            return None, html.note(str(error), "error"), gr.skip(), gr.skip()
        self._upkeep.add([Path(path) for path in paths or []])
        return None, *self._seen(search)

    def build(self, search: str) -> tuple[Any, ...]:
        """Builds."""
        self._upkeep.build()
        return self._seen(search)

    def act(self, given: str, search: str) -> tuple[Any, ...]:
        """What a button of the list asks for, {"do", "what"}: another page, or a file to take out or to bring back."""
        try:
            wanted = json.loads(given)
            do, what = str(wanted["do"]), str(wanted["what"])
        except (ValueError, TypeError, KeyError):
            return gr.skip(), gr.skip(), gr.skip()
        if do == "page" and what.isdecimal():
            return gr.skip(), self._listed(search, int(what)), gr.skip()
        if self._uploads is not None and do == "remove":
            self._upkeep.remove(what)
        elif self._uploads is not None and do == "back":
            self._upkeep.bring_back(what)
        return self._seen(search)

    def _seen(self, search: str) -> tuple[Any, ...]:
        running = self._upkeep.running  # before what is said: else the end could be missed
        return holdings.news(self._upkeep.news), self._listed(search, 1), gr.Timer(active=running)

    def _listed(self, search: str, page: int) -> str:
        changing = self._uploads is not None
        removed = self._upkeep.removed() if changing else []
        return holdings.listed(self._upkeep.held, search, page, removed, changing=changing)
