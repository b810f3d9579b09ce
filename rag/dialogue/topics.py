"""The topic of the question before, put behind a question that names none: "How does it work (insurance)?"."""

from __future__ import annotations

import re

from rag.dialogue.names import DEFINITION
from rag.dialogue.pronouns import EXPLETIVE, PERSON, POINTER, THING, open_pronoun
from rag.plain import topic_of
from rag.words import AUXILIARY, STOPWORDS, WH, terms

_RELATIVE = re.compile(r"\b(\w+) that (?=\w)")
_THAT_CLAUSE = re.compile(
    r"\b(?:say|says|said|know|think|mean|means|believe|told|so|sure|heard)\s+(?:me\s+)?that\b", re.I
)
_TOPIC = re.compile(r"\s*\([^()]*\)\?$")  # what was put behind a question


def with_topic(bare: str, last: str) -> str | None:
    """The last question's words behind a question that points back, or that says too little to be searched."""
    left = _RELATIVE.sub(_without_relative, _THAT_CLAUSE.sub(" ", EXPLETIVE.sub(" ", bare)))
    points = POINTER.search(left) or open_pronoun(THING, left) or open_pronoun(PERSON, left)
    if not points and topic_of(bare):
        return None
    own = terms(bare)
    short = len(own) <= 1 and not re.search(r"\b[A-Z]{2,}\b", bare) and not any(term[:1].isupper() for term in own)
    if not points and not (short and not _defines(bare)) and not _is_fragment(bare):
        return None
    return behind(bare, last)


def behind(text: str, last: str) -> str | None:
    """A question with those words of the last one behind it that it does not have; None where there are none."""
    held = {term.casefold() for term in terms(text)}
    topic = [term for term in terms(_TOPIC.sub("", last)) if term.casefold() not in held]
    return f"{text.rstrip('?.! ')} ({' '.join(topic)})?" if topic else None


def _without_relative(match: re.Match[str]) -> str:
    """ "The treaty that ended the war" points at nothing; "object to that" does."""
    word = match[1].casefold()
    return match[0] if word in STOPWORDS or re.fullmatch(AUXILIARY, word) else f"{match[1]} "


def _defines(bare: str) -> bool:
    """ "What is a tariff?": one thing is asked for by its own word; "What is the reason?" needs a topic."""
    match = DEFINITION.match(bare)
    return match is not None and bool(terms(match[1])) and not match[1].casefold().startswith("the ")


def _is_fragment(bare: str) -> bool:
    """ "Regional differences": a few words without a verb or a name that could be a topic of their own."""
    words = bare.split()
    asks = re.search(rf"\b(?:{WH}|{AUXILIARY})\b", bare, re.IGNORECASE)
    named = any(word[:1].isupper() for word in words[1:]) or re.fullmatch(r"[A-Z][A-Z0-9]+[?.!\s]*", bare)
    return len(words) <= 4 and asks is None and not named
