"""What was asked, and the passages found for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from rag.types.articles import Passage
from rag.types.times import TimeMeant

OfArticle = Literal["about", "dated", "written"]  # asked of the one article itself
Aside = Literal["hello", "thanks", "help"]  # asked of no article
Kind = Literal["who", "when", "where", "how_many", "why", "how", "said", "yes_no", "topic", "what", OfArticle, Aside]
OF_ARTICLE: frozenset[str] = frozenset(get_args(OfArticle))
# "This article" names none of several: what is asked then.
OF_SEVERAL: Mapping[str, Kind] = {"about": "what", "dated": "when", "written": "who"}
ASIDES: frozenset[str] = frozenset(get_args(Aside))


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. `score` orders the hits and has no absolute meaning."""

    passage: Passage
    score: float
    cosine: float
    dense_rank: int | None  # from 1; None where the passage is not among the candidates of that ranking
    lexical: float | None  # BM25, larger is better
    lexical_rank: int | None


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question of a conversation, as it was typed, and the short answer that was given, "" for none."""

    question: str
    short_answer: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A question less what is said around it; or what asks for all on a topic, or whether a claim is so."""

    text: str
    topic: str | None = None
    claim: str | None = None
    read_as: str | None = None  # what the networks read for it, where that is not the text


@dataclass(frozen=True, slots=True)
class Query:
    """One question as it is searched and read: of a message that asks two there are two."""

    asked: str  # in its own words, less what is said around it
    kind: Kind
    own_terms: tuple[str, ...]  # its content words as written, in the order of their first occurrence
    context: tuple[str, ...] = ()  # words of the questions before it that it is asked with
    read_as: str | None = None  # what the encoder and the networks read for it, where that is not the text
    focus: str | None = None  # the noun asked for: "university" in "At which university …?"
    topic: str | None = None  # what all is asked about: "THAAD" in "Tell me about THAAD"
    claim: str | None = None  # what is asked whether it is so: "he left" in "I wonder whether he left"
    name: str | None = None  # of whom it asks who, or of what it asks where, it is: "Who is Xi Jinping?"
    day: str | None = None  # on which it is asked, ISO 8601
    time: TimeMeant | None = None  # that it names
    needs_answer_of: int | None = None  # the place of the query before it whose short answer belongs to its context

    @property
    def text(self) -> str:
        """As a person reads it: with its context in brackets."""
        return f"{self.asked.rstrip('?.! ')} ({' '.join(self.context)})?" if self.context else self.asked

    @property
    def read(self) -> str:
        """As the encoder and the networks read it."""
        return self.text if self.read_as is None else self.read_as

    @property
    def terms(self) -> tuple[str, ...]:
        """The content words that it is searched by."""
        return self.own_terms + self.context


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a message asks: its queries in order, and the text that says what is searched."""

    asked: str  # on one line, without what cannot be seen
    queries: tuple[Query, ...]

    @property
    def shown(self) -> str:
        """What is searched, as a person reads it."""
        texts = [query.text for query in self.queries]
        return texts[0] if len(texts) == 1 else " ".join(t if t.endswith("?") else f"{t}?" for t in texts)

    @property
    def time(self) -> TimeMeant | None:
        """The time that it names; of several queries the first that names one."""
        return next((query.time for query in self.queries if query.time), None)
