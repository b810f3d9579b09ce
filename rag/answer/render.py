"""Outcome -> Reply: Jinja templates whose every value is a quotation, metadata or the question's own words.

A template never sees a text. It places slots, and the rendered string is taken apart at them again, so each segment
knows what it is, and what is between the slots is the template's own wording.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jinja2 import Environment, PackageLoader, StrictUndefined

from rag.answer.listed import alternatives, listed, quoted, said_apart
from rag.language import Language, pack
from rag.language.words import WORD
from rag.types import (
    ASIDES,
    Alternative,
    Answered,
    Citation,
    Kind,
    Outcome,
    Reply,
    Segment,
    ShortItem,
    ShortSpan,
    Support,
    Understanding,
)
from rag.types.filters import Filters
from rag.types.times import may_have_changed

_SLOT = "\ue000{}\ue001"  # private-use characters, which no template contains


@dataclass(slots=True)
class _Slots:
    """The values a template may place, each under a number."""

    segments: list[Segment] = field(default_factory=list)

    def put(self, segment: Segment) -> str:
        self.segments.append(segment)
        return _SLOT.format(len(self.segments) - 1)

    def take_apart(self, rendered: str) -> tuple[Segment, ...]:
        pieces = re.split(_SLOT.format(r"(\d+)"), rendered)
        out: list[Segment] = []
        for i, piece in enumerate(pieces):
            if i % 2:
                out.append(self.segments[int(piece)])
            elif piece:
                out.append(Segment("template", piece))
        return tuple(out)


@functools.cache
def _templates(language: Language) -> Environment:
    return Environment(
        loader=PackageLoader(language.__name__),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - the text is plain; the page escapes it when it shows it
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, and of what."""

    understanding: Understanding
    filters: Filters
    generation: str
    id: str | None = None
    unmatched: Sequence[str] = ()  # words of the question that occur in no article
    day: str | None = None  # of asking

    @property
    def kind(self) -> Kind:
        """Of its one query; of several, none of their kinds."""
        queries = self.understanding.queries
        return queries[0].kind if len(queries) == 1 else "what"


def render(asked: Request, outcome: Outcome) -> Reply:
    """The reply without its timings."""
    answered = isinstance(outcome, Answered)
    supports = outcome.supports if isinstance(outcome, Answered) else outcome.closest
    citations = tuple(_citation(number, support) for number, support in enumerate(supports, start=1))
    shown = _short_shown(outcome)
    span = shown if answered else None
    others = alternatives(outcome, citations) if isinstance(outcome, Answered) else []
    its = listed(outcome, citations) if isinstance(outcome, Answered) else ()
    segments = _segments(asked, _template(asked, outcome), citations, shown, others, its)
    return Reply(
        schema=1,
        id=asked.id,
        question=asked.understanding.asked,
        standalone_question=asked.understanding.shown,
        filters=asked.filters.object(),
        asked=asked.day,
        time=asked.understanding.time.object() if asked.understanding.time else None,
        status="answered" if answered else "refused",
        text="".join(segment.text for segment in segments),
        segments=segments,
        short_answer=quoted(citations[0], span) if span else None,
        short_answer_span=span,
        short_answers=its,
        confidence=outcome.confidence,
        threshold=outcome.threshold,
        certificate=None,
        reason=None if isinstance(outcome, Answered) else outcome.reason,
        unmatched_terms=tuple(asked.unmatched),
        citations=citations if answered else (),
        closest=() if answered else citations,
        alternatives=tuple(others),
        index_generation=asked.generation,
        timings_ms={},
    )


def _short_shown(outcome: Outcome) -> ShortSpan | None:
    """The words that answer, or where it is unsure those that may."""
    if isinstance(outcome, Answered):
        first = outcome.supports[0]
    elif outcome.reason == "unsure":
        first = outcome.closest[0]
        if first.short is not None and not WORD.search(first.passage.slice(*first.short)):
            return None  # a mark alone may be no answer
    else:
        return None
    return ShortSpan(1, *first.short) if first.short is not None else None


