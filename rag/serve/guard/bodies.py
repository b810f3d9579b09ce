"""The bodies of requests: how large, how slow, how deep they may be, and which files they name."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from typing import Any

from starlette.types import Message, Receive

_NESTING = 100  # JSON deeper than that is nothing that the page sends
_VALUES = 100_000  # values in a body; to parse more holds up everybody else's requests
_PIECES = 20_000  # in which a body arrives
_NAME = 64  # characters of what names a session or an event


class RequestRefused(Exception):
    """A request that goes no further: the status and the reason; of a wrong method those that there are."""

    def __init__(self, status: int, why: str, allowed: str | None = None) -> None:
        self.status, self.why = status, why
        self.headers = {"Allow": allowed} if allowed else {}


def bounded(receive: Receive, most: int, seconds: float, pieces: int | None = _PIECES) -> Receive:
    """The same messages; raises RequestRefused when the body has more bytes or pieces, or takes longer."""
    loop = asyncio.get_running_loop()
    count, parts, end, done = 0, 0, loop.time() + seconds, False

    async def received() -> Message:
        nonlocal count, parts, done
        if done:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), end - loop.time())
        except TimeoutError as error:
            raise RequestRefused(408, f"the request did not arrive within {seconds:.0f} seconds") from error
        count, parts = count + len(message.get("body", b"")), parts + 1
        done = not message.get("more_body", False)
        if count > most or (pieces is not None and parts > pieces):
            raise RequestRefused(413, "the request is too large")
        return message

    return received


async def whole(receive: Receive) -> bytes:
    """All of a body."""
    parts, more = list[bytes](), True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message["type"] == "http.request" and message.get("more_body", False)
    return b"".join(parts)


def again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, once more; then what comes after it."""
    given = False

    async def received() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return received


def named_files(body: bytes) -> list[str | None]:
    """The path of each object in a JSON body that Gradio would take for a file; None where it has none that is text.

    Raises RequestRefused for what is not JSON, has too many values, or names a session by more than a name.
    """
    if sum(body.count(sign) for sign in (b",", b"[", b"{")) > _VALUES:
        raise RequestRefused(413, "the request has too many values")
    try:
        data = json.loads(body, parse_constant=_finite, parse_float=_finite) if body.strip() else None
        found = list(_files(data))
    except (ValueError, RecursionError) as error:
        raise RequestRefused(400, "the request is not JSON, or nested too deep") from error
    names = [data.get(key) for key in ("session_hash", "event_id", "trigger_id")] if isinstance(data, dict) else []
    if any(len(str(name)) > _NAME for name in names):
        raise RequestRefused(400, "the request names its session by more than a name")
    return found


def _finite(written: str) -> float:
    """Raises ValueError for NaN, Infinity and 1e400, which are no JSON or become none."""
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(f"{written} is no number of JSON")
    return number


def _files(data: Any, depth: int = 0) -> Iterator[str | None]:
    if depth > _NESTING:
        raise ValueError("nested too deep")
    if isinstance(data, dict):
        meta = data.get("meta")
        if isinstance(meta, dict) and meta.get("_type") == "gradio.FileData":
            path = data.get("path")
            yield path if isinstance(path, str) else None
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from _files(value, depth + 1)
