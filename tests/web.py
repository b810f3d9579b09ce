"""A real web server on this machine: pages, RSS and Atom feeds, and answers that a hostile one gives."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HTML, RSS, ATOM = "text/html; charset=utf-8", "application/rss+xml", "application/atom+xml; charset=utf-8"


@dataclass
class Answer:
    """What the server gives at a path."""

    body: bytes = b""
    kind: str = HTML
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Iterator[bytes] | None = None  # instead of the body, without a length


def page(title: str, *paragraphs: str, head: str = "") -> bytes:
    """A page as newspapers have them, with navigation around its article."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{head}</head><body>'
        '<nav><a href="/">Home</a> <a href="/news">News</a></nav>'
        f"<article><h1>{title}</h1>{text}</article><footer>All rights reserved.</footer></body></html>"
    ).encode()


def rss(*items: str) -> bytes:
    """A feed of RSS 2.0 with these items."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>The Example</title>'
        f"<link>/</link><description>News</description>{''.join(items)}</channel></rss>"
    ).encode()


def item(guid: str, link: str, title: str = "A title", day: str = "Mon, 30 Nov 2026 09:00:00 GMT") -> str:
    """One of its items."""
    return f"<item><guid>{guid}</guid><link>{link}</link><title>{title}</title><pubDate>{day}</pubDate></item>"


def atom(*entries: tuple[str, str, str]) -> bytes:
    """A feed of Atom; an entry is its id, link and day of change."""
    inside = "".join(
        f'<entry><id>{id}</id><link rel="alternate" href="{link}"/><title>T</title><updated>{day}T09:00:00Z</updated>'
        "<published>2026-11-29T09:00:00Z</published></entry>"
        for id, link, day in entries
    )
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>F</title>{inside}</feed>'.encode()


class Web:
    """The server; `answers` by path, and what was asked of it."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.requests: list[tuple[float, str, dict[str, str]]] = []
        self.at_once = self.most_at_once = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def put(self, path: str, body: bytes = b"", **more: object) -> str:
        """Puts an answer there; its address."""
        self.answers[path] = Answer(body, **more)  # type: ignore[arg-type]
        return self.url + path

    def close(self) -> None:
        """Ends it."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(web) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with web._lock:
                    web.at_once += 1
                    web.most_at_once = max(web.most_at_once, web.at_once)
                try:
                    with contextlib.suppress(OSError):
                        self._answer()
                finally:
                    with web._lock:
                        web.at_once -= 1
                self.close_connection = True

            def _answer(self) -> None:
                web.asked[self.path] += 1
                web.requests.append((time.monotonic(), self.path, {k.lower(): v for k, v in self.headers.items()}))
                answer = web.answers.get(self.path) or Answer(b"not there", status=404)
                etag = f'"{hashlib.sha256(answer.body).hexdigest()[:16]}"'
                status = answer.status
                if status == 200 and self.headers.get("If-None-Match") == etag:
                    status = 304
                web.statuses[status] += 1
                self.send_response(status)
                if status == 200 and answer.pieces is None:
                    self.send_header("ETag", etag)
                self.send_header("Content-Type", answer.kind)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.pieces is None:
                    body = b"" if status == 304 else answer.body
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                else:
                    self.send_header("Connection", "close")
                    self.end_headers()
                    for piece in answer.pieces:
                        self.wfile.write(piece)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def bomb(size: int) -> bytes:
    """Zeros, packed a thousand times smaller."""
    return gzip.compress(bytes(size))
