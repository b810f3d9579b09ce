"""Alerts as an Atom feed (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from rag.follow.listing import links_of
from rag.types.following import Alert, SavedQuestion

_ATOM = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WEB = re.compile(r"https?://[!-~]+")
_EPOCH = "1970-01-01T00:00:00Z"


def atom(alerts: Sequence[Alert], questions: Sequence[SavedQuestion], base: str) -> bytes:
    """The feed of these alerts, newest first; `base` is the address of the server, with a slash at its end."""
    asked = {question.id: question.question for question in questions}
    feed = Element("feed", xmlns=_ATOM)
    _text(feed, "id", f"{base}saved.atom")
    _text(feed, "title", "New answers to saved questions")
    _text(feed, "updated", max((alert.at for alert in alerts), default=_EPOCH))
    SubElement(feed, "link", rel="self", type="application/atom+xml", href=f"{base}saved.atom")
    SubElement(feed, "link", rel="alternate", type="text/html", href=base)
    _text(SubElement(feed, "author"), "name", "Ask the articles")
    for alert in alerts:
        _entry(feed, alert, asked.get(alert.question_id, str(alert.answer["question"])), base)
    written: str = tostring(feed, "unicode")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + written.encode()


def _entry(feed: Element, alert: Alert, question: str, base: str) -> None:
    its, entry = links_of(alert), SubElement(feed, "entry")
    _text(entry, "id", f"urn:sha256:{alert.id}")
    _text(entry, "title", f"{question} — {alert.short_answer}" if alert.short_answer else question)
    _text(entry, "updated", alert.at)
    SubElement(entry, "link", rel="alternate", type="text/html", href=base.removesuffix("/") + its.address)
    original = its.original if its.original and _WEB.fullmatch(its.original) else None
    if original:
        SubElement(entry, "link", rel="via", type="text/html", href=original)
    _text(entry, "content", content(alert.cited, original)).set("type", "html")


def content(cited: Mapping[str, Any], original: str | None) -> str:
    """A quotation with its source and the address of that, as HTML."""
    said = (cited["title"], cited["publisher"], cited["date"], f"paragraph {cited['paragraph']}")
    source = ", ".join(escape(str(one)) for one in said if one)
    quote = escape(str(cited["quote"])).replace("\n", "<br>")
    link = f' · <a href="{escape(original)}">In the original</a>' if original else ""
    return f"<blockquote><p>{quote}</p></blockquote><p>{source}{link}</p>"


def _text(parent: Element, name: str, text: str) -> Element:
    child = SubElement(parent, name)
    child.text = _NO_XML.sub("\ufffd", text)
    return child
