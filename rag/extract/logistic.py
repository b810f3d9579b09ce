"""The small logistic models of `support.json`: numbers of a sentence -> the probability that it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.extract.features import FEATURES
from rag.extract.topics import Known


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
    threshold: float  # of the probability, from which on it is answered
    doubt: float  # and from which on below that it may be the answer

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Logistic:
        """As it stands in support.json."""
        rank, decide, further = (Linear(**data[name]) for name in ("rank", "decide", "further"))
        return cls(rank, decide, further, data["threshold"], data["doubt"])

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

    @property
    def doubt(self) -> float:
        """Of the same."""
        return self.alone.doubt


@dataclass(frozen=True, slots=True)
class SupportModel:
    """The models by what they know."""

    first: Logistic  # without the second network: chooses what it reads, and decides where it is left out
    both: Stages
    given: Stages  # without retrieval, for a passage that is given
    known: Mapping[str, Mapping[str, Known]]  # by these names, or "record", and kind of question
    other_time: float  # the most that an answer of another time than the one named is worth
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
