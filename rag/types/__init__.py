"""Every type that crosses a room, and the Protocols of the parts that can be exchanged.

All offsets are half-open ranges of code points into `Article.text`, the text normalised once at load.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.types.answers import (
    Alternative,
    Answered,
    Citation,
    Outcome,
    Reason,
    Refused,
    Reply,
    Segment,
    ShortItem,
    ShortSpan,
    Support,
)
from rag.types.articles import Article, ArticleInfo, Chunk, Paragraph, Passage, SeedEntry, SeedFile, Sentence
from rag.types.questions import (
    ASIDES,
    OF_ARTICLE,
    OF_SEVERAL,
    Aside,
    Form,
    Hit,
    Kind,
    OfArticle,
    Query,
    Turn,
    Understanding,
)

__all__ = [
    "ASIDES",
    "OF_ARTICLE",
    "OF_SEVERAL",
    "Alternative",
    "Answered",
    "Article",
    "ArticleInfo",
    "Aside",
    "Chunk",
    "Citation",
    "Encoder",
    "Extractor",
    "Form",
    "Hit",
    "Kind",
    "OfArticle",
    "Outcome",
    "Paragraph",
    "Passage",
    "Query",
    "Reason",
    "Refused",
    "Reply",
    "SeedEntry",
    "SeedFile",
    "Segment",
    "Sentence",
    "ShortItem",
    "ShortSpan",
    "Support",
    "Turn",
    "Understander",
    "Understanding",
    "Vectors",
    "Vocabulary",
]

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def dimension(self) -> int: ...

    def encode(
        self, texts: Sequence[str], *, query: bool = False, progress: Callable[[int], None] | None = None
    ) -> Vectors:
        """Unit vectors of shape (len(texts), dimension), each independent of the other texts.

        `progress` gets the number of texts done since its last call.
        """
        ...


class Vocabulary(Protocol):
    """The words of some articles."""

    def occurs(self, term: str) -> bool:
        """Whether a term or an irregular form of it, compared by stem, stands in what a reader sees of any article.

        That is its text, title, publisher, author and date.
        """
        ...

    def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """Of these words, bare (`rag.language.words`), those that occur: how each is mostly written, and how often."""
        ...


class Understander(Protocol):
    """Says what a message asks."""

    def understand(
        self, message: str, history: Sequence[Turn], vocabulary: Vocabulary, articles: int, day: str | None = None
    ) -> Understanding:
        """The queries of a message after `history`, oldest turn first, of so many articles with these words.

        `day` is the day of asking, ISO 8601, from which "this week" is told. "This article" names one only where
        `articles` is 1. Raises InputError for what cannot be asked.
        """
        ...

    def with_answer(self, query: Query, short_answer: str) -> Query:
        """A query that needs the answer of one before it, with that short answer."""
        ...


class Extractor(Protocol):
    """Finds the sentences that may answer, in passages taken as they are."""

    def extract(self, query: Query, hits: Sequence[Hit]) -> list[Support]:
        """Supports ordered by falling confidence; empty only when there is no sentence at all."""
        ...
