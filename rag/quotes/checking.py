"""A quotation -> what of it stands in the articles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from rag.language.wording import RUN, Runs, Wording, folded, runs, wording
from rag.quotes.attributed import Named, is_from, is_of, is_said_by, may_be_said_by
from rag.quotes.draft import Draft
from rag.quotes.find import Span
from rag.quotes.match import Match, matches
from rag.quotes.nearest import FAR, Near, compared, nearest
from rag.quotes.pieces import Pieces, edited, whole
from rag.quotes.placing import cited
from rag.quotes.reading import Articles, Row, Spent, Text
from rag.types import Passage
from rag.types.quotes import CheckedQuotation, QuoteVerdict, Sharing
from rag.types.stores import Reader

MOST_READ = 2_000_000_000  # characters that are read for one draft: a book of 200 pages has half a million
_ASKED = 1_000  # articles that share most with a quotation
_READ = 60  # of them in which it is looked for, where it stands in one
_NEAR = 0.7  # of a quotation: then no more is looked for that may be nearer
_COMPARED = 10  # of them that it is compared with, where it stands in none
_BY_WORDS = 20  # passages that word search finds of it, whose articles are compared, too
_SHORT = 40  # words of a quotation that is compared with what is near its runs alone
_PLACES = 10  # of a quotation
_SPOKEN = 50_000  # what telling who said a passage costs, in characters read
_KEPT = 64  # quotations whose articles are kept


class Checking:
    """Looks up quotations in one reader, all of one draft."""

    def __init__(self, reader: Reader, most: int) -> None:
        """`most`: so many characters are read."""
        self._reader, self._articles = reader, Articles(reader, most)
        self._shared, self._searched = lru_cache(_KEPT)(self._sharing), lru_cache(_KEPT)(self._searching)

    def _sharing(self, wanted: bytes, k: int) -> list[Sharing]:
        return self._reader.sharing(np.frombuffer(wanted, np.uint32), k) if wanted else []

    def is_title(self, text: str) -> bool:
        """Whether a quotation is the title of an article, as far as may be read."""
        mine = folded(text)
        try:
            articles = (self._articles.text(id) for id in self._having(runs(mine))[:_READ])
            return any(article is not None and folded(article.info.title) == mine for article in articles)
        except Spent:
            return False

    def quotation(self, draft: Draft, span: Span, named: Named) -> CheckedQuotation:
        """What came of a quotation. Raises Spent where no more may be read."""
        text = draft.text[span.start : span.end]
        made = CheckedQuotation(span.start, span.end, text, named.shown, named.source, "absent")
        stopped = draft.text[span.last : span.last + 1] in (".", ",")
        forms = [
            replace(form, stopped=stopped) for form in (whole(text), edited(text)) if form is not None and form.pieces
        ]
        for form in forms:
            if found := self._standing(form, named):
                return self._verbatim(made, found, named)
        return self._altered(made)

    def _having(self, wanted: Runs) -> list[str]:
        """The articles that have all of some runs; the first 1,000."""
        return [one.article_id for one in self._shared(wanted.tobytes(), _ASKED) if one.runs == len(wanted)]

    def _candidates(self, form: Pieces) -> Iterator[str]:
        """The articles in which a quotation may stand."""
        wanted = _runs(form)
        ids = self._having(wanted)
        if not len(wanted):
            yield from dict.fromkeys(passage.info.article_id for passage in self._by_words(form))
        yield from ids
        if len(ids) == _ASKED:  # there may be more
            more = self._reader.sharing(wanted, self._reader.article_count)[_ASKED:]
            yield from (one.article_id for one in more if one.runs == len(wanted))

    def _standing(self, form: Pieces, named: Named) -> list[tuple[Match, Text]]:
        """The places where a quotation stands word for word; those first that are as the draft names them."""
        longest = Row(max((piece.wording.folded for piece in form.pieces), key=len))
        found, good = list[tuple[bool, Match, Text]](), 0
        for number, article_id in enumerate(self._candidates(form)):
            if (number >= _READ and found) or good >= _PLACES:
                break
            article = self._articles.text(article_id)
            text = article and article.around(longest, alone=len(form.pieces) == 1)
            if text is None or (len(found) >= _PLACES and not _may_be_as_named(text, named)):
                continue
            for match in matches(form, self._articles.spend_words(text)):
                if match.exact:
                    as_named = self._is_as_named(match, text, named)
                    found.append((as_named, match, text))
                    good += as_named
        return [(match, text) for _, match, text in sorted(found, key=lambda one: not one[0])]

    def _is_as_named(self, match: Match, article: Text, named: Named) -> bool:
        if not is_from(named, article.info, article.text):
            return False
        self._articles.spend(_SPOKEN if named.speaker else 0)
        return is_said_by(named.speaker, article.info, article.text, *match.range(article))

    def _by_words(self, form: Pieces) -> list[Passage]:
        terms = tuple(dict.fromkeys(word for piece in form.pieces for word in piece.wording.words))
        return self._searched(terms[:40])

    def _searching(self, terms: Sequence[str]) -> list[Passage]:
        (ranking,) = self._reader.search_lexical(terms, _BY_WORDS)
        return self._reader.passages([id for id, _ in ranking])

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
        best: Near | None = None
        for texts in (self._sharing_with(form, words), self._wording_of(form, words)):
            near = [its for text in texts if (its := nearest(words, self._articles.spend_words(text)))]
            best = max([*near, *filter(None, [best])], key=lambda one: one.score, default=None)
            if best is not None and best.run > _NEAR:
                break
        if best is None or not _is_near(best, len(words.words)):
            return made
        steps, first, end = compared(plain, words, best)
        start, stop = best.text.wording.starts[first], best.text.wording.ends[end - 1]
        place = cited(self._reader, best.text.info, best.text.text, start, stop, 1)
        notes = ("punctuation",) if words.folded == best.text.wording.folded[first:end] else ()
        return replace(made, verdict="altered", places=(place,), diff=steps, notes=notes)

    def _sharing_with(self, form: Pieces, words: Wording) -> Iterator[Text]:
        """Of the articles that share runs with a quotation what is around those."""
        short = words.folded[:_SHORT]
        rows = [Row(run) for run in zip(*(short[n:] for n in range(RUN)), strict=False)]
        for one in self._shared(_runs(form).tobytes(), _COMPARED):
            text = self._articles.text(one.article_id)
            if text and len(words.words) <= _SHORT:
                text = text.beside(rows, len(words.words) + FAR)
            if text:
                yield text

    def _wording_of(self, form: Pieces, words: Wording) -> Iterator[Text]:
        """What is around the passages that word search finds."""
        places = dict[str, list[tuple[int, int]]]()
        for passage in self._by_words(form):
            places.setdefault(passage.info.article_id, []).append((passage.chunk.start, passage.chunk.end))
        for article_id, its in list(places.items())[:_COMPARED]:
            if text := self._articles.text(article_id):
                short = len(words.words) <= _SHORT
                yield text.within(sorted(its), len(words.words) + FAR) if short else text


def _may_be_as_named(article: Text, named: Named) -> bool:
    return is_from(named, article.info, article.text) and may_be_said_by(named.speaker, article.info, article.text)


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
