"""The sets of questions to measure on. Each adapter reads one form of a folder given by `--data` or EVAL_DATA.

The gold and the label never reach a system, and of dates only the day of asking: an adapter puts them into the `Case`,
beside the `Asked`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from eval.cases import Dataset
from eval.datasets import archive, beir, clapnq, mtrag, news, ramdocs, reading, seeds

VARIABLE = "EVAL_DATA"
BESIDE = Path(__file__).parent.parent.parent.parent / "shared" / "data"
# By name: the files an adapter needs, below the data folder, and how it reads them. Reported in this order: the
# questions that people asked first, our own last.
ADAPTERS: Mapping[str, tuple[tuple[str, ...], Callable[[Path], Dataset]]] = {
    "squad2": (("reading/squad2_dev23.jsonl",), lambda data: reading.read(data, "squad2_dev23", "squad2")),
    "wikiqa": (("reading/wikiqa.jsonl",), lambda data: reading.read(data, "wikiqa", "wikiqa")),
    "clapnq": (clapnq.FILES, clapnq.read),
    "news": (news.FILES, news.read),
    "news_removed": (news.FILES, news.read_removed),
    "archive": (archive.FILES, archive.read),
    "archive_removed": (archive.FILES, archive.read_removed),
    "ramdocs": (ramdocs.FILES, ramdocs.read),
    "mtrag_un": (mtrag.FILES, mtrag.read),
    "scifact": (beir.files("scifact"), lambda data: beir.read(data, "scifact")),
    "seeds": ((), lambda _data: seeds.read()),
}


def folder(given: Path | None) -> Path | None:
    """The data folder: the one given, or that of the variable EVAL_DATA, or one beside the checkout; else None.

    Raises FileNotFoundError for one that is named and not there.
    """
    chosen = given or (Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else None)
    if chosen is None:
        return BESIDE if BESIDE.is_dir() else None
    if not chosen.is_dir():
        raise FileNotFoundError(f"the data folder {chosen} is not there; give another with --data or {VARIABLE}")
    return chosen


def available(data: Path | None, names: tuple[str, ...] = tuple(ADAPTERS)) -> tuple[list[str], list[str]]:
    """(names of the sets that can be read, a message for each that cannot)."""
    there, absent = [], []
    for name in names:
        missing = [file for file in ADAPTERS[name][0] if data is None or not (data / file).is_file()]
        if not missing:
            there.append(name)
        elif data is None:
            absent.append(f"{name}: skipped, no data folder; give one with --data or {VARIABLE}")
        else:
            absent.append(f"{name}: skipped, {missing[0]} is not in the data folder")
    return there, absent


def load(name: str, data: Path | None) -> Dataset:
    """Reads a set that is available."""
    return ADAPTERS[name][1](data or Path())
