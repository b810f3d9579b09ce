"""The way in with `--users`: a login page, sessions on the server, and the page of each role.

What a reader may not do is no part of the page that readers get, so its functions are not there to be called.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from html import escape
from urllib.parse import parse_qsl, quote

from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.answer.links import BELOW
from rag.serve.failed import failed
from rag.serve.guard.headers import article_style
from rag.serve.login import SAME, Login, authorization, client, decoded, network, remember
from rag.serve.users import User, Users
from rag.types.errors import SettingsError

_log = logging.getLogger("rag")
COOKIE = "articles-user"
NAME = "articles-name"  # a cookie for the page's script, which shows who is logged in; it opens nothing
_LASTS = 12 * 3600.0  # seconds
_FORM = 10_000  # bytes of a name and a password
_MOST = 10_000  # sessions, and tokens of programs that are known
_UPLOAD, _FEED = "/gradio_api/upload", "/saved.atom"
# What is beside the pages, the same for both roles. Readers get what is there, and may ask; all else is the editors'.
_BESIDE = (BELOW, "/v1/", "/openapi.json", _FEED)
_ASKING = frozenset(f"/v1/{name}" for name in ("ask", "search", "chat/completions", "quotes"))


class Sessions:
    """Who has logged in, by the hash of a token. A session ends with its time, and with a change of its user."""

    def __init__(self, users: Users, clock: Callable[[], float] = time.monotonic) -> None:
        self._users, self._clock = users, clock
        self._held: OrderedDict[bytes, tuple[str, User, float]] = OrderedDict()

    def begin(self, name: str, user: User, token: str | None = None) -> str:
        """A new session; its token, which may be given."""
        token = token or secrets.token_urlsafe(32)
        self._held[_digest(token)] = name, user, self._clock() + _LASTS
        while len(self._held) > _MOST:
            self._held.popitem(last=False)
        return token

    def user(self, token: str) -> User | None:
        """Whose session it is; None where there is none any more."""
        key = _digest(token)
        name, user, ends = self._held.get(key, ("", None, 0.0))
        if user is None:
            return None
        if self._clock() < ends and self._users.all().get(name) == user:
            return user
        self._held.pop(key, None)
        return None

    def end(self, token: str) -> None:
        """Ends one, if there is one."""
        self._held.pop(_digest(token), None)


class Gate:
    """ASGI middleware: `app` is the editors' page with all that is beside it, `readers` the readers' page."""

    def __init__(self, app: ASGIApp, users: Users, readers: ASGIApp) -> None:
        self._app, self._readers, self._users = app, readers, users
        self._login, self._sessions = Login("", ""), Sessions(users)
        self._wrong: OrderedDict[Hashable, float] = OrderedDict()  # tokens of programs
        self._one = asyncio.Lock()  # one password at a time: many at once would each be tried before one is counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            passed = await self._passed(Request(scope, receive))
        except HTTPException as error:
            passed = failed(error.status_code, str(error.detail), headers=error.headers or {})
        except SettingsError as error:
            _log.error("nobody is let in: %s", error)
            passed = failed(500, "who may use this cannot be read; the program's log says why")
        await passed(scope, receive, send)

    async def _passed(self, request: Request) -> ASGIApp:
        """What answers a request. Raises HTTPException 429, SettingsError."""
        path = request.scope["path"].rstrip("/") or "/"
        if path == "/login":
            return await self._logging_in(request)
        if path == "/logout":
            return self._logged_out(request)
        user = self._sessions.user(request.cookies.get(COOKIE, "")) or await self._program(request, path)
        if user is None:
            return _to_login(request, path)
        if user.role == "editor":
            return self._app
        if not path.startswith(_BESIDE):
            return PlainTextResponse("only editors add articles", 403) if path == _UPLOAD else self._readers
        if request.method in ("GET", "HEAD") or path in _ASKING:
            return self._app
        return failed(403, "readers ask; what is kept is changed by editors")

    async def _logging_in(self, request: Request) -> Response:
        """The login page, or what becomes of a name and a password."""
        if request.method != "POST":
            return HTMLResponse(_page(request.query_params.get("next", "")))
        given = dict(parse_qsl((await request.body())[:_FORM].decode("utf-8", "replace")))
        name, password, after = (given.get(key, "") for key in ("username", "password", "next"))
        of_a_person = "text/html" in request.headers.get("accept", "")
        try:
            user = await self._right(name, password)
        except HTTPException as error:
            if not of_a_person:
                raise
            said = f"{str(error.detail).capitalize()}."
            return HTMLResponse(_page(after, said, name), error.status_code, error.headers)
        if user is None:
            wrong = "Name or password is wrong."
            return HTMLResponse(_page(after, wrong, name), 400) if of_a_person else failed(400, wrong)
        answer: Response = RedirectResponse(_next(after), 303) if of_a_person else JSONResponse({"success": True})
        self._sessions.end(request.cookies.get(COOKIE, ""))
        for key, value in ((COOKIE, self._sessions.begin(name, user)), (NAME, quote(name))):
            safe, unread = request.url.scheme == "https", key == COOKIE
            answer.set_cookie(key, value, int(_LASTS), secure=safe, httponly=unread, samesite="lax")
        return answer

    def _logged_out(self, request: Request) -> Response:
        self._sessions.end(request.cookies.get(COOKIE, ""))
        away = RedirectResponse("/login", 303)
        away.delete_cookie(COOKIE)
        away.delete_cookie(NAME)
        return away

    async def _program(self, request: Request, path: str) -> User | None:
        """The user of `name:password`, which a program sends with each request: as a bearer token, or as Basic.

        Basic never opens the page: a browser goes on sending it by itself, and would not be logged out.
        """
        scheme, token = authorization(request)
        if scheme == "basic" and path.startswith(_BESIDE):
            token = decoded(token).decode("utf-8", "replace")
        elif scheme != "bearer":
            return None
        name, _, password = token.partition(":")
        known = f"{network(client.get())} {token}"
        user = self._sessions.user(known)
        if user or not password or time.monotonic() - self._wrong.get(_digest(known), -math.inf) < SAME:
            return user
        user = await self._right(name, password)
        if user is None:
            remember(self._wrong, _digest(known), time.monotonic())
        else:
            self._sessions.begin(name, user, known)
        return user

    async def _right(self, name: str, password: str) -> User | None:
        """Raises HTTPException 429 while the caller has to wait."""
        async with self._one:
            self._login.wait(name)
            user = await run_sync(self._users.right, name, password)
            self._login.tried(name, right=user is not None)
        return user


def _to_login(request: Request, path: str) -> Response:
    """What somebody gets who is not logged in: a person the login page, a program an error."""
    if path == "/":
        return RedirectResponse("/login", 303)
    if path.startswith(BELOW) and "text/html" in request.headers.get("accept", ""):
        asked = request.scope["raw_path"].decode("latin-1") + f"?{request.url.query}"
        return RedirectResponse(f"/login?next={quote(asked, safe='')}", 303)
    scheme = 'Basic realm="articles", charset="UTF-8"' if path == _FEED else "Bearer"
    return failed(401, "log in, or give name:password as a bearer token", headers={"WWW-Authenticate": scheme})


def _next(given: str) -> str:
    """Where somebody goes who has logged in: to the quotation that was asked for, or to the page; nowhere else."""
    return given if given.startswith(BELOW) else "/"


def _page(after: str = "", said: str = "", name: str = "") -> str:
    note = f'<p class="note" role="alert">{escape(said)}</p>' if said else ""
    first, then = ("", " autofocus") if name else (" autofocus", "")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>Log in</title>'
        f"<style>{article_style()}</style></head><body><main class=login><h1>Ask the articles</h1>{note}"
        f'<form method="post" action="/login"><input type="hidden" name="next" value="{escape(_next(after))}">'
        f'<label>Name<input name="username" value="{escape(name)}" autocomplete="username" required{first}></label>'
        f'<label>Password<input name="password" type="password" autocomplete="current-password" required{then}></label>'
        '<button type="submit">Log in</button></form></main></body></html>'
    )


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
