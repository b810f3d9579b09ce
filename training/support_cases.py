"""Questions of the develop parts, asked of the real retriever and networks, from which the fit is made."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from eval import loss_before
from eval.bench import CACHE
from eval.datasets import clapnq, mtrag, seeds
from eval.hidden import without
from eval.parts import sha1
from eval.setup import Setup
from rag import extract
from rag.extract import READ_ALONE, ReadingExtractor, Stages
from rag.extract.features import EXPLAINS, FEATURES, Read, features
from rag.extract.network import Networks
from rag.reader import given_passage, query_for, shipped_understander
from rag.retrieve import retrieve
from rag.settings import Settings
from rag.types import Hit, Query
from rag.understand import query_of
from rag.words import stem, stems, terms
from training.corpus import indexed, is_of
from training.reader.data import ReadingRecord, records
from training.reader.negatives import other_passage
from training.reader.written import WRITTEN

# Develop parts that are asked of an index, and at most how many of their questions.
CORPUS = {
    "squad2_dev23": 700,
    "squad2_train": 250,
    "squad1_rest": 250,
    "wiki_shift": 300,
    "nq_qed": 250,
    WRITTEN: 400,
}
# Of the written questions those in other words, of whose content words their passage and its title hold some: by the
# sets above, whose questions mostly repeat their passage, what is read would be chosen by shared words alone. The rest
# would teach only that the networks are sure of questions by the hands they learnt from.
_IN_OTHER_WORDS = 0.25, 0.5
GIVEN = ("squad2_dev23", "squad2_pairs_dev")  # with questions of both sorts
# Real questions, each given its passage and a similar one that does not hold the answer: with the former alone the
# label is its source, and of the sets above every passage is about the question.
OWN_OR_OTHER = "nq_qed"
_NEAR = 3  # of the most similar passages one is given

# Sentences of all passages by the first network; of those that both read; the best of these by themselves.
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
        first = self._extractor.read(question, hits)
        both = self._extractor.again(question, first)
        found = {"first": self._rows(question, first, gold, of_articles)}
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


def share_held(record: ReadingRecord) -> float:
    """The share of the question's content words that stand in its passage or title, 0 where it has none."""
    asked = {stem(term) for term in terms(record.question)}
    return len(asked & stems(f"{record.title} {record.context}")) / max(1, len(asked))


def reworded(record: ReadingRecord) -> bool:
    """Whether that share is within _IN_OTHER_WORDS."""
    lowest, highest = _IN_OTHER_WORDS
    return lowest <= share_held(record) <= highest


def corpus(data: Path, reader: HitReader, encoder: Any) -> list[SupportCase]:
    """The cases of an index over all sets of CORPUS."""
    settings, cases = reader.settings, []
    taken: list[ReadingRecord] = []
    with tempfile.TemporaryDirectory() as work:
        of_sets = (record for name in CORPUS for record in records(data, name, "develop"))
        assistant, placed = indexed(of_sets, Path(work), settings, encoder)
        for name, limit in CORPUS.items():
            of_set = [record for record in placed if record.source == name and (name != WRITTEN or reworded(record))]
            taken += sorted(of_set, key=lambda r: sha1(r.id))[:limit]
        store = assistant.store
        passages = store.passages(range(store.manifest.chunks))
        for record in track(taken, "asking"):
            question = assistant.understand(record.question).queries[0]
            gold, hidden = record.texts, list[int]()
            sort = "answerable" if gold else "unanswerable"
            if gold and int(sha1("removed" + record.id), 16) % 3 == 0:
                sort, gold = "removed", ()
                hidden = [row for row, passage in enumerate(passages) if is_of(passage, record.context)]
            hits = retrieve(question, without(store, hidden), encoder, settings, settings.passages)
            cases.append(reader.case(record.id, record.source, sort, question.text, hits, gold))
    return cases


def seed_cases(reader: HitReader) -> list[SupportCase]:
    """The cases of the seed questions' develop half."""
    settings, dataset = reader.settings, seeds.read()
    assistant = Setup(dataset, CACHE, settings).assistant
    return [
        reader.case(
            case.id,
            "seeds",
            "answerable" if case.answerable else "unanswerable",
            assistant.understand(case.asked.question).shown,
            assistant.search(case.asked.question, settings.passages),
            case.answers,
        )
        for case in track(dataset.cases, "seeds")
        if case.part == "develop" and query_of(case.asked.question, 1000).kind != "about"
    ]


def turns(data: Path, reader: HitReader) -> list[SupportCase]:
    """The cases of the conversations' develop part, each last turn as it is searched.

    What is right is known by passage alone; every sentence of one that the answer was written from counts.
    """
    settings, dataset = reader.settings, mtrag.read(data)
    assistant = Setup(dataset, CACHE, settings).assistant
    cases = []
    for case in track(dataset.cases, "turns"):
        if case.part != "develop" or case.unscorable:
            continue
        question, history = case.asked.question, case.asked.history
        text = assistant.understand(question, history).shown
        hits = assistant.search(question, settings.passages, history=history)
        sort = "answerable" if case.answerable else "unanswerable"
        of = frozenset(gold.article_id for gold in case.gold)
        cases.append(reader.case(case.id, "mtrag_un", sort, text, hits, (), of_articles=of))
    return cases


def given(data: Path, reader: HitReader, encoder: Any) -> list[SupportCase]:
    """The cases with a passage of their own."""
    rows: list[tuple[str, str, str, str, str, Sequence[str]]] = [
        (r.id, name, r.question, r.title, r.context, r.texts) for name in GIVEN for r in records(data, name, "develop")
    ]
    rows += [
        (case.id, "clapnq", case.asked.question, case.asked.title, case.asked.context or "", case.answers)
        for case in clapnq.read(data).cases
        if case.part == "develop"
    ]
    asked = records(data, OWN_OR_OTHER, "develop")
    passages = list({r.context: r for r in asked}.values())
    cosines = encoder.encode([r.question for r in asked], query=True) @ encoder.encode([r.context for r in passages]).T
    for r, order in zip(asked, np.argsort(-cosines, axis=1, kind="stable").tolist(), strict=True):
        rows.append((r.id, OWN_OR_OTHER, r.question, r.title, r.context, r.texts))
        near = [passages[i] for i in order if passages[i].context != r.context][:_NEAR]
        other = other_passage(r, near, Random(r.id))
        if other is not None:
            rows.append((f"{r.id}-other", OWN_OR_OTHER, r.question, other.title, other.context, ()))
    cases, understander = [], shipped_understander(reader.settings)
    for id, source, question, title, context, gold in track(rows, "given"):
        passage = given_passage(context, title)
        question = query_for(passage, question, understander).text
        cosine = float((encoder.encode([question], query=True) @ encoder.encode([context]).T)[0, 0])
        hits = [Hit(passage, 0.0, cosine, None, None, None)]
        sort = "answerable" if gold else "removed" if source == OWN_OR_OTHER else "unanswerable"
        cases.append(reader.case(id, source, sort, question, hits, gold, stages=reader.model.given))
    return cases


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
