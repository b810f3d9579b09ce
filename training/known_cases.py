"""Answers on an article as a whole and on topics that were judged one by one, each with the numbers of the fit."""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.progress import track

from eval.chat import topics as seed_topics
from eval.datasets import seeds
from eval.datasets.lines import rows
from eval.hidden import without
from eval.parts import seed_half, sha1
from eval.understanders import as_one
from rag import embed
from rag.answer.assistant import Assistant
from rag.answer.reader import networks
from rag.extract import ReadingExtractor, SupportModel
from rag.extract.topics import numbers_of, on_topic
from rag.language.english.asides import on_record
from rag.language.english.requests import on_topic as asks_topic
from rag.load import find, load
from rag.retrieve import retrieve
from rag.split import split
from rag.types import Article, Form, Hit, Passage, Query, Support
from rag.types.settings import Settings
from rag.understand import query_of
from training.corpus import indexed, is_of
from training.reader.data import ReadingRecord, records

SETS = ("squad2_dev23", "squad2_train", "squad1_rest", "wiki_shift", "nq_qed")
A_SET = {"develop": 25, "test": 20}  # topics of each
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w'’-]+(?: (?:of |the |de |van |von |and )*[A-Z][\w'’-]+)*")
JUDGED = seeds.FILE.parent


@dataclass(frozen=True, slots=True)
class TopicCase:
    """One answer that was judged."""

    source: str
    part: str
    numbers: Mapping[str, float]
    right: bool


def hashed(text: str) -> str:
    """What stands for a text in the files of judgements."""
    return sha256(text.encode()).hexdigest()[:16]


