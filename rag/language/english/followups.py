"""Whether a question needs the turns before it: it points back, or says too little to be searched by itself."""

from __future__ import annotations

import re

from rag.language.english.words import AUXILIARY, STOPWORDS, WH
from rag.language.words import terms

_LEAD_IN = re.compile(r"(?:(?:ok|okay|and|but|so|then|also|well|thanks|thank you|great)\b[,.!]?\s+)+", re.IGNORECASE)
_ANOTHER = re.compile(r"(?:and|(?:and\s+)?(?:what|how)\s+about)\s+(?P<thing>\S.*?)[?.!\s]*", re.IGNORECASE)
_MORE = re.compile(
    r"(?:(?:can|could)\s+you\s+)?(?:please\s+)?(?:tell\s+me\s+more|(?:some\s+|any\s+)?more(?:\s+(?:details?|info(?:rmation)?))?"
    r"|any(?:thing)?\s+(?:else|details|info(?:rmation)?)|what\s+else(?:\s+do\s+you\s+(?:know|have))?|go\s+on)"
    r"(?:\s+(?:about|on)\s+(?:it|that|this|him|her|them))?[\s.!?]*",
    re.IGNORECASE,
)
_ITSELF = re.compile(r"\b(?:this|these) (?:article|text|story|piece|report)s?\b", re.IGNORECASE)
_POINTS = re.compile(
    r"\b(?:he|him|his|she|hers?|its?|they|them|theirs?|that|this|these|those|there|ones?|same|such)\b", re.IGNORECASE
)
# "It", "there", "that" and "one" where they stand for nothing that was said before.
_EXPLETIVE = re.compile(
    r"(?i:\b(?:is|was|would|will) it (?:true|possible|likely|the case|right|ok|okay|necessary)(?: that)?\b)"
    r"|(?i:\b(?:is|was|be|are) it \w+ (?:to|that|for)\b)"
    r"|\b(?:[Ii]s|[Ww]as) it [A-Z][^?]* (?:who|that|which)\b"
    r"|(?i:\bit (?:is|was) that\b)"
    r"|(?i:\bit (?:rain|snow)\w*|\bit takes? (?:[\w ]+ )?to\b|\bit (?:seems?|means?|costs?) (?:to|that)\b)"
    r"|(?i:\b(?:is|are|was|were|be|been) there\b)"
    r"|(?i:\b(?:the )?(?:one|ones|those) (?:who|that|which|of)\b)"
    r"|(?i:\b(?:say|says|said|know|think|means?|believe|told|so|sure|heard)\s+(?:me\s+)?that\b)"
    rf"|(?i:\b(?!(?:{AUXILIARY}|{WH}|to|of|for|with|on|at|in|by|about|from|after|before)\b)\w+ that (?=\w))"  # relative
)
_ASKS = re.compile(rf"\b(?:{WH}|{AUXILIARY})\b", re.IGNORECASE)
_DEFINES = re.compile(r"(?:what|who)(?:['’]s|\s+(?:is|are|was|were))\s+(?!the\s)", re.IGNORECASE)
_ABOUT = re.compile(r"\b(?:what|how) about\b", re.IGNORECASE)
_AND = re.compile(r"\band\b", re.IGNORECASE)
_NAME = re.compile(r"[A-Z][A-Z0-9]+[?.!\s]*")
_FRAGMENT = 4  # words


def wants_more(text: str) -> bool:
    """Whether a message asks for more on what was just spoken of: "Tell me more"."""
    return _MORE.fullmatch(_LEAD_IN.sub("", text, count=1)) is not None


def another(text: str) -> str | None:
    """What is named in a message that asks the last question of another: "And Japan?", "What about Japan?"."""
    match = _ANOTHER.fullmatch(text)
    return None if match is None or _ASKS.match(match["thing"]) else match["thing"]


def names_another(text: str) -> bool:
    """Whether a message may ask the last question of another, and so be of any kind."""
    return _ABOUT.search(text) is not None or (_AND.search(text) is not None and not _ASKS.search(text))


def depends(text: str) -> bool:
    """Whether a question is understood only from those before it."""
    if _ITSELF.search(text):
        return False
    bare = _LEAD_IN.sub("", text, count=1)
    if another(text) or any(_is_open(match) for match in _POINTS.finditer(_EXPLETIVE.sub(" ", bare))):
        return True
    own, words = terms(bare), bare.split()
    named = any(term[:1].isupper() for term in own)
    if len(own) <= 1 and not named and not (own and _DEFINES.match(bare)):
        return True
    is_topic = any(word[:1].isupper() for word in words[1:]) or _NAME.fullmatch(bare)
    return len(words) <= _FRAGMENT and _ASKS.search(bare) is None and not is_topic


def _is_open(match: re.Match[str]) -> bool:
    """Whether it is no acronym or title (IT, Her Majesty), and no name before it in its own question is meant by it.

    So of a possessive, and of "she" in "Did Takaichi say she …"; not of "How did China respond to it?".
    """
    word, before = match[0], match.string[: match.start()]
    if (len(word) > 1 and word.isupper()) or (before.strip() and word[0].isupper()):
        return False
    if word.casefold() not in ("his", "her", "its", "their", "he", "she"):
        return True
    words = re.findall(r"\w+", before)[1:]
    return not any(word[0].isupper() and word.casefold() not in STOPWORDS for word in words)
