"""Every type that crosses a room, and the Protocols of the parts that can be exchanged.

All offsets are half-open ranges of code points into `Article.text`, the text normalised once at load.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from rag.types.times import TimeMeant

OfArticle = Literal["about", "dated", "written"]  # asked of the one article itself
Aside = Literal["hello", "thanks", "help"]  # asked of no article
Reason = Literal["no_support", "unsure", "nothing_found"]  # of a refusal
Kind = Literal["who", "when", "where", "how_many", "why", "how", "said", "yes_no", "topic", "what", OfArticle, Aside]
OF_ARTICLE: frozenset[str] = frozenset(get_args(OfArticle))
# "This article" names none of several: what is asked then.
OF_SEVERAL: Mapping[str, Kind] = {"about": "what", "dated": "when", "written": "who"}
ASIDES: frozenset[str] = frozenset(get_args(Aside))
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A file of the seeds folder as found: its path relative to the folder and its bytes' SHA-256."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SeedEntry:
    """One article as a generation holds it."""

    article_id: str
    path: str
    seed_sha256: str
    text_sha256: str
    loader: str

    @classmethod
    def of(cls, info: ArticleInfo) -> SeedEntry:
        """The entry of an article that was read."""
        return cls(info.article_id, info.path, info.seed_sha256, info.text_sha256, info.loader)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of an article: its range, its number (from 1) and the heading above it."""

    start: int
    end: int
    number: int
    section: str | None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class ArticleInfo:
    """What is known of an article besides its text."""

    article_id: str
    path: str  # relative to the seeds folder, with forward slashes
    title: str
    publisher: str | None
    author: str | None
    url: str | None
    date: str | None  # ISO 8601, a day
    seed_sha256: str  # of the file's bytes
    text_sha256: str  # of the normalised text in UTF-8
    loader: str  # loader name and version, with its library's where it has one

    def told(self) -> dict[str, str | None]:
        """What a reader is told of it."""
        named = ("article_id", "title", "publisher", "author", "date", "url")
        return {name: getattr(self, name) for name in named}


@dataclass(frozen=True, slots=True)
class Article:
    """A loaded article: `info`, the normalised text and its paragraphs in order."""

    info: ArticleInfo
    text: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A quotable unit: a sentence, or a piece of one that is longer than a chunk may be."""

    start: int
    end: int
    paragraph: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """One retrieval unit: a contiguous range of an article that starts and ends at sentence ends."""

    ordinal: int  # position in its article, from 0
    start: int
    end: int
    section: str | None
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk with its own text and its article's metadata: all that later stages may look at."""

    info: ArticleInfo
    chunk: Chunk
    text: str  # article.text[chunk.start:chunk.end]

    def slice(self, start: int, end: int) -> str:
        """The text of an article range that lies inside this passage."""
        if not self.chunk.start <= start <= end <= self.chunk.end:
            raise ValueError(f"range {start}:{end} lies outside the passage {self.chunk.start}:{self.chunk.end}")
        return self.text[start - self.chunk.start : end - self.chunk.start]


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


@dataclass(frozen=True, slots=True)
class Support:
    """A sentence that may answer, the short answer inside it, and the probability that it does."""

    passage: Passage
    sentence: Sentence
    short: tuple[int, int] | None  # to be shown
    span: tuple[int, int] | None  # the best inside the sentence, shown or not
    confidence: float
    # Where the answer is several spans, those in this sentence; empty where none of them is.
    items: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """The decision to answer with `supports`, best first; the first carries the decision.

    `others` are the places of those whose short answer is another one than the first's, `joined` of those that hold
    further items of its list.
    """

    supports: tuple[Support, ...]
    others: tuple[int, ...]
    confidence: float
    threshold: float
    joined: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The decision not to answer. `closest` is shown as what it is: no answer, or where `unsure` what may be one."""

    reason: Reason
    closest: tuple[Support, ...]
    confidence: float
    threshold: float


Outcome = Answered | Refused


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a reply's text. A quote's `start` and `end` are its range in the article; else both are 0."""

    kind: Literal["template", "quote", "question", "metadata"]
    text: str
    citation: int | None = None
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class Citation:
    """One contiguous quotation with its place."""

    number: int
    article_id: str
    title: str
    publisher: str | None
    author: str | None
    url: str | None
    path: str
    date: str | None
    section: str | None
    page: int | None
    paragraph: int
    start: int
    end: int
    quote: str
    seed_sha256: str
    text_sha256: str


@dataclass(frozen=True, slots=True)
class ShortSpan:
    """The place of the short answer: the number of its citation and its range in the article."""

    citation: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ShortItem:
    """One span of an answer that has several, with its place, as `ShortSpan`."""

    text: str
    citation: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another short answer with its place. The schema-1 object has its text and the number of its citation."""

    short_answer: str
    span: ShortSpan


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, refusal or error: the schema-1 object, field for field in the order it is written."""

    schema: int
    id: str | None
    question: str
    standalone_question: str
    filters: Mapping[str, object]
    asked: str | None  # the day of asking, ISO 8601
    time: Mapping[str, str | None] | None  # that the question names: "from" and "to"
    status: Literal["answered", "refused", "error"]
    text: str
    segments: tuple[Segment, ...]
    short_answer: str | None
    short_answer_span: ShortSpan | None
    short_answers: tuple[ShortItem, ...]  # in the order of the citations; empty where the answer is one span
    confidence: float | None
    threshold: float | None
    certificate: str | None
    reason: Reason | None
    unmatched_terms: tuple[str, ...]  # of a refusal, whose text names them
    citations: tuple[Citation, ...]
    closest: tuple[Citation, ...]
    alternatives: tuple[Alternative, ...]
    index_generation: str | None
    timings_ms: Mapping[str, float]
    error: str | None = None


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
