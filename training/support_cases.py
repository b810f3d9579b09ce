"""Questions of the develop parts, asked of the real retriever and networks, from which the fit is made."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from rich.progress import track

from eval.bench import CACHE
from eval.datasets import clapnq, mtrag, seeds
from eval.hidden import without
from eval.parts import sha1
from eval.setup import Setup
from eval.understanders import as_one
from rag.answer.reader import given_passage, query_for, shipped_understander
from rag.language.words import stem, stems, terms
from rag.retrieve import retrieve
from rag.types import Hit
from rag.understand import query_of
from training.corpus import indexed, is_of
from training.read_hits import HitReader, SupportCase
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
        for record in track(taken, "asking"):
            question = as_one(assistant.understand(record.question))
            gold, store = record.texts, assistant.store
            sort = "answerable" if gold else "unanswerable"
            if gold and int(sha1("removed" + record.id), 16) % 3 == 0:
                sort, gold = "removed", ()
                store = without(store, partial(is_of, context=record.context))
            hits = retrieve(question, store, encoder, settings, settings.passages_read)
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
            assistant.search(case.asked.question, settings.passages_read),
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
        hits = assistant.search(question, settings.passages_read, history=history)
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
