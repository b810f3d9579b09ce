"""LangChain: the articles as a retriever, and quotations from any retriever's documents (`pip install
'article-rag[langchain]'`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForChainRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import patch_config
from pydantic import PrivateAttr

from rag.integrations import adapter
from rag.library import Articles, Hit, Reader, to_object


class ArticleRetriever(BaseRetriever):
    """The passages of an index, with their place and scores as metadata."""

    index: str = "index"
    k: int = 10
    asked: str | None = None
    filters: dict[str, Any] | None = None
    _articles: Articles = PrivateAttr()

    def model_post_init(self, _: Any) -> None:
        """Opens the index. Raises IndexUnusable where there is none."""
        self._articles = Articles(self.index)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - nothing is run that could call back
        k: int | None = None,
    ) -> list[LangChainDocument]:
        return _documents(self._articles.search(query, self._number(k), asked=self.asked, filters=self.filters))

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002
        k: int | None = None,
    ) -> list[LangChainDocument]:
        found = await self._articles.asearch(query, self._number(k), asked=self.asked, filters=self.filters)
        return _documents(found)

    def _number(self, k: int | None) -> int:
        return self.k if k is None else k


def _documents(found: Iterable[Hit]) -> list[LangChainDocument]:
    return [
        LangChainDocument(id=adapter.name(hit), page_content=hit.passage.text, metadata=adapter.metadata(hit))
        for hit in found
    ]


class Question(TypedDict):
    """A question with the documents that may answer it."""

    question: str
    documents: list[LangChainDocument]


class QuoteAnswer(Runnable[str | Question, dict[str, Any]]):
    """Question and documents -> the object of schema 1: quotations with their offsets in the documents, or a refusal.

    With a `retriever` it takes a question alone. A citation's `article_id` is the document's id, or without one its
    place among the documents; `start` and `end` are a range of its `page_content`.
    """

    def __init__(self, retriever: BaseRetriever | None = None, *, asked: str | None = None) -> None:
        self._retriever, self._asked, self._reader = retriever, asked, Reader()

    def invoke(self, input: str | Question, config: RunnableConfig | None = None, **_: Any) -> dict[str, Any]:
        """Answers or refuses. Raises InputError for what cannot be asked."""
        return self._call_with_config(self._quoted, input, config)

    def _quoted(
        self, input: str | Question, run_manager: CallbackManagerForChainRun, config: RunnableConfig
    ) -> dict[str, Any]:
        if isinstance(input, str):
            if self._retriever is None:
                raise TypeError("QuoteAnswer has no retriever; give it a question with its documents")
            found = self._retriever.invoke(input, patch_config(config, callbacks=run_manager.get_child()))
            return self._object(input, found)
        return self._object(input["question"], input["documents"])

    def _object(self, question: str, found: Iterable[LangChainDocument]) -> dict[str, Any]:
        given = adapter.documents((one.id, one.page_content, one.metadata) for one in found)
        return to_object(self._reader.quote(question, given, asked=self._asked))
