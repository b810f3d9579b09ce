"""What a program is told where it gets no result: one shape, that of OpenAI's API, whatever refuses."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel
from starlette.responses import JSONResponse


class Failure(BaseModel):
    """Why a request got no result, as OpenAI's API says it."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class Failed(BaseModel):
    """What is sent with a status of 400 or more."""

    error: Failure


def failed(
    status: int, text: str, *, param: str | None = None, code: str | None = None, headers: Mapping[str, str] = {}
) -> JSONResponse:
    """An error, which is never to be taken for a refusal."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = Failed(error=Failure(message=text, type=kind, param=param, code=code))
    return JSONResponse(body.model_dump(), status, dict(headers))
