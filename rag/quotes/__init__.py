"""A draft -> what of its quotations stands in the articles: word for word, altered, said by another, or nowhere."""

from __future__ import annotations

from bisect import bisect_left

from rag.language import pack
from rag.language.wording import LEAST, folded
from rag.quotes.attributed import Named, links_of, said
from rag.quotes.checking import MOST_READ, Checking
from rag.quotes.draft import Draft
from rag.quotes.find import Span, find
from rag.quotes.reading import Spent
from rag.types.errors import InputError
from rag.types.quotes import MOST_QUOTATIONS, CheckedDraft, CheckedQuotation, LeftOut, Said
from rag.types.stores import Reader

_CLOSING = str.maketrans("([", ")]")
_SENTENCE = 2_000  # characters before and behind a quotation in which its sentence ends


def check(draft: Draft, reader: Reader, most: int = MOST_READ) -> CheckedDraft:
    """Looks up each quotation of a draft in all articles of a reader.

    `most`: so many characters are read and no more; quotations behind that are left out. Raises InputError for a draft
    with more than 1,000 quotations.
    """
    text = draft.text.replace("\r", " ")
    spans = find(text, draft.blocks)
    whole_ones = [span for span in spans if span.closed]
    long = {span for span in whole_ones if len(folded(draft.text[span.start : span.end])) >= LEAST}
    if len(long) > MOST_QUOTATIONS:
        raise InputError(f"the draft has more than {MOST_QUOTATIONS:,} quotations; check it in parts")
    names = said(text, whole_ones)
    left_out = [_left_out(draft, span, "unclosed") for span in spans if not span.closed and span.end > span.start]
    checking = Checking(reader, most)
    titles, asked = dict[int, str](), list[tuple[int, Span, Said]]()
    for number, (span, of) in enumerate(zip(whole_ones, names, strict=True)):
        quoted = text[span.start : span.end]
        titled = span.style != "block" and pack().is_title(text[max(0, span.first - 100) : span.first], quoted)
        if titled or (span in long and span.style != "block" and checking.is_title(quoted)):
            titles[number] = quoted
            left_out.append(_left_out(draft, span, "title"))
        elif span not in long:
            left_out.append(_left_out(draft, span, "short"))
        else:
            asked.append((number, span, of))
    checked, naming = list[CheckedQuotation](), _Naming(draft, text, whole_ones, titles)
    for number, span, of in asked:
        try:
            checked.append(checking.quotation(draft, span, naming.of(number, of)))
        except Spent:
            left_out.append(_left_out(draft, span, "unchecked"))
    return CheckedDraft(draft.text, tuple(checked), tuple(sorted(left_out, key=lambda one: one.start)))


def _left_out(draft: Draft, span: Span, why: str) -> LeftOut:
    return LeftOut(span.start, span.end, draft.text[span.start : span.end], why)  # type: ignore[arg-type]  # of four


class _Naming:
    """What the draft says of its quotations, with the titles and links in the same paragraph."""

    def __init__(self, draft: Draft, text: str, spans: list[Span], titles: dict[int, str]) -> None:
        self._draft, self._text, self._spans, self._titles = draft, text, spans, titles
        self._numbers = sorted(titles)

    def of(self, number: int, of: Said) -> Named:
        """Of one of them: the nearest title before it, else the nearest behind it."""
        span, text = self._spans[number], self._text
        begin = max(text.rfind("\n\n", 0, span.first), 0)
        stop = text.find("\n\n", span.last)
        stop = len(text) if stop < 0 else stop
        at = bisect_left(self._numbers, number)
        near = [n for n in (*self._numbers[:at][-1:], *self._numbers[at : at + 1])
                if begin <= self._spans[n].first < stop]  # fmt: skip
        own = of.titles or tuple(self._titles[n] for n in near[:1])
        sentence = _sentence(text, max(begin, span.first - _SENTENCE), span, min(stop, span.last + _SENTENCE))
        links = tuple(dict.fromkeys([*links_of(text, *sentence), *self._draft.links_in(*sentence)]))
        # "According to Ann Lee": whether that is who said it or where it stood, is judged as who said it.
        outlets = tuple(outlet for outlet in of.outlets if outlet != of.speaker)
        return Named(of.speaker, outlets, own, links)


def _sentence(text: str, begin: int, span: Span, stop: int) -> tuple[int, int]:
    first, last = span.first, span.last
    start = max(begin, *(text.rfind(mark, begin, first) + 1 for mark in (". ", "? ", "! ", ".” ", '." ')))
    end = min([at for mark in (". ", "? ", "! ", ".\n") if (at := text.find(mark, last, stop)) >= 0], default=stop)
    behind = text[end + 1 : stop].lstrip()
    if behind[:1] in ("(", "["):  # the source in brackets, behind the sentence
        end = max(end, text.find(behind[0].translate(_CLOSING), end, stop))
    return start, end
