"""Replies and hits as JSON objects, and the three batch commands line by line."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from rag.batch import Asked, Bad, Calibrating, Given, identifier, read_lines
from rag.batch import Turn as Earlier
from rag.calibrate import Question
from rag.errors import InputError, RagError
from rag.feedback import PROGRAM
from rag.filters import parse
from rag.journal import Journal
from rag.pipeline import Assistant, error_reply
from rag.reader import Reader
from rag.types import Hit, Reply, Turn

_log = logging.getLogger("rag")
T = TypeVar("T")
Line = tuple[dict[str, Any], bool]  # the object, and whether it is a result rather than an error


def reply_object(reply: Reply) -> dict[str, Any]:
    """The schema-1 object. `error` stands in it only when there was one."""
    data = asdict(reply)
    if reply.error is None:
        del data["error"]
    return data


def to_json(reply: Reply) -> str:
    """The schema-1 object on one line."""
    return json.dumps(reply_object(reply), ensure_ascii=False)


def with_history(reply: Reply, history: Sequence[Earlier]) -> dict[str, Any]:
    """The schema-1 object with the turns before it, by which it can be asked again."""
    return {**reply_object(reply), "history": [turn.model_dump(exclude_none=True) for turn in history]}


def recorded(journal: Journal | None, reply: Reply, history: Sequence[Earlier]) -> Reply:
    """The reply, when it is in the log; where it cannot be written there, an error in its place."""
    try:
        if journal is not None:
            journal.add(with_history(reply, history))
    except RagError as error:
        return error_reply(error, id=reply.id, question=reply.question, generation=reply.index_generation)
    return reply


def hit_object(rank: int, hit: Hit) -> dict[str, Any]:
    """A retrieved passage with its place and scores."""
    passage = hit.passage
    return {
        "rank": rank,
        "score": round(hit.score, 6),
        "cosine": round(hit.cosine, 6),
        "dense_rank": hit.dense_rank,
        "lexical": None if hit.lexical is None else round(hit.lexical, 6),
        "lexical_rank": hit.lexical_rank,
        "article_id": passage.info.article_id,
        "title": passage.info.title,
        "path": passage.info.path,
        "date": passage.info.date,
        "section": passage.chunk.section,
        "paragraphs": sorted({sentence.paragraph for sentence in passage.chunk.sentences}),
        "start": passage.chunk.start,
        "end": passage.chunk.end,
        "text": passage.text,
    }


def ask_lines(batch: Path, load: Callable[[], Assistant]) -> Iterator[Line]:
    """One answer a line of the batch, in the same order."""
    lines = read_lines(batch, Asked)
    assistant = load()
    for line in lines:
        if isinstance(line, Bad):
            yield reply_object(error_reply(InputError(line.message), id=line.id, question=line.question)), False
            continue
        reply = replied(line, assistant)
        yield with_history(reply, line.history) if line.history else reply_object(reply), reply.status != "error"


def replied(asked: Asked, assistant: Assistant) -> Reply:
    """The reply to one line or request; where it cannot be asked of the generation, an error that says why."""
    id = identifier(asked.id)
    try:
        return answered(assistant, asked)
    except Exception as error:  # noqa: BLE001 - a fault in one line must not end the batch, nor look like a refusal
        generation = assistant.store.generation
        return error_reply(error, id=id, question=asked.question, filters=asked.filters, generation=generation)


def answered(assistant: Assistant, asked: Asked) -> Reply:
    """The reply to one line or request. Raises InputError where it cannot be asked."""
    filters = parse(asked.filters)
    return assistant.ask(asked.question, id=identifier(asked.id), history=_turns(asked), filters=filters)


def _tried(use: Callable[[Any], T], line: Any) -> tuple[T | None, str]:
    """What comes of a line, or why nothing does: a fault in one must not end the batch, nor look like a refusal."""
    try:
        return use(line), ""
    except RagError as error:
        return None, str(error)
    except Exception as error:  # noqa: BLE001 - see above
        _log.exception("question %r failed", line.question)
        return None, f"internal error: {type(error).__name__}: {error}"


def _turns(line: Asked | Calibrating) -> list[Turn]:
    return [Turn(turn.question, turn.short_answer or "") for turn in line.history]


def calibrating(file: Path) -> list[Question]:
    """The questions of a calibration; none is left out, which would bias it.

    Raises InputError for a line that cannot be used, a gold that is the program's own, and an export of feedback of
    which lines are missing.
    """
    out, exported = [], Counter[tuple[str, int]]()
    for line in read_lines(file, Calibrating):
        if isinstance(line, Bad):
            raise InputError(f"{file}: {line.message}; mend the line, since leaving it out would bias the result")
        if line.gold_by == PROGRAM:
            raise InputError(
                f"{file}: the gold of '{line.id}' is the program's own answer, by which it is always right; write what "
                'a person found in the articles ([] for nothing) and "gold_by": "person", and keep every line'
            )
        if line.export:
            exported[line.export, line.lines] += 1
        history, told = tuple(_turns(line)), line.gold is not None
        out.append(Question(str(line.id), line.question, tuple(line.gold or ()), line.article, told, history))
    for (_, lines), there in exported.items():
        if there != lines:
            raise InputError(
                f"{file}: {there} of the {lines} lines of the export are there; put the others back, since leaving out "
                "what was answered badly would flatter the program"
            )
    return out


def search_lines(batch: Path, assistant: Assistant, k: int) -> Iterator[Line]:
    """The hits of each line of the batch, in the same order."""
    for line in read_lines(batch, Asked):
        yield _guarded(line, lambda asked: _found(asked, assistant, k))


def _found(asked: Asked, assistant: Assistant, k: int) -> dict[str, Any]:
    found = assistant.search(asked.question, k, history=_turns(asked), filters=parse(asked.filters))
    hits = [hit_object(rank, hit) for rank, hit in enumerate(found, start=1)]
    return {"id": identifier(asked.id), "question": asked.question, "status": "ok", "hits": hits}


def read_passages(passages: Path, load: Callable[[], Reader]) -> Iterator[Line]:
    """One reading a line, in the same order."""
    lines = read_lines(passages, Given)
    reader = load()
    for line in lines:
        yield _guarded(line, lambda given: asdict(_read(given, reader)))


def _read(given: Given, reader: Reader) -> Any:
    return reader.read(
        given.question, given.context, id=identifier(given.id), title=given.title or "", section=given.section
    )


def _guarded(line: Any, use: Callable[[Any], dict[str, Any]]) -> Line:
    """The line's result, or an error object that says why there is none."""
    if isinstance(line, Bad):
        return {"id": line.id, "question": line.question, "status": "error", "error": line.message}, False
    found, message = _tried(use, line)
    if found is not None:
        return found, True
    return {"id": identifier(line.id), "question": line.question, "status": "error", "error": message}, False
