"""Cases -> logistic models of them: to find the best sentence, to decide on it, and on a further one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from rag.extract.features import CHOOSING, FEATURES
from training.read_hits import SupportCase

# C of scikit-learn. What the networks say in different places is much the same; small coefficients share it out, where
# larger ones set one against the other. A further sentence is none of the best that were fitted on, and with small
# coefficients it would be quoted too often.
_PENALTY, _FURTHER_PENALTY = 0.03, 1.0
# Logits that are set beside what is fitted without them. One case in a hundred has articles that agree in its best
# sentence, and what came out of so few was anything from 0 to 2, another at each fit (for e times as many articles).
# Five cases ask for a judgement, none of which is answered: fitted, hardly any such question would be, also where an
# article does judge.
SET = {"agreement": 1.0, "judges": -1.5}
SORTS = {"answerable": 0.5, "removed": 0.25, "unanswerable": 0.25}


def by_sort(cases: Sequence[SupportCase], *, root: bool = False) -> NDArray[np.float64]:
    """A weight a case, by its sort: all the same in one, or with the sources as the root of how many they have."""
    count = Counter((case.sort, case.source) for case in cases)
    held = {key: math.sqrt(its) if root else its for key, its in count.items()}
    sorts = {sort: sum(its for (whose, _), its in held.items() if whose == sort) for sort, _ in held}
    whole = sum(SORTS[sort] for sort in sorts)
    return np.array(
        [
            SORTS[case.sort] / whole * held[case.sort, case.source] / sorts[case.sort] / count[case.sort, case.source]
            for case in cases
        ]
    )


class Fit:
    """Logistic models fitted on their cases: to find the best sentence, to decide on it, and on a further one."""

    def __init__(self, names: Sequence[str], cases: Sequence[SupportCase], stage: str) -> None:
        self.names, self._stage = tuple(names), stage
        self._columns = [FEATURES.index(name) for name in names]
        used = [case for case in cases if len(case.rows[stage][0])]
        weights = by_sort(used, root=True) * len(used)
        rows, right = zip(*(self._of(case) for case in used), strict=True)
        # Features on about one scale, so that the penalty means the same for each; undone in the coefficients.
        stacked = np.vstack(rows)
        self._scale = stacked.std(0) + 1e-9
        each = np.repeat(weights, [len(r) for r in right])
        self._set = np.array([SET.get(name, 0.0) for name in self.names]) * self._scale
        free = np.array([name not in SET for name in self.names])
        decides = free & np.array([name not in CHOOSING for name in self.names])
        self.rank = self._fitted(stacked / self._scale, np.concatenate(right), each, _PENALTY, free)
        best, hit = self.best(used)
        self.further = self._fitted(best, hit, weights, _FURTHER_PENALTY, decides)
        mean = np.zeros(len(self.names))
        for label in (hit, np.array([case.answerable for case in used])):
            mean += self._fitted(best, label, weights, _PENALTY, decides)[0] * decides / 2
        platt = LogisticRegression(C=np.inf).fit((best @ mean)[:, None], hit, sample_weight=weights)
        self.decide = float(platt.coef_[0, 0]) * mean + self._set, float(platt.intercept_[0])

    def _fitted(
        self,
        rows: NDArray[np.float64],
        labels: NDArray[np.bool_],
        weights: NDArray[np.float64],
        penalty: float,
        free: NDArray[np.bool_],
    ) -> tuple[NDArray[np.float64], float]:
        """Coefficients, of `free` features as fitted and else as set or 0, and intercept."""
        model = LogisticRegression(C=penalty, max_iter=5000).fit(rows[:, free], labels, sample_weight=weights)
        coefficients = self._set.copy()
        coefficients[free] = model.coef_[0]
        return coefficients, float(model.intercept_[0])

    def _of(self, case: SupportCase) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        rows, right = case.rows[self._stage]
        return rows[:, self._columns], right

    def best(self, cases: Sequence[SupportCase]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The best sentence's scaled features, and whether it is right, of each case."""
        best, hit = [], []
        for case in cases:
            rows, right = self._of(case)
            scaled = rows / self._scale
            at = int(np.argmax(scaled @ self.rank[0]))
            best.append(scaled[at])
            hit.append(bool(right[at]))
        return np.array(best), np.array(hit)

    def probability(self, cases: Sequence[SupportCase]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """The best sentence's confidence, and whether it is right."""
        best, hit = self.best(cases)
        coefficients, intercept = self.decide
        return expit(best @ coefficients + intercept), hit

    def object(self, threshold: float, doubt: float) -> dict[str, Any]:
        """What stands in support.json."""
        parts = {"rank": self.rank, "decide": self.decide, "further": self.further}
        return {**{name: self._written(*its) for name, its in parts.items()}, "threshold": threshold, "doubt": doubt}

    def _written(self, coefficients: NDArray[np.float64], intercept: float) -> dict[str, Any]:
        weights = coefficients / self._scale
        return {
            "weights": {name: round(float(w), 5) for name, w in zip(self.names, weights, strict=True) if w},
            "intercept": round(intercept, 5),
        }
