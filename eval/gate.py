"""`python -m eval gate`: has the program become worse than the committed baseline?

It is asked the seed questions, and a fixed sample of the other sets that are there. A measure fails when its paired
difference is worse by its whole interval (95%, bootstrap by group), and so does a violation of grounding. A measure
that is better by its whole interval is a gain, which `--record` writes down as the new baseline.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eval import datasets
from eval.bench import Bench, Options, records_of, sampled
from eval.cases import System
from eval.compare import FIELDS, Compared, Recorded, differences
from eval.console import CONSOLE
from eval.grounding import check
from eval.scoring import Record
from eval.systems.ours import Ours
from eval.world import World
from rag.settings import Settings
from rag.store import layout

BASELINE = Path(__file__).parent / "baseline.json"
SAMPLE = 100  # questions of each part of a set that is not the seeds
SETS = ("seeds", "squad2", "clapnq", "ramdocs", "mtrag_un", "news_removed")
SYSTEM = "ours"
FORMAT = 1


@dataclass(slots=True)
class Verdict:
    """What the gate found."""

    compared: list[Compared] = field(default_factory=list)
    violations: int = 0
    missing: list[str] = field(default_factory=list)  # sets without a baseline, or with other questions

    @property
    def worse(self) -> list[Compared]:
        """What fails."""
        return [c for c in self.compared if c.worse]

    @property
    def better(self) -> list[Compared]:
        """What has gained."""
        return [c for c in self.compared if c.better]

    @property
    def passed(self) -> bool:
        """Nothing is surely worse, nothing is ungrounded, and everything was compared."""
        return not self.worse and not self.violations and not self.missing


def measured(options: Options, settings: Settings) -> tuple[dict[str, list[Record]], int, list[str]]:
    """Our records by set, violations of grounding, and a message for each set that was left out."""
    bench = Bench(options, settings)
    names, absent = datasets.available(options.data, options.names)
    records, violations = {}, 0
    for name in names:
        dataset = datasets.load(name, options.data)
        world = bench.world(dataset)
        if name.startswith("news") and layout.pointed(world.index) is None:
            absent.append(f"{name}: skipped, its articles are not embedded yet, which takes long; run `make eval` once")
            continue
        cases = sampled(dataset.cases, 0 if name == "seeds" else SAMPLE)
        world.warm(cases)
        records[name] = records_of(Ours(world), cases, f"asking {name}")
        if name == "seeds":
            violations += check(world, cases, options.out / "gate.answers.jsonl").violations
    return records, violations, absent


def judged(records: Mapping[str, Sequence[Record]], violations: int, baseline: Mapping[str, Any]) -> Verdict:
    """Compares records with a baseline."""
    verdict = Verdict(violations=violations)
    for name, some in records.items():
        before: Sequence[Recorded] = baseline["sets"].get(name, [])
        if {r["id"] for r in before} != {r.id for r in some}:
            verdict.missing.append(f"{name}: the baseline was made on other questions; record it anew")
            continue
        verdict.compared += differences(name, SYSTEM, before, [asdict(r) for r in some])
    return verdict


def asked_on_seeds(world: World, system: System) -> list[Record]:
    """A system's records on the seed questions; how the gate itself is tried on broken systems."""
    return records_of(system, world.dataset.cases)


def read(file: Path = BASELINE) -> dict[str, Any]:
    """The committed baseline. Raises ValueError for one of another format."""
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if data.get("format") != FORMAT:
        raise ValueError(f"{file} has format {data.get('format')}, not {FORMAT}; record it anew with --record")
    return data


def record(records: Mapping[str, Sequence[Record]], file: Path = BASELINE) -> None:
    """Writes the baseline: no text of any set, only what was right. Sets that were not asked keep what they had."""
    sets = read(file)["sets"] if file.is_file() else {}
    for name, some in records.items():
        sets[name] = [{key: _short(value) for key, value in asdict(r).items() if key in FIELDS} for r in some]
    lines = ",\n".join(
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(r, ensure_ascii=False) for r in sets[name]) + "]"
        for name in sorted(sets)
    )
    file.write_text(f'{{"format": {FORMAT}, "sets": {{\n{lines}\n}}}}\n', encoding="utf-8")


def _short(value: Any) -> Any:
    return round(value, 4) if isinstance(value, float) else value


def run(options: Options, settings: Settings, *, recording: bool) -> int:
    """The command: 0 passed or recorded, 1 failed."""
    records, violations, absent = measured(options, settings)
    for message in absent:
        CONSOLE.print(message, highlight=False)
    if violations:
        print(f"FAILED: {violations} violations of grounding on the seed questions")
        return 1
    if recording:
        record(records)
        print(f"recorded {', '.join(f'{len(r)} of {name}' for name, r in records.items())} in {BASELINE}; commit it")
        return 0
    verdict = judged(records, violations, read())
    for line in (*verdict.compared, *verdict.missing):
        print(line)
    for gain in verdict.better:
        print(f"GAIN, record it with `python -m eval gate --record`: {gain}")
    for loss in (*verdict.worse, *verdict.missing):
        print(f"FAILED: {loss}")
    print("the gate is passed" if verdict.passed else "the gate is not passed")
    return 0 if verdict.passed else 1
