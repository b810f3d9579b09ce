"""Fits `doubt` in `rag/extract/models/support.json`: from which confidence on a refusal is unsure.

    python -m training.fit_doubt --data FOLDER [--corpus news,archive,ramdocs,mtrag_un] [--given squad2,wikiqa,clapnq]

to be run after all else is fitted. Below it the program says that the articles hold no answer, so what is shown there
first may hardly ever be one: at most 5% on each set. Of the develop parts of sets that people asked it takes the
largest confidence below which, on each of them, none of the questions has a right first quotation, or at most MOST
have with confidence SURE (Clopper and Pearson 1934). A quotation can hold the words of the gold by chance: the right
ones of least confidence are printed, and what reading said of them stands in `eval/questions/judged_doubt.jsonl` (the
question and the quotation's hash, no text), which goes before the string test.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from eval import datasets
from eval.bench import CACHE, Bench, Options, records_of, sampled
from eval.datasets.lines import rows
from eval.judged import QUESTIONS
from eval.reading import remember
from eval.scoring import ScoredRecord, scorable
from eval.sheet import hashed
from eval.systems.ours import Ours
from rag.calibrate.risk import upper_bound
from rag.types.settings import Settings
from training.fit_support import OUT
from training.seal import seal

MOST, SURE = 0.05, 0.9
JUDGED = QUESTIONS / "judged_doubt.jsonl"
_TOLD = 5  # right quotations of least confidence that are printed of a set
_GRID = np.round(np.arange(0.0, 0.5, 0.005), 3)
Found = Sequence[tuple[float, bool]]  # of each question its confidence, and whether its first quotation is right
Judged = Mapping[tuple[str, str], bool]  # by question and hash of the quotation


def denied_right(found: Found, doubt: float) -> tuple[int, int]:
    """Of the questions below it, those whose first quotation is right, and all."""
    below = [right for confidence, right in found if confidence < doubt]
    return sum(below), len(below)


def fitted(sets: Mapping[str, Found]) -> float:
    """The largest confidence below which each set has none, or surely at most MOST, of right first quotations."""

    def honest(doubt: float) -> bool:
        counts = [denied_right(found, doubt) for found in sets.values()]
        return all(not right or upper_bound(right, denied, SURE) <= MOST for right, denied in counts)

    return float(max((doubt for doubt in _GRID if honest(doubt)), default=0.0))


def found_of(records: Sequence[ScoredRecord], judged: Judged) -> Found:
    """Confidence and verdict of each: as it was judged, else by the string test."""
    return [(record.score, judged.get(_key(record), record.right)) for record in records]


def _key(record: ScoredRecord) -> tuple[str, str]:
    return record.id, hashed(record.shown[0]) if record.shown else ""


def judgements(file: Path = JUDGED) -> Judged:
    """What reading said of first quotations, by question and hash."""
    return {(row["id"], row["quote"]): row["right"] for row in rows(file)}


def asked(bench: Bench, name: str, data: Path, sample: int, *, fast: bool) -> list[ScoredRecord]:
    """What the program says of a develop part."""
    dataset = datasets.load(name, data)
    setup = bench.setup(dataset)
    cases = sampled([case for case in dataset.cases if case.part == "develop"], sample)
    return scorable(records_of(Ours(setup, fast=fast), cases, f"{name}{', fast' if fast else ''}"))


def tell(records: Sequence[ScoredRecord], judged: Judged) -> None:
    """Prints the right ones of least confidence, to be read."""
    right = [record for record in records if judged.get(_key(record), record.right)]
    for record in sorted(right, key=lambda record: record.score)[:_TOLD]:
        id, quote = _key(record)
        said = "judged" if (id, quote) in judged else "by the string test"
        print(f"  {record.score:.3f} right {said}: {id} {quote}: {record.shown[0]}", flush=True)


def main() -> None:
    """Asks, fits, reports and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--corpus", default="news,archive,ramdocs,mtrag_un")
    parser.add_argument("--given", default="squad2,wikiqa,clapnq")
    parser.add_argument("--sample", type=int, default=0)
    options = parser.parse_args()
    remember()
    bench = Bench(Options(data=options.data, cache=CACHE), Settings())
    corpora, given = options.corpus.split(","), options.given.split(",")
    judged = judgements()
    out = json.loads(OUT.read_text(encoding="utf-8"))
    for models, names, fast in (
        (("both", "both_alone"), corpora, False),
        (("first",), corpora, True),
        (("given", "given_alone"), given, False),
    ):
        records = {name: asked(bench, name, options.data, options.sample, fast=fast) for name in names}
        sets = {name: found_of(its, judged) for name, its in records.items()}
        doubt = fitted(sets)
        for name, found in sets.items():
            right, denied = denied_right(found, doubt)
            print(f"{models[0]}: {name}: {right} of {denied} below {doubt} right, of {len(found)}", flush=True)
            tell(records[name], judged)
        for model in models:
            out[model]["doubt"] = doubt
    OUT.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    seal(OUT.parent)


if __name__ == "__main__":
    main()
