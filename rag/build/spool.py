"""The articles that a build has read, on the disk until they are written: in memory are only their entries."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from pydantic import TypeAdapter

from rag.types import Article, SeedEntry

_IN_MEMORY = 16_000_000  # bytes up to which no file is made
_ARTICLES = TypeAdapter(Article)


class Spool:
    """Articles in the order in which they were read; the file has no name and goes with the process."""

    def __init__(self, folder: Path) -> None:
        self.entries: list[SeedEntry] = []
        self.boilerplate = 0  # paragraphs of theirs that are left out
        self._boilerplate: list[int] = []
        self._held: list[int] = []  # the lines of the file that hold `entries`
        self._lines = 0
        where = str(folder) if folder.is_dir() else None  # a build that only says what it would do makes no folder
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=where)  # noqa: SIM115 - closed with the spool

    def add(self, article: Article, boilerplate: int) -> None:
        """Lays down one more."""
        self._file.write(_ARTICLES.dump_json(article) + b"\n")
        self.entries.append(SeedEntry.of(article.info))
        self._boilerplate.append(boilerplate)
        self._held.append(self._lines)
        self.boilerplate += boilerplate
        self._lines += 1

    def leave_out(self, places: Collection[int]) -> None:
        """Those at these places of `entries` are no part of it any more."""
        staying = [place for place in range(len(self.entries)) if place not in places]
        self.entries = [self.entries[place] for place in staying]
        self._held = [self._held[place] for place in staying]
        self._boilerplate = [self._boilerplate[place] for place in staying]
        self.boilerplate = sum(self._boilerplate)

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Article]:
        self._file.seek(0)
        held = iter(self._held)
        wanted = next(held, None)
        for number, line in enumerate(self._file):
            if number == wanted:
                yield _ARTICLES.validate_json(line)
                wanted = next(held, None)

    def close(self) -> None:
        """Lets go of the file."""
        self._file.close()
