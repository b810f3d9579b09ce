"""LangChain's FAISS store with its usual splitter, on the encoder that we use: what most projects start from.

1,000 code points a chunk with 200 of overlap; the best chunk is quoted whole. Its vectors come from the cache.
"""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from eval.cases import Asked, Prediction, Quote
from eval.hidden import kept
from eval.setup import DEPTH, Setup
from eval.systems.sentence import nearest_sentence

CHUNK, OVERLAP = 1000, 200


class _Vectors(Embeddings):
    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._setup.encoder.encode(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        vector: list[float] = self._setup.encoder.encode([text], query=True)[0].tolist()
        return vector


class LangChainFaiss:
    """The best chunk by cosine, refused below a threshold."""

    name = "LangChain FAISS"

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    @cached_property
    def _store(self) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own deprecations
            from langchain_community.vectorstores import FAISS
        splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP, add_start_index=True)
        documents = splitter.create_documents(
            [article.text for article in self._setup.articles],
            [{"article_id": article.info.article_id} for article in self._setup.articles],
        )
        return FAISS.from_documents(documents, _Vectors(self._setup))

    def ask(self, asked: Asked) -> Prediction:
        """Hidden articles are taken out of the hits."""
        vector = self._setup.encoder.encode([asked.question], query=True)[0].tolist()
        visible = kept(
            lambda depth: self._store.similarity_search_with_score_by_vector(vector, k=depth),
            lambda pair: pair[0].metadata["article_id"] not in asked.hidden,
            1,
            DEPTH,
        )
        for document, distance in visible:
            article_id = document.metadata["article_id"]
            start, text = document.metadata["start_index"], document.page_content
            sentence = nearest_sentence(self._setup, asked.question, text, start)
            paragraph = self._setup.paragraph(article_id, sentence[0])
            quotation = Quote(article_id, start, start + len(text), text, paragraph, sentence)
            return Prediction(1 - float(distance) / 2, False, (quotation,))  # squared distance of unit vectors
        return Prediction(0.0, False)
