"""`python -m eval.scale SOURCE… --work FOLDER`: what an index costs by its size, and how each cost grows.

A SOURCE is an index folder. The first articles are real; beyond them each is made from a real one: its words in
another order within each chunk, its vectors moved a little, so that no two passages are the same and words are as
frequent as they were. Each size is written, then asked, in a process of its own:

- write: seconds a million passages, embedding apart, beside bare encoding; peak memory; disk;
- add: seconds until one article more is in the current generation, as a build adds it, embedding apart;
- open; a question: median and 95th percentile of the retriever, without a day and with one, and of the two searches;
- questions a second of one asker and of eight; recall@10 of the dense search against exact search; memory.

Of a database (`--store`) each size is written into one of its own, made anew with the size behind the name. Its disk is
what the server counts; the memory of its sessions is what is in no file, beside `shared_buffers`.

The exponent is the slope of a straight line through the logarithms: 0 does not grow, 1 grows as the index does.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np

from eval.console import CONSOLE
from eval.datasets.lines import rows
from eval.load import memory_mb
from eval.timing import peak_memory_mb
from rag import embed
from rag.answer.reader import shipped_understander
from rag.retrieve import retrieve, searched
from rag.store import at, named
from rag.store.files import FileStore
from rag.types import Query, Vectors
from rag.types.settings import FILES, Settings, load_settings
from rag.types.stores import Reader, Store, StoredArticle

SIZES = "100000,400000,1000000"
QUESTIONS, NOISE, BARE = 200, 0.3, 2000
DAY = "2024-03-15"


def articles(sources: Sequence[Path], passages: int) -> Iterator[StoredArticle]:
    """Real articles, then made ones, until there are so many passages."""
    left = passages
    for turn in count():
        for source in sources:
            with closing(FileStore(source).open()) as reader:
                for article in reader.stored():
                    if left <= 0:
                        return
                    some = _cut(article, left)
                    left -= len(some.chunks)
                    yield some if not turn else made(some, turn)


def _cut(article: StoredArticle, most: int) -> StoredArticle:
    return replace(article, chunks=article.chunks[:most], vectors=article.vectors[:most])


def made(article: StoredArticle, turn: int) -> StoredArticle:
    """An article of the same words in another order, with vectors near those of the real one."""
    chosen = random.Random(f"{turn} {article.info.article_id}")  # noqa: S311 - to be the same each time
    text = list(article.text)
    for chunk in article.chunks:
        words = article.text[chunk.start : chunk.end].split(" ")
        chosen.shuffle(words)
        text[chunk.start : chunk.end] = " ".join(words)
    whole = "".join(text)
    moved = np.random.default_rng(chosen.getrandbits(32)).standard_normal(article.vectors.shape)
    vectors = article.vectors + NOISE * moved / np.sqrt(article.vectors.shape[1])
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    name = f"{article.info.article_id}~{turn}"
    info = replace(
        article.info, article_id=name, path=name, text_sha256=sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    )
    return StoredArticle(info, whole, article.chunks, vectors)


def write(store: Store, sources: Sequence[Path], passages: int) -> dict[str, Any]:
    """Writes an index of that size."""
    with closing(FileStore(sources[0]).open()) as reader:
        recipe = reader.recipe
    writing = 0.0
    with store.building():
        writer = store.begin(recipe, afresh=True)
        for article in articles(sources, passages):
            begin = time.perf_counter()
            writer.put(article)
            writing += time.perf_counter() - begin
        begin = time.perf_counter()
        writer.commit({})
        writing += time.perf_counter() - begin
    return {"write_s_per_million": writing / passages * 1e6, "write_peak_mb": peak_memory_mb()}


def add(store: Store, sources: Sequence[Path]) -> dict[str, Any]:
    """Adds an article as a build does, nine times; the median."""
    taken = []
    for article in islice(articles(sources, 1000), 1, 10):
        begin = time.perf_counter()
        with store.building():
            store.tidy()
            before, _ = store.sound()
            if before is None:
                raise ValueError("the index is damaged")
            writer = store.begin(before.recipe, afresh=False)
            writer.put(made(article, 10**6))
            writer.commit(before.files())
            before.close()
        taken.append(time.perf_counter() - begin)
    return {"add_s": float(np.median(taken)), "add_peak_mb": peak_memory_mb()}


def ask(store: Store, questions: Sequence[str]) -> dict[str, Any]:
    """Asks the retriever, one question after the other and eight at once."""
    begin = time.perf_counter()
    reader = store.open()
    out: dict[str, Any] = {"open_s": time.perf_counter() - begin, "passages": reader.passage_count}
    settings = Settings()
    encoder = embed.for_questions(embed.resolve(settings.encoder))
    understander = shipped_understander(settings)

    def queries(day: str | None) -> list[Query]:
        understood = (understander.understand(q, (), reader, reader.article_count, day) for q in questions)
        return [its.queries[0] for its in understood]

    plain, dated = queries(None), queries(DAY)
    vectors = encoder.encode([query.read for query in plain], query=True)

    def run(query: Query) -> None:
        retrieve(query, reader, encoder, settings, settings.passages_read)

    for name, timed in {
        "question": _timed(run, plain),
        "question, day": _timed(run, dated),
        "dense": _timed(lambda vector: reader.search_dense(vector, settings.candidates), list(vectors)),
        "lexical": _timed(lambda query: reader.search_lexical(searched(query.terms), settings.candidates), plain),
    }.items():
        out[f"{name} ms"], out[f"{name} p95 ms"] = np.median(timed) * 1e3, np.percentile(timed, 95) * 1e3
    for askers in (1, 8):
        with ThreadPoolExecutor(askers) as pool:
            begin = time.perf_counter()
            list(pool.map(run, plain))
            out[f"{askers} askers, per s"] = len(plain) / (time.perf_counter() - begin)
    out |= {f"memory {name}_mb": mb for name, mb in memory_mb(os.getpid()).items()} | of_server(store)
    out["recall@10"] = recall(reader, vectors[:100])
    return out


def of_server(store: Store) -> dict[str, Any]:
    """What a database costs its server, on this machine; nothing of a folder."""
    if isinstance(store, FileStore):
        return {}
    with store._primary.own() as connection:  # type: ignore[attr-defined]
        (size,) = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        sessions = [pid for (pid,) in connection.execute(query) if Path(f"/proc/{pid}").is_dir()]
    return {"disk_mb": size / 1e6, "sessions_mb": sum(memory_mb(pid)["anonymous"] for pid in sessions)}


def _timed(run: Callable[[Any], object], given: Sequence[Any]) -> list[float]:
    run(given[0])
    taken = []
    for one in given:
        begin = time.perf_counter()
        run(one)
        taken.append(time.perf_counter() - begin)
    return taken


def recall(reader: Reader, vectors: Vectors) -> float:
    """Share of the ten nearest by exact search that dense search finds."""
    tenth = np.full((len(vectors), 10), -2.0, dtype=np.float32)
    for article in reader.stored():
        tenth = np.partition(np.concatenate([tenth, vectors @ article.vectors.T], axis=1), -10, axis=1)[:, -10:]
    found = 0
    for vector, exact in zip(vectors, tenth, strict=True):
        (ranking,) = reader.search_dense(vector, 10)
        found += sum(score >= exact.min() - 1e-6 for _, score in ranking)
    return found / tenth.size


def bare(sources: Sequence[Path]) -> float:
    """Seconds in which sentence-transformers alone embeds a million of the sources' chunks."""
    texts = [a.text[c.start : c.end] for a in islice(articles(sources, BARE), BARE) for c in a.chunks][:BARE]
    encoder = embed.SentenceTransformerEncoder(embed.resolve(Settings().encoder))
    encoder.encode(texts[:64])
    begin = time.perf_counter()
    encoder._model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)
    return (time.perf_counter() - begin) / len(texts) * 1e6


