"""A generation in parts: each holds some articles, all of them, in files that never change.

The files of a part are `<label>-<hash of its contents><suffix>`: passages, words, rows, vectors and, in a large
generation, codes. They lie in a folder that all generations share, so the next one names the same files where nothing
of the part was changed. So an addition writes one small part, and what that costs does not depend on how many parts
there are.

A part that is full stays as it is. Of smaller ones there are few: all of the lowest level are joined, and those of
another level when there are enough for one of the next. Which articles share a part is due to the order of builds;
nothing that is asked depends on it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

LEVELS = (256, 2048, 16384, 65536)  # articles and passages below which a part is of a level
FULL = LEVELS[-1]
PASSAGES, VECTORS, CODES, WORDS, RUNS, ROWS = SUFFIXES = (
    ".passages", ".vectors", ".codes", ".words", ".runs", ".rows",
)  # fmt: skip
_NAME = re.compile(rf"[0-9a-f]{{12}}-[0-9a-f]{{32}}({'|'.join(map(re.escape, SUFFIXES))})")
NEW = ""  # the label of what has no part yet


@dataclass(frozen=True, slots=True)
class Part:
    """Some articles of a generation: how many, with how many passages, and the files in a folder that hold them."""

    folder: Path
    label: str
    articles: int
    passages: int
    names: tuple[str, ...]

    @property
    def weight(self) -> int:
        """Its size, by which parts are joined."""
        return self.articles + self.passages

    def name(self, suffix: str) -> str | None:
        """The file of a kind; vectors, codes and words are not there where there is no passage."""
        return next((name for name in self.names if name.endswith(suffix)), None)

    def path(self, suffix: str) -> Path:
        """The same with its folder. Raises ValueError where it is not there."""
        name = self.name(suffix)
        if name is None:
            raise ValueError(f"{self.folder} has no file {self.label}-*{suffix}")
        return self.folder / name

    def less(self, suffix: str) -> Part:
        """The same without a kind of file."""
        return replace(self, names=tuple(name for name in self.names if not name.endswith(suffix)))


def of_files(folder: Path, counts: Mapping[str, Sequence[int]], files: Iterable[str]) -> list[Part]:
    """The parts of a generation, by their labels: `counts` has the articles and passages of each."""
    names: dict[str, list[str]] = {label: [] for label in counts}
    for name in sorted(files):
        label = name.partition("-")[0]
        if label in names and name.endswith(SUFFIXES):
            names[label].append(name)
    return [Part(folder, label, its[0], its[1], tuple(names[label])) for label, its in sorted(counts.items())]


def files(folder: Path) -> set[str]:
    """The names of the files of parts in a folder."""
    return {name for name in os.listdir(folder) if _NAME.fullmatch(name)}  # noqa: PTH208 - there are many


def joined(weights: Mapping[str, int]) -> list[list[str]]:
    """Which parts become one: their labels, by the weights of all, with those of `NEW` where there is something new."""
    groups = [([label], weight) for label, weight in sorted(weights.items(), key=lambda item: (item[1], item[0]))]
    least = 0
    for bound in LEVELS:
        level = [group for group in groups if least <= group[1] < bound]
        if len(level) >= (bound // least if least else 2):
            labels = [label for group in level for label in group[0]]
            groups = [group for group in groups if group not in level]
            groups.append((labels, sum(weight for _, weight in level)))
        least = bound
    return [labels for labels, _ in groups if len(labels) > 1 or labels == [NEW]]
