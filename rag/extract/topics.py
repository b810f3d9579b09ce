"""The confidence of answers on a topic or on a whole article.

The networks were not taught such questions, so their confidence is fitted anew, on answers that were judged one by one
(training/fit_known.py): logistic models of a few numbers each.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rag.extract.features import named, words_named
from rag.language import pattern
from rag.types import ArticleInfo, Query, Support

_NOT_AGAINST = 0.03  # a sentence that the networks are so sure of is shown after others, though it names the topic
_LEAST = 1e-4  # of a confidence, which has four decimals


@dataclass(frozen=True, slots=True)
class Known:
    """A logistic model: a coefficient a number, and an intercept."""

    weights: Mapping[str, float]
    intercept: float

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Known:
        """As it stands in support.json, beside what it was fitted on."""
        return cls(data["weights"], data["intercept"])

    def probability(self, numbers: Mapping[str, float]) -> float:
        """To four decimals."""
        total = self.intercept + sum(weight * numbers[name] for name, weight in self.weights.items())
        return round(1 / (1 + math.exp(-max(-60.0, min(60.0, total)))), 4)


def recorded(question: Query, info: ArticleInfo) -> str | None:
    """What is known of an article that a question on the article itself asks for."""
    return {"dated": info.date, "written": info.author or info.publisher}.get(question.kind, info.title)


def numbers_of(question: Query, support: Support) -> dict[str, float]:
    """The numbers of a sentence by which its confidence, as the networks' model has it, is fitted anew."""
    info, sentence = support.passage.info, support.sentence
    sure = min(max(support.confidence, _LEAST), 1 - _LEAST)
    held, all_words = words_named(info.title, support.passage.slice(sentence.start, sentence.end))
    return {
        "logit": math.log(sure / (1 - sure)),  # of the confidence of the question as it is read
        "titled": held / all_words if all_words else 0.0,  # the share of the title's words that it holds
        "held": math.log1p(held),  # and their number
        # An author is named where one is known, also to who asks for the publisher.
        "beside": float(bool(info.author) and pattern("of_publisher").search(question.text) is not None),
    }


def on_topic(topic: str, supports: Sequence[Support]) -> list[tuple[Support, bool]]:
    """What names the topic comes first: a sentence, then one under a title that names it; each with whether it does."""

    def place(one: Support) -> int:
        quote = one.passage.slice(one.sentence.start, one.sentence.end)
        texts = quote, f"{one.passage.info.title} {one.passage.chunk.section or ''} {quote}"
        return next((at for at, text in enumerate(texts) if named(topic, text)), 2)

    placed = sorted((place(one) if one.confidence >= _NOT_AGAINST else 2, i) for i, one in enumerate(supports))
    return [(supports[i], at < 2) for at, i in placed]


def fitted_on_topic(question: Query, supports: Sequence[Support], known: Known) -> list[Support]:
    """The same with confidences: fitted anew where the topic is named, and none surer than one before it."""
    placed = on_topic(question.topic or "", supports)
    sure = [known.probability(numbers_of(question, one)) if names else one.confidence for one, names in placed]
    falling = np.minimum.accumulate(sure).tolist()
    return [replace(one, confidence=p) for (one, _), p in zip(placed, falling, strict=True)]
