"""a question as it is put in a chat -> the question in it: rules, no model.

"Hi, can you tell me who leads Japan, please?" asks who leads Japan: neither yes or no, nor for something called "Hi".
"Tell me about THAAD" and "Anything on THAAD?" ask what the articles say about it. What is cut off is made of words that
say nothing of any subject, or is a sentence on the one who asks; in doubt a question is left as it is. What was
searched is shown, as with slips of the hand (rag.spelling) and follow-ups (rag.dialogue). What it is worth, and what it
was tried on: docs/decisions/015-plain.md.
"""

from __future__ import annotations

import re

from rag.sentences import sentence_pieces
from rag.words import AUXILIARY, STOPWORDS, WH, WORD

_PREPOSITION = r"(?:(?:in|at|on|to|for|from|by|with|since|of|until|under|before|after)\s+)?"
_WH_WORD = rf"(?:{WH})(?:['’]?(?:s|d|re|ll))?"
_BEGINS_WH = re.compile(rf"{_PREPOSITION}{_WH_WORD}\b", re.IGNORECASE)
_BEGINS = re.compile(rf"(?:{_PREPOSITION}{_WH_WORD}|(?:{AUXILIARY}))\b", re.IGNORECASE)

# Words that open a message; then others that do where a comma or more comes behind them.
_OPENERS = frozenset(
    """
    hi hello hey ok okay yes yeah so thanks thank sorry please pls plz haha lol um uh oh and but then also well now just
    actually
    """.split()
)
_GREETS = _OPENERS | frozenset(
    """
    good morning afternoon evening there you all again everyone thx cheers wow great perfect cool nice alright right
    quick question one more another last thing next excuse pardon me honestly honest btw anyway answer
    """.split()
)
# Behind these stands what is asked: "I wonder who", "any idea when".
_ASKING = frozenset(
    """
    know known explain wonder wondering wondered curious ask asking asks asked remember recall understand check checking
    confirm clarify say says said mention mentions describe idea ideas learn hear sure summarise summarize is
    """.split()
)
_TELLING = frozenset("tell remind show explain inform help ask give let".split())  # me or us
# Behind these "about" names a topic of which all is asked for, and behind most of them "on" does.
_OF_TOPICS = frozenset(
    """
    know known read up out learn info information details background facts anything something everything more news
    overview summary got have find latest update updates coverage article articles story stories text texts
    me us say says said hear written bit lot else interested
    """.split()
)
_ONLY_ABOUT = frozenset("me us say says said hear written bit lot".split())  # "said on Friday"
_OTHERS = frozenset(
    """
    i i'm i'd i've im my we your u someone somebody anyone anybody can could would will may might do does did am was
    were are be been have has had get to for of if any some a an the this these that it up on from in about detail what
    really kindly maybe perhaps possibly briefly happen don't dont didn't can't cannot couldn't not sure no looking
    need want wants wanted like love trying try interested tell remind show inform help give let find piece much lot
    bit little by chance possible you've you'd
    """.split()
)
_META = _GREETS | _ASKING | _OF_TOPICS | _OTHERS
_SAID_BEFORE = re.compile(
    # Of a story, not of the articles; a duty; what somebody can do.
    r"^(?:did|was|were|had)\b(?!.*\b(?:articles?|texts?|it)\b)|^there\b|^(?:the|a|an|this|that|no)\s"
    r"|\b(?:have|has|had|need) to (?:say|show|tell|explain)\b|\b(?:will|might) (?:i|we|you)\b"
    r"|\bwould (?:you|i|we) like\b|^(?:is|are|was) (?:there )?(?:anyone|anybody|someone)\b"
    r"|^(?:i|we) know\b|^do (?:i|we)\b"
)
_ABOUT = re.compile(r"(?:about|regarding|concerning|(?P<on>on)|(?P<of>of)|(?P<in>in))\s+(?P<topic>\S.*)", re.IGNORECASE)
_WHAT_ABOUT = re.compile(r"(?:(?:so|and|but|ok|okay|now)[,\s]+)?(?:what|how)\s+about\s+(?P<topic>\S.*)", re.IGNORECASE)
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
    r"(?:please\s+)?(?:summari[sz]e|explain|describe|outline)\s+(?:(?:to|for)\s+(?:me|us)\s+)?(?P<topic>\S.*)", re.I
)
_ALONE = re.compile(r"(?=.*[^\W\d_]{2})(?P<topic>[\w'’.&-]+(?:\s+[\w'’.&-]+){0,4})")
# What is alone is no topic where it asks, commands, points or tells.
_NOT_ALONE = re.compile(
    rf".*\b(?:{_WH_WORD}|{AUXILIARY}|this|that|me|it|him|your|\w+ed|won|lost|bought|sold|rose|fell|said|says|left|quit"
    r"|died|met|went|came|made|took|gave|causes?|wins|right)\b"
    r"|(?:name|list|compare|define|tell|give|show|write|ignore|translate|search|find|look|let|stop|make|create|continue"
    r"|generate|print|delete|remove|add|open|help|go|answer|great|good|next|more|thanks?|no|not)\b",
    re.IGNORECASE,
)
_CLAIM = re.compile(
    r"(?:if|whether(?:\s+or\s+not)?|that)\s+(?!(?:or|and|so|to|any|not|possible)\b)(?P<claim>\S.*)", re.IGNORECASE
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
_BREAK = re.compile(r"[:;.!?]\s+(?:and\s+)?|\s+[–—-]+\s+|,?\s+but\s+")
_OF_ASKER = re.compile(r"\b(?:i|i['’](?:m|d|ve|ll)|my|me|we|our|question|sorry)\b", re.IGNORECASE)
# A sentence on the one who asks that says more than that.
_SAYS_MORE = re.compile(r"\b(?:[Oo]nly|mean|meant|not|other|about|except|know|knew)\b|\d|(?<=\s)(?!I\b)[A-Z]")
_THANKS = re.compile(
    r"(?:thanks|thank\s+you|thx|cheers|great|perfect)(?:[\s,]+(?:for|that|this|a|so|very|again|much|lot|helps?|\w+ing))*$",
    re.I,
)
_POINTS = re.compile(
    r"\b(?:it|its|he|him|his|she|her|they|them|their|this|these|those|there|i|my|me|we|our)\b", re.IGNORECASE
)
_THIS = re.compile(r"(?:the|this|that|your)\s+(?:article|text|story|piece)\b", re.IGNORECASE)
_NAME = re.compile(r"(?<=\s)(?!I\b)[A-Z]|\d")
# What is asked for in one word, not all there is: "capital of Kazakhstan?", "the number of deaths".
_FACT = re.compile(
    r"(?P<the>the\s+)?(?:names?|numbers?|amount|price|cost|capital|date|cause|reasons?|population|definition|meaning|winner"
    r"|age|size|length|height|result|score|author|ceo|president|leader)\s+(?:of|for)\s",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"(?:the\s+)?(?:(?:two|three|four|five|\d+)\s+\w+|[a-z]*[a-rt-z]s)\s", re.IGNORECASE)
_MORE_THAN_TOPIC = re.compile(rf"[!?]\s|\b(?:what|which)\b|[,;:–-]\s+(?:{_BEGINS.pattern}|any)", re.IGNORECASE)
_ON_TOPIC = re.compile(r"What do the articles say about (\S.*?)\??", re.DOTALL)
# "Where the summit was held?"
_INDIRECT = re.compile(
    rf"(?P<wh>who|what|when|where|why|how)\s+(?P<subject>(?!(?:{AUXILIARY})\b)\S.*?)\s+(?P<be>is|are|was|were)(?P<rest>\b.*)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    rf"\b(?:{WH}|if|whether|that|and|or|but|said|says|told|did|does|do|has|have|had|\w+ed)\b", re.IGNORECASE
)
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
    match = _WHAT_ABOUT.fullmatch(bare) or _MENTIONED.fullmatch(bare)
    if match is None and not _NOT_ALONE.match(bare):
        match = _ALONE.fullmatch(bare)
    return (match and _on(next(filter(None, match.groups())))) or text


def topic_of(text: str) -> str | None:
    """The topic of which a plain question asks all that there is."""
    match = _ON_TOPIC.fullmatch(text)
    return match and match[1]


def is_courtesy(text: str) -> bool:
    """Whether a message says nothing but hello, thanks or the like."""
    words = WORD.findall(text)
    return bool(words) and all(word.casefold() in _GREETS for word in words)


def _once(text: str) -> str:
    end = _TRAILING.search(text)
    if end and WORD.search(text, 0, end.start()):
        return text[: end.start()] + ("?" if "?" in end[0] else "")
    tag = _TAG.fullmatch(text)
    if tag and not _BEGINS.match(tag["claim"]) and not _NO_CLAIM.search(tag["claim"]) and _one_sentence(tag["claim"]):
        return _whether(tag["claim"])
    explained = _EXPLAINED.fullmatch(text.rstrip(" .!?"))
    if explained and not _THIS.match(explained["topic"]) and not _BEGINS_WH.match(explained["topic"]):
        there = _THERE.fullmatch(explained["topic"])
        return _on(there["topic"] if there else explained["topic"]) or text
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
        titled = (
            before and not text.isupper() and match[0][:1].isupper() and not re.match(r"I\b", match[0]) and not mark
        )  # "Tell Me Why"
        if titled or len(before) == _LONGEST or (word not in _META and (before or word not in ("what", "what's"))):
            return None
        before.append(word)
    return None


def _asked(before: list[str], rest: str, mark: str) -> str | None:
    """The question that `rest` is after these words and this mark; None where it is none."""
    said, last, all_words = set(before), before[-1], " ".join(before)
    if said <= _GREETS:
        if mark == ":" and last not in ("question", "thing", "one"):
            return None
        if mark and re.match(r"and\s", rest, re.IGNORECASE) and not re.match(rf"and\s+{_BEGINS.pattern}", rest, re.I):
            return f"And {rest[4:]}?"  # a follow-up
        direct = said <= _OPENERS or before in (["hi", "there"], ["hello", "there"], ["thank", "you"])
        return _question(rest) if (mark or direct) and _BEGINS.match(rest) else None
    if _SAID_BEFORE.search(all_words):
        return None
    topic = _ABOUT.fullmatch(rest)
    if topic and _names_topic(before, topic) and not (said & {"said", "written"} and " by " in topic["topic"]):
        return _on(topic["topic"])
    if before[0] in ("what", "what's"):
        return None
    there = _THERE.fullmatch(rest)
    if there:
        return _on(there["topic"])
    asking = last in _ASKING or (last in ("me", "us", "please") and said & _TELLING) or all_words.endswith("find out")
    claim = _CLAIM.fullmatch(rest)
    if claim and asking and not mark and not (last == "is" or before == ["do", "you", "know"]):
        return None if claim[0].startswith("that") and "say" not in said | {"mention"} else _whether(claim["claim"])
    of_asker = before[0] in ("i", "i'm", "i've", "i'd")
    if (asking or (mark and (of_asker or said & (_ASKING | _TELLING)))) and last != "is" and _BEGINS_WH.match(rest):
        return _question(rest)
    if mark and said & _ASKING and _BEGINS.match(rest):
        return _question(rest)
    whole = not re.search(r"[.!?;:,]\s", rest)
    told = last in ("me", "us") and said & _TELLING
    if whole and (told or before == ["do", "you", "know"]) and re.match(r"the\s", rest, re.IGNORECASE):
        return None if _THIS.match(rest) else f"What {'are' if _PLURAL.match(rest) else 'is'} {rest}?"
    return None


def _names_topic(before: list[str], about: re.Match[str]) -> bool:
    last = before[-1]
    if about["in"]:
        return last == "interested"
    if about["of"]:
        return last in ("overview", "summary")
    if last == "interested" or (last in ("me", "us") and not {*before} & _TELLING):
        return False
    return last in (_OF_TOPICS - _ONLY_ABOUT if about["on"] else _OF_TOPICS | {"there"})


def _topic_first(text: str) -> str | None:
    """ "Kimchi, what have you got?", "I'm interested in kimchi, anything on that?"."""
    head, _, tail = re.sub(r"\s+[–—-]+\s+", ", ", text.rstrip(" .!?")).rpartition(", ")
    words = {word.casefold() for word in WORD.findall(tail)}
    if not _ON_THAT.search(tail) or not words <= _META | {"what", "it", "that", "those", "them"}:
        return None
    if re.match(r"(?:if|when|since|because|apart|except|besides|without)\b", head, re.IGNORECASE):
        return None
    own = next((m.start() for m in WORD.finditer(head) if m[0].casefold() not in _META - {"the"}), len(head))
    named = re.sub(r".*\b(?:about|on)\s+", "", head[own:], flags=re.IGNORECASE)
    return None if re.search(rf",|\b(?:{AUXILIARY})\b", named, re.IGNORECASE) else _on(named)


def _without_sentence(text: str) -> str | None:
    """The question after a sentence on the one who asks: "I missed that. Who …?". What may say more stays.

    The question must have a name or a number: else what it is about may stand in the sentence.
    """
    for place in _BREAK.finditer(text):
        before, rest = text[: place.start()], text[place.end() :].rstrip(" .!?")
        thanks = _THANKS.match(before)
        if not thanks and (not _OF_ASKER.search(before) or _SAYS_MORE.search(before)):
            continue
        rest = _without_request(rest) or rest
        if _BEGINS.match(rest) and (thanks or (_NAME.search(rest) and not _POINTS.search(rest))):
            return _question(rest)
    return None


def _question(clause: str) -> str:
    clause = clause.rstrip(" .!?")
    turned = _INDIRECT.fullmatch(clause)
    if turned and not _CLAUSE.search(turned["subject"]) and not re.search(rf"\b(?:{AUXILIARY})\b", turned["rest"]):
        clause = f"{turned['wh']} {turned['be']} {turned['subject']}{turned['rest']}"
    return f"{clause[:1].upper()}{clause[1:]}?"


def _whether(claim: str) -> str:
    first = claim.split()[0]
    # A capital inside a question would be taken for a name.
    its = first.casefold() if first.casefold() in STOPWORDS and not re.match(r"I\b|[A-Z]{2}", first) else first
    return f"Do you know if {its}{claim[len(first) :].rstrip(' .!?')}?"


def _one_sentence(text: str) -> bool:
    return len(list(sentence_pieces(text))) == 1


def _on(topic: str) -> str | None:
    """The question for all on a topic; None for what has no words of its own, or is more than a topic."""
    topic = topic.rstrip(" .!?")
    if topic[:1].islower() and _BEGINS_WH.match(topic):
        return _question(topic)  # "about how it began"
    claim = _CLAIM.fullmatch(topic)
    if claim and topic[:1].islower():
        return _whether(claim["claim"])
    if _THIS.fullmatch(topic):
        return "What is this article about?"
    first = topic.split(" ")[0]
    if (_POINTS.match(topic) and not (first.isupper() and len(first) > 1)) or re.match(r"that(?:\s*\(|$)", topic):
        return None
    if _MORE_THAN_TOPIC.search(topic) or not _one_sentence(topic):
        return None
    words = WORD.findall(topic)
    if all(word.casefold() in STOPWORDS | _META for word in words) and not (words and words[-1][:1].isupper()):
        return None
    fact = _FACT.match(topic)
    if fact:
        return f"What {'are' if _PLURAL.match(topic) else 'is'} {'' if fact['the'] else 'the '}{topic}?"
    return f"What do the articles say about {topic}?"
