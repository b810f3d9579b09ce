"""Articles as they are found, read, cut and kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SeedFile:
    """A file of the seeds folder as found: its path relative to the folder and its bytes' SHA-256."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SeedEntry:
    """One article as a generation holds it."""

    article_id: str
    path: str
    seed_sha256: str
    text_sha256: str
    loader: str

    @classmethod
    def of(cls, info: ArticleInfo) -> SeedEntry:
        """The entry of an article that was read."""
        return cls(info.article_id, info.path, info.seed_sha256, info.text_sha256, info.loader)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of an article: its range, its number (from 1) and the heading above it."""

    start: int
    end: int
    number: int
    section: str | None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class ArticleInfo:
    """What is known of an article besides its text."""

    article_id: str
    path: str  # relative to the seeds folder, with forward slashes
    title: str
    publisher: str | None
    author: str | None
    url: str | None
    date: str | None  # ISO 8601, a day
    seed_sha256: str  # of the file's bytes
    text_sha256: str  # of the normalised text in UTF-8
    loader: str  # loader name and version, with its library's where it has one

    def told(self) -> dict[str, str | None]:
        """What a reader is told of it."""
        named = ("article_id", "title", "publisher", "author", "date", "url")
        return {name: getattr(self, name) for name in named}


@dataclass(frozen=True, slots=True)
class Article:
    """A loaded article: `info`, the normalised text and its paragraphs in order."""

    info: ArticleInfo
    text: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A quotable unit: a sentence, or a piece of one that is longer than a chunk may be."""

    start: int
    end: int
    paragraph: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """One retrieval unit: a contiguous range of an article that starts and ends at sentence ends."""

    ordinal: int  # position in its article, from 0
    start: int
    end: int
    section: str | None
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk with its own text and its article's metadata: all that later stages may look at."""

    info: ArticleInfo
    chunk: Chunk
    text: str  # article.text[chunk.start:chunk.end]

    def slice(self, start: int, end: int) -> str:
        """The text of an article range that lies inside this passage."""
        if not self.chunk.start <= start <= end <= self.chunk.end:
            raise ValueError(f"range {start}:{end} lies outside the passage {self.chunk.start}:{self.chunk.end}")
        return self.text[start - self.chunk.start : end - self.chunk.start]
