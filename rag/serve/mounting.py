"""Puts pages into applications: the one that all see, or, with users, one for each role."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from rag.serve.guard import MAX_UPLOAD_BYTES


def mount(app: Any, blocks: Any, check: Any = None, mcp: str | None = None) -> None:
    """Puts a page at the root of an application, behind what it has already; `mcp`: where its tools ask, if any."""
    import gradio

    from rag.serve.ui import THEME, style

    gradio.mount_gradio_app(
        app,
        blocks,
        path="/",
        theme=THEME,
        head=f"<style>{style()}</style>",  # as css it would get selectors of Gradio, and later
        ssr_mode=False,
        footer_links=[],
        show_error=True,
        max_file_size=MAX_UPLOAD_BYTES,
        auth=check,
        mcp_server=mcp is not None,
        run_history=False,
    )
    # Gradio checks which files it may take only where this is set, and mounting does not set it.
    blocks.has_launched = True
    if mcp is not None:
        # Its tools ask this server; mounted, it would take the address from the headers of whoever asks first.
        blocks.mcp_server_obj._local_url = f"{mcp}/"
        blocks.mcp_server_obj.postprocess_output_data = _as_json


def _as_json(data: list[Any], _: str) -> list[Any]:
    """What a tool gives back, as JSON: Gradio writes it as Python does, which no other program reads."""
    from mcp.types import TextContent

    return [TextContent(type="text", text=json.dumps(one, ensure_ascii=False)) for one in data]


def logged_in(app: Any, request: Any) -> bool:
    """Whether a request has a cookie of Gradio's login."""
    page = app.routes[-1].app
    names = (f"access-token-{page.cookie_id}", f"access-token-unsecure-{page.cookie_id}")
    return any(request.cookies.get(name) in page.tokens for name in names)


def behind_users(app: Any, file: Path) -> Any:
    """Has an application let in the users of a file alone; the application that readers get in its place."""
    from fastapi import FastAPI

    from rag.serve.gate import Gate
    from rag.serve.users import Users

    readers, begun = FastAPI(docs_url=None, redoc_url=None, openapi_url=None), app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def both(its: Any) -> AsyncIterator[Any]:
        async with readers.router.lifespan_context(readers), begun(its) as state:
            yield state

    app.router.lifespan_context = both
    app.add_middleware(Gate, Users(file), readers)
    return readers
