"""Articles for tests of stores, made from words, and what every store must find in them, told without any store."""

from __future__ import annotations

import functools
import hashlib
import random
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from rag import split
from rag.language import pack
from rag.language.absence import any_of
from rag.types import Article, ArticleInfo, Paragraph, Vectors
from rag.types.filters import ALL, Filters
from rag.types.stores import PassageId, Reader, Recipe, Store, StoredArticle

RECIPE = Recipe("words", "e" * 64, "inner_product", 200, 400, "splitter 1")
DIMENSION = 64
WORDS = (
    "harbour gate committee vote crimson ship crate crew paint U.S. u.s running ran runs held hold holds naïve "
    "Zürich COVID-19 covid 19 the a of and Xi Jinping Xi-Jinping trade war tariffs tariff 2024 3,000 don't O'Neill"
).split()

CLOSE = 1e-6
Named = list[tuple[tuple[str, int], float]]  # a ranking with the passages by article id and place


def article(article_id: str, *paragraphs: str, title: str = "", date: str | None = None) -> StoredArticle:
    """An article of these paragraphs, with the chunks of the splitter and vectors of their words."""
    text = "\n\n".join(paragraphs)
    begins = [0]
    for paragraph in paragraphs:
        begins.append(begins[-1] + len(paragraph) + 2)
    parts = tuple(
        Paragraph(begin, begin + len(p), number, f"Section {number % 3}" if number % 3 else None)
        for number, (begin, p) in enumerate(zip(begins, paragraphs, strict=False), start=1)
    )
    info = ArticleInfo(
        article_id, f"{article_id}.txt", title or f"On {article_id}", "The Paper", None, None, date,
        hashlib.sha256(b"seed" + text.encode()).hexdigest(), hashlib.sha256(text.encode()).hexdigest(), "text 1",
    )  # fmt: skip
    chunks = tuple(split.split(Article(info, text, parts), min_chars=20, max_chars=400))
    texts = [text[c.start : c.end] for c in chunks]
    vectors = np.stack([vector(text) for text in texts]) if texts else np.zeros((0, DIMENSION), dtype=np.float32)
    return StoredArticle(info, text, chunks, vectors)


def vector(text: str) -> Vectors:
    """A unit vector: each word has a fixed direction, a text their sum."""
    total = np.sum([_direction(word) for word in text.lower().split()], axis=0, dtype=np.float32)
    return (total / np.linalg.norm(total)).astype(np.float32)


@functools.cache
def _direction(word: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4])
    return np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)


def some(random_: random.Random, article_id: str) -> StoredArticle:
    """An article of random words and day."""
    paragraphs = [
        " ".join(random_.choices(WORDS, weights=range(len(WORDS), 0, -1), k=random_.randint(3, 40))) + "."
        for _ in range(random_.randint(1, 5))
    ]
    day = random_.choice([None, *(f"2024-01-{day:02d}" for day in range(1, 29))])
    return article(article_id, *paragraphs, title=" ".join(random_.choices(WORDS, k=3)), date=day)


def corpus(seed: int, count: int = 40) -> dict[str, StoredArticle]:
    """Random articles by id; ids whose order as bytes, as UTF-16 and in a dictionary differ."""
    random_ = random.Random(seed)
    marks = ["a", "B", "é", "z", "Ω", "\ufffd", "😀", "_"]
    ids = [f"{random_.choice(marks)}{n}" for n in range(count)]
    return {id: some(random_, id) for id in ids}


def build(
    store: Store,
    articles: Iterable[StoredArticle],
    *,
    remove: Collection[str] = (),
    afresh: bool = False,
    recipe: Recipe = RECIPE,
) -> Reader:
    """One whole build."""
    with store.building():
        writer = store.begin(recipe, afresh=afresh)
        for article_id in remove:
            writer.remove(article_id)
        for one in articles:
            writer.put(one)
        writer.commit({one.info.path: one.info.seed_sha256 for one in articles})
        return store.open()


