"""A store in a folder (`rag.types.stores.Store`): generations of FAISS and SQLite files (`rag.store.layout`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rag.store import certificates, changes, layout, pins, pruning, saved, soundness
from rag.store.damage import findings
from rag.store.hashed import Hashed
from rag.store.reader import FileReader, open_current, open_kept
from rag.store.writer import FileWriter
from rag.types.certificates import Certificate
from rag.types.following import Alert, Change, SavedQuestion
from rag.types.stores import Pin, Recipe


class FileStore:
    """The generations of an index folder."""

    def __init__(self, index: Path) -> None:
        self.index = index
        self._hashed = Hashed(index)
        self._builds = False
        self._sound: FileReader | None = None  # as this builder has found it

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.index)

    def current(self) -> str | None:
        """As `Store.current`."""
        return layout.pointed(self.index)

    def generations(self) -> list[str]:
        """As `Store.generations`."""
        return [folder.name for folder in layout.generations(self.index)]

    def open(self, generation: str | None = None) -> FileReader:
        """As `Store.open`."""
        return open_current(self.index) if generation is None else open_kept(self.index, generation)

    @contextmanager
    def building(self) -> Iterator[None]:
        """As `Store.building`."""
        with layout.builder_lock(self.index):
            self._builds = True
            try:
                yield
            finally:
                self._builds, self._sound = False, None
                self._hashed.save()

    def is_building(self) -> bool:
        """As `Store.is_building`."""
        return layout.is_building(self.index)

    def tidy(self) -> list[str]:
        """As `Store.tidy`."""
        return soundness.tidied(self.index, self._hashed)

    def sound(self) -> tuple[FileReader | None, list[str]]:
        """As `Store.sound`."""
        found, damaged = soundness.sound_generation(self.index, self._hashed)
        self._sound = found if self._builds else None
        return found, damaged

    def reuse(self, generation: str) -> bool:
        """As `Store.reuse`."""
        if not soundness.is_sound(layout.folder(self.index, generation), self._hashed):
            return False
        changes.prepare(self.index, layout.folder(self.index, generation), generation)
        layout.point(self.index, generation)
        changes.settle_if_possible(self.index)
        pruning.tidy(self.index, generation)
        return True

    def begin(self, recipe: Recipe, *, afresh: bool) -> FileWriter:
        """As `Store.begin`."""
        before = self._sound
        if before is None or before.generation != self.current() or not before.is_kept():
            before, _ = self.sound()
        return FileWriter(self.index, recipe, before, self._hashed, afresh=afresh)

    def pins(self) -> tuple[Pin, ...]:
        """As `Store.pins`."""
        return pins.read(self.index)

    def pin(self, name: str, generation: str | None = None) -> Pin:
        """As `Store.pin`."""
        return pins.add(self.index, name, generation)

    def unpin(self, name: str) -> Pin:
        """As `Store.unpin`."""
        return pins.remove(self.index, name)

    def certificate(self, generation: str) -> Certificate | None:
        """As `Store.certificate`."""
        return certificates.read(self.index, generation)

    def certified(self) -> list[str]:
        """As `Store.certified`."""
        return certificates.generations(self.index)

    def certify(self, certificate: Certificate) -> str:
        """As `Store.certify`."""
        return str(certificates.write(self.index, certificate))

    def count_try(self, questions_sha256: str, keys: Collection[str]) -> int:
        """As `Store.count_try`."""
        return certificates.count_try(self.index, questions_sha256, keys)

    def changes(self, after: int = 0, *, texts: bool = False) -> Iterator[Change]:
        """As `Store.changes`."""
        return changes.read(self.index, after, texts=texts)

    def last_change(self) -> int:
        """As `Store.last_change`."""
        return changes.last_in_force(self.index)

    def saved(self) -> tuple[SavedQuestion, ...]:
        """As `Store.saved`."""
        return saved.questions(self.index)

    def save(self, question: SavedQuestion) -> SavedQuestion:
        """As `Store.save`."""
        return saved.save(self.index, question)

    def forget(self, question_id: str) -> SavedQuestion:
        """As `Store.forget`."""
        return saved.forget(self.index, question_id)

    def alerts(self, limit: int) -> tuple[Alert, ...]:
        """As `Store.alerts`."""
        return saved.alerts(self.index)[:limit]

    def tell(self, before: SavedQuestion, after: SavedQuestion, alerts: Sequence[Alert]) -> bool:
        """As `Store.tell`."""
        return saved.tell(self.index, before, after, alerts)

    def findings(self) -> Iterator[str]:
        """As `Store.findings`."""
        found = False
        for line in findings(self.index):
            found = True
            yield line
        if found:
            Hashed.forget(self.index)

    def close(self) -> None:
        """Nothing is held."""
