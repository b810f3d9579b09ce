"""Finds for training questions the passages that the program would be given and that hold no answer.

    python -m training.reader.mine --data FOLDER --out FILE [--questions 10000]

The passages that may be trained on become one index, of SQuAD 2.0 those of a sixth of the titles; their questions are
asked of it in the shares of ASKED by the real retriever, and read by the shipped networks. Of what is neither the
question's own passage nor holds its answer the two that the first network takes for the best are written, a line a
question, with the span that the second marks: mistakes it would make. The file may be read while it grows, and what is
in it is not asked again.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from training.reader.data import REBUILT, ReadingRecord, training_records
from training.reader.mined import key_in, key_of
from training.reader.negatives import holds_answer
from training.reader.written import WRITTEN

# Shares of the questions; role questions are answered in any passage, and those of privacy policies in each of them.
ASKED: Mapping[str, float] = {
    "nq_qed": 6,
    "tydiqa_en_train": 3,
    REBUILT: 1,
    "selqa_sentences": 1,
    "wiki_shift": 1,
    "squad1_rest": 0.5,
    WRITTEN: 0.5,
    "squad2_dev23": 0.3,
}
_TITLES = 6  # of the rebuilt set one in so many
_READ, _READ_AGAIN = 6, 2  # of the passages found, by the first network and by the second


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
        if not hits:
            return
        first = self._extractor.best_first(question, self._extractor.read(question, hits[:_READ]))
        for read in self._extractor.again(question, first[:_READ_AGAIN]):
            best = max(read.among, key=lambda found: found.margin)
            title = read.hit.passage.info.title
            yield {
                "title": "" if title == UNTITLED else title,
                "text": read.hit.passage.text,
                "start": best.start,
                "end": best.end,
                "margin": round(best.margin, 3),
            }


def asked(sources: Mapping[str, Sequence[ReadingRecord]]) -> list[ReadingRecord]:
    """The answerable questions in an order of their own, of whose first ones any number has the shares of ASKED."""
    places = list[tuple[float, ReadingRecord]]()
    for name, share in ASKED.items():
        its = [record for record in sources.get(name, ()) if record.answers]
        its.sort(key=lambda record: sha1(f"mine {record.source} {record.id} {record.question}"))
        places += ((number / share, record) for number, record in enumerate(its, start=1))
    return [record for _, record in sorted(places, key=lambda place: place[0])]


def main() -> None:
    """Reads the options, asks, writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=10_000)
    options = parser.parse_args()
    sources = training_records(options.data)
    sources[REBUILT] = [record for record in sources[REBUILT] if int(sha1(record.title), 16) % _TITLES == 0]
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
