"""Logs of answers, exported conversations -> the quotations that do not stand any more where they were quoted."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag.types.errors import InputError
from rag.types.following import Change
from rag.types.stores import Reader
from rag.verify.schema import AnswerCitation

_LONGEST = 50_000_000  # bytes of a line: an answer with the longest history there may be
_TEXTS = 100  # articles that are held while a log is read


class QuotingLine(BaseModel):
    """What is needed of an answer in schema 1."""

    model_config = ConfigDict(extra="ignore", strict=True)

    schema_: Literal[1] = Field(alias="schema")
    id: str | None
    question: str
    asked: str | None = None
    status: Literal["answered", "refused", "error"]
    citations: list[AnswerCitation] = Field(max_length=100)
    closest: list[AnswerCitation] = Field(max_length=100)


@dataclass(frozen=True, slots=True)
class Lost:
    """A quotation of an answer that does not stand where it was quoted: gone, or moved to another place."""

    log: str
    line: int
    id: str | None
    question: str
    asked: str | None
    status: str
    citation: AnswerCitation
    state: Literal["gone", "moved"]
    article_id: str | None  # where it stands now,
    start: int | None
    end: int | None


def lost(logs: Iterable[Path], reader: Reader, renames: Mapping[str, str], among: Collection[str] | None) -> list[Lost]:
    """The quotations of these files that do not stand where they were; of articles `among` these where any are given.

    `renames` are ids that articles had, and the ones that they were given. Raises InputError for a file that cannot be
    read or holds something else than answers.
    """
    texts = functools.lru_cache(_TEXTS)(lambda article_id: _text(reader, article_id))
    found = []
    for log in logs:
        for number, line in answers(log):
            for citation in (*line.citations, *line.closest):
                if among is not None and citation.article_id not in among:
                    continue
                place = _place(citation, renames, texts)
                if place != (citation.article_id, citation.start, citation.end):
                    told = str(log), number, line.id, line.question, line.asked, line.status, citation
                    found.append(Lost(*told, "moved", *place) if place else Lost(*told, "gone", None, None, None))
    return found


def _text(reader: Reader, article_id: str) -> str | None:
    found = reader.article(article_id)
    return found[1] if found else None


def _place(
    citation: AnswerCitation, renames: Mapping[str, str], texts: Callable[[str], str | None]
) -> tuple[str, int, int] | None:
    """Where a quotation stands word for word: at its place, else nearest to it; None where it does not."""
    for article_id in (citation.article_id, renames.get(citation.article_id)):
        text = texts(article_id) if article_id is not None else None
        if article_id is None or text is None:
            continue
        if text[citation.start : citation.end] == citation.quote:
            return article_id, citation.start, citation.end
        words = r"\s+".join(re.escape(word) for word in citation.quote.split())
        words = re.sub(r"^(?=\w)|(?<=\w)$", r"\\b", words)
        places = [match.span() for match in re.finditer(words, text)] if words else []
        if places:
            return article_id, *min(places, key=lambda place: abs(place[0] - citation.start))
    return None


def renamed(changes: Iterable[Change]) -> dict[str, str]:
    """Ids that articles had, and the last that each was given."""
    out: dict[str, str] = {}
    for change in changes:
        if change.kind == "renamed" and change.before and change.after:
            old, new = change.before.article_id, change.after.article_id
            out = {id: new if now == old else now for id, now in out.items() if id != new} | {old: new}
    return out


def answers(log: Path) -> Iterator[tuple[int, QuotingLine]]:
    """The answers of a log or an exported conversation with their lines. A last line that is torn was never given."""
    try:
        with log.open("rb") as file:
            number = 0
            while raw := file.readline(_LONGEST):
                number += 1
                if raw.strip():
                    try:
                        yield number, QuotingLine.model_validate(json.loads(raw))
                    except (ValidationError, ValueError, RecursionError) as error:
                        if raw.endswith(b"\n") or len(raw) >= _LONGEST:
                            raise InputError(f"{log}, line {number}: not an answer in schema 1") from error
    except OSError as error:
        raise InputError(f"{log} cannot be read: {error.strerror}; name a log of `rag serve --log`") from error
