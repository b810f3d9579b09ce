"""Who is said to have said a quotation and where it is said to stand, in a draft and in the article that has it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from rag.language import pack
from rag.language.wording import folded
from rag.quotes.find import Span, find
from rag.quotes.people import are_one, name_words
from rag.types import ArticleInfo
from rag.types.quotes import Said

_AROUND = 2_500  # characters of an article on each side of a place
_LINK = re.compile(r"\]\((?P<a>https?://[^()\s]{3,2000})\)|(?P<b>https?://[^\s<>\"“”()\[\]]{3,2000})")
_SPLIT = re.compile(r"[\w]+")


@dataclass(frozen=True, slots=True)
class Named:
    """What a draft says of one of its quotations."""

    speaker: str | None = None
    outlets: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @property
    def shown(self) -> str | None:
        """The speaker for a reader; None for a pronoun: whom it means is not checked."""
        return None if self.speaker is not None and pack().is_pronoun(self.speaker) else self.speaker

    @property
    def source(self) -> str | None:
        """The source that is named, as it is written."""
        return next(iter((*self.titles, *self.outlets, *self.links)), None)


def around(text: str, spans: Sequence[Span], number: int) -> tuple[str, str]:
    """The words before and behind a quotation in its own paragraph and up to the quotations beside it.

    Of one that has nothing but "and" to the quotation before it, what stands before that.
    """
    span = spans[number]
    begin = spans[number - 1].last if number else 0
    end = spans[number + 1].first if number + 1 < len(spans) else len(text)
    if span.style == "block":
        return text[max(begin, span.first - 600) : span.first].rstrip(), text[
            span.end : min(end, span.last + 300)
        ].lstrip("\n> ")
    return _paragraph_before(text, begin, span.first), _paragraph_after(text, span.last, end)


def _paragraph_before(text: str, begin: int, at: int) -> str:
    start = text.rfind("\n\n", begin, at)
    piece = text[max(start, begin) : at]
    # "He said:", then the quotation in a paragraph of its own
    if not piece.strip() and start > begin:
        lead = text[max(begin, start - 400) : start].rstrip()
        if lead.endswith(":"):
            return lead[lead.rfind("\n") + 1 :] + " "
    return piece.lstrip("\n") if start >= begin else piece


def _paragraph_after(text: str, at: int, end: int) -> str:
    stop = text.find("\n\n", at, end)
    return text[at : stop if stop >= 0 else end]


def said(text: str, spans: Sequence[Span]) -> list[Said]:
    """What a text says of each of its quotations; where it says nothing, what it says of the one before it."""
    out = list[Said]()
    for number, span in enumerate(spans):
        before, after = around(text, spans, number)
        found = pack().said_of(before, after)
        if found.speaker is None and out and span.style != "block":
            between = text[spans[number - 1].last : span.first]
            before_ended = text[spans[number - 1].end - 1 : spans[number - 1].end]
            if "\n\n" not in between and (_is_bridge(between, before_ended) or out[-1].speaker):
                inherited = _from_bridge(text, spans, number) or out[-1].speaker
                found = Said(inherited, found.outlets or out[-1].outlets, found.titles or out[-1].titles)
        out.append(found)
    return out


def _is_bridge(between: str, ended: str) -> bool:
    return len(between) < 60 and ended in ",—–-…"


def _from_bridge(text: str, spans: Sequence[Span], number: int) -> str | None:
    between = text[spans[number - 1].last : spans[number].first]
    return pack().said_of("", between).speaker if len(between) < 200 else None


def links_of(text: str, start: int, end: int) -> tuple[str, ...]:
    """The addresses in a range of a text."""
    return tuple(dict.fromkeys((m["a"] or m["b"]).rstrip(".,;:!?") for m in _LINK.finditer(text, start, end)))


@dataclass(frozen=True, slots=True)
class Spoken:
    """How an article says a passage: in quotation marks or in its own words, and by whom, as far as it is clear.

    `beyond` is whether it goes on behind the closing mark in the article's own words.
    """

    quoted: bool
    speaker: str | None
    beyond: bool = False


def spoken(text: str, start: int, end: int) -> Spoken:
    """How an article says a range of its text."""
    begin = max(0, start - _AROUND)
    local = text[begin : end + _AROUND]
    spans = [s for s in find(local) if s.closed]
    starts = [s.first for s in spans]
    for at in (bisect_right(starts, start - begin) - 1, bisect_right(starts, start - begin + 1) - 1):
        if at >= 0 and spans[at].last > start - begin:
            beyond = not any(span.first <= end - begin <= span.last for span in spans[at:])
            return Spoken(True, said(local, spans[: at + 2])[at].speaker, beyond)
    return Spoken(False, None)


def is_said_by(speaker: str | None, info: ArticleInfo, text: str, start: int, end: int) -> bool:
    """Whether an article may have its passage said by a speaker: False where it names another, or never him."""
    mine = name_words(speaker)
    if not mine or _is_of(mine, info):
        return True
    if not may_be_said_by(speaker, info, text):
        return False
    its = spoken(text, start, end)
    theirs = name_words(its.speaker)
    if its.beyond:
        return False
    if its.quoted and theirs:
        return are_one(mine, theirs)
    near = text[max(0, start - _AROUND // 2) : end + _AROUND // 2]
    return its.quoted or _names(mine, near)


def may_be_said_by(speaker: str | None, info: ArticleInfo, text: str) -> bool:
    """Whether an article names a speaker anywhere, or may leave it open."""
    mine = name_words(speaker)
    return not mine or _is_of(mine, info) or _names(mine, text)


def is_of(speaker: str | None, info: ArticleInfo) -> bool:
    """Whether a speaker is an article's publisher or author."""
    words = name_words(speaker)
    return bool(words) and _is_of(words, info)


