"""The ask walk: message, history -> understand -> queries -> retrieve -> Hit -> extract -> Support -> decide -> Outcome
-> render -> Reply.

The build walk is `rag.build.sync_index`. Only these two modules know the order of the stages. What reads one
passage that is given is `rag.answer.reader`.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rag.answer.decide import decide
from rag.answer.render import Request, render
from rag.extract import shipped_model, together
from rag.extract.features import held
from rag.language import pack
from rag.language.absence import askable, reasons
from rag.language.words import stem
from rag.retrieve import retrieve
from rag.types import (
    ASIDES,
    OF_ARTICLE,
    Encoder,
    Extractor,
    Hit,
    Outcome,
    Query,
    Refused,
    Reply,
    Support,
    Turn,
    Understander,
    Understanding,
)
from rag.types.certificates import Certificate, percent
from rag.types.errors import InputError, RagError
from rag.types.filters import ALL, Filters
from rag.types.messages import message
from rag.types.settings import Settings
from rag.types.stores import Reader

_ANY_DAY = "2000-01-01"
LONGEST_SECONDS = 60.0  # that a question may take before it is given up, as an error


@dataclass(frozen=True, slots=True)
class Components:
    """What can be exchanged in the ask walk."""

    understander: Understander
    encoder: Encoder
    extractor: Extractor


class Assistant:
    """Answers questions from one generation of an index, with its models loaded once."""

    def __init__(
        self,
        store: Reader,
        components: Components,
        threshold: float,
        doubt: float,
        settings: Settings,
        certificate: Certificate | None = None,
    ) -> None:
        self.store, self.components = store, components
        self.threshold, self.doubt = threshold, doubt  # the confidences at which it answers, and at which it is unsure
        self.settings = settings
        self.certificate = certificate  # of the threshold, where it still holds

    def ask(
        self,
        text: str,
        *,
        id: str | None = None,
        history: Sequence[Turn] = (),
        filters: Filters = ALL,
        day: str | None = None,
    ) -> Reply:
        """Answers or refuses, of the articles that pass the filters; `history` are the turns before, oldest first.

        `day` is the day of asking, ISO 8601; None where no day is to be taken for now. Raises InputError for a
        question that cannot be asked.
        """
        clock = _Clock()
        with clock.stage("understand"):
            understanding = self.understand(text, history, filters, day)
        asked = Request(understanding, filters, self.store.generation, id, day=day)
        reply = self._reply(asked, lambda query: self._retrieve(query, self.settings.passages_read, filters), clock)
        held = self.certificate
        # What was calibrated is asked of all articles, either in conversations or not, and either on a day or not.
        sort = bool(history), bool(day)
        covered = held and filters == ALL and (held.history, held.asked) == sort and asked.kind not in ASIDES
        return replace(reply, certificate=held.name) if held and covered else reply

    def answer(self, text: str, hits: Sequence[Hit], *, id: str | None = None, day: str | None = None) -> Reply:
        """What `ask` makes of passages that are given, at most as many as it reads."""
        return self.answer_of(text, lambda _: hits, id=id, day=day)

    def answer_of(
        self,
        text: str,
        find: Callable[[Query], Sequence[Hit]],
        *,
        id: str | None = None,
        history: Sequence[Turn] = (),
        day: str | None = None,
    ) -> Reply:
        """What `ask` makes of what `find` gives for each query, at most as many passages as it reads."""
        asked = Request(self.understand(text, history, day=day), ALL, self.store.generation, id, day=day)
        return self._reply(asked, lambda query: find(query)[: self.settings.passages_read], _Clock())

    def search(
        self, text: str, k: int, *, history: Sequence[Turn] = (), filters: Filters = ALL, day: str | None = None
    ) -> list[Hit]:
        """The retriever alone: the `k` best passages, best first; of a message that asks two things in turn of each."""
        found = [self._retrieve(query, k, filters) for query in self.understand(text, history, filters, day).queries]
        hits = {(hit.passage.info.article_id, hit.passage.chunk.ordinal): hit for hit in _in_turn(found)}
        return list(hits.values())[:k]

    def understand(
        self, text: str, history: Sequence[Turn] = (), filters: Filters = ALL, day: str | None = None
    ) -> Understanding:
        """What is asked of the articles that pass. Raises InputError as `ask` does."""
        missing = self.store.missing(filters.articles)
        if missing:
            raise InputError(message("filter_missing", filters.articles.index(missing[0])))
        articles = len(filters.articles) or self.store.article_count
        return self.components.understander.understand(text, history, self.store, articles, day)

    def _retrieve(self, query: Query, k: int, filters: Filters) -> list[Hit]:
        return retrieve(query, self.store, self.components.encoder, self.settings, k, filters)

    def _reply(self, asked: Request, find: Callable[[Query], Sequence[Hit]], clock: _Clock) -> Reply:
        if asked.kind in ASIDES:
            outcome: Outcome = Refused("nothing_found", (), 0.0, self.threshold)
            return replace(render(asked, outcome), timings_ms=clock.milliseconds())
        read, hits = self._read(asked.understanding.queries, find, clock)
        understood = replace(asked.understanding, queries=tuple(query for query, _ in hits))
        outcome = decide(read[0] if len(read) == 1 else together(read), self.threshold, self.doubt)
        with clock.stage("render"):
            unmatched = self._unmatched(understood.asked, hits) if isinstance(outcome, Refused) else ()
            reply = render(replace(asked, understanding=understood, unmatched=unmatched), outcome)
        return replace(reply, timings_ms=clock.milliseconds())

    def _read(
        self, queries: Sequence[Query], find: Callable[[Query], Sequence[Hit]], clock: _Clock
    ) -> tuple[list[list[Support]], list[tuple[Query, Sequence[Hit]]]]:
        """What is found and read for each query in turn, as one may need the answer of another."""
        read, hits = list[list[Support]](), list[tuple[Query, Sequence[Hit]]]()
        for query in queries:
            if query.needs_answer_of is not None:
                said = self._short_answer(read[query.needs_answer_of])
                query = self.components.understander.with_answer(query, said)
            with clock.stage("retrieve"):
                found = find(query)
            with clock.stage("extract"):
                read.append(self.components.extractor.extract(query, found))
            hits.append((query, found))
        return read, hits

    def _short_answer(self, supports: Sequence[Support]) -> str:
        """The short answer of the best one where it is given; else ""."""
        best = supports[0] if supports and supports[0].confidence >= self.threshold else None
        return best.passage.slice(*best.short) if best and best.short else ""

    def _unmatched(self, typed: str, hits: Sequence[tuple[Query, Sequence[Hit]]]) -> tuple[str, ...]:
        """The words that were typed, three at most, which tell why there is no answer: none stands in any article, nor
        in another form in what was found.
        """
        if hits[0][0].kind in OF_ARTICLE:
            return ()
        own = askable(typed)
        words = dict.fromkeys(own.get(term.casefold()) for query, _ in hits for term in query.terms)
        # They help to find, but that none stands there says nothing.
        asking = {stem(verb) for verb in pack().ASKING_VERBS}
        absent = [
            term
            for term in words
            if term and stem(term) not in asking and not _names_time(term) and self.store.nowhere(term)
        ]
        found = {word for query, its in hits for hit in its for word in held(query, hit)} if absent else set()
        return reasons(typed, [term for term in absent if stem(term) not in found])

    @property
    def unfitted(self) -> str | None:
        """What to say of confidence where the encoder is not the one it was fitted for."""
        return shipped_model().unfitted(self.store.recipe.encoder_sha256)

    def with_threshold(self, threshold: float) -> Assistant:
        """The same with another threshold; nothing is certified for it but where it is a level of the certificate."""
        certificate = self.certificate if self.certificate and threshold in self.certificate.thresholds else None
        return Assistant(self.store, self.components, threshold, self.doubt, self.settings, certificate)

    def with_understander(self, understander: Understander) -> Assistant:
        """The same with another way to understand a message; nothing is certified for it."""
        components = replace(self.components, understander=understander)
        return Assistant(self.store, components, self.threshold, self.doubt, self.settings)

    def at_level(self, risk: float) -> Assistant:
        """The same at the threshold of one of the certificate's levels. Raises InputError for a risk that has none."""
        certificate = self.certificate
        levels = certificate.levels if certificate else ()
        threshold = next((level.threshold for level in levels if level.risk == risk), None)
        if threshold is None:
            raise InputError(message("level", percent(risk)))
        return self.with_threshold(threshold)


def _in_turn(found: Sequence[Sequence[Hit]]) -> Iterator[Hit]:
    """The first of each, then the second of each, and so on."""
    return (hit for hits in itertools.zip_longest(*found) for hit in hits if hit is not None)


def _names_time(term: str) -> bool:
    """Whether a word names a day, a month or a year: that no article writes it so says nothing of its time."""
    in_short = term.casefold().rstrip(".") in pack().SHORT_MONTHS
    return in_short or term in pack().MONTHS or pack().time_meant(term, _ANY_DAY) is not None


class _Clock:
    """Milliseconds a stage, and in all. Raises RagError where a stage ends too late."""

    def __init__(self) -> None:
        self._begin = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begin = time.perf_counter()
        yield
        now = time.perf_counter()
        self._stages[name] = self._stages.get(name, 0.0) + now - begin
        if now - self._begin > LONGEST_SECONDS:
            raise RagError(message("too_slow", f"{LONGEST_SECONDS:.0f}"))

    def milliseconds(self) -> Mapping[str, float]:
        stages = self._stages | {"total": time.perf_counter() - self._begin}
        return {name: round(seconds * 1000, 3) for name, seconds in stages.items()}
