"""The batch commands: one line of a JSONL file in, one object out, in the same order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from rag.answer.assistant import Assistant
from rag.answer.failure import error_reply
from rag.answer.journal import Journal
from rag.answer.reader import Reader
from rag.answer.wire import (
    AskedLine,
    BadLine,
    GivenLine,
    TurnLine,
    hit_object,
    identifier,
    read_lines,
    reply_object,
    turns_of,
    with_history,
)
from rag.types import Reply
from rag.types.errors import InputError, RagError
from rag.types.filters import parse

_log = logging.getLogger("rag")
T = TypeVar("T")
Line = tuple[dict[str, Any], bool]  # the object, and whether it is a result rather than an error


def recorded(journal: Journal | None, reply: Reply, history: Sequence[TurnLine]) -> Reply:
    """The reply, when it is in the log; where it cannot be written there, an error in its place."""
    try:
        if journal is not None:
            journal.add(with_history(reply, history))
    except RagError as error:
        generation, filters = reply.index_generation, reply.filters
        return error_reply(
            error, id=reply.id, question=reply.question, filters=filters, asked=reply.asked, generation=generation
        )
    return reply


def ask_lines(batch: Path, load: Callable[[], Assistant]) -> Iterator[Line]:
    """One answer a line of the batch, in the same order."""
    lines = read_lines(batch, AskedLine)
    assistant = load()
    for line in lines:
        if isinstance(line, BadLine):
            yield reply_object(error_reply(InputError(line.message), id=line.id, question=line.question)), False
            continue
        reply = replied(line, assistant)
        yield with_history(reply, line.history) if line.history else reply_object(reply), reply.status != "error"


def replied(asked: AskedLine, assistant: Assistant) -> Reply:
    """The reply to one line or request; where it cannot be asked of the generation, an error that says why."""
    id = identifier(asked.id)
    try:
        return answered(assistant, asked)
    except Exception as error:  # noqa: BLE001 - a fault in one line must not end the batch, nor look like a refusal
        generation = assistant.store.generation
        question, filters, day = asked.question, asked.filters, asked.asked
        return error_reply(error, id=id, question=question, filters=filters, asked=day, generation=generation)


def answered(assistant: Assistant, asked: AskedLine) -> Reply:
    """The reply to one line or request. Raises InputError where it cannot be asked."""
    filters = parse(asked.filters)
    id, history = identifier(asked.id), turns_of(asked)
    return assistant.ask(asked.question, id=id, history=history, filters=filters, day=asked.asked)


def _tried(use: Callable[[Any], T], line: Any) -> tuple[T | None, str]:
    """What comes of a line, or why nothing does."""
    try:
        return use(line), ""
    except RagError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001 - a fault in one line must not end the batch, nor look like a refusal
        _log.exception("question %r failed", line.question)
        return None, f"internal error: {type(error).__name__}: {error}"


def search_lines(batch: Path, assistant: Assistant, k: int) -> Iterator[Line]:
    """The hits of each line of the batch, in the same order."""
    for line in read_lines(batch, AskedLine):
        yield _guarded(line, lambda asked: _found(asked, assistant, k))


def _found(asked: AskedLine, assistant: Assistant, k: int) -> dict[str, Any]:
    filters = parse(asked.filters)
    found = assistant.search(asked.question, k, history=turns_of(asked), filters=filters, day=asked.asked)
    hits = [hit_object(rank, hit) for rank, hit in enumerate(found, start=1)]
    return {"id": identifier(asked.id), "question": asked.question, "status": "ok", "hits": hits}


def read_passages(passages: Path, load: Callable[[], Reader]) -> Iterator[Line]:
    """One reading a line, in the same order."""
    lines = read_lines(passages, GivenLine)
    reader = load()
    for line in lines:
        yield _guarded(line, lambda given: asdict(_read(given, reader)))


def _read(given: GivenLine, reader: Reader) -> Any:
    return reader.read(
        given.question, given.context, id=identifier(given.id), title=given.title or "", section=given.section
    )


def _guarded(line: Any, use: Callable[[Any], dict[str, Any]]) -> Line:
    """The line's result, or an error object that says why there is none."""
    if isinstance(line, BadLine):
        return {"id": line.id, "question": line.question, "status": "error", "error": line.message}, False
    found, message = _tried(use, line)
    if found is not None:
        return found, True
    return {"id": identifier(line.id), "question": line.question, "status": "error", "error": message}, False
