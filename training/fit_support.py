"""Fits the coefficients of `rag/extract/models/support.json`.

    python -m training.fit_support --data FOLDER [--features FILE]

to be run after the networks of `rag/extract/models` changed. Only develop parts are used, on which none was trained.
*Corpus*: the passages of several reading sets become articles of one index; their questions, and those on the seed
article, are asked of the real retriever and networks, and so are the last turns of conversations. A third of the
answerable questions of the reading sets is asked of the index without the passages of the gold paragraph.
*Given*: SQuAD 2.0 and ClapNQ as they are, one passage a question, and Natural Questions with their passage or another.
Of the questions written for this project only those of whose words their passage holds a quarter to half are among
them, asked of the index: the networks are surer of all of these than of a user's, having learnt from the same hands.

A sentence is right when by the rule of what shipped (`eval.loss_before`) an answer that quotes it first, with the short
answer that would be shown, is right. A first logistic model is fitted on all sentences that were read, to find the
best; a second, without what only ranks (CHOOSING), on the best of each case alone: its probability is the confidence.
Half of its logit learns whether that sentence is right, half whether the passages answer at all, and both together are
calibrated to the former; what few cases have comes beside them as it is set (SET). Whether a further sentence is quoted
beside it says the former alone, without CHOOSING. So it is done before the best sentences are read by themselves, for
which these are found, and after (`..._alone`). Answerable and unanswerable cases weigh the same, each sort of the
unanswerable ones as SORTS says, and in the fit the sources as the roots of their numbers, so that the large ones are
not all it knows. The threshold stays where it is while it is among those with about the most cases right, right
refusals included, else it becomes their middle; each case is asked by models that were fitted without its source, as
the articles of those who use it are another one, and the written ones, by the hands that the networks learnt from, have
no say in it. With --features what was read is kept in a file, and used when it is there."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from eval.parts import sha1
from eval.reading import remember
from rag import embed
from rag.answer.reader import networks
from rag.extract.features import ALONE, CHOOSING, FEATURES, SECOND
from rag.extract.timely import TIME
from rag.types.settings import Settings
from training.read_hits import HitReader, SupportCase, keep, kept
from training.reader.written import WRITTEN
from training.seal import seal
from training.support_cases import corpus, given, seed_cases, turns
from training.support_fit import Fit, by_sort

OUT = Path(__file__).parent.parent / "rag" / "extract" / "models" / "support.json"
_GRID = np.round(np.arange(0.05, 0.95, 0.01), 2)  # thresholds
_SMOOTHED = 31  # hundredths
_AS_GOOD = 0.005
# With the passage given only what the networks say of it: how many words it shares with the question tells SQuAD 2.0's
# unanswerable questions, which were written from their passage, and not others'.
MODELS = {
    "first": tuple(name for name in FEATURES if name not in (*SECOND, *ALONE, *TIME)),
    "both": tuple(name for name in FEATURES if name not in (*ALONE, *TIME)),
    # Of the two that were read alone the right one is found more often without shared words.
    "both_alone": tuple(name for name in FEATURES if name not in (*CHOOSING, *TIME)),
    "given": (*SECOND, "cosine", "explains"),
    "given_alone": (*SECOND, *ALONE, "cosine", "explains"),
}


Confidences = tuple[NDArray[np.float64], NDArray[np.bool_]]  # of each case, and whether its best sentence is right


def crossed(names: Sequence[str], cases: Sequence[SupportCase], stage: str, parts: Sequence[Any]) -> Confidences:
    """Confidences out of sample: each case's by a model that was fitted on the cases of all parts but its own."""
    probability, right = np.zeros(len(cases)), np.zeros(len(cases), dtype=np.bool_)
    for part in dict.fromkeys(parts):
        held = np.array([its == part for its in parts])
        fit = Fit(names, [case for case, its in zip(cases, held, strict=True) if not its], stage)
        probability[held], right[held] = fit.probability([c for c, its in zip(cases, held, strict=True) if its])
    return probability, right


def fifths(cases: Sequence[SupportCase]) -> list[int]:
    """Parts of the cases by their ids."""
    return [int(sha1(case.id), 16) % 5 for case in cases]


def chosen(
    cases: Sequence[SupportCase],
    probability: NDArray[np.float64],
    right: NDArray[np.bool_],
    shipped: float | None = None,
) -> float:
    """The threshold: of a smoothed curve, as its top is flat and single cases make it rough, what ships now if it is
    about as good as the best, else the middle of what is, with the weights of the fit; the written cases have no say.
    """
    asked = np.array([case.source != WRITTEN for case in cases])
    cases, probability, right = [case for case in cases if case.source != WRITTEN], probability[asked], right[asked]
    joint = [_decided(cases, probability, right, t, root=True) for t in _GRID]
    smooth = np.convolve(joint, np.ones(_SMOOTHED) / _SMOOTHED, "valid")
    as_good = np.flatnonzero(smooth >= smooth.max() - _AS_GOOD) + _SMOOTHED // 2
    if shipped is not None and np.isclose(_GRID[as_good], shipped, atol=0.005).any():
        return shipped
    return float(_GRID[round(float(as_good.mean()))])


