"""Reads the develop parts with a reader and prints how well it finds answers and knows when there are none.

    python -m training.reader.score --model FOLDER --data FOLDER [--rows 300] [--out FILE]
    python -m training.reader.score --shipped first|second --data FOLDER

`--model` is a checkpoint or an export; `--shipped` a network of `rag/extract/models`, in 8 bits.
Measures of squad2_dev23 and squad2_train_rebuilt: F1 of the best span on answerable questions when an answer is forced;
AUROC of answerable against unanswerable for three scores; the F1 at the best threshold of each, an oracle's figure.
Measures of ClapNQ: the same AUROCs, beside the cosine of question and passage. Of other develop parts the AUROC of the
fused score: WikiQA, people's own questions; and questions of MADE_OF put to their passage against the same put to a
passage like it ("other") or to their own without the answer's sentences ("removed"). The questions written for this
project on develop passages have the measures of squad2_dev23.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from eval.parts import PLACEHOLDERS
from rag.calibrate.judge import token_f1
from rag.embed import SentenceTransformerEncoder, resolve
from rag.extract import shipped_networks
from rag.extract.inputs import Inputs, Text
from training.reader.best_span import ScoredSpan, load, read, read_shipped
from training.reader.data import REBUILT, ReadingRecord, Row, clapnq_rows, records
from training.reader.negatives import Neighbours, other_passage, without_answer
from training.reader.views import cut
from training.reader.written import WRITTEN

SCORES = ("margin", "answerable", "fused")
MADE_OF = ("nq_qed", "wiki_shift")
SQUAD2 = "squad2_dev23"
_UNSEEN = 1500  # rows of REBUILT, no title of which is trained on, while those of SQUAD2 stand in other sets, too


def measures(rows: Sequence[Row], readings: Sequence[ScoredSpan]) -> dict[str, float]:
    """Figures in the form of SQuAD 2.0. A row is answerable when it has answers."""
    answerable = np.array([bool(row["answers"]) for row in rows])
    right = np.array(
        [
            token_f1(row["context"][reading.start : reading.end], row["answers"]) if row["answers"] else 0.0
            for row, reading in zip(rows, readings, strict=True)
        ]
    )
    found = {"rows": float(len(rows)), "forced_f1": float(right[answerable].mean())}
    for name in SCORES:
        score = np.array([getattr(reading, name) for reading in readings])
        found[f"auroc_{name}"] = float(roc_auc_score(answerable, score))
        found[f"best_f1_{name}"] = _best_f1(score, right, answerable)
    return found


def develop_rows(folder: Path, name: str, limit: int | None = None) -> list[Row]:
    """The develop part of a set, or the rows of it with the lowest hashes."""
    rows = [_row(record) for record in records(folder, name, "develop")]
    return sorted(rows, key=lambda row: hashlib.sha256(row["id"].encode()).digest())[:limit]


def _row(record: ReadingRecord) -> Row:
    return {
        "id": record.id,
        "title": record.title,
        "question": record.question,
        "context": record.context,
        "answers": list(record.texts),
    }


def texts_of(rows: Sequence[Row]) -> list[Text]:
    """What is read of each row; titles that say nothing are left out."""
    return [_text(row["question"], row["title"], row["context"]) for row in rows]


def _text(question: str, title: str, context: str) -> Text:
    return question, "" if title in PLACEHOLDERS else title, context


def clapnq(reading: Callable[[Sequence[Text]], list[ScoredSpan]], folder: Path) -> dict[str, float]:
    """AUROC of answerable against unanswerable on ClapNQ's develop part, beside the cosine's."""
    rows = [row for row in clapnq_rows(folder) if row["part"] == "develop"]
    answerable = [row["answerable"] for row in rows]
    readings = reading(texts_of(rows))
    encoder = SentenceTransformerEncoder(resolve("all-MiniLM-L6-v2"))
    questions = encoder.encode([row["question"] for row in rows], query=True)
    cosine = (questions * encoder.encode([row["context"] for row in rows])).sum(1)
    found = {f"auroc_{name}": roc_auc_score(answerable, [getattr(r, name) for r in readings]) for name in SCORES}
    return {
        "rows": len(rows),
        "answerable": sum(answerable),
        **found,
        "auroc_cosine": roc_auc_score(answerable, cosine),
    }


def elsewhere(reading: Callable[[Sequence[Text]], list[ScoredSpan]], folder: Path) -> dict[str, float]:
    """AUROC of answerable against unanswerable on other develop parts, by name."""
    wikiqa = records(folder, "wikiqa", "develop")
    fused = [one.fused for one in reading([_text(r.question, r.title, r.context) for r in wikiqa])]
    found = {"wikiqa": float(roc_auc_score([bool(record.texts) for record in wikiqa], fused))}
    pairs: dict[str, list[tuple[Text, Text]]] = {"other": [], "removed": []}
    for name in MADE_OF:
        asked = [record for record in records(folder, name, "develop") if record.texts]
        neighbours = Neighbours(asked)
        for record in asked:
            own = _text(record.question, record.title, record.context)
            other = other_passage(record, neighbours.of(record), Random(record.id))
            if other is not None:
                pairs["other"].append((own, _text(record.question, other.title, other.context)))
            rest = without_answer(record)
            if rest is not None:
                pairs["removed"].append((own, _text(record.question, record.title, cut(record, rest)[0])))
    for kind, its in pairs.items():
        with_, without = (reading(list(texts)) for texts in zip(*its, strict=True))
        labels = [True] * len(with_) + [False] * len(without)
        found[kind] = float(roc_auc_score(labels, [one.fused for one in with_ + without]))
    return found


def _best_f1(score: np.ndarray, right: np.ndarray, answerable: np.ndarray) -> float:
    """The largest mean F1 over all thresholds; a refusal is worth 1 where there is no answer."""
    order = np.argsort(-score, kind="stable")
    gains = np.concatenate([[0.0], np.cumsum(right[order] - ~answerable[order])])
    # Only between different scores is a threshold.
    ends = np.concatenate([[True], score[order][:-1] > score[order][1:], [True]])
    return float(((~answerable).sum() + gains[ends].max()) / len(score))


def main() -> None:
    """Scores and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--model", type=Path)
    which.add_argument("--shipped", choices=("first", "second"))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    reading: Callable[[Sequence[Text]], list[ScoredSpan]]
    if options.shipped:
        reading = partial(read_shipped, shipped_networks(resolve("all-MiniLM-L6-v2").folder), options.shipped)
    else:
        reader = load(options.model)
        reading = partial(read, reader, Inputs(reader.folder))
    rows = develop_rows(options.data, SQUAD2, options.rows)
    began = time.monotonic()
    found: dict[str, Any] = {f"{SQUAD2} develop": measures(rows, reading(texts_of(rows)))}
    found["ms_a_passage"] = 1000 * (time.monotonic() - began) / len(rows)
    for name, limit in ((REBUILT, _UNSEEN), (WRITTEN, None)):
        rows = develop_rows(options.data, name, limit)
        found[f"{name} develop"] = measures(rows, reading(texts_of(rows)))
    found["clapnq develop"] = clapnq(reading, options.data)
    found["other develop parts"] = elsewhere(reading, options.data)
    text = json.dumps(found, indent=1, default=float)
    print(text)
    if options.out:
        options.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
