"""Documents that somebody else's retriever found -> passages, which are read as those of an index are.

Offsets are into each document's own text: nothing in it is changed.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from rag import embed
from rag.answer.assistant import Assistant, Components
from rag.answer.reader import MOST_CHARS, around, networks, shipped_understander
from rag.extract import ReadingExtractor, Stages, shipped_model
from rag.language.words import is_text, stem, stems
from rag.split import split
from rag.types import (
    ASIDES,
    Article,
    ArticleInfo,
    Encoder,
    Extractor,
    Hit,
    Paragraph,
    Passage,
    Query,
    Reply,
    Support,
    Turn,
)
from rag.types.errors import InputError
from rag.types.settings import Settings
from rag.types.times import a_day
from rag.understand.spelling import PassageWords

MOST_DOCUMENTS = 200  # of one question


@dataclass(frozen=True, slots=True)
class Document:
    """A text that may answer. Its `id` is the citation's `article_id`; `date` is a day, 2024-01-12."""

    text: str
    id: str
    title: str = ""
    section: str | None = None
    date: str | None = None
    publisher: str | None = None
    author: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words of a document that may answer, the sentence they stand in, and the probability that they do.

    Offsets are into the document's text. `answers`: whether that is sure enough to be given as an answer.
    """

    document_id: str
    start: int
    end: int
    sentence: tuple[int, int]
    confidence: float
    answers: bool


def _candidate(support: Support, threshold: float) -> Candidate:
    sentence = support.sentence.start, support.sentence.end
    start, end = support.span or sentence
    sure = round(support.confidence, 4)
    return Candidate(support.passage.info.article_id, start, end, sentence, sure, sure >= threshold)


@dataclass(frozen=True, slots=True)
class _Judge:
    """What reads, and from which confidence on it answers, or is unsure."""

    parts: Components
    threshold: float
    doubt: float


class Quoting:
    """Answers from given documents, or refuses, with the models loaded once. May be used from several threads.

    One passage is judged as one that is given. The best of several was chosen, as the best of an index is, so that its
    confidence is fitted as that is: of ten passages on a topic one often seems to answer.
    """

    def __init__(self, settings: Settings, encoder: Encoder | None = None) -> None:
        model = shipped_model()
        self._settings = settings.model_copy(update={"fast": False})  # read twice: the documents are few
        self._encoder = embed.for_questions(embed.resolve(settings.encoder), encoder)
        understander = shipped_understander(settings)

        def judge(stages: Stages, *, given: bool) -> _Judge:
            extractor = _Untitled(ReadingExtractor(networks(), model, given=given))
            threshold = stages.threshold if settings.threshold is None else settings.threshold
            return _Judge(Components(understander, self._encoder, extractor), threshold, stages.doubt)

        self._of_one, self._of_several = judge(model.given, given=True), judge(model.both, given=False)

    def quote(
        self, question: str, documents: Sequence[Document], *, history: Sequence[Turn] = (), day: str | None = None
    ) -> Reply:
        """The reply of schema 1. Nothing is said to stand nowhere, as other documents are not known.

        Raises InputError for a question that cannot be asked, an id that stands twice, a day that is none, and for more
        than MOST_DOCUMENTS documents or MOST_CHARS characters.
        """
        passages = list(_passages(documents, self._settings))
        assistant, ranked = self._assistant(passages, len(documents)), self._ranking(passages)
        return assistant.answer_of(question, ranked, history=history, day=day)

    def candidates(self, question: str, documents: Sequence[Document], *, day: str | None = None) -> list[Candidate]:
        """The sentences that may answer, the surest first, of the passages that are read. Raises InputError as `quote`.

        Of a message that asks two things the first is read.
        """
        passages = list(_passages(documents, self._settings))
        query = self._assistant(passages, len(documents)).understand(question, day=day).queries[0]
        hits = self._ranking(passages)(query)[: self._settings.passages_read]
        judge = self._judge(passages)
        found = judge.parts.extractor.extract(query, hits) if query.kind not in ASIDES else []
        return [_candidate(support, judge.threshold) for support in found]

    def _judge(self, passages: Sequence[Passage]) -> _Judge:
        return self._of_several if len(passages) > 1 else self._of_one

    def _assistant(self, passages: Sequence[Passage], documents: int) -> Assistant:
        words = PassageWords("\n".join(map(around, passages)))
        store, judge = cast(Any, _Given(words, documents)), self._judge(passages)
        return Assistant(store, judge.parts, judge.threshold, judge.doubt, self._settings)

    def _ranking(self, passages: Sequence[Passage]) -> Callable[[Query], list[Hit]]:
        """Ranks passages for a query by their cosine to it and by its words in them, fused as those of an index are."""
        vectors = self._encoder.encode([passage.text for passage in passages])
        held = [stems(around(passage)) for passage in passages]
        often = Counter(word for words in held for word in words)

        def ranked(query: Query) -> list[Hit]:
            if not passages:
                return []
            cosines = vectors @ self._encoder.encode([query.read], query=True)[0]
            asked = {stem(term) for term in query.terms}
            words = np.array([sum(_rarity(often[word], len(passages)) for word in asked & its) for its in held])
            dense, lexical = _ranks(cosines), _ranks(words)
            score = 1 / (self._settings.rrf_k + dense) + 1 / (self._settings.rrf_k + lexical)
            return [
                Hit(passages[i], float(score[i]), float(cosines[i]), int(dense[i]), float(words[i]), int(lexical[i]))
                for i in np.argsort(-score, kind="stable").tolist()
            ]

        return ranked


def _rarity(often: int, of: int) -> float:
    """Inverse document frequency as BM25 has it."""
    return math.log(1 + (of - often + 0.5) / (often + 0.5))


def _ranks(scores: NDArray[Any]) -> NDArray[np.float64]:
    """The rank of each score, 1 for the highest; equal ones share the highest number, as none stands out."""
    ranks: NDArray[np.float64] = np.searchsorted(np.sort(-scores), -scores, side="right").astype(np.float64)
    return ranks


class _Untitled:
    """An extractor that reads no title where a document has none: for its citation its id stands there."""

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor

    def extract(self, query: Query, hits: Sequence[Hit]) -> list[Support]:
        """As `rag.types.Extractor`."""
        of = {_place(hit.passage): hit.passage for hit in hits}
        bare = [replace(hit, passage=_without_name(hit.passage)) for hit in hits]
        return [replace(one, passage=of[_place(one.passage)]) for one in self._extractor.extract(query, bare)]


def _place(passage: Passage) -> tuple[str, int]:
    return passage.info.article_id, passage.chunk.ordinal


def _without_name(passage: Passage) -> Passage:
    info = passage.info
    return replace(passage, info=replace(info, title="")) if info.title == info.article_id else passage


class _Given:
    """What an assistant asks of its store, for documents that are in none."""

    generation = "given"

    def __init__(self, words: PassageWords, count: int) -> None:
        self._words, self.article_count = words, count

    def missing(self, articles: Collection[str]) -> list[str]:
        """None: no filter chooses among what is given."""
        return list(articles)

    def nowhere(self, _: str) -> bool:
        """Never: what is given is not all there is."""
        return False

    def occurs(self, term: str) -> bool:
        """As `rag.types.Vocabulary`."""
        return self._words.occurs(term)

    def writings(self, words: Collection[str]) -> Mapping[str, tuple[str, int]]:
        """As `rag.types.Vocabulary`."""
        return self._words.writings(words)


def _passages(documents: Sequence[Document], settings: Settings) -> Iterator[Passage]:
    for place, one in enumerate(documents):
        told = (one.section, one.date, one.publisher, one.author, one.url)
        if not all(isinstance(text, str) for text in (one.text, one.id, one.title, *filter(None, told))):
            raise InputError(f"document {place} has a field that is no text")
        if not is_text([one.text, one.id, one.title, *told]):
            raise InputError(f"document {place} holds half of a surrogate pair, which is no character")
    if len(documents) > MOST_DOCUMENTS or sum(len(one.text) for one in documents) > MOST_CHARS:
        raise InputError(f"give at most {MOST_DOCUMENTS:,} documents of {MOST_CHARS:,} characters in all")
    ids = [one.id for one in documents]
    if len(set(ids)) < len(ids):
        twice = next(id for id in ids if ids.count(id) > 1)
        raise InputError(f"two documents have the id {twice!r}; a citation names its document by it")
    for document in documents:
        article = _article(document)
        # What a retriever gives has seldom paragraphs: a line of a site's own would take all of it away.
        shortest, longest = settings.chunk_min_chars, settings.chunk_max_chars
        chunks = split(article, min_chars=shortest, max_chars=longest, keep_boilerplate=True)
        for chunk in chunks:
            yield Passage(article.info, chunk, article.text[chunk.start : chunk.end])


def _article(document: Document) -> Article:
    try:
        date = a_day(document.date)
    except ValueError as error:
        raise InputError(f"the document {document.id!r} has a date that is no day: {error}") from error
    sha256 = hashlib.sha256(document.text.encode("utf-8", "surrogatepass")).hexdigest()
    info = ArticleInfo(
        article_id=document.id,
        path=document.id,
        title=document.title or document.id,
        publisher=document.publisher,
        author=document.author,
        url=document.url,
        date=date,
        seed_sha256=sha256,
        text_sha256=sha256,
        loader="given",
    )
    paragraphs = (
        Paragraph(start, end, number, document.section)
        for number, (start, end) in enumerate(_paragraphs(document.text), start=1)
    )
    return Article(info, document.text, tuple(paragraphs))


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """The ranges of lines that stand together, without the white space around them."""
    at, first, last = 0, None, 0
    for line in text.split("\n"):
        bare = line.strip()
        if bare:
            begin = at + line.index(bare[0])
            first, last = begin if first is None else first, begin + len(bare)
        elif first is not None:
            yield first, last
            first = None
        at += len(line) + 1
    if first is not None:
        yield first, last
