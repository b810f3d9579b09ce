"""`python -m eval.simulated`: how often a certificate promises too much, of 2,000 simulated calibrations each.

A simulated program's chance of a wrong answer is known, so each certificate can be told from the truth: it is violated
when the error rate at its threshold exceeds the risk. Where that is so at most once in twenty times (and three standard
errors) the stated confidence of 95% holds. Every threshold has an error rate a hair above the risk, the worst there can
be; how often something is certified where it is a third of the risk says what the promise costs. `before` is the same
with the questions parted by their ids and tested each by itself, and with feedback as it came.

- independent: 400 questions that stand alone;
- by article: 40 articles of 20 questions; of an article all questions have one chance to be wrong, which varies from
  article to article as the correlation says (1: all right or all wrong);
- renamed ids: as independent, and the ids are changed up to ten times, until a certificate is there;
- liked only: 35% of the answers are wrong, nine of ten of those are disliked and one of ten of the right ones;
  certified is a risk of 5% on the export of the feedback, with the disliked lines taken out (as asked before), with
  these taken out and the mark of the others changed, and with only the mark changed.

Writes the table into docs/evaluation/calibrations.md.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from eval.console import CONSOLE
from eval.metrics.intervals import Share
from rag.calibrate.feedback import exported
from rag.calibrate.gold import calibration_questions
from rag.calibrate.risk import Judged, Step, answers_needed, certify, certify_rest, parted, thresholds
from rag.types.errors import InputError

OUT = Path(__file__).parent.parent / "docs" / "evaluation" / "calibrations.md"
DRAWS = 2000
CONFIDENCE = 0.95
ALLOWED = 0.05 + 3 * (0.05 * 0.95 / DRAWS) ** 0.5
ABOVE = 1e-9  # how far the truth lies above the risk
Random = np.random.Generator
Simulation = Callable[[Random], bool]  # one calibration: whether something was certified
ThresholdRule = Callable[[Sequence[Judged], float], Step | None]


def independent(random: Random, rate: float, count: int = 400) -> list[Judged]:
    """Questions that stand alone, each wrong with this chance at every threshold."""
    wrong = random.random(count) < rate
    return _questions(random, wrong, [""] * count)


def by_article(random: Random, rate: float, together: float, articles: int = 40, each: int = 20) -> list[Judged]:
    """The same of articles; `together` is the correlation of two questions of one article."""
    if together == 1:
        chances = (random.random(articles) < rate).astype(float)
    else:
        both = 1 / together - 1
        chances = random.beta(rate * both, (1 - rate) * both, articles)
    wrong = random.random((articles, each)) < chances[:, None]
    return _questions(random, wrong.ravel(), [f"article {at // each}" for at in range(articles * each)])


def _questions(random: Random, wrong: NDArray[np.bool_], groups: Sequence[str]) -> list[Judged]:
    draw = int(random.integers(2**60))
    sure = np.round(random.random(len(wrong)), 2)
    return [
        Judged(f"q{at}", float(sure[at]), bool(wrong[at]), True, groups[at], f"question {at} of draw {draw}")
        for at in range(len(wrong))
    ]


def now(questions: Sequence[Judged], risk: float) -> Step | None:
    """What is certified of these questions."""
    develop, rest = parted(questions)
    return certify_rest(develop, rest, risk, CONFIDENCE).accepted


def before(questions: Sequence[Judged], risk: float) -> Step | None:
    """The same as it was: parted by id, and each question by itself."""
    parts: tuple[list[Judged], list[Judged]] = ([], [])
    for one in questions:
        parts[hashlib.sha1(one.id.encode(), usedforsecurity=False).digest()[-1] % 4 != 0].append(one)
    develop, rest = parts
    order = thresholds(develop, len(rest), answers_needed(risk, CONFIDENCE))
    return certify(rest, order, risk, CONFIDENCE).accepted


def renamed(random: Random, rule: ThresholdRule) -> bool:
    """Whether other ids bring a certificate within ten tries."""
    some = independent(random, 0.2 + ABOVE)
    return any(
        rule([Judged(f"{name}-{one.id}", one.confidence, one.wrong, True, "", one.text) for one in some], 0.2)
        for name in range(10)
    )


def liked(random: Random, folder: Path, *, marked: bool, whole: bool) -> bool:
    """Whether feedback certifies 5% of wrong answers where 35% are: `marked` as exported, `whole` with all lines."""
    lines = _exported(random)
    sure = {line["question"]: round(float(random.random()), 2) for line in lines}
    if not marked:
        lines = [line | {"gold_by": "person"} for line in lines]
    file = folder / "questions.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines if whole or line["gold"] is not None))
    try:
        asked = calibration_questions(file)
    except InputError:
        return False
    # The program answers as it did: its own gold makes it right, no gold makes it wrong.
    questions = [Judged(q.id, sure[q.text], not q.gold, bool(q.gold), "", q.text) for q in asked]
    return now(questions, 0.05) is not None


def liked_before(random: Random) -> bool:
    """As `liked` was: the disliked lines taken out, the gold of the others the program's own."""
    kept = [one for one in independent(random, 0.35) if random.random() < (0.1 if one.wrong else 0.9)]
    return before([Judged(one.id, one.confidence, False, True) for one in kept], 0.05) is not None


