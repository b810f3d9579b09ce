"""The whole benchmark: every available set, every system, every figure, in one run."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.progress import track

from eval import datasets, finding, systems, timing
from eval.cases import Case, Dataset, Prediction, System
from eval.console import CONSOLE
from eval.datasets.news import REMOVED
from eval.figures import conflict, elsewhere, figures, frozen
from eval.grounding import check
from eval.metrics.refusal import reliability, risk_curve
from eval.parts import sha1
from eval.scoring import ScoredRecord, at, scorable, score, tuned
from eval.setup import Setup
from eval.systems.oracles import OracleReader, OracleRetrieval
from eval.systems.ours import Renamed
from eval.vectors import CachedEncoder
from rag import embed
from rag.answer.fingerprint import fingerprint
from rag.types.settings import Settings, certified

FORMAT = 1
RESULTS = Path(__file__).parent / "results"
CACHE = Path(__file__).parent / "cache"
REPORTED = ("develop", "test")
TIMED = 40  # questions that are asked alone, without the cache
LARGE, FEW = 20_000, 24  # passages of a large corpus; questions of each part that a slow system is asked of it
_CURVE_POINTS = 100


@dataclass(slots=True)
class Row:
    """One system on one set: its threshold and how it came about, figures by part, and its records."""

    name: str
    threshold: float | None  # None: its own
    probability: bool
    records: list[ScoredRecord]
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    """What to run, where, and how many questions of each part (in the order of the SHA-1 of their ids; 0: all)."""

    data: Path | None = None
    names: tuple[str, ...] = tuple(datasets.ADAPTERS)
    sample: int = 0
    peers: bool = True
    timed: bool = True
    cache: Path = CACHE
    out: Path = RESULTS


def sampled(cases: Sequence[Case], sample: int) -> list[Case]:
    """The first `sample` of each part in the order of the SHA-1 of the question's id; 0: all.

    A question that is asked twice, with and without its articles, is drawn as one and counts as two.
    """
    chosen: set[str] = set()
    for part in REPORTED:
        some = [case for case in cases if case.part == part]
        keys = sorted({_key(case) for case in some}, key=sha1)
        twice = len(some) > len(keys)
        chosen.update(keys[: sample // 2 if twice else sample] if sample else keys)
    return [case for case in cases if case.part in REPORTED and _key(case) in chosen]


def _key(case: Case) -> str:
    return case.id.removesuffix(REMOVED)


def records_of(system: System, cases: Sequence[Case], progress: str = "") -> list[ScoredRecord]:
    """Each question asked alone, and scored. A system that fails on a question is wrong on it; the others go on."""
    shown = track(cases, progress, console=CONSOLE, transient=True) if progress else cases
    return [score(case, _asked(system, case)) for case in shown]


def _asked(system: System, case: Case) -> Prediction:
    try:
        return system.ask(case.asked)
    except Exception as error:  # noqa: BLE001 - it is counted and shown as what it is
        CONSOLE.print(f"{system.name} failed on {case.id}: {type(error).__name__}: {error}", highlight=False)
        # As sure as can be, and wrong: failing must not pass for being unsure.
        return Prediction(1.0, False, error=f"{type(error).__name__}: {error}")


def rows_of(setup: Setup, cases: Sequence[Case], *, peers: bool) -> list[Row]:
    """All systems on these questions; thresholds that are tuned are tuned on the develop part."""
    develop = [case for case in cases if case.part == "develop"]
    rows = []
    entries = systems.build(setup, develop, peers=peers)
    if setup.dataset.asks_corpus:
        entries += [
            systems.Entry(OracleRetrieval(setup, cases), tuned=False),
            systems.Entry(OracleReader(setup, cases), tuned=False),
        ]
    large = setup.dataset.asks_corpus and setup.assistant.store.passage_count > LARGE
    few = sampled(cases, FEW)
    if large:
        entries.append(systems.Entry(Renamed(entries[0].system, "ours, on those few"), False, True, few=True))
    for entry in entries:
        begin = time.perf_counter()
        asked = few if entry.few and large else cases
        records = records_of(entry.system, asked, f"{setup.dataset.name}: {entry.system.name}")
        of_develop = [r for r in records if r.part == "develop"]
        threshold = tuned(of_develop) if entry.tuned else None
        if threshold is not None:
            records = at(records, threshold)
        row = Row(entry.system.name, threshold, entry.probability, records)
        answers = {case.id: case.answers for case in cases}
        for part in REPORTED:
            of_part = [r for r in records if r.part == part]
            row.figures[part] = figures(of_part, answers, probability=entry.probability)
            row.figures[part] |= frozen(of_develop, of_part)
            if setup.dataset.name == "ramdocs":
                row.figures[part] |= conflict(of_part, answers)
            if any(record.category == "removed" for record in of_part):
                row.figures[part] |= elsewhere(of_part, answers)
        rows.append(row)
        CONSOLE.log(f"{setup.dataset.name}: {entry.system.name}, {time.perf_counter() - begin:.1f} s")
    return rows


class Bench:
    """One run. Corpora that sets share are built once, and what a system was asked once is not asked again."""

    def __init__(self, options: Options, settings: Settings) -> None:
        self.options, self.settings = options, settings
        self.encoder = CachedEncoder(embed.resolve(settings.encoder), options.cache / "vectors.db")
        self._setups: dict[str, Setup] = {}

    def setup(self, dataset: Dataset) -> Setup:
        """The setup of a set, shared with the sets on the same corpus."""
        name = dataset.name.removesuffix("_removed")
        if name not in self._setups:
            self._setups[name] = Setup(dataset, self.options.cache, self.settings, self.encoder)
        return self._setups[name]

    def run(self) -> dict[str, Any]:
        """Everything; the result is what `eval.report` shows and `eval.compare` reads."""
        names, absent = datasets.available(self.options.data, self.options.names)
        for message in absent:
            CONSOLE.print(message, highlight=False)
        sets = {}
        for name in names:
            begin = time.perf_counter()
            sets[name] = self._set(datasets.load(name, self.options.data))
            CONSOLE.log(f"{name}: {time.perf_counter() - begin:.0f} s in all")
        result: dict[str, Any] = {"format": FORMAT, "program": self._program(), "skipped": absent, "sets": sets}
        result["content"] = content_hash(result)
        result["made"] = datetime.now(UTC).isoformat(timespec="seconds")
        return result

    def _set(self, dataset: Dataset) -> dict[str, Any]:
        setup = self.setup(dataset)
        cases = sampled(dataset.cases, self.options.sample)
        out: dict[str, Any] = {"source": dataset.source, "note": dataset.note, "asks_corpus": dataset.asks_corpus}
        if not dataset.retrieval_only:
            setup.warm(cases)
        if dataset.asks_corpus:
            out["setup"] = setup.key()
            test = [case for case in cases if case.part == "test"]
            out["retrieval"] = finding.find(setup, test, self.options.out / "trec" / dataset.name)
        if dataset.retrieval_only:
            return out
        if dataset.asks_corpus:
            # Re-read from the seed files by the checker, which shares no code with what made the answers.
            found = check(setup, cases, self.options.out / f"{dataset.name}.answers.jsonl")
            out["grounding"] = asdict(found)
        rows = rows_of(setup, cases, peers=self.options.peers)
        if dataset.asks_corpus and self.options.timed and not dataset.name.endswith("_removed"):
            asked = [case.asked.question for case in cases if case.part == "test"][:TIMED]
            out["timing"] = timing.in_process_of_its_own(setup.index, asked)
        out["cases"] = {case.id: shown(case) for case in cases}
        out["systems"] = [_row(row) for row in rows]
        return out

    def _program(self) -> dict[str, Any]:
        from importlib.metadata import version

        return {
            "version": version("article-rag"),
            "settings": certified(self.settings),
            "encoder_sha256": self.encoder.source.sha256,
            "reader_sha256": fingerprint(),
        }


def shown(case: Case) -> dict[str, Any]:
    """What the report shows of a question."""
    asked = case.asked
    return {
        "question": asked.question,
        "answers": list(case.answers or [f"{g.article_id} {g.text}".strip() for g in case.gold])
        if case.answerable
        else [],
        "category": case.category,
        "kind": case.kind,
        "hidden": len(asked.hidden),
        "turns": len(asked.history),
    }


def _row(row: Row) -> dict[str, Any]:
    test = scorable([r for r in row.records if r.part == "test"])
    right, scores = [r.right for r in test], [r.score for r in test]
    curve = risk_curve(right, scores)
    step = max(1, len(curve) // _CURVE_POINTS)
    return {
        "name": row.name,
        "threshold": row.threshold,
        "figures": row.figures,
        "risk_curve": [[(i + 1) / len(curve), float(curve[i])] for i in range(step - 1, len(curve), step)],
        "reliability": [asdict(b) for b in reliability(right, scores)] if row.probability else [],
        "records": [asdict(record) for record in row.records],
    }


def content_hash(result: dict[str, Any]) -> str:
    """Names a result by what was found: without times and the date, so that the same run has the same name."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: bare(v) for k, v in value.items() if k not in ("timing", "made", "content", "skipped")}
        return [bare(v) for v in value] if isinstance(value, list | tuple) else value

    text = json.dumps(bare(result), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def save(result: dict[str, Any], out: Path = RESULTS) -> Path:
    """Writes `<content-hash>.json`."""
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{result['content']}.json"
    file.write_text(json.dumps(result, ensure_ascii=False, allow_nan=False), encoding="utf-8")
    return file
