"""The calibration walk: questions with gold -> asked one by one -> judged -> tested -> certificate."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rag import judge
from rag.errors import IndexUnusable, InputError, RagError
from rag.fingerprint import fingerprint
from rag.pipeline import Assistant
from rag.risk import (
    Judged,
    Step,
    answers_needed,
    articles_needed,
    bets,
    certify_rest,
    groups_of,
    parted,
    question_key,
    smallest_risks,
)
from rag.settings import certified
from rag.store import certificates, layout
from rag.store.certificates import Certificate, Level
from rag.types import Reply, Turn

_log = logging.getLogger("rag")


@dataclass(frozen=True, slots=True)
class CalibrationQuestion:
    """A question with the texts that are accepted as answers; none means that the articles do not answer it."""

    id: str
    text: str
    gold: tuple[str, ...]
    article: str = ""  # what it was written about, where known
    told: bool = True  # whether anybody said what the gold is; where not, every answer is wrong
    history: tuple[Turn, ...] = ()  # the turns before, where it was asked in a conversation


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a calibration: a certificate, or why there is none and what could be certified."""

    certificate: Certificate | None
    steps: tuple[Step, ...]
    smallest: tuple[tuple[float, Step | None], ...]  # by coverage
    left_out: int  # questions beyond the number per article
    untold: int  # questions without gold, of which nobody said that the articles do not answer them
    failed: int  # questions on which the program failed
    start: int  # answers that the first threshold needs, or articles
    articles: int  # that tested; 0 where each question stands alone
    tried: int  # uses of these questions so far, or of most of them, this one counted
    in_force: Certificate | None  # of the index as it is now: this one, or one from before
    risk: float  # that `steps` tested


def calibrate(
    assistant: Assistant,
    index: Path,
    questions: Sequence[CalibrationQuestion],
    *,
    risk: float,
    confidence: float,
    further: Sequence[float] = (),
    max_per_article: int = 0,
    progress: Callable[[int], None] = lambda _done: None,
) -> Result:
    """Asks every question of the index and stores a certificate where a threshold reaches the risk.

    `further` are other risks to be certified beside it, at which users may ask too; each of them and the first is
    tested at its share of the error probability. Where the first is not reached, the next that is stands for it.

    Questions of one article err together and are tested as a group, unless the index holds one article only.

    Raises InputError for a risk or confidence outside (0, 1), an id or a question that stands twice, an accepted answer
    that is longer than a sentence, no question at all, or questions of which only some have a history: an answer is
    certified where questions of its sort were tested, and only there.
    """
    risks = tuple(dict.fromkeys((risk, *further)))
    if not all(0 < one < 1 for one in (*risks, confidence)):
        raise InputError("risk and confidence are shares between 0 and 1, such as --risk 0.1 --confidence 0.95")
    _check(questions)
    grouped = assistant.store.article_count > 1
    chosen = drawn(questions, max_per_article) if grouped or max_per_article else questions
    if assistant.settings.threshold is not None:
        raise InputError(
            "the setting 'threshold' would overrule a certificate; take it out of rag.toml or RAG_THRESHOLD"
        )
    digest = _sha256(questions)
    try:
        # Before the work, which would be lost where nothing can be kept.
        tried = certificates.count_try(index, digest, [_key(q) for q in questions])
    except OSError as error:
        raise IndexUnusable(
            f"nothing can be kept in {index} ({error.strerror}); a certificate lies beside the index, so make the "
            "folder one that can be written"
        ) from error
    answering = assistant.with_threshold(0.0)  # what would be answered does not depend on the threshold
    judged, failed = [], 0
    for done, question in enumerate(chosen, start=1):
        try:
            reply: Reply | None = answering.ask(question.text, history=question.history)
        except RagError:
            reply, failed = None, failed + 1
        except Exception:  # noqa: BLE001 - whatever broke, leaving the question out would flatter the program
            _log.exception("question %r failed", question.text)
            reply, failed = None, failed + 1
        judged.append(_judged(question, reply, question.article if grouped else ""))
        progress(done)
    develop, rest = parted(judged)
    each = 1 - (1 - confidence) / len(risks)
    tests = [certify_rest(develop, rest, one, each) for one in risks]
    articles = 0 if bets(develop, rest, each) is None else max(1, len(groups_of(rest)))
    needed = articles_needed if articles else answers_needed
    levels = tuple(_level(one, test.accepted) for one, test in zip(risks, tests, strict=True))
    reached = next((at for at, level in enumerate(levels) if level.threshold is not None), 0)
    result = tests[reached]
    certificate = None
    if result.accepted is not None:
        step = result.accepted
        certificate = Certificate(
            risk=risks[reached],
            confidence=confidence,
            threshold=step.threshold,
            answers=step.answers,
            errors=step.errors,
            bound=round(step.bound, 6),
            questions=len(rest),
            unanswerable=sum(not j.answerable for j in rest),
            articles=articles,
            develop=len(develop),
            tried=tried,
            questions_sha256=digest,
            loss=judge.RULE,
            generation=assistant.store.generation,
            reader=fingerprint(),
            settings=certified(assistant.settings),
            made=datetime.now(UTC).date().isoformat(),
            levels=levels,
            history=bool(chosen[0].history),
        )
        certificates.write(index, certificate)
    held = certificates.read_or_none(index, assistant.store.generation)
    smallest = tuple(smallest_risks(develop, rest, confidence))
    return Result(
        certificate=certificate,
        steps=result.steps,
        smallest=smallest,
        left_out=len(questions) - len(chosen),
        untold=sum(not question.told for question in chosen),
        failed=failed,
        start=needed(risks[reached], each),
        articles=articles,
        tried=tried,
        in_force=held if layout.pointed(index) == assistant.store.generation else None,
        risk=risks[reached],
    )


