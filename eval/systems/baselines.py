"""Simple systems that any reader has to beat. Each picks one sentence of the hits and has a score to refuse by."""

from __future__ import annotations

from eval.cases import Asked, Prediction, Quote
from eval.setup import Setup
from rag.language.words import stems
from rag.types import Hit, Sentence


def quote(hit: Hit, sentence: Sentence) -> Quote:
    """A sentence of a hit as a quotation."""
    text = hit.passage.slice(sentence.start, sentence.end)
    return Quote(hit.passage.info.article_id, sentence.start, sentence.end, text, sentence.paragraph)


class WordCoverage:
    """The sentence that holds most of the question's content words; the share it holds is the score."""

    name = "word coverage"

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def ask(self, asked: Asked) -> Prediction:
        """Of equal sentences the first in the order of the hits."""
        words = stems(asked.question)
        found: list[tuple[float, Quote]] = []
        for hit in self._setup.hits(asked):
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

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def ask(self, asked: Asked) -> Prediction:
        """Embedding similarity decides alone, as in most retrieval chatbots that refuse."""
        hits = self._setup.hits(asked, "dense")
        if not hits:
            return Prediction(0.0, False)
        hit = hits[0]
        sentences = hit.passage.chunk.sentences
        cosines = self._setup.cosines(asked.question, [hit.passage.slice(s.start, s.end) for s in sentences])
        best = max(range(len(sentences)), key=cosines.__getitem__)
        return Prediction(hit.cosine, False, (quote(hit, sentences[best]),))
