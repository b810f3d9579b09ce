"""Values as they are stored: JSON in ASCII, so that any character fits into any database, and a hash of each row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import LiteralString

from rag.types import ArticleInfo, Chunk, Sentence
from rag.types.errors import IndexUnusable


class Damaged(IndexUnusable):
    """What was read is not what was written."""


LONGEST_ID = 2600  # bytes; more a database's index does not take
# What the `sum` of a row is, in the database; `article_sum` and the others are the same here.
ARTICLE_SUM: LiteralString = (
    "sha256(convert_to(concat_ws(' ', key, since, characters, passages, tokens, encoder, date, info), 'SQL_ASCII') "
    "|| article_id || text_sum)"
)
PASSAGE_SUM: LiteralString = (
    "sha256(convert_to(concat_ws(' ', key, article, ordinal, length, chunk), 'SQL_ASCII') || digest || vector_sum)"
)
POSTING_SUM: LiteralString = "sha256(token || entries || positions)"


def sha256(data: bytes) -> bytes:
    """The hash, 32 bytes."""
    return hashlib.sha256(data).digest()


def encoded(text: str) -> bytes:
    """A text as bytes; also what is no whole character."""
    return text.encode("utf-8", "surrogatepass")


def decoded(data: bytes) -> str:
    """The text of bytes."""
    return data.decode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """A row of `article`; `sum` is made of the others."""

    key: int
    since: int
    info: ArticleInfo
    text: str
    passages: int
    tokens: int
    encoder: str

    def values(self) -> tuple[object, ...]:
        """In the order of `ARTICLE_COLUMNS`."""
        info = json.dumps(astuple(self.info), separators=(",", ":"))
        text, article_id = encoded(self.text), encoded(self.info.article_id)
        if len(article_id) > LONGEST_ID:
            raise IndexUnusable(
                f"the id of {self.info.path[:200]} has more than {LONGEST_ID:,} bytes, which a database does not take; "
                "give it a shorter one"
            )
        date = None if self.info.date is None else json.dumps(self.info.date)[1:-1]
        said = [self.key, self.since, len(self.text), self.passages, self.tokens, self.encoder, date, info]
        line = " ".join(str(value) for value in said if value is not None).encode()
        text_sum = sha256(text)
        counts = len(self.text), self.passages, self.tokens
        return (
            self.key, self.since, article_id, date, info, text, text_sum, *counts, self.encoder,
            sha256(line + article_id + text_sum),
        )  # fmt: skip


ARTICLE_COLUMNS: LiteralString = (
    "key, since, article_id, date, info, text, text_sum, characters, passages, tokens, encoder, sum"
)
ARTICLE_TYPES = "int8 int4 bytea text text bytea bytea int4 int4 int8 text bytea".split()
PASSAGE_COLUMNS: LiteralString = "key, article, ordinal, chunk, length, digest, vector_sum, sum"
PASSAGE_TYPES = "int8 int8 int4 text int4 bytea bytea bytea".split()
VECTOR_TYPES = "int8 int8 int4 vector".split()


def passage_values(
    key: int, article: int, chunk: Chunk, length: int, digest: bytes, vector_sum: bytes
) -> tuple[object, ...]:
    """A row of `passage`, in the order of `PASSAGE_COLUMNS`."""
    sentences = [[s.start, s.end, s.paragraph, s.page] for s in chunk.sentences]
    text = json.dumps([chunk.start, chunk.end, chunk.section, sentences], separators=(",", ":"))
    total = passage_sum(key, article, chunk.ordinal, text, length, digest, vector_sum)
    return key, article, chunk.ordinal, text, length, digest, vector_sum, total


def passage_sum(
    key: int, article: int, ordinal: int, chunk: str, length: int, digest: bytes, vector_sum: bytes
) -> bytes:
    """The `sum` of a row of `passage`."""
    return sha256(f"{key} {article} {ordinal} {length} {chunk}".encode() + digest + vector_sum)


def generation_sum(values: Sequence[object]) -> bytes:
    """The `sum` of a row of `generation`: of all before it."""
    return sha256(json.dumps(list(values)).encode())


def chunk_of(ordinal: int, written: str) -> Chunk:
    """The chunk of a row of `passage`."""
    start, end, section, sentences = json.loads(written)
    return Chunk(ordinal, start, end, section, tuple(Sentence(*sentence) for sentence in sentences))


def article_of(info: str, text: bytes) -> tuple[ArticleInfo, str]:
    """An article of its row. Raises Damaged where the text is not the one that was indexed."""
    held = ArticleInfo(*json.loads(info))
    if hashlib.sha256(text).hexdigest() != held.text_sha256:
        raise Damaged(f"the stored text of {held.path} is damaged; run `rag build`")
    return held, decoded(text)
