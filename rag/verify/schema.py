"""An answers file as untrusted bytes: schema 1, checked strictly."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rag.types import Reason, Reply, Segment
from rag.types.errors import InputError
from rag.types.filters import Filters, parse
from rag.types.times import a_day

_MOST = 100  # parts of one kind in an answer: far more than any has, and few enough to check


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class AnswerSegment(_Strict):
    """As `rag.types.Segment`."""

    kind: Literal["template", "quote", "question", "metadata"]
    text: str
    citation: int | None
    start: int
    end: int


class AnswerCitation(_Strict):
    """As `rag.types.Citation`."""

    number: int
    article_id: str
    title: str
    publisher: str | None
    author: str | None
    url: str | None
    path: str = Field(validation_alias=AliasChoices("path", "file"))  # the latter in what Gradio's endpoints return
    date: str | None
    section: str | None
    page: int | None
    paragraph: int
    start: int
    end: int
    quote: str
    seed_sha256: str
    text_sha256: str


class AnswerSpan(_Strict):
    """As `rag.types.ShortSpan`."""

    citation: int
    start: int
    end: int


class AnswerItem(_Strict):
    """As `rag.types.ShortItem`."""

    text: str
    citation: int
    start: int
    end: int


class AnswerAlternative(_Strict):
    """As `rag.types.Alternative`, without its range: that is the one of the segment that shows it."""

    short_answer: str = Field(min_length=1)
    citations: list[int] = Field(min_length=1, max_length=_MOST)


class AnswerTime(_Strict):
    """The days that the question names, as `rag.types.TimeMeant`."""

    since: str | None = Field(alias="from")
    until: str | None = Field(alias="to")

    @field_validator("since", "until")
    @classmethod
    def _day(cls, value: str | None) -> str | None:
        return a_day(value)


class EarlierTurn(_Strict):
    """A turn before the question, as it was asked with."""

    question: str
    answer: str = ""
    short_answer: str | None = None


class Answer(_Strict):
    """One line of an answers file (schema 1), with the history that `rag serve --log` writes beside it."""

    schema_: Literal[1] = Field(alias="schema")
    id: str | None
    question: str
    standalone_question: str
    filters: Filters
    asked: str | None = None
    time: AnswerTime | None = None
    status: Literal["answered", "refused", "error"]
    text: str
    segments: list[AnswerSegment] = Field(max_length=100 * _MOST)
    short_answer: str | None
    short_answer_span: AnswerSpan | None
    short_answers: list[AnswerItem] = Field(default=[], max_length=_MOST)  # absent in what was written before
    confidence: float | None = Field(ge=0, le=1, allow_inf_nan=False)
    threshold: float | None = Field(ge=0, le=1, allow_inf_nan=False)
    certificate: str | None = Field(pattern=r"^[0-9a-f]{16}$")
    reason: Reason | None
    unmatched_terms: list[str] = Field(max_length=10 * _MOST)
    citations: list[AnswerCitation] = Field(max_length=_MOST)
    closest: list[AnswerCitation] = Field(max_length=_MOST)
    alternatives: list[AnswerAlternative] = Field(max_length=_MOST)
    index_generation: str | None
    timings_ms: dict[Annotated[str, Field(pattern=r"^[a-z_]{1,20}$")], Annotated[float, Field(allow_inf_nan=False)]]
    error: str | None = None
    history: list[EarlierTurn] = []

    @field_validator("asked")
    @classmethod
    def _day(cls, value: str | None) -> str | None:
        return a_day(value)

    @model_validator(mode="before")
    @classmethod
    def _refused_filters(cls, data: Any) -> Any:
        """Filters that cannot be used stand in the error that says so of them, and nowhere else."""
        if isinstance(data, dict) and data.get("status") == "error":
            try:
                parse(data.get("filters", {}))
            except InputError as error:
                return data | {"filters": {}} if str(error) == data.get("error") else data
        return data

    @property
    def shown(self) -> tuple[str, list[AnswerCitation]]:
        """The citations that the text quotes, and the key under which they stand."""
        return ("citations", self.citations) if self.citations or not self.closest else ("closest", self.closest)


def perhaps(answer: Answer | Reply) -> int | None:
    """The place in `segments` of the words that may be the answer, which an unsure refusal shows before what it quotes.

    None where it shows none.
    """
    segments: Sequence[AnswerSegment | Segment] = answer.segments
    quotes = [i for i, segment in enumerate(segments) if segment.kind == "quote"]
    shown = answer.reason == "unsure" and answer.closest and len(quotes) == len(answer.closest) + 1
    return quotes[0] if shown else None


def read(path: Path) -> Iterator[tuple[int, Answer]]:
    """(line number, answer) of each line that is not blank. Raises InputError for a file not in schema 1."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            data = json.loads(line, object_pairs_hook=_each_once)
            json.dumps(data, ensure_ascii=False).encode()  # half of a surrogate pair is no character
            yield number, Answer.model_validate(data)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InputError(f"{path}, line {number}: not an answer in schema 1: {place} {first['msg']}") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{path}, line {number}: not JSON: {error}") from error


def with_paths(line: dict[str, Any]) -> dict[str, Any]:
    """A line with `path` where a citation has `file`, as in what Gradio's endpoints return."""
    cited = {
        name: [{"path" if key == "file" else key: value for key, value in one.items()} for one in line[name]]
        for name in ("citations", "closest")
    }
    return line | cited


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return data
