"""answers, seeds -> findings: whether each answer is what the seed files say, checked from the files alone.

Shares only the loader, the word and sentence rules and the kinds of question with the rest of the program. The index
is not opened, and nothing an answer claims about an article is believed: every quotation, title, date and paragraph
number is looked up in the file anew. The text must be, segment by segment, what one of the shipped templates makes of
these citations, so that no wording, order or part of a quotation can be anyone's own.

Not checked, as the files alone cannot tell: the confidence, the threshold and the generation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag import load
from rag.errors import InputError
from rag.filters import Filters
from rag.sentences import sentence_pieces
from rag.types import Article, Paragraph
from rag.verify.schema import Answer, AnswerCitation, read
from rag.verify.wording import place_shown, unlike_templates
from rag.words import dated


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


def verify(answers: Path, seeds: Path, *, max_chars: int = 800) -> Verdict:
    """Checks an answers file. Raises InputError when it is missing, empty or not in schema 1.

    A quotation begins and ends where a sentence does, unless that is longer than `max_chars`, the longest chunk.
    """
    sources = _Sources(seeds, max_chars)
    findings: list[Finding] = []
    count = quotations = 0
    for line, answer in read(answers):
        count += 1
        quotations += len(answer.citations) + len(answer.closest)
        for kind, what in _check(answer, sources):
            findings.append(Finding(line, answer.id, kind, what))
    if not count:
        raise InputError(f"{answers} holds no answer; make one with `rag ask --json` or `rag ask --batch`")
    return Verdict(count, quotations, tuple(findings))


Problem = tuple[Literal["violation", "source changed"], str]


class _Sources:
    """Articles read anew from the seed files, each once."""

    def __init__(self, seeds: Path, max_chars: int) -> None:
        self._seeds, self._max_chars = seeds, max_chars
        self._paths = {file.path for file in load.find(seeds).files}
        self._files: dict[str, list[Article]] = {}

    def article(self, citation: AnswerCitation) -> Article | str:
        """The article of a citation in its seed file, or why there is none.

        Two lines of one file may have one id, of which an index holds one: the one with the cited bytes is meant.
        """
        path, article_id = citation.path, citation.article_id
        if path not in self._paths:
            return f"there is no seed file {path}"
        if path not in self._files:
            loaded = load.load(self._seeds, path)
            self._files[path] = loaded.articles
        found = [article for article in self._files[path] if article.info.article_id == article_id]
        same = (article for article in found if article.info.seed_sha256 == citation.seed_sha256)
        return next(same, found[0] if found else f"{path} holds no readable article {article_id}")

    def cut(self, article: Article, paragraph: Paragraph, start: int, end: int) -> bool:
        """Whether a range of a paragraph begins or ends inside a sentence that could have been quoted whole."""
        text = article.text[paragraph.start : paragraph.end]
        for a, b in sentence_pieces(text):
            first, last = paragraph.start + a, paragraph.start + a + len(text[a:b].rstrip())
            inside = first < start < last or first < end < last
            if inside and last - first <= self._max_chars:
                return True
        return False


def _check(answer: Answer, sources: _Sources) -> Iterator[Problem]:
    shown = answer.citations or answer.closest
    yield from (("violation", what) for what in _shape(answer, shown))
    for citation in [*answer.citations, *answer.closest]:
        yield from _citation(citation, sources)
    if answer.status != "error":
        yield from (("violation", what) for what in unlike_templates(answer, shown))
        yield from (("violation", what) for what in _unmatched(answer, shown, sources))


def _shape(answer: Answer, shown: list[AnswerCitation]) -> Iterator[str]:
    """What must hold between an answer's fields, whatever the articles say."""
    if answer.status == "error":
        parts = (answer.citations, answer.closest, answer.text, answer.segments, answer.short_answer)
        if any(parts) or answer.alternatives or answer.unmatched_terms or answer.short_answer_span or not answer.error:
            yield "an error carries an answer, or does not say what failed"
        return
    if answer.error is not None:
        yield "an answer carries an error"
    if answer.confidence is None or answer.threshold is None:
        yield "confidence or threshold is missing"
    elif (answer.status == "answered") != (answer.confidence >= answer.threshold):
        yield f"{answer.status} with confidence {answer.confidence} at threshold {answer.threshold}"
    if answer.status == "answered" and (not answer.citations or answer.closest or answer.reason):
        yield "answered without a citation, or with the parts of a refusal"
    if answer.status == "refused" and (answer.citations or answer.short_answer or answer.alternatives):
        yield "refused with the parts of an answer"
    if answer.status == "refused" and (
        answer.reason is None or (answer.reason == "no_support") != bool(answer.closest)
    ):
        yield "refused without a reason, or with closest passages that do not go with it"
    yield from _spans(answer, shown)


