"""a question as it is put in a chat -> the question in it: rules, no model.

"Hi, can you tell me who leads Japan, please?" asks who leads Japan: neither yes or no, nor for something called "Hi".
"Tell me about THAAD" and "Anything on THAAD?" ask what the articles say about it. What is cut off is made of words that
say nothing of any subject, or is a sentence on the one who asks; in doubt a question is left as it is. What was
searched is shown, as with slips of the hand (rag.spelling) and follow-ups (rag.dialogue). What it is worth, and what it
was tried on: docs/decisions/015-plain.md.
"""

from __future__ import annotations

import re

from rag.plain.asides import aside, is_courtesy, on_record
from rag.plain.forms import (
    CLAIM,
    POINTS,
    THIS,
    as_question,
    is_on_article,
    on_topic,
    one_sentence,
    topic_of,
    what_is,
    whether,
)
from rag.plain.parts import parts
from rag.plain.words import (
    ASKING,
    BEGINS,
    BEGINS_WH,
    GREETS,
    META,
    OF_TOPICS,
    ONLY_ABOUT,
    OPENERS,
    TELLING,
    WH_WORD,
)
from rag.words import AUXILIARY, WORD

__all__ = [
    "WHAT_ABOUT",
    "aside",
    "is_courtesy",
    "is_on_article",
    "of_topic",
    "on_record",
    "on_topic",
    "parts",
    "plain",
    "topic_of",
]

_SAID_BEFORE = re.compile(
    # Of a story, not of the articles; a duty; what somebody can do.
    r"^(?:did|was|were|had)\b(?!.*\b(?:articles?|texts?|it)\b)|^there\b|^(?:the|a|an|this|that|no)\s"
    r"|\b(?:have|has|had|need) to (?:say|show|tell|explain)\b|\b(?:will|might) (?:i|we|you)\b"
    r"|\bwould (?:you|i|we) like\b|^(?:is|are|was) (?:there )?(?:anyone|anybody|someone)\b"
    r"|^(?:i|we) know\b|^do (?:i|we)\b"
)
_ABOUT = re.compile(r"(?:about|regarding|concerning|(?P<on>on)|(?P<of>of)|(?P<in>in))\s+(?P<topic>\S.*)", re.IGNORECASE)
WHAT_ABOUT = re.compile(r"(?:what|how)\s+about\s+(?P<topic>\S.*?)[?.!\s]*", re.IGNORECASE)
_THERE = re.compile(
    r"what(?:['’]s|\s+is)?(?:\s+(?:there(?:['’]s|\s+is|\s+are)?|(?:do\s+)?you(?:['’]ve)?|they|we(?:['’]ve)?))?"
    r"(?:\s+(?:got|have|has|know|says?|said|known|written))?\s+(?:about|on|regarding)\s+(?P<topic>\S.*)",
    re.IGNORECASE,
)
_ARTICLE = r"(?:(?:the|this|these|any|your|our)\s+)?(?:articles?|archive|texts?)"
_MENTIONED = re.compile(
    rf"(?:do(?:es)?\s+(?P<a>\S.*?)\s+come\s+up|(?:is|are)\s+(?P<b>\S.*?)\s+mentioned"
    rf"|(?:do(?:es)?\s+(?:it|{_ARTICLE})|which\s+articles?)\s+"
    r"(?:go\s+into|cover(?!\s+up\b)|mention|touch\s+on|deal\s+with|discuss|talk)\s+(?:about\s+)?(?P<c>\S.*?))"
    rf"(?:\s+(?:at\s+all|anywhere|in\s+(?:it|there|{_ARTICLE})))*",
    re.IGNORECASE,
)
_ON_THAT = re.compile(
    r"\b(?:(?:on|about)\s+(?:that|it|those|them|this)|you\s+(?:have|got|know)|you['’]ve\s+got"
    r"|(?:any|some)\s+(?:info(?:rmation)?|details?)|anything)$",
    re.IGNORECASE,
)
_EXPLAINED = re.compile(
    r"(?:please\s+)?(?:summari[sz]e|explain|describe|outline)\s+(?:(?:to|for)\s+(?:me|us)\s+)?(?P<topic>\S.*)",
    re.IGNORECASE,
)
_ALONE = re.compile(r"(?=.*[^\W\d_]{2})(?P<topic>[\w'’.&-]+(?:\s+[\w'’.&-]+){0,4})")
# What is alone is no topic where it asks, commands, points or tells.
_NOT_ALONE = re.compile(
    rf".*\b(?:{WH_WORD}|{AUXILIARY}|this|that|me|it|him|your|\w+ed|won|lost|bought|sold|rose|fell|said|says|left|quit"
    r"|died|met|went|came|made|took|gave|causes?|wins|right)\b"
    r"|(?:name|list|compare|define|tell|give|show|write|ignore|translate|search|find|look|let|stop|make|create|continue"
    r"|generate|print|delete|remove|add|open|help|go|answer|great|good|next|more|thanks?|no|not)\b",
    re.IGNORECASE,
)
# "Trump left early, right?", "So he left, didn't he?"
_TAG = re.compile(
    r"(?:so\s+|and\s+|but\s+)?(?P<claim>\S.*?),\s*(?:right|correct|true|is\s+(?:that|it)\s+(?:right|correct|true)"
    rf"|(?:{AUXILIARY})\s+(?:it|he|she|they|there))\s*\?+",
    re.IGNORECASE,
)
_NO_CLAIM = re.compile(r"^(?:if|when|unless)\b|[!?;]\s|,$|^\S+$", re.IGNORECASE)
_TRAILING = re.compile(
    r"(?:(?:(?:,|(?<!\bsay)(?<!\bsaid)(?<!\bword))\s+(?:please|pls|plz)"
    r"|[,.?!]\s*(?:many\s+)?(?:thanks|thank\s+you|thx|cheers)(?:\s+(?:a\s+lot|so\s+much|very\s+much|in\s+advance))?"
    r"|[,.?!]\s*(?:do\s+you\s+know|can\s+you\s+(?:help|tell\s+me)|(?:do\s+you\s+have\s+)?any\s+ideas?))[\s.!?]*)+$",
    re.IGNORECASE,
)
_AND_MORE = re.compile(rf"and\s+(?!{BEGINS.pattern})", re.IGNORECASE)  # a follow-up
_BREAK = re.compile(r"[:;.!?]\s+(?:and\s+)?|\s+[–—-]+\s+|,?\s+but\s+")
_OF_ASKER = re.compile(r"\b(?:i|i['’](?:m|d|ve|ll)|my|me|we|our|question|sorry)\b", re.IGNORECASE)
# A sentence on the one who asks that says more than that.
_SAYS_MORE = re.compile(r"\b(?:[Oo]nly|mean|meant|not|other|about|except|know|knew)\b|\d|(?<=\s)(?!I\b)[A-Z]")
_THANKS = re.compile(
    r"(?:thanks|thank\s+you|thx|cheers|great|perfect)(?:[\s,]+(?:for|that|this|a|so|very|again|much|lot|helps?|\w+ing))*$",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=\s)(?!I\b)[A-Z]|\d")
