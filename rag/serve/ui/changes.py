"""The part of the library that says what changed in the articles, and which logged answers quote what is gone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from rag.answer.opening import LiveAssistant
from rag.follow import listing
from rag.serve.ui import html
from rag.types.errors import RagError

_log = logging.getLogger("rag")
_SHOWN = 50  # changes, the newest
_WORDS = {"replaced": "Changed", "removed": "Taken out", "renamed": "Renamed", "unknown": "Not known"}
_FIELDS = {"title": "Title", "publisher": "Publisher", "author": "Author", "date": "Date", "url": "Address"}
Opened = tuple[Callable[..., Any], list[Any] | None, list[Any]]


def below(opened: Opened, live: LiveAssistant, log: Path | None) -> Opened:
    """Puts the part below the one that opens with `opened`; what is called when both are opened.

    `log` is a log of answers that may be looked through; None where there is none, or nobody may.
    """
    first, given, shown = opened
    with gr.Accordion("What changed", open=False, elem_id="changes"):
        listed = gr.HTML("", elem_id="changes-listed")
        if log is not None:
            find = gr.Button("Find the answers that quoted what is gone", size="sm", elem_id="changes-find")
            found = gr.HTML("", elem_id="changes-found")

            def look_through() -> str:
                return _found(live, log)

            find.click(look_through, None, found, api_visibility="private")

    def both(*values: Any) -> tuple[Any, ...]:
        return (*first(*values), _listed(live))

    return both, given, [*shown, listed]


def _listed(live: LiveAssistant) -> str:
    try:
        store = live.store
        newest = [change.number for change in store.changes() if change.kind in listing.LISTED][-_SHOWN:]
        texts = listing.Texts(store, live.shown().store)
        some = listing.changed(store, after=newest[0] - 1) if newest else []
        return changes([listing.change_object(change, texts) for change in some[::-1]], listing.begins(store))
    except RagError as error:
        _log.warning("what changed cannot be listed: %s", error)
        return html.note("What changed cannot be listed; the program's log says why.", "error")


def _found(live: LiveAssistant, log: Path) -> str:
    try:
        lost = listing.quoting(live.store, live.current().store, [log], None)
    except RagError as error:
        return html.note(str(error), "error")
    return quoted([listing.lost_object(one) for one in lost])


def changes(told: Sequence[Mapping[str, Any]], begins: str | None) -> str:
    """Changes, as `rag.follow.listing.change_object` tells them."""
    parts = [_change(one) for one in told]
    if not parts:
        parts = [html.note("No article was changed or taken out so far.")]
    if begins:
        parts.append(html.note(f"What changed before {_time(begins)} is not kept any more."))
    return f'<div class="changes">{"".join(parts)}</div>'


def _change(change: Mapping[str, Any]) -> str:
    article = change["after"] or change["before"]
    kind = f'<span class="kind {change["kind"]}">{_WORDS[change["kind"]]}</span>'
    when = f'<time datetime="{escape(change["at"] or "")}">{_time(change["at"] or "")}</time>'
    if article is None:
        return f'<div class="change">{kind} {when} What changed then cannot be told: the articles were damaged.</div>'
    title = f'<span class="title" dir="auto">{escape(article["title"])}</span>'
    about = _about(change)
    if change["diff"]:
        more = "" if change["diff_whole"] else html.note("Only the beginning is shown.")
        about += f'<div class="diff" dir="auto">{"".join(_piece(piece) for piece in change["diff"])}</div>{more}'
    elif change["kind"] in ("replaced", "removed"):
        about += html.note("The text of before is not kept any more.")
    return f'<details class="change"><summary>{kind} {title} {when}</summary>{about}</details>'


def _about(change: Mapping[str, Any]) -> str:
    before, after = change["before"], change["after"]
    if before is None or after is None:
        return ""
    rows = [(name, before[key], after[key]) for key, name in _FIELDS.items() if before[key] != after[key]]
    if before["path"] != after["path"]:
        rows.append(("File", before["path"], after["path"]))
    return "".join(
        f"<p>{name}: <del>{escape(old or 'none')}</del> <ins>{escape(new or 'none')}</ins></p>"
        for name, old, new in rows
    )


def _piece(piece: Mapping[str, str]) -> str:
    if piece["op"] == "equal":
        return escape(piece["before"])
    sides = ("del", piece["before"]), ("ins", piece["after"])
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in sides if text)


def quoted(lost: Sequence[Mapping[str, Any]]) -> str:
    """Quotations of answers that do not stand where they were, those that are gone first."""
    gone = [one for one in lost if one["state"] == "gone"]
    moved = len(lost) - len(gone)
    said = "Nothing that was quoted is gone." if not gone else f"Gone: {len(gone)} of the quotations that were given."
    if moved:
        said += f" {moved} more stand at another place now, word for word."
    rows = "".join(
        f'<li><q dir="auto">{escape(one["citation"]["quote"])}</q>'
        f'<p class="origin">{escape(_source(one["citation"]))}</p>'
        f'<p>in the answer to “<span dir="auto">{escape(one["question"])}</span>”'
        f"{escape(', asked on ' + one['asked'] if one['asked'] else '')}</p></li>"
        for one in gone[:_SHOWN]
    )
    more = html.note(f"{len(gone) - _SHOWN} more: `rag changes` lists all.") if len(gone) > _SHOWN else ""
    return f'<div class="gone">{html.note(said, "error" if gone else "done")}<ul>{rows}</ul>{more}</div>'


def _source(cited: Mapping[str, Any]) -> str:
    said = (cited["title"], cited["publisher"], cited["date"], f"paragraph {cited['paragraph']}")
    return ", ".join(str(one) for one in said if one)


def _time(at: str) -> str:
    return escape(at[:16].replace("T", " ")) + (" UTC" if at else "")
