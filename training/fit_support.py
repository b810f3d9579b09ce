"""Fits the coefficients of `rag/models/support.json`.

    python -m training.fit_support --data FOLDER [--features FILE]

to be run after the networks of `rag/models` changed. Only develop parts are used, on which these were not trained.
*Corpus*: the passages of several reading sets become articles of one index; their questions, and those on the seed
article, are asked of the real retriever and networks. A third of the answerable ones is asked with every passage of the
gold paragraph taken out of the hits. *Given*: SQuAD 2.0 and ClapNQ as they are, one passage a question.

A sentence is right when by the rule of certificates (`rag.loss`) an answer that quotes it first, with the short answer
that would be shown, is not wrong. A first logistic model is fitted on all sentences that were read, a second turns the
best one's logit into the confidence. Cases are weighted so that answerable and unanswerable ones weigh the same, and
each sort of the unanswerable ones (SORTS). The threshold is the one with most cases right, right refusals included.
With --features what was read is kept in a file, and used when it is there.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from eval.datasets import clapnq, seeds
from eval.parts import sha1
from rag import embed, extract
from rag.extract import ReadingExtractor, shipped_networks
from rag.extract.features import EXPLAINS, FEATURES, RETRIEVAL, SECOND, features
from rag.extract.network import Networks
from rag.load.normalise import normalise
from rag.loss import answer_words, holds_words, token_f1
from rag.pipeline import given_passage, open_assistant, sync_index
from rag.question import analyse
from rag.settings import Settings
from rag.types import Hit, Question
from training.reader.data import Record, records

OUT = Path(__file__).parent.parent / "rag" / "models" / "support.json"
# Develop parts that are asked of an index, and at most how many of their questions.
CORPUS = {"squad2_dev23": 700, "squad2_train": 250, "squad1_rest": 250, "wiki_shift": 300, "nq_qed": 250}
GIVEN = ("squad2_dev23", "squad2_train", "squad2_pairs_dev")
SORTS = {"answerable": 0.5, "removed": 0.25, "unanswerable": 0.25}
MODELS = {
    "first": tuple(name for name in FEATURES if name not in SECOND),
    "both": FEATURES,
    "given": tuple(name for name in FEATURES if name not in RETRIEVAL),
}


@dataclass
class Case:
    """One question that was asked: the features of the sentences that were read, and which are right."""

    id: str
    source: str
    sort: str  # a key of SORTS
    first: NDArray[np.float64]  # of all passages, by the first network alone
    first_right: NDArray[np.bool_]
    both: NDArray[np.float64]  # of those that were read again
    both_right: NDArray[np.bool_]

    @property
    def answerable(self) -> bool:
        """Whether the passages that were offered hold an answer."""
        return self.sort == "answerable"


def _right(question: Question, quote: str, marked: str, gold: Sequence[str]) -> bool:
    """`rag.loss.wrong`, of a sentence and the short answer that would be shown with it."""
    if not gold or not (holds_words(quote, gold) or any(holds_words(answer, [quote]) for answer in gold)):
        return False
    short = [answer for answer in gold if len(answer_words(answer)) <= 10]
    return question.kind in EXPLAINS or not short or token_f1(marked, short) >= 0.5


class Asking:
    """Reads hits as the program does, with both networks."""

    def __init__(self, networks: Networks, settings: Settings) -> None:
        model = extract.shipped_model()
        self._fast, self._both = (ReadingExtractor(networks, model, fast=fast) for fast in (True, False))
        self.settings = settings

    def case(self, id: str, source: str, sort: str, text: str, hits: Sequence[Hit], gold: Sequence[str]) -> Case:
        """What is read of a question's passages."""
        question = analyse(text, self.settings.max_question_chars)
        found: list[Any] = []
        for extractor in (self._fast, self._both):
            reads = extractor.read(question, hits)
            right = [
                _right(question, read.hit.passage.slice(sentence.start, sentence.end), read.marked(span), gold)
                for read in reads
                for sentence, span in read.candidates()
            ]
            found += [np.array(features(question, reads)), np.array(right, dtype=np.bool_)]
        return Case(id, source, sort, *found)


