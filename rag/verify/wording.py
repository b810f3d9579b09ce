"""Whether the text of an answer is what one of the shipped templates makes of its citations, segment by segment."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator

from jinja2 import Environment, PackageLoader

from rag.plain import aside
from rag.verify.schema import Answer, AnswerCitation


def unlike_templates(answer: Answer, shown: list[AnswerCitation]) -> Iterator[str]:
    """That the text is its segments, and these are what one of the shipped templates makes of the citations."""
    if "".join(segment.text for segment in answer.segments) != answer.text:
        yield "the segments joined are not the text"
    given = [(s.kind, s.text, s.citation, s.start, s.end) for s in answer.segments]
    best: tuple[int, str] | None = None
    for name in _templates(answer):
        wanted = _made(name, answer, shown)
        if wanted == given:
            return
        at = next(
            (i for i, (a, b) in enumerate(zip(given, wanted, strict=False)) if a != b), min(len(given), len(wanted))
        )
        found = repr(given[at][1]) if at < len(given) else "nothing"
        if best is None or at > best[0]:
            best = at, f"segment {at + 1}: {found} is not what a template has there"
    yield best[1] if best else "there is no template for this"


def place_shown(answer: Answer, text: str, number: int) -> tuple[int, int]:
    """Where the answer says that an alternative stands: that it does is checked with the citations."""
    return next(
        ((s.start, s.end) for s in answer.segments if (s.kind, s.text, s.citation) == ("quote", text, number)), (0, 0)
    )


def _scope(answer: Answer, place: Callable[..., str | None]) -> dict[str, str | None]:
    filters = answer.filters
    count = len(filters.articles) or None
    return {
        "since": place("metadata", filters.since),
        "until": place("metadata", filters.until),
        "articles": place("metadata", count),
    }


Row = tuple[str, str, int | None, int, int]
_PLACE = re.compile("\ue000(\\d+)\ue001")


def _made(name: str, answer: Answer, shown: list[AnswerCitation]) -> list[Row]:
    """The segments that a template makes of these citations, with places for the values filled in afterwards."""
    values: list[Row] = []

    def place(kind: str, text: object, citation: int | None = None, start: int = 0, end: int = 0) -> str | None:
        if text is None:
            return None
        values.append((kind, str(text), citation, start, end))
        return f"\ue000{len(values) - 1}\ue001"

    fields = ("number", "title", "publisher", "author", "date", "page", "paragraph")
    citations = [
        {field: place("metadata", getattr(c, field), c.number) for field in fields}
        | {"quote": place("quote", c.quote, c.number, c.start, c.end)}
        for c in shown
    ]
    span = answer.short_answer_span
    rendered = (
        _environment()
        .get_template(name)
        .render(
            citations=citations,
            unmatched=[place("question", term) for term in answer.unmatched_terms],
            short=place("quote", answer.short_answer, span.citation, span.start, span.end) if span else None,
            first=place("metadata", 1, 1),
            title=place("metadata", shown[0].title, 1) if shown else None,
            alternatives=[
                {
                    "short": place("quote", one.short_answer, number, *place_shown(answer, one.short_answer, number)),
                    "number": place("metadata", number, number),
                    "date": place("metadata", next((c.date for c in shown if c.number == number), None), number),
                }
                for one in answer.alternatives
                for number in one.citations
            ],
            scope=_scope(answer, place),
        )
    )
    pieces = _PLACE.split(rendered.strip("\n"))
    rows: list[Row] = [values[int(p)] if i % 2 else ("template", p, None, 0, 0) for i, p in enumerate(pieces)]
    return [row for row in rows if row[1]]


@functools.cache
def _environment() -> Environment:
    return Environment(loader=PackageLoader("rag"), trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701 - compared, never shown


def _templates(answer: Answer) -> tuple[str, ...]:
    """Those that may be used: of a refusal the one that goes with what was asked."""
    if answer.status == "refused":
        return (f"refused/{aside(answer.question) or 'refused'}.j2",)
    return tuple(name for name in _environment().list_templates() if name.startswith(f"{answer.status}/"))
