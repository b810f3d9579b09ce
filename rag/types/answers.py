"""What was decided, and the reply that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from rag.types.articles import Passage, Sentence

Reason = Literal["no_support", "unsure", "nothing_found"]  # of a refusal


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence that may answer, the short answer inside it, and the probability that it does."""

    passage: Passage
    sentence: Sentence
    short: tuple[int, int] | None  # to be shown
    span: tuple[int, int] | None  # the best inside the sentence, shown or not
    confidence: float
    # Where the answer is several spans, those in this sentence; empty where none of them is.
    items: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """The decision to answer with `supports`, best first; the first carries the decision.

    `others` are the places of those whose short answer is another one than the first's, `joined` of those that hold
    further items of its list.
    """

    supports: tuple[Support, ...]
    others: tuple[int, ...]
    confidence: float
    threshold: float
    joined: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The decision not to answer. `closest` is shown as what it is: no answer, or where `unsure` what may be one."""

    reason: Reason
    closest: tuple[Support, ...]
    confidence: float
    threshold: float


Outcome = Answered | Refused


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a reply's text. A quote's `start` and `end` are its range in the article; else both are 0."""

    kind: Literal["template", "quote", "question", "metadata"]
    text: str
    citation: int | None = None
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Citation:
    """One contiguous quotation with its place."""

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


@dataclass(frozen=True, slots=True)
class ShortSpan:
    """The place of the short answer: the number of its citation and its range in the article."""

    citation: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ShortItem:
    """One span of an answer that has several, with its place, as `ShortSpan`."""

    text: str
    citation: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another short answer with its place. The schema-1 object has its text and the number of its citation."""

    short_answer: str
    span: ShortSpan


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, refusal or error: the schema-1 object, field for field in the order it is written."""

    schema: int
    id: str | None
    question: str
    standalone_question: str
    filters: Mapping[str, object]
    asked: str | None  # the day of asking, ISO 8601
    time: Mapping[str, str | None] | None  # that the question names: "from" and "to"
    status: Literal["answered", "refused", "error"]
    text: str
    segments: tuple[Segment, ...]
    short_answer: str | None
    short_answer_span: ShortSpan | None
    short_answers: tuple[ShortItem, ...]  # in the order of the citations; empty where the answer is one span
    confidence: float | None
    threshold: float | None
    certificate: str | None
    reason: Reason | None
    unmatched_terms: tuple[str, ...]  # of a refusal, whose text names them
    citations: tuple[Citation, ...]
    closest: tuple[Citation, ...]
    alternatives: tuple[Alternative, ...]
    index_generation: str | None
    timings_ms: Mapping[str, float]
    error: str | None = None
