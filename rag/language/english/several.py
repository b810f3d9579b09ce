"""Splits a message into the questions in it."""

from __future__ import annotations

import re

from rag.language.english.asides import is_on_article
from rag.language.english.patterns import any_case
from rag.language.english.requests import BEGINS, PREPOSITION
from rag.language.english.words import AUXILIARY, WH
from rag.language.sentences import sentence_pieces

_WHO = r"(?:he|she|it|they|there)\b"
_SUBJECT = rf"(?:{_WHO}|(?:the|an?|any|this|these|his|her|its|their)\b|(?-i:[A-Z]))"
# A further question: not "what he said", "how about", "and is based in Seoul".
_FURTHER = (
    r"(?!(?:what|when|where|why)\s+(?:he|she|it|they|the|an?)\b)(?!how\s+(?:he|she|it|they|about)\b)"
    rf"(?:{PREPOSITION}(?:{WH})\b|(?:{AUXILIARY})\s+{_WHO}|(?:do|does|did)\s+{_SUBJECT})"
)
_BE = rf"(?:is|are|was|were|has|have|had)\s+{_SUBJECT}"
_JOINED, _JOINED_YES_NO, _IN_CAPITALS = (
    re.compile(rf",?\s+and\s+(?={further})|(?P<mark>\?)\s+(?:(?:[Aa]nd|[Aa]lso),?\s+)?(?=(?i:{further}))", flags)
    for further, flags in ((_FURTHER, 0), (f"(?:{_FURTHER}|{_BE})", 0), (_FURTHER, re.IGNORECASE))
)
_YES_NO = any_case(rf"(?:{AUXILIARY})\b(?!.*\b(?:that|which|who)\b)")
_OF_ASKER = frozenset({"I", "i", "we", "you"})
_MOST = 3  # as many as an answer has quotations


def parts(text: str) -> list[str]:
    """The questions that are asked in one: "What did he say, and where was it?" Alone for any other.

    Each must have three words or more: "When and where was it?" is one question. What stands in quotation marks is of
    the question that quotes it; with a question on the one who asks ("How do I know?") all stays one.
    """
    joined = _IN_CAPITALS if text.isupper() else _JOINED_YES_NO if _YES_NO.match(text) else _JOINED
    found, begin = list[str](), 0
    for joint in joined.finditer(text):
        if not _is_open(text[: joint.start()]):
            found.append(text[begin : joint.start()] + (joint["mark"] or ""))
            begin = joint.end()
    found.append(text[begin:])
    if len(found) == 1:
        return found
    sentence = found[0][slice(*sentence_pieces(found[0])[-1])] if found[0] else ""
    asks = BEGINS.match(sentence) or BEGINS.match(re.split(r"[,:]\s+", sentence)[-1])
    of_one = is_on_article(sentence) or len(found) > _MOST
    if (
        not asks
        or of_one
        or any(len(part.split()) < 3 or _OF_ASKER & {*re.findall(r"\w+", part)} for part in (sentence, *found[1:]))
    ):
        return [text]
    return [found[0], *(f"{part[:1].upper()}{part[1:]}" for part in found[1:])]


def _is_open(before: str) -> bool:
    """Whether a quotation, or a pair after "between", is not ended."""
    closed = max((match.start() for match in re.finditer(r"’(?!\w)", before)), default=-1)
    pair = before.rpartition(" between ")
    return (
        before.count('"') % 2 == 1
        or before.count("“") > before.count("”")
        or before.rfind("‘") > closed
        or (bool(pair[1]) and " and " not in pair[2])
    )
