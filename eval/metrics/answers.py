"""Whether a quotation or a short answer is right."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

from eval.cases import Case, Quote
from eval.parts import folded


def squad_words(text: str) -> list[str]:
    """Words as SQuAD's official script compares them: lower case, without ASCII punctuation and articles."""
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def token_f1(answer: str, accepted: Sequence[str]) -> float:
    """The best F1 over the accepted answers of the words two texts share (Rajpurkar et al. 2016).

    As in SQuAD 2.0's script: where either has no words at all, 1 when both have none, else 0; no accepted answer: 0.
    """
    return max((_f1(squad_words(answer), squad_words(text)) for text in accepted), default=0.0)


def exact_match(answer: str, accepted: Sequence[str]) -> bool:
    """Whether the words are those of an accepted answer, in order."""
    return any(squad_words(answer) == squad_words(text) for text in accepted)


def _f1(a: list[str], b: list[str]) -> float:
    if not a or not b:
        return float(a == b)
    shared = sum((Counter(a) & Counter(b)).values())
    return 2 * shared / (len(a) + len(b))


def holds_words(text: str, answers: Sequence[str]) -> bool:
    """Whether a text holds the words of one of the answers, in order and unbroken, whatever their case."""
    words = f" {folded(text)} "
    return any(folded(answer) and f" {folded(answer)} " in words for answer in answers)


def right_quotation(case: Case, quote: Quote, span: tuple[int, int] | None = None) -> bool:
    """Whether a quotation is right by the rule of its question (`eval.cases.Case`); `span` narrows it to one sentence.

    A sentence of a `sentence` question counts when at least half of either lies in the other, by code points.
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


def _overlaps(a: tuple[int, int], b: tuple[int, int]) -> bool:
    shared = min(a[1], b[1]) - max(a[0], b[0])
    return shared > 0 and 2 * shared >= min(a[1] - a[0], b[1] - b[0])


def right_paragraph(case: Case, quote: Quote) -> bool | None:
    """Whether a quotation is of the article and paragraph of an accepted answer; None where they are not known."""
    known = [gold for gold in case.gold if gold.paragraph is not None]
    if not known or quote.paragraph is None:
        return None
    return any(gold.article_id == quote.article_id and gold.paragraph == quote.paragraph for gold in known)


def sentence_f1(case: Case, quotes: Sequence[Quote]) -> float:
    """F1 of the quoted sentences against the selected ones; a quotation matches at most one. Nothing quoted: 0."""
    matched = {
        next((i for i, gold in enumerate(case.gold) if _overlaps((q.start, q.end), (gold.start, gold.end))), None)
        for q in quotes
    } - {None}
    total = len(quotes) + len(case.gold)
    return 2 * len(matched) / total if total else 0.0
