"""Fits what the time of an article is worth: the weights of TIME in `rag/extract/models/support.json`.

    python -m training.fit_time --data FOLDER [--cases FILE]

to be run after `training.fit_support`, whose coefficients stay as they are: those of the time stand beside them, and
are 0 for what has no date and for questions without a day or a time. Questions of the archive's develop weeks are
asked of the whole archive as of their day, and again without the articles that hold their gold. Right is a sentence
that holds the gold's words (`eval.datasets.gold_forms`). Those that rank are fitted so that of all sentences of a
question a right one comes first (conditional likelihood), those that decide so that the confidence of the best is the
share of right ones. An answer of another time than the one that is named is worth what is the share of right ones
among such (`other`). With --cases what was read is kept in a file, and used when it is there.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from sklearn.metrics import roc_auc_score

from eval import datasets
from eval.archive import bare
from eval.bench import CACHE
from eval.cases import Case
from eval.parts import sha1
from eval.reading import remember
from eval.setup import Setup
from eval.understanders import as_one
from rag.answer.reader import networks
from rag.calibrate.judge import holds_words
from rag.extract import READ_ALONE, ReadingExtractor, shipped_model
from rag.extract.features import FEATURES, Read, features
from rag.extract.logistic import Stages
from rag.extract.timely import TIME
from rag.types.settings import Settings
from training.fit_support import OUT
from training.seal import seal

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
    rank = bare(model.among.rank).logits(rows)
    places = np.argsort(-rank, kind="stable")[:_ALONE]
    alone = np.array(features(question, extractor.alone(question, both, places.tolist())))[places]
    return Timed(
        case.id,
        case.group,
        case.answerable,
        bool(case.asked.hidden),
        rank,
        rows[:, [FEATURES.index(name) for name in TIME]].copy(),
        np.array([case.answerable and holds_words(text, case.answers) for text in _sentences(both)], dtype=np.bool_),
        np.array([read.elsewhere for read in both for _ in read.among], dtype=np.bool_),
        places,
        bare(model.alone.rank).logits(alone),
        bare(model.alone.decide).logits(alone),
    )


def _sentences(reads: Sequence[Read]) -> list[str]:
    return [read.hit.passage.slice(s.start, s.end) for read in reads for s, _ in read.candidates()]


def keep(file: Path, cases: Sequence[Timed]) -> None:
    """Writes cases to a file."""
    rows = [{name: np.asarray(getattr(case, name)).tolist() for name in Timed.__slots__} for case in cases]
    file.write_text(json.dumps({"times": TIME, "cases": rows}) + "\n", encoding="utf-8")


def kept(file: Path) -> list[Timed]:
    """The cases of such a file; ValueError where they are of other numbers."""
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if data["times"] != list(TIME):
        raise ValueError(f"{file} has other numbers of the time; name another file, and the cases are asked anew")
    cases: list[dict[str, Any]] = [
        {n: np.array(v) if isinstance(v, list) else v for n, v in row.items()} for row in data["cases"]
    ]
    return [Timed(**its) for its in cases]


def fitted_rank(cases: Sequence[Timed]) -> NDArray[np.float64]:
    """Weights of TIME by which a right sentence comes first."""
    used = [case for case in cases if case.right.any() and not case.right.all()]

    def loss(weights: NDArray[np.float64]) -> float:
        total = _PENALTY * len(used) * float(weights @ weights)
        for case in used:
            logits = case.rank + case.times @ weights
            total += float(logsumexp(logits) - logsumexp(logits[case.right]))
        return total

    return _least(loss)


def fitted_decide(cases: Sequence[Timed], rank: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of TIME by which the confidence of the best sentence is the share of right ones."""
    best = [(case, case.best(rank)) for case in cases]
    base = np.array([case.alone_decide[at] for case, at in best])
    times = np.array([case.times[case.alone[at]] for case, at in best])
    right = np.array([case.right[case.alone[at]] for case, at in best])

    def loss(weights: NDArray[np.float64]) -> float:
        logits = base + times @ weights
        total = float(np.logaddexp(0, logits).sum() - logits[right].sum())
        return total + _PENALTY * len(best) * float(weights @ weights)

    return _least(loss)


