"""message, history -> Understanding: slips mended, courtesies left out, each question in it by itself.

A question that points back, or says too little to be searched, is asked with the content words of the question before
and its short answer, in brackets behind it: "How old is she (Prime Minister Japan Sanae Takaichi)?". What is searched
is shown, so a wrong guess is seen. What was compared: docs/decisions/012 (follow-ups), 014 (slips) and 015 (requests).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rag.language import pack
from rag.language.absence import cleaned
from rag.language.words import is_text, stem, terms
from rag.types import OF_ARTICLE, OF_SEVERAL, Form, Query, Turn, Understanding, Vocabulary
from rag.types.errors import InputError
from rag.types.messages import message

__all__ = ["RuleUnderstander", "checked", "plain_query", "query_of"]

_KEPT_TURNS = 8
_LONGEST_TURN = 2_000  # characters of an earlier question, or of its short answer, that are looked at


@dataclass(frozen=True, slots=True)
class Before:
    """Of the turns before: the words that a question which needs them is asked with, and what was spoken of."""

    words: tuple[str, ...]
    topic: str


class RuleUnderstander:
    """Understands by the rules of a language (`rag.types.Understander`)."""

    def __init__(self, mend: Callable[[str, Vocabulary], str], max_chars: int) -> None:
        self._mend, self._max_chars = mend, max_chars  # slips of the hand are mended by the words of the articles

    def understand(
        self, message: str, history: Sequence[Turn], vocabulary: Vocabulary, articles: int, day: str | None = None
    ) -> Understanding:
        """As `Understander`. What would be longer than a question may be is asked as it was typed."""
        text = checked(message, self._max_chars)
        courtesy = pack().aside(text)
        if courtesy:
            return Understanding(text, (Query(text, courtesy, ()),))
        queries = self._queries(self._meant(text, vocabulary), self._before(history, vocabulary))
        if any(len(query.text) > self._max_chars for query in queries):
            queries = [plain_query(text)]
        if articles != 1:
            queries = [_of_several(one) for one in queries]
        return Understanding(
            text, tuple(replace(one, day=day, time=pack().time_meant(one.asked, day)) for one in queries)
        )

    def with_answer(self, query: Query, short_answer: str) -> Query:
        """As `Understander`."""
        return self._fitting(with_context(query, terms(_line(short_answer))))

    def _fitting(self, query: Query) -> Query:
        """The query with those of its context words, the last ones first, for which there is room."""
        kept, room = list[str](), self._max_chars - len(replace(query, context=("",)).text)
        for word in reversed(query.context):
            if len(word) < room + (not kept):
                kept.append(word)
                room -= len(word) + 1
        return replace(query, context=tuple(reversed(kept)))

    def _meant(self, text: str, vocabulary: Vocabulary) -> str:
        found = pack().capitalised(self._mend(text, vocabulary), vocabulary)
        return found if len(found) <= self._max_chars else text

    def _before(self, history: Sequence[Turn], vocabulary: Vocabulary) -> Before:
        """What was asked last; where that depends, its words stand behind those of the turn before it."""
        before, last = Before((), ""), list[str]()
        turns = [(_line(turn.question)[: self._max_chars], _line(turn.short_answer)) for turn in history]
        asked = [(text, short) for text, short in turns if text and not pack().aside(text)]
        for text, short in [turn for turn in asked if not pack().is_courtesy(turn[0])][-_KEPT_TURNS:]:
            queries = self._queries(self._meant(text, vocabulary), before)
            said = terms(short) if len(queries) == 1 else ()
            own = [term for query in queries for term in (terms(query.claim) if query.claim else query.own_terms)]
            topic = short if said and said[0][:1].isupper() else queries[-1].topic or " ".join(own)
            before = Before((*(last if queries[0].context else ()), *own, *said), topic or before.topic)
            last = [*own, *said] or last
        return before

    def _queries(self, text: str, before: Before) -> list[Query]:
        """The queries of a message after what was asked last."""
        whole = pack().form(text)
        if before.topic and pack().wants_more(whole.text):
            return [_of_form(pack().on_topic(before.topic) or whole)]
        texts = [whole.text] if whole.topic or whole.claim else pack().parts(whole.text)
        queries = list[Query]()
        for i, one in enumerate(texts):
            asked = whole if len(texts) == 1 else pack().form(one)
            told = before.words if not i else queries[0].terms
            query = _of_form(asked)
            if asked.topic is None and query.kind not in OF_ARTICLE and told and pack().depends(asked.text):
                query = self._fitting(with_context(query, told))
            if query.context and i:
                query = replace(query, needs_answer_of=0)
            elif not query.context and len(texts) == 1:
                query = _of_form(pack().alone(asked.text) or asked)
            queries.append(query)
        return queries


def _line(text: str) -> str:
    """What came from elsewhere on one line, without what cannot be seen or is no character, and not endless."""
    return cleaned("".join(c for c in text[:_LONGEST_TURN] if not "\ud800" <= c <= "\udfff"))


def checked(typed: str, max_chars: int) -> str:
    """A message on one line, without what cannot be seen. Raises InputError for an empty one and for one too long."""
    if not is_text(typed):
        raise InputError(message("not_text"))
    text = cleaned(typed)
    if not text:
        raise InputError(message("empty"))
    if len(text) > max_chars:
        raise InputError(message("too_long", f"{len(text):,}", f"{max_chars:,}"))
    return text


def query_of(text: str, max_chars: int) -> Query:
    """A question by itself, without a look at any article. Raises InputError as `checked` does."""
    text = checked(text, max_chars)
    courtesy = pack().aside(text)
    if courtesy:
        return Query(text, courtesy, ())
    asked = pack().form(text)
    return _of_form(pack().alone(asked.text) or asked)


def plain_query(text: str) -> Query:
    """A text as one question, in its own words."""
    return _of_form(Form(text))


def _of_several(query: Query) -> Query:
    """The query asked of several articles, of which "this article" names none."""
    kind = OF_SEVERAL.get(query.kind)
    return query if kind is None else replace(query, kind=kind, read_as=None)


def with_context(query: Query, words: Sequence[str]) -> Query:
    """The query asked with these words, less those that it has."""
    held = {stem(term) for term in query.terms}
    more = {stem(word): word for word in words if stem(word) not in held}
    return replace(query, context=(*query.context, *more.values()))


def _of_form(asked: Form) -> Query:
    if asked.topic is not None:
        return Query(asked.text, "topic", terms(asked.topic), read_as=asked.read_as, topic=asked.topic)
    (kind, focus), name = pack().kind_and_focus(asked.text), pack().named(asked.text)
    # All that ask what an article is about are read as one question. Who somebody is that is named is told by no name.
    read_as = pack().ABOUT if kind == "about" else asked.read_as
    kind = "what" if name and kind == "who" else kind
    return Query(asked.text, kind, terms(asked.text), read_as=read_as, focus=focus, claim=asked.claim, name=name)
