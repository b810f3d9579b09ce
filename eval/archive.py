"""What the day of asking is worth: `python -m eval.archive [--data FOLDER] [--sample 0] [--part test]`.

Questions of the archive's weeks are asked as of their day, without a day, and with one part of what the day does left
out; each also without the articles that hold its gold. Of another time is an answer whose article is dated more than
`NEARLY` days before the day of asking or `AFTER` after it. The other figures are those of `eval.figures`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.table import Table

from eval import datasets
from eval.bench import CACHE, RESULTS, Bench, Options, records_of, sampled
from eval.cases import Asked, Case, Prediction
from eval.console import CONSOLE
from eval.figures import figures, share
from eval.reading import remember
from eval.report.figures import shown
from eval.scoring import ScoredRecord, scorable
from eval.setup import Setup
from eval.systems.ours import said
from eval.understanders import as_one
from rag.answer.assistant import Assistant
from rag.answer.reader import networks
from rag.extract import ReadingExtractor, shipped_model
from rag.extract.logistic import Linear, Logistic, SupportModel
from rag.extract.timely import TIME
from rag.retrieve import retrieve
from rag.types import Hit
from rag.types.filters import Filters
from rag.types.settings import load_settings
from rag.types.times import AFTER, NEARLY, moved

SHOWN = (
    ("coverage", "given"),
    ("answerable_right", "right of answerable"),
    ("given_right", "right of given"),
    ("given_right_as_written", "the same, gold as written"),
    ("unanswerable_refused", "refused of others"),
    ("risk_at_0.1", "wrong of surest 10%"),
    ("risk_at_0.3", "wrong of surest 30%"),
    ("risk_at_0.5", "wrong of surest 50%"),
    ("other_time", "of another time"),
    ("unsure", "unsure"),
    ("unsure_right", "right of unsure"),
    ("denied_right", "right of denied"),
)


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
        return retrieve(question, store, self.setup.encoder, settings, settings.passages_read, days)


def bare(model: Linear) -> Linear:
    """The model without the weights of TIME."""
    return replace(model, weights={name: w for name, w in model.weights.items() if name not in TIME})


def untimed(model: SupportModel, *parts: str) -> SupportModel:
    """The models without the weights of TIME in these of their parts: "rank", "decide", "further"."""

    def less(one: Logistic) -> Logistic:
        parts_left: dict[str, Any] = {part: bare(getattr(one, part)) for part in parts}
        return replace(one, **parts_left)

    both = replace(model.both, among=less(model.both.among), alone=less(model.both.alone))
    return replace(model, first=less(model.first), both=both, other_time=1.0 if "decide" in parts else model.other_time)


def systems(setup: Setup, *, ablations: bool) -> list[AsOf]:
    """The program, without the day, and with one part of what the day does left out."""
    ours = setup.assistant

    def reading(*parts: str) -> Assistant:
        extractor = ReadingExtractor(networks(), untimed(shipped_model(), *parts))
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
        answers = {case.id: case.answers for case in cases}
        for system in systems(setup, ablations=options.ablations):
            records = records_of(system, cases, f"{name}: {system.name}")
            for years, its in (("all", records), *_by_year(records)):
                found = figures(its, answers, probability=True)
                found["other_time"] = share(other(record) for record in scorable(its) if record.answered)
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
    for key, name in SHOWN:
        table.add_row(name, *(shown(found[key]) for found in rows.values()))
    CONSOLE.print(table)


if __name__ == "__main__":
    main()
