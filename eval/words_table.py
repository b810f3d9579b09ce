"""`python -m eval.words_table SEEDS QUESTIONS`: the table behind word search by postings in shards (decision 035).

Takes the passages of a seeds folder, and more made of them (`--times`: words left out, and words that stand nowhere
else put in), writes them as postings and as a table of SQLite's FTS5, and asks both the same questions for the best 100
of all and of a twentieth: time, and whether the scores are equal. `QUESTIONS` has `{"question"}` a line.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import resource
import sqlite3
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval.lexical_table import PARTS
from eval.lexical_table import corpus as articles
from rag.language import pack
from rag.language.absence import any_of
from rag.retrieve import searched
from rag.store import posting_writer, postings, vectors
from rag.store.parts import WORDS
from rag.store.posting_writer import Said
from rag.store.word_search import WordReader
from rag.understand import query_of

K = 100
Ranked = list[tuple[int, float]]
Search = Callable[[Sequence[str]], list[Ranked]]


def corpus(seeds: Path, times: int, most: int) -> list[list[Said]]:
    """The passages in parts, in canonical order; every article `times`, from the second time on with other words."""
    rng = random.Random(7)  # noqa: S311 - a sample
    by_part: list[list[Said]] = [[] for _ in range(PARTS)]
    for article, chunks in articles(seeds):
        for chunk, again in itertools.product(chunks, range(times)):
            text = article.text[chunk.start : chunk.end]
            its = _other(text, rng) if again else text
            said = Said(f"{article.info.article_id}#{again}", its, chunk.section, article.info.title)
            by_part[zlib.crc32(said.article_id.encode()) % PARTS].append(said)
    return [sorted(its, key=lambda said: said.article_id)[: most // PARTS] for its in by_part]


def _other(text: str, rng: random.Random) -> str:
    """A text with a tenth of its words left out, and a few as names that stand nowhere else."""
    kept = (word for word in text.split(" ") if rng.random() > 0.1)
    return " ".join(f"{w}{rng.randrange(200)}" if rng.random() < 0.015 and w.isalpha() else w for w in kept)


def by_postings(shards: list[list[Said]], folder: Path) -> WordReader:
    """Written and opened."""
    paths = []
    for number, its in enumerate(shards):
        data = postings.packed(posting_writer.inverted(its))
        paths.append(folder / vectors.write_file(folder, f"{number:02d}", WORDS, data))
    return WordReader(paths)


def by_fts5(shards: list[list[Said]], folder: Path) -> sqlite3.Connection:
    """One table of all, a row of it a passage."""
    db = sqlite3.connect(folder / "fts5.db")
    db.execute("PRAGMA journal_mode = OFF")
    fields = "text, section, title, content='', tokenize=\"" + pack().TOKENIZER + '"'
    db.execute(f"CREATE VIRTUAL TABLE lexical USING fts5({fields})")
    rows = (said[1:] for its in shards for said in its)
    db.executemany("INSERT INTO lexical (text, section, title) VALUES (?, ?, ?)", rows)
    db.commit()
    return db


_SEARCH = """
WITH found AS MATERIALIZED (SELECT rowid - 1 AS id, -rank AS score FROM lexical WHERE lexical MATCH ?1)
SELECT * FROM (SELECT id, score, 0 FROM found ORDER BY score DESC LIMIT ?3) UNION ALL
SELECT * FROM (SELECT id, score, 1 FROM found WHERE id IN (SELECT value FROM json_each(?2))
               ORDER BY score DESC LIMIT ?3)
"""


def fts5_search(db: sqlite3.Connection, some: Sequence[int]) -> Search:
    """FTS5's own ranking of all and of some; equal scores in any order."""
    among = json.dumps(list(some))

    def search(terms: Sequence[str]) -> list[Ranked]:
        rows = db.execute(_SEARCH, (any_of(terms), among, K)).fetchall()
        return [[(id, score) for id, score, its in rows if its == of] for of in (0, 1)]

    return search


def timed(search: Search, asked: Sequence[Sequence[str]]) -> tuple[list[list[Ranked]], str]:
    """What was found, and milliseconds of the processor and of the clock: median, 95th percentile."""
    found, used, waited = [], [], []
    for terms in asked:
        clock, processor = time.perf_counter(), time.thread_time()
        found.append(search(terms))
        used.append((time.thread_time() - processor) * 1e3)
        waited.append((time.perf_counter() - clock) * 1e3)
    figures = (f"{np.median(its):.1f}, {np.percentile(its, 95):.1f}" for its in (used, waited))
    return found, "processor {}; clock {}".format(*figures)


def megabytes(folder: Path, pattern: str) -> str:
    """The size of files."""
    return f"{sum(file.stat().st_size for file in folder.glob(pattern)) / 1e6:.0f} MB"


def made(make: Callable[[list[list[Said]], Path], Any], shards: list[list[Said]], folder: Path) -> tuple[Any, str]:
    """What was made, and the processor's milliseconds a passage."""
    begin = time.process_time()
    out = make(shards, folder)
    return out, f"{(time.process_time() - begin) * 1e3 / sum(map(len, shards)):.3f} ms a passage"


def lines(shards: list[list[Said]], asked: Sequence[Sequence[str]], folder: Path) -> Iterator[str]:
    """The lines of the table."""
    reader, took = made(by_postings, shards, folder)
    yield f"postings: {took}, {megabytes(folder, '*.words')}"
    db, took = made(by_fts5, shards, folder)
    yield f"FTS5: {took}, {megabytes(folder, 'fts5.db')}"
    some = list(range(0, reader.count, 20))
    rows = np.array(some)
    quarter = np.arange(0, reader.count, 4)
    ours, figures = timed(lambda terms: reader.search(terms, K, [None, rows]), asked)
    yield f"postings, first time: {figures}"
    yield "postings, again: " + timed(lambda terms: reader.search(terms, K, [None, rows]), asked)[1]
    yield "postings, of a quarter: " + timed(lambda terms: reader.search(terms, K, [quarter, rows]), asked)[1]
    theirs, figures = timed(fts5_search(db, some), asked)
    yield f"FTS5: {figures}"
    equal = sum([scores(a) == scores(b) for a, b in zip(ours, theirs, strict=True)])
    yield f"scores equal to the last bit in {equal} of {len(asked)} questions"
    yield f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB, with all texts"


def scores(found: list[Ranked]) -> list[list[float]]:
    """The scores of each ranking."""
    return [[score for _, score in its] for its in found]


def main() -> None:
    """Prints the lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--most", type=int, default=10**9, help="passages")
    parser.add_argument("--asked", type=int, default=200)
    options = parser.parse_args()
    texts = [json.loads(line)["question"] for line in options.questions.read_text(encoding="utf-8").splitlines()]
    random.Random(3).shuffle(texts)  # noqa: S311 - a sample
    asked = [terms for text in texts if (terms := searched(query_of(text, 2000).terms))][: options.asked]
    with tempfile.TemporaryDirectory() as work:
        shards = corpus(options.seeds, options.times, options.most)
        print(f"{sum(map(len, shards))} passages, {len(asked)} questions")
        for line in lines(shards, asked, Path(work)):
            print(line, flush=True)


if __name__ == "__main__":
    main()
