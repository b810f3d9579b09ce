"""What is searched of a generation: its vectors and its words, part by part in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.store.parts import WORDS, Part
from rag.store.vectors import VectorReader
from rag.store.word_search import WordReader


@dataclass(frozen=True, slots=True)
class Searches:
    """The searches of some parts, at least one of which has passages."""

    vectors: VectorReader
    words: WordReader

    @classmethod
    def of(cls, parts: Sequence[Part]) -> Searches:
        """Opens the files. Raises what FAISS and numpy raise, or ValueError, where one is not what it should be."""
        having = [part for part in parts if part.passages]
        made = cls(VectorReader(having), WordReader([part.path(WORDS) for part in having]))
        if made.words.count != made.vectors.count:
            raise ValueError("there are words of passages too many or too few")
        return made
