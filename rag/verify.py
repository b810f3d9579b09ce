"""answers, seeds -> findings: whether each answer is what the seed files say, checked from the files alone.

Shares only the loader with the rest of the program. The index is not opened, and nothing an answer claims about an
article is believed: every quotation, title, date and paragraph number is looked up in the file anew. The shipped
templates are read as data, for their wording.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rag import load
from rag.errors import InputError
from rag.types import Article


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
    path: str
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


class AnswerAlternative(_Strict):
    """As `rag.types.Alternative`."""

    short_answer: str
    citations: list[int]


class Answer(_Strict):
    """One line of an answers file (schema 1)."""

    schema_: Literal[1] = Field(alias="schema")
    id: str | None
    question: str
    standalone_question: str
    filters: dict[str, Any]
    status: Literal["answered", "refused", "error"]
    text: str
    segments: list[AnswerSegment]
    short_answer: str | None
    short_answer_span: AnswerSpan | None
    confidence: float | None
    threshold: float | None
    certificate: str | None
    reason: Literal["no_support", "nothing_found"] | None
    unmatched_terms: list[str]
    citations: list[AnswerCitation]
    closest: list[AnswerCitation]
    alternatives: list[AnswerAlternative]
    index_generation: str | None
    timings_ms: dict[str, float]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold: the answer's line and id, what kind, and what."""

    line: int
    id: str | None
    kind: Literal["violation", "source changed"]
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings over a file, and how much was checked."""

    answers: int
    quotations: int
    findings: tuple[Finding, ...]


def verify(answers: Path, seeds: Path) -> Verdict:
    """Checks an answers file. Raises InputError when it is missing, empty or not in schema 1."""
    sources = _Sources(seeds)
    findings: list[Finding] = []
    count = quotations = 0
    for line, answer in _read(answers):
        count += 1
        quotations += len(answer.citations) + len(answer.closest)
        for kind, what in _check(answer, sources):
            findings.append(Finding(line, answer.id, kind, what))
    if not count:
        raise InputError(f"{answers} holds no answer; make one with `rag ask --json` or `rag ask --batch`")
    return Verdict(count, quotations, tuple(findings))


def _read(path: Path) -> Iterator[tuple[int, Answer]]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield number, Answer.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise InputError(f"{path}, line {number}: not an answer in schema 1: {place} {first['msg']}") from error


Problem = tuple[Literal["violation", "source changed"], str]


class _Sources:
    """Articles read anew from the seed files, each once."""

    def __init__(self, seeds: Path) -> None:
        self._seeds = seeds
        found, _ = load.find(seeds)
        self._paths = {file.path for file in found}
        self._files: dict[str, dict[str, Article]] = {}

    def article(self, path: str, article_id: str) -> Article | str:
        """The article of this id in a seed file, or why there is none."""
        if path not in self._paths:
            return f"there is no seed file {path}"
        if path not in self._files:
            loaded = load.load(self._seeds, path)
            self._files[path] = {article.info.article_id: article for article in loaded.articles}
        return self._files[path].get(article_id, f"{path} holds no readable article {article_id}")


def _check(answer: Answer, sources: _Sources) -> Iterator[Problem]:
    shown = answer.citations or answer.closest
    yield from (("violation", what) for what in _shape(answer, shown))
    for citation in [*answer.citations, *answer.closest]:
        yield from _citation(citation, sources)
    yield from (("violation", what) for what in _segments(answer, shown))


def _shape(answer: Answer, shown: list[AnswerCitation]) -> Iterator[str]:
    """What must hold between an answer's fields, whatever the articles say."""
    if answer.status == "error":
        if answer.citations or answer.closest or answer.text or answer.error is None:
            yield "an error carries an answer"
        return
    if answer.confidence is None or answer.threshold is None:
        yield "confidence or threshold is missing"
    elif (answer.status == "answered") != (answer.confidence >= answer.threshold):
        yield f"{answer.status} with confidence {answer.confidence} at threshold {answer.threshold}"
    if answer.status == "answered" and (not answer.citations or answer.closest or answer.reason):
        yield "answered without a citation, or with the parts of a refusal"
    if answer.status == "refused" and (answer.citations or answer.short_answer or answer.reason is None):
        yield "refused with the parts of an answer, or without a reason"
    if [c.number for c in shown] != list(range(1, len(shown) + 1)) or len(shown) > 3:
        yield "citations are not numbered 1, 2, 3"
    if (answer.short_answer is None) != (answer.short_answer_span is None):
        yield "the short answer and its place do not come together"
    span = answer.short_answer_span
    if span is not None and not _lies_in(shown, span.citation, span.start, span.end, answer.short_answer or ""):
        yield "the short answer is not in its citation"
    for alternative in answer.alternatives:
        if not any(alternative.short_answer in c.quote for c in shown if c.number in alternative.citations):
            yield "an alternative is not in its citations"