class Truth:
    """What stands in some articles, looked up in FTS5 and by numpy."""

    def __init__(self, articles: Iterable[StoredArticle]) -> None:
        self.articles = sorted(articles, key=lambda one: one.info.article_id)
        self.keys = [(a.info.article_id, c.ordinal) for a in self.articles for c in a.chunks]
        self._infos = [a.info for a in self.articles for _ in a.chunks]
        self._vectors = np.concatenate([a.vectors for a in self.articles if len(a.chunks)])
        self._db = sqlite3.connect(":memory:")
        self._db.execute(f'CREATE VIRTUAL TABLE fts USING fts5(text, section, title, tokenize="{pack().TOKENIZER}")')
        rows = ((a.text[c.start : c.end], c.section, a.info.title) for a in self.articles for c in a.chunks)
        self._db.executemany("INSERT INTO fts (rowid, text, section, title) VALUES (?, ?, ?, ?)",
                             ((row, *texts) for row, texts in enumerate(rows)))  # fmt: skip

    def close(self) -> None:
        self._db.close()

    def lexical(self, terms: Sequence[str], k: int, filters: Filters = ALL) -> Named:
        """The ranking by words."""
        rows = self._db.execute("SELECT rowid, -rank FROM fts WHERE fts MATCH ?", [any_of(terms)]).fetchall()
        return self._ranked(rows, k, filters)

    def dense(self, vector: Vectors, k: int, filters: Filters = ALL) -> Named:
        """The ranking by vectors."""
        return self._ranked([(row, float(other @ vector)) for row, other in enumerate(self._vectors)], k, filters)

    def check_dense(
        self, vector: Vectors, k: int, filters: Filters, found: list[tuple[tuple[str, int], float]]
    ) -> None:
        """Whether this is that ranking, where nearly equal ones may change places: sums differ in their last bits."""
        wanted, scores = self.dense(vector, k, filters), dict(self.dense(vector, len(self.keys), filters))
        assert len({key for key, _ in found}) == len(found) == len(wanted)
        for (key, score), (_, other) in zip(found, wanted, strict=True):
            assert abs(score - other) < CLOSE
            assert abs(score - scores[key]) < CLOSE
        order = {key: at for at, key in enumerate(self.keys)}
        assert found == sorted(found, key=lambda one: (-one[1], order[one[0]]))

    def _ranked(self, rows, k, filters):
        passing = [
            (-s, row) for row, s in rows if not filters.failed(self._infos[row].article_id, self._infos[row].date)
        ]
        return [(self.keys[row], -score) for score, row in sorted(passing)[:k]]


def named(reader: Reader, ranking: Sequence[tuple[PassageId, float]]) -> Named:
    """A ranking with the passages by article id and place."""
    passages = reader.passages([id for id, _ in ranking])
    return [((p.info.article_id, p.chunk.ordinal), s) for p, (_, s) in zip(passages, ranking, strict=True)]


def same(one: StoredArticle, other: StoredArticle) -> bool:
    """Whether two articles are the same to the last bit."""
    bare = [replace(a, vectors=np.zeros((0, 0), dtype=np.float32)) for a in (one, other)]
    plain = [(a.info, a.text, a.chunks) for a in bare]
    return plain[0] == plain[1] and one.vectors.tobytes() == other.vectors.tobytes()


def unlike_changes(store: Store, reader: Reader, first: Mapping[str, str]) -> list[str]:
    """What is wrong with a store's changes: they must lead from the first generation to the one that is read.

    `first` has the hash of the text of each article that the first one held.
    """
    held, wrong, number = dict(first), [], 0
    for change in store.changes():
        number += 1
        if change.number != number:
            wrong.append(f"change {change.number} stands in the place of {number}")
        if change.before and held.pop(change.before.article_id, None) != change.before.text_sha256:
            wrong.append(f"change {number} is of a text that was not there")
        if change.after:
            held[change.after.article_id] = change.after.text_sha256
    if held != {entry.article_id: entry.text_sha256 for entry in reader.entries()}:
        wrong.append(f"the {number} changes do not lead to what is held")
    return wrong
