"""The ask walk: question -> retrieve -> Hit -> extract -> Support -> decide -> Outcome -> render -> Reply.

The build walk is `rag.build.sync_index`. Only these two modules know the order of the stages. What reads one
passage that is given is `rag.reader`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rag import embed
from rag.absence import askable
from rag.build import recipe, sync_index
from rag.decide import decide
from rag.dialogue import Turn, further
from rag.errors import IndexUnusable, InputError, RagError
from rag.extract import ReadingExtractor, shipped_model, together
from rag.extract.features import held
from rag.filters import ALL, Filters
from rag.fingerprint import fingerprint
from rag.messages import message
from rag.question import analyse
from rag.reader import as_meant, english, networks
from rag.render import Asking, error_reply, render
from rag.retrieve import retrieve
from rag.settings import Settings, certified
from rag.store import Generation, certificates, layout, open_current, open_kept
from rag.store.certificates import Certificate, percent
from rag.types import ASIDES, OF_ARTICLE, OF_SEVERAL, Encoder, Extractor, Hit, Question, Refused, Reply, Support
from rag.words import stem, terms

_log = logging.getLogger("rag")
LONGEST_SECONDS = 60.0  # that a question may take before it is given up, as an error

# Verbs that a question about a text is built with. They help to find, but that none stands there says nothing.
_ASKING = frozenset(
    stem(verb) for verb in "describe discuss explain happen know mean mention publish refer think write".split()
)

__all__ = ["Assistant", "LiveAssistant", "error_reply", "open_assistant", "sync_index"]


class Assistant:
    """Answers questions from one generation of an index, with its models loaded once."""

    def __init__(
        self,
        store: Generation,
        encoder: Encoder,
        extractor: Extractor,
        threshold: float,
        settings: Settings,
        certificate: Certificate | None = None,
    ) -> None:
        self.store = store
        self.encoder, self.extractor = encoder, extractor
        self.threshold, self.settings = threshold, settings  # the confidence at which it answers
        self.certificate = certificate  # of the threshold, where it still holds

    def ask(self, text: str, *, id: str | None = None, history: Sequence[Turn] = (), filters: Filters = ALL) -> Reply:
        """Answers or refuses, of the articles that pass the filters; `history` are the turns before, oldest first.

        Raises InputError for a question that cannot be asked.
        """
        clock = _Clock()
        with clock.stage("analyse"):
            original = self._asked(text, filters)
            texts = self._meant(original, history)
        if original.kind in ASIDES:
            outcome = Refused("nothing_found", (), 0.0, self.threshold)
            reply = render(Asking(original, original.text, filters, (), self.store.generation, id), outcome)
            return replace(reply, timings_ms=clock.milliseconds())
        reply = self._answer(
            original, texts, lambda one: self._hits(one, self.settings.passages, filters), filters, id, clock
        )
        held = self.certificate
        # What was calibrated is asked of all articles, and either in conversations or not.
        covered = held is not None and filters == ALL and held.history == bool(history)
        return replace(reply, certificate=held.name) if held and covered else reply

    def understood(self, text: str, history: Sequence[Turn] = (), filters: Filters = ALL) -> Question:
        """The question as it is searched: slips of the hand mended, and with what it takes from the turns before.

        Raises InputError as `ask` does.
        """
        original = self._asked(text, filters)
        first, *rest = self._meant(original, history)
        texts = [first, *(self._further(one, first) for one in rest)]
        return _whole([self._of_text(one, original, filters) for one in texts])

    def _meant(self, asked: Question, history: Sequence[Turn]) -> list[str]:
        return as_meant(asked.text, self.store, self.settings.max_question_chars, history)

    def _further(self, text: str, first: str, supports: Sequence[Support] = ()) -> str:
        """A further question, by the first and by its short answer where that is given."""
        best = supports[0] if supports and supports[0].confidence >= self.threshold else None
        said = best.passage.slice(*best.short) if best and best.short else ""
        return further(text, first, said, self.settings.max_question_chars)

    def _of_text(self, text: str, original: Question, filters: Filters) -> Question:
        return original if text == original.text else self._analyse(text, filters)

    def _hits(self, question: Question, k: int, filters: Filters) -> list[Hit]:
        return retrieve(question, self.store, self.encoder, self.settings, k, filters)

    def answer(self, text: str, hits: Sequence[Hit], *, id: str | None = None) -> Reply:
        """What `ask` makes of passages that are given, at most as many as it reads."""
        original, hits = self._analyse(text, ALL), hits[: self.settings.passages]
        return self._answer(original, self._meant(original, ()), lambda _: hits, ALL, id, _Clock())

    def _asked(self, text: str, filters: Filters) -> Question:
        """The question as it was typed, asked of articles that are there."""
        missing = self.store.missing(filters.articles)
        if missing:
            raise InputError(message("filter_missing", filters.articles.index(missing[0])))
        return self._analyse(text, filters)

    def _analyse(self, text: str, filters: Filters) -> Question:
        return self._of_one(analyse(text, self.settings.max_question_chars), filters)

    def _of_one(self, question: Question, filters: Filters) -> Question:
        if question.kind in OF_ARTICLE and self.store.article_count != 1 and len(filters.articles) != 1:
            return replace(question, kind=OF_SEVERAL[question.kind])
        return question

    def _answer(
        self,
        original: Question,
        texts: Sequence[str],
        find: Callable[[Question], Sequence[Hit]],
        filters: Filters,
        id: str | None,
        clock: _Clock,
    ) -> Reply:
        """Answers the questions that are asked in one, in turn, as a further one may ask of what answers the first."""
        asked, found = list[tuple[Question, Sequence[Hit]]](), list[list[Support]]()
        for text in texts:
            with clock.stage("analyse"):
                alone = self._further(text, asked[0][0].text, found[0]) if asked else text
                question = _asking(self._of_text(alone, original, filters))
            with clock.stage("retrieve"):
                hits = find(question)
            with clock.stage("extract"):
                found.append(self.extractor.extract(question, hits))
            asked.append((question, hits))
        outcome = decide(found[0] if len(found) == 1 else together(found), self.threshold)
        with clock.stage("render"):
            whole = _whole([question for question, _ in asked])
            refused = isinstance(outcome, Refused)
            unmatched = self._unmatched(whole, original.text, asked) if refused else []
            reply = render(Asking(whole, original.text, filters, unmatched, self.store.generation, id), outcome)
        return replace(reply, timings_ms=clock.milliseconds())

    def _unmatched(self, question: Question, typed: str, asked: Sequence[tuple[Question, Sequence[Hit]]]) -> list[str]:
        """The words that were typed which occur in no article, nor in another form in what was found."""
        if question.kind in OF_ARTICLE:
            return []
        own = askable(typed)
        words = [own[term.casefold()] for term in question.terms if term.casefold() in own]
        absent = [term for term in words if stem(term) not in _ASKING and self.store.nowhere(term)]
        found = {word for part, hits in asked for hit in hits for word in held(part, hit)} if absent else set()
        return [term for term in absent if stem(term) not in found]

    @property
    def unfitted(self) -> str | None:
        """What to say of confidence where the encoder is not the one it was fitted for."""
        return shipped_model().unfitted(self.store.manifest.recipe.encoder_sha256)

    def with_threshold(self, threshold: float) -> Assistant:
        """The same with another threshold; nothing is certified for it but where it is a level of the certificate."""
        certificate = self.certificate if self.certificate and threshold in self.certificate.thresholds else None
        return Assistant(self.store, self.encoder, self.extractor, threshold, self.settings, certificate)

    def at_level(self, risk: float) -> Assistant:
        """The same at the threshold of one of the certificate's levels. Raises InputError for a risk that has none."""
        certificate = self.certificate
        levels = certificate.levels if certificate else ()
        threshold = next((level.threshold for level in levels if level.risk == risk), None)
        if threshold is None:
            raise InputError(message("level", percent(risk)))
        return self.with_threshold(threshold)

    def search(self, text: str, k: int, *, history: Sequence[Turn] = (), filters: Filters = ALL) -> list[Hit]:
        """The retriever alone: the `k` best passages, best first."""
        return self._hits(self.understood(text, history, filters), k, filters)


