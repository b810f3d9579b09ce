"""Beside a cited article: for each quotation its permanent address, its place in the original, and "Copy"."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from rag.answer.links import links
from rag.types import Citation
from rag.verify.schema import AnswerCitation

Cited = Citation | AnswerCitation


def html(citations: Sequence[Cited], text: str | None) -> str:
    """A list, an item each; `text` is that of their article, None where it is not held or has changed."""
    return f'<ul class="pointing">{"".join(_item(cited, text) for cited in citations)}</ul>'


def _item(cited: Cited, text: str | None) -> str:
    its = links(cited, text)
    number = f"quotation {cited.number}"
    given = {"quote": cited.quote, "source": source(cited), "address": its.address, "original": its.original or ""}
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in given.items())
    parts = [
        f'<button type="button" class="copy" aria-label="Copy {number}" {data}>Copy</button>',
        _link(its.address, "Link", f"Permanent address of {number}"),
    ]
    if its.original:
        parts.append(_link(its.original, "In the original", f"{number} in the original".capitalize()))
    return f'<li><span aria-hidden="true">[{cited.number}]</span> {" ".join(parts)}</li>'


def _link(address: str, text: str, label: str) -> str:
    return f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer" aria-label="{label}">{text}</a>'


def source(cited: Cited) -> str:
    """The line under a quotation: title, publisher, author, day, page."""
    page = f"page {cited.page}" if cited.page else None
    return ", ".join(filter(None, (cited.title, cited.publisher, cited.author, cited.date, page)))
