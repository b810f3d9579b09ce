"""`python -m eval gate`: has the program become worse than the committed baseline?

It is asked a fixed sample of the sets that are there, and all seed questions. A measure of `GATED` fails when its
paired difference is worse by its whole interval (99%, as some forty are looked at together; bootstrap by group),
against the run that was recorded last or against the best run: small losses, each within its interval, must not add up
unseen. So does a violation of grounding. The other measures are printed.

`--record` writes what was measured as the last run, and as the best one of those measures that have gained. It refuses
what fails, unless a reason is given, which stays in the baseline with the figures; from then on the program is held to
the best since, and what the best ever had is still printed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from eval import baseline, datasets
from eval.baseline import Baseline
from eval.bench import Bench, Options, records_of, sampled
from eval.cases import Case
from eval.compare import Compared, Recorded, differences, of_means, of_rankings
from eval.console import CONSOLE
from eval.grounding import check
from eval.scoring import ScoredRecord
from eval.systems.ours import Ours
from rag.store import layout
from rag.types.settings import Settings

SAMPLE = 100  # questions of each part of a set that is not the seeds
SETS = ("squad2", "clapnq", "news_removed", "ramdocs", "mtrag_un", "seeds")
SYSTEM = "ours"
LEVEL = 0.99
_BEST = "against the best, of"
# "AUROC right" is not among them: its classes change with the answers, so that a better reader can have a lower one.
GATED = ("right decisions", "gold in one sentence", "F1", "AURC", "Brier score", "characters quoted")
LONGER = 0.2  # quotations may become longer by this share before that counts against them


@dataclass(slots=True)
class GateVerdict:
    """What the gate found."""

    compared: list[Compared] = field(default_factory=list)  # with the run that was recorded last, every measure
    held: list[Compared] = field(default_factory=list)  # gated ones with the best run since a loss was accepted
    accepted: list[Compared] = field(default_factory=list)  # surely worse than the best ever, for a reason once given
    violations: int = 0
    missing: list[str] = field(default_factory=list)  # sets without a baseline, or with other questions

    @property
    def worse(self) -> list[Compared]:
        """What fails."""
        return [c for c in (*self.compared, *self.held) if _fails(c)]

    @property
    def better(self) -> list[Compared]:
        """What has gained since the last recording."""
        return [c for c in self.compared if c.measure in GATED and c.better]

    @property
    def passed(self) -> bool:
        """Nothing is surely worse, nothing is ungrounded, and everything was compared."""
        return not self.worse and not self.violations and not self.missing


def _fails(c: Compared) -> bool:
    a_little_longer = c.measure == "characters quoted" and c.difference.low <= LONGER * c.before
    return c.measure in GATED and c.worse and not a_little_longer


@dataclass(frozen=True, slots=True)
class Measured:
    """Our records on one set, and a digest of its questions with all that is known of them."""

    cases: str
    records: tuple[Recorded, ...]

    @classmethod
    def of(cls, cases: Sequence[Case], records: Sequence[ScoredRecord]) -> Measured:
        """The records of these cases."""
        bare = [(replace(c, asked=replace(c.asked, hidden=frozenset())), sorted(c.asked.hidden)) for c in cases]
        digest = hashlib.sha256(repr(bare).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return cls(digest, tuple(asdict(record) for record in records))


def measured(options: Options, settings: Settings) -> tuple[dict[str, Measured], int, list[str]]:
    """What was measured by set, violations of grounding, and a message for each set that was left out."""
    bench = Bench(options, settings)
    names, absent = datasets.available(options.data, options.names)
    found, violations = {}, 0
    for name in names:
        dataset = datasets.load(name, options.data)
        setup = bench.setup(dataset)
        if name.startswith(("news", "archive")) and layout.pointed(setup.index) is None:
            absent.append(f"{name}: skipped, its articles are not embedded yet, which takes long; run `make eval` once")
            continue
        cases = sampled(dataset.cases, 0 if name == "seeds" else SAMPLE)
        setup.warm(cases)
        found[name] = Measured.of(cases, records_of(Ours(setup), cases, f"asking {name}"))
        if name == "seeds":
            violations += check(setup, cases, options.out / "gate.answers.jsonl").violations
    return found, violations, absent


def judged(found: Mapping[str, Measured], violations: int, before: Baseline) -> GateVerdict:
    """Compares what was measured with a baseline: each set with its last run, each gated measure with its best."""
    verdict = GateVerdict(violations=violations)
    for name, now in found.items():
        was = before["sets"].get(name)
        if was is None:
            verdict.missing.append(f"{name}: nothing was recorded of it; record it")
        elif was["cases"] != now.cases:
            verdict.missing.append(
                f"{name}: its questions, or what is accepted for them, are others than those of the baseline, so its "
                "figures cannot be compared, with the best neither; record it anew"
            )
        else:
            verdict.compared += differences(name, SYSTEM, baseline.records(was, was["last"]), now.records, LEVEL)
            held = {measure: date for measure, date in was["held"].items() if date != was["last"]}
            ever = {measure: date for measure, date in was["best"].items() if date != was["held"][measure]}
            verdict.held += _against(name, was, held, now)
            verdict.accepted += filter(_fails, _against(name, was, ever, now))
    return verdict


def _against(name: str, was: Mapping[str, Any], runs: Mapping[str, str], now: Measured) -> Iterator[Compared]:
    """Each measure against the run that `runs` names for it."""
    for date in sorted(set(runs.values())):
        wanted = {measure for measure, its in runs.items() if its == date}
        sides = (name, f"{SYSTEM} {_BEST} {date[:10]}", baseline.records(was, date), now.records, LEVEL)
        found = chain(of_means(*sides), of_rankings(*sides) if "AURC" in wanted else ())
        yield from (c for c in found if c.measure in wanted)


def _reason(before: Baseline, name: str, measure: str) -> str:
    """Why a loss was accepted, when it was last."""
    for entry in reversed(before["history"]):
        if any((loss["set"], loss["measure"]) == (name, measure) for loss in entry["losses"]):
            return f"{entry['reason']} ({entry['date'][:10]})"
    return "no reason is kept"


def recorded(found: Mapping[str, Measured], before: Baseline, reason: str, date: str) -> Baseline:
    """The baseline with what was measured as its last run. Sets that were not asked keep what they had.

    Raises ValueError where something fails, or best figures are given up with other questions, and no reason is given.
    """
    verdict = judged(found, 0, before)
    others = [
        name for name, now in found.items() if before["sets"].get(name, {"cases": now.cases})["cases"] != now.cases
    ]
    if (verdict.worse or others) and not reason.strip():
        raise ValueError(
            f"not recorded: {len(verdict.worse)} figures are surely worse, and {len(others)} sets have other questions "
            'than before; say why with --reason "…"'
        )
    sets, losses = dict(before["sets"]), [_loss(c) for c in verdict.worse]
    for name, now in found.items():
        was = sets.get(name)
        if was and name in others:
            losses += [_loss(c, given_up=True) for c in _against(name, was, was["best"], _as_last(was))]
        sets[name] = _with(was if was and name not in others else baseline.begun(now.cases, now.records), now, date)
    entry = {"date": date, "reason": reason.strip(), "losses": losses}
    return {**before, "history": [*before["history"], *([entry] if reason.strip() else [])], "sets": sets}


def _with(was: Mapping[str, Any], now: Measured, date: str) -> dict[str, Any]:
    """A set with one more run: the best by each measure that it is not below; what is held where a loss is taken."""
    measurable = {c.measure for c in of_means("", "", now.records, now.records)} | {"AURC"}
    first = {measure: date for measure in GATED if measure in measurable}
    out = {**was, "best": first | was["best"], "held": first | was["held"], "runs": dict(was["runs"])}
    for key in ("best", "held"):
        for c in _against("", was, was[key], now):
            less = c.difference.value > 0 if c.less_is_better else c.difference.value < 0
            if not less or (key == "held" and _fails(c)):
                out[key][c.measure] = date
    baseline.add(out, date, now.records)
    baseline.prune(out)
    return out


def _as_last(was: Mapping[str, Any]) -> Measured:
    return Measured(was["cases"], tuple(baseline.records(was, was["last"])))


def _loss(c: Compared, *, given_up: bool = False) -> dict[str, Any]:
    d = c.difference
    return {
        "set": c.set,
        "measure": c.measure,
        "against": "the last" if c.system == SYSTEM else c.system.removeprefix(f"{SYSTEM} against "),
        "before": round(c.before, 4),
        "difference": "the questions changed" if given_up else [round(value, 4) for value in (d.value, d.low, d.high)],
    }


def run(options: Options, settings: Settings, *, recording: bool, reason: str = "") -> int:
    """The command: 0 passed or recorded, 1 failed or not recorded."""
    found, violations, absent = measured(options, settings)
    for message in absent:
        CONSOLE.print(message, highlight=False)
    before = baseline.read(baseline.FILE) if baseline.FILE.exists() else baseline.empty()
    verdict = judged(found, violations, before)
    for line in (*verdict.compared, *verdict.held, *verdict.missing):
        print(line)
    for line in verdict.accepted:
        print(f"ACCEPTED, {_reason(before, line.set, line.measure)}: {line}")
    for loss in (*verdict.worse, *verdict.missing):
        print(f"{'LOST' if recording else 'FAILED'}: {loss}")
    if violations:
        print(f"FAILED: {violations} violations of grounding on the seed questions")
        return 1
    if recording:
        return _record(found, before, reason)
    for gain in verdict.better:
        print(f"GAIN, record it with `python -m eval gate --record`: {gain}")
    print("the gate is passed" if verdict.passed else "the gate is not passed")
    return 0 if verdict.passed else 1


def _record(found: Mapping[str, Measured], before: Baseline, reason: str) -> int:
    try:
        after = recorded(found, before, reason, datetime.now(UTC).isoformat(timespec="seconds"))
    except ValueError as error:
        print(error)
        return 1
    baseline.write(after, baseline.FILE)
    counts = ", ".join(f"{len(m.records)} of {name}" for name, m in found.items())
    print(f"recorded {counts} in eval/{baseline.FILE.name}; commit it")
    return 0
