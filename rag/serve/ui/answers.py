"""Replies as HTML: what answers first, then the quotations, each article's source once, then a quiet line.

The words of a reply are its segments, which `rag verify` holds. Here they are only put in another order and dress.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import groupby

from rag.language import pack
from rag.serve.ui.html import Cited, Shown, day, hidden, text
from rag.types import Segment
from rag.verify.schema import AnswerSegment, perhaps

_Segment = Segment | AnswerSegment
_LONGEST_SHOWN = 2000
_HEADINGS = {
    "unsure": '<h3 class="verdict unsure-mark">Perhaps</h3>',
    "refused": '<h3 class="verdict refusal-mark">No answer</h3>',
}
_QUOTATION_MARKS = " \n\"'“”„‟«»‹›‘’「」"
_THUMBS = (("good", "Good answer"), ("bad", "Bad answer"))


def asked(typed: str) -> str:
    """A question as it was typed; of a very long one the beginning."""
    shown = typed if len(typed) <= _LONGEST_SHOWN else typed[:200] + " …"
    return f'<h2 class="asked" dir="auto">{hidden("You asked: ")}{text(shown)}</h2>'


def waiting() -> str:
    """What stands below a question until it is answered."""
    return '<div class="waiting"><span></span><span></span><span></span> Reading the articles</div>'


def reply(reply: Shown, turn: int = 0, *, saving: bool = False) -> str:
    """An answer, what may be one, a refusal, an aside or an error; each looks different.

    `turn` is its number in the conversation, for links; `saving`: its question may be saved.
    """
    if reply.status == "error":
        why = text(reply.error or "")
        return f'<div class="reply error"><h3 class="verdict">This could not be asked</h3><p>{why}</p></div>'
    lead, tail = _around(reply, turn)
    if pack().aside(reply.question):
        return f'<div class="reply aside">{lead}</div>'  # nothing to judge
    look = "unsure" if reply.reason == "unsure" else reply.status
    quoted = _quotations(reply, turn)
    save = _save(reply, turn) if saving else ""
    head, after = ("", save) if reply.status == "answered" else (_HEADINGS[look] + save, "")
    below = _searched(reply, turn) + _time(reply) + after + _foot(reply, turn)
    return f'<div class="reply {look} turn-{turn}">{head}{lead}{quoted}{tail}{below}</div>'


def _around(reply: Shown, turn: int) -> tuple[str, str]:
    """What stands before the quotations and after them."""
    segments: Sequence[_Segment] = reply.segments
    # The last time that a citation stands there whole is its quotation; an earlier one is a short answer.
    whole = {segment.citation: at for at, segment in enumerate(segments) if _is_whole(segment, reply)}
    if not whole:
        return _paragraphs(segments, reply, turn, "lead"), ""
    places = [at for at, segment in enumerate(segments) if segment.kind == "metadata" and segment.citation in whole]
    first, last = min(whole.values()), max([*places, *whole.values()])
    return _paragraphs(segments[:first], reply, turn, "lead"), _paragraphs(segments[last + 1 :], reply, turn, "tail")


def _is_whole(segment: _Segment, reply: Shown) -> bool:
    cited = _cited(segment, reply)
    return segment.kind == "quote" and cited is not None and (segment.start, segment.end) == (cited.start, cited.end)


def _cited(segment: _Segment, reply: Shown) -> Cited | None:
    shown: Sequence[Cited] = reply.citations or reply.closest
    return next((one for one in shown if one.number == segment.citation), None)


def _paragraphs(segments: Sequence[_Segment], reply: Shown, turn: int, name: str) -> str:
    """Segments as paragraphs, which a blank line parts; the mark that opens a quotation is the page's own."""
    html, found = "", list(segments)
    for at, segment in enumerate(found):
        if segment.kind == "template":
            after = found[at + 1] if at + 1 < len(found) else None
            before = found[at - 1] if at else None
            html += _template(segment.text, opens=after is None, before=before, after=after)
        else:
            html += _piece(segment, reply, turn, found[at - 1].text if at else "")
    parts = [part.strip() for part in html.split("\n\n")]
    return "".join(f'<p class="{name}">{part.replace(chr(10), "<br>")}</p>' for part in parts if part)


def _template(said: str, *, opens: bool, before: _Segment | None, after: _Segment | None) -> str:
    """The words of a template, without the brackets around a number and the mark before the first quotation."""
    if opens:
        said = said.rstrip(_QUOTATION_MARKS)
    if _is_number(after) and said.endswith("["):
        said = said[:-1].rstrip(" ")
    if _is_number(before):
        said = said.removeprefix("]")
    return re.sub(r"\n{2,}", "\n\n", escape(said))


def _is_number(segment: _Segment | None) -> bool:
    return segment is not None and segment.kind == "metadata" and segment.text == str(segment.citation)


def _piece(segment: _Segment, reply: Shown, turn: int, before: str) -> str:
    if segment.kind == "quote":
        return f'<strong class="short" dir="auto">{text(segment.text)}</strong>'
    if _is_number(segment) and before.endswith("["):
        named = f"{hidden('Quotation')}{segment.text}{hidden('in its article')}"
        return f'<a class="cite" href="#cite-{turn}-{segment.text}">{named}</a>'
    cited = _cited(segment, reply)
    if segment.kind == "metadata" and cited is not None and segment.text == cited.date:
        return day(cited.date)
    return f'<span class="{segment.kind}" dir="auto">{text(segment.text)}</span>'


