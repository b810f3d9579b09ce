"""Whether the text of an answer is what a shipped template makes of its citations, segment by segment."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader

from rag.language import Language, pack
from rag.types import ASIDES, OF_ARTICLE, OF_SEVERAL, Article, Kind
from rag.types.times import may_have_changed
from rag.verify.asked import asks, kind_of, meant
from rag.verify.problem import Problem
from rag.verify.schema import Answer, AnswerAlternative, perhaps
from rag.verify.sources import Sources

_PLACE = "\ue000{}\ue001"
FIELDS = ("kind", "text", "citation", "start", "end")
# Their templates say what was asked for; the others' go with any question.
_SAY_WHAT: frozenset[Kind] = frozenset(("who", "when", "where", "how_many", "why", "how"))

_Segment = tuple[str, str, int | None, int, int]


@dataclass(frozen=True, slots=True)
class _Row:
    """A segment as it must be, and the leaves that its text is of."""

    segment: _Segment
    leaves: tuple[str, ...] = ()


def unlike_templates(answer: Answer) -> Iterator[Problem]:
    """That the text is its segments, and these are what the template that goes with the question makes of the rest."""
    if "".join(segment.text for segment in answer.segments) != answer.text:
        yield Problem(("text", *_texts(answer)), "the segments joined are not the text")
    given: list[_Segment] = [(s.kind, s.text, s.citation, s.start, s.end) for s in answer.segments]
    names = _templates(answer)
    if not names:
        yield Problem(("status", "segments"), "a question that asks of no article is answered from one")
        return
    made = [(name, *made_by(name, answer)) for name in names]
    name, rows, hidden = max(made, key=lambda one: ([row.segment for row in one[1]] == given, _alike(one[1], given)))
    template = f"the template {name.removesuffix('.j2')}"
    decided = ("status", "reason") if answer.status == "refused" else ("status",)
    yield from _unlike(rows, given, template, decided)
    for leaf in hidden:
        yield Problem((leaf,), f"{leaf} is not shown by {template}")


def _texts(answer: Answer) -> Iterator[str]:
    return (f"segments[{i}].text" for i in range(len(answer.segments)))


def _alike(rows: list[_Row], given: list[_Segment]) -> int:
    return sum(row.segment == other for row, other in zip(rows, given, strict=False))


def _unlike(rows: list[_Row], given: list[_Segment], template: str, decided: tuple[str, ...]) -> Iterator[Problem]:
    if len(rows) != len(given):
        pairs = enumerate(itertools.zip_longest(rows, given))
        at, (row, found) = next((i, pair) for i, pair in pairs if not all(pair) or pair[0].segment != pair[1])
        has, wanted = (repr(found[1]) if found else "nothing"), (repr(row.segment[1]) if row else "nothing")
        what = f"segment {at + 1} is {has}, where {template} has {wanted}"
        scope = ("filters",) if any(kind == "metadata" and number is None for kind, _, number, *_ in given) else ()
        leaves = "segments", f"segments[{at}]", *decided, *scope, *(row.leaves if row else ())
        yield Problem(leaves, what)
        return
    for i, (row, found) in enumerate(zip(rows, given, strict=True)):
        differing = [f"segments[{i}].{name}" for name, a, b in zip(FIELDS, row.segment, found, strict=True) if a != b]
        if differing:
            what = f"segment {i + 1} is {found[1]!r}, where {template} has {row.segment[1]!r}"
            yield Problem((*differing, *decided, *row.leaves), what)


def segment_of(answer: Answer, alternative: AnswerAlternative, number: int) -> int | None:
    """The place in `segments` of the segment that shows an alternative, which says where it stands."""
    wanted = "quote", alternative.short_answer, number
    return next((i for i, s in enumerate(answer.segments) if (s.kind, s.text, s.citation) == wanted), None)


def _place_shown(answer: Answer, alternative: AnswerAlternative, number: int) -> tuple[int, int]:
    at = segment_of(answer, alternative, number)
    return (0, 0) if at is None else (answer.segments[at].start, answer.segments[at].end)


def _templates(answer: Answer) -> list[str]:
    """Those that go with the question."""
    typed = kind_of(answer.question)
    if answer.status == "refused":
        reason = "unsure" if answer.reason == "unsure" else "refused"
        return [f"refused/{typed if typed in ASIDES else reason}.j2"]
    if typed in ASIDES:
        return []
    bare, kind = meant(answer.question, answer.standalone_question)
    if kind in _SAY_WHAT and not asks(answer.question, bare, kind):
        kind = typed
    several: list[Kind] = ["what"] if "? " in answer.standalone_question else []  # which are of no one kind
    return [f"answered/{one}.j2" for one in dict.fromkeys((*_shown_as(kind), *several))]


def _shown_as(kind: Kind) -> list[Kind]:
    if kind in OF_ARTICLE:
        return [kind, OF_SEVERAL[kind]]
    return ["what"] if kind in ASIDES else [kind]  # A courtesy only when it is rewritten is searched as it stands.


def opens(answer: Answer, sources: Sources) -> Iterator[Problem]:
    """That what is said to be the opening of an article is."""
    if answer.status != "answered":
        return
    if any(pack().OPENING in s.text for s in answer.segments if s.kind == "template"):
        for i in range(1, len(answer.citations)):
            yield Problem((f"citations[{i}]",), "an article that opens with something opens with one sentence")
        for i, citation in enumerate(answer.citations):
            article = sources.article(citation)
            if isinstance(article, Article) and citation.start != sources.opening(article):
                what = f"citation {citation.number} is not the opening of {citation.path}"
                yield Problem((f"citations[{i}].start", f"citations[{i}].quote"), what)


def made_by(name: str, answer: Answer) -> tuple[list[_Row], list[str]]:
    """The segments that a template makes of the other leaves, with places for the values filled in afterwards.

    With them the leaves of which it shows nothing, of those that are there to be shown.
    """
    values: list[_Row] = []

    def place(kind: str, text: object, leaf: str, number: int | None = None, *span: int) -> str | None:
        if text is None:
            return None
        start, end = span or (0, 0)
        values.append(_Row((kind, str(text), number, start, end), (leaf,)))
        return _PLACE.format(len(values) - 1)

    rendered = _environment(pack()).get_template(name).render(_values(answer, place))
    pieces = re.split(_PLACE.format(r"(\d+)"), rendered.strip("\n"))
    rows = [values[int(p)] if i % 2 else _Row(("template", p, None, 0, 0)) for i, p in enumerate(pieces)]
    placed = set(map(int, pieces[1::2]))
    left = (value for i, value in enumerate(values) if i not in placed and value.segment[0] in ("quote", "question"))
    return [row for row in rows if row.segment[1]], [leaf for value in left for leaf in value.leaves]


def says_all(answer: Answer) -> bool:
    """Whether the short answer holds all spans of its list, so that the text does not say them one by one."""
    span = answer.short_answer_span
    return span is not None and all(
        it.citation == span.citation and span.start <= it.start and it.end <= span.end for it in answer.short_answers
    )


def _listed(answer: Answer, place: Callable[..., str | None]) -> list[dict[str, str | None]]:
    """The spans of a list as the text says them, the last one of each citation with its number."""
    its = [] if says_all(answer) else answer.short_answers
    after: list[int | None] = [*(it.citation for it in its[1:]), None][: len(its)]
    listed = list[dict[str, str | None]]()
    for i, (it, then) in enumerate(zip(its, after, strict=True)):
        leaf, number = f"short_answers[{i}]", None if it.citation == then else it.citation
        said = place("quote", it.text, leaf, it.citation, it.start, it.end)
        listed.append({"short": said, "number": place("metadata", number, f"{leaf}.citation", number)})
    return listed


def _values(answer: Answer, place: Callable[..., str | None]) -> dict[str, object]:
    name, shown = answer.shown
    fields = ("number", "title", "publisher", "author", "date", "page", "paragraph")
    filters, dates = answer.filters, {c.number: c.date for c in shown}
    first = shown[0].date if shown else None
    listed = _listed(answer, place)
    return {
        "citations": [
            {field: place("metadata", getattr(c, field), f"{name}[{i}].{field}", c.number) for field in fields}
            | {"quote": place("quote", c.quote, f"{name}[{i}].quote", c.number, c.start, c.end)}
            for i, c in enumerate(shown)
        ],
        "unmatched": [
            place("question", term, f"unmatched_terms[{i}]") for i, term in enumerate(answer.unmatched_terms)
        ],
        "short": listed[0]["short"] if listed else _short(answer, place),
        "listed": listed,
        "old": _old(answer, place),
        "first": place("metadata", 1, f"{name}[0].number", 1),
        "title": place("metadata", shown[0].title, f"{name}[0].title", 1) if shown else None,
        "alternatives": [
            {
                **_order(first, dates.get(n)),
                "short": place("quote", a.short_answer, f"alternatives[{i}]", n, *_place_shown(answer, a, n)),
                "number": place("metadata", n, f"alternatives[{i}].citations[0]", n),
                "date": place("metadata", dates.get(n), "citations", n),
            }
            for i, a in enumerate(answer.alternatives)
            for n in a.citations
        ],
        "scope": {
            "since": place("metadata", filters.since, "filters.from"),
            "until": place("metadata", filters.until, "filters.to"),
            "articles": place("metadata", len(filters.articles) or None, "filters.articles"),
        },
    }


def _order(first: str | None, other: str | None) -> dict[str, bool]:
    return {"later": bool(first and other and other > first), "earlier": bool(first and other and other < first)}


def _old(answer: Answer, place: Callable[..., str | None]) -> str | None:
    """The date beside the short answer, where it may have changed since."""
    name, shown = answer.shown
    dates, named = {c.number: c.date for c in shown}, [n for a in answer.alternatives for n in a.citations]
    if not shown or not may_have_changed(shown[0].date, [dates.get(n) for n in named], answer.asked):
        return None
    return place("metadata", shown[0].date, f"{name}[0].date", 1)


def _short(answer: Answer, place: Callable[..., str | None]) -> str | None:
    """The short answer at its place; of an unsure refusal what stands in the first quotation where the words say."""
    if span := answer.short_answer_span:
        return place("quote", answer.short_answer, "short_answer", span.citation, span.start, span.end)
    at = perhaps(answer)
    if at is None:
        return None
    start, end, first = answer.segments[at].start, answer.segments[at].end, answer.closest[0]
    words = first.quote[max(start - first.start, 0) : max(end - first.start, 0)]
    return place("quote", words, f"segments[{at}]", 1, start, end)


@functools.cache
def _environment(language: Language) -> Environment:
    loader = PackageLoader(language.__name__)
    return Environment(loader=loader, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701 - compared, never shown
