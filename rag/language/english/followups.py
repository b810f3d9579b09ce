"""Whether a question needs the turns before it: it points back, or says too little to be searched by itself."""

from __future__ import annotations

import itertools
import re

from rag.language.english.patterns import any_case
from rag.language.english.words import ASKS, AUXILIARY, STOPWORDS, WH, small_words
from rag.language.words import terms

_LEAD_IN = any_case(r"(?:(?:ok|okay|and|but|so|then|also|well|thanks|thank you|great)\b[,.!]?\s+)+")
_ANOTHER = any_case(r"(?:and|(?:and\s+)?(?:what|how)\s+about)\s+(?P<thing>\S.*?)[?.!\s]*")
_MORE = any_case(
    r"(?:(?:can|could)\s+you\s+)?(?:please\s+)?(?:tell\s+me\s+more|(?:some\s+|any\s+)?more(?:\s+(?:details?|info(?:rmation)?))?"
    r"|any(?:thing)?\s+(?:else|details|info(?:rmation)?)|what\s+else(?:\s+do\s+you\s+(?:know|have))?|go\s+on)"
    r"(?:\s+(?:about|on)\s+(?:it|that|this|him|her|them))?[\s.!?]*"
)
_ITSELF = frozenset("article text story piece report articles texts stories pieces reports".split())
_POSSESSIVE = frozenset("his her its their".split())
_POINTS = _POSSESSIVE | frozenset(
    "he him she hers it they them theirs that this these those there one ones same such".split()
)
# "It", "there", "that", "this" and "one" where they stand for nothing that was said before.
_EXPLETIVE = re.compile(
    r"(?i:\b(?:is|was|would|will) it (?:true|possible|likely|the case|right|ok|okay|necessary)(?: that)?\b)"
    r"|(?i:\b(?:is|was|be|are) it (?:hard|easy|difficult|time|clear|legal|illegal|safe|good|bad|better|best|important"
    r"|possible|impossible|normal|common|enough|fair|wrong|right|true|likely|unlikely|worth \w+ing) (?:to|that)\b)"
    r"|\b(?:[Ii]s|[Ww]as) it [A-Z][^?]* (?:who|that|which)\b"
    r"|(?i:\bit (?:is|was) that\b)"
    r"|(?i:\bthis (?:past )?(?:week(?:end)?|month|year|decade|century|season|spring|summer|autumn|fall|winter|morning"
    r"|afternoon|evening)\b|\bthese days\b)"
    r"|(?i:\bit (?:rain|snow)\w*|\bit takes? (?:[\w ]+ )?to\b|\bit (?:seems?|means?) (?:to|that)\b)"
    r"|(?i:\b(?:is|are|was|were|be|been) there\b)"
    r"|(?i:\b(?:the )?(?:one|ones|those) (?:who|that|which|of)\b)"
    r"|(?i:\b(?:say|says|said|know|think|means?|believe|told|so|sure|heard)\s+(?:me\s+)?that\b)"
    rf"|(?i:\b(?!(?:{AUXILIARY}|{WH}|to|of|for|with|on|at|in|by|about|from|after|before)\b)\w+ that (?=\w))"  # relative
)
_DEFINES = any_case(r"(?:what|who)(?:['’]s|\s+(?:is|are|was|were))\s+(?!the\s)")
_FRAGMENT = 4  # words


def wants_more(text: str) -> bool:
    """Whether a message asks for more on what was just spoken of: "Tell me more"."""
    return _MORE.fullmatch(_LEAD_IN.sub("", text, count=1)) is not None


def depends(text: str) -> bool:
    """As `Language.depends`."""
    said = small_words(text)
    if any(a in ("this", "these", "the", "that") and b in _ITSELF for a, b in itertools.pairwise(said)):
        return False
    bare = _LEAD_IN.sub("", text, count=1)
    if not small_words(bare):
        return False
    another = _ANOTHER.fullmatch(text)
    if another and ASKS.isdisjoint(small_words(another["thing"])[:1]):
        return True
    if _points(_EXPLETIVE.sub(" ", bare)):
        return True
    own, words = terms(bare), bare.split()
    if len(own) <= 1 and not any(term[:1].isupper() for term in own) and not (own and _DEFINES.match(bare)):
        return True
    is_topic = any(word[:1].isupper() for word in words[1:]) or bare.rstrip("?.! ").isupper()
    return len(words) <= _FRAGMENT and ASKS.isdisjoint(small_words(bare)) and not is_topic


def _points(text: str) -> bool:
    """Whether a word stands for something outside of its own question.

    None does that is an acronym or a title (IT, Her Majesty), nor a possessive or "he" behind a name that may be meant
    by it: "Did Takaichi say she …", but "How did China respond to it?".
    """
    named = False
    for at, match in enumerate(re.finditer(r"\w+", text)):
        word = match[0]
        of_name = (len(word) > 1 and word.isupper()) or bool(at and word[0].isupper())
        pronoun = word.casefold() if not of_name else ""
        if pronoun in _POINTS and not (named and pronoun in _POSSESSIVE | {"he", "she"}):
            return True
        named = named or bool(at and word[0].isupper() and word.casefold() not in STOPWORDS)
    return False
