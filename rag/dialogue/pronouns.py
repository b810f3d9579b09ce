"""The pronouns that stand for something outside of their own question, and a name put in their place."""

from __future__ import annotations

import re

from rag.words import AUXILIARY, STOPWORDS

PERSON = re.compile(r"\b(he|him|his|she|her|hers)\b", re.IGNORECASE)
SUBJECTIVE = re.compile(r"\b(he|she)\b", re.IGNORECASE)
OBJECT = re.compile(r"\b(him|her(?!\s+\w))\b", re.IGNORECASE)
HE_HIM = re.compile(f"{SUBJECTIVE.pattern}.*{OBJECT.pattern}", re.IGNORECASE)
THING = re.compile(r"\b(it|its|they|them|their|theirs)\b", re.IGNORECASE)
POINTER = re.compile(r"\b(?:that|this|these|those|there|one|ones|same|such)\b", re.IGNORECASE)
# "It", "there", "that" and "one" where they stand for nothing that was said before.
EXPLETIVE = re.compile(
    r"(?i:\b(?:is|was|would|will) it (?:true|possible|likely|the case|right|ok|okay|necessary)(?: that)?\b)"
    r"|(?i:\b(?:is|was|be|are) it \w+ (?:to|that|for)\b)"
    r"|\b(?:[Ii]s|[Ww]as) it [A-Z][^?]* (?:who|that|which)\b"
    r"|(?i:\bit (?:is|was) that\b)"
    r"|(?i:\bit (?:rain|snow)\w*|\bit takes? (?:[\w ]+ )?to\b|\bit (?:seems?|means?|costs?) (?:to|that)\b)"
    r"|(?i:\b(?:is|are|was|were|be|been) there\b)"
    r"|(?i:\b(?:the )?(?:one|ones|those) (?:who|that|which|of)\b)"
)
_POSSESSIVE = frozenset({"his", "her", "its", "their"})
_POSSESSIVE_ALONE = frozenset({"his", "hers", "theirs"})  # "Is it hers?"


def open_pronoun(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The first pronoun that stands for something outside of its own question."""
    return next((match for match in pattern.finditer(text) if _is_open(match)), None)


def put(pronoun: re.Pattern[str], text: str, name: str) -> str:
    """The text with a name for each pronoun that stands for something outside of it, "'s" behind a possessive one."""

    def word(match: re.Match[str]) -> str:
        if not _is_open(match):
            return match[0]
        after = text[match.end() :].lstrip()
        own = match[0].casefold() in _POSSESSIVE and re.match(r"\w", after) is not None
        if match[0].casefold() == "her" and re.match(rf"(?:{AUXILIARY}|in|on|at|to|about|and|or)\b", after):
            own = False
        return f"{name}'s" if own or match[0].casefold() in _POSSESSIVE_ALONE else name

    return pronoun.sub(word, text)


def _is_open(match: re.Match[str]) -> bool:
    """Whether it is no acronym or title (IT, Her Majesty), and no name before it in its own question is meant by it.

    So of a possessive, and of "she" in "Did Takaichi say she …"; not of "How did China respond to it?".
    """
    word, before = match[0], match.string[: match.start()]
    if (len(word) > 1 and word.isupper()) or (match.start() and word[0].isupper()):
        return False
    if word.casefold() not in _POSSESSIVE | {"he", "she"}:
        return True
    after = match.string[match.end() :].lstrip()
    if word.casefold() == "her" and not re.match(r"[a-z]", after):
        return True
    words = re.findall(r"\w+", before)[1:]
    named = any(word[0].isupper() and word.casefold() not in STOPWORDS for word in words)
    alone = word.casefold() == "his" and not re.match(r"\w", after)  # "Was the idea his?"
    return not named and (alone or re.search(r"\b(?:the|an?) [a-z]", before) is None)
