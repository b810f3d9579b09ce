"""Addresses of a quotation: its own on this server, and that of its article with a text fragment, which browsers go to.

Text fragments: https://wicg.github.io/scroll-to-text-fragment/. A browser marks the first place that fits, in which
case and accents are alike; so each fragment is tried on the article, and given more words where another place fits.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlencode

BELOW = "/a/"  # the pages of articles on the server
_DIGITS = 12  # of a hash in an address
_WHOLE = 200  # characters up to which a quotation stands in a fragment whole
_PART, _LONGEST_PART = 30, 480  # characters of its beginning and its end, at least; twice as many where they do not do
_STEPS = 10_000  # places that are tried
_CONTEXT = (1, 12, 40, 120)  # characters before and after it, at least; whole words
_WORD = re.compile(r"[^\s、。,!?;:]+[、。,!?;:]*|[、。,!?;:]+")  # scripts without spaces: to the next such mark
_WEB = re.compile(r"(?i:https?)://\S+")
_ALIKE = str.maketrans(
    {"‘": "'", "’": "'", "‚": "'", "‛": "'", "“": '"', "”": '"', "„": '"', "‟": '"'}
    | dict.fromkeys(map(chr, (*range(0x300, 0x370), 0xAD, *range(0x200B, 0x2010), 0x2060, 0xFEFF)))
)


class Cited(Protocol):
    """What is needed of a citation."""

    @property
    def article_id(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def quote(self) -> str: ...
    @property
    def text_sha256(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of a quotation."""

    address: str  # of the page on the server, from its root: `/a/…`
    original: str | None  # of the article, with a text fragment; None where it has none on the web


def links(cited: Cited, text: str | None) -> Links:
    """Those of a citation; `text` is the article's, None where it is not held or another than was quoted."""
    its = (cited.quote, 0, len(cited.quote)) if text is None else (text, cited.start, cited.end)
    return Links(address(cited), original(cited.url, *its))


def original(url: str | None, text: str, start: int, end: int) -> str | None:
    """The address of an article on the web with a fragment for a range, if it has any; None where it has none."""
    if not url or not _WEB.fullmatch(url):
        return None
    page, _, anchor = url.partition("#")
    directive = f":~:text={fragment(text, start, end)}" if text[start:end].strip() else ""
    anchor = anchor.partition(":~:")[0] + directive
    return f"{page}#{anchor}" if anchor else page


def address(cited: Cited) -> str:
    """That of the server's page with the article, the quotation marked; with hashes, as an article may change."""
    given = {"at": f"{cited.start}-{cited.end}", "text": cited.text_sha256[:_DIGITS], "quote": digest(cited.quote)}
    return below(cited.article_id, given)


def below(article_id: str, given: Mapping[str, str]) -> str:
    """The address of an article's page, with a query."""
    parts = article_id.split("/")
    if article_id in (".", ".."):  # a browser takes them out of a path, in whatever form
        return f"{BELOW}?{urlencode({'id': article_id, **given})}#quote"
    plain = not {"", ".", ".."} & set(parts)
    path = "/".join(quote(part, safe="") for part in parts) if plain else quote(article_id, safe="")
    return f"{BELOW}{path}?{urlencode(given)}#quote"


def digest(quotation: str) -> str:
    """The hash by which an address knows a quotation."""
    return hashlib.sha256(quotation.encode()).hexdigest()[:_DIGITS]


def fragment(text: str, start: int, end: int) -> str:
    """`[prefix-,]start[,end][,-suffix]` of a range of an article, percent-encoded; a browser goes to that place.

    Words around it are given where it stands more than once; where they do not tell it either, it goes to the first.
    """
    start, end = _stripped(text, start, end)
    before, its, after = _folded(text[:start]), _folded(text[start:end]), _folded(text[end:])
    folded, place = before + its + after, (len(before), len(before) + len(its))
    tries = list(_tries(text, start, end))
    fits = (parts for parts in tries if _found(folded, 0, *map(_folded, parts)) == place)
    alone = (parts for parts in fits if _found(folded, place[0] + 1, *map(_folded, parts)) is None)
    prefix, first, last, suffix = map(_encoded, next(alone, tries[0]))
    given = (f"{prefix}-" if prefix else "", first, last, f"-{suffix}" if suffix else "")
    return ",".join(part for part in given if part)


_Parts = tuple[str, str, str, str]  # before, the beginning or all, the end or "", after


def _tries(text: str, start: int, end: int) -> Iterator[_Parts]:
    """Parts that may do, the shortest first. None crosses a line: a paragraph may end there."""
    for context in (0, *_CONTEXT):
        prefix = _ending(_line(text[:start], -1), context) if context else ""
        suffix = _beginning(_line(text[end:], 0), context) if context else ""
        for first, last in _shortened(text[start:end]):
            yield prefix, first, last, suffix


def _shortened(quotation: str) -> Iterator[tuple[str, str]]:
    """A quotation whole, or its beginning and its end, which do not overlap."""
    lines = [line.strip() for line in quotation.splitlines() if line.strip()] or [quotation]
    if len(lines) == 1 and len(quotation) <= _WHOLE:
        yield quotation, ""
        return
    least = _PART
    while least <= _LONGEST_PART:
        first, last = _beginning(lines[0], least), _ending(lines[-1], least)
        if len(lines) == 1 and len(first) + len(last) >= len(quotation):
            yield quotation, ""
            return
        yield first, last
        least *= 2


def _line(text: str, at: int) -> str:
    """The first or the last line that is not blank."""
    lines = [line for line in (text[-5000:] if at else text[:5000]).splitlines() if line.strip()]
    return lines[at].strip() if lines else ""


def _beginning(line: str, least: int) -> str:
    """The first words of a line, together so long at least."""
    end = next((word.end() for word in _WORD.finditer(line) if word.end() >= least), len(line))
    return line[:end]


def _ending(line: str, least: int) -> str:
    """The last ones."""
    starts = [word.start() for word in _WORD.finditer(line) if len(line) - word.start() >= least]
    return line[starts[-1] :] if starts else line


def _found(text: str, at: int, prefix: str, first: str, last: str, suffix: str) -> tuple[int, int] | None:
    """The first place that a browser finds, from a character on. All are folded."""
    steps = 0
    while steps < _STEPS and (begin := text.find(prefix or first, at)) >= 0:
        at, steps = begin + 1, steps + 1
        if prefix:
            begin = _past_space(text, begin + len(prefix))
            if not text.startswith(first, begin):
                continue
        end = begin + len(first)
        while last and steps < _STEPS and (stop := text.find(last, end)) >= 0:
            end, steps = stop + len(last), steps + 1
            if text.startswith(suffix, _past_space(text, end)):
                return begin, end
        if not last and text.startswith(suffix, _past_space(text, end)):
            return begin, end
    return None


def _past_space(text: str, at: int) -> int:
    return at + 1 if text.startswith(" ", at) else at


def _folded(text: str) -> str:
    """Without what browsers do not tell apart; white space is one space."""
    spaced = re.sub(r"\s+", " ", text)
    return spaced.casefold() if spaced.isascii() else unicodedata.normalize("NFKD", spaced).translate(_ALIKE).casefold()


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    within = text[start:end]
    return start + len(within) - len(within.lstrip()), end - len(within) + len(within.rstrip())


def _encoded(part: str) -> str:
    """Percent-encoded, with what the specification keeps for itself: `-`, `,` and `&`; white space is one space."""
    return quote(re.sub(r"\s+", " ", part), safe="").replace("-", "%2D")
