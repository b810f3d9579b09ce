"""What is given to be checked: its text, its block quotes and its links."""

from __future__ import annotations

from dataclasses import dataclass

from rag.load import draft
from rag.types.errors import InputError
from rag.types.quotes import MOST_CHARACTERS


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft's text; ranges of block quotes; and links, each a range with its address."""

    text: str
    blocks: tuple[tuple[int, int], ...] = ()
    links: tuple[tuple[int, int, str], ...] = ()

    def links_in(self, start: int, end: int) -> list[str]:
        """The addresses of links in a range."""
        return [address for a, b, address in self.links if start <= a and b <= end]


def of_file(name: str, raw: bytes) -> Draft:
    """The draft of a file: text, Markdown, HTML or .docx, by the end of its name. Raises InputError with the reason."""
    found = draft.read(name, raw, MOST_CHARACTERS)
    if found.parsed is None:
        raise InputError(f"the draft {found.problem}")
    text, marks = found.parsed.text, found.parsed.marks
    blocks = list[tuple[int, int]]()
    for start, end in sorted((mark.start, mark.end) for mark in marks if mark.address is None):
        if blocks and not text[blocks[-1][1] : start].strip():  # one that has several paragraphs, or one in another
            start, end = blocks[-1][0], max(end, blocks.pop()[1])
        blocks.append((start, end))
    return Draft(
        text,
        tuple(blocks),
        tuple((mark.start, mark.end, mark.address) for mark in marks if mark.address is not None),
    )


def of_text(text: str) -> Draft:
    """The draft of a text, plain or in Markdown. Raises InputError for one that is empty or too long."""
    if len(text) > MOST_CHARACTERS:
        raise InputError(f"the draft has more than {MOST_CHARACTERS:,} characters")
    if not text.strip():
        raise InputError("the draft is empty")
    try:
        raw = text.encode()
    except UnicodeEncodeError as error:
        raise InputError("the draft holds half of a surrogate pair, which is no character") from error
    return of_file("draft.md", raw)
