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

from rag.answer.links import BELOW, below, original
from rag.follow.former import Became, Former
from rag.language import pack
from rag.serve import excerpt
from rag.serve.guard.headers import article_style
from rag.serve.pointed import Found, Pointer, Unfit, find, pointer
from rag.types import ArticleInfo
from rag.types.errors import RagError
from rag.types.stores import Reader

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
_MISSING = "No such article is held here. It was taken out long ago, or the address is not whole."
_OUT = "This article was taken out on {}."
_LOG_IN = "The articles are shown to those who have logged in. Log in on the first page, then open this address again."
_UNUSABLE = "The articles cannot be read just now. Try again later."


def route(live: LiveAssistant, admitted: Callable[[Request], bool]) -> Route:
    """The route. What it shows follows the index; who is not `admitted` is told so."""
    limiter, former = CapacityLimiter(_AT_ONCE), Former(live.store)

    async def shown(request: Request) -> HTMLResponse:
        if not admitted(request):
            return HTMLResponse(_page("Log in first", _said(_LOG_IN)), 401)
        # As it stands in the request: a framework takes a slash at the end away.
        id = request.scope["path"].removeprefix(BELOW)
        status, page = await run_sync(lambda: answer(live, former, id, request.query_params), limiter=limiter)
        return HTMLResponse(page, status, {"Cache-Control": "private, no-cache"})

    return Route(f"{BELOW}{{id:path}}", shown)


def answer(live: LiveAssistant, former: Former, article_id: str, given: Mapping[str, str]) -> tuple[int, str]:
    """The status and the page for an address."""
    try:
        asked = pointer(article_id, given)
        reader = live.shown().store
        its = _looked_up(reader, asked.article_id, asked)
        past = former.of(asked.article_id, reader.generation) if its is None or its[2].state == "gone" else None
        other = _looked_up(reader, past.article_id, asked) if past and past.article_id else None
    except Unfit as error:
        return 400, _page("This address cannot be used", _said(str(error)))
    except RagError:
        return 500, _page("The articles cannot be read", _said(_UNUSABLE))
    if past and other and (its is None or other[2].state != "gone"):
        return _shown(*other, _elsewhere(past, other[0], asked))
    if its is not None:
        return _shown(*its)
    if past and past.article_id is None:
        return 410, _page(past.title, _said(_OUT.format(_day(past.at))))
    return 404, _page("No such article", _said(_MISSING))


def _looked_up(reader: Reader, article_id: str, asked: Pointer) -> tuple[ArticleInfo, str, Found] | None:
    held = reader.article(article_id)
    return None if held is None else (*held, find(asked, held[1], held[0].text_sha256))


def _shown(info: ArticleInfo, text: str, found: Found, note: str = "") -> tuple[int, str]:
    if found.state == "gone":
        return 410, _page(info.title, _head(info) + note + _said(_GONE))
    return 200, _page(info.title, _head(info, found, text) + note + _body(info, found, text))


def _elsewhere(past: Became, info: ArticleInfo, asked: Pointer) -> str:
    """Says that an article has another address now, and which."""
    given = {"at": asked.at and f"{asked.at[0]}-{asked.at[1]}", "text": asked.text, "quote": asked.quote}
    address = below(info.article_id, {name: value for name, value in given.items() if value})
    link = f'<a href="{escape(address)}">Its address now</a>'
    return f'<p class="note">This article has had another address since {_day(past.at)}. {link}</p>'


def _day(at: str) -> str:
    """In words."""
    return pack().days_in_words(at[:10], at[:10])


def _head(info: ArticleInfo, found: Found | None = None, text: str = "") -> str:
    """Who wrote it, when, where the original is."""
    about = "".join(f"<span>{escape(one)}</span>" for one in (info.publisher, info.author, info.date) if one)
    place = found.places[0] if found and found.places else None
    web = original(info.url, text, *(place or (0, 0)))
    link = f'<a href="{escape(web)}" rel="noopener noreferrer">Original</a>' if web else ""
    return _titled(info.title, f'<p class="about">{about}{link}</p>')


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
        f"<body><main>{body if body.startswith('<header>') else _titled(title) + body}</main></body></html>"
    )


def _titled(title: str, about: str = "") -> str:
    return f'<header><h1 dir="auto">{escape(title)}</h1>{about}</header>'
