"""The articles in which quotations are looked for, and how much may be read for one draft."""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property

from rag.language.wording import LINK, Wording, wording
from rag.types import ArticleInfo
from rag.types.stores import Reader

_WORDS = 20  # what telling words apart costs, in readings
_MOST_KEPT = 4_000_000  # characters
_MOST_PLACES = 2_000  # of a row of words in one article
_MOST_WORDS = 40  # of a row that are looked for
_LETTERS = 8  # of a word with what is around it, more than it has
_ROOM = 40  # words on each side of a place
_ODD = re.compile(r"\]\(|[\u00ad\u200b-\u200d\u2060ʼ]")
_UNSEEN = str.maketrans(dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060") | {"ʼ": "'"})
_WIDE = re.compile(r"[^\W\x00-\x7f]")
_OTHERS = "\0"


class Spent(Exception):
    """So much was read for a draft that no more is."""


class Row:
    """Folded words in a row, as they are found in a text of folded case; more is found than they.

    `whole` is whether all of the words are looked for.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.whole = len(words) <= _MOST_WORDS
        some = (re.escape(word).replace("'", r"\W?") for word in words[:_MOST_WORDS])
        self.pattern = re.compile(r"[\W_]+".join(some))


class Text:
    """An article with its words, or with those in some ranges of it alone."""

    def __init__(self, info: ArticleInfo, text: str, of: Sequence[tuple[int, int]] | None = None) -> None:
        self.info, self.text = info, text
        self._of = of if of is not None else ((0, len(text)),)

    @cached_property
    def wording(self) -> Wording:
        """The words, with their places in the whole text; where others are between, there is one that is none."""
        if len(self._of) == 1 and not self._of[0][0]:
            return wording(self.text[: self._of[0][1]])
        out = Wording([], [], [], [], [])
        for begin, end in self._of:
            its = wording(self.text[begin:end])
            out.words.extend((_OTHERS, *its.words))
            out.folded.extend((_OTHERS, *its.folded))
            out.starts.extend((begin, *(at + begin for at in its.starts)))
            out.ends.extend((begin, *(at + begin for at in its.ends)))
            out.marks.extend(("", *its.marks))
            out.marks[-1:] = []
        out.marks.append("")
        return out

    @cached_property
    def _joined(self) -> tuple[str, list[int]]:
        words = self.wording.folded
        return f" {' '.join(words)} ", [0, *itertools.accumulate(len(word) + 1 for word in words)]

    def places(self, words: list[str]) -> Iterator[int]:
        """The numbers of the words at which these folded words begin."""
        (joined, begins), wanted, at = self._joined, f" {' '.join(words)} ", -1
        while (at := joined.find(wanted, at + 1)) >= 0:
            yield bisect.bisect_left(begins, at)

    @cached_property
    def _searched(self) -> tuple[str, bool]:
        """The text in folded case, as words are compared, and whether all of it stands where it was."""
        odd = {ord(c): unicodedata.normalize("NFKC", c) for c in {*_WIDE.findall(self.text)}}
        changed = {c: plain for c, plain in odd.items() if plain != chr(c)}
        if not changed and not _ODD.search(self.text):
            folded = self.text.casefold()
            return folded, len(folded) == len(self.text)
        return LINK.sub(" ", self.text).translate(_UNSEEN | changed).casefold(), False

    def around(self, row: Row, *, alone: bool) -> Text | None:
        """Itself, or None where a row of words stands nowhere in it: much sooner than its words.

        Of a row `alone`, that no other words are looked for with, it has only the words near its places.
        """
        text, is_as_it_was = self._searched
        places = [match.span() for match in itertools.islice(row.pattern.finditer(text), _MOST_PLACES)]
        if not places:
            return None
        if not alone or not row.whole or not is_as_it_was:
            return self
        return self.within(places, _ROOM)

    def beside(self, rows: Sequence[Row], words: int) -> Text | None:
        """It with the words near places of some rows alone, so many on each side; None as for `around`."""
        text, is_as_it_was = self._searched
        places = sorted(match.span() for row in rows for match in
                        itertools.islice(row.pattern.finditer(text), _MOST_PLACES))  # fmt: skip
        if not places:
            return None
        return self.within(places, words) if is_as_it_was else self

    def within(self, places: Sequence[tuple[int, int]], words: int) -> Text:
        """It with the words near some places alone, which are in order, about so many on each side."""
        ranges, room = list[tuple[int, int]](), words * _LETTERS
        for first, last in places:
            begin = self.text.rfind(" ", 0, max(first - room, 0)) + 1
            end = self.text.find(" ", last + room)
            end = end if end >= 0 else len(self.text)
            if ranges and begin <= ranges[-1][1] + 1:
                earlier, behind = ranges.pop()
                begin, end = earlier, max(behind, end)
            ranges.append((begin, end))
        return Text(self.info, self.text, ranges)

    @property
    def read(self) -> int:
        """Characters of which the words are told apart."""
        return sum(end - begin for begin, end in self._of)


class Articles:
    """The articles of a reader, read for one draft: no more than so many characters; some are kept."""

    def __init__(self, reader: Reader, most: int) -> None:
        self._reader, self._left = reader, most
        self._texts: dict[str, Text | None] = {}
        self._size = 0

    def text(self, article_id: str) -> Text | None:
        """An article; None where it is not held. Raises Spent."""
        if article_id not in self._texts:
            if self._size > _MOST_KEPT:
                self._texts.clear()
                self._size = 0
            held = self._reader.article(article_id)
            self._texts[article_id] = Text(*held) if held else None
            self._size += len(held[1]) if held else 0
        its = self._texts[article_id]
        self.spend(its.read if its else 0)
        return its

    def spend(self, characters: int) -> None:
        """Counts what is read. Raises Spent where nothing is left."""
        self._left -= characters
        if self._left < 0:
            raise Spent

    def spend_words(self, text: Text) -> Text:
        """Counts that the words of a text are told apart. Raises Spent."""
        self.spend(_WORDS * text.read)
        return text