def _spans(answer: Answer, shown: list[AnswerCitation]) -> Iterator[str]:
    """That citations are numbered, and that the short answer and the alternatives are in them."""
    if [c.number for c in shown] != list(range(1, len(shown) + 1)) or len(shown) > 3:
        yield "citations are not numbered 1, 2, 3"
    if (answer.short_answer is None) != (answer.short_answer_span is None):
        yield "the short answer and its place do not come together"
    span = answer.short_answer_span
    if span is not None and (problem := _misplaced(shown, span.citation, span.start, span.end, answer.short_answer)):
        yield f"the short answer {problem}"
    for alternative in answer.alternatives:
        for n in alternative.citations:
            place = place_shown(answer, alternative.short_answer, n)
            if problem := _misplaced(shown, n, *place, alternative.short_answer):
                yield f"an alternative {problem}"
    for citation in shown:
        if not _passes(citation, answer.filters):
            yield f"citation {citation.number} is of an article that the filters leave out"


def _passes(citation: AnswerCitation, filters: Filters) -> bool:
    day = citation.date or ""
    if (filters.since and day < filters.since) or (filters.until and not "" < day <= filters.until):
        return False
    return not filters.articles or citation.article_id in filters.articles


def _misplaced(shown: list[AnswerCitation], number: int, start: int, end: int, text: str | None) -> str | None:
    """What is wrong with `text` being the range `start:end` of its article, inside the citation of this number."""
    for c in shown:
        a, b = start - c.start, end - c.start
        if c.number == number and c.start <= start < end <= c.end and c.quote[a:b] == text:
            inside = any(0 < at < len(c.quote) and c.quote[at - 1].isalnum() and c.quote[at].isalnum() for at in (a, b))
            return "begins or ends inside a word" if inside else None
    return "is not in its citation"


def _citation(citation: AnswerCitation, sources: _Sources) -> Iterator[Problem]:
    label = f"citation {citation.number} ({citation.path})"
    article = sources.article(citation)
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
    elif sources.cut(article, home, citation.start, citation.end):
        yield "violation", f"{label}: the quotation begins or ends inside a sentence"


def _unmatched(answer: Answer, shown: list[AnswerCitation], sources: _Sources) -> Iterator[str]:
    """That the words said to occur nowhere are words of the question, and stand in none of the articles shown."""
    for term in answer.unmatched_terms:
        if term not in answer.standalone_question:
            yield f"{term!r} is no word of the question"
        word = re.compile(rf"(?<!\w){re.escape(term)}(?!\w)", re.IGNORECASE)
        for citation in shown:
            article = sources.article(citation)
            if isinstance(article, Article) and word.search(_seen(article)):
                yield f"{term!r} is said to occur nowhere, but stands in {citation.path}"
                break


def _seen(article: Article) -> str:
    """All that a reader sees of an article."""
    info = article.info
    return "\n".join([article.text, info.title, info.publisher or "", info.author or "", dated(info.date)])


def to_json(verdict: Verdict) -> str:
    """The verdict as one JSON object."""
    found = [{"line": f.line, "id": f.id, "kind": f.kind, "what": f.what} for f in verdict.findings]
    return json.dumps(
        {"answers": verdict.answers, "quotations": verdict.quotations, "findings": found}, ensure_ascii=False
    )