def _least(loss: Callable[[NDArray[np.float64]], float]) -> NDArray[np.float64]:
    """That an article is far from the time that is meant never counts for it: no weight is above 0."""
    bounds = [(None, 0.0)] * len(TIME)
    weights: NDArray[np.float64] = minimize(loss, np.zeros(len(TIME)), method="L-BFGS-B", bounds=bounds).x
    return weights


def fitted_other(cases: Sequence[Timed], rank: NDArray[np.float64]) -> tuple[float, int]:
    """The share of right ones (as Jeffreys estimates it) among best sentences of another time, and their number."""
    right = [bool(case.right[at]) for case in cases if case.elsewhere[at := int(case.alone[case.best(rank)])]]
    return round((sum(right) + 0.5) / (len(right) + 1), 4), len(right)


def crossed(cases: Sequence[Timed]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidences out of sample, and whether the best is right: each week's by what was fitted on the other folds."""
    confidence, right = np.zeros(len(cases)), np.zeros(len(cases), dtype=np.bool_)
    folds = np.array([int(sha1(case.group), 16) % 5 for case in cases])
    for fold in range(5):
        used = [case for case, its in zip(cases, folds, strict=True) if its != fold]
        rank = fitted_rank(used)
        decide = fitted_decide(used, rank)
        for i in np.flatnonzero(folds == fold).tolist():
            confidence[i], right[i] = confidence_of(cases[i], rank, decide)
    return confidence, right


def confidence_of(case: Timed, rank: NDArray[np.float64], decide: NDArray[np.float64]) -> tuple[float, bool]:
    """Of the best sentence, and whether it is right."""
    at = case.best(rank)
    place = int(case.alone[at])
    return float(expit(case.alone_decide[at] + case.times[place] @ decide)), bool(case.right[place])


def report(
    cases: Sequence[Timed], confidence: NDArray[np.float64], right: NDArray[np.bool_], threshold: float
) -> dict[str, Any]:
    """Figures of a fit: `right_at_0.3` of the questions that were asked of the whole archive, surest first."""
    whole = np.array([not case.removed for case in cases])
    order = np.argsort(-confidence[whole], kind="stable")
    surest = right[whole][order][: round(0.3 * len(order))]
    given = whole & (confidence >= threshold)
    return {
        "cases": len(cases),
        "auroc_right": round(float(roc_auc_score(right, confidence)), 4),
        "right_at_0.3": round(float(surest.mean()), 4),
        "right_of_given": f"{int(right[given].sum())}/{int(given.sum())}",
        "refused_without_articles": round(float((confidence[~whole] < threshold).mean()), 4),
        "brier": round(float(((confidence - right) ** 2).mean()), 4),
    }


def main() -> None:
    """Asks, fits, reports and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cases", type=Path)
    options = parser.parse_args()
    remember()
    there = options.cases is not None and options.cases.is_file()
    cases = kept(options.cases) if there else asked(options.data)
    if options.cases is not None and not there:
        keep(options.cases, cases)
    out = json.loads(OUT.read_text(encoding="utf-8"))
    threshold, none = out["both_alone"]["threshold"], np.zeros(len(TIME))
    before, held = zip(*(confidence_of(case, none, none) for case in cases), strict=True)
    found = {
        "without the time": report(cases, np.array(before), np.array(held), threshold),
        "out of fold": report(cases, *crossed(cases), threshold),
    }
    print(json.dumps(found, indent=1))
    rank = fitted_rank(cases)
    decide = fitted_decide(cases, rank)
    other, number = fitted_other(cases, rank)
    for model in MODELS:
        for part, weights in (("rank", rank), ("decide", decide), ("further", decide)):
            given = {name: round(float(w), 4) for name, w in zip(TIME, weights, strict=True)}
            out[model][part]["weights"] |= given
    out["time"] = {"other": other, "fitted_on": f"{len(cases)} questions, {number} of another time", "report": found}
    OUT.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    seal(OUT.parent)


if __name__ == "__main__":
    main()
