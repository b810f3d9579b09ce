"""Strips what is said around a question, and tells topics and claims from questions.

"Hi, can you tell me who leads Japan, please?" asks who leads Japan. What is cut off is made of words that say nothing
of any subject; in doubt a question is left as it is.
"""

from __future__ import annotations

import re

from rag.language.english.patterns import any_case
from rag.language.english.words import AUXILIARY, STOPWORDS, WH
from rag.language.sentences import sentence_pieces
from rag.language.words import WORD
from rag.types import Form

ABOUT = "What is this about?"  # as the networks read each question on what an article is about
_MOST = 8  # requests around each other
_LONGEST = 24  # words of a request
PREPOSITION = r"(?:(?:in|at|on|to|for|from|by|with|since|of|until|under|before|after)\s+)?"
_WH_WORD = rf"{PREPOSITION}(?:{WH})(?:['’]?(?:s|d|re|ll))?"
_BEGINS_WH = any_case(rf"{_WH_WORD}\b")
BEGINS = any_case(rf"(?:{_WH_WORD}|(?:{AUXILIARY}))\b")

# Words that open a message; then others that do where a comma or more comes behind them.
_OPENERS = frozenset(
    """
    hi hello hey ok okay yes yeah so thanks thank sorry please pls plz haha lol um uh oh and but then also well now just
    actually
    """.split()
)
GREETS = _OPENERS | frozenset(
    """
    good morning afternoon evening there you all again everyone thx cheers wow great perfect cool nice alright right
    quick question one more another last thing next excuse pardon me honestly honest btw anyway answer
    """.split()
)
# Behind these stands what is asked: "I wonder who", "any idea when"; behind the others with "me" or "us".
_ASKING = frozenset(
    """
    know known explain wonder wondering wondered curious ask asking asks asked remember recall understand check checking
    confirm clarify say says said mention mentions describe idea ideas learn hear sure summarise summarize
    """.split()
)
_TELLING = frozenset("tell remind show explain inform help ask give let".split())
# Behind these "about" names a topic of which all is asked for, and behind most of them "on" does.
_ONLY_ABOUT = frozenset("me us say says said hear written bit lot".split())  # "said on Friday"
_OF_TOPICS = _ONLY_ABOUT | frozenset(
    """
    know known read up out learn info information details background facts anything something everything more news
    overview summary got have find latest update updates coverage article articles story stories text texts there
    interested else new
    """.split()
)
_OTHERS = frozenset(
    """
    i i'm i'd i've im my we your u someone somebody anyone anybody can could would will may might do does am is was
    are be been have has get to for of if any some a an the this these that it up on from in about detail what
    really kindly maybe perhaps possibly briefly happen don't dont didn't can't cannot couldn't not sure no looking
    need want wants wanted like love trying try interested tell remind show inform help give let find piece much lot
    bit little by chance possible you've you'd else
    """.split()
)
_META = GREETS | _ASKING | _OF_TOPICS | _OTHERS

