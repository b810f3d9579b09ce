"""Adding a page or a feed by its address, beneath the articles: where the server was started with `--fetch` alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from rag.answer.opening import LiveAssistant
from rag.serve.building import building
from rag.serve.ui import html
from rag.types.errors import RagError

if TYPE_CHECKING:
    from rag.sources import Came, Sources

_SHOWN = 10  # pages of a feed that are named
_LONG = 300  # characters of a reason


def beneath(opened: Any, live: LiveAssistant, sources: Sources) -> Any:
    """Puts the row into the tab that is being built, whose articles `opened` refreshes; gives `opened` back."""
    adding = Adding(live, sources)
    with gr.Row(elem_id="from-address", equal_height=True):
        box = gr.Textbox(
            label="Add from an address (a page, or a feed with its latest articles)",
            placeholder="https://…",
            max_lines=1,
            max_length=2_000,
            scale=4,
        )
        add = gr.Button("Add", elem_id="add-address", scale=1, min_width=100)
    said = gr.HTML("", elem_id="address-said")
    options: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 1, "concurrency_id": "fetching"}
    for event in (add.click, box.submit):
        event(adding.add, box, [box, said], **options).then(*opened, api_visibility="private")
    return opened


class Adding:
    """What the button does."""

    def __init__(self, live: LiveAssistant, sources: Sources) -> None:
        self._live, self._sources = live, sources

    def add(self, text: str) -> Iterator[tuple[Any, str]]:
        """Fetches, then builds; yields what the box holds and what to show."""
        from rag.sources.fetch import address_of

        came: list[Came] = []
        yield gr.skip(), html.progress("Fetching", 0, 0)
        try:
            for one in self._sources.add(address_of((text or "").strip())):
                came.append(one)
                yield gr.skip(), html.progress(f"Fetching: {len(came)} so far", 0, 0)
        except (RagError, OSError) as error:
            yield gr.skip(), html.note(str(error)[:_LONG], "error")
            return
        said = told(came)
        if any(one.what in ("added", "changed") for one in came):
            settings = self._live.latest().settings
            for kind, what in building(self._sources.seeds, self._live.index, settings):
                if kind == "progress":
                    yield gr.skip(), html.progress(*what)
                elif kind == "failed":
                    yield gr.skip(), html.note(f"{said}\n{what}", "error")
                    return
            said += "\nAnswers can quote them now."
        yield "", html.note(said, "done" if any(one.what != "failed" for one in came) else "error")


def told(came: Sequence[Came]) -> str:
    """What came, in lines; the failures last."""
    words = {"added": "Added", "changed": "Changed", "same": "Held already", "failed": "Not added"}
    lines = []
    for what, word in words.items():
        its = [one.reason[:_LONG] if what == "failed" else one.address for one in came if one.what == what]
        more = f" and {len(its) - _SHOWN} more" if len(its) > _SHOWN else ""
        if its:
            lines.append(f"{word} ({len(its)}): {', '.join(its[:_SHOWN])}{more}")
    return "\n".join(lines) or "The feed has no articles that were not fetched before."
