"""`python -m eval.clapnq_gain [--data FOLDER] [--set clapnq]`: ours against the cosine, on parts nothing was fitted on.

A test part of a small set leaves a wide interval. Its calibrate part, which only tests thresholds, was never fitted or
tuned on either, so the AUROC of answerable against unanswerable is compared on the test part, on the calibrate part,
and on both together (paired bootstrap by group).
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from eval import datasets, systems
from eval.bench import CACHE, Bench, Options, records_of
from eval.compare import differences
from eval.console import CONSOLE
from eval.reading import remember
from rag.types.settings import load_settings

_PARTS = (("test",), ("calibrate",), ("calibrate", "test"))


def main() -> None:
    """Asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--set", default="clapnq")
    options = parser.parse_args()
    remember()
    data = datasets.folder(options.data)
    dataset = datasets.load(options.set, data)
    setup = Bench(Options(data=data, cache=CACHE), load_settings()).setup(dataset)
    built = {entry.system.name: entry.system for entry in systems.build(setup, (), peers=False)}
    cases = [case for case in dataset.cases if case.part in _PARTS[-1]]
    ours, cosine = (
        [asdict(record) for record in records_of(built[name], cases)] for name in ("ours", "cosine threshold")
    )
    for parts in _PARTS:
        a, b = ([record for record in side if record["part"] in parts] for side in (cosine, ours))
        for found in differences(" and ".join(parts), "ours less cosine", a, b):
            if found.measure == "AUROC answerable":
                CONSOLE.print(f"{found}; cosine {found.before:.3f}", highlight=False)


if __name__ == "__main__":
    main()
