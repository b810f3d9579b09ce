"""The permanent address of a quotation, `/a/ID?at=START-END&text=HASH&quote=HASH`: a page of its own, without scripts.

`rag.answer.links` makes the addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import TYPE_CHECKING

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from rag.answer.links import BELOW, original
from rag.serve import excerpt
from rag.serve.guard.headers import article_style
from rag.serve.pointed import Found, Unfit, find, pointer
from rag.types import ArticleInfo
from rag.types.errors import RagError

if TYPE_CHECKING:
    from rag.answer.opening import LiveAssistant

_AT_ONCE = 4
_NOTES = {
    "same": "",
    "stands": "This article has changed since it was quoted. The quotation still stands as it was.",
    "moved": "This article has changed since it was quoted. The quotation now stands at another place, marked below.",
    "unknown": "This address does not say which words were quoted. Marked is what stands there now.",
}
_GONE = (
    "The words that were quoted do not stand in this article any more. It has been changed since, or the address is "
    "not whole."
)
_MISSING = "No such article is held here. It was taken out, or the address is not whole."
_LOG_IN = "The articles are shown to those who have logged in. Log in on the first page, then open this address again."
_UNUSABLE = "The articles cannot be read just now. Try again later."


def route(live: LiveAssistant, admitted: Callable[[Request], bool]) -> Route:
    """The route. What it shows follows the index; who is not `admitted` is told so."""
    limiter = CapacityLimiter(_AT_ONCE)

    async def shown(request: Request) -> HTMLResponse:
        if not admitted(request):
            return HTMLResponse(_page("Log in first", _said(_LOG_IN)), 401)
        # As it stands in the request: a framework takes a slash at the end away.
        id = request.scope["path"].removeprefix(BELOW)
        status, page = await run_sync(lambda: answer(live, id, request.query_params), limiter=limiter)
        return HTMLResponse(page, status, {"Cache-Control": "private, no-cache"})

    return Route(f"{BELOW}{{id:path}}", shown)


def answer(live: LiveAssistant, article_id: str, given: Mapping[str, str]) -> tuple[int, str]:
    """The status and the page for an address."""
    try:
        asked = pointer(article_id, given)
        held = live.shown().store.article(asked.article_id)
    except Unfit as error:
        return 400, _page("This address cannot be used", _said(str(error)))
    except RagError:
        return 500, _page("The articles cannot be read", _said(_UNUSABLE))
    if held is None:
        return 404, _page("No such article", _said(_MISSING))
    info, text = held
    found = find(asked, text, info.text_sha256)
    if found.state == "gone":
        return 410, _page(info.title, _head(info) + _said(_GONE))
    return 200, _page(info.title, _head(info, found, text) + _body(info, found, text))


def _head(info: ArticleInfo, found: Found | None = None, text: str = "") -> str:
    """Who wrote it, when, where the original is."""
    about = "".join(f"<span>{escape(one)}</span>" for one in (info.publisher, info.author, info.date) if one)
    place = found.places[0] if found and found.places else None
    web = original(info.url, text, *(place or (0, 0)))
    link = f'<a href="{escape(web)}" rel="noopener noreferrer">Original</a>' if web else ""
    return f'<header><h1 dir="auto">{escape(info.title)}</h1><p class="about">{about}{link}</p></header>'


def _body(info: ArticleInfo, found: Found, text: str) -> str:
    note = _NOTES[found.state]
    if found.state == "moved" and len(found.places) > 1:
        note = f"This article has changed since it was quoted. The words now stand at {len(found.places)} places."
    # With the keyboard, and without the end of the address, a reader is taken there, too.
    first = ' id="quote" tabindex="-1" autofocus'
    ends = '<span class="unseen"> (end of the quotation)</span>'
    begin = '<span class="unseen">(quotation) </span>'
    marks = [
        excerpt.Mark(start, end, first if number == 0 else "", begin, ends)
        for number, (start, end) in enumerate(found.places)
    ]
    return f'{_said(note)}<article class="text" dir="auto" lang="">{excerpt.marked(info.path, text, marks)}</article>'


def _said(note: str) -> str:
    return f'<p class="note" role="status">{escape(note)}</p>' if note else ""


def _page(title: str, body: str) -> str:
    shown = escape(re.sub(r"\s+", " ", title))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{shown}</title><style>{article_style()}</style></head>"
        f"<body><main>{_titled(shown, body)}</main></body></html>"
    )


def _titled(title: str, body: str) -> str:
    return body if body.startswith("<header>") else f"<header><h1>{title}</h1></header>{body}"