_LONGEST = 24  # words of a request


def plain(text: str) -> str:
    """The question without greetings, thanks and requests to be told, or as it is where it is plain.

    A claim that is put as a question ("whether he left", "he left, right?") becomes "Do you know if he left?", which is
    answered as yes or no; what asks for all there is about a topic becomes "What do the articles say about …?".
    """
    text = " ".join(text.split())
    for _ in range(8):
        found = _once(text)
        if found == text:
            break
        text = found
    return text


def of_topic(text: str) -> str:
    """The same for "What about …?", "Does it mention …?" and a name alone: after a question they ask something else."""
    bare = text.rstrip(" .!?")
    match = WHAT_ABOUT.fullmatch(bare) or _MENTIONED.fullmatch(bare)
    if match is None and not _NOT_ALONE.match(bare):
        match = _ALONE.fullmatch(bare)
    return (match and on_topic(next(filter(None, match.groups())))) or text


def _once(text: str) -> str:
    end = _TRAILING.search(text)
    if end and WORD.search(text, 0, end.start()):
        return text[: end.start()] + ("?" if "?" in end[0] else "")
    tag = _TAG.fullmatch(text)
    if tag and not BEGINS.match(tag["claim"]) and not _NO_CLAIM.search(tag["claim"]) and one_sentence(tag["claim"]):
        return whether(tag["claim"])
    explained = _EXPLAINED.fullmatch(text.rstrip(" .!?"))
    if explained and not THIS.match(explained["topic"]) and not BEGINS_WH.match(explained["topic"]):
        there = _THERE.fullmatch(explained["topic"])
        return on_topic(there["topic"] if there else explained["topic"]) or text
    return _without_request(text) or _topic_first(text) or _without_sentence(text) or text


