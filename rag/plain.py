"""a question as it is put in a chat -> the question in it: rules, no model.

"Hi, can you tell me who leads Japan, please?" asks who leads Japan: neither yes or no, nor for something called "Hi".
"Tell me about THAAD" and "Anything on THAAD?" ask what the articles say about it. What is cut off is made of words that
say nothing of any subject, or is a sentence on the one who asks. What was searched is shown, as with slips of the hand
(rag.spelling) and follow-ups (rag.dialogue). What it is worth: docs/decisions/015-plain.md.
"""

from __future__ import annotations

import re

from rag.words import AUXILIARY, STOPWORDS, WORD

_WH = r"(?:who|whom|whose|what|when|where|why|how|which)(?:['’](?:s|d|re|ll))?"
_PREPOSITION = r"(?:(?:in|at|on|to|for|from|by|with|since|of|until|under|before|after)\s+)?"
_ASKS = re.compile(rf"(?:{_PREPOSITION}{_WH}|(?:{AUXILIARY}))\b", re.IGNORECASE)
_ASKS_WH = re.compile(rf"{_PREPOSITION}{_WH}\b", re.IGNORECASE)

# Words that open a message.
_OPENERS = frozenset(
    """
    hi hello hey hiya ok okay yes yeah so thanks thank sorry please pls plz haha lol hmm um uh oh and but then
    also well now just actually
    """.split()
)
_GREETS = _OPENERS | frozenset(
    """
    good morning afternoon evening there all again everyone thx cheers ah wow great perfect cool nice alright right
    quick question one more another last thing excuse pardon me honestly honest btw anyway
    """.split()
)
_GREETING_PAIRS = frozenset({("hi", "there"), ("hello", "there"), ("hey", "there"), ("thank", "you")})
# With these it is said that something is asked.
_REQUESTS = frozenset(
    """
    tell know known explain wonder wondering wondered curious ask asking asks asked remember recall understand find
    check checking confirm clarify remind show say says said mention mentions mentioned describe need want wants
    wanted like love trying try looking interested idea ideas help learn hear read give get state states write written
    summarise summarize info information detail details background facts anything something everything news overview
    summary
    """.split()
)
_AROUND = frozenset(
    """
    i i'm i'd i've im my we us you u your someone somebody anyone anybody can could would will may might do does did am
    was were is are be been have has had got to for of if any some a an the this these that it up out on from in about
    really kindly maybe perhaps possibly briefly quickly happen don't dont didn't can't cannot couldn't no not sure
    article articles text texts piece much lot bit little by chance you've you'd
    """.split()
)
_META = _GREETS | _REQUESTS | _AROUND
# Beside these "about" names a topic, of which all is asked for.
_OF_TOPICS = frozenset(
    """
    tell know known say says said mention explain read hear learn find information info details background facts
    anything something everything news overview summary written got have give more interested looking describe there
    """.split()
)
_NOT_ON = frozenset("tell say says said hear there give written".split())  # "said on Friday"
_ABOUT = re.compile(r"(?:about|regarding|concerning|(?P<on>on))\s+(?P<topic>\S.*?)[\s?.!]*$", re.IGNORECASE | re.DOTALL)
_WHAT_ABOUT = re.compile(
    r"(?:(?:so|and|but|ok|okay|now)[,\s]+)?(?:what|how)\s+about\s+(?P<topic>\S.*?)[\s?.!]*$", re.IGNORECASE | re.DOTALL
)
_THERE = re.compile(
    r"what(?:['’]s|\s+is)?(?:\s+(?:there(?:['’]s|\s+is|\s+are)?|you(?:['’]ve)?|it|they|we(?:['’]ve)?))?"
    r"(?:\s+(?:got|have|has|know|says?|said|known|written))?\s+(?:about|on|regarding)\s+(?P<topic>\S.*?)[\s?.!]*$",
    re.IGNORECASE | re.DOTALL,
)
_MENTIONED = re.compile(
    r"(?:do(?:es)?\s+(?P<a>\S.*?)\s+come\s+up|(?:is|are)\s+(?P<b>\S.*?)\s+mentioned|do(?:es)?\s+(?:it|(?:the|this|these)"
    r"\s+articles?)\s+(?:go\s+into|cover|mention|touch\s+on|deal\s+with|discuss|talk)\s+(?:about\s+)?(?P<c>\S.*?))"
    r"(?:\s+(?:at\s+all|anywhere|in\s+(?:it|there|(?:the|this|these)\s+articles?)))*[\s?.!]*$",
    re.IGNORECASE | re.DOTALL,
)
_ON_THAT = re.compile(
    r"\b(?:(?:on|about)\s+(?:that|it|those|them|this)|got|have|know|(?:any|some)\s+(?:info(?:rmation)?|details?))[\s?.!]*$",
    re.IGNORECASE,
)
_ALONE = re.compile(r"(?=.*[^\W\d_]{2})(?P<topic>[\w'’.&-]+(?:\s+[\w'’.&-]+){0,4})[\s?.!]*$")
_NO_TOPIC = re.compile(
    rf"(?:name|list|compare|define|describe|explain|tell|give|show)\b|.*\b(?:{_WH}|{AUXILIARY})\b",
    re.IGNORECASE | re.DOTALL,
)
_CLAIM = re.compile(r"(?:if|whether)\s+(?P<claim>\S.*?)[\s?.!]*$", re.IGNORECASE | re.DOTALL)
# "Trump left early, right?", "So he left, didn't he?"
_TAG = re.compile(
    r"(?:so\s+|and\s+|but\s+)?(?P<claim>\S.*?),\s*(?:right|correct|true|is\s+(?:that|it)\s+(?:right|correct|true)"
    rf"|(?:{AUXILIARY})\s+(?:it|he|she|they|there))\s*\?+$",
    re.IGNORECASE | re.DOTALL,
)
_TRAILING = re.compile(
    r"(?:(?:,|(?<!\bsay)(?<!\bsaid)(?<!\bword))\s+(?:please|pls|plz)"
    r"|[,.?!]\s*(?:thanks|thank\s+you|thx|cheers)(?:\s+(?:a\s+lot|so\s+much|very\s+much|in\s+advance))?"
    r"|[,.?!]\s*(?:do\s+you\s+know|can\s+you\s+(?:help|tell\s+me)|(?:do\s+you\s+have\s+)?any\s+ideas?))[\s.!?]*$",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[:;.!?]\s+(?:and\s+)?|\s+[–—-]+\s+|,?\s+but\s+")
_OF_ASKER = re.compile(r"\b(?:i|i['’](?:m|d|ve|ll)|my|me|we|our|question|sorry)\b", re.IGNORECASE)
_THANKS = re.compile(r"(?:thanks|thank\s+you|thx|cheers|sorry|great|perfect)\b(?:[\s,]+[\w']+){0,4}$", re.IGNORECASE)
_POINTS = re.compile(
    r"\b(?:it|its|he|him|his|she|her|they|them|their|this|these|those|there|i|my|me|we|our)\b", re.IGNORECASE
)
_THIS = re.compile(r"(?:the|this|that|your)\s+(?:article|text|story|piece)", re.IGNORECASE)
_ON_TOPIC = re.compile(r"What do the articles say about (\S.*?)\?", re.DOTALL)
_NAMES = re.compile(r"(?<=\s)(?!I\b)[A-Z]|\d")


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
    match = _WHAT_ABOUT.match(text) or _MENTIONED.match(text) or (None if _NO_TOPIC.match(text) else _ALONE.match(text))
    return (match and _on(next(filter(None, match.groups())))) or text


def topic_of(text: str) -> str | None:
    """The topic of which a plain question asks all that there is."""
    match = _ON_TOPIC.fullmatch(text)
    return match and match[1]


def _once(text: str) -> str:
    end = _TRAILING.search(text)
    if end and WORD.search(text, 0, end.start()):
        return text[: end.start()] + ("?" if "?" in end[0] else "")
    tag = _TAG.match(text)
    if tag and not _ASKS.match(tag["claim"]) and re.search(r"[.!?;]\s|,$|^\S+$", tag["claim"]) is None:
        return _whether(tag["claim"])
    return _without_request(text) or _topic_first(text) or _without_sentence(text) or text


def _without_request(text: str) -> str | None:
    """What follows a beginning of words that say nothing of a subject."""
    before: list[str] = []
    for match in WORD.finditer(text):
        word = match[0].casefold().replace("’", "'")
        if before:
            found = _asked(before, text[match.start() :], parted=text[: match.start()].rstrip()[-1] in ",:;.!?–—-")
            if found:
                return found
        if (*before[-1:], word) in _GREETING_PAIRS:
            continue
        if word not in _META and (before or word not in ("what", "what's")):
            return None
        before.append(word)
    return None


def _asked(before: list[str], rest: str, *, parted: bool) -> str | None:
    """The question that `rest` is after these words; None where it is none."""
    said = set(before)
    if said <= _GREETS:
        return _question(rest) if (parted or said <= _OPENERS) and _ASKS.match(rest) else None
    if said.isdisjoint(_REQUESTS | {"there"}) or before[0] in ("the", "there", "a", "an", "this", "that"):
        return None
    topic = _ABOUT.match(rest)
    if topic and said & (_OF_TOPICS - _NOT_ON if topic["on"] else _OF_TOPICS):
        return _on(topic["topic"])
    if before[0] in ("what", "what's"):
        return None
    there = _THERE.match(rest)
    if there:
        return _on(there["topic"])
    claim = _CLAIM.match(rest)
    if claim and before != ["do", "you", "know"]:
        return _whether(claim["claim"])
    if _ASKS_WH.match(rest) or (parted and _ASKS.match(rest)):
        return _question(rest)
    if before[-1] in ("me", "us", "know") and re.match(r"the\s", rest, re.IGNORECASE):
        return f"What is {rest.rstrip(' .!?')}?"
    return None


def _topic_first(text: str) -> str | None:
    """ "Kimchi, what have you got?", "I'm interested in kimchi, anything on that?"."""
    head, _, tail = re.sub(r"\s+[–—-]+\s+", ", ", text).rpartition(", ")
    words = [word.casefold() for word in WORD.findall(tail)]
    if (
        not head
        or re.match(r"(?:if|when|since|because)\b", head, re.IGNORECASE)
        or not _ON_THAT.search(tail)
        or not {*words} <= _META | {"what", "it", "that", "those", "them"}
    ):
        return None
    own = next((m.start() for m in WORD.finditer(head) if m[0].casefold() not in _META - {"the"}), None)
    if own is None or re.search(rf",|\b(?:{AUXILIARY})\b", head[own:], re.IGNORECASE):
        return None
    return _on(head[own:])


def _without_sentence(text: str) -> str | None:
    """The question after a sentence on the one who asks: "I missed that. Who …?"; one with names or numbers stays."""
    for place in _BREAK.finditer(text):
        before, rest = text[: place.start()], text[place.end() :]
        rest = _without_request(rest) or rest
        if not _ASKS.match(rest) or _NAMES.search(before):
            continue
        if _THANKS.match(before) or (_OF_ASKER.search(before) and not _POINTS.search(rest)):
            return _question(rest)
    return None


def _question(clause: str) -> str:
    return clause[:1].upper() + clause[1:].rstrip(" .!?") + "?"


def _whether(claim: str) -> str:
    return f"Do you know if {claim.rstrip(' .!?')}?"


def _on(topic: str) -> str | None:
    """The question for all on a topic; None for what has no words of its own, or is more than a topic."""
    if _ASKS.match(topic):
        return _question(topic)  # "about how it began"
    if _THIS.fullmatch(topic):
        return "What is this article about?"
    if _POINTS.match(topic) or re.search(
        rf"[.!?]\s|\sby\s|\b(?:what|which)\b|[,;:–-]\s+{_ASKS.pattern}", topic, re.IGNORECASE
    ):
        return None
    words = [word.casefold() for word in WORD.findall(topic)]
    if all(word in STOPWORDS or word in _META for word in words):
        return None
    return f"What do the articles say about {topic}?"
