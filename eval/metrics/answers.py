"""Whether a quotation or a short answer is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eval.cases import Case, Gold, Quote
from rag.calibrate.judge import holds_words


def right_answer(case: Case, quotes: Sequence[Quote], span: tuple[int, int] | None = None) -> bool:
    """Whether the quotations of an answer are right: the first one is; where the gold has parts, all are covered.

    `span` narrows the first quotation to one sentence, of which no more than one part can be asked.
    """
    parts = {gold.part for gold in case.gold}
    if len(parts) < 2 or span is not None:
        return bool(quotes) and right_quotation(case, quotes[0], span)
    covered = {gold.part for gold in case.gold for quote in quotes if _contains(quote, gold)}
    return covered == parts


def right_quotation(case: Case, quote: Quote, span: tuple[int, int] | None = None) -> bool:
    """Whether a quotation is right by the rule of its question (`eval.cases.Case`); `span` narrows it to one sentence.

    A sentence of a `sentence` question counts when at least half of it lies in a selected one, or half of one in it, by
    code points.
    """
    start, end = span or (quote.start, quote.end)
    if case.rule == "words":
        return holds_words(quote.text[start - quote.start : end - quote.start], case.answers)
    golds = [gold for gold in case.gold if gold.article_id == quote.article_id]
    if case.rule == "article":
        return bool(golds)
    if case.rule == "span":
        return any(start <= gold.start and gold.end <= end for gold in golds)
    return any(_overlaps((start, end), (gold.start, gold.end)) for gold in golds)


def right_as_written(case: Case, quotes: Sequence[Quote]) -> bool | None:
    """Whether the first quotation holds the gold as the set writes it; None where no other way to write it is known."""
    return right_answer(replace(case, answers=case.as_written), quotes) if case.as_written else None


def _contains(quote: Quote, gold: Gold) -> bool:
    return quote.article_id == gold.article_id and quote.start <= gold.start and gold.end <= quote.end


def _overlaps(a: tuple[int, int], b: tuple[int, int]) -> bool:
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared > 0 and 2 * shared >= min(a[1] - a[0], b[1] - b[0])


def right_paragraph(case: Case, quote: Quote | None) -> bool | None:
    """Whether a quotation is of the article and paragraph of an accepted answer; None where the gold has no paragraph.

    No quotation, or one that is in no paragraph (a heading), is not.
    """
    known = {(gold.article_id, gold.paragraph) for gold in case.gold if gold.paragraph is not None}
    if not known:
        return None
    return quote is not None and (quote.article_id, quote.paragraph) in known


def sentence_f1(case: Case, quotes: Sequence[Quote]) -> float:
    """F1 of the quoted sentences against those that an annotator selected, best over the annotators. Nothing quoted: 0.

    A quotation matches at most one selected sentence, and each is matched once.
    """
    return max((_selection_f1(selection, quotes) for selection in case.selections), default=0.0)


def _selection_f1(selection: Sequence[Gold], quotes: Sequence[Quote]) -> float:
    matched = {
        next((i for i, gold in enumerate(selection) if _overlaps((q.start, q.end), (gold.start, gold.end))), None)
        for q in quotes
    } - {None}
    total = len(quotes) + len(selection)
    return 2 * len(matched) / total if total else 0.0