def _without_request(text: str) -> str | None:
    """What follows a beginning of words that say nothing of a subject."""
    before: list[str] = []
    for match in WORD.finditer(text):
        word = match[0].casefold().replace("’", "'")
        mark = text[: match.start()].rstrip()[-1:]
        mark = mark if mark in ",:;.!?–—-" else ""
        if before:
            found = _asked(before, text[match.start() :].rstrip(" .!?"), mark)
            if found:
                return found
        capital = match[0][:1].isupper() and not re.match(r"I\b", match[0])
        titled = before and capital and not mark and not text.isupper()  # "Tell Me Why"
        if titled or len(before) == _LONGEST or (word not in META and (before or word not in ("what", "what's"))):
            return None
        before.append(word)
    return None


def _asked(before: list[str], rest: str, mark: str) -> str | None:
    """The question that `rest` is after these words and this mark; None where it is none."""
    said, last, all_words = set(before), before[-1], " ".join(before)
    if said <= GREETS:
        if mark == ":" and last not in ("question", "thing", "one"):
            return None
        if mark and _AND_MORE.match(rest):
            return f"And {rest[4:]}?"
        direct = said <= OPENERS or before in (["hi", "there"], ["hello", "there"], ["thank", "you"])
        return as_question(rest) if (mark or direct) and BEGINS.match(rest) else None
    if _SAID_BEFORE.search(all_words):
        return None
    topic = _ABOUT.fullmatch(rest)
    if topic and _names_topic(before, topic) and not (said & {"said", "written"} and " by " in topic["topic"]):
        return on_topic(topic["topic"])
    if before[0] in ("what", "what's"):
        return None
    there = _THERE.fullmatch(rest)
    if there:
        return on_topic(there["topic"])
    asking = last in ASKING or (last in ("me", "us", "please") and said & TELLING) or all_words.endswith("find out")
    claim = CLAIM.fullmatch(rest)
    if claim and asking and not mark and before != ["do", "you", "know"]:
        return None if claim[0].startswith("that") and "say" not in said else whether(claim["claim"])
    of_asker = before[0] in ("i", "i'm", "i've", "i'd")
    if (asking or (mark and (of_asker or said & (ASKING | TELLING)))) and BEGINS_WH.match(rest):
        return as_question(rest)
    if mark and said & ASKING and BEGINS.match(rest):
        return as_question(rest)
    whole = not re.search(r"[.!?;:,]\s", rest)
    told = last in ("me", "us") and said & TELLING
    if whole and (told or before == ["do", "you", "know"]) and re.match(r"the\s", rest, re.IGNORECASE):
        return None if THIS.match(rest) else what_is(rest)
    return None


def _names_topic(before: list[str], about: re.Match[str]) -> bool:
    last = before[-1]
    if about["in"]:
        return last == "interested"
    if about["of"]:
        return last in ("overview", "summary")
    if last == "interested" or (last in ("me", "us") and not {*before} & TELLING):
        return False
    return last in (OF_TOPICS - ONLY_ABOUT if about["on"] else OF_TOPICS | {"there"})


def _topic_first(text: str) -> str | None:
    """ "Kimchi, what have you got?", "I'm interested in kimchi, anything on that?"."""
    head, _, tail = re.sub(r"\s+[–—-]+\s+", ", ", text.rstrip(" .!?")).rpartition(", ")
    words = {word.casefold() for word in WORD.findall(tail)}
    if not _ON_THAT.search(tail) or not words <= META | {"what", "it", "that", "those", "them"}:
        return None
    if re.match(r"(?:if|when|since|because|apart|except|besides|without)\b", head, re.IGNORECASE):
        return None
    own = next((m.start() for m in WORD.finditer(head) if m[0].casefold() not in META - {"the"}), len(head))
    named = re.sub(r".*\b(?:about|on)\s+", "", head[own:], flags=re.IGNORECASE)
    return None if re.search(rf",|\b(?:{AUXILIARY})\b", named, re.IGNORECASE) else on_topic(named)


def _without_sentence(text: str) -> str | None:
    """The question after a sentence on the one who asks: "I missed that. Who …?". What may say more stays.

    The question must have a name or a number: else what it is about may stand in the sentence.
    """
    for place in _BREAK.finditer(text):
        before, rest = text[: place.start()], text[place.end() :].rstrip(" .!?")
        thanks = _THANKS.match(before)
        if not thanks and (place[0][0] == "?" or not _OF_ASKER.search(before) or _SAYS_MORE.search(before)):
            continue
        rest = _without_request(rest) or rest
        if BEGINS.match(rest) and (thanks or (_NAME.search(rest) and not POINTS.search(rest))):
            return as_question(rest)
    return None