def _names(words: Sequence[str], text: str) -> bool:
    """Whether the last or the longest of some words of a name stands in a text."""
    there = text.casefold()
    longest = sorted(words, key=len)[-2:]
    return any(_stands(word, there) for word in longest)


def _stands(word: str, text: str) -> bool:
    """Whether a word stands in a text, and not as part of another."""
    at = text.find(word)
    while at >= 0:
        if not (_is_letter(text[at - 1 : at]) or _is_letter(text[at + len(word) : at + len(word) + 1])):
            return True
        at = text.find(word, at + 1)
    return False


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_of(words: Sequence[str], info: ArticleInfo) -> bool:
    """Whether a name is that of the publisher, the author or the site."""
    long = {word for word in words if len(word) > 2}
    author = set(_SPLIT.findall((info.author or "").casefold()))
    if not long.isdisjoint(_SPLIT.findall((info.publisher or "").casefold())) or (
        len(long & author) >= min(2, len(words))
    ):
        return True
    site = urlsplit(info.url or "").netloc.casefold().replace("-", "")
    labels = [label.removeprefix("the") for label in site.split(".")[:-1]]
    initials = "".join(word[0] for word in words[:-1])
    return not {*long, "".join(words), initials + words[-1]}.isdisjoint(labels)


def is_from(named: Named, info: ArticleInfo, text: str) -> bool:
    """Whether an article may be the one that a draft names by title, address or publisher."""
    if named.titles and not any(_same_title(title, info.title) for title in named.titles):
        return False
    if named.links and info.url and not any(_same_address(link, info.url) for link in named.links):
        return False
    if named.titles or not named.outlets:
        return True
    return any(_is_outlet(outlet, info, text) for outlet in named.outlets)


def _is_outlet(outlet: str, info: ArticleInfo, text: str) -> bool:
    words = [word.casefold() for word in re.findall(r"\w+", outlet) if word[0].isupper() or word[0].isdigit()]
    words = [word for word in words if word != "the"]
    if not words:
        return True
    of = f"{info.publisher or ''} {info.author or ''} {info.title}".casefold()
    squeezed, site = "".join(words), "".join(_SPLIT.findall(urlsplit(info.url or "").netloc.casefold()))
    if squeezed in "".join(_SPLIT.findall(of)) or (site and squeezed in site):
        return True
    if (
        site
        and len(words) > 1
        and "".join(word[0] for word in words) in urlsplit(info.url or "").netloc.casefold().split(".")
    ):
        return True
    known = bool(info.publisher or info.url)
    return not known or " ".join(words) in " ".join(re.findall(r"\w+", text.casefold()))


def _same_title(named: str, title: str) -> bool:
    mine, its = folded(named), folded(title)
    if not mine or not its:
        return False
    return (
        mine == its
        or (len(mine) >= 3 and " ".join(mine) in " ".join(its))
        or (len(its) >= 3 and " ".join(its) in " ".join(mine))
    )


def _same_address(one: str, other: str) -> bool:
    def plain(address: str) -> tuple[str, str]:
        parts = urlsplit(address)
        return parts.netloc.casefold().removeprefix("www.").removeprefix("amp."), parts.path.rstrip("/")

    return plain(one) == plain(other)
