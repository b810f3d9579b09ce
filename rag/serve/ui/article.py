"""The panel with the article that is quoted, beside the chat or on a small screen over it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from rag.serve import excerpt
from rag.serve.ui import pointing
from rag.serve.ui.answers import where
from rag.serve.ui.html import Cited, Shown, day, text
from rag.types.stores import Reader

_BACK = '<button type="button" class="back">Back to the answer</button>'


def no_article() -> str:
    """The panel before anything was cited."""
    return '<div class="sources empty"><p>The cited article appears here, with the quotation marked.</p></div>'


def sources(reply: Shown, store: Reader, first: int = 1) -> str:
    """The cited articles, or those of the closest passages, with every shown quotation marked.

    The article of citation `first` comes first.
    """
    shown: list[Cited] = [*reply.citations, *reply.closest]
    if not shown:
        return no_article()
    kind = "cited" if reply.citations else "closest"
    ids = list(dict.fromkeys(citation.article_id for citation in shown))
    wanted = next((c.article_id for c in shown if c.number == first), ids[0])
    ids.sort(key=lambda id: id != wanted)
    parts = [_article([c for c in shown if c.article_id == id], store) for id in ids]
    why = "This may be the answer, but not surely enough." if reply.reason == "unsure" else "No answer was found."
    note = "" if reply.citations else f'<p class="note">{why} Marked is what comes closest.</p>'
    label = "Cited article" if reply.citations else "Closest passages"
    opens = f'<div class="sources {kind}" tabindex="0" role="region" aria-label="{label}">'
    return f"{opens}{_BACK}{note}{''.join(parts)}</div>"


def _article(citations: Sequence[Cited], store: Reader) -> str:
    first = citations[0]
    found = store.article(first.article_id)
    if found is None or found[0].text_sha256 != first.text_sha256:
        # An earlier answer, of articles that have changed since.
        why = "is not among the articles any more" if found is None else "has changed since this answer"
        quotes = "".join(f"<q>{text(c.quote)}</q>" for c in citations)
        title = f'<h2 dir="auto">{escape(first.title)}</h2>'
        about = f'<p class="about">This article {why}.</p>{pointing.html(citations, None)}'
        return f'<article>{title}{about}<div class="text">{quotes}</div></article>'
    info, whole = found
    facts = [escape(one) for one in (info.publisher, info.author) if one]
    facts += [day(info.date)] if info.date else []
    facts.append(", ".join(dict.fromkeys(where(one) for one in citations)))
    if info.url and re.match(r"https?://", info.url):
        facts.append(f'<a href="{escape(info.url)}" rel="noopener noreferrer" target="_blank">original</a>')
    marks = [_mark(citation) for citation in citations]
    return (
        f'<article data-article="{escape(info.article_id)}"><h2 dir="auto">{escape(info.title)}</h2>'
        f'<p class="about">{" · ".join(facts)}</p>{pointing.html(citations, whole)}'
        f'<div class="text" dir="auto">{excerpt.marked(info.path, whole, marks)}</div></article>'
    )


def _mark(cited: Cited) -> excerpt.Mark:
    number = f"<sup>[{cited.number}]</sup>"
    return excerpt.Mark(cited.start, cited.end, f' data-citation="{cited.number}"', after=number)
