"""The corpus of a set, built by the real program, and the passages found in it.

Indexes are kept in the cache folder and brought in step by every run, so a second run embeds nothing.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, cast

from eval.cases import Asked, Case, Dataset, Prediction, System
from eval.hidden import without
from eval.understanders import as_one
from eval.vectors import CachedEncoder
from rag import embed, load
from rag.answer.assistant import Assistant
from rag.answer.fingerprint import fingerprint
from rag.answer.opening import open_assistant, uncertified_threshold
from rag.answer.reader import Reader, given_passage
from rag.build import Progress, sync_index
from rag.cli.report import bars
from rag.extract import ReadingExtractor
from rag.retrieve import retrieve, searched
from rag.types import Article, Hit, Passage, Query, Understander, stores
from rag.types.settings import Settings, certified

# "read" is the fused ranking in the order that the first network leaves.
Ranking = Literal["fused", "dense", "lexical", "read"]
DEPTH = 50  # hits that are looked at
_Searched = tuple[str, Ranking, frozenset[str], str | None]  # question, ranking, hidden articles, day of asking


def passages_of(reader: stores.Reader) -> Iterator[Passage]:
    """All passages, in canonical order."""
    for article in reader.stored():
        for chunk in article.chunks:
            yield Passage(article.info, chunk, article.text[chunk.start : chunk.end])


class Setup:
    """A dataset's corpus with our program on it, and the encoder that all systems share."""

    def __init__(
        self,
        dataset: Dataset,
        cache: Path,
        settings: Settings,
        encoder: CachedEncoder | None = None,
        understander: Understander | None = None,
    ) -> None:
        self.dataset, self.settings = dataset, settings
        self.encoder = encoder or CachedEncoder(embed.resolve(settings.encoder), cache / "vectors.db")
        self.folder = cache / dataset.name.removesuffix("_removed")
        self._understander = understander  # None for the shipped one
        self.reader = Reader.load(settings, self.encoder, understander)
        self._found: dict[_Searched, list[Hit]] = {}
        self.remembered: dict[str, dict[Asked, Prediction]] = {}  # by system
        self.systems: dict[str, System] = {}

    def understanding(self, understander: Understander) -> Setup:
        """The same corpus, and our program with another way to understand a message."""
        return Setup(self.dataset, self.folder.parent, self.settings, self.encoder, understander)

    @functools.cached_property
    def seeds(self) -> Path:
        """The seeds folder: the set's own, or one written from its records."""
        if self.dataset.seeds:
            return Path(self.dataset.seeds)
        folder = self.folder / "seeds"
        folder.mkdir(parents=True, exist_ok=True)
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in self.dataset.articles)
        file = folder / "articles.jsonl"
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
        return folder

    @property
    def index(self) -> Path:
        """The index of the seeds, there once the assistant is."""
        return self.folder / "index"

    @functools.cached_property
    def assistant(self) -> Assistant:
        """Our program on the index of the seeds."""
        return self._opened(self.settings)

    @functools.cached_property
    def fast(self) -> Assistant:
        """The same with the setting `fast`."""
        return self._opened(self.settings.model_copy(update={"fast": True}))

    @functools.cached_property
    def _in_step(self) -> Path:
        """The index, brought in step with the seeds."""
        with bars() as progress:
            sync_index(self.seeds, self.index, self.settings, encoder=self.encoder, progress=progress)
        return self.index

    def _opened(self, settings: Settings) -> Assistant:
        opened = open_assistant(self._in_step, settings, self.encoder, understander=self._understander)
        # Measured as it ships, whatever was certified of an index that is kept.
        return opened.with_threshold(uncertified_threshold(settings)) if opened.certificate else opened

    @functools.cached_property
    def articles(self) -> tuple[Article, ...]:
        """The articles as the program reads them."""
        return tuple(a for file in load.find(self.seeds).files for a in load.load(self.seeds, file.path).articles)

    def hits(self, asked: Asked, ranking: Ranking = "fused") -> list[Hit]:
        """The passages to read for a question, without hidden articles: as many as the program reads."""
        return self.deep_hits(asked, ranking)[: self.settings.passages_read]

    def deep_hits(self, asked: Asked, ranking: Ranking = "fused") -> list[Hit]:
        """The same to the depth that is searched."""
        if asked.context is not None:
            return self.given(asked.context, asked)
        return self._once(self.alone(asked).question, ranking, asked.hidden, asked.day)

    def alone(self, asked: Asked) -> Asked:
        """The last turn of a conversation as a question of its own, as our program makes one; another as it is.

        What knows no conversation is asked this, so that no system is told less than ours.
        """
        if not asked.history:
            return asked
        return replace(
            asked, question=self.assistant.understand(asked.question, asked.history, day=asked.day).shown, history=()
        )

    def given(self, context: str, asked: Asked) -> list[Hit]:
        """A passage that comes with its question, as the one hit."""
        cosine = self.cosines(asked.question, [context])[0]
        return [Hit(given_passage(context, asked.title), 0.0, cosine, None, None, None)]

    def passages(self) -> Iterator[Passage]:
        """All passages of the corpus, in canonical order."""
        return passages_of(self.assistant.store)

    def paragraph(self, article_id: str, offset: int) -> int | None:
        """The number of the paragraph that holds an offset; None in a given passage and between paragraphs."""
        spans = self._paragraphs.get(article_id, [])
        return next((number for start, end, number in spans if start <= offset < end), None)

    @functools.cached_property
    def _paragraphs(self) -> dict[str, list[tuple[int, int, int]]]:
        if not self.dataset.asks_corpus:
            return {}
        return {a.info.article_id: [(p.start, p.end, p.number) for p in a.paragraphs] for a in self.articles}

    def warm(self, cases: Sequence[Case]) -> None:
        """Embeds all that the questions will need in one go: several times faster than question by question."""
        rankings: tuple[Ranking, ...] = ("fused", "dense", "lexical") if self.dataset.asks_corpus else ("fused",)
        contexts = [case.asked.context for case in cases if case.asked.context is not None]
        with bars() as progress:
            self._embed([self.alone(case.asked).question for case in cases], progress, query=True)
            self._embed(contexts, progress)
            hits = (hit for case in cases for ranking in rankings for hit in self.hits(case.asked, ranking))
            self._embed(
                [hit.passage.slice(s.start, s.end) for hit in hits for s in hit.passage.chunk.sentences], progress
            )

    def _embed(self, texts: Sequence[str], progress: Progress, *, query: bool = False) -> None:
        missing = self.encoder.missing(list(dict.fromkeys(texts)), query=query)
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            progress(f"embedding {self.dataset.name}", done, len(missing))

        self.encoder.encode(missing, query=query, progress=advance)

    def cosines(self, question: str, texts: Sequence[str]) -> list[float]:
        """The cosine of a question and each text."""
        asked = self.encoder.encode([question], query=True)[0]
        return (self.encoder.encode(texts) @ asked).tolist() if texts else []

    def _once(self, *key: *_Searched) -> list[Hit]:
        if key not in self._found:
            self._found[key] = self._search(*key)
        return self._found[key]

    def _search(self, text: str, ranking: Ranking, hidden: frozenset[str], day: str | None) -> list[Hit]:
        question, store = as_one(self.assistant.understand(text, day=day)), self.assistant.store
        if ranking == "read":
            return self._as_read(question, self._once(text, "fused", hidden, day))
        seen = self.without(hidden)
        if ranking == "fused":
            return retrieve(question, seen, self.encoder, self.settings, DEPTH)
        vector = self.encoder.encode([question.read], query=True)[0]
        dense = ranking == "dense"
        (ranked,) = seen.search_dense(vector, DEPTH) if dense else seen.search_lexical(searched(question.terms), DEPTH)
        rows = [row for row, _ in ranked]
        scored = zip(store.passages(rows), ranked, store.cosines(vector, rows), strict=True)
        return [
            Hit(p, s, c, rank, None, None) if dense else Hit(p, s, c, None, s, rank)
            for rank, (p, (_, s), c) in enumerate(scored, start=1)
        ]

    def _as_read(self, question: Query, hits: Sequence[Hit]) -> list[Hit]:
        """The hits with those that the program reads in the order in which its first network would pass them on."""
        extractor, read = cast(ReadingExtractor, self.fast.components.extractor), self.settings.passages_read
        first = extractor.best_first(question, extractor.read(question, hits[:read])) if hits else []
        ordered = [one.hit for one in first] + list(hits[read:])
        return [replace(hit, score=float(-place)) for place, hit in enumerate(ordered)]

    def without(self, hidden: frozenset[str]) -> stores.Reader:
        """The store less these articles."""
        store = self.assistant.store
        return without(store, lambda passage: passage.info.article_id in hidden) if hidden else store

    def key(self) -> str:
        """A hash of the corpus and of the settings and models that the program was run with."""
        generation = self.assistant.store.generation if self.dataset.asks_corpus else ""
        data = f"{generation} {json.dumps(certified(self.settings))} {self.encoder.source.sha256} {fingerprint()}"
        return hashlib.sha256(data.encode()).hexdigest()[:16]
