"""Questions and passages from a JSONL file: one object a line in, one object a line out, in the same order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.errors import InputError
from rag.messages import fault, field, message
from rag.words import is_text

T = TypeVar("T", bound=BaseModel)
MAX_TURNS = 200  # of one conversation


class Turn(BaseModel):
    """An earlier question and its answer."""

    model_config = ConfigDict(extra="ignore", strict=True)

    question: str = Field(max_length=10_000)
    answer: str = Field(default="", max_length=100_000)
    short_answer: str | None = Field(default=None, max_length=10_000)  # where it is known


class Asked(BaseModel):
    """A line of `rag ask --batch` or `rag search --batch`. Other keys are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | int | None = None
    question: str
    history: list[Turn] = Field(default=[], max_length=MAX_TURNS)
    filters: dict[str, Any] = {}


class Calibrating(BaseModel):
    """A line of `rag calibrate`. Other keys are ignored; the last three are of `rag feedback export`."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | int
    question: str
    gold: list[str] | None = None  # none was told, so every answer is wrong
    history: list[Turn] = Field(default=[], max_length=MAX_TURNS)
    article: str = ""
    gold_by: str | None = None
    export: str = ""
    lines: int = 0


class Given(BaseModel):
    """A line of `rag read`. Other keys are ignored."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: str | int | None = None
    question: str
    context: str
    title: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that cannot be used, with what could still be read of it."""

    id: str | None
    question: str
    message: str


def read_lines(path: Path, model: type[T]) -> Iterator[T | Bad]:
    """Each line that is not blank, checked. Raises InputError when the file cannot be read."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    return (_line(number, line, model) for number, line in enumerate(lines, start=1) if line.strip())


def requested(data: object, model: type[T]) -> T:
    """The object of a request, checked. Raises InputError that names the field."""
    if not is_text(data):
        raise InputError("the request holds half of a surrogate pair, which is no character")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(message("field", *_told(error))) from error


def _told(error: ValidationError) -> tuple[str, str]:
    first = error.errors()[0]
    return field(first["loc"]), fault(first["type"], first.get("ctx", {}).get("max_length"))


def _line(number: int, line: str, model: type[T]) -> T | Bad:
    try:
        data = json.loads(line)
        if not is_text(data):
            return Bad(None, "", message("surrogate", number))
    except json.JSONDecodeError as error:
        return Bad(None, "", message("not_json", number, error.pos + 1))
    except (ValueError, RecursionError):
        return Bad(None, "", message("too_deep", number))
    if not isinstance(data, dict):
        return Bad(None, "", message("not_object", number))
    try:
        return model.model_validate(data)
    except ValidationError as error:
        question = data.get("question")
        known = identifier(data.get("id"))
        return Bad(known, question if isinstance(question, str) else "", message("line_field", number, *_told(error)))


def identifier(value: object) -> str | None:
    """An id as it is written out: a string, or null."""
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