_ABOUT = any_case(r"(?:about|regarding|concerning|(?P<on>on)|(?P<of>of)|(?P<in>in))\s+(?P<topic>\S.*)")
_ARTICLE = r"(?:(?:the|this|these|any|your|our)\s+)?(?:articles?|archive|texts?)"
_EXPLAINED = any_case(
    r"(?:please\s+)?(?:summari[sz]e|explain|describe|outline)\s+(?:(?:to|for)\s+(?:me|us)\s+)?"
    rf"(?P<topic>(?!{_ARTICLE}\b)(?!{_WH_WORD}\b)\S.*)"
)
# "Summarise what there is on the truce"
_THERE = any_case(
    r"what(?:['’]s)?(?:\s+(?:there|you|they|we|is|have|has|got|know|known|says?))*\s+(?:about|on)\s+(?P<topic>\S.*)"
)
_WHAT_ABOUT = any_case(r"(?:what|how)\s+about\s+(?P<topic>\S.*)")
_ALONE = re.compile(r"(?=.*[^\W\d_]{2})[\w'’.&-]+(?:\s+[\w'’.&-]+){0,4}")
# What is alone is no topic where it asks, commands, points or tells.
_NOT_ALONE = any_case(
    rf".*\b(?:{_WH_WORD}|{AUXILIARY}|this|that|me|it|him|your|\w+ed|won|lost|bought|sold|rose|fell|said|says|left|quit"
    r"|died|met|went|came|made|took|gave|causes?|wins|right)\b"
    r"|(?:name|list|compare|define|tell|give|show|write|ignore|translate|search|find|look|let|stop|make|create|continue"
    r"|generate|print|delete|remove|add|open|help|go|answer|great|good|next|more|thanks?|no|not)\b"
)
# "Trump left early, right?", "So he left, didn't he?"
_TAG = any_case(
    r"(?:so\s+|and\s+|but\s+)?(?P<claim>(?!(?:if|when|unless)\b)[^\s!?;]+\s[^!?;]*?),\s*(?:right|correct|true|is\s+(?:that|it)\s+(?:right|true)"
    rf"|(?:{AUXILIARY})\s+(?:it|he|she|they|there))\s*\?+"
)
_CLAIM = any_case(r"(?:if|whether(?:\s+or\s+not)?|that)\s+(?!(?:or|and|so|to|any|not|possible)\b)(?P<claim>\S.*)")
_POINTS = frozenset("it its he him his she her they them their this these those there i my me we our".split())
_MORE_THAN_TOPIC = any_case(rf"[!?]\s|\b(?:what|which)\b|[,;:–-]\s+(?:{BEGINS.pattern}|any)")
# What is asked for in one word, not all there is: "capital of Kazakhstan?", "the number of deaths".
_FACT = any_case(
    r"(?:the\s+)?(?:names?|numbers?|amount|price|cost|capital|date|cause|reasons?|population|definition|meaning|winner"
    r"|age|size|length|height|result|score|author|ceo|president|leader)\s+(?:of|for)\s"
)
_TRAILING = any_case(
    r"(?:(?:(?:,|(?<!\bsay)(?<!\bsaid)(?<!\bword))\s+(?:please|pls|plz)"
    r"|[,.?!]\s*(?:many\s+)?(?:thanks|thank\s+you|thx|cheers)(?:\s+(?:a\s+lot|so\s+much|very\s+much|in\s+advance))?"
    r"|[,.?!]\s*(?:do\s+you\s+know|can\s+you\s+(?:help|tell\s+me)|(?:do\s+you\s+have\s+)?any\s+ideas?))[\s.!?]*)+$"
)


def form(text: str) -> Form:
    """What a message asks without greetings, thanks and requests to be told; its text where it is plain."""
    for _ in range(_MOST):
        found = _once(text)
        if found is None:
            break
        if found.topic or found.claim:
            return found
        text = found.text
    return Form(text)


def alone(text: str) -> Form | None:
    """A topic that is named and no more: "THAAD?", "What about THAAD?"; None for another text."""
    bare = text.rstrip(" .!?")
    about = _WHAT_ABOUT.fullmatch(bare)
    if about:
        return on_topic(about["topic"])
    return on_topic(bare) if _ALONE.fullmatch(bare) and not _NOT_ALONE.match(bare) else None


def on_topic(topic: str) -> Form | None:
    """What asks for all on a topic; None for what has no words of its own, or is more than a topic."""
    topic = topic.rstrip(" .!?")
    if topic[:1].islower() and _BEGINS_WH.match(topic):
        return Form(_as_question(topic))  # "about how it began"
    claim = _CLAIM.fullmatch(topic)
    if claim and topic[:1].islower():
        return _whether(claim["claim"])
    if re.fullmatch(rf"(?:that\s+)?{_ARTICLE}", topic, re.IGNORECASE):
        return Form("What is this article about?", read_as=ABOUT)
    first = WORD.findall(topic)[:1]
    if first and (first[0].casefold() in _POINTS or topic == "that") and not (first[0].isupper() and len(first[0]) > 1):
        return None
    if _MORE_THAN_TOPIC.search(topic) or len(sentence_pieces(topic)) > 1:
        return None
    words = WORD.findall(topic)
    if all(word.casefold() in STOPWORDS | _META for word in words) and not (words and words[-1][:1].isupper()):
        return None
    if _FACT.match(topic):
        return Form(f"What is {topic if topic[:4].casefold() == 'the ' else f'the {topic}'}?")
    return Form(f"What do the articles say about {topic}?", topic=topic, read_as=f"What is {topic}?")


