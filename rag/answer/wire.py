"""What crosses the edge as JSON: the lines and requests that come in, each checked, and the objects that go out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError

from rag.language.words import is_text
from rag.types import Hit, Reply, Turn
from rag.types.errors import InputError
from rag.types.messages import fault, field, message
from rag.types.times import a_day

T = TypeVar("T", bound=BaseModel)
MAX_TURNS = 200  # of one conversation


class TurnLine(BaseModel):
    """An earlier question and its answer."""

    model_config = ConfigDict(extra="ignore", strict=True)

    question: str = Field(max_length=10_000)
    answer: str = Field(default="", max_length=100_000)
    short_answer: str | None = Field(default=None, max_length=10_000)  # where it is known


def _of_asking(value: str | None) -> str | None:
    try:
        return a_day(value)
    except ValueError as error:
        raise PydanticCustomError("day", "no day") from error


class AskedLine(BaseModel):
    """A line of `rag ask --batch` or `rag search --batch`. Other keys are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | int | None = None
    question: str
    history: list[TurnLine] = Field(default=[], max_length=MAX_TURNS)
    filters: dict[str, Any] = Field(default={}, max_length=20)
    asked: str | None = None  # the day of asking, ISO 8601

    _day = field_validator("asked")(_of_asking)


class CalibrationLine(BaseModel):
    """A line of `rag calibrate`. Other keys are ignored; the last three are of `rag feedback export`."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | int
    question: str
    gold: list[str] | None = None  # none was told, so every answer is wrong
    history: list[TurnLine] = Field(default=[], max_length=MAX_TURNS)
    article: str = ""
    asked: str | None = None
    gold_by: str | None = None
    export: str = ""
    lines: int = 0

    _day = field_validator("asked")(_of_asking)


class GivenLine(BaseModel):
    """A line of `rag read`. Other keys are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | int | None = None
    question: str
    context: str
    title: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be used, with what could still be read of it."""

    id: str | None
    question: str
    message: str


def read_lines(path: Path, model: type[T]) -> Iterator[T | BadLine]:
    """Each line that is not blank, checked. Raises InputError when the file cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return (_line(number, line, model) for number, line in enumerate(lines, start=1) if line.strip())


def requested(data: object, model: type[T]) -> T:
    """The object of a request, checked. Raises InputError that names the field."""
    if not is_text(data):
        raise InputError(message("half"))
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(message("field", *_told(error))) from error


def reason(first: Mapping[str, Any]) -> tuple[str, str]:
    """What is wrong with a request, by the first error that pydantic tells of, and the field that it is in."""
    where = ".".join(str(part) for part in first.get("loc", ()) if part not in ("body", "query", "path"))[:100]
    most = first.get("ctx", {}).get("max_length")
    return f"{where or 'the request'!r} {fault(first.get('type', ''), most)}", where


def _told(error: ValidationError) -> tuple[str, str]:
    first = error.errors()[0]
    return field(first["loc"]), fault(first["type"], first.get("ctx", {}).get("max_length"))


def _line(number: int, line: str, model: type[T]) -> T | BadLine:
    try:
        data = json.loads(line)
        if not is_text(data):
            return BadLine(None, "", message("surrogate", number))
    except json.JSONDecodeError as error:
        return BadLine(None, "", message("not_json", number, error.pos + 1))
    except (ValueError, RecursionError):
        return BadLine(None, "", message("too_deep", number))
    if not isinstance(data, dict):
        return BadLine(None, "", message("not_object", number))
    try:
        return model.model_validate(data)
    except ValidationError as error:
        question = data.get("question")
        known = identifier(data.get("id"))
        return BadLine(
            known, question if isinstance(question, str) else "", message("line_field", number, *_told(error))
        )


def identifier(value: object) -> str | None:
    """An id as it is written out: a string, or null."""
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def reply_object(reply: Reply) -> dict[str, Any]:
    """The schema-1 object. `error` stands in it only when there was one."""
    data = asdict(reply)
    data["alternatives"] = [
        {"short_answer": other.short_answer, "citations": [other.span.citation]} for other in reply.alternatives
    ]
    if reply.error is None:
        del data["error"]
    return data


def to_json(reply: Reply) -> str:
    """The schema-1 object on one line."""
    return json.dumps(reply_object(reply), ensure_ascii=False)


def with_history(reply: Reply, history: Sequence[TurnLine]) -> dict[str, Any]:
    """The schema-1 object with the turns before it, by which it can be asked again."""
    return {**reply_object(reply), "history": [turn.model_dump(exclude_none=True) for turn in history]}


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


def turns_of(line: AskedLine | CalibrationLine) -> list[Turn]:
    """The turns before a line."""
    return [Turn(turn.question, turn.short_answer or "") for turn in line.history]
