"""OpenAI's chat API, so that any of its clients can choose the articles as a model. No language model runs.

`GET /v1/models`, `POST /v1/chat/completions`, also as a stream of server-sent events. The text is Markdown; the
schema-1 object stands beside it as `article_rag`. What steers a language model is ignored, what cannot be done is an
error.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from rag.serve.asking import Asking
from rag.serve.failed import failed
from rag.serve.http import ERRORS, status_of
from rag.serve.line import Line
from rag.serve.markdown import markdown
from rag.types.times import today
from rag.verify.schema import Answer

MODEL = "articles"
_EARLIER = 50  # turns that are the history, as on the page
_PARTS = 100  # of a message
_LONGEST = 10_000  # characters of an earlier message that are looked at
_REMEMBERED = 10_000  # answers whose short answer is known again from their text
_BEGAN = int(time.time())
# What here cannot be done, each with the values that do not ask for it. Tools may be offered, as chat front ends do
# with each question: a model need not call any.
_CANNOT: dict[str, tuple[Any, ...]] = {
    "tool_choice": (None, "auto", "none"),
    "function_call": (None, "auto", "none"),
    "n": (None, 1),
    "logprobs": (None, False),
    "response_format": (None, {"type": "text"}),
    "modalities": (None, ["text"]),
    "audio": (None,),
    "web_search_options": (None,),
}


class Part(BaseModel):
    """A part of a message."""

    type: str
    text: str | None = None


class Message(BaseModel):
    """A message of the conversation. Those of the system are ignored: they cannot change what an article says."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | Annotated[list[Part], Field(max_length=_PARTS)] | None = None


class Options(BaseModel):
    """Of a stream."""

    include_usage: bool = False


class Chat(BaseModel):
    """A request. `filters` and `asked` are ours: which articles, and the day of asking; without one it is today."""

    model_config = ConfigDict(extra="allow")

    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool | None = False
    stream_options: Options | None = None
    filters: dict[str, Any] = Field(default={}, max_length=20)
    asked: str | None = None


class Unable(Exception):
    """What cannot be done: what is wrong, and which parameter asks for it."""

    def __init__(self, what: str, param: str) -> None:
        super().__init__(what)
        self.param = param


class Said:
    """The short answers that were given, by the text they stood in: clients send back the text alone."""

    def __init__(self) -> None:
        self._held: OrderedDict[bytes, str] = OrderedDict()
        self._lock = threading.Lock()

    def remember(self, text: str, short: str | None) -> None:
        """Keeps one."""
        if not short:
            return
        with self._lock:
            self._held[_digest(text)] = short
            self._held.move_to_end(_digest(text))
            while len(self._held) > _REMEMBERED:
                self._held.popitem(last=False)

    def short(self, text: str) -> str | None:
        """That of a text; None where it is not known."""
        return self._held.get(_digest(text))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).digest()


def routes(asking: Asking, line: Line) -> APIRouter:
    """The routes."""
    router, said = APIRouter(prefix="/v1", responses=ERRORS), Said()
    its = {"id": MODEL, "object": "model", "created": _BEGAN, "owned_by": "article-rag"}

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The one model: the articles."""
        return {"object": "list", "data": [its]}

    @router.get("/models/{model}")
    async def model(model: str) -> Any:
        """That model."""
        return its if model == MODEL else _no_model(model)

    @router.post("/chat/completions")
    async def complete(chat: Chat) -> Any:
        """Answers the last message of the user with quotations, or refuses."""
        if chat.model != MODEL:
            return _no_model(chat.model)
        try:
            given = _asked(chat, said)
        except Unable as unable:
            return failed(400, str(unable), param=unable.param, code="unsupported_value")
        reply = await line.run(functools.partial(asking.ask, given))
        if reply["status"] == "error":
            return failed(status_of(reply), reply["error"])
        text = for_chat(markdown(Answer.model_validate_json(json.dumps(reply))))
        said.remember(text, reply["short_answer"])
        made = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": MODEL}
        if not chat.stream:
            message = {"role": "assistant", "content": text, "refusal": None}
            choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
            return JSONResponse(
                made | {"object": "chat.completion", "choices": [choice], "usage": _USAGE, "article_rag": reply}
            )
        usage = bool(chat.stream_options and chat.stream_options.include_usage)
        return StreamingResponse(_events(made, text, reply, usage=usage), media_type="text/event-stream")

    return router


_USAGE = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}  # no model of language ran


def for_chat(text: str) -> str:
    r"""Markdown without \[, where chat front ends begin mathematics: a link or a note needs the ] that is escaped."""
    return re.sub(r"\\\](?!\(|\\?\[|:)", "]", text).replace("\\[", "[")


def _no_model(name: str) -> JSONResponse:
    return failed(404, f"there is no model {name[:100]!r}; there is {MODEL!r}", param="model", code="model_not_found")


def _events(made: dict[str, Any], text: str, reply: dict[str, Any], *, usage: bool) -> Iterator[str]:
    """The answer in paragraphs; the schema-1 object goes with the last event."""

    def event(delta: dict[str, str] | None, end: str | None = None, **more: Any) -> str:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": end, "logprobs": None}]
        data = made | {"object": "chat.completion.chunk", "choices": choices} | more
        return f"data: {json.dumps(data)}\n\n"  # in ASCII: some clients end a line at U+2028

    yield event({"role": "assistant", "content": ""})
    *before, last = text.split("\n\n")
    for piece in (*(f"{one}\n\n" for one in before), last):
        yield event({"content": piece})
    yield event({}, "stop", article_rag=reply)
    if usage:
        yield event(None, usage=_USAGE)
    yield "data: [DONE]\n\n"


def _asked(chat: Chat, said: Said) -> dict[str, Any]:
    """The request that it is here. Raises Unable for what cannot be done."""
    extra = chat.model_extra or {}
    for name, nothing in _CANNOT.items():
        if extra.get(name) not in nothing:
            raise Unable(f"{name!r} cannot be used: an answer is quoted, not written", name)
    history: list[dict[str, str]] = []
    question: str | None = None
    for at, message in enumerate(chat.messages):
        text = _text(message, f"messages.{at}")
        if message.role == "user":
            if question is not None:
                history.append({"question": question[:_LONGEST]})
            question = text
        elif message.role == "assistant" and question is not None:
            short = said.short(text)
            before = {"question": question[:_LONGEST], "answer": text[:_LONGEST]}
            history.append(before | ({"short_answer": short} if short else {}))
            question = None
    if question is None:
        raise Unable("the last message must be the user's: it is the question", "messages")
    return {
        "question": question,
        "history": history[-_EARLIER:],
        "filters": chat.filters,
        "asked": chat.asked or today(),
    }


def _text(message: Message, where: str) -> str:
    if message.role in ("tool", "function"):
        raise Unable("tools cannot be used: an answer is quoted, not written", where)
    parts: Sequence[Part] = message.content if isinstance(message.content, list) else []
    if any(part.type != "text" for part in parts):
        raise Unable("a message may hold text alone, no image, sound or file", where)
    if isinstance(message.content, str):
        return message.content
    return "\n".join(part.text or "" for part in parts)
