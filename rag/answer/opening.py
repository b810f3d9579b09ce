"""Opens an index for questions: its generation, models, threshold and certificate; and follows it as it changes."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rag import embed
from rag.answer.assistant import Assistant, Components
from rag.answer.fingerprint import fingerprint
from rag.answer.reader import networks, shipped_understander
from rag.build import recipe
from rag.extract import Logistic, ReadingExtractor, Stages, shipped_model
from rag.store import at
from rag.types import Encoder, Extractor, Understander
from rag.types.certificates import Certificate
from rag.types.errors import IndexUnusable, RagError
from rag.types.settings import Settings, certified
from rag.types.stores import Store

_log = logging.getLogger("rag")


class LiveAssistant:
    """An Assistant that follows the index: after a build, the next question is asked of the new generation, and after
    a calibration by the new threshold.

    A generation that was opened stays usable for the questions that began with it.
    """

    def __init__(self, index: Path, settings: Settings) -> None:
        self.index, self._settings = index, settings
        self._store, self._lock = at(index, settings), threading.Lock()
        self._assistant = open_assistant(index, settings)

    @property
    def store(self) -> Store:
        """Where the generations are kept that it follows."""
        return self._store

    @property
    def settings(self) -> Settings:
        """Those that it was opened with."""
        return self._settings

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
            held, name = self._assistant, self._store.current()
            same = name == held.store.generation and held.store.is_kept()
            if not same or holding_certificate(self._store, name, self._settings) != held.certificate:
                self._assistant = open_assistant(self.index, self._settings, held.components.encoder)
            return self._assistant


def open_assistant(
    index: Path,
    settings: Settings,
    encoder: Encoder | None = None,
    *,
    generation: str | None = None,
    extractor: Extractor | None = None,
    understander: Understander | None = None,
) -> Assistant:
    """Opens the current generation with its models, or one that is kept, by its name.

    `encoder` is the one of the settings where it is loaded already; the other parts are the shipped ones where none is
    given.

    The threshold is that of the settings, else that of a certificate that holds, else the shipped one.

    Raises IndexUnusable when there is none, or when it was built with other settings, naming the fields.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="loading") as pool:  # of what takes longest
        reading = pool.submit(lambda: extractor or ReadingExtractor(networks(), shipped_model(), fast=settings.fast))
        store = at(index, settings)
        reader = store.open(generation)
        source = embed.resolve(settings.encoder)
        differences = reader.recipe.differences(recipe(settings, source))
        if differences:
            raise IndexUnusable(
                f"the index in {store.place} was built with other settings ({'; '.join(differences)}); "
                "run `rag build`, or set them back"
            )
        encoder = embed.for_questions(source, encoder)
        certificate = holding_certificate(store, reader.generation, settings)
        understander = understander or shipped_understander(settings)
    threshold = certificate.threshold if certificate else uncertified_threshold(settings)
    parts = Components(understander, encoder, reading.result())
    return Assistant(reader, parts, threshold, _deciding(settings).doubt, settings, certificate)


def uncertified_threshold(settings: Settings) -> float:
    """The threshold of the settings, else the shipped one."""
    return _deciding(settings).threshold if settings.threshold is None else settings.threshold


def _deciding(settings: Settings) -> Logistic | Stages:
    """The model whose confidence decides."""
    model = shipped_model()
    return model.first if settings.fast else model.both


def certificate_or_none(store: Store, generation: str) -> Certificate | None:
    """The certificate of a generation; None also for a damaged one."""
    try:
        return store.certificate(generation)
    except IndexUnusable:
        return None


def holding_certificate(store: Store, generation: str | None, settings: Settings) -> Certificate | None:
    """The certificate of a generation, where neither the reader nor the settings have changed since.

    None with a threshold in the settings, which overrules it, and for one that is damaged: `rag check` names that.
    """
    if generation is None or settings.threshold is not None:
        return None
    try:
        certificate = store.certificate(generation)
    except IndexUnusable as error:
        _log.warning("%s; the shipped threshold applies", error)
        return None
    if certificate is None or certificate.stale(generation, fingerprint(), certified(settings)):
        return None
    return certificate
