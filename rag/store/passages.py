"""Articles and chunks of one generation, in one SQLite file: its tables.

Words are counted as they are written. What a reader sees of an article beside its chunks (date, publisher, author, text
in no chunk) is not searched, but is not said to be missing: an FTS5 table has it, which stores no text of its own.

A build writes the file (`rag.store.passage_writer`); whoever asks reads it (`rag.store.passage_reader`).
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import fields

from rag.types import ArticleInfo, Chunk, SeedEntry

FILE = "passages.db"

INFO = tuple(f.name for f in fields(ArticleInfo))
COLUMNS = ", ".join(INFO)
ENTRY = tuple(f.name for f in fields(SeedEntry))
SCHEMA = f"""
CREATE TABLE article (
    key INTEGER PRIMARY KEY, shard INTEGER NOT NULL, {COLUMNS}, text TEXT NOT NULL, UNIQUE (article_id)
);
CREATE INDEX article_shard ON article (shard);
CREATE TABLE seed_file (path TEXT PRIMARY KEY, sha256 TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE chunk (
    key INTEGER PRIMARY KEY, article INTEGER NOT NULL REFERENCES article (key), ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, section TEXT, sentences TEXT NOT NULL, digest BLOB NOT NULL,
    seal BLOB NOT NULL,    UNIQUE (article, ordinal)
);
CREATE VIRTUAL TABLE beside USING fts5(words, content='', tokenize="{{tokenizer}}");
CREATE TABLE word (word TEXT PRIMARY KEY, bare TEXT NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX word_bare ON word (bare);
"""


def chunks_of(db: sqlite3.Connection, shard: int) -> list[tuple[int, bytes]]:
    """(key, SHA-256 of the text) of all chunks of a shard in canonical order: by article id, then position."""
    return db.execute(
        "SELECT chunk.key, digest FROM chunk JOIN article ON article.key = chunk.article "
        "WHERE shard = ? ORDER BY article_id, ordinal",
        (shard,),
    ).fetchall()


def digest_of(text: str, chunk: Chunk) -> bytes:
    """The SHA-256 of a chunk's text."""
    return hashlib.sha256(text[chunk.start : chunk.end].encode()).digest()


def seal_of(digest: bytes, *of_chunk: object) -> bytes:
    """A hash of a row of the table of chunks: the digest of its text, and its other columns from the position on."""
    return hashlib.sha256(digest + json.dumps(of_chunk).encode()).digest()[:16]
