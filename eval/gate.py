"""`python -m eval gate`: has the program become worse than the committed baseline?

It is asked the seed questions, and a fixed sample of the other sets that are there. A measure of `GATED` fails when its
paired difference is worse by its whole interval (99%, as some forty are looked at together; bootstrap by group), and so
does a violation of grounding. The other measures are printed. A measure that is better by its whole interval is a gain,
which `--record` writes down as the new baseline.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from eval import datasets
from eval.bench import Bench, Options, records_of, sampled
from eval.cases import Case
from eval.compare import FIELDS, Compared, differences
from eval.console import CONSOLE
from eval.grounding import check
from eval.scoring import Record
from eval.systems.ours import Ours
from rag.settings import Settings
from rag.store import layout

BASELINE = Path(__file__).parent / "baseline.json"
SAMPLE = 100  # questions of each part of a set that is not the seeds
SETS = ("seeds", "squad2", "clapnq", "ramdocs", "mtrag_un", "news_removed")
SYSTEM = "ours"
FORMAT = 2
LEVEL = 0.99
# "AUROC right" is not among them: its classes change with the answers, so that a better reader can have a lower one.
GATED = ("right decisions", "gold in one sentence", "F1", "AURC", "Brier score", "characters quoted")
LONGER = 0.2  # quotations may become longer by this share before that counts against them


@dataclass(slots=True)
class Verdict:
    """What the gate found."""

    compared: list[Compared] = field(default_factory=list)
    violations: int = 0
    missing: list[str] = field(default_factory=list)  # sets without a baseline, or with other questions

    @property
    def worse(self) -> list[Compared]:
        """What fails."""
        return [c for c in self.compared if c.measure in GATED and c.worse and not _a_little_longer(c)]

    @property
    def better(self) -> list[Compared]:
        """What has gained."""
        return [c for c in self.compared if c.measure in GATED and c.better]

    @property
    def passed(self) -> bool:
        """Nothing is surely worse, nothing is ungrounded, and everything was compared."""
        return not self.worse and not self.violations and not self.missing


def _a_little_longer(c: Compared) -> bool:
    return c.measure == "characters quoted" and c.difference.low <= LONGER * c.before


@dataclass(frozen=True, slots=True)
class Measured:
    """Our records on one set, and a digest of its questions with all that is known of them."""

    cases: str
    records: tuple[Record, ...]

    @classmethod
    def of(cls, cases: Sequence[Case], records: Sequence[Record]) -> Measured:
        """The records of these cases."""
        bare = [(replace(c, asked=replace(c.asked, hidden=frozenset())), sorted(c.asked.hidden)) for c in cases]
        return cls(hashlib.sha256(repr(bare).encode("utf-8", "surrogatepass")).hexdigest()[:16], tuple(records))


def measured(options: Options, settings: Settings) -> tuple[dict[str, Measured], int, list[str]]:
    """What was measured by set, violations of grounding, and a message for each set that was left out."""
    bench = Bench(options, settings)
    names, absent = datasets.available(options.data, options.names)
    found, violations = {}, 0
    for name in names:
        dataset = datasets.load(name, options.data)
        world = bench.world(dataset)
        if name.startswith("news") and layout.pointed(world.index) is None:
            absent.append(f"{name}: skipped, its articles are not embedded yet, which takes long; run `make eval` once")
            continue
        cases = sampled(dataset.cases, 0 if name == "seeds" else SAMPLE)
        world.warm(cases)
        found[name] = Measured.of(cases, records_of(Ours(world), cases, f"asking {name}"))
        if name == "seeds":
            violations += check(world, cases, options.out / "gate.answers.jsonl").violations
    return found, violations, absent


def judged(found: Mapping[str, Measured], violations: int, baseline: Mapping[str, Any]) -> Verdict:
    """Compares what was measured with a baseline."""
    verdict = Verdict(violations=violations)
    for name, now in found.items():
        before = baseline["sets"].get(name)
        if before is None or before["cases"] != now.cases:
            verdict.missing.append(f"{name}: the baseline was made on other questions; record it anew")
            continue
        verdict.compared += differences(name, SYSTEM, before["records"], [asdict(r) for r in now.records], LEVEL)
    return verdict


def read(file: Path = BASELINE) -> dict[str, Any]:
    """The committed baseline. Raises ValueError for one of another format."""
    data: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if data.get("format") != FORMAT:
        raise ValueError(f"{file} has format {data.get('format')}, not {FORMAT}; record it anew with --record")
    return data


def record(found: Mapping[str, Measured], file: Path = BASELINE) -> None:
    """Writes the baseline: no text of any set, only what was right. Sets that were not asked keep what they had."""
    try:
        sets = read(file)["sets"]
    except (OSError, ValueError):  # none yet, or of another format
        sets = {}
    for name, some in found.items():
        short = [{key: value for key, value in asdict(r).items() if key in FIELDS} for r in some.records]
        sets[name] = {"cases": some.cases, "records": short}
    lines = ",\n".join(
        f'{json.dumps(name)}: {{"cases": "{sets[name]["cases"]}", "records": [\n'
        + ",\n".join(json.dumps(r, ensure_ascii=False) for r in sets[name]["records"])
        + "]}"
        for name in sorted(sets)
    )
    file.write_text(f'{{"format": {FORMAT}, "sets": {{\n{lines}\n}}}}\n', encoding="utf-8")


def run(options: Options, settings: Settings, *, recording: bool) -> int:
    """The command: 0 passed or recorded, 1 failed."""
    found, violations, absent = measured(options, settings)
    for message in absent:
        CONSOLE.print(message, highlight=False)
    if violations:
        print(f"FAILED: {violations} violations of grounding on the seed questions")
        return 1
    if recording:
        record(found)
        counts = ", ".join(f"{len(m.records)} of {name}" for name, m in found.items())
        print(f"recorded {counts} in eval/{BASELINE.name}; commit it")
        return 0
    verdict = judged(found, violations, read())
    for line in (*verdict.compared, *verdict.missing):
        print(line)
    for gain in verdict.better:
        print(f"GAIN, record it with `python -m eval gate --record`: {gain}")
    for loss in (*verdict.worse, *verdict.missing):
        print(f"FAILED: {loss}")
    print("the gate is passed" if verdict.passed else "the gate is not passed")
    return 0 if verdict.passed else 1
