"""A system's answer to a question -> what was right about it: one record each, from which every figure is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eval.cases import Case, Prediction
from eval.metrics.answers import right_answer, right_as_written, right_paragraph, sentence_f1
from eval.metrics.refusal import best_threshold
from rag.calibrate.judge import exact_match, holds_words, token_f1


@dataclass(frozen=True, slots=True)
class ScoredRecord:
    """One question, one system. `right` and what follows are of the best quotation, also where it was not given."""

    id: str
    part: str
    group: str
    paragraph: str
    category: str
    answerable: bool
    unscorable: str
    score: float
    answered: bool
    right: bool  # its first quotation is right
    right_one: bool  # one sentence of it is
    right_paragraph: bool | None
    # Of the short answer; of the one sentence where there is none, or where whole sentences are accepted.
    f1: float | None
    exact: bool | None
    short_given: bool
    sentence_f1: float | None  # where sentences were selected
    chars: int  # quoted in all, in the best answer
    shown: tuple[str, ...]  # the quotations
    shown_short: str | None
    one: str  # the one sentence
    place: str  # of the first quotation: article and range
    holds_answers: int  # accepted answers whose words stand in the quotations
    holds_wrong: bool  # an answer known to be false stands in them
    error: str
    right_as_written: bool | None = None  # its first quotation is right by the gold as the set writes it, if by more
    reason: str = ""  # of a refusal

    @property
    def decided_right(self) -> bool:
        """A right answer given, or a refusal of an unanswerable question. An error is neither."""
        return decided_right(self.answerable, self.answered, self.right, self.error)


def decided_right(answerable: bool, answered: bool, right: bool, error: str) -> bool:
    """As `ScoredRecord.decided_right`, for records that were stored."""
    if error:
        return False
    return answered and right if answerable else not answered


def told(answerable: Sequence[bool], scores: Sequence[float], errors: Sequence[str]) -> list[float]:
    """The scores by which what is answerable is told from what is not: an error tells it as badly as can be."""
    below, above = min(scores, default=0) - 1, max(scores, default=0) + 1
    return [
        (below if is_answerable else above) if error else score
        for is_answerable, score, error in zip(answerable, scores, errors, strict=True)
    ]


def score(case: Case, found: Prediction) -> ScoredRecord:
    """What was right about it."""
    first = found.quotes[0] if found.quotes else None
    one = first.one_text if first else ""
    # The accepted words of a `sentence` question are sentences: a phrase of one would be measured by its length.
    short = one if case.rule == "sentence" else found.short or one
    texts = tuple(quote.text for quote in found.quotes)
    return ScoredRecord(
        id=case.id,
        part=case.part,
        group=case.group,
        paragraph=case.paragraph,
        category=case.category,
        answerable=case.answerable,
        unscorable=case.unscorable,
        score=found.score,
        answered=found.answered,
        right=case.answerable and right_answer(case, found.quotes),
        right_one=case.answerable and first is not None and right_answer(case, found.quotes, first.one),
        right_paragraph=right_paragraph(case, first),
        f1=token_f1(short, case.answers) if case.answers else None,
        exact=exact_match(short, case.answers) if case.answers else None,
        short_given=found.short is not None,
        sentence_f1=sentence_f1(case, found.quotes) if case.rule == "sentence" else None,
        chars=sum(map(len, texts)),
        shown=texts,
        shown_short=found.short,
        one=one,
        place=f"{first.article_id} {first.start}-{first.end}" if first else "",
        holds_answers=sum(any(holds_words(text, [answer]) for text in texts) for answer in case.answers),
        holds_wrong=any(holds_words(text, case.wrong) for text in texts),
        error=found.error,
        right_as_written=right_as_written(case, found.quotes),
        reason=found.reason,
    )


def scorable(records: Sequence[ScoredRecord]) -> list[ScoredRecord]:
    """Those that can be scored; the others are counted apart."""
    return [record for record in records if not record.unscorable]


def tuned(develop: Sequence[ScoredRecord]) -> float:
    """The threshold with most right decisions on these records."""
    some = scorable(develop)
    return best_threshold([r.answerable for r in some], [r.right for r in some], [r.score for r in some])


def at(records: Sequence[ScoredRecord], threshold: float) -> list[ScoredRecord]:
    """The same answers, decided by another threshold, which gives no reasons."""
    return [replace(record, answered=record.score >= threshold and not record.error, reason="") for record in records]
