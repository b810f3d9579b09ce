"""Plain HTTP below `/v1`, described in `/openapi.json`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, FastAPI, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from rag.answer.wire import AskedLine, reason
from rag.serve import following
from rag.serve.asking import MOST_HITS, Asking
from rag.serve.failed import Failed, failed
from rag.serve.line import Busy, Line
from rag.types.errors import InputError, RagError
from rag.types.messages import message, which
from rag.types.quotes import MOST_CHARACTERS
from rag.verify.schema import Answer

_MOST_LISTED = 1000
_LONGEST_ID = 500  # characters, each up to 12 of an address
_OURS = frozenset({"unusable", "not_logged", "failed", "too_slow"})  # messages of what is no fault of the caller


class SearchLine(AskedLine):
    """A search: a question, and how many passages."""

    k: int = Field(default=10, ge=1, le=MOST_HITS)


class DraftLine(BaseModel):
    """A draft: plain text or Markdown, or HTML."""

    text: str = Field(max_length=MOST_CHARACTERS)
    html: bool = False


class Hits(BaseModel):
    """Passages, best first."""

    hits: list[dict[str, Any]]


class Articles(BaseModel):
    """A page of the articles, in the order of their ids, and how many there are."""

    articles: list[dict[str, Any]]
    total: int


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": Failed, "description": what}
    for status, what in (
        (400, "The request cannot be used."),
        (401, "A password is needed."),
        (403, "The request comes from elsewhere, or names a file."),
        (404, "There is no such page."),
        (408, "The request did not arrive in time."),
        (413, "The request is too large."),
        (429, "Too many wrong passwords; wait."),
        (500, "The index cannot be used, or the program failed."),
        (503, "Too many questions wait; ask again later."),
    )
}


def routes(asking: Asking, line: Line) -> APIRouter:
    """The routes below `/v1` but OpenAI's."""
    router = APIRouter(prefix="/v1", responses=ERRORS)
    # An error of a question that could be read is a schema-1 object, too, whose `status` says so.
    own: dict[int | str, dict[str, Any]] = {
        200: {"model": Answer},
        400: {"model": dict[str, Any], "description": "The question cannot be asked; as it was sent, with `error`."},
        500: {"model": dict[str, Any], "description": "The program failed."},
    }

    @router.post("/ask", responses=own)
    async def ask(asked: AskedLine) -> Any:
        """Answers a question with quotations, or refuses: one schema-1 object."""
        reply = await line.run(functools.partial(asking.ask, asked.model_dump()))
        return JSONResponse(reply, status_of(reply))

    @router.post("/search", response_model=Hits)
    async def search(asked: SearchLine) -> Any:
        """The best passages for a question, with their scores."""
        return {"hits": await line.run(lambda: asking.search(asked.model_dump(exclude={"k"}), asked.k))}

    @router.post("/quotes", response_model=dict[str, Any])
    async def quotes(draft: DraftLine) -> Any:
        """Which of a draft's quotations stand in the articles, word for word, altered, said by another, or nowhere."""
        return await line.run(lambda: asking.quotes(draft.text, html=draft.html))

    @router.get("/articles", response_model=Articles)
    async def articles(
        limit: Annotated[int, Query(ge=1, le=_MOST_LISTED)] = 100,
        after: Annotated[str | None, Query(max_length=_LONGEST_ID)] = None,
    ) -> Any:
        """The articles that are held, in the order of their ids: those after one, of the page before."""
        found, total = await line.run(lambda: asking.articles(after, limit))
        return {"articles": found, "total": total}

    following.add(router, asking, line)
    return router


def status_of(reply: Mapping[str, Any]) -> int:
    """200 for an answer and for a refusal; of an error whether it is the caller's or ours."""
    if reply["status"] != "error":
        return 200
    return 500 if which(reply["error"]) in _OURS else 400


def explain(app: FastAPI, asking: Asking) -> None:
    """Has the application tell of errors in their format; those of a question are logged as an answer is."""

    async def unfit(request: Any, error: Exception) -> JSONResponse:
        if isinstance(error, RequestValidationError) and request.url.path == "/v1/ask" and isinstance(error.body, dict):
            return JSONResponse(await run_sync(asking.ask, error.body), 400)
        first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
        text, param = reason(first)
        return failed(400, text, param=param)

    async def unusable(_: Any, error: Exception) -> JSONResponse:
        if isinstance(error, InputError):
            return failed(400, str(error))
        return failed(500, message("unusable"))

    async def busy(_: Any, error: Exception) -> JSONResponse:
        return failed(503, str(error), headers={"Retry-After": "10"})

    async def said(_: Any, error: Exception) -> JSONResponse:
        if not isinstance(error, HTTPException):
            return failed(500, message("failed", "Exception"))
        return failed(error.status_code, str(error.detail), headers=error.headers or {})

    app.add_exception_handler(Exception, said)
    app.add_exception_handler(HTTPException, said)
    app.add_exception_handler(RequestValidationError, unfit)
    app.add_exception_handler(RagError, unusable)
    app.add_exception_handler(Busy, busy)
