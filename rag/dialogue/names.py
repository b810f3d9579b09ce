"""What a question names: "Xi", an office ("the leader of South Korea"), a thing to be defined ("What is a tariff?")."""

from __future__ import annotations

import re

from rag.words import is_function

NAME = re.compile(
    r"\b(?!I\b)[A-Z][\w.'’\-]*(?:\s+(?:(?:of|the|de|van|von|al|bin)\s+)?[A-Z][\w.'’\-]*)*(?:(?<=[.])|(?<!['’\-.]))"
)
_NO_NAME = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|January|February|March|April|May|June|July|August|September|October"
    r"|November|December"
)
# "Who is the leader of South Korea?", "Who was Japan's first king?": the words for the one who is asked for.
OFFICE = re.compile(
    r"^who(?:['’]s|\s+(?:is|was|are|were))\s+((?:(?:an?|the)\s|[A-Z][\w.\-]*['’]s\s)[\w\s.'’\-]{2,60}?)[?.!\s]*$",
    re.IGNORECASE,
)
# Words that make a clause of it: "the bomb planted by", "Japan's minister meeting", "the president to meet".
_CLAUSE = re.compile(
    r"\b(?:by|for|to|with|from|at|about|in|on)$|\bto\s+[a-z]|\b(?!king\b)[a-z]+(?:ed$|ing(?:\s+(?:by|to|with|from|at|in|on)\b|$))"
)
DEFINITION = re.compile(
    r"^(?:what|who)(?:['’]s|\s+(?:is|are|was|were))\s+((?:an?\s+|the\s+)?[\w\s.'’\-]{2,60}?)[?.!\s]*$", re.IGNORECASE
)


def is_name(text: str) -> bool:
    """Whether a text is one name, and no function word, day or month."""
    match = NAME.fullmatch(text)
    return match is not None and not is_function(text.split()[0], "") and not _NO_NAME.fullmatch(text)


def office_of(last: str) -> str:
    """The words by which a question asks for somebody; "" where they are a clause or a name alone."""
    return _words_of(OFFICE, last)


def defined(last: str) -> str:
    """What a question asks the meaning of; "" where it does not or the words are a clause."""
    return _words_of(DEFINITION, last)


def _words_of(pattern: re.Pattern[str], last: str) -> str:
    match = pattern.match(last)
    return "" if match is None or _CLAUSE.search(match[1]) else match[1]
