"""LlamaIndex: the articles as a retriever, and a postprocessor that keeps the nodes which answer (`pip install
'article-rag[llamaindex]'`).
"""

from __future__ import annotations

from typing import Any

from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle, TextNode
from pydantic import PrivateAttr

from rag.integrations import adapter
from rag.library import Articles, Reader


class ArticleRetriever(BaseRetriever):
    """The passages of an index, with their place and scores as metadata."""

    def __init__(
        self,
        index: str = "index",
        *,
        k: int = 10,
        asked: str | None = None,
        filters: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self._articles, self._k, self._asked, self._filters = Articles(index), k, asked, filters
        super().__init__(**options)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self._articles.search(query_bundle.query_str, self._k, asked=self._asked, filters=self._filters)
        return [
            NodeWithScore(
                node=TextNode(id_=adapter.name(hit), text=hit.passage.text, metadata=adapter.metadata(hit)),
                score=hit.score,
            )
            for hit in found
        ]


class QuotePostprocessor(BaseNodePostprocessor):
    """Keeps the nodes that hold an answer, the surest first; none where the decision is to refuse.

    `score` is the probability that the node's best sentence answers. Its range in the node's text, and that of the
    words in it which answer, stand in the metadata as `quote` and `short_answer`.
    """

    asked: str | None = None
    _reader: Reader = PrivateAttr(default_factory=Reader)

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if query_bundle is None:
            raise ValueError("QuotePostprocessor needs the query")
        given = adapter.documents(
            (one.node.node_id, one.node.get_content(MetadataMode.NONE), one.node.metadata) for one in nodes
        )
        of = dict(zip((document.id for document in given), nodes, strict=True))
        kept: dict[str, NodeWithScore] = {}
        for one in self._reader.candidates(query_bundle.query_str, given, asked=self.asked):
            if one.answers and one.document_id not in kept:
                node = of[one.document_id].node.model_copy(deep=True)
                node.metadata |= {"quote": list(one.sentence), "short_answer": [one.start, one.end]}
                kept[one.document_id] = NodeWithScore(node=node, score=one.confidence)
        return list(kept.values())
