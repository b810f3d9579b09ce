"""What reading one article may take. A file that takes more is a mistake or a trap, and is named as unreadable.

War and Peace has 3.2 million characters in 12,000 paragraphs, the King James Bible 4.4 million in 31,000 verses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one article."""

    # As it stands on the disk. A longer file of one article is something else.
    article_bytes: int = 50_000_000
    # Of the files in a .docx, and of the streams of a .pdf that are read for its text. Pictures are packed already, and
    # text becomes 3 to 20 times as long: a novel as .docx has 12 MB of XML.
    unpacked_bytes: int = 200_000_000
    # Unpacked bytes for one packed, of a .docx of more than 10 MB unpacked. A table of the same row over and over has
    # less than 100, what is made to burst up to 1,032, the most that deflate can.
    ratio: int = 200
    ratio_from: int = 10_000_000
    # Files in a .docx: a dozen, and one for each picture.
    members: int = 10_000
    # Of a .pdf. The longest books have some thousand; with 2,000 characters each, these are all an article may have.
    pages: int = 10_000
    # Six times the Bible. Each costs the program about 1 kB while the index is built.
    paragraphs: int = 200_000
    # Of the text; and of the headings, each counted with every paragraph under it.
    characters: int = 20_000_000
    # Of a processor, in the process that reads files apart, and more for each MB of the file. A PDF is the slowest: 8 s
    # for a million characters, which are half a MB. A machine that is busy with other things makes no file unreadable.
    seconds: int = 60
    seconds_a_megabyte: int = 30
    most_seconds: int = 300
    # By the clock, for what takes no processor either.
    patience: int = 3_600
    # That this process may take beyond what it has when it starts.
    memory_bytes: int = 1_000_000_000
    # Records of one .jsonl that cannot be read; a file with more is no .jsonl.
    bad_records: int = 10_000

    def time(self, size: int) -> int:
        """Seconds of a processor for a file of `size` bytes."""
        return min(self.seconds + self.seconds_a_megabyte * size // 1_000_000, self.most_seconds)


LIMITS = Limits()


def at_most(most: int, items: Iterable[_T], what: str) -> Iterator[_T]:
    """The items as they come. Raises ValueError where there are more than `most`."""
    for number, item in enumerate(items, start=1):
        if number > most:
            raise ValueError(f"has more than {most:,} {what}")
        yield item


def bounded(characters: int, most: int, what: str = "characters") -> None:
    """Raises ValueError where there are more than `most`."""
    if characters > most:
        raise ValueError(f"has more than {most:,} {what}")
