"""What both networks make of a question's passages, as a case of the fit, and a file of such cases."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eval import loss_before
from rag import extract
from rag.extract import READ_ALONE, ReadingExtractor, Stages
from rag.extract.features import EXPLAINS, FEATURES, Read, features
from rag.extract.network import Networks
from rag.types import Hit, Query
from rag.types.settings import Settings
from rag.understand import query_of

# Sentences of the passages that `fast` reads; of those that both networks read; the best of these by themselves.
STAGES = ("first", "both", "both_alone")


@dataclass
class SupportCase:
    """One question that was asked: the features of the sentences that were read, and which are right."""

    id: str
    source: str
    sort: str  # a key of SORTS
    rows: dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]]  # by stage: features, and which are right

    @property
    def answerable(self) -> bool:
        """Whether the passages that were offered hold an answer."""
        return self.sort == "answerable"


def _right(question: Query, quote: str, marked: str, gold: Sequence[str]) -> bool:
    """Whether a sentence, with the short answer that would be shown, is right by the rule of the shipped fit."""
    return loss_before.right(quote, None if question.kind in EXPLAINS else marked, gold)


class HitReader:
    """Reads hits as the program does, with both networks."""

    def __init__(self, networks: Networks, settings: Settings) -> None:
        self.model = extract.shipped_model()
        self._extractor = ReadingExtractor(networks, self.model, fast=True)
        self.settings = settings
        self._quick = settings.model_copy(update={"fast": True}).passages_read

    def case(
        self,
        id: str,
        source: str,
        sort: str,
        text: str,
        hits: Sequence[Hit],
        gold: Sequence[str],
        of_articles: frozenset[str] = frozenset(),
        stages: Stages | None = None,
    ) -> SupportCase:
        """What is read of a question's passages; right is a sentence of `gold`, or of one of these articles.

        Which sentences are read alone `stages` of the shipped models say, those of an index if not given.
        """
        question = query_of(text, self.settings.max_question_chars)
        quick = self._extractor.read(question, hits[: self._quick])
        both = self._extractor.again(question, self._extractor.read(question, hits))
        found = {"first": self._rows(question, quick, gold, of_articles)}
        found["both"] = self._rows(question, both, gold, of_articles)
        chosen = (stages or self.model.both).among.rank.order(found["both"][0])[:READ_ALONE]
        alone = self._rows(question, self._extractor.alone(question, both, chosen), gold, of_articles)
        found["both_alone"] = alone[0][chosen], alone[1][chosen]
        return SupportCase(id, source, sort, found)

    @staticmethod
    def _rows(
        question: Query, reads: Sequence[Read], gold: Sequence[str], of_articles: frozenset[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        right = [
            read.hit.passage.info.article_id in of_articles
            or _right(question, read.hit.passage.slice(sentence.start, sentence.end), read.marked(span), gold)
            for read in reads
            for sentence, span in read.candidates()
        ]
        return np.array(features(question, reads)).reshape(-1, len(FEATURES)), np.array(right, dtype=np.bool_)


def keep(file: Path, cases: dict[str, list[SupportCase]]) -> None:
    """Writes cases to a file."""
    arrays = {
        f"{name}/{at}/{stage}/{part}": array
        for name, its in cases.items()
        for at, case in enumerate(its)
        for stage, pair in case.rows.items()
        for part, array in enumerate(pair)
    }
    of_cases = {name: [(case.id, case.source, case.sort) for case in its] for name, its in cases.items()}
    heads = json.dumps({"features": FEATURES, "cases": of_cases})
    with file.open("wb") as out:  # given a name, NumPy would add an ending that `kept` does not look for
        np.savez_compressed(out, heads=np.array(heads), **arrays)


def kept(file: Path) -> dict[str, list[SupportCase]]:
    """The cases of such a file; ValueError where its rows are of other features than these."""
    with np.load(file, allow_pickle=False) as arrays:
        heads = json.loads(str(arrays["heads"]))
        if heads.get("features") != list(FEATURES):
            raise ValueError(f"{file} has rows of other features; name another file, and the cases are asked anew")
        return {
            name: [
                SupportCase(*head, {s: (arrays[f"{name}/{at}/{s}/0"], arrays[f"{name}/{at}/{s}/1"]) for s in STAGES})
                for at, head in enumerate(its)
            ]
            for name, its in heads["cases"].items()
        }
