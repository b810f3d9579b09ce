"""Articles and chunks of one part of a generation, in one SQLite file: its tables.

Words are counted as they are written. What a reader sees of an article beside its chunks (date, publisher, author, text
in no chunk) is not searched, but is not said to be missing: an FTS5 table has it, which stores no text of its own.

The chunks of a part are its rows, numbered from 0 in canonical order: by article id, then position. `place` tells the
first row of each article that has any.

A build writes the file (`rag.store.passage_writer`); whoever asks reads it (`rag.store.passage_reader`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields

from rag.types import ArticleInfo, Chunk, SeedEntry

INFO = tuple(f.name for f in fields(ArticleInfo))
COLUMNS = ", ".join(INFO)
ENTRY = tuple(f.name for f in fields(SeedEntry))
SCHEMA = f"""
CREATE TABLE article (
    key INTEGER PRIMARY KEY, passages INTEGER NOT NULL, characters INTEGER NOT NULL, {COLUMNS}, text TEXT NOT NULL,
    UNIQUE (article_id)
);
CREATE TABLE place (
    first INTEGER PRIMARY KEY, article INTEGER NOT NULL, passages INTEGER NOT NULL, article_id TEXT NOT NULL, date TEXT
);
CREATE TABLE chunk (
    article INTEGER NOT NULL REFERENCES article (key), ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, section TEXT, sentences TEXT NOT NULL, digest BLOB NOT NULL,
    seal BLOB NOT NULL, PRIMARY KEY (article, ordinal)
) WITHOUT ROWID;
CREATE VIRTUAL TABLE beside USING fts5(words, content='', tokenize="{{tokenizer}}");
CREATE TABLE word (word TEXT PRIMARY KEY, bare TEXT NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX word_bare ON word (bare);
"""


def digest_of(text: str, chunk: Chunk) -> bytes:
    """The SHA-256 of a chunk's text."""
    return hashlib.sha256(text[chunk.start : chunk.end].encode()).digest()


def seal_of(digest: bytes, *of_chunk: object) -> bytes:
    """A hash of a row of the table of chunks: the digest of its text, and its other columns from the position on."""
    return hashlib.sha256(digest + json.dumps(of_chunk).encode()).digest()[:16]