def _template(asked: Request, outcome: Outcome) -> str:
    if isinstance(outcome, Answered):
        return f"answered/{asked.kind}.j2"
    if asked.kind in ASIDES:
        return f"refused/{asked.kind}.j2"
    return "refused/unsure.j2" if outcome.reason == "unsure" else "refused/refused.j2"


def _citation(number: int, support: Support) -> Citation:
    info, sentence = support.passage.info, support.sentence
    return Citation(
        number=number,
        article_id=info.article_id,
        title=info.title,
        publisher=info.publisher,
        author=info.author,
        url=info.url,
        path=info.path,
        date=info.date,
        section=support.passage.chunk.section,
        page=sentence.page,
        paragraph=sentence.paragraph,
        start=sentence.start,
        end=sentence.end,
        quote=support.passage.slice(sentence.start, sentence.end),
        seed_sha256=info.seed_sha256,
        text_sha256=info.text_sha256,
    )


def _segments(
    asked: Request,
    template: str,
    citations: Sequence[Citation],
    span: ShortSpan | None,
    alternatives: Sequence[Alternative],
    its: Sequence[ShortItem],
) -> tuple[Segment, ...]:
    slots = _Slots()
    values = {
        "citations": [_slots_of(citation, slots) for citation in citations],
        "unmatched": [slots.put(Segment("question", term)) for term in asked.unmatched],
        "alternatives": [_alternative(one, citations, slots) for one in alternatives],
        "scope": _scope(asked.filters, slots),
        "short": slots.put(_short(quoted(citations[0], span), span)) if span else None,
        "listed": [_item(one, slots, last=last) for one, last in said_apart(span, its)],
        "old": _old(asked, citations, alternatives, slots) if span else None,
        "first": slots.put(Segment("metadata", "1", 1)),
        "title": slots.put(Segment("metadata", citations[0].title, 1)) if citations else None,
    }
    return slots.take_apart(_templates(pack()).get_template(template).render(values).strip("\n"))


def _short(text: str, span: ShortSpan | ShortItem) -> Segment:
    return Segment("quote", text, span.citation, span.start, span.end)


def _item(one: ShortItem, slots: _Slots, *, last: bool) -> Mapping[str, str | None]:
    number = slots.put(Segment("metadata", str(one.citation), one.citation)) if last else None
    return {"short": slots.put(_short(one.text, one)), "number": number}


def _old(
    asked: Request, citations: Sequence[Citation], alternatives: Sequence[Alternative], slots: _Slots
) -> str | None:
    """The date of the short answer, where it may have changed since."""
    date, others = citations[0].date, [citations[one.span.citation - 1].date for one in alternatives]
    return slots.put(Segment("metadata", date, 1)) if date and may_have_changed(date, others, asked.day) else None


def _alternative(one: Alternative, citations: Sequence[Citation], slots: _Slots) -> Mapping[str, str | bool | None]:
    number = one.span.citation
    date, first = citations[number - 1].date, citations[0].date
    return {
        "later": bool(date and first and date > first),
        "earlier": bool(date and first and date < first),
        "short": slots.put(_short(one.short_answer, one.span)),
        "number": slots.put(Segment("metadata", str(number), number)),
        "date": slots.put(Segment("metadata", date, number)) if date else None,
    }


def _scope(filters: Filters, slots: _Slots) -> Mapping[str, str | None]:
    def metadata(value: str | None) -> str | None:
        return slots.put(Segment("metadata", value)) if value else None

    count = str(len(filters.articles)) if filters.articles else None
    return {"since": metadata(filters.since), "until": metadata(filters.until), "articles": metadata(count)}


def _slots_of(citation: Citation, slots: _Slots) -> Mapping[str, str | None]:
    def metadata(value: str | int | None) -> str | None:
        return None if value is None else slots.put(Segment("metadata", str(value), citation.number))

    quote = Segment("quote", citation.quote, citation.number, citation.start, citation.end)
    return {
        "quote": slots.put(quote),
        "number": metadata(citation.number),
        "title": metadata(citation.title),
        "publisher": metadata(citation.publisher),
        "author": metadata(citation.author),
        "date": metadata(citation.date),
        "page": metadata(citation.page),
        "paragraph": metadata(citation.paragraph),
    }