def _asking(question: Question) -> Question:
    """A question of articles: what is a courtesy only when it is rewritten is searched as it stands."""
    return replace(question, kind="what", terms=terms(question.text)) if question.kind in ASIDES else question


def _whole(asked: Sequence[Question]) -> Question:
    """One question of several, as it is shown: of none of their kinds."""
    if len(asked) == 1:
        return asked[0]
    text = " ".join(one.text if one.text.endswith("?") else f"{one.text}?" for one in asked)
    return replace(analyse(text, len(text)), kind="what")


class LiveAssistant:
    """An Assistant that follows the index: after a build, the next question is asked of the new generation, and after
    a calibration by the new threshold.

    A generation that was opened stays usable for the questions that began with it.
    """

    def __init__(self, index: Path, settings: Settings) -> None:
        self.index, self._settings = index, settings
        self._lock = threading.Lock()
        self._assistant = open_assistant(index, settings)

    def latest(self) -> Assistant:
        """The assistant that was opened last, also where the index has been damaged since."""
        with self._lock:
            return self._assistant

    def shown(self) -> Assistant:
        """The one whose articles are shown: the current one, or where the index is damaged the last that was opened.

        So a page can still show what it quoted, change the seeds and build anew. Nothing is asked of it.
        """
        try:
            return self.current()
        except RagError:
            return self.latest()

    def current(self) -> Assistant:
        """The assistant of the generation that is current now. Raises IndexUnusable as `open_assistant` does."""
        with self._lock:
            held, name = self._assistant, layout.pointed(self.index)
            same = name == held.store.generation
            if not same or holding_certificate(self.index, name, self._settings) != held.certificate:
                self._assistant = open_assistant(self.index, self._settings, held.encoder)
            return self._assistant


