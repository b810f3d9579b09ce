"""Serves the page, and with `rag serve` its HTTP API, from one process."""

from __future__ import annotations

import errno
import functools
import importlib.util
import ipaddress
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
import webbrowser
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rag.answer.journal import Journal
from rag.serve import quickly
from rag.serve.guard import Guard, Rules, Uploads
from rag.types.errors import RagError
from rag.types.memory import give_back, keep_little
from rag.types.settings import Settings

_GRACE = 5  # seconds that open connections have at the end; a page keeps one open as long as it is looked at
_TIDIED = 10  # seconds between two times that memory is given back
_CONNECTIONS = 500  # at once; a page that is open has one or two
# Gradio sums up all events after each, with pandas, for a page of its own that nobody may see.
_NO_SUMS = {"GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9), "GRADIO_ANALYTICS_MAX_EVENTS": "1"}


@dataclass(frozen=True, slots=True)
class Serving:
    """Where and what is served."""

    index: Path
    seeds: Path
    host: str = "127.0.0.1"
    port: int = 7860
    open_browser: bool = False
    api: bool = False
    upload: bool = True  # articles can be added and taken out on the page
    fetch: bool = False  # and added from addresses of the public network
    auth: tuple[str, str] | None = None  # user and password
    users: Path | None = None  # a file of them, `rag.serve.users`
    mcp: bool = False  # the API also as tools of an MCP server
    log: Path | None = None  # where every answer is written before it is given


def run(serving: Serving, settings: Settings) -> None:
    """Serves until interrupted. Raises RagError when the address cannot be used or the index not be opened."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    host, port, open_browser = serving.host, serving.port, serving.open_browser
    _possible(serving)
    journal = Journal(serving.log) if serving.log else None
    listening = _listen(host, port)
    keep_little()
    print("loading the models …", file=sys.stderr, flush=True)
    with ThreadPoolExecutor(1) as pool:  # the models load while the page does
        loading = pool.submit(_loaded, serving.index, settings)
        _keep_files_apart()
        quickly.gradio()
        import uvicorn
    assistant = loading.result()

    server = uvicorn.Server(
        uvicorn.Config(
            application(assistant, serving, journal),
            log_level="warning",
            timeout_graceful_shutdown=_GRACE,
            limit_concurrency=_CONNECTIONS,
        )
    )
    # What is cut off at the end is no error to tell the user of.
    logging.getLogger("uvicorn.error").addFilter(lambda _: not server.should_exit)
    # The server ends by raising the signal that it was ended by, and then nothing that is to be tidied at the end is.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    threading.Thread(target=_announce, args=(server, _address(serving), open_browser), daemon=True).start()
    threading.Thread(target=_tidy, daemon=True).start()
    server.run(sockets=[listening])


def _possible(serving: Serving) -> None:
    """Raises RagError for what cannot be served so."""
    if serving.auth and serving.users:
        raise RagError("--auth (or ARTICLE_RAG_AUTH) and --users cannot be used together; give one of them")
    closed = bool(serving.auth or serving.users)
    if serving.upload and not closed and not _only_this_machine(serving.host):
        raise RagError(
            f"{serving.host} can be reached from other machines, and with them the articles could be changed; give "
            "--users FILE, --auth user:password, or --no-upload"
        )
    if serving.mcp and closed:
        raise RagError("--mcp cannot be used with --auth or --users: its tools would be open to all, and could not ask")
    if serving.mcp and importlib.util.find_spec("mcp") is None:
        raise RagError("the MCP server needs another package: pip install 'mcp<2'")
    for kind, file in (("log", serving.log), ("users", serving.users)):
        for what, folder in (("seeds", serving.seeds), ("index", serving.index)):
            if file and file.resolve().is_relative_to(folder.resolve()):
                raise RagError(f"{file} would lie in the {what} folder; name a place outside with --{kind}")
    if serving.users:
        from rag.serve.users import Users

        if not Users(serving.users).all():
            raise RagError(f"{serving.users} holds no user; add one: rag users add NAME --role editor")


def _loaded(index: Path, settings: Settings) -> Any:
    from rag.answer.opening import LiveAssistant

    return LiveAssistant(index, settings)


def _only_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(serving: Serving) -> str:
    host = f"[{serving.host}]" if ":" in serving.host else serving.host
    return f"http://{host}:{serving.port}"


@functools.cache
def _files_folder() -> tempfile.TemporaryDirectory[str]:
    """Where uploads and exports lie, of this process alone; it ends with it."""
    return tempfile.TemporaryDirectory(prefix="article-rag-")


def _keep_files_apart() -> str:
    """That folder, for Gradio too: its default is one that all users of the machine share. To be called first."""
    folder = _files_folder().name
    os.environ["GRADIO_TEMP_DIR"] = os.environ["GRADIO_EXAMPLES_CACHE"] = folder
    return folder


def application(assistant: Any, serving: Serving, journal: Journal | None = None) -> Any:
    """The ASGI application: the page at `/`, behind the guard."""
    files = _keep_files_apart()
    os.environ.update(_NO_SUMS)
    from fastapi import FastAPI

    from rag.build.seeds import Library
    from rag.calibrate.feedback import Feedback, default_file
    from rag.serve import article_page
    from rag.serve.asking import Asking
    from rag.serve.line import Line
    from rag.serve.login import Address, Bearer, Login
    from rag.serve.mounting import behind_users, logged_in, mount
    from rag.serve.ui import Offer, page

    alone = not (serving.auth or serving.users) and _only_this_machine(serving.host)
    hosts = frozenset({"localhost", "127.0.0.1", "::1", serving.host} if alone else ())
    uploads = Uploads()
    login = Login(*serving.auth) if serving.auth else None
    app = FastAPI(
        title="Ask the articles",
        version=version("article-rag"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    readers = behind_users(app, serving.users) if serving.users else None
    app.add_middleware(Address)
    app.add_middleware(Guard, Rules(hosts, Path(files), serving.upload, serving.api, serving.mcp), uploads)
    line = Line()
    if serving.api:
        bearer = Bearer(login, serving.auth[0]) if login and serving.auth else None
        _add_api(app, Asking(assistant, journal, serving.upload), line, bearer)

    app.router.routes.append(article_page.route(assistant, lambda request: not login or logged_in(app, request)))
    library, feedback = Library(serving.seeds) if serving.seeds.is_dir() else None, Feedback(default_file())
    sources = None
    if library is not None and serving.upload and serving.fetch:
        from rag.sources import Sources
        from rag.sources.fetch import Fetcher

        sources = Sources(serving.seeds, Fetcher())
    changing = uploads if serving.upload else None
    offer = Offer(library, changing, sources, serving.api, journal, leaving=bool(serving.users))
    blocks = page(assistant, feedback, offer, line)
    mount(app, blocks, login.check if login else None, _address(serving) if serving.mcp else None)
    if readers:
        mount(readers, page(assistant, feedback, replace(offer, uploads=None, sources=None), line))
    return app


def _add_api(app: Any, asking: Any, line: Any, bearer: Any) -> None:
    """Puts the plain HTTP API and OpenAI's before the page."""
    from fastapi import Depends

    from rag.serve import following, http, openai

    asked_for = [Depends(bearer)] if bearer else []
    for routes in (http.routes, openai.routes):
        app.include_router(routes(asking, line), dependencies=asked_for)
    app.include_router(following.feed(asking, line), dependencies=[Depends(following.Basic(bearer))] if bearer else [])
    app.add_api_route("/openapi.json", app.openapi, include_in_schema=False, dependencies=asked_for)
    http.explain(app, asking)


def _listen(host: str, port: int) -> socket.socket:
    """A bound socket, made before the models are loaded so that a taken port is told at once."""
    listening = None
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, proto)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        if listening is not None:
            listening.close()
        if error.errno == errno.EADDRINUSE:
            raise RagError(f"port {port} of {host} is in use; choose another with --port") from error
        raise RagError(
            f"cannot listen on {host}:{port}: {error.strerror}; choose another with --host and --port"
        ) from error
    return listening


def _tidy() -> None:
    """Gives memory back for good that questions took for a moment: some 50 MB."""
    while True:
        time.sleep(_TIDIED)
        give_back()


def _announce(server: Any, address: str, open_browser: bool) -> None:
    while not server.started:
        time.sleep(0.05)
    print(f"the page is at {address} (end with Ctrl+C)", flush=True)
    desktop = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if open_browser and desktop:
        webbrowser.open(address)
