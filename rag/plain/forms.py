"""The forms that a plain question has: a question, yes or no to a claim, and what there is on a topic."""

from __future__ import annotations

import re

from rag.plain.words import BEGINS, BEGINS_WH, META
from rag.sentences import sentence_pieces
from rag.words import AUXILIARY, STOPWORDS, WH, WORD

CLAIM = re.compile(
    r"(?:if|whether(?:\s+or\s+not)?|that)\s+(?!(?:or|and|so|to|any|not|possible)\b)(?P<claim>\S.*)", re.IGNORECASE
)
POINTS = re.compile(
    r"\b(?:it|its|he|him|his|she|her|they|them|their|this|these|those|there|i|my|me|we|our)\b", re.IGNORECASE
)
THIS = re.compile(r"(?:the|this|that|your)\s+(?:article|text|story|piece)\b", re.IGNORECASE)
_ARTICLE = r"(?:this|the|these|that)\s+(?:article|text|story|piece|report|news)s?"
_ON_ARTICLE = re.compile(
    rf"^(?:what(?:'s| is| are)?\s+{_ARTICLE}\s+(?:is\s+|are\s+)?about"
    rf"|(?:(?:can|could) you |please )*(?:summari[sz]e|give (?:me )?a summary of)\s+{_ARTICLE}"
    rf"|what {_ARTICLE} (?:is|are) about|what does {_ARTICLE} (?:say|cover|describe)"
    rf"|what(?:'s| is) the (?:main )?(?:topic|subject|point) of {_ARTICLE})[\s?.!]*$"
)
# What is asked for in one word, not all there is: "capital of Kazakhstan?", "the number of deaths".
_FACT = re.compile(
    r"(?P<the>the\s+)?(?:names?|numbers?|amount|price|cost|capital|date|cause|reasons?|population|definition|meaning|winner"
    r"|age|size|length|height|result|score|author|ceo|president|leader)\s+(?:of|for)\s",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"(?:the\s+)?(?:(?:two|three|four|five|\d+)\s+\w+|[a-z]*[a-rt-z]s)\s", re.IGNORECASE)
_MORE_THAN_TOPIC = re.compile(rf"[!?]\s|\b(?:what|which)\b|[,;:–-]\s+(?:{BEGINS.pattern}|any)", re.IGNORECASE)
_ON_TOPIC = re.compile(r"What do the articles say about (\S.*?)\??", re.DOTALL)
# "Where the summit was held?"; not "how many people were killed" or "what countries are involved", which are in order.
_INDIRECT = re.compile(
    r"(?P<wh>who|what|when|where|why|how)\s+"
    rf"(?P<subject>(?!(?:{AUXILIARY})\b)\S.*?)\s+(?P<be>is|are|was|were)(?P<rest>\b.*)",
    re.IGNORECASE,
)
_OWN_SUBJECT = re.compile(r"(?:the|an?|this|that|these|those|his|her|its|their|my|our|your)\b|[A-Z\"“]", re.ASCII)
_BESIDE = re.compile(r"(?:else|exactly|precisely|in|at|on|of|from|among|inside|within|near)\b", re.IGNORECASE)
_DEGREE = re.compile(
    r"(?:old|long|far|tall|high|large|big|small|often|deep|wide|fast|heavy|serious|likely|safe|bad|badly|soon|quickly"
    r"|close|common|strong|effective|important|well|good|many|much|few)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    rf"\b(?:{WH}|if|whether|that|and|or|but|said|says|told|did|does|do|has|have|had|\w+ed)\b", re.IGNORECASE
)


def as_question(clause: str) -> str:
    """A clause as a question; with one form of "to be" in the order of one: "where the summit was held"."""
    clause = clause.rstrip(" .!?")
    turned = _INDIRECT.fullmatch(clause)
    if turned and _turns(turned):
        clause = f"{turned['wh']} {turned['be']} {turned['subject']}{turned['rest']}"
    return f"{clause[:1].upper()}{clause[1:]}?"


def _turns(found: re.Match[str]) -> bool:
    """Whether what follows the question word is a subject, and not the thing that is asked for: "what year it was"."""
    subject, rest = found["subject"], found["rest"]
    if _CLAUSE.search(subject) or re.search(rf"\b(?:{AUXILIARY})\b", rest):
        return False
    wh, own, (first, *others) = found["wh"].casefold(), _OWN_SUBJECT.match(subject), subject.split()
    if _BESIDE.match(subject):
        return False  # "who else was arrested", "where in Ukraine the attack was"
    if wh == "how":
        return not _DEGREE.match(subject) and bool(own or rest or not others)
    if wh != "what":
        return True
    named = first[:1].isupper()  # "what Xi is planning", and not "what Tesla models are affected"
    if own and not (named and rest and others and others[-1][:1].islower()):
        return True
    return not rest and not any(_OWN_SUBJECT.match(other) or POINTS.fullmatch(other) for other in others)


def whether(claim: str) -> str:
    """Yes or no to a claim."""
    first = claim.split()[0]
    # A capital inside a question would be taken for a name.
    its = first.casefold() if first.casefold() in STOPWORDS and not re.match(r"I\b|[A-Z]{2}", first) else first
    return f"Do you know if {its}{claim[len(first) :].rstrip(' .!?')}?"


def what_is(thing: str) -> str:
    """ "What is …?", or "What are …?"."""
    return f"What {'are' if _PLURAL.match(thing) else 'is'} {thing}?"


def on_topic(topic: str) -> str | None:
    """The question for all on a topic; None for what has no words of its own, or is more than a topic."""
    topic = topic.rstrip(" .!?")
    if topic[:1].islower() and BEGINS_WH.match(topic):
        return as_question(topic)  # "about how it began"
    claim = CLAIM.fullmatch(topic)
    if claim and topic[:1].islower():
        return whether(claim["claim"])
    if THIS.fullmatch(topic):
        return "What is this article about?"
    first = topic.split(" ")[0]
    if (POINTS.match(topic) and not (first.isupper() and len(first) > 1)) or re.match(r"that(?:\s*\(|$)", topic):
        return None
    if _MORE_THAN_TOPIC.search(topic) or not one_sentence(topic):
        return None
    words = WORD.findall(topic)
    if all(word.casefold() in STOPWORDS | META for word in words) and not (words and words[-1][:1].isupper()):
        return None
    fact = _FACT.match(topic)
    if fact:
        return what_is(topic if fact["the"] else f"the {topic}")
    return f"What do the articles say about {topic}?"


def is_on_article(text: str) -> bool:
    """Whether a question asks what the article is about, with any apostrophe and in any case."""
    return _ON_ARTICLE.search(text.casefold().replace("’", "'")) is not None


def topic_of(text: str) -> str | None:
    """The topic of which a plain question asks all that there is."""
    match = _ON_TOPIC.fullmatch(text)
    return match and match[1]


def one_sentence(text: str) -> bool:
    """Whether a text ends no sentence before its end, as "the U.S. economy" does not."""
    return len(sentence_pieces(text)) == 1
