"""Simple systems that any reader has to beat. Each picks one sentence of the hits and has a score to refuse by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline

from eval.cases import Asked, Case, Prediction, Quote, System
from eval.world import World
from rag.types import Hit, Sentence
from rag.words import stems


def quote(hit: Hit, sentence: Sentence) -> Quote:
    """A sentence of a hit as a quotation."""
    text = hit.passage.slice(sentence.start, sentence.end)
    return Quote(hit.passage.info.article_id, sentence.start, sentence.end, text, sentence.paragraph)


class QuestionOnly:
    """Never looks at a text to decide: a logistic model on the question's words says whether it is answerable.

    What it wins, the questions give away. When it answers it gives our best quotation.
    """

    name = "question only"

    def __init__(self, program: System, develop: Sequence[Case]) -> None:
        self._program = program
        some = [case for case in develop if not case.unscorable]
        texts = [case.asked.question for case in some]
        labels = [case.answerable for case in some]
        self._model: Any = None
        self._known: dict[Asked, float] = {}
        folds = min(5, len({case.group for case in some}), labels.count(True), labels.count(False))
        if folds > 1:
            model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
            # On the questions it learns from, each score comes from a model that saw no question of that group.
            split = StratifiedGroupKFold(folds).split(texts, labels, [case.group for case in some])
            for learnt, held in split:
                if len({labels[i] for i in learnt}) == 2:
                    model.fit([texts[i] for i in learnt], [labels[i] for i in learnt])
                    scores = model.predict_proba([texts[i] for i in held])[:, 1]
                    self._known.update((some[i].asked, float(s)) for i, s in zip(held, scores, strict=True))
            self._model = model.fit(texts, labels)

    def ask(self, asked: Asked) -> Prediction:
        """Scores the question alone."""
        found = self._program.ask(asked)
        score = self._known.get(asked)
        if score is None:
            score = 0.5 if self._model is None else float(self._model.predict_proba([asked.question])[0, 1])
        return replace(found, score=score, answered=False)


class WordCoverage:
    """The sentence that holds most of the question's content words; the share it holds is the score."""

    name = "word coverage"

    def __init__(self, world: World) -> None:
        self._world = world

    def ask(self, asked: Asked) -> Prediction:
        """Of equal sentences the first in the order of the hits."""
        words = stems(asked.question)
        found: list[tuple[float, Quote]] = []
        for hit in self._world.hits(asked):
            for sentence in hit.passage.chunk.sentences:
                held = stems(hit.passage.slice(sentence.start, sentence.end))
                found.append((len(words & held) / len(words) if words else 0.0, quote(hit, sentence)))
        if not found:
            return Prediction(0.0, False)
        score, best = max(found, key=lambda pair: pair[0])
        return Prediction(score, False, (best,))


class CosineThreshold:
    """The passage nearest to the question, its nearest sentence quoted; the passage's cosine is the score."""

    name = "cosine threshold"

    def __init__(self, world: World) -> None:
        self._world = world

    def ask(self, asked: Asked) -> Prediction:
        """Embedding similarity decides alone, as in most retrieval chatbots that refuse."""
        hits = self._world.hits(asked, "dense")
        if not hits:
            return Prediction(0.0, False)
        hit = hits[0]
        sentences = hit.passage.chunk.sentences
        cosines = self._world.cosines(asked.question, [hit.passage.slice(s.start, s.end) for s in sentences])
        best = max(range(len(sentences)), key=cosines.__getitem__)
        return Prediction(hit.cosine, False, (quote(hit, sentences[best]),))
