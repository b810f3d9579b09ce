"""Replies and articles as HTML. Every text that is not ours is escaped here, and only here.

The chat shows Markdown, in which an HTML block ends at a blank line. So each message is one block without one: line
breaks inside texts become `<br>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

from rag.language import pack
from rag.serve import excerpt
from rag.serve.ui import pointing
from rag.types import Citation, Reply, Segment
from rag.types.stores import Reader
from rag.verify.schema import Answer, AnswerCitation, AnswerSegment, perhaps

Shown = Reply | Answer  # a reply, or one that came back from a browser and was checked
_Cited = Citation | AnswerCitation
_LONGEST_SHOWN = 2000
_HEADINGS = {
    "unsure": '<p class="unsure-mark">Perhaps</p>',
    "refused": '<p class="refusal-mark">No answer</p>',
}
_CONFIDENT = ((0.8, "strong support"), (0.6, "good support"), (0.0, "some support"))


def header(promise: str, warning: str | None = None) -> str:
    """The page's heading, and what must be known before anything is asked."""
    heading = f'<h1>Ask the articles</h1><p class="promise">{escape(promise)}</p>'
    return heading + (note(f"{warning[:1].upper()}{warning[1:]}.", "error") if warning else "")


def placeholder() -> str:
    """What the empty chat says."""
    return "Ask a question about the articles."


def examples_label() -> str:
    """The line above the example questions."""
    return '<p class="examples-label">For example:</p>'


def no_article() -> str:
    """The panel before anything was cited."""
    return '<div class="sources empty"><p>The cited article appears here, with the quotation marked.</p></div>'


def note(text: str, kind: str = "quiet") -> str:
    """Lines of ours or about files: `quiet`, `done` or `error`."""
    return f'<p class="note {kind}" role="status">{_text(text)}</p>' if text else ""


def progress(stage: str, done: int, total: int) -> str:
    """A bar."""
    value = f'value="{done}" max="{total}" ' if total else ""
    bar = f'<progress {value}aria-label="{escape(stage)}"></progress>'
    count = f" {done:,} of {total:,}" if total else " …"
    return f'<div class="building" role="status">{bar} {escape(stage)}{count}</div>'


def asked(text: str) -> str:
    """A question as it was typed; of a very long one the beginning."""
    shown = text if len(text) <= _LONGEST_SHOWN else text[:200] + " …"
    return f'<div class="asked" dir="auto">{_text(shown)}</div>'


def reply(reply: Shown, turn: int = 0) -> str:
    """An answer, what may be one, a refusal, an aside or an error; each looks different.

    `turn` is its number in the conversation, for links.
    """
    if reply.status == "error":
        why = _text(reply.error or "")
        return f'<div class="reply error"><p><strong>This could not be asked:</strong> {why}</p></div>'
    pieces, before = [], ""
    for segment in reply.segments:
        pieces.append(_segment(segment, reply, turn, before))
        before = segment.text if segment.kind == "template" else ""
    if pack().aside(reply.question):
        return f'<div class="reply aside"><div class="body">{"".join(pieces)}</div></div>'  # nothing to judge
    look = "unsure" if reply.reason == "unsure" else reply.status
    heading = _HEADINGS.get(look, "")
    body = f'<div class="body">{"".join(pieces)}</div>'
    below = _searched(reply, turn) + _time(reply) + _confidence(reply)
    return f'<div class="reply {look} turn-{turn}">{heading}{body}{below}</div>'


def turn_of(message: str) -> int | None:
    """The number of the turn that a message of `reply` shows; None for an aside, an error or another message."""
    found = re.search(r'<div class="reply \w+ turn-(\d+)">', message)
    return int(found[1]) if found else None


def _searched(reply: Shown, turn: int) -> str:
    """The question as it was understood, where that is not what was typed."""
    if reply.standalone_question == reply.question:
        return ""
    return (
        f'<p class="searched">Searched: <span class="standalone" dir="auto">{_text(reply.standalone_question)}</span> '
        f'· <a class="edit" href="#edit-{turn}" title="words in quotation marks are searched as typed">change</a></p>'
    )


def _time(reply: Shown) -> str:
    """The time that the question names, as it was understood from the day of asking."""
    if reply.time is None:
        return ""
    days = pack().days_in_words(
        *(reply.time.values() if isinstance(reply.time, Mapping) else (reply.time.since, reply.time.until))
    )
    asked = f" · asked on {escape(pack().days_in_words(reply.asked, reply.asked))}" if reply.asked else ""
    change = '<a class="edit" href="#asked-0">change the day</a>'
    return f'<p class="searched">Understood: {escape(days)}{asked} · {change}</p>'


