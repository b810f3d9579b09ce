"""What is searched of a generation: its vectors, its words and runs of them, part by part in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.store.parts import RUNS, WORDS, Part
from rag.store.runs import RunReader
from rag.store.vectors import VectorReader
from rag.store.word_search import WordReader


@dataclass(frozen=True, slots=True)
class Searches:
    """The searches of some parts, at least one of which has passages."""

    vectors: VectorReader
    words: WordReader
    runs: RunReader

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Searches:
        """Opens the files. Raises what FAISS and numpy raise, or ValueError, where one is not what it should be."""
        having = [part for part in parts if part.passages]
        words, runs = WordReader([part.path(WORDS) for part in having]), RunReader([part.path(RUNS) for part in parts])
        made = cls(VectorReader(having), words, runs)
        if made.words.count != made.vectors.count:
            raise ValueError("there are words of passages too many or too few")
        if runs.count != sum(part.articles for part in parts):
            raise ValueError("there are words of articles too many or too few")
        return made
