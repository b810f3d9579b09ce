"""Questions with the answers that are accepted, as `rag calibrate` is given them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.answer.wire import BadLine, CalibrationLine, read_lines, turns_of
from rag.calibrate import judge
from rag.calibrate.feedback import PROGRAM
from rag.calibrate.risk import question_key
from rag.types import Turn
from rag.types.errors import InputError


@dataclass(frozen=True, slots=True)
class CalibrationQuestion:
    """A question with the texts that are accepted as answers; none means that the articles do not answer it."""

    id: str
    text: str
    gold: tuple[str, ...]
    article: str = ""  # what it was written about, where known
    told: bool = True  # whether anybody said what the gold is; where not, every answer is wrong
    history: tuple[Turn, ...] = ()  # the turns before, where it was asked in a conversation
    day: str | None = None  # of asking, ISO 8601


def key(question: CalibrationQuestion) -> str:
    """By the words of a question and of the turns before it: "And when?" may be asked in several conversations."""
    turns = (f"{turn.question} {turn.short_answer}" for turn in question.history)
    return question_key(" / ".join([question.text, *filter(None, [question.day]), *turns]))


def check(questions: Sequence[CalibrationQuestion]) -> None:
    """Raises InputError for what no calibration can use.

    That is no question at all, an id or a question that stands twice, an accepted answer that is longer than a
    sentence, and questions of which only some have a history, or a day: an answer is certified where its sort was
    tested.
    """
    if not questions:
        raise InputError("there is no question; give lines with id, question and gold")
    for what, values in (("id", [q.id for q in questions]), ("question", [key(q) for q in questions])):
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
    if len({bool(question.day) for question in questions}) > 1:
        raise InputError("some questions have a day in 'asked' and some have none; calibrate each sort by itself")
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
    for question in sorted(questions, key=key):
        if not question.article or kept[question.article] < max(1, most):
            chosen.add(question.id)
            kept[question.article] += 1
    return [question for question in questions if question.id in chosen]


def sha256(questions: Sequence[CalibrationQuestion]) -> str:
    """Of the questions whatever their order, so that a shuffled file counts as the same."""
    lines = sorted(repr((q.id, q.text, q.gold, *q.history, *filter(None, [q.day]))) for q in questions)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def calibration_questions(file: Path) -> list[CalibrationQuestion]:
    """The questions of a calibration; none is left out, which would bias it.

    Raises InputError for a line that cannot be used, a gold that is the program's own, and an export of feedback of
    which lines are missing.
    """
    out, exported = [], Counter[tuple[str, int]]()
    for line in read_lines(file, CalibrationLine):
        if isinstance(line, BadLine):
            raise InputError(f"{file}: {line.message}; mend the line, since leaving it out would bias the result")
        if line.gold_by == PROGRAM:
            raise InputError(
                f"{file}: the gold of '{line.id}' is the program's own answer, by which it is always right; write what "
                'a person found in the articles ([] for nothing) and "gold_by": "person", and keep every line'
            )
        if line.export:
            exported[line.export, line.lines] += 1
        history, told = tuple(turns_of(line)), line.gold is not None
        out.append(
            CalibrationQuestion(
                str(line.id), line.question, tuple(line.gold or ()), line.article, told, history, line.asked
            )
        )
    for (_, lines), there in exported.items():
        if there != lines:
            raise InputError(
                f"{file}: {there} of the {lines} lines of the export are there; put the others back, since leaving out "
                "what was answered badly would flatter the program"
            )
    return out
