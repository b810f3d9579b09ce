"""answers, seeds -> findings: whether each answer is what the seed files say, checked from the files alone.

Shares only the loader, the word and sentence rules, the kinds of question and the messages of errors with the rest of
the program. The index is not opened, and nothing an answer claims about an article is believed: every quotation, title,
date and paragraph number is looked up in the file anew. The text must be, segment by segment, what the template that
goes with the question makes of these citations, so that no wording, order or part of a quotation can be anyone's own.

What the files alone cannot prove is `NOT_CHECKED`, and is said with every verdict. `rag replay` proves most of it by
asking again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rag.language.absence import MOST_NAMED, askable, cleaned
from rag.types import ASIDES
from rag.types.errors import InputError
from rag.verify.asked import kind_of, times_named
from rag.verify.problem import Problem, ProblemKind
from rag.verify.quotations import quotation
from rag.verify.schema import Answer, read
from rag.verify.shape import shape
from rag.verify.sources import Sources
from rag.verify.wording import opens, unlike_templates

NOT_CHECKED: Mapping[str, str] = {
    "id": "the caller's own name for the question",
    "question": "that this was asked",
    "standalone_question": "how a slip was mended or a question completed from the turns before",
    "asked": "that it was asked on this day, beyond that the time goes with it",
    "filters": "that these were set and no others, beyond that they leave out nothing that is shown",
    "reason": "whether the program was unsure or found no support, beyond that its text says which",
    "confidence": "how sure the program was, beyond that it answers exactly from the threshold on",
    "threshold": "that this one was in force",
    "certificate": "that it was given and holds",
    "index_generation": "that this generation answered",
    "timings_ms": "how long it took",
    "error": "that this was what failed, and with these filters, beyond that it is one of the program's messages",
    "history": "that these turns came before",
}
"""The leaves of an answer that the files alone do not prove, and what of each is not. All others are checked.

Nor do the files prove the choice: another sentence, or other words of a sentence, quoted as exactly, pass as well.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold: the answer's line and id, what kind, in which leaves, and what."""

    line: int
    id: str | None
    kind: ProblemKind
    leaves: tuple[str, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings over a file, and how much was checked.

    A quotation is verified when nothing was found in it; else it is false, or its source is changed or missing.
    """

    answers: int
    quotations: int
    verified: int
    changed: int
    missing: int
    findings: tuple[Finding, ...]


def verify(answers: Path, seeds: Path, *, max_chars: int = 800) -> Verdict:
    """Checks an answers file. Raises InputError when it is missing, empty or not in schema 1.

    A quotation begins and ends where a sentence does, unless that is longer than `max_chars`, the longest chunk.
    """
    verdict = checked(read(answers), seeds, max_chars=max_chars)
    if not verdict.answers:
        raise InputError(f"{answers} holds no answer; make one with `rag ask --json` or `rag ask --batch`")
    return verdict


def checked(answers: Iterable[tuple[int, Answer]], seeds: Path, *, max_chars: int = 800) -> Verdict:
    """The same of answers that are read already, each with its number."""
    sources = Sources(seeds, max_chars)
    findings: list[Finding] = []
    count = 0
    quotations: Counter[ProblemKind | None] = Counter()
    for line, answer in answers:
        count += 1
        found = list(_quotations(answer, sources))
        quotations.update(_worst(problems) for problems in found)
        problems = [problem for its in found for problem in its] + list(_rest(answer, sources))
        findings += [Finding(line, answer.id, p.kind, p.leaves, p.what) for p in problems]
    return Verdict(
        answers=count,
        quotations=quotations.total(),
        verified=quotations[None],
        changed=quotations["source changed"],
        missing=quotations["source missing"],
        findings=tuple(findings),
    )


def _quotations(answer: Answer, sources: Sources) -> Iterator[list[Problem]]:
    """What does not hold of each quotation."""
    for name in ("citations", "closest"):
        for i, citation in enumerate(getattr(answer, name)):
            yield list(quotation(citation, f"{name}[{i}]", sources))


def _worst(problems: list[Problem]) -> ProblemKind | None:
    kinds = {problem.kind for problem in problems}
    order: tuple[ProblemKind, ...] = ("violation", "source missing", "source changed")
    return next((kind for kind in order if kind in kinds), None)


def _rest(answer: Answer, sources: Sources) -> Iterator[Problem]:
    """What does not hold of an answer but its quotations."""
    yield from shape(answer)
    if answer.status != "error":
        yield from unlike_templates(answer)
        yield from opens(answer, sources)
        yield from _nowhere(answer, sources)
        yield from _nothing(answer, sources)
        yield from _time(answer)
        for i, article_id in enumerate(answer.filters.articles):
            if not sources.holds(article_id):
                what = f"the filters name the article {article_id!r}, which no seed file holds"
                yield Problem((f"filters.articles[{i}]",), what, "source missing")


def _nowhere(answer: Answer, sources: Sources) -> Iterator[Problem]:
    """That what is said to occur nowhere are words of the question as it was typed, and stands in no article."""
    words = set(askable(cleaned(answer.question)).values())
    if len(answer.unmatched_terms) > MOST_NAMED:
        leaves = tuple(f"unmatched_terms[{i}]" for i in range(MOST_NAMED, len(answer.unmatched_terms)))
        yield Problem(leaves, f"more than {MOST_NAMED} words are said to occur nowhere")
    for i, term in enumerate(answer.unmatched_terms):
        leaf = f"unmatched_terms[{i}]"
        if term not in words or term in answer.unmatched_terms[:i]:
            yield Problem((leaf,), f"{term!r} is no content word of the question as it was typed, or stands twice")
        elif not sources.nowhere(term):
            what = f"{term!r} is said to occur nowhere, but it, or what looks like it, stands in {sources.where(term)}"
            yield Problem((leaf,), what)


def _time(answer: Answer) -> Iterator[Problem]:
    """That the time is the one that the question names, asked on that day."""
    if not {"asked", "time"} & answer.model_fields_set:  # was written before answers told of it
        return
    given = answer.time.model_dump(by_alias=True) if answer.time else None
    named = times_named(answer.question, answer.standalone_question, answer.asked)
    if given not in ([None] if kind_of(answer.question) in ASIDES else named):
        what = "the time is not the one that the question names, asked on that day"
        yield Problem(("time", "standalone_question", "asked"), what)


def _nothing(answer: Answer, sources: Sources) -> Iterator[Problem]:
    """That there is nothing to quote where nothing is quoted, as the filters leave out all there is."""
    if answer.reason == "nothing_found" and kind_of(answer.question) not in ASIDES:
        path = sources.passing(answer.filters)
        if path is not None:
            yield Problem(("reason", "closest"), f"nothing is said to be found, but the filters leave {path!r}")


def to_json(verdict: Verdict) -> str:
    """The verdict as one JSON object."""
    found = [
        {"line": f.line, "id": f.id, "kind": f.kind, "leaves": list(f.leaves), "what": f.what} for f in verdict.findings
    ]
    counts = {name: getattr(verdict, name) for name in ("answers", "quotations", "verified", "changed", "missing")}
    return json.dumps(counts | {"findings": found, "not_checked": dict(NOT_CHECKED)}, ensure_ascii=False)
