"""Rankings in the TREC formats, and the measures of ir-measures on them.

A document is a passage where gold is by range or words, and an article (scored by its best passage) where gold is by
article. A query without results counts as 0. `Success@k` is whether a relevant one is among the first k; `R@k` is the
share of all relevant ones that is, which stays small where many passages hold the gold's words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import ir_measures
from ir_measures import RR, R, Success, nDCG

MEASURES = (Success @ 1, Success @ 5, Success @ 10, R @ 1, R @ 5, R @ 10, RR @ 10, nDCG @ 10)
CURVE = tuple(Success @ k for k in (1, 2, 3, 5, 7, 10, 15, 20, 30, 50))
Run = Mapping[str, Mapping[str, float]]  # query -> document -> score
Qrels = Mapping[str, Iterable[str]]  # query -> relevant documents


def best(hits: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The best score of each document."""
    out: dict[str, float] = {}
    for document, score in hits:
        out[document] = max(score, out.get(document, float("-inf")))
    return out


def write(folder: Path, qrels: Qrels, runs: Mapping[str, Run]) -> None:
    """`qrels.txt` and `<name>.run`, each query's documents in the order of the run. Spaces in ids become `_`.

    Tools that read run files order by score, in single precision, and break ties each in their own way; so the score
    that is written is the place from the end, which is exact and has no ties.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{_token(query)} 0 {_token(doc)} 1\n" for query, docs in qrels.items() for doc in docs]
    (folder / "qrels.txt").write_text("".join(lines), encoding="utf-8")
    for name, run in runs.items():
        lines = []
        for query, scores in run.items():
            ranked = sorted(scores.items(), key=lambda item: -item[1])
            for rank, (document, _) in enumerate(ranked, start=1):
                lines.append(f"{_token(query)} Q0 {_token(document)} {rank} {len(ranked) - rank + 1} {name}\n")
        (folder / f"{name}.run").write_text("".join(lines), encoding="utf-8")


def measure(folder: Path, name: str) -> dict[str, float]:
    """The measures of one run, read back from the files that other tools read."""
    qrels = list(ir_measures.read_trec_qrels(str(folder / "qrels.txt")))
    run = list(ir_measures.read_trec_run(str(folder / f"{name}.run")))
    found = ir_measures.calc_aggregate({*MEASURES, *CURVE}, qrels, run)
    return {str(measure): float(found[measure]) for measure in dict.fromkeys((*MEASURES, *CURVE))}


def _token(text: str) -> str:
    return "_".join(text.split())
