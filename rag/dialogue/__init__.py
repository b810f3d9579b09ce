"""history, question -> the question as it would be asked without the history: rules, no model.

Three things are taken from the turns before: what a pronoun stands for ("Who is he?"), what a short question leaves out
("And Japan?", "When was that?", "What about the year before?"), and the topic where a question names none ("How does it
work?"). A question that stands by itself is left as it is, so that a new topic is not mixed with the old one. What was
searched is shown, so a wrong guess can be seen and mended.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.dialogue.antecedents import ASKS_THING, replaced
from rag.dialogue.ellipsis import elliptic, of_another, shortened
from rag.dialogue.names import NAME, defined, is_name, office_of
from rag.dialogue.pronouns import PERSON, THING
from rag.dialogue.topics import behind, with_topic
from rag.dialogue.turns import Turn, short_answer
from rag.plain import aside, is_courtesy, of_topic, on_topic, parts, plain, topic_of
from rag.words import AUXILIARY, WH, terms

__all__ = ["Turn", "further", "questions", "standalone"]

_KEPT_TURNS = 8
_LONGEST = 1000  # code points of a question
_LEAD_IN = re.compile(r"^(?:(?:ok|okay|and|but|so|then|also|well|thanks|thank you|great)\b[,.!]?\s+)+", re.IGNORECASE)
# "Tell me more": all there is on what was just spoken of.
_MORE = re.compile(
    r"(?:(?:can|could)\s+you\s+)?(?:please\s+)?(?:tell\s+me\s+more|(?:some\s+|any\s+)?more(?:\s+(?:details?|info(?:rmation)?))?"
    r"|any(?:thing)?\s+(?:else|details|info(?:rmation)?)|what\s+else(?:\s+do\s+you\s+(?:know|have))?|go\s+on)"
    r"(?:\s+(?:about|on)\s+(?:it|that|this|him|her|them))?[\s.!?]*$",
    re.IGNORECASE,
)
_WH_NAME = re.compile(rf"^(?i:{WH}|{AUXILIARY}) (?=(?:the )?[A-Z])")
_ITSELF = re.compile(r"\b(?:this|these) (?:article|text|story|piece|report)s?\b", re.IGNORECASE)
_NAMED_OR_ONE = re.compile(r"(?:the|an?)\s|[A-Z]")
_SAYS_ENOUGH = 3  # content words, a name among them, by which a question is found without another's


def standalone(question: str, history: Sequence[Turn], max_chars: int = _LONGEST) -> str:
    """The question with what it takes from the turns before, or as it is where it takes nothing.

    Also as it is where it would have more than `max_chars` code points, so that a long turn before cannot make a
    question one that cannot be asked.
    """
    asked = " ".join(question.split())
    found = _alone(asked, _before(history, max_chars))
    return found if len(found) <= max_chars else asked


def questions(question: str, history: Sequence[Turn], max_chars: int = _LONGEST) -> list[str]:
    """The questions that are asked in one, the first as it stands by itself, the others as `further` takes them."""
    asked = " ".join(question.split())
    first, *rest = parts(plain(asked))
    first = _alone(first, _before(history, max_chars))
    return [first, *rest] if len(first) <= max_chars else [asked]


def further(question: str, first: str, said: str = "", max_chars: int = _LONGEST) -> str:
    """A further question in one message, by the first as it was asked and its short answer, "" where it has none.

    "Who leads Japan, and how old is she?": what a pronoun stands for is the answer, or the one whom the first asks for,
    where that is sure. Else the first one's words are put behind, unless it names what it is about.
    """
    if _ITSELF.search(question):
        return question
    last, own = _lower(first), terms(question)
    asks_for = re.match(r"who\b", last, re.IGNORECASE) or ASKS_THING.match(last)
    answer = said if asks_for else ""
    known = answer or office_of(last) or _NAMED_OR_ONE.match(defined(last))
    names = any(term[0].isupper() or term[0].isdigit() for term in own)
    found = known and replaced(question, last, answer)
    if not found and not (names and len(own) >= _SAYS_ENOUGH):
        found = with_topic(question, last) or (None if names else behind(question, last))
    return found if found and len(found) <= max_chars else question


def _before(history: Sequence[Turn], max_chars: int) -> list[tuple[str, str]]:
    """Each earlier question as it stands by itself, with its answer; of several in one turn none has that."""
    before: list[tuple[str, str]] = []
    for turn in history[-_KEPT_TURNS:]:
        text = " ".join(turn.question[: 2 * max_chars].split())[:max_chars]
        if text and not is_courtesy(text) and not aside(text):
            first, *rest = parts(plain(text))
            first = _alone(first, before)
            asked = [first, *(further(one, first) for one in rest)]
            before += [(_lower(one.removeprefix("Do you know if ")), "" if rest else turn.answer) for one in asked]
    return before


def _lower(question: str) -> str:
    """Without a capital before a name, which would be taken for a part of it."""
    return _WH_NAME.sub(lambda match: match[0].casefold(), question)


def _alone(text: str, before: Sequence[tuple[str, str]]) -> str:
    asked = plain(text)
    taken = text if is_courtesy(text) and "?" not in text else _taken(asked, before)
    return of_topic(taken if taken == asked else plain(taken))


def _taken(text: str, before: Sequence[tuple[str, str]]) -> str:
    if not before or _ITSELF.search(text):
        return text
    last, answer = before[-1]
    bare = _LEAD_IN.sub("", text)
    topic = topic_of(last)
    if _MORE.match(bare):
        said = short_answer(answer)
        named = next((name[0] for name in NAME.finditer(last) if is_name(name[0])), None)
        spoken_of = said if is_name(said) else topic or named
        return (spoken_of and on_topic(spoken_of)) or text
    if topic:
        last = f"What is {topic}?"
        another = of_another(text, bare)
        if another and not PERSON.search(another[1]) and not THING.search(another[1]):
            return on_topic(re.sub(r"^(?:on|about) ", "", another[1])) or text
    return (
        elliptic(text, bare, last, answer)
        or shortened(bare, last, answer)
        or replaced(bare, last, short_answer(answer))
        or with_topic(bare, last)
        or text
    )
