"""`python -m eval.simulated`: how often a certificate promises too much, of 2,000 simulated calibrations each.

A simulated program's chance of a wrong answer is known, so each certificate can be told from the truth: it is violated
when the error rate at its threshold exceeds the risk. Where that is so at most once in twenty times (and three standard
errors) the stated confidence of 95% holds. Every threshold has an error rate a hair above the risk, the worst there can
be. `before` is the same with the questions parted by their ids and tested each by itself, and with feedback as it came.

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
import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from eval.console import CONSOLE
from eval.metrics.intervals import Share
from rag.asking import calibrating
from rag.calibrate import Judged, Step, answers_needed, certify, certify_rest, parted, thresholds
from rag.errors import InputError
from rag.feedback import exported

OUT = Path(__file__).parent.parent / "docs" / "evaluation" / "calibrations.md"
DRAWS = 2000
CONFIDENCE = 0.95
ALLOWED = 0.05 + 3 * (0.05 * 0.95 / DRAWS) ** 0.5
ABOVE = 1e-9  # how far the truth lies above the risk
Random = np.random.Generator
Run = Callable[[Random], bool]  # one calibration: whether something was certified that does not hold


def independent(random: Random, risk: float = 0.2, count: int = 400) -> list[Judged]:
    """Questions that stand alone, each threshold at the risk."""
    wrong = random.random(count) < risk + ABOVE
    return _questions(random, wrong, [""] * count)


def by_article(random: Random, together: float, risk: float = 0.3, articles: int = 40, each: int = 20) -> list[Judged]:
    """Questions of articles; `together` is the correlation of two questions of one article."""
    mean = risk + ABOVE
    if together == 1:
        chances = (random.random(articles) < mean).astype(float)
    else:
        both = 1 / together - 1
        chances = random.beta(mean * both, (1 - mean) * both, articles)
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


def renamed(random: Random, rule: Callable[[Sequence[Judged], float], Step | None]) -> bool:
    """Whether other ids bring a certificate within ten tries."""
    some = independent(random)
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
        asked = calibrating(file)
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
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        rows: list[tuple[str, Run | None, Run]] = [
            ("independent", lambda r: bool(before(independent(r), 0.2)), lambda r: bool(now(independent(r), 0.2))),
            *(
                (
                    f"by article, correlation {together}",
                    lambda r, t=together: bool(before(by_article(r, t), 0.3)),
                    lambda r, t=together: bool(now(by_article(r, t), 0.3)),
                )
                for together in (0.05, 0.2, 1.0)
            ),
            ("renamed ids", lambda r: renamed(r, before), lambda r: renamed(r, now)),
            ("liked only, as exported", liked_before, lambda r: liked(r, folder, marked=True, whole=False)),
            ("liked only, mark changed", None, lambda r: liked(r, folder, marked=False, whole=False)),
            ("all feedback, mark changed", None, lambda r: liked(r, folder, marked=False, whole=True)),
        ]
        lines = ["| calibrations | violated before | violated now |", "|---|---|---|"]
        for name, was, its in rows:
            lines.append(f"| {name} | {_violated(name, was, draws)} | {_violated(name, its, draws)} |")
            CONSOLE.print(lines[-1], highlight=False)
    return lines


def _violated(name: str, run: Run | None, draws: int) -> str:
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
