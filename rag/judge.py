"""When an answer is wrong: the rule that certificates are about, and the words by which texts are compared."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation

from rag.sentences import sentence_pieces
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
    small = {match[0] for match in _TOKEN.finditer(quote) if match[0].islower()}
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
    "twenty percent".
    """
    said, meant = _said(answer), _said(gold)
    shared = (said & meant).total()
    if not shared or shared < min(said.total(), meant.total()) or 4 * shared <= said.total() + meant.total():
        return False
    fixed = {word for word in said | meant if word[0].isdigit() or word in _FIXED}
    names = {word for word, capital in _tokens(gold) if capital and word in meant and word not in small}
    return all((word in said) == (word in meant) for word in fixed) and names - _OPENERS <= said.keys()


def _makes_up(quote: str, gold: str) -> bool:
    """Whether an accepted answer stands unbroken in a quotation, is a quarter of its words, and is not denied there."""
    if not holds_words(quote, [gold]) or 4 * len(answer_words(gold)) < len(answer_words(quote)):
        return False
    return _NEGATIONS & _said(quote).keys() <= _said(gold).keys()


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
    words = list(_numbers(word for word, _ in _tokens(text)))
    return Counter([word for word in words if word not in _BETWEEN] or words)


def _tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Words in small letters, each with whether it was written with a capital."""
    before = ""
    for match in _TOKEN.finditer(unicodedata.normalize("NFKC", text)):
        word = re.sub(r"['’]s?$", "", match[0].casefold())
        capital = match[0][0].isupper()
        if match[1]:
            word = _figure(match[1])
        elif capital and word[:3] in _MONTHS and word in (word[:3], "sept", _MONTHS[word[:3]]):
            word = _MONTHS[word[:3]]
        elif word == "cent" and before == "per":
            word = "percent"
        before = word
        if re.search(r"n['’]t$", word):
            yield "not", False
        elif word != "per":
            yield _SAME.get(word, word), capital


_TOKEN = re.compile(r"[$£€%]|(\d+(?:[.,]\d+)*)(?:(?:st|nd|rd|th)\b)?|[^\W\d_]+(?:['’][^\W\d_]+)*['’]?")


def _figure(digits: str) -> str:
    """A number in digits, without its thousands' commas and needless zeros."""
    try:
        return f"{Decimal(digits.replace(',', '')).normalize():f}"
    except InvalidOperation:
        return digits  # 1.2.3


def _numbers(words: Iterable[str]) -> Iterator[str]:
    """The words, where those that make up one number are one word in digits: "twenty five million" is 25000000."""
    value: Decimal | None = None
    for word in words:
        small = _SMALL.get(word)
        if small is None and word in _SCALES and value is not None:
            value *= _SCALES[word]
        elif small is not None and value is not None and small < 10 <= value % 100 and value % 10 == 0:
            value += small
        else:
            if value is not None:
                yield f"{value.normalize():f}"
            value = Decimal(small) if small is not None else Decimal(word) if _FIGURE.fullmatch(word) else None
            if value is None:
                yield word
    if value is not None:
        yield f"{value.normalize():f}"


_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_ORDERED = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {
    **{word: n for n, word in enumerate(f"{_UNITS} seventeen eighteen nineteen".split())},
    **{word: n for n, word in enumerate(_ORDERED.split())},
    **{f"{word}th": n for n, word in enumerate("fourteen fifteen sixteen seventeen eighteen nineteen".split(), 14)},
    **{word: 10 * n for n, word in enumerate(_TENS.split(), 2)},
    **{f"{word[:-1]}ieth": 10 * n for n, word in enumerate(_TENS.split(), 2)},
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SAME = {"%": "percent", "dollar": "$", "dollars": "$", "pound": "£", "pounds": "£", "euro": "€", "euros": "€"}
_MONTHS = {
    month[:3]: month
    for month in "january february march april may june july august september october november december".split()
}
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_NEGATIONS = frozenset("not no never without nor neither".split())
_COMPARED = "before after until under over above below less more fewer least most"
_FIXED = frozenset([*_MONTHS.values(), *_DAYS.split(), *_NEGATIONS, *_COMPARED.split()])  # equal, as numbers are
_BETWEEN = frozenset("a an the in on at of".split())
_OPENERS = frozenset("because to by for from with and as it they he she this that there".split())  # no names


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
