"""The first screen: what is held, three questions that it answers, and what the page promises."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from rag.answer.assistant import Assistant
from rag.answer.opening import LiveAssistant
from rag.answer.suggestions import suggested
from rag.serve.ui.html import day, text
from rag.types.errors import RagError
from rag.types.stores import Reader, every_article

_NAMED = 3  # publishers
_PROMISE = (
    "Every word of an answer is quoted from the articles, with its place. That makes nothing up, but it is no promise "
    "of truth: a quotation can still be beside the point. When the articles do not answer, the page says so."
)
_log = logging.getLogger("rag")


@dataclass(frozen=True, slots=True)
class Held:
    """What an index holds, in a few words."""

    articles: int
    first: str | None
    last: str | None  # days
    publishers: tuple[str, ...]  # those of most articles first; none where most articles name none
    title: str  # of the only one


def held(store: Reader) -> Held:
    """Looks through all articles."""
    days, publishers, title = set[str](), Counter[str](), ""
    for one in every_article(store):
        title = one.info.title
        days |= {one.info.date} if one.info.date else set()
        publishers.update([one.info.publisher] if one.info.publisher else [])
    names = tuple(sorted(publishers, key=lambda name: (-publishers[name], name)))
    if 2 * publishers.total() < store.article_count:
        names = ()
    return Held(store.article_count, min(days, default=None), max(days, default=None), names, title)


class Welcome:
    """It follows the index: what a build or a calibration changed is looked at anew."""

    def __init__(self, live: LiveAssistant) -> None:
        self._live, self._lock = live, threading.Lock()
        self._of: Assistant | None = None
        self._held = Held(0, None, None, (), "")
        self._questions: list[str] = []
        threading.Thread(target=self.questions, daemon=True).start()  # which also warms the models

    def questions(self) -> list[str]:
        """Those that are answered now; none of a damaged index, of which a question says that it is."""
        try:
            assistant = self._live.shown()
            with self._lock:
                if assistant is not self._of:
                    self._questions = suggested(assistant, self._live.index)
                    self._held, self._of = held(assistant.store), assistant
                return self._questions
        except RagError as error:
            _log.warning("no question can be suggested: %s", error)
            return []

    def greet(self) -> Iterator[tuple[Any, str]]:
        """The two parts of the first screen, above and below the field for the question; as soon as each is known."""
        assistant = self._live.shown()
        if assistant is not self._of:
            yield opening(held(assistant.store)), offers(None)
            yield gr.skip(), offers(self.questions())
            return
        yield opening(self._held), offers(self.questions())


def opening(of: Held) -> str:
    """What is held, as a heading and a line."""
    if of.articles == 1:
        about = " · ".join([*map(escape, of.publishers), *([day(of.first)] if of.first else [])])
        said = f'<cite dir="auto">{text(of.title)}</cite>{"<br>" if about else ""}{about}'
        return f'<h1>What does the article say?</h1><p class="held">{said}</p>'
    heading = f"What do {of.articles:,} articles say?" if of.articles else "No articles yet"
    said = f"{_between(of)}{_by(of.publishers)}".strip()
    return f'<h1>{heading}</h1><p class="held">{said[:1].upper()}{said[1:]}</p>'


def _between(of: Held) -> str:
    if of.first is None or of.last is None:
        return ""
    if of.first == of.last:
        return f"published on {day(of.first)}"
    return f"published from {day(of.first)} to {day(of.last)}"


def _by(publishers: Sequence[str]) -> str:
    if not publishers:
        return ""
    named, more = [escape(name) for name in publishers[:_NAMED]], len(publishers) - _NAMED
    if more > 0:
        return f" by {', '.join(named)} and {more:,} more"
    return f" by {', '.join(named[:-1])} and {named[-1]}" if len(named) > 1 else f" by {named[0]}"


def offers(questions: Sequence[str] | None) -> str:
    """Questions to choose from; None while they are looked for."""
    promise = f'<p class="promise">{escape(_PROMISE)}</p>'
    if questions is None:
        return f'<p class="label">Looking for questions that these articles answer …</p>{promise}'
    if not questions:
        return promise
    buttons = "".join(
        f'<li><button type="button" class="example" data-ask="{escape(one)}" dir="auto">{text(one)}</button></li>'
        for one in questions
    )
    return f'<p class="label">For example, from these articles</p><ul class="examples">{buttons}</ul>{promise}'
