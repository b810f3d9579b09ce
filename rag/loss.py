"""When an answer is wrong: the rule that certificates are about, and the words by which texts are compared."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence

from rag.types import Reply

RULE = "loss/1"  # changes whenever an answer that was right by this module may become wrong, or the reverse


def wrong(reply: Reply, gold: Sequence[str]) -> bool:
    """Whether a reply, were it an answer, is wrong; its closest passages stand for a refusal's citations.

    Wrong is an answer to a question without gold, one whose first citation holds none of the accepted answers (nor is
    held by one, where a whole passage is accepted), and one whose short answer has a token F1 under 0.5 against each of
    those that are shorter than a sentence, where there are such. An error is wrong.
    """
    cited = reply.citations or reply.closest
    if reply.status == "error" or not gold or not cited:
        return True
    return not holds_gold(cited[0].quote, gold) or wrong_short(reply.short_answer, gold)


def holds_gold(quote: str, gold: Sequence[str]) -> bool:
    """Whether a quotation holds one of the accepted answers, or is held by one."""
    return holds_words(quote, gold) or any(holds_words(answer, [quote]) for answer in gold)


def wrong_short(short: str | None, gold: Sequence[str]) -> bool:
    """Whether a short answer that is given is none of the accepted ones that are shorter than a sentence."""
    accepted = [answer for answer in gold if len(answer_words(answer)) <= _SENTENCE]
    return short is not None and bool(accepted) and token_f1(short, accepted) < 0.5


_SENTENCE = 10  # words; an accepted answer that is longer is a sentence rather than a short answer


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
