"""`python -m eval.lexical_table SEEDS QUESTIONS`: the table behind the choice of the lexical index (decision 004).

Indexes the passages of a seeds folder with our own word search, tantivy and bm25s, which have to be installed, and asks
questions with known answers: in how many of them the first 1, 5 and 10 passages hold the gold words, how long a search
takes, how large the files are, and what adding one article costs. `QUESTIONS` has `{"question", "gold": [...]}` a line.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import snowballstemmer

from eval.speed import seconds
from rag import load
from rag.language.english.words import STOPWORDS
from rag.language.words import WORD
from rag.split import split
from rag.store import posting_writer, postings, vectors
from rag.store.parts import WORDS
from rag.store.posting_writer import Said
from rag.store.word_search import WordReader
from rag.types import Article, Chunk
from rag.types.settings import Settings
from rag.understand import query_of

PARTS = 64
Texts = Sequence[str]
Search = Callable[[Sequence[str], int], list[int]]  # content words, k -> positions of passages


def corpus(seeds: Path) -> list[tuple[Article, list[Chunk]]]:
    """All articles of a folder with their chunks, in the order of their ids."""
    settings = Settings()
    sizes: dict[str, Any] = {"min_chars": settings.chunk_min_chars, "max_chars": settings.chunk_max_chars}
    files = load.find(seeds).files
    articles = (article for file in files for article in load.load(seeds, file.path).articles)
    return [(a, split(a, **sizes)) for a in sorted(articles, key=lambda article: article.info.article_id)]


def words(articles: Sequence[tuple[Article, list[Chunk]]], folder: Path) -> tuple[Search, Callable[[], None]]:
    """The index of the project itself."""
    said: list[list[tuple[int, Said]]] = [[] for _ in range(PARTS)]
    for at, (article, chunk) in enumerate((article, chunk) for article, chunks in articles for chunk in chunks):
        text = article.text[chunk.start : chunk.end]
        its = Said(article.info.article_id, text, chunk.section, article.info.title)
        said[zlib.crc32(its.article_id.encode()) % PARTS].append((at, its))

    def write(number: int) -> Path:
        shard = posting_writer.inverted(its for _, its in said[number])
        return folder / vectors.write_file(folder, f"{number:02d}", WORDS, postings.packed(shard))

    def add() -> None:
        write(0)

    reader = WordReader([write(number) for number in range(PARTS)])
    places = [at for its in said for at, _ in its]
    return lambda terms, k: [places[row] for row, _ in reader.search(terms, k, [None])[0]], add


def tantivy(texts: Texts, folder: Path) -> tuple[Search, Callable[[], None]]:
    """tantivy with its English stemmer; BM25 over the text."""
    import tantivy as engine

    schema = engine.SchemaBuilder()
    schema.add_text_field("text", tokenizer_name="en_stem")
    schema.add_integer_field("at", stored=True, indexed=True)
    index = engine.Index(schema.build(), path=str(folder))
    writer = index.writer(heap_size=200_000_000, num_threads=1)
    for at, text in enumerate(texts):
        writer.add_document(engine.Document(text=text, at=at))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def search(terms: Sequence[str], k: int) -> list[int]:
        query, _ = index.parse_query_lenient(" ".join(f'"{t}"' for t in terms), ["text"])
        return [searcher.doc(address)["at"][0] for _, address in searcher.search(query, k).hits]

    def add() -> None:
        again = index.writer(heap_size=50_000_000, num_threads=1)
        for text in texts[:20]:
            again.add_document(engine.Document(text=text, at=len(texts)))
        again.commit()

    return search, add


def bm25s(texts: Texts, folder: Path) -> tuple[Search, Callable[[], None]]:
    """bm25s with the project's own words and Snowball's stems; it cannot be added to, so adding is building."""
    import bm25s as engine

    stemmer = snowballstemmer.stemmer("english")

    def words_of(text: str) -> list[str]:
        content = [word.casefold() for word in WORD.findall(text) if word.casefold() not in STOPWORDS]
        return list(stemmer.stemWords(content))

    def build() -> Any:
        made = engine.BM25(k1=1.2, b=0.75)
        made.index([words_of(text) for text in texts], show_progress=False)
        made.save(str(folder))
        return made

    index = build()

    def search(terms: Sequence[str], k: int) -> list[int]:
        found, _ = index.retrieve([words_of(" ".join(terms))], k=k, show_progress=False)
        return [int(at) for at in found[0]]

    return search, lambda: build() and None


def holds(text: str, golds: Sequence[str]) -> bool:
    """Whether a text holds one of the gold strings, case folded."""
    return any(gold.casefold() in text.casefold() for gold in golds)


def row(name: str, texts: Texts, asked: Sequence[tuple[tuple[str, ...], list[str]]], make: Any) -> None:
    """Builds one index and prints its line."""
    with tempfile.TemporaryDirectory() as work:
        begin = time.perf_counter()
        search, add = make(Path(work))
        built = time.perf_counter() - begin
        size = sum(f.stat().st_size for f in Path(work).rglob("*") if f.is_file())
        times, ranks = [], []
        for terms, golds in asked:
            start = time.perf_counter()
            found = search(terms, 50) if terms else []
            times.append(time.perf_counter() - start)
            ranks.append(next((n for n, at in enumerate(found) if holds(texts[at], golds)), 99))
        hits = " / ".join(f"{np.mean(np.array(ranks) < k):.3f}" for k in (1, 5, 10))
        median, high = np.median(times) * 1e3, np.percentile(times, 95) * 1e3
        print(f"{name:8} built {built:.1f} s, {size / 1e6:.1f} MB, gold in 1 / 5 / 10: {hits}", end=", ")
        print(f"search median {median:.1f} ms, 95th {high:.1f} ms, adding {seconds(add):.2f} s", flush=True)


def main() -> None:
    """Prints a line an index."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=Path)
    parser.add_argument("questions", type=Path)
    arguments = parser.parse_args()
    articles = corpus(arguments.seeds)
    texts = [article.text[c.start : c.end] for article, chunks in articles for c in chunks]
    lines = [json.loads(line) for line in arguments.questions.read_text(encoding="utf-8").splitlines()]
    lines = [q for q in lines if q["gold"] and q.get("answerable", True)]
    asked = [(query_of(q["question"], 2000).terms, [g.strip('“”"') for g in q["gold"]]) for q in lines]
    print(f"{len(articles)} articles, {len(texts)} passages, {len(asked)} questions")
    row("words", texts, asked, lambda folder: words(articles, folder))
    row("tantivy", texts, asked, lambda folder: tantivy(texts, folder))
    row("bm25s", texts, asked, lambda folder: bm25s(texts, folder))


if __name__ == "__main__":
    main()
