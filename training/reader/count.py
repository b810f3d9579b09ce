"""`python -m training.reader.count --data FOLDER`: how many questions were machine-written for training, of which sort.

Counted by the part and the source of their passages, as `eval.parts` has them; then those that are trained on, as some
share something with what figures come from.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from eval import datasets
from training.reader.data import SOURCES, ReadingRecord, records, training_records
from training.reader.written import WRITTEN, written


def main() -> None:
    """Counts and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    folder = datasets.folder(parser.parse_args().data)
    if folder is None:
        parser.error("no data folder; give one with --data")
    for part in ("train", "develop", "calibrate", "test"):
        print(f"{part}: {counted(records(folder, WRITTEN, part))}")
    seen: set[str] = set()
    for source in SOURCES:
        of_source = [record for record in records(folder, source, "train") if record.context not in seen]
        asked = len({record.context for record in of_source if record.context not in seen})
        seen |= {record.context for record in of_source}
        some = list(written(of_source))
        if some:
            print(f"  on {source}: {len(some):,} on {len({row['context'] for row in some}):,} of {asked:,} passages")
    print(f"trained on: {counted(training_records(folder)[WRITTEN])}")


def counted(some: Sequence[ReadingRecord]) -> str:
    """How many questions, on how many passages, and how many of them these answer."""
    answered = sum(bool(record.answers) for record in some)
    passages = len({record.context for record in some})
    return f"{len(some):,} questions on {passages:,} passages, {answered:,} answered and {len(some) - answered:,} not"


if __name__ == "__main__":
    main()
