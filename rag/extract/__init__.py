"""question, Hits -> Supports: which sentence may answer, with which words, and the probability that it does.

Two networks read (docs/decisions/011): a small one all passages, a larger one the best of them again, and then the best
sentences by themselves. What they say of a sentence and its best span goes, with what retrieval and the words say, into
small logistic models, whose coefficients were fitted on the develop parts of the evaluation's sets
(training/fit_support.py).
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.extract import spans
from rag.extract.expected import holds_expected, is_expected
from rag.extract.features import EXPLAINS, FEATURES, Read, features
from rag.extract.identity import telling
from rag.extract.inputs import Text
from rag.extract.known import Known, fitted_on_topic, numbers_of, recorded
from rag.extract.network import Networks
from rag.extract.spans import Found
from rag.types import OF_ARTICLE, Hit, Query, Sentence, Support

BASE = "sentence-transformers/all-MiniLM-L6-v2"  # whose tokenizer and word vectors the networks use
MODELS = Path(__file__).parent.parent / "models"
READ_AGAIN = 3  # passages
READ_ALONE = 2  # sentences


@dataclass(frozen=True, slots=True)
class Linear:
    """A coefficient a feature and an intercept."""

    weights: Mapping[str, float]
    intercept: float

    def logits(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logits, shape (n,), of features, shape (n, len(FEATURES))."""
        weights = np.array([self.weights.get(name, 0.0) for name in FEATURES])
        logits: NDArray[np.float64] = features @ weights + self.intercept
        return logits

    def order(self, features: NDArray[np.float64]) -> list[int]:
        """Places of rows, those with the largest logits first; of equal ones the earlier."""
        order: list[int] = np.argsort(-self.logits(features), kind="stable").tolist()
        return order


@dataclass(frozen=True, slots=True)
class Logistic:
    """Logistic models of the same features: which sentence is the best, whether that one answers, or a further one."""

    rank: Linear
    decide: Linear
    further: Linear
    threshold: float  # of the probability

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Logistic:
        """As it stands in support.json."""
        rank, decide, further = (Linear(**data[name]) for name in ("rank", "decide", "further"))
        return cls(rank, decide, further, data["threshold"])

    def probability(self, features: NDArray[np.float64], *, best_first: bool) -> NDArray[np.float64]:
        """Calibrated probabilities of sentences, to four decimals, which are what decides and what is shown.

        With `best_first` the first row is the best sentence of all; else none is.
        """
        logits = self.further.logits(features)
        if best_first:
            logits[:1] = self.decide.logits(features[:1])
        found: NDArray[np.float64] = np.round(1 / (1 + np.exp(-np.clip(logits, -60.0, 60.0))), 4)
        return found


@dataclass(frozen=True, slots=True)
class Stages:
    """The models before the best sentences were read by themselves, and after."""

    among: Logistic
    alone: Logistic

    @property
    def threshold(self) -> float:
        """Of the confidence of the best one."""
        return self.alone.threshold


@dataclass(frozen=True, slots=True)
class SupportModel:
    """The models by what they know."""

    first: Logistic  # without the second network: chooses what it reads, and decides where it is left out
    both: Stages
    given: Stages  # without retrieval, for a passage that is given
    known: Mapping[str, Mapping[str, Known]]  # by these names, or "record", and kind of question
    encoder: str  # the name of the encoder that all were fitted with
    encoder_sha256: str

    def unfitted(self, encoder_sha256: str) -> str | None:
        """What to say of an index whose encoder is another; None where it is the one of the fit."""
        if encoder_sha256 == self.encoder_sha256:
            return None
        return (
            f"confidence is not fitted for this encoder, only for {self.encoder}: it is no probability here, and "
            "nothing is certified before `rag calibrate`"
        )


@functools.cache
def shipped_model() -> SupportModel:
    """The coefficients that come with the package."""
    data = json.loads((MODELS / "support.json").read_text(encoding="utf-8"))

    both, given = (Stages(Logistic.of(data[name]), Logistic.of(data[f"{name}_alone"])) for name in ("both", "given"))
    known = {mode: {kind: Known.of(its) for kind, its in kinds.items()} for mode, kinds in data["known"].items()}
    encoder = data["encoder"]
    return SupportModel(Logistic.of(data["first"]), both, given, known, encoder["name"], encoder["sha256"])


@functools.cache
def shipped_networks(encoder: Path) -> Networks:
    """The networks that come with the package; `encoder` is the folder of all-MiniLM-L6-v2."""
    return Networks.load(MODELS, encoder)


