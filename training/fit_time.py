"""Fits what the time of an article is worth: the weights of TIME in `rag/extract/models/support.json`.

    python -m training.fit_time --data FOLDER [--cases FILE]

to be run after `training.fit_support`, whose coefficients stay as they are: those of the time stand beside them, and
are 0 for what has no date and for questions without a day or a time. Questions of the archive's develop weeks are
asked of the whole archive as of their day, and again without the articles that hold their gold. Right is a sentence
that holds the gold's words (`eval.datasets.gold_forms`). RANKS are fitted so that of all sentences of a question a
right one comes first (conditional likelihood), DECIDES so that the confidence of the best is the share of right ones.
An answer of another time than the one that is named is worth what is the share of right ones among such (`other`).
With --cases what was read is kept in a file, and used when it is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.optimize import minimize
from scipy.special import logsumexp

from eval import datasets
from eval.bench import CACHE
from eval.cases import Case
from eval.setup import Setup
from eval.understanders import as_one
from rag.answer.reader import networks
from rag.calibrate.judge import holds_words
from rag.extract import READ_ALONE, ReadingExtractor, shipped_model
from rag.extract.features import FEATURES, Read, features
from rag.extract.logistic import Linear, Stages
from rag.extract.timely import TIME, Timely
from rag.types import Query
from rag.types.settings import Settings

RANKS = ("apart", "older", "of_time", "of_other")
DECIDES = ("apart", "older", "of_time", "of_other")
MODELS = ("first", "both", "both_alone")
_PENALTY = 0.01
_ALONE = 6  # sentences that are read by themselves, of which the fitted order takes READ_ALONE


@dataclass(frozen=True, slots=True)
class Timed:
    """A question that was asked: of each sentence the numbers of TIME and whether it is right, and the logits without
    them; of those that were read by themselves, too."""

    id: str
    group: str
    answerable: bool
    removed: bool
    rank: NDArray[np.float64]
    times: NDArray[np.float64]  # (sentences, len(TIME))
    right: NDArray[np.bool_]
    elsewhere: NDArray[np.bool_]
    alone: NDArray[np.int64]  # places of the sentences that were read by themselves
    alone_rank: NDArray[np.float64]
    alone_decide: NDArray[np.float64]

    def best(self, rank: NDArray[np.float64]) -> int:
        """The place among `alone` of the sentence that would be shown first, by weights of TIME."""
        among = (self.rank + self.times @ rank)[self.alone]
        chosen = np.argsort(-among, kind="stable")[:READ_ALONE]
        return int(chosen[np.argmax((self.alone_rank + self.times[self.alone] @ rank)[chosen])])


def asked(data: Path) -> list[Timed]:
    """The develop weeks, each question of the whole archive, and where it is answerable without its articles."""
    every, removed = datasets.load("archive", data), datasets.load("archive_removed", data)
    setup = Setup(every, CACHE, Settings())
    model, extractor = shipped_model(), ReadingExtractor(networks(), shipped_model(), fast=True)
    cases = [case for case in every.cases if not case.answerable] + list(removed.cases)
    return [
        timed
        for case in track([case for case in cases if case.part == "develop" and not case.unscorable], "asking")
        if (timed := _asked(case, setup, model.both, extractor)) is not None
    ]


def _asked(case: Case, setup: Setup, model: Stages, extractor: ReadingExtractor) -> Timed | None:
    question = as_one(setup.assistant.understand(case.asked.question, day=case.asked.day))
    hits = setup.hits(case.asked)
    both = extractor.again(question, extractor.read(question, hits))
    rows = np.array(features(question, both)).reshape(-1, len(FEATURES))
    if not len(rows):
        return None
    rank = _bare(model.among.rank).logits(rows)
    places = np.argsort(-rank, kind="stable")[:_ALONE]
    alone = np.array(features(question, extractor.alone(question, both, places.tolist())))[places]
    return Timed(
        case.id,
        case.group,
        case.answerable,
        bool(case.asked.hidden),
        rank,
        rows[:, [FEATURES.index(name) for name in TIME]],
        np.array([case.answerable and holds_words(text, case.answers) for text in _sentences(both)], dtype=np.bool_),
        np.array(_elsewhere(question, both), dtype=np.bool_),
        places,
        _bare(model.alone.rank).logits(alone),
        _bare(model.alone.decide).logits(alone),
    )


def _bare(model: Linear) -> Linear:
    return Linear({name: weight for name, weight in model.weights.items() if name not in TIME}, model.intercept)


def _sentences(reads: Sequence[Read]) -> list[str]:
    return [read.hit.passage.slice(s.start, s.end) for read in reads for s, _ in read.candidates()]


def _elsewhere(question: Query, reads: Sequence[Read]) -> list[bool]:
    timely = Timely(question, [read.hit for read in reads])
    return [timely.elsewhere(read.hit) for read in reads for _ in read.candidates()]


def fitted_rank(cases: Sequence[Timed]) -> NDArray[np.float64]:
    """Weights of TIME by which a right sentence comes first."""
    used = [case for case in cases if case.right.any() and not case.right.all()]

    def loss(weights: NDArray[np.float64]) -> float:
        total = _PENALTY * len(used) * float(weights @ weights)
        for case in used:
            logits = case.rank + case.times[:, _columns(RANKS)] @ weights
            total += float(logsumexp(logits) - logsumexp(logits[case.right]))
        return total

    return _spread(RANKS, minimize(loss, np.zeros(len(RANKS)), method="L-BFGS-B").x)


def fitted_decide(cases: Sequence[Timed], rank: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of TIME by which the confidence of the best sentence is the share of right ones."""
    best = [(case, case.best(rank)) for case in cases]
    base = np.array([case.alone_decide[at] for case, at in best])
    times = np.array([case.times[case.alone[at]] for case, at in best])[:, _columns(DECIDES)]
    right = np.array([case.right[case.alone[at]] for case, at in best])

    def loss(weights: NDArray[np.float64]) -> float:
        logits = base + times @ weights
        total = float(np.logaddexp(0, logits).sum() - logits[right].sum())
        return total + _PENALTY * len(best) * float(weights @ weights)

    return _spread(DECIDES, minimize(loss, np.zeros(len(DECIDES)), method="L-BFGS-B").x)


def _columns(names: Sequence[str]) -> list[int]:
    return [TIME.index(name) for name in names]


def _spread(names: Sequence[str], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    out = np.zeros(len(TIME))
    out[_columns(names)] = weights
    return out
