"""Articles that are cited as CSL-JSON, which Zotero and other reference managers take.

https://github.com/citation-style-language/schema, csl-data.json.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.verify.schema import Answer, AnswerCitation


def items(answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """One item for each article that was cited, with what was quoted of it."""
    cited: dict[str, list[tuple[AnswerCitation, str | None]]] = {}
    for answer in answers:
        for citation in answer.citations:
            cited.setdefault(citation.article_id, []).append((citation, answer.asked))
    return [_item(id, its) for id, its in cited.items()]


def _item(id: str, cited: Sequence[tuple[AnswerCitation, str | None]]) -> dict[str, Any]:
    last, days = cited[-1][0], [day for _, day in cited if day]
    quotes = dict.fromkeys(f"“{citation.quote}”" for citation, _ in cited)
    item = {
        "id": id,
        "type": "article-newspaper" if last.publisher or not last.url else "webpage",
        "title": last.title,
        "container-title": last.publisher,
        "author": [{"literal": last.author}] if last.author else None,  # where a name is parted is not known
        "issued": _date(last.date),
        "accessed": _date(max(days, default=None)),
        "URL": last.url,
        "note": "\n".join(quotes),
    }
    return {name: value for name, value in item.items() if value}


def _date(day: str | None) -> dict[str, Any] | None:
    return {"date-parts": [[int(part) for part in day.split("-")]]} if day else None
