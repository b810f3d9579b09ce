"""Other ways to understand a message, by which the program's own is measured (`rag.types.Understander`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.types import Query, Turn, Understander, Understanding, Vocabulary
from rag.understand import RuleUnderstander, checked, plain_query


def as_one(understanding: Understanding) -> Query:
    """What a message asks as one question, for what reads one alone; of several, of none of their kinds."""
    first, *others = understanding.queries
    if not others:
        return first
    return replace(plain_query(understanding.shown), kind="what", day=first.day, time=understanding.time)


@dataclass(frozen=True, slots=True)
class AsTyped:
    """A message is one question, in the words in which it was typed."""

    max_chars: int

    def understand(
        self, message: str, history: Sequence[Turn], vocabulary: Vocabulary, articles: int, day: str | None = None
    ) -> Understanding:
        """One query; the turns before are left out."""
        del history, vocabulary, articles, day
        text = checked(message, self.max_chars)
        return Understanding(text, (plain_query(text),))

    def with_answer(self, query: Query, short_answer: str) -> Query:
        """The query itself: none needs an answer."""
        del short_answer
        return query


@dataclass(frozen=True, slots=True)
class LastTurns:
    """The last questions, one behind the other: `turns` of those before, 0 for none."""

    inner: Understander
    turns: int

    def understand(
        self, message: str, history: Sequence[Turn], vocabulary: Vocabulary, articles: int, day: str | None = None
    ) -> Understanding:
        """What the inner one makes of them without a history."""
        before = [turn.question for turn in history[len(history) - self.turns :]]
        return self.inner.understand(" ".join([*before, message]), (), vocabulary, articles, day)

    def with_answer(self, query: Query, short_answer: str) -> Query:
        """As the inner one."""
        return self.inner.with_answer(query, short_answer)


def unmended(max_chars: int) -> RuleUnderstander:
    """The program's own without the mending of slips."""
    return RuleUnderstander(lambda text, _: text, max_chars)
