"""When an answer is wrong: the rule that certificates are about, and the words by which texts are compared."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Collection, Sequence

from rag.language import compiled, pack, pattern
from rag.language.sentences import sentence_pieces
from rag.types import Reply

RULE = "loss/2"  # changes whenever an answer that was right by this module may become wrong, or the reverse


def wrong(reply: Reply, gold: Sequence[str]) -> bool:
    """Whether a reply, were it an answer, is wrong; its closest passages stand for a refusal's citations.

    Wrong is an answer to a question without gold, an error, and an answer that is not `right`.
    """
    cited = reply.citations or reply.closest
    return reply.status == "error" or not cited or not right(cited[0].quote, reply.short_answer, gold)


def right(quote: str, short: str | None, gold: Sequence[str]) -> bool:
    """Whether a quotation and the short answer that is shown with it say what one of the accepted answers says.

    The short answer is compared with the accepted answers that are shorter than a sentence, and the quotation with the
    sentences. Where no short answer is shown, the quotation is compared with all, and is right, too, when it holds one
    unbroken that is at least a quarter of its words.
    """
    small = {match[0] for match in pattern("compared_word").finditer(quote) if match[0].islower()}
    for text in gold:
        if short is not None and not _is_sentence(text):
            found = agrees(short, text, small)
        else:
            found = agrees(quote, text, small) or (short is None and _makes_up(quote, text))
        if found:
            return True
    return False


def agrees(answer: str, gold: str, small: Collection[str] = ()) -> bool:
    """Whether an answer says what an accepted one says, as far as words tell.

    Numbers, dates, negations and comparisons are equal; every name of the accepted one (what it writes with a capital,
    and is not among the words that are written `small` where it is quoted from) is there; one of the two holds all
    words of the other; and their F1 is above 0.5. Articles and "in", "on", "at", "of" are no words here, and "20 %" is
    "twenty percent": the pack of the language says which.
    """
    said, meant = _said(answer), _said(gold)
    shared = (said & meant).total()
    if not shared or shared < min(said.total(), meant.total()) or 4 * shared <= said.total() + meant.total():
        return False
    fixed = {word for word in said | meant if word[0].isdigit() or word in pack().FIXED}
    names = {word for word, capital in pack().compared_words(gold) if capital and word in meant and word not in small}
    return all((word in said) == (word in meant) for word in fixed) and names - pack().OPENERS <= said.keys()


def _makes_up(quote: str, gold: str) -> bool:
    """Whether an accepted answer stands unbroken in a quotation, is a quarter of its words, and is not denied there."""
    if not holds_words(quote, [gold]) or 4 * len(answer_words(gold)) < len(answer_words(quote)):
        return False
    return pack().NEGATIONS & _said(quote).keys() <= _said(gold).keys()


def too_long(gold: str) -> bool:
    """Whether an accepted answer is longer than a sentence: any part of a text would pass for what it says."""
    if len(answer_words(gold)) <= _SENTENCE:
        return False
    pieces = [gold[a:b] for a, b in sentence_pieces(gold)]
    return len(answer_words(gold)) > _LONGEST or sum(len(answer_words(piece)) > 0 for piece in pieces) > 1


def _is_sentence(gold: str) -> bool:
    words = len(answer_words(gold))
    return words > _SENTENCE or (words > _SENTENCE // 2 and gold.rstrip().endswith((".", "!", "?")))


_SENTENCE = 10  # words; an accepted answer that is longer is a sentence rather than a short answer
_LONGEST = 80  # words of a sentence


def _said(text: str) -> Counter[str]:
    """The words of a text that are compared, numbers in digits."""
    words = list(pack().in_digits(word for word, _ in pack().compared_words(text)))
    return Counter([word for word in words if word not in pack().FILLERS] or words)


def squad_words(text: str) -> list[str]:
    """Words as SQuAD's official script compares them: lower case, without ASCII punctuation and articles."""
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return compiled(rf"\b(?:{'|'.join(sorted(pack().ARTICLES))})\b").sub(" ", text).split()


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
        words.append(word.replace(",", "") if word[0].isdigit() else pack().without_possessive(word).rstrip("'’"))
    return words


_WORD = re.compile(r"[$£€%]|\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*['’]?")


def holds_words(text: str, answers: Sequence[str]) -> bool:
    """Whether a text holds the words of one of the answers (`answer_words`), in order and unbroken."""
    words = f" {' '.join(answer_words(text))} "
    needles = [answer_words(answer) for answer in answers]
    return any(needle and f" {' '.join(needle)} " in words for needle in needles)
