"""What the day of asking is worth: `python -m eval.archive [--data FOLDER] [--sample 0] [--part test]`.

Questions of the archive's weeks are asked as of their day, without a day, and with one part of what the day does left
out; each also without the articles that hold its gold. Of another time is an answer whose article is dated more than
`NEARLY` days before the day of asking or `AFTER` after it. *Coverage*: right among that share of all questions, the
surest first; of those whose gold stands nowhere none is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

from rich.table import Table

from eval import datasets
from eval.bench import CACHE, RESULTS, Bench, Options, records_of, sampled
from eval.cases import Asked, Case, Prediction
from eval.console import CONSOLE
from eval.metrics.refusal import risk_at
from eval.reading import remember
from eval.scoring import ScoredRecord, scorable
from eval.setup import Setup
from eval.systems.ours import said
from eval.understanders import as_one
from rag.answer.assistant import Assistant
from rag.answer.reader import networks
from rag.extract import ReadingExtractor, shipped_model
from rag.extract.logistic import SupportModel
from rag.extract.timely import TIME
from rag.retrieve import retrieve
from rag.types import Hit
from rag.types.filters import Filters
from rag.types.settings import load_settings
from rag.types.times import AFTER, NEARLY, moved

COVERAGES = (0.1, 0.3, 0.5)


@dataclass(frozen=True, slots=True)
class AsOf:
    """Our program, told the day of asking where it searches, where it reads, in both or in neither."""

    name: str
    setup: Setup
    assistant: Assistant
    searched: bool = True
    read: bool = True
    filtered: bool = False  # only articles from `NEARLY` days before the day to `AFTER` after it are searched

    def ask(self, asked: Asked) -> Prediction:
        """Answers or refuses."""
        hits = self._filtered(asked) if self.filtered else self.setup.hits(self._told(asked))
        day = asked.day if self.read else None
        return said(self.setup, self.assistant, asked, lambda it: it.answer(asked.question, hits, day=day))

    def _told(self, asked: Asked) -> Asked:
        return asked if self.searched else replace(asked, day=None)

    def _filtered(self, asked: Asked) -> list[Hit]:
        day, settings = asked.day or "", self.setup.settings
        days = Filters.model_validate({"from": moved(day, -NEARLY), "to": moved(day, AFTER)})
        question = as_one(self.assistant.understand(asked.question))
        store = self.setup.without(asked.hidden)
        return retrieve(question, store, self.setup.encoder, settings, settings.passages, days)


def without(model: SupportModel, *parts: str) -> SupportModel:
    """The models without the weights of TIME in these of their parts: "rank", "decide", "further"."""

    def less(one: Any) -> Any:
        kept = {name: getattr(one, name) for name in parts}
        return replace(
            one,
            **{
                name: replace(its, weights={n: w for n, w in its.weights.items() if n not in TIME})
                for name, its in kept.items()
            },
        )

    both = replace(model.both, among=less(model.both.among), alone=less(model.both.alone))
    return replace(model, first=less(model.first), both=both, other_time=1.0 if "decide" in parts else model.other_time)


def systems(setup: Setup, *, ablations: bool) -> list[AsOf]:
    """The program, without the day, and with one part of what the day does left out."""
    ours = setup.assistant

    def reading(*parts: str) -> Assistant:
        extractor = ReadingExtractor(networks(), without(shipped_model(), *parts))
        parts_used = replace(ours.components, extractor=extractor)
        return Assistant(ours.store, parts_used, ours.threshold, ours.doubt, ours.settings)

    found = [AsOf("asked on its day", setup, ours), AsOf("no day", setup, ours, searched=False, read=False)]
    if ablations:
        found += [
            AsOf("a filter of days", setup, ours, searched=False, read=False, filtered=True),
            AsOf("not among candidates", setup, ours, searched=False),
            AsOf("among candidates alone", setup, reading("rank", "decide", "further")),
            AsOf("not in ranking", setup, reading("rank")),
            AsOf("not in confidence", setup, reading("decide", "further")),
        ]
    return found


def figures(records: Sequence[ScoredRecord], other: Callable[[ScoredRecord], bool]) -> dict[str, Any]:
    """What is shown of a system."""
    some = scorable(records)
    given = [r for r in some if r.answered]
    cannot = [r for r in some if not r.answerable]
    right, scores = [r.right for r in some], [r.score for r in some]
    refused = [r for r in some if not r.answered]
    denied = [r for r in refused if r.reason == "no_support"]
    return {
        "questions": len(some),
        "right of answerable": _mean([r.answered and r.right for r in some if r.answerable]),
        "given": len(given),
        "right of given": _mean([r.right for r in given]),
        "as written": _mean([bool(r.right if r.right_as_written is None else r.right_as_written) for r in given]),
        "refused of others": _mean([not r.answered for r in cannot]),
        **{f"right at {c}": 1 - risk_at(right, scores, c) for c in COVERAGES},
        "of another time": _mean([other(r) for r in given]),
        "unsure": len(refused) - len(denied),
        "right of unsure": _mean([r.right for r in refused if r.reason == "unsure"]),
        "denied": len(denied),
        "right of denied": _mean([r.right for r in denied]),
    }


def _mean(of: Sequence[bool]) -> float | None:
    return mean(map(float, of)) if of else None


def _other_time(cases: Sequence[Case], dates: dict[str, str]) -> Callable[[ScoredRecord], bool]:
    days = {case.id: case.asked.day for case in cases}

    def other(record: ScoredRecord) -> bool:
        day, date = days[record.id], dates.get(record.place.rpartition(" ")[0], "")
        return bool(day and date) and not moved(day or "", -NEARLY) <= date <= moved(day or "", AFTER)

    return other


def main() -> None:
    """Asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--part", default="test")
    parser.add_argument("--sample", type=int, default=0, help="questions; 0: all")
    parser.add_argument("--sets", default="archive,archive_removed")
    parser.add_argument("--ablations", action="store_true")
    parser.add_argument("--out", type=Path, default=RESULTS / "archive.json")
    options = parser.parse_args()
    remember()
    data = datasets.folder(options.data)
    bench = Bench(Options(data=data, cache=CACHE), load_settings())
    results: dict[str, Any] = {}
    for name in options.sets.split(","):
        dataset = datasets.load(name, data)
        setup = bench.setup(dataset)
        cases = sampled([case for case in dataset.cases if case.part == options.part], options.sample)
        other = _other_time(cases, {str(a["id"]): str(a.get("date") or "") for a in dataset.articles})
        for system in systems(setup, ablations=options.ablations):
            records = records_of(system, cases, f"{name}: {system.name}")
            for years, its in (("all", records), *_by_year(records)):
                found = figures(its, other)
                results.setdefault(f"{name}, {years}", {})[system.name] = found
            results.setdefault("records", {}).setdefault(name, {})[system.name] = [asdict(r) for r in records]
    for title, rows in results.items():
        if title != "records":
            show(title, rows)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, ensure_ascii=False) + "\n", encoding="utf-8")


def _by_year(records: Sequence[ScoredRecord]) -> list[tuple[str, list[ScoredRecord]]]:
    years = sorted({record.group[:4] for record in records})
    return [(year, [r for r in records if r.group[:4] == year]) for year in years] if len(years) > 1 else []


def show(title: str, rows: dict[str, dict[str, Any]]) -> None:
    """Prints one table: a row a figure, a column a system."""
    table = Table(title, *rows)
    for name in next(iter(rows.values())):
        values = [found[name] for found in rows.values()]
        table.add_row(name, *("–" if v is None else f"{v}" if isinstance(v, int) else f"{v:.3f}" for v in values))
    CONSOLE.print(table)


if __name__ == "__main__":
    main()
