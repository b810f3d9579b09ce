"""How often a question's own passage is among the first that are found, by the constant of reciprocal rank fusion.

    python -m training.fusing --data FOLDER [--k 60 --k 10]

Answerable questions of the develop parts are asked of an archive: all passages that may be trained on and those of the
develop parts. Of the written ones those count apart that share few content words with their passage and its title.
What becomes of it in answers says `RAG_RRF_K=60 python -m eval`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.progress import track

from eval.bench import CACHE
from eval.parts import sha1
from eval.understanders import as_one
from eval.vectors import CachedEncoder
from rag import embed
from rag.retrieve import retrieve
from rag.types import Hit
from rag.types.settings import Settings
from training.corpus import indexed, is_of
from training.reader.data import ReadingRecord, records, training_records
from training.reader.written import WRITTEN
from training.support_cases import CORPUS, share_held

_QUESTIONS, _OF_WRITTEN = 160, 1000  # of each set
_DEPTHS = 5, 10


def group(record: ReadingRecord) -> str:
    """The row of the table that a question counts in."""
    if record.source != WRITTEN:
        return "reading sets"
    share = share_held(record)
    return "written, over half" if share > 0.5 else "a quarter to half" if share > 0.25 else "fewer"


def place(hits: Sequence[Hit], record: ReadingRecord) -> int:
    """The place of the first hit that is of the question's passage and holds an answer, from 1; 0 where none is."""
    for at, hit in enumerate(hits, start=1):
        if is_of(hit.passage, record.context) and any(text in hit.passage.text for text in record.texts):
            return at
    return 0


def main() -> None:
    """Asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--k", type=int, action="append")
    options = parser.parse_args()
    settings = Settings()
    encoder = CachedEncoder(embed.resolve(settings.encoder), CACHE / "vectors.db")
    develop = {name: records(options.data, name, "develop") for name in CORPUS}
    trained = [record for its in training_records(options.data).values() for record in its]
    with tempfile.TemporaryDirectory() as work:
        of_develop = [record for its in develop.values() for record in its]
        assistant, placed = indexed([*of_develop, *trained], Path(work), settings, encoder)
        there = set(placed)
        asked = [
            record
            for name, its in develop.items()
            for record in sorted((r for r in its if r.answers and r in there), key=lambda r: sha1(r.id))[
                : _OF_WRITTEN if name == WRITTEN else _QUESTIONS
            ]
        ]
        for k in options.k or (60, 20, 10, 5):
            fused = settings.model_copy(update={"rrf_k": k})
            places = defaultdict[str, list[int]](list)
            for record in track(asked, f"k of {k}"):
                question = as_one(assistant.understand(record.question))
                hits = retrieve(question, assistant.store, encoder, fused, max(_DEPTHS))
                places[group(record)].append(place(hits, record))
            for name, its in places.items():
                shares = " / ".join(f"{np.mean([0 < at <= depth for at in its]):.3f}" for depth in _DEPTHS)
                print(f"k of {k}, {name}, {len(its)}: {shares}", flush=True)


if __name__ == "__main__":
    main()
