"""What is found of a draft's quotations: the types that cross rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from rag.types import Citation

QuoteVerdict = Literal["verbatim", "altered", "misattributed", "absent"]
QUOTE_VERDICTS: tuple[QuoteVerdict, ...] = ("verbatim", "altered", "misattributed", "absent")
Op = Literal["equal", "insert", "delete", "replace"]
MOST_CHARACTERS = 200_000  # of a draft
MOST_QUOTATIONS = 1_000  # of a draft


class Sharing(NamedTuple):
    """An article with how many of some runs of words it has, and what those weigh: the more the fewer have them."""

    article_id: str
    runs: int
    weight: float


@dataclass(frozen=True, slots=True)
class Said:
    """What a text says of a quotation in it, as it is written there."""

    speaker: str | None = None
    outlets: tuple[str, ...] = ()  # newspapers, broadcasters
    titles: tuple[str, ...] = ()  # of articles


@dataclass(frozen=True, slots=True)
class Change:
    """A step of a comparison by words: what the draft has, and what the article has in its place."""

    op: Op
    draft: str
    article: str


@dataclass(frozen=True, slots=True)
class CheckedQuotation:
    """A quotation of a draft: its range in the draft's text, without its marks, and what came of it.

    `places` best first; `diff` of one that is altered; `notes` name what an editor may change and has, and why a
    quotation is misattributed.
    """

    start: int
    end: int
    text: str
    speaker: str | None
    source: str | None
    verdict: QuoteVerdict
    places: tuple[Citation, ...] = ()
    diff: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What looks like a quotation and was not looked for: it has less than four words, is a title, or never ends.

    `unchecked`: so much was read for those before it that no more is; it says nothing of whether it stands anywhere.
    """

    start: int
    end: int
    text: str
    why: Literal["short", "title", "unclosed", "unchecked"]


@dataclass(frozen=True, slots=True)
class CheckedDraft:
    """A draft's text, its quotations in order, and what was left out."""

    text: str
    quotations: tuple[CheckedQuotation, ...]
    left_out: tuple[LeftOut, ...]
