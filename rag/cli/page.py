"""The commands that serve the page: `chat`, `serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.cli.options import INDEX, SEEDS, Index, Seeds
from rag.types.settings import load_settings

Fetch = Annotated[bool, typer.Option("--fetch", help="Let users add articles from addresses of the public network.")]


def chat(
    seeds: Seeds = SEEDS,
    index: Index = INDEX,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The page's port on this machine.")] = 7860,
    browser: Annotated[bool, typer.Option(help="Open a browser, where there is a desktop.")] = True,
    fetch: Fetch = False,
) -> None:
    """Serves the page on this machine."""
    from rag.serve import Serving, run

    run(Serving(index, seeds, port=port, open_browser=browser, fetch=fetch), load_settings())


def serve(
    seeds: Seeds = SEEDS,
    index: Index = INDEX,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")] = 7860,
    auth: Annotated[
        str | None,
        typer.Option("--auth", envvar="ARTICLE_RAG_AUTH", help="user:password, asked for before anything is shown."),
    ] = None,
    users: Annotated[
        Path | None, typer.Option("--users", help="A file of users (`rag users`): readers ask, editors also change.")
    ] = None,
    upload: Annotated[bool, typer.Option(help="Let users add articles and take them out.")] = True,
    fetch: Fetch = False,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer the API as tools of an MCP server, too.")] = False,
    log: Annotated[Path | None, typer.Option("--log", help="A file to which every answer is written.")] = None,
) -> None:
    """Serves the page with the HTTP API (`/ask`, `/search`, `/articles`)."""
    from rag.serve import Serving, run

    given = {"upload": upload, "fetch": fetch, "mcp": mcp}
    serving = Serving(index, seeds, host, port, api=True, auth=_credentials(auth), users=users, log=log, **given)
    run(serving, load_settings())


def _credentials(given: str | None) -> tuple[str, str] | None:
    if given is None:
        return None
    user, colon, password = given.partition(":")
    if not (user and colon and password):
        raise typer.BadParameter("--auth takes user:password")
    return user, password
