"""Pieces of HTML that all parts of the page use. Every text that is not ours is escaped by `text`, or by `escape`."""

from __future__ import annotations

import re
from html import escape

from rag.language import pack
from rag.types import Citation, Reply
from rag.verify.schema import Answer, AnswerCitation

Shown = Reply | Answer  # a reply, or one that came back from a browser and was checked
Cited = Citation | AnswerCitation


def header() -> str:
    """The page's name, the way to the conversations on a narrow page, and what is spoken when an answer came."""
    shelf = '<button type="button" id="shelf-button" aria-controls="shelf" aria-expanded="false">Conversations</button>'
    return f'<p class="name">Ask the articles</p>{shelf}<div id="spoken" class="hidden" role="status"></div>'


def leaving() -> str:
    """Who is logged in, which the page's script knows, and the way out."""
    return '<span class="who" dir="auto"></span><a href="/logout">Log out</a>'


def warning(said: str | None) -> str:
    """What must be known before anything is asked."""
    return note(f"{said[:1].upper()}{said[1:]}.", "error") if said else ""


def title(name: str) -> str:
    """The heading of a tab."""
    return f'<h1 class="page-title">{escape(name)}</h1>'


def note(said: str, kind: str = "quiet") -> str:
    """Lines of ours or about files: `quiet`, `done` or `error`."""
    return f'<p class="note {kind}" role="status">{text(said)}</p>' if said else ""


def progress(stage: str, done: int, total: int) -> str:
    """A bar."""
    value = f'value="{done}" max="{total}" ' if total else ""
    bar = f'<progress {value}aria-label="{escape(stage)}"></progress>'
    count = f" {done:,} of {total:,}" if total else " …"
    return f'<div class="building" role="status">{bar} {escape(stage)}{count}</div>'


def hidden(said: str) -> str:
    """Words for those who hear the page."""
    return f'<span class="hidden">{text(said)}</span>'


def day(iso: str) -> str:
    """A day in words; what is none stays as it is."""
    try:
        words = pack().days_in_words(iso, iso)
    except ValueError:
        return escape(iso)
    return f'<time datetime="{escape(iso)}">{escape(words)}</time>'


def text(said: str) -> str:
    """A text as HTML without a line break: each becomes `<br>`."""
    return re.sub(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "<br>", escape(said))
