"""The process that reads articles for `rag.load.apart`: `python -m rag.load.worker LANGUAGE`.

In: a line of JSON with the kind of file, its size and the limits, then its bytes. Out: a line of JSON. It ends with its
input, when it has waited long, and after a file that took much memory.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from rag import language
from rag.load import apart
from rag.load.formats import ParseResult, read
from rag.load.limits import Limits

_IDLE = 60  # seconds without a file; a server need not keep the memory
_KEPT = 0.25  # of the memory that it may take, with which it goes on to the next file
_WATCHED = 0.02  # seconds between two looks at the memory
_BEYOND = 500_000_000  # bytes from there to the system's own bound, which counts libraries and what is only set aside


def main() -> None:
    """Reads until there is nothing to read."""
    answers = os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("wb") as nowhere:  # what a library prints is no answer
        os.dup2(nowhere.fileno(), 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    language.use(sys.argv[1])  # with all else that is loaded before memory is watched
    memory = _Memory()
    answers.write(apart.READY)
    answers.flush()
    questions = sys.stdin.buffer
    while select.select([questions], [], [], _IDLE)[0] and (head := questions.readline()):
        asked = json.loads(head)
        limits = Limits(**asked["limits"])
        result = _result(asked["suffix"], questions.read(asked["bytes"]), limits, memory)
        answers.write(apart.PARSE_RESULTS.dump_json(result) + b"\n")
        answers.flush()
        if memory.taken() > _KEPT * limits.memory_bytes:
            return


def _result(suffix: str, raw: bytes, limits: Limits, memory: _Memory) -> ParseResult:
    """Reads one article within its bounds: the timers end this process, whatever it is doing."""
    memory.bound(limits.memory_bytes)
    signal.setitimer(signal.ITIMER_PROF, limits.time(len(raw)))
    signal.alarm(limits.patience)
    try:
        result = read(suffix, raw, limits)
    except MemoryError:
        result = ParseResult(problem=apart.out_of_memory(limits))
    signal.alarm(0)
    signal.setitimer(signal.ITIMER_PROF, 0)
    memory.bound(None)  # to answer takes some, too
    return result


class _Memory:
    """The bound of this process's memory, beyond what it has now.

    A thread watches it. Where the system holds a process to a bound, that is there, too, for what the thread cannot see
    in time; it alone would not do, as Python breaks down when it has no memory to say so.
    """

    def __init__(self) -> None:
        self._most: int | None = None
        threading.Thread(target=self._watch, daemon=True).start()
        self._first, self._address_space = _peak(), _address_space()

    def bound(self, size: int | None) -> None:
        """Sets it, or takes it away."""
        self._most = size
        if self._address_space is not None:
            _, hard = resource.getrlimit(resource.RLIMIT_AS)
            most = hard if size is None else self._address_space + size + _BEYOND
            if hard != resource.RLIM_INFINITY:
                most = min(most, hard)
            resource.setrlimit(resource.RLIMIT_AS, (most, hard))

    def taken(self) -> int:
        """The most that it has had beyond that, in bytes."""
        return _peak() - self._first

    def _watch(self) -> None:
        while True:
            if self._most is not None and self.taken() > self._most:
                os._exit(apart.OUT_OF_MEMORY)
            time.sleep(_WATCHED)


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _address_space() -> int | None:
    """The size of this process, where the system holds it to a bound of that; macOS takes one and does not."""
    with suppress(OSError):
        return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return None


if __name__ == "__main__":
    try:
        main()
    except MemoryError:  # outside of the reading, or while an error was being told
        os._exit(apart.OUT_OF_MEMORY)
