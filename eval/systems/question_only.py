"""Systems that decide without any text: what they win, the questions give away. Both quote our best quotation."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from eval.cases import Asked, Case, Prediction, System

# The questions that were machine-written to train our readers, and whether their passage answers them.
WRITTEN = Path(__file__).parents[2] / "training" / "reader" / "written.jsonl"
NAME, NAME_HERE = "question only", "question only, learnt here"
Score = Callable[[Asked], float]  # how probably a question is answerable


class QuestionOnly:
    """Our best quotation, given or not by a score of the question alone."""

    def __init__(self, program: System, name: str, score: Score) -> None:
        self.name = name
        self._program, self._score = program, score

    def ask(self, asked: Asked) -> Prediction:
        """Scores the question."""
        return replace(self._program.ask(asked), score=self._score(asked), answered=False, reason="")


def by_our_own(asked: Asked) -> float:
    """By a naive Bayes on the words, and pairs of words, of all questions that were written for this project.

    Where that tells a set's answerable questions, they are of one make with those that we trained on.
    """
    return float(learnt(WRITTEN).predict_proba([asked.question])[0, 1])


def written(file: Path = WRITTEN) -> tuple[list[str], list[bool]]:
    """Our own questions, and whether each is answered by its passage."""
    questions: list[str] = []
    labels: list[bool] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for key in ("yes", "no"):
            questions += [asked[0] for asked in row[key]]
            labels += [key == "yes"] * len(row[key])
    return questions, labels


@functools.cache
def learnt(file: Path) -> Any:
    """The classifier of a file's questions."""
    return make_pipeline(CountVectorizer(ngram_range=(1, 2)), MultinomialNB()).fit(*written(file))


def by_these(develop: Sequence[Case]) -> Score:
    """By a logistic model on the words of a set's develop part: what the set's own questions give away."""
    some = [case for case in develop if not case.unscorable]
    texts = [case.asked.question for case in some]
    labels = [case.answerable for case in some]
    folds = min(5, len({case.group for case in some}), labels.count(True), labels.count(False))
    if folds < 2:
        return lambda _asked: 0.5
    known: dict[Asked, float] = {}
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
    # On the questions it learns from, each score comes from a model that saw no question of that group.
    split = StratifiedGroupKFold(folds).split(texts, labels, [case.group for case in some])
    for seen, held in split:
        if len({labels[i] for i in seen}) == 2:
            model.fit([texts[i] for i in seen], [labels[i] for i in seen])
            scores = model.predict_proba([texts[i] for i in held])[:, 1]
            known.update((some[i].asked, float(s)) for i, s in zip(held, scores, strict=True))
    model.fit(texts, labels)
    return lambda asked: known.get(asked, float(model.predict_proba([asked.question])[0, 1]))
