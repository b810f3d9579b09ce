"""What a request may be before it reaches the page: which host, which route, how large, how slow, and no file names.

Gradio takes a file of the server, or an address, wherever a request names one as `gradio.FileData`. No request needs
that but the one that adds what the same browser has uploaded, so all others are refused here, whatever Gradio does.
The threat model is in docs/security.md.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "articles-session"  # names the browser that uploaded a file
MAX_UPLOAD_BYTES = 200_000_000  # of all files of one upload
_BODY_BYTES = 4_000_000  # a conversation of 50 turns, as a browser sends it back, has less than 1 MB
_BODY_SECONDS, _UPLOAD_SECONDS = 30.0, 600.0  # in which a body has to arrive
_NESTING = 100  # JSON deeper than that is nothing that the page sends
_BROWSERS, _FILES = 1000, 400  # whose uploads are remembered, and how many of each

_API = "/gradio_api"
# Routes that the page and Gradio's client use. Gradio has others: a proxy, streams, recordings, traces, an editor.
_EXACT = {
    "GET": {"/", "/config", "/theme.css", "/favicon.ico", "/manifest.json", "/robots.txt", "/pwa_icon", "/logout"}
    | {f"{_API}/{name}" for name in ("info", "user", "token", "login_check", "app_id", "startup-events")}
    | {f"{_API}/{name}" for name in ("queue/data", "upload_progress")},
    "POST": {"/login", *(f"{_API}/{name}" for name in ("queue/join", "cancel", "reset", "upload"))},
}
_BELOW = {
    "GET": ("/assets/", "/static/", "/svelte/", f"{_API}/file=", f"{_API}/call/", f"{_API}/heartbeat/"),
    "POST": (f"{_API}/call/",),
}
_UPLOAD, _MCP = f"{_API}/upload", f"{_API}/mcp"

# The page needs nothing from elsewhere, and must not fetch anything an article might name. Gradio's own scripts
# and styles are partly inline and compile templates, hence the two 'unsafe' words.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class Uploads:
    """The files that each browser has uploaded, by the value of its cookie. The oldest browsers are forgotten."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, list[str]] = OrderedDict()

    def add(self, session: str, paths: Iterable[str]) -> None:
        """Remembers uploaded files."""
        held = self._of.setdefault(session, [])
        held += paths
        del held[:-_FILES]
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
    upload: bool
    mcp: bool


class _Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why


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
        request = Request(scope)
        answer = _with_headers(send)
        uploading = request.method == "POST" and _path(request) == _UPLOAD
        try:
            self._admit(request)
            if uploading:
                receive = _bounded(receive, MAX_UPLOAD_BYTES, _UPLOAD_SECONDS)
                answer = self._remembering(answer, request.cookies.get(COOKIE))
            elif request.method == "POST":
                body = b"".join([part async for part in _parts(_bounded(receive, _BODY_BYTES, _BODY_SECONDS))])
                self._read(request, body)
                receive = _again(body, receive)
            await self._app(scope, receive, answer)
        except _Refused as no:
            await PlainTextResponse(no.why, no.status)(scope, receive, _with_headers(send))

    def _admit(self, request: Request) -> None:
        """Raises _Refused for a host, an origin or a route that is not this server's."""
        host, path = request.headers.get("host", ""), _path(request)
        # A name that somebody else lets point here must not make a stranger's page part of this one.
        if self._rules.hosts and _host_of(host) not in self._rules.hosts:
            raise _Refused(403, "this page is served to this machine alone; see --host and --auth")
        origin = request.headers.get("origin")
        if request.method == "POST" and origin is not None and urlsplit(origin).netloc != host:
            raise _Refused(403, "another site's page cannot ask here")
        if self._rules.mcp and (path == _MCP or path.startswith(f"{_MCP}/")):
            return
        method = "GET" if request.method == "HEAD" else request.method
        below = path.startswith(_BELOW.get(method, ("\0",))) and not path.startswith(f"{_API}/call/v2/")
        if path not in _EXACT.get(method, ()) and not below:
            raise _Refused(404, "there is no such page")
        if path == _UPLOAD and not self._rules.upload:
            raise _Refused(403, "files are not taken here")
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > (MAX_UPLOAD_BYTES if path == _UPLOAD else _BODY_BYTES):
            raise _Refused(413, "the request is too large")

    def _read(self, request: Request, body: bytes) -> None:
        """Raises _Refused for JSON that names a file that this browser did not upload."""
        if _path(request) == "/login":
            return
        try:
            named = list(_files(json.loads(body))) if body.strip() else []
        except (ValueError, RecursionError) as error:
            raise _Refused(400, "the request is not JSON, or nested too deep") from error
        if named and not self._uploads.of(request.cookies.get(COOKIE)).issuperset(named):
            raise _Refused(403, "a request may name no file but those that this browser uploaded")

    def _remembering(self, send: Send, session: str | None) -> Send:
        """Sends the answer to an upload on, and remembers whose files it names."""
        session = session or secrets.token_urlsafe(24)
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


def _path(request: Request) -> str:
    return request.url.path.rstrip("/") or "/"


def _host_of(header: str) -> str:
    """The host of a Host header, without its port."""
    return header[1 : header.find("]")] if header.startswith("[") else header.partition(":")[0]


def _files(data: Any, depth: int = 0) -> Iterator[str | None]:
    """The path of each object that Gradio would take for a file; None where it has none that is text."""
    if depth > _NESTING:
        raise ValueError("nested too deep")
    if isinstance(data, dict):
        meta = data.get("meta")
        if isinstance(meta, dict) and meta.get("_type") == "gradio.FileData":
            path = data.get("path")
            yield path if isinstance(path, str) else None
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _files(value, depth + 1)


def _bounded(receive: Receive, most: int, seconds: float) -> Receive:
    """The same messages; raises _Refused when the body has more bytes, or takes longer."""
    loop = asyncio.get_running_loop()
    count, end, done = 0, loop.time() + seconds, False

    async def received() -> Message:
        nonlocal count, done
        if done:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), end - loop.time())
        except TimeoutError as error:
            raise _Refused(408, f"the request did not arrive within {seconds:.0f} seconds") from error
        count += len(message.get("body", b""))
        done = not message.get("more_body", False)
        if count > most:
            raise _Refused(413, "the request is too large")
        return message

    return received


async def _parts(receive: Receive) -> Any:
    """The pieces of a body."""
    more = True
    while more:
        message = await receive()
        yield message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)


def _again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, once more; then what comes after it."""
    given = False

    async def received() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return received


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in _HEADERS}
            kept = [(name, value) for name, value in message.get("headers", []) if name.lower() not in ours]
            message["headers"] = [*kept, *_HEADERS]
        await send(message)

    return sent
