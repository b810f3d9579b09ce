"""The reader alone, on a passage that comes with the question, and what reads, loaded once.

`rag.pipeline` asks an index; both read with the same networks and mend slips by the same list of words.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag import embed, extract
from rag.decide import decide
from rag.dialogue import Turn, questions, standalone
from rag.errors import InputError
from rag.extract import ReadingExtractor, shipped_model, shipped_networks
from rag.extract.network import Networks
from rag.naming import capitalised
from rag.question import analyse
from rag.sentences import sentence_pieces
from rag.settings import Settings
from rag.spelling import English, PassageWords, mended
from rag.types import ArticleInfo, Chunk, Encoder, Extractor, Hit, Passage, Sentence, Vocabulary


def networks() -> Networks:
    """The shipped networks."""
    return shipped_networks(embed.packaged(extract.BASE))


@functools.cache
def english() -> English:
    """The words that are no slips."""
    return English.of(embed.packaged(extract.BASE))


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader alone makes of one passage; all offsets are into the `context` it was given."""

    id: str | None
    status: str
    short_answer: str | None
    start: int
    end: int
    sentences: tuple[tuple[int, int], ...]
    confidence: float
    threshold: float


class Reader:
    """The extractor alone, on passages that are given with the question; needs no index."""

    def __init__(self, encoder: Encoder, extractor: Extractor, threshold: float, max_question_chars: int) -> None:
        self.encoder, self._extractor = encoder, extractor
        self._threshold, self._max_question_chars = threshold, max_question_chars

    @classmethod
    def load(cls, settings: Settings, encoder: Encoder | None = None) -> Reader:
        """The reader with its models; `encoder` is the one of the settings where it is loaded already."""
        encoder = encoder or embed.SentenceTransformerEncoder(embed.resolve(settings.encoder))
        english()
        model = shipped_model()
        extractor = ReadingExtractor(networks(), model, given=True)
        threshold = model.given.threshold if settings.threshold is None else settings.threshold
        return cls(encoder, extractor, threshold, settings.max_question_chars)

    def read(
        self, text: str, context: str, *, id: str | None = None, title: str = "", section: str | None = None
    ) -> Reading:
        """The best span of `context`, also when the decision is to refuse. Slips in the question are mended.

        Raises InputError for an empty context.
        """
        passage = given_passage(context, title, section)
        asked = analyse(text, self._max_question_chars)
        question = analyse(mended_for(passage, asked.text, self._max_question_chars), self._max_question_chars)
        vectors = self.encoder.encode([context])
        cosine = float(vectors[0] @ self.encoder.encode([question.read], query=True)[0])
        supports = self._extractor.extract(question, [Hit(passage, 0.0, cosine, None, None, None)])
        outcome = decide(supports, self._threshold)
        best = supports[0]
        start, end = best.span or (best.sentence.start, best.sentence.end)
        quoted = [s for s in supports if s.confidence >= self._threshold][:3] or [best]
        return Reading(
            id=id,
            status="answered" if outcome.confidence >= outcome.threshold else "refused",
            short_answer=context[start:end],
            start=start,
            end=end,
            sentences=tuple((s.sentence.start, s.sentence.end) for s in quoted),
            confidence=outcome.confidence,
            threshold=outcome.threshold,
        )


def mended_for(passage: Passage, text: str, longest: int) -> str:
    """A question that is put to one passage as it is meant: slips mended, and without what is said around it."""
    around = f"{passage.text} {passage.chunk.section or ''} {passage.info.title}"
    return standalone(_mended(text, PassageWords(around), longest), (), longest)


def as_meant(text: str, vocabulary: Vocabulary, longest: int, history: Sequence[Turn] = ()) -> list[str]:
    """The questions in what was typed: slips of the hand mended, and each as it would be asked by itself.

    Either is left undone where it takes more than `longest` characters.
    """
    return questions(_mended(text, vocabulary, longest), history, longest)


def _mended(text: str, vocabulary: Vocabulary, longest: int) -> str:
    meant = capitalised(mended(text, vocabulary, english()), vocabulary)
    return meant if len(meant) <= longest else text


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
