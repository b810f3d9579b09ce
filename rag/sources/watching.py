"""`rag watch`: a seeds folder, and feeds whose pages go into it, built as they change.

One build at a time, when no file is being written. What fails is logged and tried again. An index is never emptied: no
build while the folder is gone or empty, or has lost most of the files that the index holds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.sources import Sources
from rag.sources.addresses import Address
from rag.sources.folder import Files, Waking, files, settled
from rag.sources.log import Log
from rag.types.errors import FetchLater, IndexUnusable, RagError
from rag.types.stores import Store

_MANY = 20  # articles of an index that is not taken for one that is just begun
_ENOUGH = 0.5  # of its files must be there
_AT_ONCE = 8  # feeds, so that a slow one holds up no other
_log = logging.getLogger("rag")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds."""

    feeds: float  # between two times that a feed is asked
    quiet: float = 2.0  # without a change before a build
    patience: float = 300.0  # at most, where files are written all the time
    look: float = 60.0  # between two looks at a folder in which nothing is said to change
    again: float = 30.0  # after a build that failed; twice as long after each more
    at_most: float = 3_600.0


class Watch:
    """What is watched. `build` builds the index, as `rag.serve.building` does."""

    def __init__(
        self,
        sources: Sources,
        feeds: Sequence[Address],
        store: Store,
        build: Callable[[], Generator[tuple[str, Any]]],
        log: Log,
        pace: Pace,
    ) -> None:
        self._sources, self._feeds, self._store = sources, feeds, store
        self._build, self._log, self._pace = build, log, pace
        self._seeds: Path = sources.seeds
        self._stop, self._changed = threading.Event(), threading.Event()
        self._whole = threading.Event()  # the folder is there, and holds what it should
        self._asking = threading.BoundedSemaphore(_AT_ONCE)
        self._said = ""  # why it waits

    def run(self) -> None:
        """Watches until it is ended, or interrupted by an exception in this thread."""
        waking = Waking(self._seeds, self._changed)
        asking = [threading.Thread(target=self._ask_often, args=(feed,), daemon=True) for feed in self._feeds]
        for one in asking:
            one.start()
        try:
            self._follow(waking)
        finally:
            self._stop.set()
            waking.stop()
            end = time.monotonic() + 2
            for one in asking:
                one.join(max(end - time.monotonic(), 0.0))

    def end(self) -> None:
        """Ends it after the step that it is at."""
        self._stop.set()
        self._changed.set()

    def _follow(self, waking: Waking) -> None:
        built: Files | None = None
        failed, tries, again = built, 0, 0.0
        while not self._stop.is_set():
            waking.look()
            self._changed.clear()
            now = files(self._seeds)
            due = now != failed or time.monotonic() >= again
            if now != built and due and self._may(now):
                now = settled(self._seeds, self._pace.quiet, self._pace.patience)
                if self._may(now):
                    if self._built():
                        built, failed, tries = now, None, 0
                    else:
                        wait = min(self._pace.again * 2**tries, self._pace.at_most)
                        failed, tries, again = now, min(tries + 1, 20), time.monotonic() + wait
            elif now == built:
                self._said = ""
                self._whole.set()
            rest = again - time.monotonic() if tries else self._pace.look
            if not self._stop.is_set():
                self._changed.wait(max(min(rest, self._pace.look), 0.1))

    def _may(self, now: Files | None) -> bool:
        """Whether the folder holds what it should; says once why not."""
        reason = self._missing(now)
        (self._whole.clear if reason else self._whole.set)()
        if not reason and not now:
            reason = f"there is no article in {self._seeds}; the index stays as it is"
        if reason and reason != self._said:
            self._log.say("waiting", reason)
        self._said = reason
        return not reason

    def _missing(self, now: Files | None) -> str:
        """Why the folder is taken for one that is not whole."""
        stays = "the index stays as it is"
        if now is None:
            return f"the seeds folder {self._seeds} is gone; {stays}"
        try:
            with closing(self._store.open()) as reader:
                held = {entry.path for entry in reader.entries()}
        except IndexUnusable:  # the build makes it
            held = set()
        there = sum(path in now for path in held)
        if len(held) >= _MANY and there < _ENOUGH * len(held):
            gone = f"{len(held) - there:,} of {len(held):,} files that the index holds are gone from {self._seeds}"
            return f"{gone}; {stays}. Bring them back, or run `rag build` if they are to go"
        return ""

    def _built(self) -> bool:
        begun = time.monotonic()
        with closing(self._build()) as news:
            kind, what = deque(news, maxlen=1)[0]
        if kind != "done":
            self._log.say("failed", what)
            return False
        self._log.built(what, time.monotonic() - begun)
        return True

    def _ask_often(self, feed: Address) -> None:
        """Asks a feed when it is time, until it is stopped."""
        due, failed = 0.0, 0
        while not self._stop.is_set():
            if self._whole.is_set() and due <= time.monotonic():
                with self._asking:
                    wait = self._ask(feed)
                failed = 0 if wait is None else min(failed + 1, 20)
                longest = max(self._pace.at_most, self._pace.feeds)
                due = time.monotonic() + min(max(self._pace.feeds * 2**failed, wait or 0.0), longest)
            self._stop.wait(min(1.0, self._pace.feeds))

    def _ask(self, feed: Address) -> float | None:
        """Asks one feed; where that cannot be asked, the seconds that its server asks to wait."""
        try:
            for came in self._sources.poll(feed):
                if came.what == "failed":
                    self._log.say("failed", came.reason, address=came.address, feed=str(feed))
                elif came.what != "same":
                    text = f"{came.path} from {came.address}"
                    self._log.say("fetched", text, path=came.path, address=came.address, feed=str(feed))
                if self._stop.is_set() or not self._whole.is_set():
                    break
            return None
        except RagError as error:
            self._log.say("failed", str(error), feed=str(feed))
            return error.after if isinstance(error, FetchLater) else 0.0
        except OSError as error:  # a full disk, or the folder has just gone
            self._log.say("failed", f"{feed}: {error.strerror or error}", feed=str(feed))
        except Exception as error:  # noqa: BLE001 - the edge of a thread: what a feed made fail is asked again later
            _log.exception("a feed failed")
            self._log.say("failed", f"{feed}: the program failed ({type(error).__name__})", feed=str(feed))
        return 0.0