def _quotations(reply: Shown, turn: int) -> str:
    """All that is quoted; quotations of one article that follow each other have one source line."""
    shown: Sequence[Cited] = reply.citations or reply.closest
    marked = _marks(reply)
    figures = []
    for _, its in groupby(shown, key=lambda one: one.article_id):
        cited = list(its)
        quotes = "".join(_quotation(one, marked, turn) for one in cited)
        figures.append(f'<figure class="source">{quotes}<figcaption>{source(cited[0])}</figcaption></figure>')
    return "".join(figures)


def _quotation(cited: Cited, marked: Sequence[tuple[int, int, int]], turn: int) -> str:
    quote, said, at = cited.quote, "", 0
    for of, start, end in marked:
        a, b = start - cited.start, end - cited.start
        if of == cited.number and at <= a < b <= len(quote):
            said += f"{text(quote[at:a])}<mark>{text(quote[a:b])}</mark>"
            at = b
    said += text(quote[at:])
    label = hidden(f" of {cited.title}: show quotation {cited.number}")
    place = f'<a class="cite place" href="#cite-{turn}-{cited.number}">{where(cited)}{label}</a>'
    number = f'<span class="number" aria-hidden="true">{cited.number}</span>'
    tools = f'<div class="tools" data-turn="{turn}" data-citation="{cited.number}">{number}{place}</div>'
    return f'<blockquote dir="auto">{said}</blockquote>{tools}'


def where(cited: Cited) -> str:
    """The place of a quotation in its article, in words."""
    return (f"page {cited.page}, " if cited.page else "") + f"paragraph {cited.paragraph}"


def source(cited: Cited) -> str:
    """The article of a quotation: its title, who published it, and when."""
    about = [escape(one) for one in (cited.publisher, cited.author) if one]
    about += [day(cited.date)] if cited.date else []
    line = f' <span class="about" dir="auto">{" · ".join(about)}</span>' if about else ""
    return f'<cite dir="auto">{text(cited.title)}</cite>{line}'


def _marks(reply: Shown) -> list[tuple[int, int, int]]:
    """(citation, start, end) of the short answer, of each of several, or of the words that may be it."""
    if reply.short_answers:
        return [(one.citation, one.start, one.end) for one in reply.short_answers]
    at = perhaps(reply)
    span = reply.short_answer_span if at is None else reply.segments[at]
    return [] if span is None or span.citation is None else [(span.citation, span.start, span.end)]


def turn_of(message: str) -> int | None:
    """The number of the turn that a message of `reply` shows; None for an aside, an error or another message."""
    found = re.match(r'<div class="reply \w+ turn-(\d+)">', message)
    return int(found[1]) if found else None


def _searched(reply: Shown, turn: int) -> str:
    """The question as it was understood, where that is not what was typed."""
    if reply.standalone_question == reply.question:
        return ""
    return (
        f'<p class="searched">Searched: <span class="standalone" dir="auto">{text(reply.standalone_question)}</span> '
        f'· <a class="edit" href="#edit-{turn}" title="words in quotation marks are searched as typed">change</a></p>'
    )


def _time(reply: Shown) -> str:
    """The time that the question names, as it was understood from the day of asking."""
    if reply.time is None:
        return ""
    days = pack().days_in_words(
        *(reply.time.values() if isinstance(reply.time, Mapping) else (reply.time.since, reply.time.until))
    )
    put = f" · asked on {escape(pack().days_in_words(reply.asked, reply.asked))}" if reply.asked else ""
    change = '<a class="edit" href="#asked-0">change the day</a>'
    return f'<p class="searched">Understood: {escape(days)}{put} · {change}</p>'


def _save(reply: Shown, turn: int) -> str:
    """Asks to be told what is new, and says what came of that."""
    label = "Tell me what is new on this" if reply.status == "answered" else "Tell me when an article answers this"
    button = f'<button type="button" data-save="{turn}">{label}</button>'
    return f'<p class="save">{button}<span class="said" role="status" tabindex="-1"></span></p>'


def _foot(reply: Shown, turn: int) -> str:
    """How sure it is, of which state of the articles, and what a reader thinks of it."""
    thumbs = "".join(
        f'<button type="button" class="thumb {way}" data-judge="{turn}-{way}" aria-pressed="false" title="{label}">'
        f"{hidden(label)}</button>"
        for way, label in _THUMBS
    )
    line = " · ".join(_known(reply))
    return f'<div class="foot"><p class="confidence">{line}</p><div class="thumbs">{thumbs}</div></div>'


def _known(reply: Shown) -> Iterator[str]:
    if reply.status == "answered":
        yield f"{round(100 * (reply.confidence or 0.0))}% likely to answer this"
        if reply.certificate is not None:
            yield f'<span title="certificate {escape(reply.certificate)}">tested on these articles</span>'
        else:
            yield "not tested on questions like this" + (" of a part of the articles" if reply.filters else "")
    name = escape(reply.index_generation or "")
    yield f'<span title="{name}: the state of the articles that was asked">edition {name[:8]}</span>'
