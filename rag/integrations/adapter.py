"""What the frameworks share: their documents -> ours, and our passages -> text with metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from rag.library import Document, Hit
from rag.types.times import a_day

# Where a framework's loaders put what a citation says of its article.
_KEYS = {
    "title": ("title",),
    "section": ("section", "heading"),
    "date": ("date", "published", "published_at", "publish_date"),
    "publisher": ("publisher", "site", "sitename"),
    "author": ("author",),
    "url": ("url", "source_url", "source", "link"),
}


def documents(found: Iterable[tuple[str | None, str, Mapping[str, Any]]]) -> list[Document]:
    """Documents of (id, text, metadata). One without an id is named by its place from 0; so is one of an id before."""
    out, seen = list[Document](), set[str]()
    for place, (id, text, metadata) in enumerate(found):
        name = id or str(place)
        if name in seen:
            name = f"{name}#{place}"
        seen.add(name)
        told = {field: _told(metadata, keys) for field, keys in _KEYS.items()}
        out.append(Document(text=text, id=name, **told | {"title": told["title"] or "", "date": _date(told["date"])}))
    return out


def _told(metadata: Mapping[str, Any], keys: Iterable[str]) -> Any:
    found = (metadata.get(key) for key in keys)
    return next((str(one) for one in found if one and isinstance(one, str | date)), None)


def _date(written: str | None) -> str | None:
    try:
        return a_day(written[:10]) if written else None
    except ValueError:
        return None


def metadata(hit: Hit) -> dict[str, Any]:
    """Where a passage stands, and its scores. `score` orders passages and has no meaning of its own."""
    info, chunk = hit.passage.info, hit.passage.chunk
    return {
        **info.told(),
        "source": info.path,
        "section": chunk.section,
        "paragraphs": sorted({sentence.paragraph for sentence in chunk.sentences}),
        "start": chunk.start,
        "end": chunk.end,
        "score": hit.score,
        "cosine": hit.cosine,
    }


def name(hit: Hit) -> str:
    """The id of a passage: its article's, and its range."""
    return f"{hit.passage.info.article_id}#{hit.passage.chunk.start}-{hit.passage.chunk.end}"
