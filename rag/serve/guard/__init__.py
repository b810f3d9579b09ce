"""What a request may be before it reaches the page: which host, which route, how large, how slow, and no file names.

Gradio takes a file of the server, or an address, wherever a request names one as `gradio.FileData`, and fetches the
address that `/file=` names. No request needs the first but the one that adds what the same browser has uploaded, and
none the second, so all others are refused here, whatever Gradio does. The threat model is in docs/security.md.
"""

from __future__ import annotations

import json
import re
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.answer.links import BELOW
from rag.serve.failed import failed
from rag.serve.guard.bodies import RequestRefused, again, bounded, named_files, whole
from rag.serve.guard.headers import FILE, PAGE, article_policy, passed_on, protected

COOKIE = "articles-session"  # names the browser that uploaded a file
MAX_UPLOAD_BYTES = 200_000_000  # of all files of one upload
_BODY_BYTES = 2_000_000  # a conversation of 50 turns, as a browser sends it back, has less than 1 MB
_BODY_SECONDS, _UPLOAD_SECONDS = 30.0, 600.0  # in which a body has to arrive
_ADDRESS_BYTES = 4096  # of a request
_BROWSERS, _FILES = 1000, 400  # whose uploads are remembered, and how many of each

_API = "/gradio_api"
# Routes that the page and Gradio's client use. Gradio has others: a proxy, streams, recordings, traces, an editor.
_EXACT = {
    "GET": {
        "/",
        "/config",
        "/theme.css",
        "/favicon.ico",
        "/manifest.json",
        "/robots.txt",
        "/pwa_icon",
        "/login",
        "/logout",
    }
    | {f"{_API}/{name}" for name in ("info", "user", "login_check", "app_id", "startup-events")}
    | {f"{_API}/{name}" for name in ("queue/data", "upload_progress")},
    "POST": {"/login", *(f"{_API}/{name}" for name in ("queue/join", "cancel", "reset", "upload"))},
}
_BELOW = {
    "GET": ("/assets/", "/static/", "/svelte/", f"{_API}/call/", f"{_API}/heartbeat/"),
    "POST": (f"{_API}/call/",),
}
_UPLOAD, _FILE = f"{_API}/upload", f"{_API}/file="
_V1 = {
    "GET": {"/openapi.json", "/v1/articles", "/v1/models", "/v1/changes", "/v1/saved", "/saved.atom"},
    "POST": {"/v1/ask", "/v1/search", "/v1/quotes", "/v1/chat/completions", "/v1/saved"},
}
_MCP = {f"{_API}/mcp{rest}" for rest in ("", "/http", "/sse", "/messages")}
_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[\w.-]+)(?::\d{1,5})?", re.IGNORECASE | re.ASCII)
_ONE = {"GET": re.compile(r"/v1/models/[^/]{1,100}"), "DELETE": re.compile(r"/v1/saved/[^/]{1,100}")}
_SESSION = re.compile(r"[\w-]{16,64}", re.ASCII)