def _exported(random: Random) -> list[dict[str, Any]]:
    """The export of what users thought of 400 answers."""
    reply = json.dumps({"status": "answered", "short_answer": "x", "citations": [{"quote": "x", "article_id": ""}]})
    rows = []
    for number, one in enumerate(independent(random, 0.35)):
        good = random.random() < (0.1 if one.wrong else 0.9)
        rows.append((number, "", one.text, int(good), "", reply))
    return list(exported(rows))


def table(draws: int) -> list[str]:
    """The lines of the table."""
    lines = [
        "| calibrations | violated before | violated now | certified at a third of the risk, before | now |",
        "|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as work:
        for name, runs in _rows(Path(work)):
            lines.append(f"| {name} | {' | '.join(_share(name, run, draws) for run in runs)} |")
            CONSOLE.print(lines[-1], highlight=False)
    return lines


def _rows(folder: Path) -> Iterator[tuple[str, tuple[Simulation | None, ...]]]:
    yield "independent, risk 20%", tuple(_certified(independent, 0.2, rule, at) for rule, at in _FOUR)
    for together in (0.05, 0.2, 1.0):
        some = functools.partial(by_article, together=together)
        yield (
            f"by article, risk 30%, correlation {together}",
            tuple(_certified(some, 0.3, rule, at) for rule, at in _FOUR),
        )
    yield "renamed ids, risk 20%", (lambda r: renamed(r, before), lambda r: renamed(r, now), None, None)
    for name, was, marked, whole in (
        ("liked only, as exported", liked_before, True, False),
        ("liked only, mark changed", None, False, False),
        ("all feedback, mark changed", None, False, True),
    ):
        yield name, (was, functools.partial(liked, folder=folder, marked=marked, whole=whole), None, None)


_FOUR: tuple[tuple[ThresholdRule, float], ...] = ((before, 1), (now, 1), (before, 1 / 3), (now, 1 / 3))


def _certified(draw: Callable[..., list[Judged]], risk: float, rule: ThresholdRule, at: float) -> Simulation:
    """Whether something is certified of a draw whose error rate is this share of the risk."""
    return lambda random: rule(draw(random, risk * at + ABOVE), risk) is not None


def _share(name: str, run: Simulation | None, draws: int) -> str:
    if run is None:
        return ""
    seeds = track(range(draws), name, console=CONSOLE, transient=True)
    return str(Share(sum(run(np.random.default_rng(seed)) for seed in seeds), draws)).strip()


def main() -> None:
    """Prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=DRAWS)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    head = [
        "# Simulated calibrations",
        "",
        f"Written by `python -m eval.simulated`, whose docstring says what was simulated. {ALLOWED:.1%} is allowed: 5%",
        f"and three standard errors of {DRAWS:,} draws.",
        "",
    ]
    options.out.write_text("\n".join([*head, *table(options.draws)]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
