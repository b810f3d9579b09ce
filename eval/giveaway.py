"""`python -m eval.giveaway [--data FOLDER]`: what the questions of each set tell without any text.

For each set the AUROC of answerable against not on its test part, with its 95% interval: by a naive Bayes on all of our
own machine-written questions, and by a logistic model on the questions of the set's develop part. Then what overlaps:
how many answerable test questions about the project's article share an accepted range with a develop question, and how
many questions of each set are, but for case and punctuation, among our own.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from eval import datasets
from eval.cases import Case, Dataset
from eval.console import CONSOLE
from eval.datasets import seeds
from eval.figures import auroc_interval
from eval.metrics.refusal import auroc
from eval.parts import folded
from eval.systems.question_only import Score, by_our_own, by_these, written


def main() -> None:
    """Scores and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    data = datasets.folder(parser.parse_args().data)
    questions, answered = written()
    ours = {folded(question) for question in questions}
    print(f"{len(questions):,} questions of our own, {sum(answered):,} of them answered by their passage")
    names, absent = datasets.available(data)
    for name in names:
        dataset = datasets.load(name, data)
        if not dataset.retrieval_only:
            print("; ".join(_line(dataset, ours)))
    shared, of = len(seeds.sharing_an_answer(seeds.read().cases)), _answerable(_part(seeds.read(), "test"))
    print(f"seeds: {shared} of the {of} answerable test questions share an accepted range with a develop question")
    for message in absent:
        CONSOLE.print(message, highlight=False)


def _line(dataset: Dataset, ours: set[str]) -> list[str]:
    test = _part(dataset, "test")
    among = sum(folded(case.asked.question) in ours for case in test)
    return [
        f"{dataset.name}: {len(test)} test questions, {_answerable(test)} answerable",
        f"by our own questions {_auroc(test, by_our_own)}",
        f"by the develop part {_auroc(test, by_these(_part(dataset, 'develop')))}",
        f"{among} stand among our own",
    ]


def _part(dataset: Dataset, part: str) -> list[Case]:
    return [case for case in dataset.cases if case.part == part and not case.unscorable]


def _answerable(cases: Sequence[Case]) -> int:
    return sum(case.answerable for case in cases)


def _auroc(cases: Sequence[Case], score: Score) -> str:
    labels, scores = [case.answerable for case in cases], [score(case.asked) for case in cases]
    interval = auroc_interval(labels, scores, [case.group for case in cases])
    if interval is None:
        return "not defined"
    return f"{auroc(labels, scores):.3f} (95% {interval[0]:.2f} to {interval[1]:.2f})"


if __name__ == "__main__":
    main()
