"""Fits the coefficients of `rag/models/support.json`.

    python training/fit_support.py --data FOLDER [--questions 2400]

reads `FOLDER/reading/squad2_dev23.jsonl` (SQuAD 2.0, CC BY-SA 4.0). Each title becomes an article of paragraphs; the
articles of a part become an index; each question is asked of the real retriever and extractor. A third of the
answerable questions is asked with every passage of the gold paragraph taken out of the hits. `train` fits both
logistic models, `develop` sets the threshold: the one with most questions right, counting right refusals. For the
confidence and the threshold the questions are weighted so that half of the weight is on answerable ones, a quarter on
those with the gold taken out, a quarter on those that SQuAD's authors wrote to look answerable.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from eval.parts import parts_of_records
from rag.extract import FEATURES
from rag.load.normalise import normalise
from rag.pipeline import open_assistant, sync_index
from rag.settings import Settings

OUT = Path(__file__).parent.parent / "rag" / "models" / "support.json"


SHARES = {"answerable": 0.5, "removed": 0.25, "unanswerable": 0.25}


@dataclass
class Case:
    """One question asked: its sentences' features and which of them hold the gold answer."""

    sort: str  # a key of SHARES
    features: NDArray[np.float64]
    right: NDArray[np.bool_]

    @property
    def answerable(self) -> bool:
        return self.sort == "answerable"


def _order(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _articles(rows: list[dict], folder: Path) -> dict[str, tuple[str, int]]:
    """Writes one file a title; returns for each context its file and its offset in the article."""
    by_title: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        by_title[row["title"]].setdefault(row["context"])
    places = {}
    for title, contexts in by_title.items():
        name = f"{_order(title)[:12]}.txt"
        text = f"---\ntitle: {json.dumps(title.replace('_', ' '))}\n---\n"
        for context in contexts:
            places[context] = (name, len(text))
            text += context + "\n\n"
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return places


def collect(rows: list[dict], limit: int) -> list[Case]:
    """Asks up to `limit` questions of an index over their articles."""
    settings = Settings()
    rows = [row for row in rows if normalise(row["context"]) == row["context"] and "\n\n" not in row["context"]]
    cases = []
    with tempfile.TemporaryDirectory() as work:
        seeds, index = Path(work, "seeds"), Path(work, "index")
        seeds.mkdir()
        places = _articles(rows, seeds)
        print(sync_index(seeds, index, settings).chunks, "passages")
        assistant = open_assistant(index, settings)
        from rag.question import analyse  # the stages are used one by one here, to get at the features
        from rag.retrieve import retrieve

        chosen = sorted(rows, key=lambda row: _order(row["id"]))[:limit]
        for row in track(chosen, "asking"):
            question = analyse(row["question"], settings.max_question_chars)
            removed = bool(row["answers"]) and int(_order("removed" + row["id"]), 16) % 3 == 0
            name, at = places[row["context"]]
            end = at + len(row["context"])
            hits = retrieve(question, assistant.store, assistant.encoder, settings, 2 * settings.passages)

            def is_gold(hit, name=name, at=at, end=end):
                return hit.passage.info.path == name and hit.passage.chunk.start < end and at < hit.passage.chunk.end

            if removed:
                hits = [hit for hit in hits if not is_gold(hit)]
            hits = hits[: settings.passages]
            features, _ = assistant._extractor.features(question, hits)
            spans = [(at + s, at + s + len(a)) for s, a in zip(row["starts"], row["answers"], strict=True)]
            right = [
                not removed and hit.passage.info.path == name and any(s.start <= a and b <= s.end for a, b in spans)
                for hit in hits
                for s in hit.passage.chunk.sentences
            ]
            sort = "removed" if removed else "answerable" if row["answers"] else "unanswerable"
            cases.append(Case(sort, features, np.array(right)))
    return cases


def _weights(cases: list[Case]) -> NDArray[np.float64]:
    count = Counter(case.sort for case in cases)
    return np.array([SHARES[case.sort] / count[case.sort] for case in cases])


def main() -> None:
    """Fits, reports and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=2400)
    arguments = parser.parse_args()
    lines = (arguments.data / "reading" / "squad2_dev23.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    parts = parts_of_records("squad2_dev23", rows)
    cases = {
        part: collect([row for row, its in zip(rows, parts, strict=True) if its == part], arguments.questions)
        for part in ("train", "develop")
    }
    train, develop = cases["train"], cases["develop"]
    rank = LogisticRegression(C=1.0, max_iter=2000)
    rank.fit(np.vstack([c.features for c in train]), np.concatenate([c.right for c in train]))

    def best(case: Case) -> tuple[float, bool]:
        logits = rank.decision_function(case.features)
        i = int(np.argmax(logits))
        return float(logits[i]), bool(case.right[i])

    scored = {part: [best(case) for case in group] for part, group in cases.items()}
    confidence = LogisticRegression(C=1e6)
    logits, hit = zip(*scored["train"], strict=True)
    confidence.fit(np.array(logits)[:, None], hit, sample_weight=_weights(train) * len(train))
    probability = confidence.predict_proba([[z] for z, _ in scored["develop"]])[:, 1]
    right = np.array([r for _, r in scored["develop"]])
    answerable = np.array([c.answerable for c in develop])
    weights = _weights(develop)
    grid = np.round(np.arange(0.05, 0.95, 0.01), 2)
    joint = [float(np.average(np.where(probability >= t, right, ~answerable), weights=weights)) for t in grid]
    threshold = float(grid[int(np.argmax(joint))])
    refused = {
        sort: round(
            float(np.mean([p < threshold for p, c in zip(probability, develop, strict=True) if c.sort == sort])),
            4,
        )
        for sort in SHARES
    }
    report = {
        "train_questions": len(train),
        "develop_questions": len(develop),
        "develop_right_sentence_first": round(float(right[answerable].mean()), 4),
        "develop_auroc_right": round(float(roc_auc_score(right, probability)), 4),
        "develop_auroc_answerable": round(float(roc_auc_score(answerable, probability)), 4),
        "develop_joint_weighted": round(max(joint), 4),
        "develop_joint_always_refusing": 0.5,
        "develop_joint_always_answering": round(float(np.average(right, weights=weights)), 4),
        "develop_refused": refused,
        "threshold": threshold,
    }
    coefficients = dict(zip(FEATURES, rank.coef_[0].round(4).tolist(), strict=True))
    print(json.dumps(report, indent=1), json.dumps(coefficients, indent=1), Counter(right.tolist()))
    OUT.write_text(
        json.dumps(
            {
                "fitted_on": "SQuAD 2.0 development articles, train part of eval/parts.py; CC BY-SA 4.0",
                "report": report,
                "rank": {**coefficients, "intercept": round(float(rank.intercept_[0]), 4)},
                "confidence": {
                    "logit": round(float(confidence.coef_[0][0]), 4),
                    "intercept": round(float(confidence.intercept_[0]), 4),
                },
                "threshold": threshold,
            },
            indent=1,
        )
        + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
