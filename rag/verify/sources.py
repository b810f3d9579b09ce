"""The articles of the seeds folder, read anew, each file once and only when it is asked for."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag import load
from rag.language import absence, pack
from rag.language.sentences import quotable
from rag.split.boilerplate import is_boilerplate
from rag.types import Article, Paragraph
from rag.types.filters import Filters
from rag.verify.schema import AnswerCitation


@dataclass(frozen=True, slots=True)
class Absent:
    """Why the article of a citation cannot be read, and which of the citation's leaves name what is not there."""

    leaves: tuple[str, ...]
    why: str


class Sources:
    """What the seeds folder holds now. A quotation is a sentence; of one longer than `max_chars` a piece."""

    def __init__(self, seeds: Path, max_chars: int) -> None:
        self._seeds, self._max_chars = seeds, max_chars
        self._paths = {file.path for file in load.find(seeds).files}
        self._files: dict[str, list[Article]] = {}

    def article(self, citation: AnswerCitation) -> Article | Absent:
        """The article of a citation. Of several with one id in a file the one with the cited bytes is meant."""
        path, article_id = citation.path, citation.article_id
        if path not in self._paths:
            return Absent(("path",), "there is no such file in the seeds folder")
        found = [article for article in self._read(path) if article.info.article_id == article_id]
        same = (article for article in found if article.info.seed_sha256 == citation.seed_sha256)
        why = f"{path} holds no readable article of this id"
        return next(same, found[0] if found else Absent(("path", "article_id"), why))

    def of_another(self, citation: AnswerCitation) -> bool:
        """Whether the cited bytes are those of another article of the file."""
        return any(a.info.seed_sha256 == citation.seed_sha256 for a in self._read(citation.path))

    def holds(self, article_id: str) -> bool:
        """Whether some file holds an article of this id."""
        if article_id in self._paths and any(a.info.article_id == article_id for a in self._read(article_id)):
            return True
        return article_id in self._ids

    def nowhere(self, term: str) -> bool:
        """Whether a word stands in no article, by the rule of `rag.language.absence`."""
        query = "SELECT 1 FROM seen WHERE seen MATCH ? LIMIT 1"
        return self._seen.execute(query, (absence.query(term),)).fetchone() is None

    def where(self, term: str) -> str:
        """The path of an article in which the word, or what looks like it, stands."""
        query = "SELECT path FROM seen WHERE seen MATCH ? LIMIT 1"
        return str(self._seen.execute(query, (absence.query(term),)).fetchone()[0])

    def whole(self, article: Article, paragraph: Paragraph, start: int, end: int) -> bool:
        """Whether a range of a paragraph is what is quoted as one."""
        at = paragraph.start
        return (start - at, end - at) in _sentences(article.text[at : paragraph.end], self._max_chars)

    def passing(self, filters: Filters) -> str | None:
        """The path of an article that passes filters and has something to quote; None where none does."""
        infos = ((a, a.info) for a in self._all())
        passing = (a for a, i in infos if not filters.failed(i.article_id, i.date) and self.opening(a) is not None)
        return next((article.info.path for article in passing), None)

    def opening(self, article: Article) -> int | None:
        """Where the first sentence of an article begins that a site did not print around it; None where none does."""
        bodies = ((p, article.text[p.start : p.end]) for p in article.paragraphs)
        starts = (p.start + len(text) - len(text.lstrip()) for p, text in bodies if not is_boilerplate(text))
        return next(starts, None)

    def _read(self, path: str) -> list[Article]:
        if path not in self._files:
            self._files[path] = load.load(self._seeds, path).articles
        return self._files[path]

    def _all(self) -> Iterator[Article]:
        for path in sorted(self._paths):
            yield from self._read(path)

    @functools.cached_property
    def _ids(self) -> frozenset[str]:
        return frozenset(article.info.article_id for article in self._all())

    @functools.cached_property
    def _seen(self) -> sqlite3.Connection:
        """All that a reader sees of the articles, in memory, with words told apart as the index tells them."""
        db = sqlite3.connect(":memory:")
        db.execute(f'CREATE VIRTUAL TABLE seen USING fts5(words, path UNINDEXED, tokenize="{pack().TOKENIZER}")')
        rows = ((piece, a.info.path) for a in self._all() for piece in _pieces(a, self._max_chars))
        db.executemany("INSERT INTO seen VALUES (?, ?)", rows)
        return db


def _pieces(article: Article, max_chars: int) -> Iterator[str]:
    """All that a reader sees of an article, in pieces that no chunk cuts: only in one do words stand together."""
    text, at = article.text, 0
    yield absence.beside(article.info, text)
    for paragraph in article.paragraphs:
        body = text[paragraph.start : paragraph.end]
        yield text[at : paragraph.start]
        yield from [body] if len(body) <= max_chars else (body[a:b] for a, b in _sentences(body, max_chars))
        at = paragraph.end
    yield text[at:]


@functools.lru_cache(maxsize=1000)
def _sentences(text: str, max_chars: int) -> tuple[tuple[int, int], ...]:
    """What may be quoted of a paragraph."""
    return tuple(quotable(text, max_chars))
