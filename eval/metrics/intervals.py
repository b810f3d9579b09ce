"""Shares with exact intervals, and paired differences with bootstrap intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from scipy.stats import norm as normal
from scipy.stats import t as student_t

Floats = NDArray[np.float64]
LEVEL = 0.95
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Share:
    """A share with the Clopper-Pearson interval at 95%; `of` is 0 where nothing could be scored."""

    count: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing is 0."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Exact two-sided 95% interval of a binomial share (Clopper and Pearson 1934)."""
        if not self.of:
            return 0.0, 1.0
        found = binomtest(self.count, self.of).proportion_ci(confidence_level=LEVEL, method="exact")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:6.1%}  ({self.count}/{self.of}, 95% {low:.0%} to {high:.0%})"


@dataclass(frozen=True, slots=True)
class Difference:
    """B less A, with the interval of the paired bootstrap at some level."""

    value: float
    low: float
    high: float
    level: float = LEVEL

    @property
    def below(self) -> bool:
        """Whether the whole interval is below 0."""
        return self.high < 0

    @property
    def above(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.low > 0

    def __str__(self) -> str:
        return f"{self.value:+.3f} ({self.level:.0%} {self.low:+.3f} to {self.high:+.3f})"


def group_weights(groups: Sequence[str], resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """How often each question is drawn, shape (resamples, questions).

    Whole groups (articles, passages, weeks) are drawn with replacement, as many as there are (cluster bootstrap, Field
    and Welsh 2007): questions of one group hang together, and drawing them singly would make intervals too narrow.
    """
    names = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    of = np.array([names[group] for group in groups])
    counts = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    weights: Floats = counts[:, of].astype(np.float64)
    return weights


def paired_difference(
    a: Sequence[float], b: Sequence[float], groups: Sequence[str], *, level: float = LEVEL, seed: int = 0
) -> Difference:
    """Mean of b less mean of a over the same questions, with the percentile interval of the paired bootstrap.

    The percentile interval is too narrow where groups are few, so its arms are lengthened by t over normal quantile and
    by sqrt(g / (g - 1)) for g groups (Hesterberg 2015); of one group it is unbounded. Where no question differs the
    interval is a point at 0.
    """
    difference = np.asarray(b, dtype=np.float64) - np.asarray(a, dtype=np.float64)
    if not difference.any():
        return Difference(0.0, 0.0, 0.0, level)
    weights = group_weights(groups, seed=seed)
    means = (weights @ difference) / weights.sum(axis=1)
    return _with_interval(float(difference.mean()), means, len(set(groups)), level)


def paired_statistic(
    statistic: Callable[[Floats], tuple[Floats, Floats]],
    groups: Sequence[str],
    *,
    level: float = LEVEL,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Difference | None:
    """As `paired_difference`, of a statistic that is no mean; None where it is not defined.

    It gets the questions' weights, shape (resamples, questions), and gives that of a and of b, shape (resamples,) each.
    A resample for which it is not defined (NaN: one class alone) is left out.
    """
    a, b = statistic(np.ones((1, len(groups))))
    value = float(b[0] - a[0])
    drawn_a, drawn_b = statistic(group_weights(groups, resamples, seed))
    values = drawn_b - drawn_a
    values = values[~np.isnan(values)]
    if np.isnan(value) or not len(values):
        return None
    return _with_interval(value, values, len(set(groups)), level)


def _with_interval(value: float, drawn: Floats, groups: int, level: float) -> Difference:
    if groups < 2:
        return Difference(value, -math.inf, math.inf, level)
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    longer = float(student_t.ppf(1 - tail, groups - 1) / normal.ppf(1 - tail)) * math.sqrt(groups / (groups - 1))
    return Difference(value, value + (float(low) - value) * longer, value + (float(high) - value) * longer, level)
