"""What the page does to the articles: adds files, takes them out, builds.

One thing at a time, in a thread of the server: every page sees it, and one that is loaded again sees it still.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.answer.opening import LiveAssistant
from rag.build.changes import counted
from rag.build.seeds import Holding, Library
from rag.serve.building import building
from rag.types.errors import RagError

_log = logging.getLogger("rag")
File = tuple[str, str | None]  # its name, and why it was not taken; None where it was


@dataclass(frozen=True, slots=True)
class News:
    """What was done last, or is being done."""

    stage: tuple[str, int, int] | None = None  # what is done now, how much of it and of how much
    said: str = ""
    error: str = ""
    files: tuple[File, ...] = ()  # those that were given to be added
    unread: tuple[tuple[str, str], ...] = ()  # what the build left out or read in part, and why
    taken_out: str = ""  # by which name the file can be brought back that was taken out last


class Upkeep:
    """The articles of one server."""

    def __init__(self, live: LiveAssistant, library: Library) -> None:
        self._live, self._library = live, library
        self._lock, self._jobs, self._running = threading.Lock(), deque[Callable[[], None]](), False
        self._news: News = News()
        self._held: list[Holding] | None = None

    @property
    def news(self) -> News:
        """What is known now."""
        return self._news

    @property
    def running(self) -> bool:
        """Whether something is being done."""
        return self._running

    @property
    def held(self) -> list[Holding] | None:
        """All articles as they were when they were listed last: those that need something first, then by date."""
        return self._held

    def look(self) -> None:
        """Lists them anew, which takes some seconds where there are thousands."""
        with self._lock:
            if self._running:  # it lists them when it has ended
                return
        self._do(lambda: None)

    def _list(self) -> None:
        """They stay as they were where the folder cannot be read."""
        try:
            held = self._library.holdings(self._live.shown().store)
        except (RagError, OSError) as error:
            _log.warning("the articles cannot be listed: %s", error)
            return
        held.sort(key=lambda one: one.date or "", reverse=True)
        self._held = sorted(held, key=lambda one: one.state == "in the index")

    def removed(self) -> list[str]:
        """The files that can be brought back."""
        try:
            return self._library.removed()
        except OSError as error:
            _log.warning("what was taken out cannot be listed: %s", error)
            return []

    def add(self, files: Sequence[Path]) -> None:
        """Adds what can be added, and builds."""
        self._do(lambda: self._add(files))

    def remove(self, path: str) -> None:
        """Takes a file out, and builds."""
        self._do(lambda: self._changed(lambda: f"{self._out(path)} was taken out."))

    def bring_back(self, name: str) -> None:
        """Puts it back, and builds."""
        self._do(lambda: self._changed(lambda: f"{self._library.bring_back(name)} is back."))

    def build(self) -> None:
        """Builds, whatever was changed."""
        self._do(lambda: self._changed(lambda: ""))

    def wait(self) -> None:
        """Until nothing is being done."""
        while self._running:
            time.sleep(0.02)

    def _do(self, job: Callable[[], None]) -> None:
        with self._lock:
            self._jobs.append(job)
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._work, daemon=True, name="upkeep").start()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._running = False
                    return
                job = self._jobs.popleft()
            try:
                job()
            except (RagError, OSError) as error:
                self._news = replace(self._news, stage=None, error=str(error))
            finally:
                self._news = replace(self._news, stage=None)
            self._list()

    def _add(self, files: Sequence[Path]) -> None:
        self._news = News(stage=("reading the files", 0, len(files)))
        done: list[File] = []
        for name, why in self._library.add_each(files, self._live.shown().store):
            done.append((name, why))
            self._news = replace(self._news, stage=("reading the files", len(done), len(files)), files=tuple(done))
        if any(why is None for _, why in done):
            self._build()

    def _out(self, path: str) -> str:
        self._news = replace(self._news, taken_out=self._library.remove(path))
        return path

    def _changed(self, change: Callable[[], str]) -> None:
        self._news = News(stage=("reading the articles", 0, 0))
        said = change()
        self._news = replace(self._news, said=said)
        self._build()

    def _build(self) -> None:
        settings = self._live.latest().settings  # a damaged index must not keep the page from mending it
        for kind, what in building(self._library.seeds, self._live.index, settings, names=True):
            if kind == "progress":
                self._news = replace(self._news, stage=(what[0], what[1], what[2]))
            elif kind == "done":
                unread = tuple((name, why) for name, why in [*what["unreadable"], *what["skipped"]])
                self._news = replace(self._news, said=_told(self._news.said, what), unread=unread)
            else:
                self._news = replace(self._news, error=str(what))


def _told(said: str, report: Mapping[str, Any]) -> str:
    """What a build did, after what was asked for."""
    did = [f"{len(report[word]):,} {word}" for word in ("added", "changed", "renamed", "removed") if report[word]]
    built = f"{', '.join(did).capitalize()}." if did else "Nothing had changed."
    return f"{said or built} {counted(report['articles'], 'article')} can be asked."