def _confidence(reply: Shown) -> str:
    index = f"index {escape(reply.index_generation or '')}"
    if reply.status != "answered":
        return f'<p class="confidence">{index}</p>'
    value = reply.confidence or 0.0
    words = next(words for floor, words in _CONFIDENT if value >= floor)
    numbers = f"confidence {value:.2f}, threshold {reply.threshold:.2f}"
    return (
        f'<p class="confidence"><span title="{numbers}" tabindex="0" aria-label="{words}: {numbers}">{words}</span>'
        f" · {_calibrated(reply)} · {index}</p>"
    )


def _calibrated(reply: Shown) -> str:
    if reply.certificate is None:
        return "threshold not calibrated on such questions of these articles" + (" alone" if reply.filters else "")
    return f'<span title="certificate {escape(reply.certificate)}">certified threshold</span>'


def _segment(segment: Segment | AnswerSegment, reply: Shown, turn: int, before: str) -> str:
    text = _text(segment.text)
    if segment.kind == "template":
        return text
    if segment.kind == "quote" and _is_short(segment, reply):
        return f'<strong class="short" dir="auto">{text}</strong>'
    if segment.kind == "quote":
        return f'<q dir="auto">{_marked(segment, reply)}</q>'
    if segment.kind == "metadata" and before.endswith("[") and segment.text == str(segment.citation):
        label = f"Show quotation {text} in its article"
        return f'<a class="cite" href="#cite-{turn}-{text}" aria-label="{label}">{text}</a>'
    return f'<span class="{segment.kind}" dir="auto">{text}</span>'


def _is_short(segment: Segment | AnswerSegment, reply: Shown) -> bool:
    """Whether a quotation is no whole citation, but the short answer or another one."""
    cited = next((c for c in reply.citations or reply.closest if c.number == segment.citation), None)
    return cited is not None and (segment.start, segment.end) != (cited.start, cited.end)


def _marked(segment: Segment | AnswerSegment, reply: Shown) -> str:
    """A quotation with the short answer in it marked, or with the words that may be it."""
    at = perhaps(reply)
    span = reply.short_answer_span if at is None else reply.segments[at]
    if span is None or segment.citation != span.citation or not segment.start <= span.start < span.end <= segment.end:
        return _text(segment.text)
    a, b = span.start - segment.start, span.end - segment.start
    return f"{_text(segment.text[:a])}<mark>{_text(segment.text[a:b])}</mark>{_text(segment.text[b:])}"


def sources(reply: Shown, store: Reader, first: int = 1) -> str:
    """The cited articles, or those of the closest passages, with every shown quotation marked.

    The article of citation `first` comes first.
    """
    shown: list[_Cited] = [*reply.citations, *reply.closest]
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
    return f'<div class="sources {kind}" tabindex="0" role="region" aria-label="{label}">{note}{"".join(parts)}</div>'


def _article(citations: Sequence[_Cited], store: Reader) -> str:
    first = citations[0]
    found = store.article(first.article_id)
    if found is None or found[0].text_sha256 != first.text_sha256:
        # An earlier answer, of an index that has been built anew since.
        why = "is not in the index any more" if found is None else "has changed since this answer"
        quotes = "".join(f"<q>{_text(c.quote)}</q>" for c in citations)
        title = f'<h2 dir="auto">{escape(first.title)}</h2>'
        about = f'<p class="about">This article {why}.</p>{pointing.html(citations, None)}'
        return f'<article>{title}{about}<div class="text">{quotes}</div></article>'
    info, text = found
    page = f"page {first.page}" if first.page else None
    about = " · ".join(filter(None, (info.publisher, info.author, info.date, page, f"paragraph {first.paragraph}")))
    link = ""
    if info.url and re.match(r"https?://", info.url):
        link = f' · <a href="{escape(info.url)}" rel="noopener noreferrer" target="_blank">original</a>'
    marks = [_mark(citation) for citation in citations]
    return (
        f'<article><h2 dir="auto">{escape(info.title)}</h2><p class="about">{escape(about)}{link}</p>'
        f'{pointing.html(citations, text)}<div class="text" dir="auto">{excerpt.marked(info.path, text, marks)}</div>'
        "</article>"
    )


def _mark(cited: _Cited) -> excerpt.Mark:
    number = f"<sup>[{cited.number}]</sup>"
    return excerpt.Mark(cited.start, cited.end, f' data-citation="{cited.number}"', after=number)


def _text(text: str) -> str:
    return re.sub(r"[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]", "<br>", escape(text))
