"""Plain text: paragraphs parted by blank lines; title, publisher and date as newspapers' sites print them.

Found at the top: an optional line that is only a date, the title, and a dateline such as
`CaliToday (01/11/2025): ` before the first sentence. Numeric dates are day first, unless the second number can
only be a day. Found at the end: a line that is only a site's name. Neither these lines nor the dateline belong to
a paragraph, so that no quotation can hold them.
"""

from __future__ import annotations

import datetime
import re

from rag.language import pack, pattern
from rag.load.front_matter import front_matter
from rag.load.limits import LIMITS, Limits, at_most, bounded
from rag.load.normalise import decode
from rag.load.parsed import Declared, Metadata, Parsed
from rag.types import Paragraph

VERSION = "plain/4"

_BLOCK = re.compile(r"[^\s](?:.*(?:\n(?![^\S\n]*(?:\n|\Z)).*)*)")
_DATELINE = re.compile(
    r"(?P<publisher>[^\W\d][^\n():]{1,40}?)\s*\((?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<year>\d{4})\)\s*:\s*"
)
_NUMERIC_LINE = re.compile(r"(?P<iso>\d{4}-\d{2}-\d{2})|(?P<a>\d{1,2})[/.](?P<b>\d{1,2})[/.](?P<year>\d{4})")
_SITE_NAME = re.compile(r"(?:https?://)?(?:www\.)?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,12}/?", re.IGNORECASE)
_CLOSERS = "\"'”’»)]"
_HEADING_WORDS = 12
_BROKEN = 0.4  # share of lines in small letters; of lines that are paragraphs hardly any is
_LINES = 10  # for each paragraph that an article may have


def parse(raw: bytes, limits: Limits = LIMITS) -> Parsed:
    """Reads a file. Raises ValueError with the reason when it cannot be read."""
    text = decode(raw)
    fields, start = front_matter(text)
    return structure(text, start, fields, limits, title_in_text=True)


def structure(text: str, start: int, fields: Declared, limits: Limits, *, title_in_text: bool) -> Parsed:
    """Finds title, dateline and paragraphs in `text[start:]`; offsets count from the start of `text`.

    Without `title_in_text` the first line is taken for the title only when it is the declared one.
    """
    bounded(len(text), limits.characters)
    blocks = _blocks(text, start, limits)
    found = Metadata()
    if len(blocks) > 1 and (date := _only_date(text[slice(*blocks[0])])):
        found = Metadata(date=date)
        blocks = blocks[1:]
    first = text[slice(*blocks[0])] if blocks else ""
    if len(blocks) > 1 and (_is_title(first) if title_in_text else first == fields.metadata.title):
        found = Metadata(title=" ".join(first.split())).over(found)
        blocks = blocks[1:]
    if blocks and (line := _DATELINE.match(text, blocks[0][0], blocks[0][1])):
        found = Metadata(publisher=line["publisher"].strip(), date=_numeric_date(line)).over(found)
        blocks[0] = (min(line.end(), blocks[0][1]), blocks[0][1])
    if len(blocks) > 1 and _SITE_NAME.fullmatch(text[slice(*blocks[-1])]):
        blocks = blocks[:-1]
    return Parsed(text, fields.over(found), _paragraphs(text, blocks), fields.note)


def _blocks(text: str, start: int, limits: Limits) -> list[tuple[int, int]]:
    """Ranges of text between blank lines, without the white space around them.

    A text without any blank line has one paragraph a line; where many lines go on in small letters, as they were
    broken at a width, one a line that is further in than others, or one in all.
    """
    most = limits.paragraphs
    ranges = [match.span() for match in at_most(most, _BLOCK.finditer(text, start), "paragraphs")]
    if len(ranges) == 1:
        found = re.compile(r"\S.*").finditer(text, start, ranges[0][1])
        lines = [match.span() for match in at_most(_LINES * most, found, "lines")]
        going_on = sum(text[a].islower() for a, _ in lines[1:])
        if going_on < _BROKEN * len(lines):
            bounded(len(lines), most, "paragraphs")
            ranges = lines
        else:
            indented = [a > 0 and text[a - 1] in " \t" for a, _ in lines]
            begins = [0] + [i for i in range(1, len(lines)) if indented[i] and not all(indented[1:])]
            ends = [*(i - 1 for i in begins[1:]), len(lines) - 1]
            ranges = [(lines[i][0], lines[j][1]) for i, j in zip(begins, ends, strict=True)]
    return [(a, a + len(text[a:b].rstrip())) for a, b in ranges]


def _is_title(line: str) -> bool:
    return "\n" not in line and len(line) <= 200 and not _ends_sentence(line) and not _DATELINE.match(line)


def _ends_sentence(line: str) -> bool:
    return line.rstrip(_CLOSERS).endswith((".", "!", ":", ";", ",", "…")) or line.rstrip(_CLOSERS) == ""


def _could_head(line: str) -> bool:
    """Short, on one line, not ending as a sentence does, and no list item."""
    return (
        "\n" not in line
        and len(line.split()) <= _HEADING_WORDS
        and not _ends_sentence(line)
        and line[0] not in "-*•–—·"
        and any(c.isalpha() for c in line)
    )


def _paragraphs(text: str, blocks: list[tuple[int, int]]) -> tuple[Paragraph, ...]:
    """Blocks that are not headings, numbered from 1. A heading is followed by a block that could not be one."""
    paragraphs: list[Paragraph] = []
    section: str | None = None
    for i, (a, b) in enumerate(blocks):
        follower = text[slice(*blocks[i + 1])] if i + 1 < len(blocks) else None
        if follower is not None and _could_head(text[a:b]) and not _could_head(follower):
            section = text[a:b]
        elif a < b:
            paragraphs.append(Paragraph(a, b, len(paragraphs) + 1, section))
    return tuple(paragraphs)


def _only_date(line: str) -> str | None:
    """The date that is all of a line."""
    written, numeric = pattern("date_line").fullmatch(line), _NUMERIC_LINE.fullmatch(line)
    if numeric and numeric["iso"]:
        return _iso(*map(int, numeric["iso"].split("-")))
    return _written_date(written) if written else _numeric_date(numeric) if numeric else None


def _written_date(match: re.Match[str]) -> str | None:
    month = pack().month_number(match["m1"] or match["m2"])
    return _iso(int(match["year"]), month, int(match["d1"] or match["d2"]))


def _numeric_date(match: re.Match[str]) -> str | None:
    day, month = int(match["a"]), int(match["b"])
    if month > 12:
        day, month = month, day
    return _iso(int(match["year"]), month, day)


def _iso(year: int, month: int, day: int) -> str | None:
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None
