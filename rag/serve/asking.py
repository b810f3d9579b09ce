"""What the endpoints do, whatever asks: Gradio's client, plain HTTP, a chat front end, MCP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rag.answer.batch import recorded, replied
from rag.answer.failure import error_reply
from rag.answer.journal import Journal
from rag.answer.opening import LiveAssistant
from rag.answer.wire import AskedLine, TurnLine, hit_object, identifier, reply_object, requested
from rag.quotes import check
from rag.quotes.draft import of_file, of_text
from rag.quotes.wire import to_object
from rag.types.errors import InputError
from rag.types.filters import parse
from rag.types.messages import message
from rag.types.stores import HeldArticle, every_article

MOST_HITS = 100  # passages of a search


@dataclass(frozen=True, slots=True)
class Asking:
    """An index that is served, and the log of its answers."""

    live: LiveAssistant
    journal: Journal | None = None
    saving: bool = True  # whether callers may save questions

    def ask(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The schema-1 object for a request, `rag.answer.wire.AskedLine`. A failure is an error in it, never raised."""
        before: list[TurnLine] = []
        try:
            line = requested(given, AskedLine)
            before = line.history
            reply = replied(line, self.live.current())
        except Exception as error:  # noqa: BLE001 - the edge of the process: what it says may be of the server
            question = given.get("question")
            reply = error_reply(
                error, question=question if isinstance(question, str) else "", id=identifier(given.get("id"))
            )
        return reply_object(recorded(self.journal, reply, before))

    def search(self, given: Mapping[str, Any], k: Any) -> list[dict[str, Any]]:
        """The best passages. Raises InputError for a request that cannot be used, RagError where the index cannot."""
        line = requested(given, AskedLine)
        if type(k) is not int or not 1 <= k <= MOST_HITS:
            raise InputError(message("k", MOST_HITS))
        hits = self.live.current().search(line.question, k, filters=parse(line.filters), day=line.asked)
        return [hit_object(rank, hit) for rank, hit in enumerate(hits, start=1)]

    def quotes(self, text: str, *, html: bool = False) -> dict[str, Any]:
        """What of a draft's quotations stands in the articles, as `rag quotes --json` has it; the draft as text,
        Markdown or HTML.

        Raises InputError for a draft that cannot be checked, RagError where the index cannot be used.
        """
        draft = of_file("draft.html", text.encode("utf-8", "replace")) if html else of_text(text)
        return to_object(check(draft, self.live.current().store))

    def articles(self, after: str | None, limit: int) -> tuple[list[dict[str, Any]], int]:
        """A page of what is held, and the number of all. Raises RagError where the index cannot be used."""
        store = self.live.current().store
        return [_listed(article) for article in store.articles(after, limit)], store.article_count

    def all_articles(self) -> list[dict[str, Any]]:
        """What is held. Raises RagError where the index cannot be used."""
        return [_listed(article) for article in every_article(self.live.current().store)]


def _listed(held: HeldArticle) -> dict[str, Any]:
    return {
        **held.info.told(),
        "path": held.info.path,
        "characters": held.characters,
        "passages": held.passages,
    }
