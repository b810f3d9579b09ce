"""Two systems that know the gold, to show where the loss sits: in finding the passage or in reading it.

They are no competitors. What ours loses against the oracle of retrieval is lost in finding; what the oracle of reading
loses was not among the hits; the rest is lost in reading and deciding.
"""

from __future__ import annotations

from collections.abc import Sequence

from eval.cases import Asked, Case, Prediction
from eval.metrics.answers import right_quotation
from eval.setup import Setup
from eval.systems.baselines import quote
from eval.systems.ours import said


class OracleRetrieval:
    """Our reader over those of the first hits that hold an accepted answer; over all of them where none does.

    No upper bound: a right passage beyond the hits is not given, and a passage can hold an answer's words in another
    matter.
    """

    name = "oracle retrieval"

    def __init__(self, setup: Setup, cases: Sequence[Case]) -> None:
        self._setup = setup
        self._cases = {case.asked: case for case in cases}

    def ask(self, asked: Asked) -> Prediction:
        """As ours. The hits are looked through to the depth that is searched, not only those that ours reads."""
        case = self._cases[asked]
        hits = self._setup.hits(asked)
        if case.answerable:
            deep = self._setup.deep_hits(asked)
            holding = [h for h in deep if any(right_quotation(case, quote(h, s)) for s in h.passage.chunk.sentences)]
            hits = holding[: self._setup.settings.passages_read] or hits
        question = self._setup.alone(asked).question
        return said(self._setup, self._setup.assistant, asked, lambda it: it.answer(question, hits))


class OracleReader:
    """Quotes the first sentence of the hits that is right; refuses exactly when there is none.

    It quotes one sentence, so an answer in two parts is beyond it.
    """

    name = "oracle reader"

    def __init__(self, setup: Setup, cases: Sequence[Case]) -> None:
        self._setup = setup
        self._cases = {case.asked: case for case in cases}

    def ask(self, asked: Asked) -> Prediction:
        """What the best possible reader makes of the passages that ours reads."""
        case = self._cases[asked]
        quotes = [quote(hit, s) for hit in self._setup.hits(asked) for s in hit.passage.chunk.sentences]
        if case.answerable:
            for found in quotes:
                if right_quotation(case, found):
                    return Prediction(1.0, True, (found,))
        return Prediction(0.0, False, tuple(quotes[:1]))
