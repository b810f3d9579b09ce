"""A draft -> what of its quotations stands in the articles: word for word, altered, said by another, or nowhere."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from rag.language import pack
from rag.language.wording import LEAST, RUN, Runs, folded, runs, wording
from rag.quotes.attributed import Named, is_from, is_of, is_said_by, links_of, said
from rag.quotes.draft import Draft
from rag.quotes.find import Span, find
from rag.quotes.match import Match, Text, matches
from rag.quotes.nearest import Near, compared, nearest
from rag.quotes.pieces import Pieces, edited, whole
from rag.quotes.placing import cited
from rag.types.errors import InputError
from rag.types.quotes import (
    MOST_QUOTATIONS,
    CheckedDraft,
    CheckedQuotation,
    LeftOut,
    QuoteVerdict,
    Said,
)
from rag.types.stores import Reader

_CLOSING = str.maketrans("([", ")]")
_ASKED = 1_000  # articles that share most with a quotation
_READ = 60  # of them in which it is looked for
_COMPARED = 10  # of them that it is compared with, where it stands in none
_BY_WORDS = 20  # passages that word search finds of it, whose articles are compared, too
_PLACES = 10  # of a quotation


def check(draft: Draft, reader: Reader) -> CheckedDraft:
    """Looks up each quotation of a draft in all articles of a reader.

    Raises InputError for a draft with more than 1,000 quotations.
    """
    text = draft.text.replace("\r", " ")
    spans = find(text, draft.blocks)
    whole_ones = [span for span in spans if span.closed]
    long = [span for span in whole_ones if len(folded(draft.text[span.start : span.end])) >= LEAST]
    if len(long) > MOST_QUOTATIONS:
        raise InputError(f"the draft has more than {MOST_QUOTATIONS:,} quotations; check it in parts")
    names = said(text, whole_ones)
    left_out = [_left_out(draft, span, "unclosed") for span in spans if not span.closed and span.end > span.start]
    checking = Checking(reader)
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
    checked = list[CheckedQuotation]()
    for number, span, of in asked:
        checked.append(checking.quotation(draft, span, _named(draft, whole_ones, number, of, titles)))
    return CheckedDraft(draft.text, tuple(checked), tuple(sorted(left_out, key=lambda one: one.start)))


def _left_out(draft: Draft, span: Span, why: str) -> LeftOut:
    return LeftOut(span.start, span.end, draft.text[span.start : span.end], why)  # type: ignore[arg-type]  # of three


def _named(draft: Draft, spans: list[Span], number: int, of: Said, titles: dict[int, str]) -> Named:
    """What the draft says of a quotation, with the titles and links in the same paragraph, the nearest before it."""
    span, text = spans[number], draft.text.replace("\r", " ")
    begin = max(text.rfind("\n\n", 0, span.first), 0)
    stop = text.find("\n\n", span.last)
    stop = len(text) if stop < 0 else stop
    near = [n for n in titles if begin <= spans[n].first < stop]
    before = [n for n in near if n < number]
    own = of.titles or ((titles[before[-1]],) if before else (titles[near[0]],) if near else ())
    sentence = _sentence(text, begin, span.first, span.last, stop)
    links = tuple(dict.fromkeys([*links_of(text, *sentence), *draft.links_in(*sentence)]))
    # "According to Ann Lee": whether that is who said it or where it stood, is judged as who said it.
    outlets = tuple(outlet for outlet in of.outlets if outlet != of.speaker)
    return Named(of.speaker, outlets, own, links)


def _sentence(text: str, begin: int, first: int, last: int, stop: int) -> tuple[int, int]:
    start = max(begin, *(text.rfind(mark, begin, first) + 1 for mark in (". ", "? ", "! ", ".” ", '." ')))
    end = min([at for mark in (". ", "? ", "! ", ".\n") if (at := text.find(mark, last, stop)) >= 0], default=stop)
    behind = text[end + 1 : stop].lstrip()
    if behind[:1] in ("(", "["):  # the source in brackets, behind the sentence
        end = max(end, text.find(behind[0].translate(_CLOSING), end, stop))
    return start, end


class Checking:
    """Looks up quotations in one reader; keeps the articles that it has read."""

    _MOST_KEPT = 4_000_000  # characters

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._texts: dict[str, Text | None] = {}
        self._size = 0

    def _text(self, article_id: str) -> Text | None:
        if article_id not in self._texts:
            if self._size > self._MOST_KEPT:
                self._texts.clear()
                self._size = 0
            held = self._reader.article(article_id)
            self._texts[article_id] = Text(*held) if held else None
            self._size += len(held[1]) if held else 0
        return self._texts[article_id]

    def is_title(self, text: str) -> bool:
        """Whether a quotation is the title of an article, and stands in no article's text."""
        mine = folded(text)
        wanted = runs(mine)
        shared = [one for one in self._reader.sharing(wanted, _ASKED) if one.runs == len(wanted)]
        for one in shared[:_READ]:
            article = self._text(one.article_id)
            if article is not None and folded(article.info.title) == mine:
                return True
        return False

    def quotation(self, draft: Draft, span: Span, named: Named) -> CheckedQuotation:
        """What came of a quotation."""
        text = draft.text[span.start : span.end]
        made = CheckedQuotation(span.start, span.end, text, named.shown, named.source, "absent")
        stopped = draft.text[span.last : span.last + 1] in (".", ",")
        forms = [
            replace(form, stopped=stopped) for form in (whole(text), edited(text)) if form is not None and form.pieces
        ]
        found = list[tuple[Match, Text]]()
        for form in forms:
            found = self._standing(form, named)
            if found:
                break
        if found:
            return self._verbatim(made, found, named)
        return self._altered(made)

    def _standing(self, form: Pieces, named: Named) -> list[tuple[Match, Text]]:
        """The places where a quotation stands word for word; those first that are as the draft names them."""
        wanted = _runs(form)
        shared = self._reader.sharing(wanted, _ASKED) if len(wanted) else []
        ids = [one.article_id for one in shared if one.runs == len(wanted)] or self._by_words(form)
        found, good = list[tuple[Match, Text]](), 0
        for number, article_id in enumerate(ids):
            if number >= _READ and (found or not self._may_hold(article_id, form)):
                continue
            article = self._text(article_id)
            if article is None:
                continue
            exact = [match for match in matches(form, article) if match.exact]
            found += [(match, article) for match in exact]
            good += any(_is_as_named(match, article, named) for match in exact)
            if good >= _PLACES:
                break
        return sorted(found, key=lambda one: not _is_as_named(one[0], one[1], named)) if good < len(found) else found

    def _may_hold(self, article_id: str, form: Pieces) -> bool:
        """Whether an article has the words of the longest piece in a row: quick, for one of many of a common run."""
        longest = max((piece.wording.folded for piece in form.pieces), key=len)
        held = self._reader.article(article_id)
        words = (re.escape(word).replace("'", r"\W?") for word in longest)
        return held is not None and re.search(r"[\W_]+".join(words), held[1].casefold()) is not None

    def _by_words(self, form: Pieces) -> list[str]:
        terms = list(dict.fromkeys(word for piece in form.pieces for word in piece.wording.words))
        (ranking,) = self._reader.search_lexical(terms[:40], _BY_WORDS)
        passages = self._reader.passages([id for id, _ in ranking])
        return list(dict.fromkeys(passage.info.article_id for passage in passages))

    def _verbatim(self, made: CheckedQuotation, found: list[tuple[Match, Text]], named: Named) -> CheckedQuotation:
        (best, article) = found[0]
        verdict: QuoteVerdict = "verbatim"
        notes = _notes(best, article, made.text)
        start, end = best.range(article)
        if not is_from(named, article.info, article.text):
            verdict, notes = "misattributed", ["source"]
        elif not is_said_by(named.speaker, article.info, article.text, start, end):
            verdict, notes = "misattributed", ["speaker"]
        places = [cited(self._reader, its.info, its.text, *match.range(its), n) for n, (match, its) in
                  enumerate(found[:_PLACES], start=1)]  # fmt: skip
        source = made.source or (named.speaker if is_of(named.speaker, article.info) else None)
        return replace(made, verdict=verdict, source=source, places=tuple(places), notes=tuple(notes))

    def _altered(self, made: CheckedQuotation) -> CheckedQuotation:
        form = edited(made.text) or whole(made.text)
        ends = [p.start + p.wording.ends[-1] for p in form.pieces[:-1]] + [len(made.text)]
        plain = " ".join(made.text[p.start : end].strip() for p, end in zip(form.pieces, ends, strict=True))
        words = wording(plain)
        if not words.words:
            return made
        wanted = _runs(form)
        shared = self._reader.sharing(wanted, _COMPARED) if len(wanted) else []
        ids = list(dict.fromkeys([*[one.article_id for one in shared], *self._by_words(form)[:_COMPARED]]))
        near = [its for id in ids if (text := self._text(id)) and (its := nearest(words, text))]
        best = max(near, key=lambda one: one.score, default=None)
        if best is None or not _is_near(best, len(words.words)):
            return made
        steps, first, end = compared(plain, words, best)
        start, stop = best.text.wording.starts[first], best.text.wording.ends[end - 1]
        place = cited(self._reader, best.text.info, best.text.text, start, stop, 1)
        notes = ("punctuation",) if words.folded == best.text.wording.folded[first:end] else ()
        return replace(made, verdict="altered", places=(place,), diff=steps, notes=notes)


def _is_as_named(match: Match, article: Text, named: Named) -> bool:
    return is_from(named, article.info, article.text) and is_said_by(
        named.speaker, article.info, article.text, *match.range(article)
    )


def _runs(form: Pieces) -> Runs:
    found = [runs(piece.wording.folded) for piece in form.pieces if len(piece.wording.folded) > RUN]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, np.uint32)


def _notes(match: Match, article: Text, text: str) -> list[str]:
    notes = sorted(match.notes)
    start, end = match.range(article)
    if not notes and " ".join(text.split()) not in " ".join(article.text[start : end + 3].split()):
        notes = ["typography"]
    return notes


def _is_near(near: Near, words: int) -> bool:
    """Whether a passage is so near that a quotation is one of it that was altered."""
    if words <= 6:
        return near.equal >= 0.66 and near.run >= 0.5
    return near.run >= (0.6 if words <= 12 else 0.5) or near.longest >= 12
