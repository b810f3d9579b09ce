"""The files of a seeds folder, looked at without being read, and whether they still change."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import watchfiles

from rag.load import SUFFIXES

Files = Mapping[str, tuple[int, int, int]]  # by path: size, time of change, number of the file


def files(seeds: Path) -> Files | None:
    """Those that may be articles; None where there is no folder."""
    if not seeds.is_dir():
        return None
    out = {}
    for folder, folders, names in os.walk(seeds):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if name.startswith(".") or not name.lower().endswith(SUFFIXES) or name.upper().startswith("README"):
                continue
            path = os.path.join(folder, name)  # noqa: PTH118 - of a hundred thousand files, that takes time
            try:
                stat = os.stat(path)  # noqa: PTH116
            except OSError:
                continue
            out[os.path.relpath(path, seeds)] = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
    return out


def settled(seeds: Path, quiet: float, patience: float) -> Files | None:
    """The files, when none has changed for `quiet` seconds; after `patience` seconds as they are then."""
    end = time.monotonic() + patience
    last = files(seeds)
    while True:
        time.sleep(quiet)
        now = files(seeds)
        if now == last or time.monotonic() > end:
            return now
        last = now


class Waking:
    """Sets an event when something changes in a folder, for as long as it is that folder."""

    def __init__(self, seeds: Path, changed: threading.Event) -> None:
        self._seeds, self._changed = seeds, changed
        self._of: tuple[int, int] | None = None
        self._end = threading.Event()

    def look(self) -> None:
        """To be called now and then: a folder that went and came back is another one."""
        try:
            stat = self._seeds.stat()
            there = stat.st_dev, stat.st_ino
        except OSError:
            there = None
        if there != self._of:
            self.stop()
            self._of, self._end = there, threading.Event()
            if there is not None:
                threading.Thread(target=self._watch, args=(self._end,), daemon=True).start()

    def stop(self) -> None:
        """Ends it."""
        self._end.set()

    def _watch(self, end: threading.Event) -> None:
        root = self._seeds.resolve()

        def shown(_: watchfiles.Change, path: str) -> bool:
            """What is hidden, as all that is on its way is, is no article."""
            return not any(part.startswith(".") and part != ".." for part in Path(os.path.relpath(path, root)).parts)

        try:
            for _ in watchfiles.watch(
                root, watch_filter=shown, stop_event=end, debounce=200, rust_timeout=1000, raise_interrupt=False
            ):
                self._changed.set()
        except (OSError, RuntimeError):  # too many folders for the system: then it is looked at now and then alone
            return
