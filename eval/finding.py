"""The retriever alone: where the passages that hold the answer stand in each of its rankings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.progress import track

from eval.cases import Case
from eval.console import CONSOLE
from eval.metrics import retrieval
from eval.setup import Ranking, Setup
from rag.calibrate.judge import answer_words
from rag.types import Passage

RANKINGS: tuple[Ranking, ...] = ("dense", "lexical", "fused", "read")


def find(setup: Setup, cases: Sequence[Case], out: Path) -> dict[str, Any]:
    """Measures by ranking over the answerable, scorable questions; the TREC files are left in `out`."""
    asked = [c for c in cases if c.answerable and not c.unscorable and not c.asked.hidden]
    if not asked:
        return {}
    by_article = asked[0].rule == "article"
    runs: dict[str, dict[str, dict[str, float]]] = {ranking: {} for ranking in RANKINGS}
    for case in track(asked, f"searching {setup.dataset.name}", console=CONSOLE, transient=True):
        for ranking in RANKINGS:
            hits = setup.deep_hits(case.asked, ranking)
            runs[ranking][case.id] = retrieval.best((_name(h.passage, by_article), h.score) for h in hits)
    qrels = {c.id: [g.article_id for g in c.gold] for c in asked} if by_article else _holding(setup, asked)
    retrieval.write(out, qrels, runs)
    none = sum(not docs for docs in qrels.values())
    return {
        "questions": len(asked),
        "without_relevant_passage": none,
        "rankings": {ranking: retrieval.measure(out, ranking) for ranking in RANKINGS},
    }


def _name(passage: Passage, by_article: bool) -> str:
    return passage.info.article_id if by_article else f"{passage.info.article_id}:{passage.chunk.ordinal}"


def _holding(setup: Setup, cases: Sequence[Case]) -> dict[str, list[str]]:
    """The passages of the whole corpus that hold an accepted answer."""
    held: dict[str, list[str]] = {case.id: [] for case in cases}
    needles = [
        (case, [f" {' '.join(answer_words(a))} " for a in case.answers]) for case in cases if case.rule == "words"
    ]
    spans: dict[str, list[tuple[int, int, str]]] = {}
    for case in cases:
        for gold in case.gold:
            spans.setdefault(gold.article_id, []).append((gold.start, gold.end, case.id))
    for passage in setup.passages():
        name = _name(passage, False)
        holding = {
            id: None
            for start, end, id in spans.get(passage.info.article_id, [])
            if passage.chunk.start <= start and end <= passage.chunk.end
        }
        if needles:
            text = f" {' '.join(answer_words(passage.text))} "
            holding |= {
                case.id: None for case, some in needles if any(needle.strip() and needle in text for needle in some)
            }
        for id in holding:
            held[id].append(name)
    return held
