"""The articles of the seeds folder, read anew, each file once and only when it is asked for."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag import absence, load
from rag.boilerplate import is_boilerplate
from rag.sentences import sentence_pieces
from rag.types import Article, Paragraph
from rag.verify.schema import AnswerCitation


@dataclass(frozen=True, slots=True)
class Absent:
    """Why the article of a citation cannot be read, and which of the citation's leaves name what is not there."""

    leaves: tuple[str, ...]
    why: str


class Sources:
    """What the seeds folder holds now. A quotation is at most `max_chars` long, or one sentence."""

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
        return any(article.info.article_id == article_id for article in self._all())

    def nowhere(self, term: str) -> bool:
        """Whether a word stands in no article, by the rule of `rag.absence`."""
        query = "SELECT 1 FROM seen WHERE seen MATCH ? LIMIT 1"
        return self._seen.execute(query, (absence.query(term),)).fetchone() is None

    def where(self, term: str) -> str:
        """The path of an article in which the word, or what looks like it, stands."""
        query = "SELECT path FROM seen WHERE seen MATCH ? LIMIT 1"
        return str(self._seen.execute(query, (absence.query(term),)).fetchone()[0])

    def cut(self, article: Article, paragraph: Paragraph, start: int, end: int) -> bool:
        """Whether a range of a paragraph begins or ends inside a sentence that could have been quoted whole."""
        for first, last in _sentences(article.text[paragraph.start : paragraph.end], paragraph.start):
            inside = first < start < last or first < end < last
            if inside and last - first <= self._max_chars:
                return True
        return False

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
    def _seen(self) -> sqlite3.Connection:
        """All that a reader sees of the articles, in memory, with words told apart as the index tells them."""
        db = sqlite3.connect(":memory:")
        db.execute(f'CREATE VIRTUAL TABLE seen USING fts5(words, path UNINDEXED, tokenize="{absence.TOKENIZER}")')
        rows = ((absence.seen(article.info, article.text), article.info.path) for article in self._all())
        db.executemany("INSERT INTO seen VALUES (?, ?)", rows)
        return db


@functools.lru_cache(maxsize=1000)
def _sentences(text: str, start: int) -> list[tuple[int, int]]:
    """The sentences of a paragraph that begins at `start`, without the white space after them."""
    return [(start + a, start + a + len(text[a:b].rstrip())) for a, b in sentence_pieces(text)]
