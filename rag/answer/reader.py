"""The reader alone, on a passage that comes with the question, and what reads, loaded once.

`rag.answer.assistant` asks an index; both read with the same networks and mend slips by the same list of words.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass

from rag import embed, extract
from rag.answer.decide import decide, of_list
from rag.extract import ReadingExtractor, shipped_model, shipped_networks
from rag.extract.network import Networks
from rag.language.sentences import sentence_pieces
from rag.language.words import is_text
from rag.types import (
    ArticleInfo,
    Chunk,
    Encoder,
    Extractor,
    Hit,
    Passage,
    Query,
    Reason,
    Refused,
    Sentence,
    Understander,
)
from rag.types.errors import InputError
from rag.types.settings import Settings
from rag.understand import RuleUnderstander
from rag.understand.spelling import KnownWords, PassageWords, mended

MOST_CHARS = 200_000  # of what is read at once: some seconds of work


def networks() -> Networks:
    """The shipped networks."""
    return shipped_networks(embed.packaged(extract.BASE))


@functools.cache
def _known_words() -> KnownWords:
    return KnownWords.of(embed.packaged(extract.BASE))


def shipped_understander(settings: Settings) -> Understander:
    """The rules that come with the package, and the words that are no slips."""
    return RuleUnderstander(functools.partial(mended, known=_known_words()), settings.max_question_chars)


@dataclass(frozen=True, slots=True)
class ReadItem:
    """One span of an answer that has several."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader alone makes of one passage; all offsets are into the `context` it was given."""

    id: str | None
    status: str
    short_answer: str | None
    start: int
    end: int
    short_answers: tuple[ReadItem, ...]  # in the order of the context; empty where the answer is one span
    sentences: tuple[tuple[int, int], ...]
    confidence: float
    threshold: float
    reason: Reason | None  # of a refusal


class Reader:
    """The extractor alone, on passages that are given with the question; needs no index."""

    def __init__(
        self, understander: Understander, encoder: Encoder, extractor: Extractor, threshold: float, doubt: float
    ) -> None:
        self._understander, self.encoder, self._extractor = understander, encoder, extractor
        self._threshold, self._doubt = threshold, doubt

    @classmethod
    def load(
        cls, settings: Settings, encoder: Encoder | None = None, understander: Understander | None = None
    ) -> Reader:
        """The reader with its models; `encoder` is the one of the settings where it is loaded already."""
        encoder = embed.for_questions(embed.resolve(settings.encoder), encoder)
        model = shipped_model()
        extractor = ReadingExtractor(networks(), model, given=True)
        threshold = model.given.threshold if settings.threshold is None else settings.threshold
        return cls(understander or shipped_understander(settings), encoder, extractor, threshold, model.given.doubt)

    def read(
        self, text: str, context: str, *, id: str | None = None, title: str = "", section: str | None = None
    ) -> Reading:
        """The best span of `context`, also when the decision is to refuse. Slips in the question are mended.

        Raises InputError for a context that is empty, longer than MOST_CHARS or no text.
        """
        if not is_text([context, title, section]):
            raise InputError("the context or its title holds half of a surrogate pair, which is no character")
        if len(context) > MOST_CHARS:
            raise InputError(f"the context has {len(context):,} characters; give at most {MOST_CHARS:,}")
        passage = given_passage(context, title, section)
        query = query_for(passage, text, self._understander)
        vectors = self.encoder.encode([context])
        cosine = float(vectors[0] @ self.encoder.encode([query.read], query=True)[0])
        supports = self._extractor.extract(query, [Hit(passage, 0.0, cosine, None, None, None)])
        outcome = decide(supports, self._threshold, self._doubt)
        best = supports[0]
        start, end = best.span or (best.sentence.start, best.sentence.end)
        quoted = [s for s in supports if s.confidence >= self._threshold][:3] or [best]
        its = sorted(place for one in (best, *of_list(quoted)) for place in one.items)
        return Reading(
            id=id,
            status="refused" if isinstance(outcome, Refused) else "answered",
            short_answer=context[start:end],
            start=start,
            end=end,
            short_answers=tuple(ReadItem(context[a:b], a, b) for a, b in its) if len(its) > 1 else (),
            sentences=tuple((s.sentence.start, s.sentence.end) for s in quoted),
            confidence=outcome.confidence,
            threshold=outcome.threshold,
            reason=outcome.reason if isinstance(outcome, Refused) else None,
        )


def query_for(passage: Passage, text: str, understander: Understander) -> Query:
    """The first query of what is asked of one passage."""
    return understander.understand(text, (), PassageWords(around(passage)), 1).queries[0]


def around(passage: Passage) -> str:
    """A passage with its heading and title, as far as its words go."""
    return f"{passage.text} {passage.chunk.section or ''} {passage.info.title}"


def given_passage(context: str, title: str = "", section: str | None = None) -> Passage:
    """A passage of no index: all of `context`, under the article id "context". Raises InputError for an empty one."""
    sentences = tuple(_sentences(context))
    if not sentences:
        raise InputError("the context is empty; give a passage to read")
    info = ArticleInfo("context", "context", title, None, None, None, None, "", "", "given")
    return Passage(info, Chunk(0, 0, len(context), section, sentences), context)


def _sentences(context: str) -> Iterator[Sentence]:
    for a, b in sentence_pieces(context):
        piece = context[a:b]
        start, end = a + len(piece) - len(piece.lstrip()), a + len(piece.rstrip())
        if start < end:
            yield Sentence(start, end, 1)