class ReadingExtractor:
    """Reads each passage, and the best of them again (`rag.types.Extractor`)."""

    def __init__(self, networks: Networks, model: SupportModel, *, fast: bool = False, given: bool = False) -> None:
        self._networks, self._model = networks, model
        self._fast = fast
        stages = model.given if given else model.both
        self._among = model.first if fast else stages.among
        self._alone = None if fast else stages.alone
        self._known = {**model.known["record"], **model.known["first" if fast else "given" if given else "both"]}

    def extract(self, question: Query, hits: Sequence[Hit]) -> list[Support]:
        """Supports ordered by falling confidence; equal ones keep the order of hits and sentences."""
        if question.kind in OF_ARTICLE and hits:
            return [self._of_article(question, hits[0])]  # the retriever gave us the leads
        found = self.supports(question, hits)
        if question.topic is not None:
            return fitted_on_topic(question, found, self._known["topic"])
        return _of_one_kind(question, found)

    def _of_article(self, question: Query, lead: Hit) -> Support:
        """The sentence that an article opens with, with the confidence that what is known of the article answers."""
        found = self.opening(question, lead)
        sure = self._known[question.kind].probability(numbers_of(question, found))
        return replace(found, confidence=sure if recorded(question, lead.passage.info) else 0.0)

    def opening(self, question: Query, lead: Hit) -> Support:
        """The same with the confidence of the networks, asked what an article is about however that is put."""
        first = lead.passage.chunk.sentences[0]
        sure = 0.0
        if question.kind == "about":
            found = self.supports(replace(question, asked=question.read, own_terms=()), [lead])
            sure = next(one.confidence for one in found if one.sentence == first)
        return Support(lead.passage, first, None, None, sure)

    def supports(self, question: Query, hits: Sequence[Hit]) -> list[Support]:
        """Those of a question by its words alone, as the networks and the models of their logits have it."""
        reads = self.read(question, hits)
        rows = np.array(features(question, reads))
        if not len(rows):
            return []
        chosen, rest = list[int](), self._among.rank.order(rows)
        sure = list[float]()
        if self._alone is not None:
            chosen, rest = rest[:READ_ALONE], rest[READ_ALONE:]
            reads = self.alone(question, reads, chosen)
            again = np.array(features(question, reads))[chosen]
            order = self._alone.rank.order(again)
            chosen = [chosen[i] for i in order]
            sure += self._alone.probability(again[order], best_first=True).tolist()
        sure += self._among.probability(rows[rest], best_first=not chosen).tolist()
        places = [(read, *candidate) for read in reads for candidate in read.candidates()]
        # None is surer than one that ranks before it.
        falling = np.minimum.accumulate(sure)
        return [_support(question, *places[i], float(p)) for i, p in zip(chosen + rest, falling, strict=True)]

    def read(self, question: Query, hits: Sequence[Hit]) -> list[Read]:
        """The passages that were read last: the best by the first network, best first, or all where it is fast."""
        after = 1 + max((hit.lexical_rank or 0 for hit in hits), default=0)
        found = self._found("first", question, hits)
        reads = [Read(hit, its, hit.lexical_rank or after) for hit, its in zip(hits, found, strict=True)]
        return reads if self._fast or not reads else self.again(question, reads)

    def again(self, question: Query, reads: Sequence[Read]) -> list[Read]:
        """The best of what the first network read, best first, read by the second."""
        rows = np.array(features(question, reads))
        logits = iter(self._model.first.rank.logits(rows))
        scores = [max((next(logits) for _ in read.first), default=-math.inf) for read in reads]
        best = sorted(range(len(reads)), key=lambda i: (-scores[i], i))[:READ_AGAIN]
        again = self._found("second", question, [reads[i].hit for i in best])
        return [replace(reads[i], second=found) for i, found in zip(best, again, strict=True)]

    def alone(self, question: Query, reads: Sequence[Read], chosen: Sequence[int]) -> list[Read]:
        """The same with some of the sentences, by their number over all, read by themselves by the second network."""
        places = [(number, at) for number, read in enumerate(reads) for at in range(len(read.among))]
        picked = [places[i] for i in chosen]
        texts = [_text(question, reads[number].hit) for number, _ in picked]
        sentences = [_sentences(reads[number].hit)[at] for number, at in picked]
        before = [reads[number].among[at] for number, at in picked]
        read = spans.read_alone(self._networks, "second", texts, sentences, before, telling(question))
        found = dict(zip(picked, read, strict=True))
        return [
            replace(read, alone={at: one for (whose, at), one in found.items() if whose == number})
            for number, read in enumerate(reads)
        ]

    def _found(self, network: str, question: Query, hits: Sequence[Hit]) -> list[list[Found]]:
        texts = [_text(question, hit) for hit in hits]
        return spans.read(self._networks, network, texts, [_sentences(hit) for hit in hits], telling(question))


def together(supports: Sequence[list[Support]]) -> list[Support]:
    """The supports of a question with several parts, from those of each: the best of each part first.

    All have at most the confidence of the part that is supported least, as without it the question is not answered. One
    short answer would answer only a part, so there is none.
    """
    if not all(supports):
        return []
    least = min(its[0].confidence for its in supports)
    first = [its[0] for its in supports]
    rest = sorted((one for its in supports for one in its[1:]), key=lambda one: -one.confidence)
    kept: dict[tuple[str, int], Support] = {}
    for one in first + rest:
        place = one.passage.info.article_id, one.sentence.start
        kept.setdefault(place, replace(one, short=None, confidence=min(one.confidence, least)))
    return list(kept.values())


def _text(question: Query, hit: Hit) -> Text:
    return question.read, _title(hit), hit.passage.text


def _sentences(hit: Hit) -> list[tuple[int, int]]:
    """The sentences of a passage as ranges of its text."""
    chunk = hit.passage.chunk
    return [(sentence.start - chunk.start, sentence.end - chunk.start) for sentence in chunk.sentences]


def _title(hit: Hit) -> str:
    title, section = hit.passage.info.title, hit.passage.chunk.section
    return f"{title}. {section}" if section and section != title else title


def _of_one_kind(question: Query, supports: Sequence[Support]) -> list[Support]:
    """Where the best short answer holds the date, name or number that is asked for, what is none is not shown."""
    if not supports:
        return []
    best, *rest = supports
    if best.short is None or not holds_expected(question, best.passage.slice(*best.short)):
        return list(supports)
    return [best] + [
        one if one.short and is_expected(question, one.passage.slice(*one.short)) else replace(one, short=None)
        for one in rest
    ]


def _support(question: Query, read: Read, sentence: Sentence, found: Found, confidence: float) -> Support:
    start = read.hit.passage.chunk.start
    span = (start + found.start, start + found.end) if found.start < found.end else None
    shown = span is not None and question.kind not in EXPLAINS
    return Support(read.hit.passage, sentence, span if shown else None, span, confidence)
