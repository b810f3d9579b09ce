"""What passes between the rooms of the evaluation: a question, what is accepted for it, what a system made of it.

A system sees an `Asked` alone: never the gold, a part or an answerability label, and no date but the day of asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from rag.types import Article, Turn

Rule = Literal["span", "words", "sentence", "article"]


@dataclass(frozen=True, slots=True)
class Gold:
    """An accepted answer: a range of an article's (or a given passage's) text, and its words."""

    article_id: str
    start: int
    end: int
    text: str
    paragraph: int | None = None
    part: int = 0  # of an answer that has several


@dataclass(frozen=True, slots=True)
class Asked:
    """All that a system is told. Ids stay outside: some have a date or the label in them."""

    question: str
    history: tuple[Turn, ...] = ()  # oldest first
    context: str | None = None  # the passage to read; None: find one in the corpus
    title: str = ""
    hidden: frozenset[str] = frozenset()  # articles that are taken away for this question
    # The day of asking in ISO form, where a set has one that does not give the label away. It is not shown in the repr,
    # of which the gate makes the key of a baseline (eval/gate.py).
    day: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what is accepted for it.

    `rule` says what makes a quotation right: `span`, it contains an accepted range whole; `words`, it contains an
    accepted answer's words, in order and unbroken, wherever they stand; `sentence`, it is one of the accepted
    sentences; `article`, it is of an accepted article or passage. Where the gold has several parts, the quotations of
    an answer together must contain one range of each.
    """

    id: str  # unique in its set
    asked: Asked
    part: str
    group: str  # articles, passages or weeks that hang together: the unit of the bootstrap
    rule: Rule
    answerable: bool
    gold: tuple[Gold, ...] = ()  # of rules span, sentence and article
    selections: tuple[tuple[Gold, ...], ...] = ()  # of rule sentence: what each annotator selected
    answers: tuple[str, ...] = ()  # accepted short answers
    # Those that the set itself gives, where `answers` has other ways to write them, too; not in the repr, as `day`.
    as_written: tuple[str, ...] = field(default=(), repr=False)
    kind: str = ""
    category: str = ""
    wrong: tuple[str, ...] = ()  # answers known to be false
    unscorable: str = ""  # why it cannot be scored; empty when it can
    paragraph: str = ""  # questions with the same one were asked of the same paragraph


@dataclass(frozen=True, slots=True)
class Quote:
    """A quotation with its place, and the sentence of it that stands for it where one sentence is compared."""

    article_id: str
    start: int
    end: int
    text: str
    paragraph: int | None = None
    sentence: tuple[int, int] | None = None  # range in the article; None: the quotation is one sentence

    @property
    def one(self) -> tuple[int, int]:
        """The range of its one sentence."""
        return self.sentence or (self.start, self.end)

    @property
    def one_text(self) -> str:
        """The words of its one sentence."""
        start, end = self.one
        return self.text[start - self.start : end - self.start]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a system made of a question. Also a refusal has the quotations that came closest, so that finding and
    refusing are scored apart."""

    score: float  # larger is surer; a probability where the system says that it is one
    answered: bool  # at the system's own threshold
    quotes: tuple[Quote, ...] = ()  # best first
    short: str | None = None
    error: str = ""
    reason: str = ""  # of a refusal, as `rag.types.Reason`; of a system that tells none ""


class System(Protocol):
    """One program that answers, ours or another."""

    @property
    def name(self) -> str: ...

    def ask(self, asked: Asked) -> Prediction:
        """Answers or refuses one question."""
        ...


@dataclass(frozen=True, slots=True)
class Dataset:
    """A set of questions; `articles` are its corpus, empty where each question comes with its passage."""

    name: str
    cases: tuple[Case, ...]
    articles: tuple[Mapping[str, str], ...] = ()  # records of a JSONL seed
    seeds: str = ""  # or a folder of seeds
    source: str = ""
    note: str = ""  # what stands beside every figure of the set
    retrieval_only: bool = False

    @property
    def asks_corpus(self) -> bool:
        """Whether a system has to find the passage, rather than being given it."""
        return bool(self.articles or self.seeds)


def texts(articles: Iterable[Article]) -> dict[str, str]:
    """The normalised text of each article by its id."""
    return {article.info.article_id: article.text for article in articles}
