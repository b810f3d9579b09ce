"""question text -> Question: its kind, the noun it asks for, and its content words."""

from __future__ import annotations

import re
import unicodedata

from rag.errors import InputError
from rag.plain import topic_of
from rag.sentences import sentence_pieces
from rag.types import Kind, Question
from rag.words import AUXILIARY, STOPWORDS, WH, terms

_THIS = r"(?:this|the|these|that)\s+(?:article|text|story|piece|report|news)s?"
_ABOUT = re.compile(
    rf"^(?:what(?:'s| is| are)?\s+{_THIS}\s+(?:is\s+|are\s+)?about"
    rf"|(?:summari[sz]e|give (?:me )?a summary of)\s+{_THIS}"
    rf"|what {_THIS} (?:is|are) about|what does {_THIS} (?:say|cover|describe)"
    rf"|what(?:'s| is) the (?:main )?(?:topic|subject|point) of {_THIS})[\s?.!]*$"
)
_SAID = re.compile(
    r"\bwhat\b.*\b(?:did|does|do|has|have)\b.*\b(?:say|said|tell|told|call|called|announce|announced|claim|claimed|"
    r"state|stated|describe|described|think|believe|warn|warned|promise|promised)\b"
)
_FOCUS_WORD = r"[\w'’\-]+"
_FOCUS = re.compile(
    rf"\b(?:what|which)\s+(?:kind|sort|type)s?\s+of\s+({_FOCUS_WORD})"
    rf"|\b(?:what|which)\s+(?:{_FOCUS_WORD}\s+){{0,3}}?({_FOCUS_WORD})\s+(?:{AUXILIARY})\b"
    rf"|\b(?:what|which)\s+({_FOCUS_WORD})"
)
_WHEN_NOUNS = frozenset("year years day days date month time century decade season weekday".split())
_WHERE_NOUNS = frozenset(
    "city country town state place province region village continent capital location nation".split()
)
_HOW_MANY_NOUNS = frozenset("number percentage percent amount age price cost population share".split())
_WHO_NOUNS = frozenset("person man woman people president minister leader author scientist player".split())
_HOW_MANY = re.compile(r"\bhow\s+(?:many|much|old|long|far|tall|high|large|big|often|few|deep|wide|fast|heavy)\b")


def analyse(text: str, max_chars: int) -> Question:
    """Reads a question. Raises InputError when it is empty or longer than `max_chars` code points."""
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise InputError("the question is not valid text (its bytes are not UTF-8)")
    text = unicodedata.normalize("NFC", " ".join(text.split()))
    if not text:
        raise InputError("the question is empty; type a question about the articles")
    if len(text) > max_chars:
        raise InputError(f"the question has {len(text):,} characters; ask in at most {max_chars:,}")
    topic = topic_of(text)
    if topic:
        return Question(text, "topic", terms(topic), topic=topic)
    folded = text.casefold().replace("’", "'")
    match = _FOCUS.search(folded)
    focus = (match[1] or match[2] or match[3]) if match else None
    if focus in STOPWORDS or (focus and re.fullmatch(AUXILIARY, focus)):
        focus = None
    return Question(text, _kind(folded, focus), terms(text), focus)


_ASKS = re.compile(rf"(?:{WH}|{AUXILIARY})\b", re.IGNORECASE)
# A further question: not "what he said", "and is based in Seoul", or one on who asks ("How do I know?").
_FURTHER = rf"(?!(?:what|when|where|why)\s+(?:he|she|it|they|the|an?)\b)(?!how\s+(?:he|she|it|they|about)\b)(?:{WH})\b"
_JOINED = re.compile(
    rf",?\s+and\s+(?={_FURTHER}|(?:{AUXILIARY})\s+(?:he|she|it|they)\b)"
    rf"|(?P<mark>\?)\s+(?:(?:[Aa]nd|[Aa]lso),?\s+)?(?=(?i:{_FURTHER})(?!.*\b(?:I|i|we|you)\b))"
)
_MOST_PARTS = 3  # as many as an answer has quotations


def parts(text: str) -> list[str]:
    """The questions that are asked in one: "What did he say, and where was it?" Alone for any other.

    Each must have three words or more: "When and where was it?" is one question. What stands in quotation marks is of
    the question that quotes it.
    """
    found, begin = list[str](), 0
    for joint in _JOINED.finditer(text):
        before = text[: joint.start()]
        if before.count('"') % 2 == 0 and before.count("“") <= before.count("”"):
            found.append(text[begin : joint.start()] + (joint["mark"] or ""))
            begin = joint.end()
    found.append(text[begin:])
    last = sentence_pieces(found[0])[-1] if found[0] else (0, 0)
    first = found[0][slice(*last)]
    of_one = topic_of(text) is not None or _kind(first.casefold().replace("’", "'"), None) == "about"
    if of_one or len(found) > _MOST_PARTS or not _ASKS.match(first) or any(len(part.split()) < 3 for part in found):
        return [text]
    return found


def _kind(folded: str, focus: str | None) -> Kind:
    if _ABOUT.search(folded):
        return "about"
    if _SAID.search(folded):
        return "said"
    if _HOW_MANY.search(folded):
        return "how_many"
    if focus is not None:
        kinds: tuple[tuple[Kind, frozenset[str]], ...] = (
            ("when", _WHEN_NOUNS),
            ("where", _WHERE_NOUNS),
            ("how_many", _HOW_MANY_NOUNS),
            ("who", _WHO_NOUNS),
        )
        return next((kind for kind, nouns in kinds if focus in nouns), "what")
    first = re.search(r"\b(who|whom|whose|when|where|why|how|what|which)(?:'s|'d)?\b", folded)
    if re.match(rf"(?:{AUXILIARY})\b", folded) or first is None:
        return "yes_no" if re.match(rf"(?:{AUXILIARY})\b", folded) else "what"
    words: dict[str, Kind] = {
        "who": "who",
        "whom": "who",
        "whose": "who",
        "when": "when",
        "where": "where",
        "why": "why",
    }
    return words.get(first[1], "how" if first[1] == "how" else "what")
