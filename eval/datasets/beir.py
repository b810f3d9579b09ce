"""A folder in BEIR's form: `corpus.jsonl`, `queries_test.jsonl`, `qrels_test.jsonl`. Only retrieval is measured."""

from __future__ import annotations

from pathlib import Path

from eval.cases import Asked, Case, Dataset, Gold
from eval.datasets.lines import rows
from eval.parts import parts_of

NAMES = ("corpus.jsonl", "queries_test.jsonl", "qrels_test.jsonl")


def files(name: str) -> tuple[str, ...]:
    """The files of a set, below the data folder."""
    return tuple(f"retrieval/{name}/{file}" for file in NAMES)


def read(data: Path, name: str) -> Dataset:
    """`data/retrieval/<name>`; the judgements of a query are its gold articles. Judged 0 is not relevant."""
    corpus, queries, judged = (rows(data / file) for file in files(name))
    relevant: dict[str, list[Gold]] = {}
    for row in judged:
        if int(row["score"]) > 0:
            relevant.setdefault(str(row["query-id"]), []).append(Gold(str(row["corpus-id"]), 0, 0, ""))
    parts = parts_of(name, [row["_id"] for row in queries])
    cases = [
        Case(
            row["_id"],
            Asked(row["text"]),
            part=parts[row["_id"]],
            group=row["_id"],
            rule="article",
            answerable=True,
            gold=tuple(relevant[row["_id"]]),
        )
        for row in queries
        if row["_id"] in relevant
    ]
    articles = [
        # A document without text has its title for text.
        {"id": row["_id"], "title": row.get("title") or row["_id"], "text": row["text"] or row.get("title", "")}
        for row in corpus
    ]
    return Dataset(name, tuple(cases), tuple(articles), source=f"retrieval/{name}/", retrieval_only=True)