def database(address: str, passages: int) -> str:
    """A new one beside the database of this address; its address."""
    import psycopg

    before, _, rest = address.partition("?")
    name = f"{before.rpartition('/')[2]}_{passages}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{before.rpartition('/')[0]}/{name}" + (f"?{rest}" if rest else "")


def measured(options: argparse.Namespace, passages: int) -> dict[str, Any]:
    """All figures of one size, each step in a process of its own."""
    found: dict[str, Any] = {"passages": passages}
    index = options.work / str(passages)
    store = options.store if options.store == FILES else database(options.store, passages)
    for step in ("write", "ask", "add"):
        line = [sys.executable, "-m", "eval.scale", *map(str, options.sources), "--work", str(options.work)]
        line += ["--sizes", str(passages), "--store", store, "--step", step]
        line += ["--questions", str(options.questions)]
        said = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603 - our own command
        found |= json.loads(said.splitlines()[-1])
        if step == "write" and index.is_dir():
            found["disk_mb"] = sum(f.stat().st_size for f in index.rglob("*") if f.is_file()) / 1e6
    return found


def exponents(sizes: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The slope of each figure over the passages, in logarithms."""
    over = [math.log(one["passages"]) for one in sizes]
    return {
        key: float(np.polyfit(over, [math.log(one[key]) for one in sizes], 1)[0])
        for key in sizes[0]
        if key != "passages" and len(sizes) > 1 and all((one.get(key) or 0) > 0 for one in sizes)
    }


def main() -> None:
    """Measures each size and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--store", default=FILES, help="or the address of a database")
    parser.add_argument("--questions", type=Path, required=True, help='lines {"question": …}')
    parser.add_argument("--out", type=Path)
    parser.add_argument("--step", choices=("write", "add", "ask"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    if options.step:
        index = options.work / str(sizes[0])
        index.mkdir(parents=True, exist_ok=True)
        settings = load_settings()
        store = at(index, settings) if options.store == FILES else named(options.store, index)
        asked = [row["question"] for row in islice(rows(options.questions), QUESTIONS)]
        steps = {
            "write": lambda: write(store, options.sources, sizes[0]),
            "add": lambda: add(store, options.sources),
            "ask": lambda: ask(store, asked),
        }
        print(json.dumps(steps[options.step]()))
        return
    found = []
    for size in sizes:
        found.append(measured(options, size))
        CONSOLE.print(json.dumps(found[-1]), highlight=False, soft_wrap=True)
    alone, slopes = bare(options.sources), exponents(found)
    for key in found[0]:
        values = "".join(f"{one[key]:>14,.3f}" for one in found)
        CONSOLE.print(f"{key:<24}{values}{slopes.get(key, math.nan):>10.2f}", highlight=False)
    CONSOLE.print(f"bare encoding: {alone:,.0f} s a million", highlight=False)
    if options.out:
        options.out.write_text(json.dumps({"sizes": found, "exponents": slopes, "bare_s_per_million": alone}, indent=1))


if __name__ == "__main__":
    main()