def _whether(claim: str) -> Form:
    claim = claim.rstrip(" .!?")
    first = claim.split()[0]
    # A capital inside a question would be taken for a name.
    if first.casefold() in STOPWORDS and not re.match(r"I\b|[A-Z]{2}", first):
        claim = f"{first.casefold()}{claim[len(first) :]}"
    return Form(f"Do you know if {claim}?", claim=claim)


def _as_question(clause: str) -> str:
    clause = clause.rstrip(" .!?")
    return f"{clause[:1].upper()}{clause[1:]}?"


def _once(text: str) -> Form | None:
    end = _TRAILING.search(text)
    if end and WORD.search(text, 0, end.start()):
        return Form(text[: end.start()] + ("?" if "?" in end[0] else ""))
    tag = _TAG.fullmatch(text)
    if tag and not BEGINS.match(tag["claim"]) and len(sentence_pieces(tag["claim"])) == 1:
        return _whether(tag["claim"])
    explained = _EXPLAINED.fullmatch(text.rstrip(" .!?"))
    if explained:
        return on_topic(explained["topic"])
    return _without_request(text)


def _without_request(text: str) -> Form | None:
    """What follows a beginning of words that say nothing of a subject."""
    before: list[str] = []
    for match in WORD.finditer(text):
        word = match[0].casefold().replace("’", "'")
        mark = text[: match.start()].rstrip()[-1:]
        mark = mark if mark in ",:;.!?–—-" else ""
        if before:
            found = _requested(before, text[match.start() :].rstrip(" .!?"), mark)
            if found:
                return found
        capital = match[0][:1].isupper() and not re.match(r"I\b", match[0])
        titled = before and capital and not mark and not text.isupper()  # "Tell Me Why"
        if titled or len(before) == _LONGEST or (word not in _META and (before or word not in ("what", "what's"))):
            return None
        before.append(word)
    return None


def _requested(before: list[str], rest: str, mark: str) -> Form | None:
    """What `rest` asks after these words and this mark; None where it asks nothing."""
    said, last, all_words = set(before), before[-1], " ".join(before)
    if said <= GREETS:
        if mark == ":" and last not in ("question", "thing", "one"):
            return None
        direct = said <= _OPENERS or all_words in ("hi there", "hello there", "thank you")
        return Form(_as_question(rest)) if (mark or direct) and BEGINS.match(rest) else None
    topic = _ABOUT.fullmatch(rest)
    if topic and _names_topic(before, topic) and not (said & {"said", "written"} and " by " in topic["topic"]):
        return on_topic(topic["topic"])
    if before[0] in ("what", "what's"):
        return None
    there = _THERE.fullmatch(rest)
    if there:
        return on_topic(there["topic"])
    asking = last in _ASKING or (last in ("me", "us", "please") and said & _TELLING) or all_words.endswith("find out")
    claim = _CLAIM.fullmatch(rest)
    if claim and asking and not mark:
        return None if claim[0].startswith("that") and "say" not in said else _whether(claim["claim"])
    of_asker = before[0] in ("i", "i'm", "i've", "i'd")
    if (asking or (mark and (of_asker or said & (_ASKING | _TELLING)))) and _BEGINS_WH.match(rest):
        return Form(_as_question(rest))
    return Form(_as_question(rest)) if mark and said & _ASKING and BEGINS.match(rest) else None


def _names_topic(before: list[str], about: re.Match[str]) -> bool:
    last = before[-1]
    if about["of"] or about["in"]:
        return last in (("overview", "summary") if about["of"] else ("interested",))
    if last in ("me", "us") and not {*before} & _TELLING:
        return False
    return last in (_OF_TOPICS - _ONLY_ABOUT if about["on"] else _OF_TOPICS)