def corpus(data: Path, asking: Asking, encoder: Any) -> list[Case]:
    """The cases of an index over all sets of CORPUS."""
    settings, cases = asking.settings, []
    taken: list[tuple[Record, str]] = []
    with tempfile.TemporaryDirectory() as work:
        folder, index = Path(work, "seeds"), Path(work, "index")
        folder.mkdir()
        by_title: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for name, limit in CORPUS.items():
            its = [r for r in records(data, name, "develop") if normalise(r.context) == r.context]
            for record in its:
                by_title[name, record.title].setdefault(" ".join(record.context.split("\n\n")))
            taken += [(r, name) for r in sorted(its, key=lambda r: sha1(r.id))[:limit]]
        for (name, title), contexts in by_title.items():
            head = f"---\ntitle: {json.dumps(title.replace('_', ' ') or 'Untitled')}\n---\n"
            file = folder / f"{sha1(name + title)[:12]}.txt"
            file.write_text(head + "\n\n".join(contexts) + "\n", encoding="utf-8")
        print(sync_index(folder, index, settings, encoder=encoder).chunks, "passages")
        assistant = open_assistant(index, settings, encoder)
        for record, name in track(taken, "asking"):
            gold = record.texts
            hits = assistant.search(record.question, 2 * settings.passages)
            sort = "answerable" if gold else "unanswerable"
            if gold and int(sha1("removed" + record.id), 16) % 3 == 0:
                sort = "removed"
                hits = [hit for hit in hits if not _of_passage(hit, record.context)]
            cases.append(
                asking.case(
                    record.id, name, sort, record.question, hits[: settings.passages], gold if sort != "removed" else ()
                )
            )
    return cases


def _of_passage(hit: Hit, context: str) -> bool:
    return any(
        hit.passage.slice(s.start, s.end) in context for s in hit.passage.chunk.sentences if s.end - s.start > 20
    )


def seed_cases(asking: Asking, encoder: Any) -> list[Case]:
    """The cases of the seed questions' develop half."""
    settings = asking.settings
    with tempfile.TemporaryDirectory() as work:
        sync_index(seeds.SEEDS, Path(work), settings, encoder=encoder)
        assistant = open_assistant(Path(work), settings, encoder)
        return [
            asking.case(
                case.id,
                "seeds",
                "answerable" if case.answerable else "unanswerable",
                case.asked.question,
                assistant.search(case.asked.question, settings.passages),
                case.answers,
            )
            for case in track(seeds.read().cases, "seeds")
            if case.part == "develop" and analyse(case.asked.question, 1000).kind != "about"
        ]


def given(data: Path, asking: Asking, encoder: Any) -> list[Case]:
    """The cases with a passage of their own."""
    rows: list[tuple[str, str, str, str, str, Sequence[str]]] = [
        (r.id, name, r.question, r.title, r.context, r.texts) for name in GIVEN for r in records(data, name, "develop")
    ]
    rows += [
        (case.id, "clapnq", case.asked.question, case.asked.title, case.asked.context or "", case.answers)
        for case in clapnq.read(data).cases
        if case.part == "develop"
    ]
    cases = []
    for id, source, question, title, context, gold in track(rows, "given"):
        passage = given_passage(context, title)
        cosine = float((encoder.encode([question], query=True) @ encoder.encode([context]).T)[0, 0])
        hits = [Hit(passage, 0.0, cosine, None, None, None)]
        cases.append(asking.case(id, source, "answerable" if gold else "unanswerable", question, hits, gold))
    return cases


