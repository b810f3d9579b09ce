"""Checks the leaves of an answer against each other, without the articles."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from rag.language.absence import cleaned
from rag.language.listing import items, new_ones
from rag.language.words import WORD, differ, goes_on, telling
from rag.types.messages import own
from rag.verify.asked import LONGEST
from rag.verify.problem import Problem
from rag.verify.schema import Answer, AnswerCitation, perhaps
from rag.verify.wording import says_all, segment_of

_EMPTY_IN_ERRORS = (
    *("text", "segments", "short_answer", "short_answer_span", "short_answers", "confidence", "threshold"),
    *("certificate", "time", "reason", "unmatched_terms", "citations", "closest", "alternatives"),
)


def shape(answer: Answer) -> Iterator[Problem]:
    """All that does not go together."""
    if answer.status == "error":
        yield from _error(answer)
        return
    if answer.error is not None:
        yield Problem(("status", "error"), "an answer carries an error")
    for name in ("question", "standalone_question"):
        text = getattr(answer, name)
        if text != cleaned(text) or not text:
            yield Problem((name,), f"{name} is not on one line, in NFC and without characters that are not seen")
    if len(answer.question) > LONGEST:
        yield Problem(("question",), f"the question is longer than {LONGEST} characters")
    yield from _decision(answer)
    yield from _numbers(answer)
    yield from _short(answer)
    yield from _several(answer)
    yield from _alternatives(answer)
    yield from _perhaps(answer)
    yield from _filtered(answer)


def _error(answer: Answer) -> Iterator[Problem]:
    if answer.error is None or not own(answer.error):
        yield Problem(("status", "error"), "what it says of a failure is none of the program's messages")
    for name in _EMPTY_IN_ERRORS:
        if getattr(answer, name) not in (None, "", []):
            yield Problem(("status", name), f"an error carries {name}")
    if answer.standalone_question != answer.question:
        yield Problem(("status", "standalone_question"), "an error carries another question than was typed")


def _decision(answer: Answer) -> Iterator[Problem]:
    sure, threshold = answer.confidence, answer.threshold
    if sure is None or threshold is None:
        yield Problem(("status", "confidence", "threshold"), "confidence or threshold is missing")
    elif (answer.status == "answered") != (sure >= threshold) and not (answer.reason == "nothing_found" and not sure):
        what = f"{answer.status} with confidence {sure} at threshold {threshold}"
        yield Problem(("status", "confidence", "threshold"), what)
    if answer.status == "answered":
        wrong = {name: getattr(answer, name) for name in ("closest", "reason", "unmatched_terms")}
        wrong |= {"citations": not answer.citations}
        what = "answered without a citation, or with the parts of a refusal"
    else:
        wrong = {name: getattr(answer, name) for name in ("citations", "short_answer", "short_answers", "alternatives")}
        reasons = ("no_support", "unsure") if answer.closest else ("nothing_found",)
        wrong |= {"reason": answer.reason not in reasons or (answer.reason == "unsure" and not sure)}
        what = "refused with the parts of an answer, or without the reason that goes with what is shown"
    for name, is_wrong in wrong.items():
        if is_wrong:
            yield Problem(("status", name, *(("closest",) if name == "reason" else ())), what)


def _numbers(answer: Answer) -> Iterator[Problem]:
    name, shown = answer.shown
    seen = set()
    for i, citation in enumerate(shown):
        if citation.number != i + 1 or i >= 3:
            yield Problem((f"{name}[{i}].number",), "citations are not numbered 1, 2, 3")
        place = citation.path, citation.article_id, citation.start
        if place in seen:
            yield Problem((f"{name}[{i}].start",), f"citation {citation.number} quotes what another does")
        seen.add(place)


def _short(answer: Answer) -> Iterator[Problem]:
    short, span = answer.short_answer, answer.short_answer_span
    leaves = ("short_answer", "short_answer_span")
    if (short is None) != (span is None):
        yield Problem(leaves, "the short answer and its place do not come together")
    if span is None:
        return
    places = ("short_answer", *(f"short_answer_span.{part}" for part in ("citation", "start", "end")))
    if span.citation != 1:
        yield Problem(places, "the short answer is not of the first citation")
    if problem := _misplaced(answer.shown[1], span.citation, span.start, span.end, short):
        yield Problem(places, f"the short answer {problem}")


def _several(answer: Answer) -> Iterator[Problem]:
    """That the spans of a list are in their citations, in order, and each says something new.

    They are of the first article, but of no alternative, and one at least is of the short answer.
    """
    its, span = answer.short_answers, answer.short_answer_span
    if not its:
        return
    leaves = tuple(f"short_answers[{i}]" for i in range(len(its)))
    if len(its) < 2 or span is None:
        yield Problem((*leaves, "short_answers", "short_answer_span"), "a list has less than two spans")
        return
    new = new_ones([it.text for it in its])
    for i, (leaf, it) in enumerate(zip(leaves, its, strict=True)):
        if problem := _misplaced(answer.citations, it.citation, it.start, it.end, it.text):
            yield Problem((leaf,), f"a span of the list {problem}")
        if i not in new:
            yield Problem((leaf,), f"{it.text!r} says nothing that was not said")
    places = [(it.citation, it.start, it.end) for it in its]
    if any(one[::2] > other[:2] for one, other in itertools.pairwise(places)):
        yield Problem(leaves, "the spans of the list are not in order")
    article = {c.number: (c.path, c.article_id) for c in answer.citations}
    for leaf, it in zip(leaves, its, strict=True):
        if article.get(it.citation) != article.get(1) or 1 < it.citation < 2 + len(answer.alternatives):
            yield Problem((leaf,), "a span of the list is of another article, or an alternative's")
    if not any(it.citation == 1 and it.start < span.end and span.start < it.end for it in its):
        yield Problem((*leaves, "short_answer_span"), "no span of the list is of the short answer")
    if says_all(answer) and [(it.start - span.start, it.end - span.start) for it in its] != _parts(answer.short_answer):
        yield Problem((*leaves, "short_answer"), "the spans are not those that the short answer is a list of")


def _parts(text: str | None) -> list[tuple[int, int]]:
    """The items of a list, but those whose words were said."""
    whole = text or ""
    its = items(whole, 0, len(whole))
    return [its[i] for i in new_ones([whole[start:end] for start, end in its])]


def _perhaps(answer: Answer) -> Iterator[Problem]:
    """That the words which may be the answer are words of the first quotation."""
    at = perhaps(answer)
    if at is None:
        return
    shown = answer.segments[at]
    problem = _misplaced(answer.closest, 1, shown.start, shown.end, shown.text)
    if problem or not WORD.search(shown.text):
        problem = problem or "is no word"
        leaves = tuple(f"segments[{at}].{name}" for name in ("text", "start", "end"))
        yield Problem(leaves, f"what may be the answer {problem}")


def _alternatives(answer: Answer) -> Iterator[Problem]:
    """That each is in the citation that it names, which is the next one after the first."""
    said = [telling(answer.short_answer or "")]
    dates = [c.date or "" for c in answer.citations[1 : 1 + len(answer.alternatives)]]
    if dates != sorted(dates, reverse=True):
        yield Problem(("alternatives", "citations"), "what the articles also say is not in the order of their dates")
    for i, alternative in enumerate(answer.alternatives):
        at, text = f"alternatives[{i}]", alternative.short_answer
        if alternative.citations != [i + 2]:
            leaves = tuple(f"{at}.citations[{j}]" for j in range(len(alternative.citations)))
            yield Problem(leaves, "an alternative is not of the citation that stands in its place")
        words = telling(text)
        if answer.short_answer is None or not all(differ(words, other) for other in said):
            yield Problem((f"{at}.short_answer", "short_answer"), "an alternative is no other than what was said")
        said.append(words)
        for number in alternative.citations:
            yield from _placed(answer, i, number)


def _placed(answer: Answer, i: int, number: int) -> Iterator[Problem]:
    leaves = [f"alternatives[{i}].short_answer", f"alternatives[{i}].citations[0]"]
    segment = segment_of(answer, answer.alternatives[i], number)
    if segment is None:
        yield Problem(tuple(leaves), "an alternative is not shown")
        return
    leaves += [f"segments[{segment}].{name}" for name in ("start", "end")]
    shown = answer.segments[segment]
    if problem := _misplaced(answer.shown[1], number, shown.start, shown.end, shown.text):
        yield Problem(tuple(leaves), f"an alternative {problem}")


def _filtered(answer: Answer) -> Iterator[Problem]:
    name, shown = answer.shown
    filters = answer.filters
    for i, citation in enumerate(shown):
        for key in filters.failed(citation.article_id, citation.date):
            leaf = "article_id" if key == "articles" else "date"
            chosen = [f"filters.articles[{n}]" for n in range(len(filters.articles))]
            leaves = chosen if key == "articles" else [f"filters.{key}"]
            what = f"citation {citation.number} is of an article that the filters leave out"
            yield Problem((*leaves, f"{name}[{i}].{leaf}"), what)


def _misplaced(shown: list[AnswerCitation], number: int, start: int, end: int, text: str | None) -> str | None:
    """What is wrong with `text` being the range `start:end` of its article, inside the citation of this number."""
    for c in shown:
        a, b = start - c.start, end - c.start
        if c.number == number and c.start <= start < end <= c.end and c.quote[a:b] == text:
            inside = any(0 < at < len(c.quote) and goes_on(c.quote, at) for at in (a, b))
            return "begins or ends inside a word" if inside else None
    return "is not in its citation"
