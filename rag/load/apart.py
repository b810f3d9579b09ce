"""Reads files in a process of its own, so that a bad file cannot crash the program or use up its memory.

One process reads one file after another and is replaced when it dies. It is a new Python and no fork, as a server has
threads. What comes back is JSON, and is checked as if the file itself had written it.
"""

from __future__ import annotations

import atexit
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

import rag
from rag import language
from rag.load.dates import day
from rag.load.formats import ParseResult, check
from rag.load.limits import Limits
from rag.load.parsed import Parsed
from rag.types.errors import SeedError

READY = b"ready\n"  # what the process says when it has started
OUT_OF_MEMORY = 3  # its exit code when it took more memory than it may
PARSE_RESULTS = TypeAdapter(ParseResult)
_LAST = 10  # seconds that a process gets to end, when it has closed its output
_lock = threading.Lock()  # one process, and so one bound of memory, however many threads read
running: ReaderProcess | None = None


def read(suffix: str, raw: bytes, limits: Limits) -> ParseResult:
    """Reads an article apart. Raises SeedError when the process cannot be started."""
    global running
    code = 0
    with _lock:
        for _ in range(2):
            reader, running = running if running and running.lives() else ReaderProcess(), None
            answer = reader.ask(suffix, raw, limits)
            if answer is not None:
                running = reader
                return checked(answer, limits)
            code = reader.end()
            if code:  # else it had ended by itself, between two files
                break
    return ParseResult(problem=_reason(code, limits, len(raw)))


class ReaderProcess:
    """The process, started."""

    def __init__(self) -> None:
        self._language = language.name()
        # This package and no other, wherever the program was started.
        paths = [str(Path(rag.__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.process = subprocess.Popen(  # noqa: S603 - our own module, and a language that is in use
            [sys.executable, "-P", "-m", "rag.load.worker", self._language],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        if self.out.readline(len(READY)) != READY:
            raise SeedError(f"the process that reads files could not be started (it ended with {self.end()})")

    @property
    def out(self) -> IO[bytes]:
        return self.process.stdout  # type: ignore[return-value]  # a pipe, as asked for

    def ask(self, suffix: str, raw: bytes, limits: Limits) -> bytes | None:
        """The line that it answers with, or None when there is none: it must be ended then."""
        head = {"suffix": suffix, "bytes": len(raw), "limits": dataclasses.asdict(limits)}
        into: IO[bytes] = self.process.stdin  # type: ignore[assignment]  # a pipe, as asked for
        try:
            into.write(json.dumps(head).encode() + b"\n")
            into.write(raw)
            into.flush()
            # A character is at most six bytes of JSON; the numbers of a paragraph are some more.
            line = self.out.readline(12 * limits.characters + 200 * limits.paragraphs + 100_000)
        except OSError:
            return None
        except BaseException:  # the wait was broken off: its answer must not be taken for that of another file
            self.process.kill()
            self.end()
            raise
        return line if line.endswith(b"\n") else None

    def lives(self) -> bool:
        """Whether it has not ended since the last file, and reads the language that is in use."""
        if self._language != language.name():
            self.process.kill()
        elif self.process.poll() is None:
            return True
        self.end()
        return False

    def end(self) -> int:
        """Waits until it has ended, or ends it. Its exit code; negative: by a signal."""
        try:
            code = self.process.wait(_LAST)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]  # a pipe, as asked for
        return code

    def kill(self) -> None:
        """Ends it now."""
        self.process.kill()
        self.end()


def checked(answer: bytes, limits: Limits) -> ParseResult:
    """The answer as what it must be, whatever wrote it."""
    try:
        result = PARSE_RESULTS.validate_json(answer, strict=True)
        if (result.parsed is None) == (result.problem is None):
            raise ValueError("it is neither an article nor a problem")
        if result.parsed is not None:
            check(result.parsed, limits)
            _check_places(result.parsed)
        return result
    except (ValidationError, ValueError):
        return ParseResult(problem="cannot be read (its reader gave an answer that cannot be used)")


def _check_places(parsed: Parsed) -> None:
    """Raises ValueError where paragraphs are not ranges of the text in order, or the date is no day."""
    at = 0
    for number, paragraph in enumerate(parsed.paragraphs, start=1):
        if not (at <= paragraph.start < paragraph.end <= len(parsed.text) and paragraph.number == number):
            raise ValueError("its paragraphs are not in order")
        if paragraph.page is not None and paragraph.page < 1:
            raise ValueError("a page has no number")
        at = paragraph.end
    if not all(0 <= mark.start < mark.end <= len(parsed.text) for mark in parsed.marks):
        raise ValueError("a mark lies outside of the text")
    date = parsed.metadata.date
    if date is not None and day(date) != date:
        raise ValueError("its date is no day")


def _reason(code: int, limits: Limits, size: int) -> str:
    """Why there is no answer for a file of `size` bytes, by how the process ended."""
    if code in (-signal.SIGPROF, -signal.SIGALRM):
        seconds = limits.time(size) if code == -signal.SIGPROF else limits.patience
        return f"took longer than {seconds} s to read"
    if code == OUT_OF_MEMORY:
        return out_of_memory(limits)
    return f"cannot be read (its reader broke down and ended with {code})"


def out_of_memory(limits: Limits) -> str:
    """What is said of a file that takes more memory than it may."""
    return f"needs more than {limits.memory_bytes / 1e6:,.0f} MB of memory to read"


@atexit.register
def end() -> None:
    """Ends the process, where there is one."""
    global running
    with _lock:
        reader, running = running, None
    if reader is not None:
        reader.kill()