def _lies_in(shown: list[AnswerCitation], number: int | None, start: int, end: int, text: str) -> bool:
    """Whether `text` is the range `start:end` of its article and that lies inside the citation of this number."""
    return any(
        c.number == number and c.start <= start < end <= c.end and c.quote[start - c.start : end - c.start] == text
        for c in shown
    )


def _citation(citation: AnswerCitation, sources: _Sources) -> Iterator[Problem]:
    label = f"citation {citation.number} ({citation.path})"
    article = sources.article(citation.path, citation.article_id)
    if isinstance(article, str):
        yield "source changed", f"{label}: {article}"
        return
    info = article.info
    if info.seed_sha256 != citation.seed_sha256:
        yield "source changed", f"{label}: the seed file is not the one that was quoted"
        return
    if info.text_sha256 != citation.text_sha256:
        yield (
            "violation",
            f"{label}: the file gives another text than the one that was quoted ({info.loader})",
        )
    for name in ("article_id", "title", "publisher", "author", "url", "date"):
        if getattr(citation, name) != getattr(info, name):
            yield "violation", f"{label}: {name} is not that of the article"
    if not 0 <= citation.start < citation.end <= len(article.text):
        yield "violation", f"{label}: {citation.start}:{citation.end} is no range of the article"
        return
    if article.text[citation.start : citation.end] != citation.quote:
        yield "violation", f"{label}: the quotation is not what stands at {citation.start}:{citation.end}"
    home = next((p for p in article.paragraphs if p.start <= citation.start < citation.end <= p.end), None)
    if home is None:
        yield "violation", f"{label}: {citation.start}:{citation.end} lies in no single paragraph"
    elif (home.number, home.section, home.page) != (citation.paragraph, citation.section, citation.page):
        yield "violation", f"{label}: paragraph, section or page is not that of the quotation"


def _segments(answer: Answer, shown: list[AnswerCitation]) -> Iterator[str]:
    """That the text is its segments, and that each segment is what it says it is."""
    if "".join(segment.text for segment in answer.segments) != answer.text:
        yield "the segments joined are not the text"
    by_number = {c.number: c for c in shown}
    quoted: set[int | None] = set()
    for segment in answer.segments:
        match segment.kind:
            case "template":
                good = _is_wording(segment.text, answer.status)
            case "quote":
                good = _lies_in(shown, segment.citation, segment.start, segment.end, segment.text)
                if segment.citation in by_number and segment.text == by_number[segment.citation].quote:
                    quoted.add(segment.citation)
            case "question":
                good = segment.text in answer.question and segment.text in answer.unmatched_terms
            case "metadata":
                good = segment.citation in by_number and segment.text in _known(by_number[segment.citation])
        if not good:
            yield f"{segment.kind} segment {segment.text!r} is not one"
    if missing := set(by_number) - quoted:
        yield f"citation {min(missing)} is not quoted in the text"
    if any(term not in answer.question for term in answer.unmatched_terms):
        yield "an unmatched term is not in the question"


def _known(citation: AnswerCitation) -> set[str]:
    values = (
        citation.number,
        citation.title,
        citation.publisher,
        citation.date,
        citation.page,
        citation.paragraph,
    )
    return {str(value) for value in values if value is not None}


def _is_wording(text: str, status: str) -> bool:
    """Whether `text` can be laid out of pieces of the templates of this status."""
    pieces = _wording(status)
    reached = {0}
    for at in range(len(text)):
        if at in reached:
            reached.update(at + len(piece) for piece in pieces if text.startswith(piece, at))
    return bool(text) and len(text) in reached


@functools.cache
def _wording(status: str) -> frozenset[str]:
    """What stands between the slots of the templates for answers of this status."""
    environment = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701 - only lexed
    folder = files("rag").joinpath("templates")
    sources = [folder.joinpath("quotations.j2").read_text(encoding="utf-8")]
    if status in ("answered", "refused"):
        sources += [f.read_text(encoding="utf-8") for f in folder.joinpath(status).iterdir() if f.name.endswith(".j2")]
    pieces = {text for source in sources for _, kind, text in environment.lex(source) if kind == "data"}
    return frozenset(filter(None, pieces | {piece.strip("\n") for piece in pieces}))


def to_json(verdict: Verdict) -> str:
    """The verdict as one JSON object."""
    found = [{"line": f.line, "id": f.id, "kind": f.kind, "what": f.what} for f in verdict.findings]
    return json.dumps(
        {"answers": verdict.answers, "quotations": verdict.quotations, "findings": found}, ensure_ascii=False
    )
