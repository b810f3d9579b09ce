"""`python -m eval.retrieval FOLDER --out DIR`: the retriever on a BEIR folder, as TREC files and measures.

The corpus becomes a JSONL seed, built by the real program. A document's score is that of its best passage. Runs are
written for the dense ranking, the lexical ranking and the fused one, with the judgements, in the TREC formats that
other tools read; measures are those of ir-measures. A query without results counts as zero.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import ir_measures
from ir_measures import MRR, R, nDCG
from rich.progress import track

from rag.pipeline import Assistant, open_assistant, sync_index
from rag.progress import bars
from rag.question import analyse
from rag.retrieve import retrieve
from rag.settings import load_settings

MEASURES = (nDCG @ 10, R @ 1, R @ 5, R @ 10, MRR @ 10)
_DEPTH = 100
Run = dict[str, dict[str, float]]


def rows(path: Path) -> list[dict[str, str]]:
    """The objects of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write_seed(corpus: Iterable[Mapping[str, str]], path: Path) -> None:
    """The corpus as one JSONL seed; a document without text has its title for text."""
    with path.open("w", encoding="utf-8") as file:
        for document in corpus:
            title, text = document.get("title", ""), document.get("text", "")
            record = {"id": document["_id"], "title": title or document["_id"], "text": text or title}
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def best(hits: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The best score of each document."""
    out: dict[str, float] = {}
    for document, score in hits:
        out[document] = max(score, out.get(document, float("-inf")))
    return out


def search(assistant: Assistant, queries: Iterable[Mapping[str, str]]) -> dict[str, Run]:
    """Runs by the name of the ranking: query id -> document id -> score."""
    store, encoder = assistant.store, assistant.encoder
    settings = load_settings().model_copy(update={"candidates": _DEPTH})
    runs: dict[str, Run] = {"dense": {}, "lexical": {}, "fused": {}}
    for query in track(list(queries), "searching"):
        question, id = analyse(query["text"], 10_000), query["_id"]
        vector = encoder.encode([question.text], query=True)[0]
        for name, found in (
            ("dense", store.search_dense(vector, _DEPTH)),
            ("lexical", store.search_lexical(question.terms, _DEPTH)),
        ):
            passages = store.passages([row for row, _ in found])
            scored = zip(passages, found, strict=True)
            runs[name][id] = best((p.info.article_id, score) for p, (_, score) in scored)
        hits = retrieve(question, store, encoder, settings, _DEPTH)
        runs["fused"][id] = best((hit.passage.info.article_id, hit.score) for hit in hits)
    return runs


def write_trec(runs: Mapping[str, Run], qrels: Iterable[Mapping[str, str]], out: Path) -> None:
    """`qrels.txt` and `<name>.run` in the TREC formats; equal scores in the order of document ids."""
    out.mkdir(parents=True, exist_ok=True)
    lines = [f"{q['query-id']} 0 {q['corpus-id']} {q['score']}\n" for q in qrels]
    (out / "qrels.txt").write_text("".join(lines), encoding="utf-8")
    for name, run in runs.items():
        with (out / f"{name}.run").open("w", encoding="utf-8") as file:
            for id, scores in run.items():
                ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
                for rank, (document, score) in enumerate(ranked, start=1):
                    file.write(f"{id} Q0 {document} {rank} {score:.6f} {name}\n")


def main() -> None:
    """Builds, searches, writes and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with corpus.jsonl, queries_test.jsonl and qrels_test.jsonl")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "retrieval")
    arguments = parser.parse_args()
    seeds, index = arguments.out / "seeds", arguments.out / "index"
    seeds.mkdir(parents=True, exist_ok=True)
    write_seed(rows(arguments.folder / "corpus.jsonl"), seeds / "corpus.jsonl")
    settings = load_settings()
    with bars() as progress:
        report = sync_index(seeds, index, settings, progress=progress)
    print(f"{report.articles} documents, {report.chunks} passages")
    runs = search(open_assistant(index, settings), rows(arguments.folder / "queries_test.jsonl"))
    qrels = rows(arguments.folder / "qrels_test.jsonl")
    write_trec(runs, qrels, arguments.out)
    judged = list(ir_measures.read_trec_qrels(str(arguments.out / "qrels.txt")))
    for name in runs:
        run = ir_measures.read_trec_run(str(arguments.out / f"{name}.run"))
        found = ir_measures.calc_aggregate(MEASURES, judged, run)
        print(f"{name:8}", "  ".join(f"{measure} {found[measure]:.4f}" for measure in MEASURES))


if __name__ == "__main__":
    main()
