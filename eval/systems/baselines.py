"""Simple systems that any reader has to beat. Each picks one sentence of the hits and has a score to refuse by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline

from eval.cases import Asked, Case, Prediction, Quote
from eval.world import World
from rag.types import Hit, Sentence
from rag.words import STOPWORDS, WORD, stem


def quote(hit: Hit, sentence: Sentence) -> Quote:
    """A sentence of a hit as a quotation."""
    text = hit.passage.slice(sentence.start, sentence.end)
    return Quote(hit.passage.info.article_id, sentence.start, sentence.end, text, sentence.paragraph)


class QuestionOnly:
    """Never looks at a text to decide: a logistic model on the question's words says whether it is answerable.

    What it wins, the questions give away. It quotes the first sentence of the first hit.
    """

    name = "question only"

    def __init__(self, world: World, develop: Sequence[Case]) -> None:
        self._world = world
        texts = [case.asked.question for case in develop]
        labels = [case.answerable for case in develop]
        self._model: Any = None
        self._known: dict[str, float] = {}
        if len(set(labels)) == 2:
            model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(max_iter=1000))
            # On the questions it learns from, each score comes from a model that did not see that question.
            held_out = cross_val_predict(model, texts, labels, cv=5, method="predict_proba")[:, 1]
            self._known = {case.id: float(score) for case, score in zip(develop, held_out, strict=True)}
            self._model = model.fit(texts, labels)

    def ask(self, asked: Asked) -> Prediction:
        """Scores the question alone."""
        hits = self._world.hits(asked)[:1]
        quotes = tuple(quote(hit, hit.passage.chunk.sentences[0]) for hit in hits)
        if self._model is None:
            return Prediction(0.5, False, quotes)
        score = self._known.get(asked.id)
        if score is None:
            score = float(self._model.predict_proba([asked.question])[0, 1])
        return Prediction(score, False, quotes)


class WordCoverage:
    """The sentence that holds most of the question's content words; the share it holds is the score."""

    name = "word coverage"

    def __init__(self, world: World) -> None:
        self._world = world

    def ask(self, asked: Asked) -> Prediction:
        """Of equal sentences the first in the order of the hits."""
        words = _stems(asked.question)
        found: list[tuple[float, Quote]] = []
        for hit in self._world.hits(asked):
            for sentence in hit.passage.chunk.sentences:
                held = _stems(hit.passage.slice(sentence.start, sentence.end))
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


def _stems(text: str) -> set[str]:
    return {stem(word) for word in WORD.findall(text) if word.casefold() not in STOPWORDS}
