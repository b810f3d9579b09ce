"""question, Hits -> Supports: which sentence may answer, with which words, and the probability that it does.

Two networks read (docs/decisions/011): a small one all passages, a larger one the best of them again, and then the best
sentences by themselves. What they say of a sentence and its best span goes, with what retrieval and the words say, into
small logistic models, whose coefficients were fitted on the develop parts of the evaluation's sets
(training/fit_support.py).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rag.extract import lists, spans
from rag.extract.expected import holds_expected, is_expected
from rag.extract.features import EXPLAINS, FEATURES, Read, features
from rag.extract.identity import telling
from rag.extract.inputs import Text
from rag.extract.logistic import Logistic, Stages, SupportModel
from rag.extract.network import Networks
from rag.extract.shipped import BASE, MODELS, shipped_model, shipped_networks
from rag.extract.spans import Found
from rag.extract.timely import TIME, Timely, of_time_first
from rag.extract.together import together, without_short
from rag.extract.topics import fitted_on_topic, numbers_of, recorded
from rag.types import OF_ARTICLE, Hit, Query, Sentence, Support

__all__ = [
    "BASE",
    "MODELS",
    "Logistic",
    "ReadingExtractor",
    "Stages",
    "SupportModel",
    "shipped_model",
    "shipped_networks",
    "together",
]

READ_AGAIN = 4  # passages
READ_ALONE = 2  # sentences
_OF_TIME = np.array([name in TIME for name in FEATURES])


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
        elsewhere = np.array([read.elsewhere for read in reads for _ in read.among])
        chosen, rest = list[int](), self._among.rank.order(rows)
        sure = list[float]()
        if self._alone is not None:
            chosen, rest = rest[:READ_ALONE], rest[READ_ALONE:]
            reads = self.alone(question, reads, chosen)
            again = np.array(features(question, reads))[chosen]
            alone, order = self._alone, self._alone.rank.order(again)
            if of_time_first(order, elsewhere[chosen].tolist()):
                turned = order[::-1]
                order = turned if alone.probability(again[turned], best_first=True)[0] > self._most else order
            chosen = [chosen[i] for i in order]
            sure += self._alone.probability(_untimed(again[order], elsewhere[chosen]), best_first=True).tolist()
        sure += self._among.probability(_untimed(rows[rest], elsewhere[rest]), best_first=not chosen).tolist()
        places = [(read, *candidate) for read in reads for candidate in read.candidates()]
        sure = [min(p, self._most) if elsewhere[i] else p for p, i in zip(sure, chosen + rest, strict=True)]
        # None is surer than one that ranks before it.
        falling = np.minimum.accumulate(sure)
        found = [places[i] for i in chosen + rest]
        supports = [_support(question, *its, float(p)) for its, p in zip(found, falling, strict=True)]
        if question.name is not None:  # what somebody is has many words, and is one
            return supports
        if self._alone is None:
            return [lists.cut(one) for one in supports[:1]] + supports[1:]
        return lists.with_items(question, supports, [its for _, _, its in found])

    @property
    def _most(self) -> float:
        """That an answer of another time than the one that is named is worth: it may be one, and is not given."""
        return max(self._model.other_time, self._among.doubt)

    def read(self, question: Query, hits: Sequence[Hit]) -> list[Read]:
        """The passages that were read last: the best by the first network, best first, or all where it is fast."""
        after = 1 + max((hit.lexical_rank or 0 for hit in hits), default=0)
        found = self._found("first", question, hits)
        timely = Timely(question, hits)
        reads = [
            Read(hit, its, hit.lexical_rank or after, timely.numbers(hit), timely.elsewhere(hit))
            for hit, its in zip(hits, found, strict=True)
        ]
        return reads if self._fast or not reads else self.again(question, reads)

    def again(self, question: Query, reads: Sequence[Read]) -> list[Read]:
        """The best of what the first network read, best first, read by the second."""
        best = self.best_first(question, reads)[:READ_AGAIN]
        again = self._found("second", question, [read.hit for read in best])
        return [replace(read, second=found) for read, found in zip(best, again, strict=True)]

    def best_first(self, question: Query, reads: Sequence[Read]) -> list[Read]:
        """What the first network read, by its best sentence; what is as good keeps its order."""
        logits = iter(self._model.first.rank.logits(np.array(features(question, reads))))
        scores = [max((next(logits) for _ in read.first), default=-math.inf) for read in reads]
        return [reads[i] for i in sorted(range(len(reads)), key=lambda i: (-scores[i], i))]

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


def _untimed(rows: NDArray[np.float64], elsewhere: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The rows, those of another time without the numbers of TIME: for these a bound stands instead."""
    out: NDArray[np.float64] = np.where(elsewhere[:, None] & _OF_TIME, 0.0, rows)
    return out


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
        one if one.short and is_expected(question, one.passage.slice(*one.short)) else without_short(one)
        for one in rest
    ]


def _support(question: Query, read: Read, sentence: Sentence, found: Found, confidence: float) -> Support:
    start = read.hit.passage.chunk.start
    span = (start + found.start, start + found.end) if found.start < found.end else None
    shown = span is not None and question.kind not in EXPLAINS
    return Support(read.hit.passage, sentence, span if shown else None, span, confidence)
