"""Checks that the label of an answer fits the question: "Who: …" goes with a question that asks who."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from rag.language import compiled, pack
from rag.language.words import WORD
from rag.types import Kind
from rag.types.errors import InputError
from rag.understand import plain_query, query_of

LONGEST = 2_000  # code points of a question that may be asked, by any settings
_LONGEST_MEANT = 10_000  # of one with what it takes from the turns before, and of several in one
_CONTEXT = re.compile(r"(?P<bare>.*\S)(?P<context> \([^()]+\))\?", re.DOTALL)
_MOST = 200  # words of a question from each of which its kind is looked at
_MOST_SLIPS = 20
_A_SLIP = 0.7  # of difflib's likeness: wich and which, waht and what


def kind_of(question: str) -> Kind:
    """The kind of a question; of what is none, what shows no words but a template's."""
    try:
        return query_of(question, _LONGEST_MEANT).kind
    except InputError:
        return "what"


def meant(answer_question: str, standalone: str) -> tuple[str, Kind]:
    """The standalone question without the context in brackets behind it, and the kind of the question."""
    found = _CONTEXT.fullmatch(standalone)
    if found is None or found["context"] in answer_question:
        return standalone, kind_of(standalone)
    return found["bare"], plain_query(found["bare"]).kind


def times_named(typed: str, standalone: str, day: str | None) -> list[Mapping[str, str | None] | None]:
    """The days that it names as several questions, of which the first that names any counts, and as one question.

    Words from the turns before, in brackets, name none.
    """
    parts = [meant(typed, part)[0] for part in compiled(r"(?<=\?)\s+").split(standalone)]
    times = [pack().time_meant(part, day) for part in parts]
    found = next((time for time in times if time), None), pack().time_meant(meant(typed, standalone)[0], day)
    return [time.object() if time else None for time in found]


def asks(typed: str, meant: str, kind: Kind) -> bool:
    """Whether the question that was typed, or what follows in it on a word, is of the kind of the meant one."""
    if len(typed) > LONGEST:
        return False
    words = _without_slips(typed, meant).split()
    return any(kind_of(" ".join(words[i:])) == kind for i in range(min(len(words), _MOST)))


def _without_slips(typed: str, meant: str) -> str:
    """What was typed with the words that it was taken for, where these are nearly the same."""
    known = dict.fromkeys(word.casefold() for word in WORD.findall(meant))
    others = {word for word in WORD.findall(typed.casefold()) if word not in known and word not in pack().STOPWORDS}
    if len(others) > _MOST_SLIPS:
        return typed
    near = {word: difflib.get_close_matches(word, known, 1, _A_SLIP) for word in others}
    return WORD.sub(lambda match: next(iter(near.get(match[0].casefold()) or [match[0]])), typed)