class Fit:
    """One logistic model, fitted on its cases."""

    def __init__(self, names: Sequence[str], cases: Sequence[Case], *, first: bool) -> None:
        self.names, self.first = tuple(names), first
        columns = [FEATURES.index(name) for name in names]
        self._of: Callable[[Case], tuple[NDArray[np.float64], NDArray[np.bool_]]] = (
            (lambda case: (case.first[:, columns], case.first_right))
            if first
            else (lambda case: (case.both[:, columns], case.both_right))
        )
        self.rank = LogisticRegression(C=1.0, max_iter=5000)
        used = [case for case in cases if len(self._of(case)[0])]
        weights = self.weights(used)
        rows, right = zip(*(self._of(case) for case in used), strict=True)
        # Features on about one scale, so that the penalty means the same for each; undone in the coefficients.
        stacked = np.vstack(rows)
        self._scale = stacked.std(0) + 1e-9
        each = np.repeat(weights, [len(r) for r in right])
        self.rank.fit(stacked / self._scale, np.concatenate(right), sample_weight=each * len(used))
        self.confidence = LogisticRegression(C=1e6)
        logits, hit = self.best(used)
        self.confidence.fit(logits[:, None], hit, sample_weight=weights * len(used))

    @staticmethod
    def weights(cases: Sequence[Case]) -> NDArray[np.float64]:
        """A weight a case, by its sort."""
        count = Counter(case.sort for case in cases)
        whole = sum(SORTS[sort] for sort in count)
        return np.array([SORTS[case.sort] / whole / count[case.sort] for case in cases])

    def best(self, cases: Sequence[Case]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The best sentence's logit, and whether it is right, of each case."""
        logits, hit = [], []
        for case in cases:
            rows, right = self._of(case)
            scores = rows / self._scale @ self.rank.coef_[0] + self.rank.intercept_[0]
            at = int(np.argmax(scores))
            logits.append(float(scores[at]))
            hit.append(bool(right[at]))
        return np.array(logits), np.array(hit)

    def probability(self, cases: Sequence[Case]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The best sentence's confidence, and whether it is right."""
        logits, hit = self.best(cases)
        found: NDArray[np.float64] = self.confidence.predict_proba(logits[:, None])[:, 1]
        return found, hit

    def object(self, threshold: float) -> dict[str, Any]:
        """What stands in support.json."""
        weights = self.rank.coef_[0] / self._scale
        return {
            "weights": {name: round(float(w), 5) for name, w in zip(self.names, weights, strict=True)},
            "intercept": round(float(self.rank.intercept_[0]), 5),
            "confidence": [
                round(float(self.confidence.coef_[0, 0]), 5),
                round(float(self.confidence.intercept_[0]), 5),
            ],
            "threshold": threshold,
        }


def crossed(
    names: Sequence[str], cases: Sequence[Case], *, first: bool
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Confidences out of fold: each case's by a model that was fitted on the other four fifths."""
    fold = np.array([int(sha1(case.id), 16) % 5 for case in cases])
    probability, right = np.zeros(len(cases)), np.zeros(len(cases), dtype=np.bool_)
    for number in range(5):
        held = [case for case, its in zip(cases, fold, strict=True) if its == number]
        fit = Fit(names, [case for case, its in zip(cases, fold, strict=True) if its != number], first=first)
        probability[fold == number], right[fold == number] = fit.probability(held)
    return probability, right


def report(cases: Sequence[Case], probability: NDArray[np.float64], right: NDArray[np.bool_]) -> dict[str, Any]:
    """The best threshold and figures, out of fold."""
    answerable = np.array([case.answerable for case in cases])
    weights = Fit.weights(cases)
    grid = np.round(np.arange(0.05, 0.95, 0.01), 2)
    joint = [float(np.average(np.where(probability >= t, right, ~answerable), weights=weights)) for t in grid]
    at = int(np.argmax(joint))
    t = float(grid[at])
    found: dict[str, Any] = {
        "threshold": t,
        "cases": len(cases),
        "right_first": round(float(right[answerable].mean()), 4),
        "auroc_right": round(float(roc_auc_score(right, probability)), 4),
        "auroc_answerable": round(float(roc_auc_score(answerable, probability)), 4),
        "decisions_right": round(joint[at], 4),
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


def main() -> None:
    """Asks, fits, reports and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--features", type=Path)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    cases = _kept(options.features) if options.features and options.features.is_file() else None
    if cases is None:
        encoder = embed.SentenceTransformerEncoder(embed.resolve(Settings().encoder))
        asking = Asking(shipped_networks(embed.packaged(extract.BASE)), Settings())
        cases = {
            "corpus": corpus(options.data, asking, encoder) + seed_cases(asking, encoder),
            "given": given(options.data, asking, encoder),
        }
        if options.features:
            _keep(options.features, cases)
    out: dict[str, Any] = {"fitted_on": "develop parts of eval/parts.py; see training/fit_support.py", "report": {}}
    for name, names in MODELS.items():
        its = cases["given" if name == "given" else "corpus"]
        found = report(its, *crossed(names, its, first=name == "first"))
        print(name, json.dumps(found, indent=1))
        for left_out in names if name != "first" else ():
            less = tuple(other for other in names if other != left_out)
            without = report(its, *crossed(less, its, first=False))
            print(
                f"  without {left_out:18s}",
                {k: without[k] for k in ("auroc_right", "auroc_answerable", "decisions_right")},
            )
        out[name] = Fit(names, its, first=name == "first").object(found["threshold"])
        out["report"][name] = found
    options.out.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


def _keep(file: Path, cases: dict[str, list[Case]]) -> None:
    arrays = {
        f"{name}/{at}/{part}": getattr(case, part)
        for name, its in cases.items()
        for at, case in enumerate(its)
        for part in ("first", "first_right", "both", "both_right")
    }
    heads = json.dumps({name: [(case.id, case.source, case.sort) for case in its] for name, its in cases.items()})
    np.savez_compressed(file, heads=np.array(heads), **arrays)


def _kept(file: Path) -> dict[str, list[Case]]:
    with np.load(file, allow_pickle=False) as arrays:
        heads = json.loads(str(arrays["heads"]))
        return {name: list(_cases(arrays, name, its)) for name, its in heads.items()}


def _cases(arrays: Any, name: str, heads: Sequence[Sequence[str]]) -> Iterator[Case]:
    for at, (id, source, sort) in enumerate(heads):
        parts = [arrays[f"{name}/{at}/{part}"] for part in ("first", "first_right", "both", "both_right")]
        yield Case(id, source, sort, *parts)


if __name__ == "__main__":
    main()