def _decided(
    cases: Sequence[SupportCase],
    probability: NDArray[np.float64],
    right: NDArray[np.bool_],
    threshold: float,
    *,
    root: bool = False,
) -> float:
    """The share of right decisions."""
    answerable = np.array([case.answerable for case in cases])
    decided = np.where(probability >= threshold, right, ~answerable)
    return float(np.average(decided, weights=by_sort(cases, root=root)))


def out_of_sample(
    names: Sequence[str], cases: Sequence[SupportCase], stage: str, shipped: float | None = None
) -> tuple[Confidences, Confidences, float]:
    """Confidences with the case's fifth held out, those with its source held out, and the threshold by the latter."""
    within = crossed(names, cases, stage, fifths(cases))
    without = crossed(names, cases, stage, [case.source for case in cases])
    return within, without, chosen(cases, *without, shipped)


def report(
    cases: Sequence[SupportCase], probability: NDArray[np.float64], right: NDArray[np.bool_], t: float
) -> dict[str, Any]:
    """Figures out of sample, decided at a threshold."""
    answerable = np.array([case.answerable for case in cases])
    found: dict[str, Any] = {
        "threshold": t,
        "cases": len(cases),
        "right_first": round(float(right[answerable].mean()), 4),
        "auroc_right": round(float(roc_auc_score(right, probability)), 4),
        "auroc_answerable": round(float(roc_auc_score(answerable, probability)), 4),
        "decisions_right": round(_decided(cases, probability, right, t), 4),
        "sources": {},
    }
    for source in dict.fromkeys(case.source for case in cases):
        its = np.array([case.source == source for case in cases])
        yes, no = its & answerable, its & ~answerable
        found["sources"][source] = {
            "answered_right": f"{int((right & (probability >= t))[yes].sum())}/{int(yes.sum())}",
            "right_first": f"{int(right[yes].sum())}/{int(yes.sum())}",
            "refused": f"{int((probability < t)[no].sum())}/{int(no.sum())}",
        }
    return found


def ablations(
    names: Sequence[str], cases: Sequence[SupportCase], stage: str, within: Confidences, without: Confidences, t: float
) -> None:
    """Prints figures with each feature left out, and of each source with questions of both sorts by a model that was
    fitted without it, beside those out of fold; both are given."""
    for left_out in names:
        rest = tuple(other for other in names if other != left_out)
        print(f"  without {left_out:18s}", _brief(cases, *crossed(rest, cases, stage, fifths(cases)), t))
    for source in dict.fromkeys(case.source for case in cases):
        held = np.array([case.source == source for case in cases])
        its = [case for case in cases if case.source == source]
        if len({case.answerable for case in its}) == 2:
            with_it, alone = (_brief(its, p[held], right[held], t) for p, right in (within, without))
            print(f"  {source}: fitted with it, out of fold {with_it}; without it {alone}")


def _brief(
    cases: Sequence[SupportCase], probability: NDArray[np.float64], right: NDArray[np.bool_], t: float
) -> dict[str, float]:
    found = report(cases, probability, right, t)
    return {key: found[key] for key in ("auroc_right", "auroc_answerable", "decisions_right")}


def main() -> None:
    """Asks, fits, reports and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--features", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    remember()
    cases = kept(options.features) if options.features and options.features.is_file() else None
    if cases is None:
        encoder = embed.SentenceTransformerEncoder(embed.resolve(Settings().encoder))
        reader = HitReader(networks(), Settings())
        cases = {
            "corpus": corpus(options.data, reader, encoder) + seed_cases(reader) + turns(options.data, reader),
            "given": given(options.data, reader, encoder),
        }
        if options.features:
            keep(options.features, cases)
    shipped = json.loads(OUT.read_text(encoding="utf-8"))
    source = embed.resolve(Settings().encoder)
    out: dict[str, Any] = {
        "fitted_on": "develop parts of eval/parts.py; see training/fit_support.py",
        "encoder": {"name": source.name, "sha256": source.sha256},
        "report": {},
        "known": shipped["known"],  # fitted anew by training/fit_known.py
        "time": shipped["time"],  # and by training/fit_time.py, with the weights of TIME
    }
    for name, names in MODELS.items():
        its, stage = cases["given" if name.startswith("given") else "corpus"], name.replace("given", "both")
        within, without, threshold = out_of_sample(names, its, stage, shipped[name]["threshold"])
        found = report(its, *within, threshold)
        print(name, json.dumps(found, indent=1))
        if name.endswith("_alone"):
            ablations(names, its, stage, within, without, threshold)
        out[name] = Fit(names, its, stage).object(threshold, shipped[name]["doubt"])
        out["report"][name] = found
    options.out.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    if options.out == OUT:
        seal(OUT.parent)


if __name__ == "__main__":
    main()
