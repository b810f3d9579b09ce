"""The one line in which all questions of a server wait, those of the page, of `/v1` and of Gradio's API."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from rag.types.errors import RagError
from rag.types.messages import message

T = TypeVar("T")
AT_ONCE, WAITING = 4, 200  # questions: they share two cores well, and what waits longer had better come again


class Busy(RagError):
    """More questions wait than is good for any."""


class Line:
    """The threads in which questions are answered, so that the server goes on listening. Who came first is first."""

    def __init__(self) -> None:
        self._limiter = CapacityLimiter(AT_ONCE)

    async def run(self, work: Callable[[], T]) -> T:
        """The result of a question's work, when its turn has come. Raises Busy where too many wait."""
        if self._limiter.statistics().tasks_waiting >= WAITING:
            raise Busy(message("busy"))
        return await run_sync(work, limiter=self._limiter)
