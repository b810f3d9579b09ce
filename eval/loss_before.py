"""The rule of certificates before loss/2, for comparison, and for the fit that shipped with it.

"in 2016" for "in 2017", "President Lee" for "President Xi" and any sentence of an accepted article were right by it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.calibrate.judge import answer_words, holds_words, token_f1

_SENTENCE = 10  # words


def right(quote: str, short: str | None, gold: Sequence[str]) -> bool:
    """loss/1: the quotation holds an accepted answer or is held by one, and the short answer has an F1 of 0.5."""
    held = holds_words(quote, gold) or any(holds_words(answer, [quote]) for answer in gold)
    accepted = [answer for answer in gold if len(answer_words(answer)) <= _SENTENCE]
    return held and (short is None or not accepted or token_f1(short, accepted) >= 0.5)
