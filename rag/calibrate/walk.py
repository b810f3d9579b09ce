"""The calibration walk: questions with gold -> asked one by one -> judged -> tested -> certificate."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rag.answer.assistant import Assistant
from rag.answer.fingerprint import fingerprint
from rag.answer.opening import certificate_or_none
from rag.calibrate import judge
from rag.calibrate.gold import CalibrationQuestion, check, drawn, key, sha256
from rag.calibrate.risk import (
    Judged,
    Step,
    Tested,
    answers_needed,
    articles_needed,
    bets,
    certify_rest,
    groups_of,
    parted,
    smallest_risks,
)
from rag.store import at
from rag.types import Reply
from rag.types.certificates import Certificate, Level
from rag.types.errors import IndexUnusable, InputError, RagError
from rag.types.settings import certified
from rag.types.stores import Store

_log = logging.getLogger("rag")


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

    Raises InputError as `_require` and `rag.calibrate.gold.check` do.
    """
    risks = tuple(dict.fromkeys((risk, *further)))
    _require(assistant, questions, (*risks, confidence))
    grouped = assistant.store.article_count > 1
    chosen = drawn(questions, max_per_article) if grouped or max_per_article else questions
    store = at(index, assistant.settings)
    tried = _count_try(store, questions)  # before the work, which would be lost where nothing can be kept
    judged, failed = _asked(assistant, chosen, grouped, progress)
    found = _tested(judged, risks, confidence)
    certificate = _certificate(found, assistant, questions, confidence, tried)
    if certificate is not None:
        store.certify(certificate)
    held = certificate_or_none(store, assistant.store.generation)
    needed = articles_needed if found.articles else answers_needed
    return Result(
        certificate=certificate,
        steps=found.best.steps,
        smallest=tuple(smallest_risks(found.develop, found.rest, confidence)),
        left_out=len(questions) - len(chosen),
        untold=sum(not question.told for question in chosen),
        failed=failed,
        start=needed(risks[found.reached], found.each),
        articles=found.articles,
        tried=tried,
        in_force=held if store.current() == assistant.store.generation else None,
        risk=risks[found.reached],
    )


def _require(assistant: Assistant, questions: Sequence[CalibrationQuestion], shares: Sequence[float]) -> None:
    """Raises InputError for what no calibration can be made of: shares outside (0, 1), questions, a set threshold."""
    if not all(0 < one < 1 for one in shares):
        raise InputError("risk and confidence are shares between 0 and 1, such as --risk 0.1 --confidence 0.95")
    check(questions)
    if assistant.settings.threshold is not None:
        raise InputError(
            "the setting 'threshold' would overrule a certificate; take it out of rag.toml or RAG_THRESHOLD"
        )


def _count_try(store: Store, questions: Sequence[CalibrationQuestion]) -> int:
    """The number of uses of these questions, this one counted. Raises IndexUnusable where nothing can be kept."""
    try:
        return store.count_try(sha256(questions), [key(q) for q in questions])
    except OSError as error:
        raise IndexUnusable(
            f"nothing can be kept in {store.place} ({error.strerror}); a certificate lies beside the index, so make "
            "the folder one that can be written"
        ) from error


def _asked(
    assistant: Assistant, questions: Sequence[CalibrationQuestion], grouped: bool, progress: Callable[[int], None]
) -> tuple[list[Judged], int]:
    """What is to be said of the answer to each question, and how many of them the program failed on."""
    answering = assistant.with_threshold(0.0)  # what would be answered does not depend on the threshold
    judged, failed = [], 0
    for done, question in enumerate(questions, start=1):
        try:
            reply: Reply | None = answering.ask(question.text, history=question.history, day=question.day)
        except RagError:
            reply, failed = None, failed + 1
        except Exception:  # noqa: BLE001 - whatever broke, leaving the question out would flatter the program
            _log.exception("question %r failed", question.text)
            reply, failed = None, failed + 1
        judged.append(_judged(question, reply, question.article if grouped else ""))
        progress(done)
    return judged, failed


@dataclass(frozen=True, slots=True)
class _Tests:
    """What the questions tell of each risk that was asked for."""

    develop: list[Judged]  # fixed the order of the thresholds
    rest: list[Judged]  # tested them
    risks: tuple[float, ...]
    tests: tuple[Tested, ...]  # of each risk
    each: float  # the confidence of each test
    articles: int  # that tested; 0 where each question stands alone

    @property
    def reached(self) -> int:
        """The place of the first risk that was reached, or of the first."""
        return next((at for at, test in enumerate(self.tests) if test.accepted is not None), 0)

    @property
    def best(self) -> Tested:
        """The test of that risk."""
        return self.tests[self.reached]


def _tested(judged: Sequence[Judged], risks: tuple[float, ...], confidence: float) -> _Tests:
    develop, rest = parted(judged)
    each = 1 - (1 - confidence) / len(risks)
    articles = 0 if bets(develop, rest, each) is None else max(1, len(groups_of(rest)))
    tests = tuple(certify_rest(develop, rest, one, each) for one in risks)
    return _Tests(develop, rest, risks, tests, each, articles)


def _certificate(
    found: _Tests, assistant: Assistant, questions: Sequence[CalibrationQuestion], confidence: float, tried: int
) -> Certificate | None:
    """The certificate of the first risk that was reached; None where none was."""
    step = found.best.accepted
    if step is None:
        return None
    return Certificate(
        risk=found.risks[found.reached],
        confidence=confidence,
        threshold=step.threshold,
        answers=step.answers,
        errors=step.errors,
        bound=round(step.bound, 6),
        questions=len(found.rest),
        unanswerable=sum(not j.answerable for j in found.rest),
        articles=found.articles,
        develop=len(found.develop),
        tried=tried,
        questions_sha256=sha256(questions),
        loss=judge.RULE,
        generation=assistant.store.generation,
        reader=fingerprint(),
        settings=certified(assistant.settings),
        made=datetime.now(UTC).date().isoformat(),
        levels=tuple(_level(one, test.accepted) for one, test in zip(found.risks, found.tests, strict=True)),
        history=bool(questions[0].history),
        asked=bool(questions[0].day),
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
