"""What changed and what saved questions found, over HTTP: below `/v1`, and as the feed `/saved.atom`."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from rag.answer.wire import requested
from rag.follow import listing, saved
from rag.follow.feed import atom
from rag.serve.asking import Asking
from rag.serve.line import Line
from rag.serve.login import Bearer, decoded
from rag.types.errors import InputError
from rag.types.following import MOST_ALERTS

_MOST_CHANGES = 100
_IN_FEED = 100  # alerts


class ToSave(BaseModel):
    """A question to be saved."""

    model_config = ConfigDict(extra="ignore", strict=True)

    question: str
    filters: dict[str, Any] = Field(default={}, max_length=20)


class Saved(BaseModel):
    """The saved questions, and the new answers to them, newest first."""

    questions: list[dict[str, Any]]
    alerts: list[dict[str, Any]]


class Changes(BaseModel):
    """Articles that were replaced, renamed or taken out, oldest first. Those before `kept_from` are not kept."""

    changes: list[dict[str, Any]]
    kept_from: str | None


class Basic:
    """Lets in who gives user and password as feed readers do, besides what `Bearer` lets in."""

    def __init__(self, bearer: Bearer) -> None:
        self._bearer = bearer

    async def __call__(self, request: Request) -> None:
        """Raises HTTPException 401 or 429."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.casefold() == "basic":
            kept = [(name, value) for name, value in request.scope["headers"] if name != b"authorization"]
            said = (b"authorization", b"Bearer " + decoded(given))
            request = Request({**request.scope, "headers": [*kept, said]})
        try:
            await self._bearer(request)
        except HTTPException as error:
            asked = {"WWW-Authenticate": 'Basic realm="articles", charset="UTF-8"'}
            raise HTTPException(401, "give user and password", asked) if error.status_code == 401 else error from error


def add(router: APIRouter, asking: Asking, line: Line) -> None:
    """Adds the routes to those below `/v1`."""

    def changed(since: str | None, after: int, limit: int) -> dict[str, Any]:
        moment, store, reader = listing.moment(since), asking.live.store, asking.live.current().store
        texts = listing.Texts(store, reader)
        found = listing.changed(store, moment, after, limit)
        return {
            "changes": [listing.change_object(change, texts) for change in found],
            "kept_from": listing.begins(store),
        }

    def kept(limit: int) -> dict[str, Any]:
        store = asking.live.store
        questions, alerts = store.saved(), store.alerts(limit)
        return {
            "questions": [listing.question_object(one) for one in questions],
            "alerts": [listing.alert_object(one) for one in alerts],
        }

    def keep(given: ToSave) -> dict[str, Any]:
        _allowed(asking)
        asked, live = requested(given.model_dump(), ToSave), asking.live
        return listing.question_object(saved.save(live.store, asked.question, asked.filters, live.settings))

    def forget(id: str) -> dict[str, Any]:
        _allowed(asking)
        try:
            return listing.question_object(asking.live.store.forget(id))
        except InputError as error:
            raise HTTPException(404, str(error)) from error

    @router.get("/changes", response_model=Changes)
    async def changes(
        since: Annotated[str | None, Query(max_length=40)] = None,
        after: Annotated[int, Query(ge=0, le=2**53)] = 0,
        limit: Annotated[int, Query(ge=1, le=_MOST_CHANGES)] = 20,
    ) -> Any:
        """What changed since a day or time, or after the number of a change, with what differs in the texts."""
        return await line.run(lambda: changed(since, after, limit))

    @router.get("/saved", response_model=Saved)
    async def saved_questions(limit: Annotated[int, Query(ge=1, le=MOST_ALERTS)] = 100) -> Any:
        """The saved questions, and the newest answers to them."""
        return await line.run(lambda: kept(limit))

    @router.post("/saved")
    async def save(given: ToSave) -> dict[str, Any]:
        """Saves a question, which is asked of what is new after each build; once more changes nothing."""
        return await line.run(lambda: keep(given))

    @router.delete("/saved/{id}")
    async def remove(id: str) -> dict[str, Any]:
        """Lets go of a saved question and of what it found."""
        return await line.run(lambda: forget(id))


def _allowed(asking: Asking) -> None:
    if not asking.saving:
        raise HTTPException(403, "questions are not saved here")


def feed(asking: Asking, line: Line) -> APIRouter:
    """The route of the feed."""
    router = APIRouter()

    @router.get("/saved.atom", include_in_schema=False)
    async def new_answers(request: Request) -> Response:
        """The newest answers to saved questions."""
        base = str(request.base_url)  # of the Host header, which the guard has looked at
        store = asking.live.store
        body = await line.run(lambda: atom(store.alerts(_IN_FEED), store.saved(), base))
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if tag in request.headers.get("if-none-match", ""):
            return Response(None, 304, {"ETag": tag})
        return Response(body, 200, {"ETag": tag, "Cache-Control": "private, no-cache"}, "application/atom+xml")

    return router
