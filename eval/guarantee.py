"""What a certificate is worth on other questions.

    python -m eval.guarantee [--data FOLDER] [--sets squad2,news] [--sample 400]

On each set's calibrate part a threshold is certified as `rag calibrate` does it, at each of RISKS, the questions of one
article (title) as a group; then the answers that the program gives at it are counted on the test part of every set. On
the same set the share of wrong answers should be at most the risk (with 95% confidence over calibrations). On another,
whose questions differ, nothing is promised, and the table shows how far off it is. Writes `guarantee.json` into the
folder of results.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.progress import track

from eval import datasets
from eval.bench import CACHE, RESULTS, Bench, Options
from eval.cases import Case
from eval.console import CONSOLE
from eval.parts import sha1
from eval.reading import remember
from eval.scoring import ScoredRecord, score
from eval.systems.ours import Ours
from rag.calibrate.gold import CalibrationQuestion, drawn
from rag.calibrate.judge import right, too_long
from rag.calibrate.risk import Judged, certify_rest, groups_of, parted, smallest_risks
from rag.extract.features import EXPLAINS
from rag.types.settings import load_settings
from rag.understand import query_of

RISKS = (0.1, 0.2, 0.3, 0.4)
CONFIDENCE = 0.95
LONGEST = 2000  # characters of a question
SETS = ("squad2", "wikiqa", "clapnq", "news", "ramdocs", "mtrag_un")


def judged(case: Case, record: ScoredRecord) -> Judged:
    """A question by the rule of certificates (`rag.calibrate.judge`); by place where only passages are accepted."""
    accepted = [answer for answer in case.answers if not too_long(answer)]
    explains = case.asked.context is not None and query_of(case.asked.question, LONGEST).kind in EXPLAINS
    if case.answers:
        said = bool(record.shown) and right(record.shown[0], None if explains else record.shown_short, accepted)
    else:
        said = record.right
    wrong, score = bool(record.error) or not said, 1.0 if record.error else record.score
    return Judged(case.id, score, wrong, case.answerable, article(case), case.asked.question)


def article(case: Case) -> str:
    """What a question was written on, where it was written on one article."""
    return case.group if case.rule in ("span", "sentence") else ""


def certified(questions: Sequence[Judged]) -> dict[str, Any]:
    """For each risk the threshold that is accepted, or None; and the smallest risks at fixed coverage."""
    develop, testing = parted(questions)
    out: dict[str, Any] = {"questions": len(testing), "groups": len(groups_of(testing)), "accepted": {}}
    for risk in RISKS:
        step = certify_rest(develop, testing, risk, CONFIDENCE).accepted
        out["accepted"][str(risk)] = asdict(step) if step else None
    out["smallest"] = [
        (coverage, asdict(step) if step else None) for coverage, step in smallest_risks(develop, testing, CONFIDENCE)
    ]
    return out


def given_at(questions: Sequence[Judged], threshold: float) -> tuple[int, int]:
    """Answers, and wrong ones among them."""
    given = [q for q in questions if q.confidence >= threshold]
    return len(given), sum(q.wrong for q in given)


def _asked(bench: Bench, name: str, data: Path | None, sample: int) -> dict[str, list[Judged]]:
    dataset = datasets.load(name, data)
    setup = bench.setup(dataset)
    system = Ours(setup)
    out: dict[str, list[Judged]] = {}
    for part in ("calibrate", "test"):
        cases = sorted((c for c in dataset.cases if c.part == part and not c.unscorable), key=lambda c: sha1(c.id))
        cases = cases[: sample or None]
        if part == "calibrate":
            asked = [CalibrationQuestion(c.id, c.asked.question, (), article(c)) for c in cases]
            kept = {question.id for question in drawn(asked, 0)}
            cases = [case for case in cases if case.id in kept]
        setup.warm(cases)
        shown = track(cases, f"{name} {part}", console=CONSOLE, transient=True)
        out[part] = [judged(case, score(case, system.ask(case.asked))) for case in shown]
    return out


def main() -> None:
    """Asks, certifies and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--sample", type=int, default=400, help="questions of a part; 0: all")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    bench = Bench(Options(data=options.data, cache=CACHE, out=options.out), load_settings())
    names = options.sets.split(",")
    data = datasets.folder(options.data)
    asked = {name: _asked(bench, name, data, options.sample) for name in names}
    results: dict[str, Any] = {"confidence": CONFIDENCE, "sets": {}}
    for name in names:
        found = certified(asked[name]["calibrate"])
        CONSOLE.print(f"{name}: {found['questions']} questions of {found['groups']} groups test")
        for risk, step in found["accepted"].items():
            if step:
                step["seen"] = {other: given_at(asked[other]["test"], step["threshold"]) for other in names}
                row = "  ".join(f"{other} {wrong}/{given}" for other, (given, wrong) in step["seen"].items())
                CONSOLE.print(
                    f"{name}: wrong at most {risk}: threshold {step['threshold']}, "
                    f"{step['errors']}/{step['answers']} wrong in calibration; wrong on test parts: {row}"
                )
            else:
                CONSOLE.print(f"{name}: wrong at most {risk}: no threshold")
        for coverage, step in found["smallest"]:
            if step:
                CONSOLE.print(f"{name}: at coverage {coverage} the smallest certifiable risk is {step['bound']:.3f}")
        results["sets"][name] = found
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "guarantee.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    remember()
    main()
