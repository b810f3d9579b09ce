"""Haystack: a reader in the place of `ExtractiveReader`, with its inputs and outputs (`pip install
'article-rag[haystack]'`).
"""

from __future__ import annotations

from typing import Any

from haystack import Document as HaystackDocument
from haystack import component, default_from_dict, default_to_dict
from haystack.dataclasses import ExtractedAnswer

from rag.integrations import adapter
from rag.library import Candidate, Reader
from rag.types.stores import at_least_one

_Span = ExtractedAnswer.Span


@component
class QuotingReader:
    """Finds the words of documents that answer a query, or says that none does.

    An answer's `score` is the probability that it answers; `context` is the sentence it stands in, and `meta` has that
    sentence's range in the document. Where the decision is to refuse, the one answer is the one without `data`, whose
    score is the probability that nothing answers.
    """

    def __init__(self, top_k: int = 20, score_threshold: float | None = None, no_answer: bool = True) -> None:
        self.top_k, self.score_threshold, self.no_answer = top_k, score_threshold, no_answer
        self._reader: Reader | None = None

    def warm_up(self) -> None:
        """Loads the models."""
        self._reader = self._reader or Reader()

    def to_dict(self) -> dict[str, Any]:
        """For a pipeline that is stored."""
        return default_to_dict(self, top_k=self.top_k, score_threshold=self.score_threshold, no_answer=self.no_answer)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> QuotingReader:
        """From one that was stored."""
        made: QuotingReader = default_from_dict(cls, data)
        return made

    @component.output_types(answers=list[ExtractedAnswer])
    def run(
        self,
        query: str,
        documents: list[HaystackDocument],
        top_k: int | None = None,
        score_threshold: float | None = None,
        no_answer: bool | None = None,
    ) -> dict[str, list[ExtractedAnswer]]:
        """The answers, best first. Raises InputError for a query that cannot be asked, and for a `top_k` below 1."""
        most = self.top_k if top_k is None else top_k
        at_least_one("top_k", most)
        self.warm_up()
        assert self._reader is not None  # noqa: S101 - it was just made
        if not documents:
            return {"answers": []}
        given = adapter.documents((one.id, one.content or "", one.meta) for one in documents)
        of = dict(zip((document.id for document in given), documents, strict=True))
        found = self._reader.candidates(query, given)
        least = self.score_threshold if score_threshold is None else score_threshold
        answers = [
            _answer(query, one, of[one.document_id])
            for one in found
            if one.answers and (least is None or one.confidence >= least)
        ][:most]
        if self.no_answer if no_answer is None else no_answer:
            best = max((one.confidence for one in found), default=0.0)
            answers.append(ExtractedAnswer(query=query, score=1.0 - best, data=None, meta={}))
        return {"answers": sorted(answers, key=lambda one: -one.score)}


def _answer(query: str, one: Candidate, document: HaystackDocument) -> ExtractedAnswer:
    text = document.content or ""
    return ExtractedAnswer(
        query=query,
        score=one.confidence,
        data=text[one.start : one.end],
        document=document,
        context=text[slice(*one.sentence)],
        document_offset=_Span(one.start, one.end),
        context_offset=_Span(one.start - one.sentence[0], one.end - one.sentence[0]),
        meta={"sentence": list(one.sentence)},
    )