def judgements(name: str, key: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The judgements of a file by article or topic and quotation."""
    return {(row[key], row["quote"]): row for row in rows(JUDGED / f"judged_{name}.jsonl")}


class ModeAsker:
    """Asks as the program does, in one of its modes: `first` (the setting `fast`), `both`, or `given` a passage."""

    def __init__(self, mode: str, model: SupportModel, encoder: embed.SentenceTransformerEncoder) -> None:
        self.mode, self._encoder = mode, encoder
        self._extractor = ReadingExtractor(networks(), model, fast=mode == "first", given=mode == "given")

    def supports(self, question: Query, hits: Sequence[Hit]) -> list[Support]:
        """By the words of the question alone."""
        if self.mode == "given":
            return self._extractor.supports(question, [_given(hit) for hit in hits[:1]])
        return self._extractor.supports(question, hits[: Settings(fast=self.mode == "first").passages_read])

    def opening(self, article: Article) -> tuple[Query, Support]:
        """What an article opens with, asked what it is about."""
        question = query_of("What is this article about?", 1000)
        chunk = split(article, min_chars=Settings().chunk_min_chars, max_chars=Settings().chunk_max_chars)[0]
        passage = Passage(article.info, chunk, article.text[chunk.start : chunk.end])
        vectors = self._encoder.encode([question.read], query=True) @ self._encoder.encode([passage.text]).T
        hit = Hit(passage, 1.0, float(vectors[0, 0]), 1, None, None)
        return question, self._extractor.opening(question, _given(hit) if self.mode == "given" else hit)


def _given(hit: Hit) -> Hit:
    return replace(hit, dense_rank=None, lexical=None, lexical_rank=None)


def articles(data: Path) -> Iterator[tuple[str, Article]]:
    """The articles whose openings were judged, each with the set it is of."""
    with gzip.open(data / "reading" / "squad2_train_rebuilt.json.gz", "rt", encoding="utf-8") as file:
        whole = json.load(file)["data"]
    known = {row["article"] for row in rows(JUDGED / "judged_openings.jsonl")}
    encyclopedia = [
        {"id": one["title"], "title": one["title"].replace("_", " "), "text": one["paragraphs"][0]["context"]}
        for one in whole
        if hashed(one["title"]) in known
    ]
    news = [
        {"id": row["id"], "title": row["title"], "text": row["text"]}
        for row in rows(data / "news" / "articles.jsonl")
        if hashed(row["id"]) in known
    ]
    for name, its in (("squad2_train_rebuilt", encyclopedia), ("news", news)):
        with tempfile.TemporaryDirectory() as work:
            (Path(work) / "a.jsonl").write_text("".join(json.dumps(one) + "\n" for one in its), encoding="utf-8")
            for article in load(Path(work), find(Path(work)).files[0].path).articles:
                yield name, article


def about(data: Path, askers: Sequence[ModeAsker]) -> dict[str, list[TopicCase]]:
    """The openings, by mode."""
    known, out = judgements("openings", "article"), dict[str, list[TopicCase]]()
    for name, article in track(list(articles(data)), "openings"):
        for asker in askers:
            question, found = asker.opening(article)
            quote = found.passage.slice(found.sentence.start, found.sentence.end)
            row = known.get((hashed(article.info.article_id), hashed(quote)))
            if row is not None:
                case = TopicCase(name, row["part"], numbers_of(question, found), row["right"])
                out.setdefault(asker.mode, []).append(case)
    return out


def drawn(placed: Iterable[ReadingRecord], most: int) -> list[tuple[str, ReadingRecord]]:
    """Topics with the record they are from: titles of Natural Questions' pages, names in the others' questions."""
    by_set: dict[str, dict[str, ReadingRecord]] = {}
    for record in placed:
        title = re.sub(r"\s*\(.*?\)", "", record.title)
        names = [title] if record.source == "nq_qed" else [m[0] for m in _NAME.finditer(record.question)]
        for name in (re.sub(r"['’]s?$", "", name) if record.source != "nq_qed" else name for name in names):
            if (asks_topic(name) or Form("")).topic:
                by_set.setdefault(record.source, {}).setdefault(name, record)
    return [
        (name, its[name])
        for its in by_set.values()
        for name in sorted(its, key=lambda name: sha1("topic" + name))[:most]
    ]


def on_topics(data: Path, part: str, askers: Sequence[ModeAsker], encoder: Any) -> dict[str, list[TopicCase]]:
    """The topics of people's sets that a quotation names, by mode."""
    known, settings, out, unjudged = judgements("topics", "topic"), Settings(), dict[str, list[TopicCase]](), 0
    of_sets = (record for name in SETS for record in records(data, name, part))
    with tempfile.TemporaryDirectory() as work:
        assistant, placed = indexed(of_sets, Path(work), settings, encoder)
        for name, record in track(drawn(placed, A_SET[part]), f"topics, {part}"):
            hide = int(sha1("hide" + name), 16) % 2 == 0
            store = without(assistant.store, partial(is_of, context=record.context)) if hide else assistant.store
            question = assistant.understand(f"Tell me about {name}").queries[0]
            hits = retrieve(question, store, encoder, settings, settings.passages_read)
            for asker in askers:
                found = _first(question, asker.supports(question, hits))
                if found is None:
                    continue
                quote = found.passage.slice(found.sentence.start, found.sentence.end)
                row = known.get((hashed(question.topic or ""), hashed(quote)))
                unjudged += row is None
                if row is not None:
                    case = TopicCase("people's", part, numbers_of(question, found), row["right"])
                    out.setdefault(asker.mode, []).append(case)
    print(f"topics, {part}: {unjudged} quotations were not judged")
    return out


def on_seed_topics(assistant: Assistant, askers: Sequence[ModeAsker]) -> dict[str, list[TopicCase]]:
    """The topics on the seed article that a quotation names, by mode; right is one of the sentences on it."""
    out: dict[str, list[TopicCase]] = {}
    for case in seed_topics():
        question = as_one(assistant.understand(case.asked.question))
        hits = assistant.search(case.asked.question, assistant.settings.passages_read)
        for asker in askers:
            found = _first(question, asker.supports(question, hits)) if question.topic else None
            if found is not None:
                start, end = found.sentence.start, found.sentence.end
                right = any(gold.start < end and start < gold.end for gold in case.gold)
                out.setdefault(asker.mode, []).append(TopicCase("seeds", case.part, numbers_of(question, found), right))
    return out


def _first(question: Query, supports: Sequence[Support]) -> Support | None:
    """The first support, where it names the topic."""
    first, names = on_topic(question.topic or "", supports)[0]
    return first if names else None


def on_records(assistant: Assistant) -> dict[str, list[TopicCase]]:
    """The questions on the day and the author, each of an article whose record has an author and of one without.

    Where none is known, that none is named and who published it is the answer to both.
    """
    lead = assistant.store.passages(assistant.store.leads(1))[0]
    out: dict[str, list[TopicCase]] = {"dated": [], "written": []}
    for row in rows(JUDGED / "record.jsonl"):
        question = query_of(row["question"], 1000)
        if on_record(row["question"]) != question.kind or question.kind not in out:
            raise ValueError(f"{row['id']} is not taken for a question on the record")
        for author in ("Ann Example", None) if question.kind == "written" else (None,):
            passage = replace(lead, info=replace(lead.info, author=author))
            found = Support(passage, lead.chunk.sentences[0], None, None, 0.0)
            right = author is None or row["asks"] == "author"
            out[question.kind].append(TopicCase("own", seed_half(row["id"]), numbers_of(question, found), right))
    return out
