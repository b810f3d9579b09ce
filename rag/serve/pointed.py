"""An address of a quotation, read, and where the quotation stands now."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from rag.answer.links import digest

_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{12}", re.ASCII)
_MOST = 100  # places that are shown
_READ = 200_000_000  # characters that are hashed to find a place: some seconds
State = Literal["same", "stands", "moved", "gone", "unknown"]


class Unfit(ValueError):
    """An address that is none."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """What an address points at: a range of an article, None for all of it, and hashes of its text and of the words."""

    article_id: str
    at: tuple[int, int] | None
    text: str | None
    quote: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """Where the words stand in the article as it is now.

    `same`: the text is the one that was quoted; `stands`: it has changed, but not there; `moved`: they stand elsewhere;
    `gone`: nowhere; `unknown`: the address does not tell the words.
    """

    state: State
    places: tuple[tuple[int, int], ...]


def pointer(article_id: str, given: Mapping[str, str]) -> Pointer:
    """What the path and the query of an address say. Raises Unfit."""
    id = article_id or given.get("id", "")
    if not id or "\0" in id:
        raise Unfit("It names no article.")
    at = None
    if "at" in given:
        found = _RANGE.fullmatch(given["at"])
        at = (int(found[1]), int(found[2])) if found else (0, 0)
        if at[0] >= at[1]:
            raise Unfit("“at” must be the first character and the one after the last, such as 120-240.")
    hashes = [given.get(name) for name in ("text", "quote")]
    if any(one is not None and not _HASH.fullmatch(one) for one in hashes):
        raise Unfit("“text” and “quote” must be 12 hexadecimal digits each.")
    return Pointer(id, at, *hashes)


def find(asked: Pointer, text: str, text_sha256: str) -> Found:
    """Where what was asked for stands in an article's text."""
    if asked.at is None:
        return Found("same", ())
    start, end = asked.at
    same = asked.text is None or text_sha256.startswith(asked.text)
    if asked.quote is None:
        state: State = "gone" if end > len(text) else "same" if same and asked.text else "unknown"
        return Found(state, () if state == "gone" else (asked.at,))
    if digest(text[start:end]) == asked.quote:
        return Found("same" if same else "stands", (asked.at,))
    places = tuple(_places(text, end - start, asked.quote))
    return Found("moved", places) if places else Found("gone", ())


def _places(text: str, length: int, quote: str) -> Iterator[tuple[int, int]]:
    """Where words of this length and hash stand; they begin where a word or a mark does, and do not overlap.

    Of so long a text and so long words that all of it would be `_READ` characters, the first places alone are tried.
    """
    last, found, left = 0, 0, _READ
    for begin in re.finditer(r"(?<!\w)(?=\S)|(?<=\w)(?=[^\w\s])", text):
        at = begin.start()
        left -= length
        if left < 0:
            return
        if last <= at <= len(text) - length and digest(text[at : at + length]) == quote:
            yield at, at + length
            last, found = at + length, found + 1
            if found == _MOST:
                return
