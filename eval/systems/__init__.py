"""Ours and the systems beside it, each on the same corpus and questions.

`build` makes those that a set can be asked of. A system whose threshold was tuned says so by `tuned`: its `answered` is
then decided by the threshold with most right decisions on the develop part of the set.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eval.cases import Asked, Case, Prediction, System
from eval.setup import Setup
from eval.systems import baselines, cairn_peer, langchain_peer, ours, question_only
from eval.systems.question_only import QuestionOnly

OURS = "ours"


@dataclass(frozen=True, slots=True)
class Entry:
    """A system, and whether its threshold is tuned on the develop part rather than its own."""

    system: System
    tuned: bool
    probability: bool = False  # its score is meant as one, so calibration can be measured
    few: bool = False  # too slow for a large corpus, where it is asked a fixed sample


class Remembered:
    """A system that is asked each thing once in a run, however many rows and sets need it. Made when first asked."""

    def __init__(self, setup: Setup, name: str, make: Callable[[Setup], System]) -> None:
        self.name = name
        self._setup, self._make = setup, make
        self._known = setup.remembered.setdefault(name, {})

    @functools.cached_property
    def _system(self) -> System:
        return self._setup.systems.setdefault(self.name, self._make(self._setup))

    def ask(self, asked: Asked) -> Prediction:
        """As the system itself."""
        if asked not in self._known:
            self._known[asked] = self._system.ask(asked)
        return self._known[asked]


class Alone:
    """A system that knows no conversation: the last turn of one is put to it as a question of its own."""

    def __init__(self, setup: Setup, system: System) -> None:
        self.name = system.name
        self._setup, self._system = setup, system

    def ask(self, asked: Asked) -> Prediction:
        """As the system itself."""
        return self._system.ask(self._setup.alone(asked))


def build(setup: Setup, develop: Sequence[Case], *, peers: bool = True) -> list[Entry]:
    """The systems of a setup, ours first. `develop` are the questions that baselines may learn from."""

    def beside(name: str, make: Callable[[Setup], System]) -> Remembered:
        return Remembered(setup, name, lambda w: Alone(w, make(w)))

    program = Remembered(setup, OURS, ours.Ours)
    entries = [
        Entry(program, tuned=False, probability=True),
        Entry(ours.Renamed(program, "ours, threshold tuned here"), tuned=True, probability=True),
        Entry(ours.Always(program), tuned=False),
        Entry(ours.Never(program), tuned=False),
        Entry(QuestionOnly(program, question_only.NAME, question_only.by_our_own), tuned=True),
        Entry(QuestionOnly(program, question_only.NAME_HERE, question_only.by_these(develop)), tuned=True),
        Entry(beside(baselines.WordCoverage.name, baselines.WordCoverage), tuned=True),
        Entry(beside(baselines.CosineThreshold.name, baselines.CosineThreshold), tuned=True),
    ]
    if setup.dataset.asks_corpus:
        fast = Remembered(setup, "ours, fast", lambda w: ours.Ours(w, fast=True))
        entries.insert(2, Entry(fast, tuned=False, probability=True))
        entries += [
            Entry(beside("dense only", lambda w: ours.OverRanking(w, "dense")), tuned=True),
            Entry(beside("lexical only", lambda w: ours.OverRanking(w, "lexical")), tuned=True),
        ]
        if peers:
            cairn = beside(cairn_peer.Cairn.name, cairn_peer.Cairn)
            entries += [
                Entry(beside(langchain_peer.LangChainFaiss.name, langchain_peer.LangChainFaiss), tuned=True),
                Entry(cairn, tuned=False, few=True),
                Entry(ours.Renamed(cairn, "cairn-assistant, threshold tuned here"), tuned=True, few=True),
            ]
    return entries