def open_assistant(
    index: Path,
    settings: Settings,
    encoder: Encoder | None = None,
    *,
    generation: str | None = None,
    extractor: Extractor | None = None,
) -> Assistant:
    """Opens the current generation with its models, or one that is kept, by its name.

    `encoder` is the one of the settings where it is loaded already; `extractor` is the shipped reader, loaded once for
    all, where none is given.

    The threshold is that of the settings, else that of a certificate that holds, else the shipped one.

    Raises IndexUnusable when there is none, or when it was built with other settings, naming the fields.
    """
    store = open_current(index) if generation is None else open_kept(index, generation)
    source = embed.resolve(settings.encoder)
    differences = store.manifest.recipe.differences(recipe(settings, source))
    if differences:
        raise IndexUnusable(
            f"the index in {index} was built with other settings ({'; '.join(differences)}); run `rag build`, "
            "or set them back"
        )
    encoder = embed.loaded(source, encoder)
    english()  # with the models, so that the first question does not wait for it
    certificate = holding_certificate(index, store.generation, settings)
    threshold = certificate.threshold if certificate else uncertified_threshold(settings)
    extractor = extractor or ReadingExtractor(networks(), shipped_model(), fast=settings.fast)
    return Assistant(store, encoder, extractor, threshold, settings, certificate)


def uncertified_threshold(settings: Settings) -> float:
    """The threshold of the settings, else the shipped one."""
    model = shipped_model()
    shipped = model.first if settings.fast else model.both
    return shipped.threshold if settings.threshold is None else settings.threshold


def holding_certificate(index: Path, generation: str | None, settings: Settings) -> Certificate | None:
    """The certificate of a generation, where neither the reader nor the settings have changed since.

    None with a threshold in the settings, which overrules it, and for one that is damaged: `rag check` names that.
    """
    if generation is None or settings.threshold is not None:
        return None
    try:
        certificate = certificates.read(index, generation)
    except IndexUnusable as error:
        _log.warning("%s; the shipped threshold applies", error)
        return None
    if certificate is None or certificate.stale(generation, fingerprint(), certified(settings)):
        return None
    return certificate


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
