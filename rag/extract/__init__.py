"""question, Hits -> Supports: which sentence may answer, and the probability that it does.

The first extractor: a logistic model over similarity, word coverage and the expected kind of answer. Its coefficients
were fitted on public question-answering data, never on the seeds (training/fit_support.py, docs/decisions/005).
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.extract.short_answer import candidate, short_answer
from rag.types import Encoder, Hit, Question, Support, Vectors
from rag.words import STOPWORDS, WORD, stem

FEATURES = (
    "cosine",  # of question and sentence
    "cosine_passage",  # of question and passage
    "coverage",  # share of the question's content words in the sentence
    "coverage_context",  # the same for the passage, its heading and title
    "names_missing",  # share of the question's names and numbers that are in neither
    "weakest",  # 1 when every content word is in the passage, its heading or title
    "typed",  # 1 when the kind of question has a typical answer and the sentence holds one
    "untyped",  # 1 when the kind of question has none
    "length",  # of the sentence, log of words
)
_TYPED = ("who", "when", "where", "how_many")
_KEPT_SENTENCES = 20_000  # 30 MB of vectors
_LEAD_CONFIDENCE = 0.9  # set, not fitted: no public data asks what an article is about


@dataclass(frozen=True, slots=True)
class SupportModel:
    """Two logistic models: `rank` scores sentences, `confidence` turns the best score into a probability."""

    rank: Mapping[str, float]  # a coefficient a feature, and "intercept"
    confidence: Mapping[str, float]  # "logit" and "intercept", applied to the rank model's logit
    threshold: float

    def logits(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rank logits, shape (n,), of features, shape (n, len(FEATURES))."""
        weights = np.array([self.rank[name] for name in FEATURES])
        logits: NDArray[np.float64] = features @ weights + self.rank["intercept"]
        return logits

    def probability(self, logit: float) -> float:
        """The calibrated probability, to four decimals, which is what decides and what is shown."""
        z = self.confidence["logit"] * logit + self.confidence["intercept"]
        return round(1 / (1 + math.exp(-max(-60.0, min(60.0, z)))), 4)


def shipped_model() -> SupportModel:
    """The coefficients that come with the package."""
    data = json.loads(files("rag.models").joinpath("support.json").read_text(encoding="utf-8"))
    return SupportModel(data["rank"], data["confidence"], data["threshold"])


@functools.cache
def shipped_sha256() -> str:
    """SHA-256 of the coefficients that come with the package and of the code that answers: the reader of a certificate.

    A changed rule can change an answer as well as a changed coefficient.
    """
    package = Path(__file__).parent.parent
    code = [p for name in _ANSWERING for p in sorted(package.glob(name))]
    digest = hashlib.sha256(files("rag.models").joinpath("support.json").read_bytes())
    for file in code:
        digest.update(file.read_bytes())
    return digest.hexdigest()


_ANSWERING = ("extract/*.py", "decide.py", "embed.py", "loss.py", "question.py", "retrieve.py", "words.py")


class SentenceExtractor:
    """Scores each sentence of each passage (`rag.types.Extractor`)."""

    def __init__(self, encoder: Encoder, model: SupportModel) -> None:
        self._encoder = encoder
        self._model = model
        # Vectors do not depend on what else is encoded, so keeping them changes no answer, only the time.
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def extract(self, question: Question, hits: Sequence[Hit]) -> list[Support]:
        """Supports ordered by falling confidence; equal ones keep the order of hits and sentences."""
        places = [(hit.passage, sentence) for hit in hits for sentence in hit.passage.chunk.sentences]
        if not places:
            return []
        if question.kind == "about":
            # The lead of a news article says what it is about; the retriever gave us the leads.
            return [Support(*places[0], None, _LEAD_CONFIDENCE)]
        features, shorts = self.features(question, hits)
        logits = self._model.logits(features)
        order = sorted(range(len(places)), key=lambda i: (-logits[i], i))
        return [Support(*places[i], shorts[i], self._model.probability(float(logits[i]))) for i in order]

    def features(
        self, question: Question, hits: Sequence[Hit]
    ) -> tuple[NDArray[np.float64], list[tuple[int, int] | None]]:
        """Features, shape (sentences, len(FEATURES)), and short answers by article offset, in reading order."""
        passages = [hit.passage for hit in hits]
        texts = [p.slice(s.start, s.end) for p in passages for s in p.chunk.sentences]
        asked = self._encoder.encode([question.text], query=True)[0]
        cosines = iter((self._sentence_vectors(texts) @ asked).tolist())
        rows: list[list[float]] = []
        shorts: list[tuple[int, int] | None] = []
        for hit in hits:
            context = _stems(f"{hit.passage.text} {hit.passage.chunk.section or ''} {hit.passage.info.title}")
            for sentence in hit.passage.chunk.sentences:
                text = hit.passage.slice(sentence.start, sentence.end)
                found = short_answer(question, text)
                shorts.append((sentence.start + found[0], sentence.start + found[1]) if found else None)
                typed = candidate(question, text) is not None
                rows.append([next(cosines), hit.cosine, *_word_features(question, text, context, typed)])
        return np.array(rows), shorts

    def _sentence_vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of these sentences, from the most recently used ones where they are kept."""
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._known]
            if missing:
                self._known.update(zip(missing, self._encoder.encode(missing), strict=True))
            for text in texts:
                self._known.move_to_end(text)
            found: Vectors = np.stack([self._known[text] for text in texts])
            while len(self._known) > _KEPT_SENTENCES:
                self._known.popitem(last=False)
        return found


def _word_features(question: Question, text: str, context: set[str], typed: bool) -> list[float]:
    asked = {stem(term) for term in question.terms}
    named = {stem(term) for term in question.terms if term[:1].isupper() or term[:1].isdigit()}
    here = _stems(text)
    typical = question.kind in _TYPED
    in_sentence, in_context = _matched(asked, here), _matched(asked, context)
    return [
        _share(in_sentence, asked),
        _share(in_context, asked),
        _share(named - in_context, named),
        float(in_context == asked),
        float(typical and typed),
        float(not typical),
        math.log1p(len(WORD.findall(text))),
    ]


def _share(part: set[str], whole: set[str]) -> float:
    return len(part) / len(whole) if whole else 0.0


def _matched(asked: set[str], held: set[str]) -> set[str]:
    """Those of `asked` that are held, or that share most of their letters with one that is: Canada, Canadian."""
    return {word for word in asked if word in held or any(_alike(word, other) for other in held)}


def _alike(a: str, b: str) -> bool:
    shared = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return shared >= 5 and shared >= 0.6 * max(len(a), len(b))


def _stems(text: str) -> set[str]:
    return {stem(word) for word in WORD.findall(text) if word.casefold() not in STOPWORDS}