def _key(question: CalibrationQuestion) -> str:
    """By the words of a question and of the turns before it: "And when?" may be asked in several conversations."""
    return question_key(
        " / ".join([question.text, *(f"{turn.question} {turn.short_answer}" for turn in question.history)])
    )


def _level(risk: float, accepted: Step | None) -> Level:
    if accepted is None:
        return Level(risk, None, 0, 0, 1.0)
    return Level(risk, accepted.threshold, accepted.answers, accepted.errors, round(accepted.bound, 6))


def _judged(question: CalibrationQuestion, reply: Reply | None, group: str) -> Judged:
    """Whether the answer that would be given is wrong; that the program failed (None) is wrong at every threshold."""
    known = (bool(question.gold), group, question.text)
    if reply is None:
        return Judged(question.id, 1.0, True, *known)
    return Judged(question.id, reply.confidence or 0.0, judge.wrong(reply, question.gold), *known)


def _check(questions: Sequence[CalibrationQuestion]) -> None:
    if not questions:
        raise InputError("there is no question; give lines with id, question and gold")
    for what, values in (("id", [q.id for q in questions]), ("question", [_key(q) for q in questions])):
        seen = Counter(values)
        twice = next((q for q, value in zip(questions, values, strict=True) if seen[value] > 1), None)
        if twice is not None:
            raise InputError(
                f"the {what} '{twice.id if what == 'id' else twice.text}' stands twice; a copy is no further evidence, "
                "so keep one line, with all answers that are accepted"
            )
    if len({bool(question.history) for question in questions}) > 1:
        raise InputError(
            "some questions have a history and some have none; a certificate is of one sort: calibrate each by itself"
        )
    for question in questions:
        if any(judge.too_long(text) for text in question.gold):
            raise InputError(
                f"the gold of '{question.id}' is longer than a sentence, and any part of it would pass for right; give "
                "the short answer, or the sentence that answers"
            )


def drawn(questions: Sequence[CalibrationQuestion], most: int) -> list[CalibrationQuestion]:
    """At most so many questions of each article, in the order of the SHA-1 of their words.

    0: all; where articles have less than two questions on average, one, which tells more than all of few.
    """
    alone = sum(not question.article for question in questions)
    articles = len({question.article for question in questions if question.article})
    if not most and 2 * (alone + articles) <= len(questions):
        return list(questions)
    kept: Counter[str] = Counter()
    chosen = set()
    for question in sorted(questions, key=_key):
        if not question.article or kept[question.article] < max(1, most):
            chosen.add(question.id)
            kept[question.article] += 1
    return [question for question in questions if question.id in chosen]


def _sha256(questions: Sequence[CalibrationQuestion]) -> str:
    """Of the questions whatever their order, so that a shuffled file counts as the same."""
    lines = sorted(repr((q.id, q.text, q.gold, *q.history)) for q in questions)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