class Uploads:
    """The files that each browser has uploaded, by the value of its cookie. The oldest browsers are forgotten."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, list[str]] = OrderedDict()

    def add(self, session: str, paths: Iterable[str]) -> None:
        """Remembers uploaded files."""
        held = [*self._of.get(session, ()), *paths]
        if held:
            self._of[session] = held[-_FILES:]
            self._of.move_to_end(session)
        while len(self._of) > _BROWSERS:
            self._of.popitem(last=False)

    def of(self, session: str | None) -> frozenset[str]:
        """The files of one browser."""
        return frozenset(self._of.get(session or "", ()))


@dataclass(frozen=True, slots=True)
class Rules:
    """What one server lets through."""

    hosts: frozenset[str]  # names it answers to; none: any, as it asks for a password or is meant for other machines
    files: Path  # where uploads and exports lie; no other file is served
    upload: bool
    api: bool
    mcp: bool


class Guard:
    """ASGI middleware around the page."""

    def __init__(self, app: ASGIApp, rules: Rules, uploads: Uploads) -> None:
        self._app, self._rules, self._uploads = app, rules, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        request, path = Request(scope), _path(scope)
        # With no referrer a browser names no origin either in what a form sends, and the login would be refused.
        answer = protected(send, _policy(scope["path"]), "same-origin" if path == "/login" else "no-referrer")
        try:
            self._admit(request, path)
            if request.method == "POST" and path == _UPLOAD:
                receive = bounded(receive, MAX_UPLOAD_BYTES, _UPLOAD_SECONDS, pieces=None)
                answer = self._remembering(answer, request.cookies.get(COOKIE, ""))
            elif request.method in ("POST", "DELETE"):
                body = await whole(bounded(receive, _BODY_BYTES, _BODY_SECONDS))
                named = named_files(body) if path != "/login" else ()
                if named and not self._uploads.of(request.cookies.get(COOKIE)).issuperset(named):
                    raise RequestRefused(403, "a request may name no file but those that this browser uploaded")
                receive = again(body, receive)
            await self._app(passed_on(scope), receive, answer)
        except RequestRefused as no:
            await _told(no, path)(scope, receive, answer)

    def _admit(self, request: Request, path: str) -> None:
        """Raises RequestRefused for a host, an origin or a route that is not this server's, and for a body known large.

        The path is that of the request line: what a framework makes of it may have parts of the Host header.
        """
        host = request.headers.get("host", "")
        name = _HOST.fullmatch(host)
        if name is None or len(path) + len(request.scope["query_string"]) > _ADDRESS_BYTES:
            raise RequestRefused(400, "the request's address cannot be used")
        # A name that somebody else lets point here must not make a stranger's page part of this one.
        if self._rules.hosts and name["name"].strip("[]") not in self._rules.hosts:
            raise RequestRefused(403, "this page is served to this machine alone; see --host, --users and --auth")
        origin = request.headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            raise RequestRefused(403, "another site's page cannot ask here")
        if path == "/logout" and request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise RequestRefused(403, "another site's page cannot log you out")
        if not self._is_route(request, path):
            others = [method for method, paths in _V1.items() if self._rules.api and request.scope["path"] in paths]
            if others:
                raise RequestRefused(405, f"{path} takes {' and '.join(others)}", ", ".join(others))
            raise RequestRefused(404, "there is no such page")
        if path == _UPLOAD and not self._rules.upload:
            raise RequestRefused(403, "files are not taken here")
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > (MAX_UPLOAD_BYTES if path == _UPLOAD else _BODY_BYTES):
            raise RequestRefused(413, "the request is too large")

    def _is_route(self, request: Request, path: str) -> bool:
        method = "GET" if request.method == "HEAD" else request.method
        if self._rules.mcp and path in _MCP:
            # What asks for a page gets one of Gradio's, which puts parts of the address into a script.
            return method != "GET" or "text/event-stream" in request.headers.get("accept", "")
        if self._rules.mcp and path == f"{_API}/mcp/schema":
            return method == "GET"
        if method == "GET" and request.scope["path"].startswith(BELOW):
            return True
        if method == "GET" and path.startswith(_FILE):
            return _is_inside(path.removeprefix(_FILE), self._rules.files)
        exact = request.scope["path"] == path  # what is behind a slash is no route there
        if (
            self._rules.api
            and exact
            and (path in _V1.get(method, ()) or (method in _ONE and _ONE[method].fullmatch(path)))
        ):
            return True
        below = path.startswith(_BELOW.get(method, ("\0",))) and not path.startswith(f"{_API}/call/v2/")
        return below or path in _EXACT.get(method, ())

    def _remembering(self, send: Send, session: str) -> Send:
        """Sends the answer to an upload on, and remembers whose files it names."""
        if not _SESSION.fullmatch(session):
            session = secrets.token_urlsafe(24)
        cookie = f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict".encode()
        started, body, uploads = list[Message](), bytearray(), self._uploads

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"set-cookie", cookie)]
                started.append(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            if started[0]["status"] == 200:
                uploads.add(session, json.loads(body))
            await send(started[0])
            await send({"type": "http.response.body", "body": bytes(body)})

        return sent


def _told(no: RequestRefused, path: str) -> Response:
    """In the format of what was asked."""
    if not path.startswith("/v1/"):
        return PlainTextResponse(no.why, no.status, no.headers)
    return failed(no.status, no.why, headers=no.headers)


def _policy(path: str) -> str:
    if path.startswith(BELOW):
        return article_policy()
    return FILE if path.startswith(_FILE) else PAGE


def _path(scope: Scope) -> str:
    return scope["path"].rstrip("/") or "/"


def _is_inside(file: str, folder: Path) -> bool:
    """Whether a path is that of a file in a folder; an address is none."""
    try:
        return Path(file).is_absolute() and Path(file).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError):  # a zero character, a name that is too long
        return False
