"""`python -m eval.index SEEDS [--index DIR] [--limit N]`: what building and opening an index costs.

With `--limit`, the first N articles of a JSONL seed are built from nothing and compared with bare
`SentenceTransformer.encode` of the same chunks, in one run. With `--index`, an index of the seeds that is there already
is used for the rest: a build without changes and one that adds an article (whole processes, the clock on the wall), the
time from opening to the first answer with warm models, peak memory, and size on disk beside that of the text.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from eval.speed import seconds
from rag import embed, load
from rag.answer.assistant import Assistant
from rag.answer.opening import open_assistant
from rag.build import sync_index
from rag.split import split
from rag.store import at
from rag.types.settings import Settings, load_settings

_QUESTION = "Which city was named the most expensive to live in?"
_NEW = {
    "id": "eval-new-article",
    "title": "A bridge opens",
    "text": "The bridge was opened on Monday by the mayor of the town.\n\nIt cost 3 million euros and took two years.",
}


def against_bare(seeds: Path, limit: int, settings: Settings) -> None:
    """Builds the first articles from nothing, and encodes the same chunks bare."""
    with tempfile.TemporaryDirectory() as work:
        part, index = Path(work, "seeds"), Path(work, "index")
        part.mkdir()
        lines = [line for file in sorted(seeds.glob("*.jsonl")) for line in file.read_bytes().splitlines()][:limit]
        (part / "part.jsonl").write_bytes(b"\n".join(lines) + b"\n")
        built = seconds(lambda: sync_index(part, index, settings))
        sizes: dict[str, Any] = {"min_chars": settings.chunk_min_chars, "max_chars": settings.chunk_max_chars}
        articles = load.load(part, "part.jsonl").articles
        texts = list(dict.fromkeys(a.text[c.start : c.end] for a in articles for c in split(a, **sizes)))
        model: Any = embed.SentenceTransformerEncoder(embed.resolve(settings.encoder))._model
        bare = seconds(lambda: model.encode(texts, normalize_embeddings=True, show_progress_bar=False))
    print(f"{len(articles)} articles, {len(texts)} passages: build {built:.1f} s with loading the model, ", end="")
    print(f"bare encode {bare:.1f} s, ratio {built / bare:.2f}", flush=True)


def whole_processes(seeds: Path, index: Path) -> None:
    """A build without changes, one that adds an article, and one that takes it away again."""

    def build() -> float:
        line = [sys.executable, "-m", "rag.cli", "build", "--seeds", str(seeds), "--index", str(index)]
        return seconds(lambda: subprocess.run(line, check=True, capture_output=True))  # noqa: S603 - our own command

    with tempfile.TemporaryDirectory() as work:
        copy = Path(work, "seeds")
        shutil.copytree(seeds, copy)
        seeds = copy
        unchanged = sorted(build() for _ in range(3))[1]
        (seeds / "new.jsonl").write_text(json.dumps(_NEW) + "\n", encoding="utf-8")
        added = build()
        (seeds / "new.jsonl").unlink()
        removed = build()
        (seeds / "new.jsonl").write_text(json.dumps(_NEW) + "\n", encoding="utf-8")
        again = build()
        (seeds / "new.jsonl").unlink()
        build()
    print(f"build without changes {unchanged:.2f} s; adding one article {added:.2f} s, of which most is loading the")
    print(f"encoder; removing it (its generation is still there) {removed:.2f} s; adding it again {again:.2f} s")


def in_process(seeds: Path, index: Path, settings: Settings) -> None:
    """Adding one article with the encoder loaded, and from opening to the first answer."""
    encoder = embed.SentenceTransformerEncoder(embed.resolve(settings.encoder))
    encoder.encode([_QUESTION], query=True)
    embed.SentenceTransformerEncoder = lambda _source: encoder  # type: ignore[misc,assignment] # loaded once
    assistant: Assistant = open_assistant(index, settings)
    assistant.ask("Who won?")
    opened = seconds(lambda: at(index, settings).open())
    begin = time.perf_counter()
    open_assistant(index, settings).ask(_QUESTION)
    print(f"opening {opened * 1e3:.1f} ms; opening to first answer {(time.perf_counter() - begin) * 1e3:.0f} ms")
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work, "seeds")
        shutil.copytree(seeds, copy)
        (copy / "new2.jsonl").write_text(json.dumps(_NEW | {"id": "eval-2", "text": _NEW["text"] + " Again."}) + "\n")
        own = seconds(lambda: encoder.encode([_NEW["text"] + " Again."]))
        print(
            f"adding one article, encoder loaded: {seconds(lambda: sync_index(copy, index, settings)):.2f} s, ", end=""
        )
        print(f"its own embedding {own:.3f} s")
        (copy / "new2.jsonl").unlink()
        sync_index(copy, index, settings)


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=Path)
    parser.add_argument("--index", type=Path)
    parser.add_argument("--limit", type=int, default=0)
    arguments = parser.parse_args()
    settings = load_settings()
    if arguments.limit:
        against_bare(arguments.seeds, arguments.limit, settings)
    if arguments.index:
        whole_processes(arguments.seeds, arguments.index)
        in_process(arguments.seeds, arguments.index, settings)
        generation = at(arguments.index, settings).open()
        folder = arguments.index / "generations" / generation.generation
        size = sum(f.stat().st_size for f in folder.iterdir())
        text = sum(f.stat().st_size for f in arguments.seeds.iterdir())
        print(f"{generation.passage_count} passages; {size / 1e6:.0f} MB on disk, {size / text:.1f} times the seeds")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB")


if __name__ == "__main__":
    main()
