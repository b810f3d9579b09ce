"""Finds for training questions the passages that the program would be given and that hold no answer.

    python -m training.reader.mine --data FOLDER --out FILE [--questions 10000]

All passages that may be trained on become one index; a sample of their questions is asked of it by the real retriever,
and read by the shipped networks. Of what is neither the question's own passage nor holds its answer the three that the
reader takes for the best are written, a line a question, with the span that it marks: mistakes it would make. The file
may be read while it grows, and what is in it is not asked again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.progress import track

from eval.parts import sha1
from eval.understanders import as_one
from rag import embed
from rag.answer.reader import networks
from rag.extract import ReadingExtractor, shipped_model
from rag.retrieve import retrieve
from rag.types.settings import Settings
from training.corpus import UNTITLED, indexed, is_of
from training.reader.data import ReadingRecord, training_records
from training.reader.mined import key_in, key_of
from training.reader.negatives import holds_answer

# Role questions are answered in any passage, and those of privacy policies in each of them.
NOT_ASKED = frozenset({"qasrl_wikinews", "policyqa"})
_READ = 6  # of the passages found, by the first network


class Miner:
    """An index of training passages, and what is found there for a question."""

    def __init__(self, records: Iterable[ReadingRecord], work: Path) -> None:
        settings = Settings()
        encoder = embed.SentenceTransformerEncoder(embed.resolve(settings.encoder))
        self._assistant, self.records = indexed(records, work, settings, encoder)
        self._extractor = ReadingExtractor(networks(), shipped_model(), fast=True)

    def of(self, record: ReadingRecord) -> Iterator[dict[str, Any]]:
        """The passages without an answer that the reader takes for the best, with the span it marks in each."""
        assistant = self._assistant
        question = as_one(assistant.understand(record.question))
        settings = assistant.settings
        found = retrieve(question, assistant.store, assistant.components.encoder, settings, settings.passages_read)
        hits = [
            hit
            for hit in found
            if not is_of(hit.passage, record.context) and not holds_answer(record, hit.passage.text)
        ]
        first = self._extractor.read(question, hits[:_READ])
        for read in self._extractor.again(question, first) if first else ():
            best = max(read.among, key=lambda found: found.margin)
            title = read.hit.passage.info.title
            yield {
                "title": "" if title == UNTITLED else title,
                "text": read.hit.passage.text,
                "start": best.start,
                "end": best.end,
                "margin": round(best.margin, 3),
            }


def asked(sources: dict[str, list[ReadingRecord]]) -> list[ReadingRecord]:
    """The answerable questions in an order of their own, so that any number of them from the first is a sample."""
    some = [r for name, its in sources.items() if name not in NOT_ASKED for r in its if r.answers]
    return sorted(some, key=lambda r: sha1(f"mine {r.source} {r.id} {r.question}"))


def main() -> None:
    """Reads the options, asks, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=10_000)
    options = parser.parse_args()
    sources = training_records(options.data)
    with tempfile.TemporaryDirectory() as work, options.out.open("a+", buffering=1, encoding="utf-8") as file:
        file.seek(0)
        done = {key_in(line) for line in map(json.loads, file)}
        miner = Miner((r for its in sources.values() for r in its), Path(work))
        placed = set(miner.records)
        wanted = [r for r in asked(sources) if r in placed][: options.questions]
        for record in track([r for r in wanted if key_of(r) not in done], "asking"):
            line = {"source": record.source, "id": record.id, "question": record.question}
            file.write(json.dumps(line | {"others": list(miner.of(record))}) + "\n")


if __name__ == "__main__":
    main()
