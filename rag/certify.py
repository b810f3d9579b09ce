"""The calibration walk: questions with gold -> asked one by one -> judged -> tested -> certificate."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rag import loss
from rag.calibrate import Judged, Step, answers_needed, certify, in_develop, smallest_risks, thresholds
from rag.errors import IndexUnusable, InputError, RagError
from rag.extract import shipped_sha256
from rag.pipeline import Assistant
from rag.settings import certified
from rag.store import certificates, layout
from rag.store.certificates import Certificate, Level
from rag.types import Reply
from rag.words import folded

_log = logging.getLogger("rag")


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the texts that are accepted as answers; none means that the articles do not answer it."""

    id: str
    text: str
    gold: tuple[str, ...]
    article: str = ""  # what it was written about, where known


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a calibration: a certificate, or why there is none and what could be certified."""

    certificate: Certificate | None
    steps: tuple[Step, ...]
    smallest: tuple[tuple[float, Step | None], ...]  # by coverage
    left_out: int  # questions beyond the number per article
    failed: int  # questions on which the program failed
    start: int  # answers that the first threshold needs
    tried: int  # uses of this file of questions so far, this one counted
    in_force: Certificate | None  # of the index as it is now: this one, or one from before
    risk: float  # that `steps` tested


def calibrate(
    assistant: Assistant,
    index: Path,
    questions: Sequence[Question],
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

    Raises InputError for a risk or confidence outside (0, 1), an id that stands twice, or no question at all.
    """
    risks = tuple(dict.fromkeys((risk, *further)))
    if not all(0 < one < 1 for one in (*risks, confidence)):
        raise InputError("risk and confidence are shares between 0 and 1, such as --risk 0.1 --confidence 0.95")
    for what, values in (("id", [q.id for q in questions]), ("question", [folded(q.text) for q in questions])):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            raise InputError(f"the {what} '{twice[0]}' stands twice; a copy is no further evidence, so remove it")
    chosen = _few_an_article(questions, max_per_article)
    if assistant.settings.threshold is not None:
        raise InputError(
            "the setting 'threshold' would overrule a certificate; take it out of rag.toml or RAG_THRESHOLD"
        )
    if not chosen:
        raise InputError("there is no question; give lines with id, question and gold")
    digest = _sha256(questions)
    try:
        tried = certificates.count_try(index, digest)  # before the work, which would be lost where nothing can be kept
    except OSError as error:
        raise IndexUnusable(
            f"nothing can be kept in {index} ({error.strerror}); a certificate lies beside the index, so make the "
            "folder one that can be written"
        ) from error
    answering = assistant.with_threshold(0.0)  # what would be answered does not depend on the threshold
    judged, failed = [], 0
    for done, question in enumerate(chosen, start=1):
        try:
            reply: Reply | None = answering.ask(question.text)
        except RagError:
            reply, failed = None, failed + 1
        except Exception:  # noqa: BLE001 - whatever broke, leaving the question out would flatter the program
            _log.exception("question %r failed", question.text)
            reply, failed = None, failed + 1
        judged.append(_judged(question, reply))
        progress(done)
    develop = [j for j in judged if in_develop(j.id)]
    rest = [j for j in judged if not in_develop(j.id)]
    each = 1 - (1 - confidence) / len(risks)
    starts = [answers_needed(one, each) for one in risks]
    tests = [
        certify(rest, thresholds(develop, len(rest), start), one, each)
        for one, start in zip(risks, starts, strict=True)
    ]
    levels = tuple(_level(one, test.accepted) for one, test in zip(risks, tests, strict=True))
    reached = next((at for at, level in enumerate(levels) if level.threshold is not None), 0)
    start, tested = starts[reached], tests[reached]
    certificate = None
    if tested.accepted is not None:
        step = tested.accepted
        certificate = Certificate(
            risk=risks[reached],
            confidence=confidence,
            threshold=step.threshold,
            answers=step.answers,
            errors=step.errors,
            bound=round(step.bound, 6),
            questions=len(rest),
            unanswerable=sum(not j.answerable for j in rest),
            develop=len(develop),
            tried=tried,
            questions_sha256=digest,
            loss=loss.RULE,
            generation=assistant.store.generation,
            reader=shipped_sha256(),
            settings=certified(assistant.settings),
            made=datetime.now(UTC).date().isoformat(),
            levels=levels,
        )
        certificates.write(index, certificate)
    held = certificates.read_or_none(index, assistant.store.generation)
    smallest = tuple(smallest_risks(develop, rest, confidence))
    return Result(
        certificate=certificate,
        steps=tested.steps,
        smallest=smallest,
        left_out=len(questions) - len(chosen),
        failed=failed,
        start=start,
        tried=tried,
        in_force=held if layout.pointed(index) == assistant.store.generation else None,
        risk=risks[reached],
    )


def _level(risk: float, accepted: Step | None) -> Level:
    if accepted is None:
        return Level(risk, None, 0, 0, 1.0)
    return Level(risk, accepted.threshold, accepted.answers, accepted.errors, round(accepted.bound, 6))


def _judged(question: Question, reply: Reply | None) -> Judged:
    """Whether the answer that would be given is wrong; that the program failed (None) is wrong at every threshold."""
    if reply is None:
        return Judged(question.id, 1.0, True, bool(question.gold))
    return Judged(question.id, reply.confidence or 0.0, loss.wrong(reply, question.gold), bool(question.gold))


def _few_an_article(questions: Sequence[Question], most: int) -> list[Question]:
    """At most so many questions of each article, in the order of the SHA-1 of their ids; 0: all."""
    if not most:
        return list(questions)
    kept: Counter[str] = Counter()
    chosen = set()
    for question in sorted(questions, key=lambda q: hashlib.sha1(q.id.encode(), usedforsecurity=False).digest()):
        if not question.article or kept[question.article] < most:
            chosen.add(question.id)
            kept[question.article] += 1
    return [question for question in questions if question.id in chosen]


def _sha256(questions: Sequence[Question]) -> str:
    """Of the questions whatever their order, so that a shuffled file counts as the same."""
    lines = sorted(repr((q.id, q.text, q.gold)) for q in questions)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
