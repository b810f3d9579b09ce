"""Whether a quotation or a short answer is right."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

from eval.cases import Case, Gold, Quote


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


def answer_words(text: str) -> list[str]:
    """The words by which a quotation is compared with an answer that has no place.

    Lower case; numbers without their thousands' commas; currency and per cent signs are words; a possessive ending is
    none ("Japan's" is "japan"); compounds are parted at hyphens. Not the program's words, so that a change of those
    changes no verdict.
    """
    words = []
    for match in _WORD.finditer(text.casefold()):
        word = match[0]
        words.append(word.replace(",", "") if word[0].isdigit() else re.sub(r"['’]s?$", "", word))
    return words


_WORD = re.compile(r"[$£€%]|\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*['’]?")


def holds_words(text: str, answers: Sequence[str]) -> bool:
    """Whether a text holds the words of one of the answers (`answer_words`), in order and unbroken."""
    words = f" {' '.join(answer_words(text))} "
    needles = [answer_words(answer) for answer in answers]
    return any(needle and f" {' '.join(needle)} " in words for needle in needles)


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
