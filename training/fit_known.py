"""Fits the confidence of answers on an article as a whole and on topics: `known` in `rag/extract/models/support.json`.

    python -m training.fit_known --data FOLDER

to be run after `training.fit_support`. Answers were judged one by one (`eval/questions/judged_*.jsonl`, by hash, the
texts stay out): right is an opening that tells the subject or the main event of its article, and a sentence on a topic
that tells something of it and does not only name it. Openings are of SQuAD 2.0's train set, whose
passages the networks have read in training, without this question; those of the news, on which nothing that ships is
fitted or trained, are reported. Topics are titles and names in people's questions of the sets below,
asked of an index of their passages, half of them without the passage of the question; beside them stand the topics on
the seed article. On the day and the author of an article own questions are asked of a record of each sort
(`record.jsonl`): a share, as Jeffreys estimates it. A quotation that was not judged is left out, and counted.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from eval.datasets import seeds
from rag import embed
from rag.answer.opening import open_assistant
from rag.build import sync_index
from rag.extract import shipped_model
from rag.types.settings import Settings
from training.fit_support import OUT
from training.known_cases import ModeAsker, TopicCase, about, on_records, on_seed_topics, on_topics
from training.seal import seal

NUMBERS = {"about": ("logit", "titled", "held"), "topic": ("logit",)}  # chosen on the develop parts, news included


def fitted(cases: Sequence[TopicCase], names: Sequence[str]) -> dict[str, Any]:
    """A logistic model of the numbers, and what it was fitted on."""
    table = np.array([[case.numbers[name] for name in names] for case in cases])
    right = np.array([case.right for case in cases])
    model = LogisticRegression(C=1.0).fit(table, right)
    weights = {name: round(float(w), 4) for name, w in zip(names, model.coef_[0], strict=True)}
    return {"weights": weights, "intercept": round(float(model.intercept_[0]), 4), "fitted_on": _counts(cases)}


def shares(cases: Sequence[TopicCase], name: str | None = None) -> dict[str, Any]:
    """The share of right ones, as a model without a number, or with one that is 0 or 1."""
    cells = [[case.right for case in cases if name is None or case.numbers[name] == at] for at in (0, 1)]
    zero, one = (math.log((sum(its) + 0.5) / (len(its) - sum(its) + 0.5)) for its in cells)
    weights = {name: round(one - zero, 4)} if name else {}
    return {"weights": weights, "intercept": round(zero, 4), "fitted_on": _counts(cases)}


def _counts(cases: Sequence[TopicCase]) -> dict[str, str]:
    return {
        source: f"{sum(c.right for c in cases if c.source == source)}/{sum(c.source == source for c in cases)} right"
        for source in sorted({case.source for case in cases})
    }


def tell(what: str, model: Mapping[str, Any], cases: Sequence[TopicCase], threshold: float) -> None:
    """Prints how well calibrated a model is on cases, by source and part, beside the 0.9 that once stood there."""
    for source, part in sorted({(case.source, case.part) for case in cases}):
        its = [case for case in cases if (case.source, case.part) == (source, part)]
        total = [model["intercept"] + sum(w * c.numbers[n] for n, w in model["weights"].items()) for c in its]
        p, right = 1 / (1 + np.exp(-np.array(total))), np.array([case.right for case in its])
        sure = p >= threshold
        print(
            f"{what:13s} {source:20s} {part:8s} {len(its):3d} right {right.mean():.3f} confidence {p.mean():.3f} "
            f"Brier {np.mean((p - right) ** 2):.3f} (of 0.9: {np.mean((0.9 - right) ** 2):.3f}); "
            f"answered {sure.sum()}, right {right[sure].sum()}, confidence {p[sure].mean() if sure.any() else 0:.3f}"
        )


def main() -> None:
    """Asks, fits, reports and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    model, source = shipped_model(), embed.resolve(Settings().encoder)
    encoder = embed.SentenceTransformerEncoder(source)
    askers = [ModeAsker(mode, model, encoder) for mode in ("first", "both", "given")]
    with tempfile.TemporaryDirectory() as work:
        sync_index(seeds.SEEDS, Path(work) / "index", Settings(), encoder=encoder)
        assistant = open_assistant(Path(work) / "index", Settings(), encoder)
        of_seeds, of_record = on_seed_topics(assistant, askers), on_records(assistant)
    of_topics = [of_seeds, *(on_topics(options.data, part, askers, encoder) for part in ("develop", "test"))]
    of_opening = about(options.data, askers)
    known: dict[str, dict[str, Any]] = {}
    for mode in ("first", "both", "given"):
        threshold = {"first": model.first, "both": model.both, "given": model.given}[mode].threshold
        cases = {"about": of_opening[mode], "topic": [case for found in of_topics for case in found.get(mode, ())]}
        for kind, its in cases.items():
            used = [case for case in its if case.part == "develop" and case.source != "news"]
            known.setdefault(mode, {})[kind] = fitted(used, NUMBERS[kind])
            tell(f"{mode} {kind}", known[mode][kind], its, threshold)
    for kind, name in (("dated", None), ("written", "beside")):
        used = [case for case in of_record[kind] if case.part == "develop"]
        known.setdefault("record", {})[kind] = shares(used, name)
        tell(kind, known["record"][kind], of_record[kind], model.both.threshold)
    out = json.loads(options.out.read_text(encoding="utf-8"))
    out["encoder"] = {"name": source.name, "sha256": source.sha256}
    out["known"] = known
    options.out.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    if options.out == OUT:
        seal(OUT.parent)


if __name__ == "__main__":
    main()
