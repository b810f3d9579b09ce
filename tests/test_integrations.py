"""Ours in the pipelines of LangChain, Haystack and LlamaIndex: their own suites and objects, the real models."""

import os

import pytest

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

from haystack import Document as HaystackDocument
from haystack import Pipeline
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_tests.integration_tests import RetrieversIntegrationTests
from llama_index.core import QueryBundle
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.schema import NodeWithScore, TextNode

from rag.integrations import haystack, langchain, llamaindex
from rag.integrations.adapter import documents
from rag.types.errors import IndexUnusable, InputError
from rag.verify.schema import Answer

pytestmark = pytest.mark.model
QUESTION = "Who built the bridge?"
BRIDGE = "The river is wide here.\n\nThe bridge was built by Marta Wilk in 1998. It is long."
SOUP = "Pawel Dudek cooked soup for the crew, and they liked it."


class TestArticleRetriever(RetrieversIntegrationTests):
    """LangChain's own suite."""

    @pytest.fixture(autouse=True)
    def _index(self, seed_index):
        self.index = str(seed_index)

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return langchain.ArticleRetriever

    @property
    def retriever_constructor_params(self):
        return {"index": self.index}

    @property
    def retriever_query_example(self) -> str:
        return "Who is Japan's Prime Minister?"


def test_langchains_retriever_tells_place_and_scores(seed_index, assistant):
    retriever = langchain.ArticleRetriever(index=str(seed_index), k=2, filters={"from": "2025-01-01"})
    found = retriever.invoke("Who is Japan's Prime Minister?")
    own = assistant.search("Who is Japan's Prime Minister?", 2)
    assert [one.page_content for one in found] == [hit.passage.text for hit in own]
    assert found[0].metadata["score"] == own[0].score
    assert (found[0].metadata["start"], found[0].metadata["date"]) == (own[0].passage.chunk.start, "2025-11-01")
    assert langchain.ArticleRetriever(index=str(seed_index), filters={"to": "2020-01-01"}).invoke("Who?") == []


def test_a_retriever_of_no_index_is_an_error_that_says_so(tmp_path):
    with pytest.raises(IndexUnusable, match="run `rag build`"):
        langchain.ArticleRetriever(index=str(tmp_path))


def test_langchains_documents_are_quoted_in_place():
    given = [
        LangChainDocument(page_content=SOUP),
        LangChainDocument(id="b", page_content=BRIDGE, metadata={"title": "B"}),
    ]
    reply = langchain.QuoteAnswer().invoke({"question": QUESTION, "documents": given})
    assert (reply["status"], reply["short_answer"]) == ("answered", "Marta Wilk")
    cited = reply["citations"][0]
    assert (cited["article_id"], cited["title"]) == ("b", "B")
    assert BRIDGE[cited["start"] : cited["end"]] == cited["quote"] == "The bridge was built by Marta Wilk in 1998."
    assert Answer.model_validate(reply)
    refused = langchain.QuoteAnswer().invoke({"question": QUESTION, "documents": given[:1]})
    assert (refused["status"], refused["citations"]) == ("refused", [])


def test_quotations_stand_behind_any_retriever_of_a_chain(seed_index):
    retriever = langchain.ArticleRetriever(index=str(seed_index))
    chain = langchain.QuoteAnswer(retriever) | RunnableLambda(lambda reply: reply["short_answer"])
    assert chain.invoke("Who is Japan's Prime Minister?") == "Sanae Takaichi"
    with pytest.raises(TypeError, match="has no retriever"):
        langchain.QuoteAnswer().invoke("Who?")
    with pytest.raises(InputError, match="the question is empty"):
        langchain.QuoteAnswer().invoke({"question": "", "documents": []})


def pipeline():
    store = InMemoryDocumentStore()
    store.write_documents([HaystackDocument(content=SOUP), HaystackDocument(content=BRIDGE, meta={"title": "Bridge"})])
    made = Pipeline()
    made.add_component("retriever", InMemoryBM25Retriever(store))
    made.add_component("reader", haystack.QuotingReader())
    made.connect("retriever.documents", "reader.documents")
    return made


def test_a_pipeline_of_haystack_reads_with_ours():
    answers = pipeline().run({"retriever": {"query": QUESTION}, "reader": {"query": QUESTION}})["reader"]["answers"]
    first, none = answers[0], answers[-1]
    assert first.data == "Marta Wilk"
    assert first.document.content == BRIDGE
    assert BRIDGE[first.document_offset.start : first.document_offset.end] == first.data
    assert first.context[first.context_offset.start : first.context_offset.end] == first.data
    assert first.score > 0.8
    assert (none.data, none.score) == (None, pytest.approx(1 - first.score))


def test_a_refusal_in_haystack_is_the_answer_without_words():
    question = "Who composed the Ode to Joy?"
    (only,) = pipeline().run({"retriever": {"query": question}, "reader": {"query": question}})["reader"]["answers"]
    assert only.data is None
    assert only.score > 0.5
    bare = haystack.QuotingReader(no_answer=False)
    assert bare.run(question, [HaystackDocument(content=SOUP)]) == {"answers": []}
    assert bare.run(QUESTION, []) == {"answers": []}
    assert bare.run(QUESTION, [HaystackDocument(content=BRIDGE)], score_threshold=0.9999)["answers"] == []


def test_no_answers_cannot_be_asked_for_in_haystack():
    with pytest.raises(InputError, match="top_k is -1"):
        haystack.QuotingReader().run(QUESTION, [], top_k=-1)


def test_a_pipeline_of_haystack_is_stored_and_loaded():
    again = Pipeline.loads(pipeline().dumps(), allowed_modules=["rag.integrations.haystack"])
    assert again.get_component("reader").top_k == 20


def test_llamaindex_retrieves_and_keeps_what_answers(seed_index):
    question = "Who is Japan's Prime Minister?"
    engine = RetrieverQueryEngine(
        llamaindex.ArticleRetriever(str(seed_index), k=5),
        response_synthesizer=get_response_synthesizer(llm=MockLLM()),
        node_postprocessors=[llamaindex.QuotePostprocessor()],
    )
    nodes = engine.query(question).source_nodes
    assert 1 <= len(nodes) < 5
    text = nodes[0].node.get_content()
    assert text[slice(*nodes[0].node.metadata["short_answer"])] == "Sanae Takaichi"
    assert engine.query("Who composed the Ode to Joy?").source_nodes == []


def test_llamaindexs_nodes_are_left_as_they_were():
    nodes = [NodeWithScore(node=TextNode(text=text, metadata={"title": "T"}), score=0.5) for text in (SOUP, BRIDGE)]
    (kept,) = llamaindex.QuotePostprocessor().postprocess_nodes(nodes, QueryBundle(QUESTION))
    assert BRIDGE[slice(*kept.node.metadata["quote"])] == "The bridge was built by Marta Wilk in 1998."
    assert (nodes[1].node.metadata, nodes[1].score) == ({"title": "T"}, 0.5)
    with pytest.raises(ValueError, match="needs the query"):
        llamaindex.QuotePostprocessor().postprocess_nodes(nodes)


def test_metadata_of_other_tools_is_taken_where_it_fits():
    told = {"source": "http://127.0.0.1/a", "published": "2024-01-12T10:00:00", "author": 7, "title": ""}
    first, second, third = documents([(None, "a", told), ("x", "b", {"date": "soon"}), ("x", "c", {})])
    assert (first.id, first.url, first.date, first.author, first.title) == ("0", told["source"], "2024-01-12", None, "")
    assert (second.id, second.date, third.id) == ("x", None, "x#2")
