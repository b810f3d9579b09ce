"""`python -m eval.speed`: the times a person notices. On a shared machine quote the ratios, from one run.

- reading: passages of 200 tokens with a question, as many as `fast` and `rag ask` read by the first network, and as
  many as are read by the second, tokenising and the search for spans included;
- embedding: chunks a second as the build does it, beside bare `SentenceTransformer.encode` on the same texts in turn;
- a question with warm models: median and 95th percentile, by stage, every sentence seen for the first time and again;
- from `rag ask` to the answer: a new process, with its imports and the loading of the models; beside `rag check`;
- `rag serve`: seconds to its address and to the first answer, memory, and for 1, 5 and 20 people who ask by plain HTTP
  answers a second and what they wait.
"""

from __future__ import annotations

import argparse
import functools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from eval.datasets import seeds as seed_questions
from eval.load import asking, by_http, memory_mb, served
from rag import embed, load
from rag.answer.opening import open_assistant
from rag.answer.reader import given_passage, networks
from rag.build import sync_index
from rag.extract import READ_AGAIN, spans
from rag.extract.inputs import Inputs
from rag.split import split
from rag.types.settings import Settings, load_settings

PASSAGE_TOKENS = 200
_LOAD_SECONDS = 20
_APART = 150  # characters from the beginning of one passage to that of the next


def chunk_texts(seeds: Path, settings: Settings, at_least: int) -> list[str]:
    """The seeds' chunks, repeated with a running number until there are enough to time."""
    texts = []
    for file in load.find(seeds).files:
        for article in load.load(seeds, file.path).articles:
            chunks = split(article, min_chars=settings.chunk_min_chars, max_chars=settings.chunk_max_chars)
            texts += [article.text[c.start : c.end] for c in chunks]
    return [f"{i} {text}" for i in range(-(-at_least // len(texts))) for text in texts][: max(at_least, len(texts))]


def seconds(run: Callable[[], Any]) -> float:
    """Wall seconds of one call."""
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


def embedding(texts: Sequence[str], settings: Settings, rounds: int) -> None:
    """Prints chunks a second of both ways, timed in turn, and the ratio of their medians."""
    encoder = embed.SentenceTransformerEncoder(embed.resolve(settings.encoder))
    bare: Any = encoder._model
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(seconds(lambda: bare.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)))
        ours.append(seconds(lambda: encoder.encode(texts)))
    a, b = float(np.median(ours)), float(np.median(theirs))
    print(
        f"embedding {len(texts)} chunks: build {len(texts) / a:.1f}/s, bare encode {len(texts) / b:.1f}/s, ",
        end="",
    )
    print(f"time ratio {a / b:.2f} (median of {rounds} rounds in turn)")


def questions(index: Path, settings: Settings) -> None:
    """Prints milliseconds a question, in a fresh assistant and asked again."""
    assistant = open_assistant(index, settings)
    texts = [case.asked.question for case in seed_questions.read().cases]
    assistant.ask("warm up")
    for label in ("first time", "again"):
        timings = [assistant.ask(text).timings_ms for text in texts]
        stages = {k: float(np.median([t[k] for t in timings])) for k in timings[0]}
        total = [t["total"] for t in timings]
        median, high = np.median(total), np.percentile(total, 95)
        print(f"a question, {label}: median {median:.0f} ms, 95th percentile {high:.0f} ms; ", end="")
        print(", ".join(f"{k} {v:.1f}" for k, v in stages.items() if k != "total"))


def passages(text: str, inputs: Inputs, count: int) -> list[str]:
    """Passages of PASSAGE_TOKENS tokens of a text, each from another place; a short text is taken again."""
    found = []
    for at in range(0, count * _APART, _APART):
        rest = text[at % len(text) :] + "\n\n" + text
        [[one]] = inputs.encode([("", "", rest)])
        found.append(rest[: int(one.places[PASSAGE_TOKENS - 1, 1])])
    return found


def reading(seeds: Path, rounds: int) -> None:
    """Prints milliseconds of both readings, and of a single passage on one core."""
    read_with = networks()
    article = load.load(seeds, load.find(seeds).files[0].path).articles[0]
    quick, most = Settings(fast=True).passages_read, Settings().passages_read
    its = [given_passage(text, article.info.title) for text in passages(article.text, read_with.inputs, most)]
    texts = [("When was the leader of South Korea elected?", article.info.title, one.text) for one in its]
    sentences = [[(s.start, s.end) for s in one.chunk.sentences] for one in its]
    for name, count in (("first", quick), ("first", most), ("second", READ_AGAIN)):
        times = []
        for number in (count, 1):
            run = functools.partial(spans.read, read_with, name, texts[:number], sentences[:number])
            run()
            times.append(1000 * float(np.median([seconds(run) for _ in range(10 * rounds)])))
        print(f"{count} passages of {PASSAGE_TOKENS} tokens, {name} network: {times[0]:.0f} ms; one: {times[1]:.1f} ms")


def command(seeds: Path, index: Path, rounds: int) -> None:
    """Prints seconds of `rag ask` and of `rag check`, in turn."""
    start, where = [sys.executable, "-m", "rag.cli"], ["--index", str(index)]
    lines = {
        "ask": [*start, "ask", "When was President Lee elected?", *where],
        "check": [*start, "check", "--seeds", str(seeds), *where],
    }
    times: dict[str, list[float]] = {name: [] for name in lines}
    for _ in range(rounds):
        for name, line in lines.items():
            times[name].append(seconds(functools.partial(subprocess.run, line, check=True, capture_output=True)))
    ask, check = (float(np.median(times[name])) for name in ("ask", "check"))
    print(f"rag ask: median {ask:.2f} s to the answer, {ask / check:.1f} of rag check ({check:.2f} s; of {rounds})")


def _memory(pid: int) -> str:
    return ", ".join(f"{name} {mb} MB" for name, mb in memory_mb(pid).items())


def server(seeds: Path, index: Path) -> None:
    """Prints how soon a server answers, what it holds, and how many it serves."""
    texts = [case.asked.question for case in seed_questions.read().cases]
    begin = time.perf_counter()
    with served(index, seeds, "--no-upload") as (address, pid):
        opened = time.perf_counter() - begin
        by_http(address)(texts[0])
        print(f"rag serve: page after {opened:.1f} s, first answer after {time.perf_counter() - begin:.1f} s", end="")
        print(f", {_memory(pid)}")
        for people in (1, 5, 20):
            found = asking(address, texts, people, _LOAD_SECONDS)
            waits = f"median {found['median_ms']} ms, 95th percentile {found['p95_ms']} ms, {found['errors']} errors"
            print(f"{people} people: {found['answers_a_second']} answers a second, {waits}, {_memory(pid)}")


def main() -> None:
    """Times all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=Path, default=Path("seeds"))
    parser.add_argument("--chunks", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    settings = load_settings()
    reading(arguments.seeds, arguments.rounds)
    embedding(chunk_texts(arguments.seeds, settings, arguments.chunks), settings, arguments.rounds)
    with tempfile.TemporaryDirectory() as work:
        index = Path(work, "index")
        sync_index(arguments.seeds, index, settings)
        questions(index, settings)
        command(arguments.seeds, index, arguments.rounds)
        server(arguments.seeds, index)


if __name__ == "__main__":
    main()
