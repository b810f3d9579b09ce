"""Workers of Ray, each of which does shards of work; a shard whose worker is lost is done by another.

Ray starts the workers, carries shards and results, and says when a worker or a machine is gone. Few shards are on their
way at a time, and each is done or has failed for good, so that a build ends whatever happens to its workers.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rag.types.errors import ClusterError, RagError

_EACH = 4  # shards on their way for a worker, at most
_LOSSES = 3  # workers that may be lost over one shard, or in a row while they start
_PATIENCE = 120.0  # seconds in which one worker must have started where there is none
_SHOWN = 300  # characters of what Ray says


@dataclass(slots=True, eq=False)
class _Worker:
    actor: Any
    machine: str


@dataclass(slots=True, eq=False)
class Shard:
    """Some work that one worker does at a time."""

    method: str
    given: Any  # what it was made of
    work: Any
    what: str  # for a person
    worker: _Worker | None = None
    result: Any = None
    turn: int = 0  # a worker does its shards in the order of these
    losses: int = 0


class WorkerPool:
    """The workers. `make` gives a new one, as an actor of `rag.build.worker.Worker`.

    `equipment` is what each must have as this machine has it.
    """

    def __init__(self, ray: Any, make: Callable[[], Any], equipment: Mapping[str, str], many: int) -> None:
        self._ray, self._make, self._equipment = ray, make, equipment
        self._workers: list[_Worker] = []
        self._starting: dict[Any, Any] = {}  # what a worker says when it has started -> the worker
        self._failed_starts = 0
        self._under_way: list[Shard] = []
        self._turns = itertools.count()
        self._most = _EACH * many
        self.processors = set[str]()  # the kinds on which workers started
        for _ in range(many):
            self._start()

    def ordered(self, shards: Iterable[Shard]) -> Iterator[tuple[Any, Any]]:
        """What each shard was made of, with its result, in the order given.

        Raises ClusterError where workers cannot be started or a shard cannot be done.
        """
        sent = deque[Shard]()
        for shard in shards:
            self._send(shard)
            self._under_way.append(shard)
            sent.append(shard)
            while sent and (len(sent) >= self._most or self._is_done(sent[0])):
                yield self._taken(sent.popleft())
        while sent:
            yield self._taken(sent.popleft())

    def _start(self) -> None:
        actor = self._make()
        self._starting[actor.ready.remote()] = actor

    def _welcome(self) -> None:
        """Takes in the workers that have started; waits for one where there is none."""
        while self._starting:
            patience = 0 if self._workers else _PATIENCE
            done, _ = self._ray.wait(list(self._starting), timeout=patience, fetch_local=False)
            if not done:
                break
            self._join(done[0], self._starting.pop(done[0]))
        if not self._workers:
            raise ClusterError(
                f"no worker of Ray has started within {_PATIENCE:.0f} s: its machines have no free processor; wait "
                "until other work on them has ended, or build without --ray"
            )

    def _join(self, said: Any, actor: Any) -> None:
        errors = self._ray.exceptions
        try:
            equipment, machine, kind = self._ray.get(said)
        except errors.RayTaskError as error:
            raise _told("a worker of Ray cannot work", error) from error
        except errors.RayError as error:
            self._failed_starts += 1
            if self._failed_starts >= _LOSSES:
                raise _told(
                    f"{self._failed_starts} workers of Ray ended while they started; each machine needs the same "
                    "article-rag in the same place of Python, and about 1 GB of memory a processor",
                    error,
                ) from error
            self._start()
            return
        for name, here in self._equipment.items():
            if equipment.get(name) != here:
                raise ClusterError(
                    f"the machine {machine} of Ray's has another version than this one: {name} is "
                    f"{equipment.get(name)!r} there and {here!r} here; install the same on both"
                )
        self._failed_starts = 0
        self.processors.add(kind)
        self._workers.append(_Worker(actor, machine))

    def _send(self, shard: Shard) -> None:
        shard.worker, shard.turn = self._idlest(), next(self._turns)
        shard.result = getattr(shard.worker.actor, shard.method).remote(shard.work)

    def _idlest(self) -> _Worker:
        """The worker with the fewest shards that are not done."""
        self._welcome()
        results = {shard.result: shard.worker for shard in self._under_way}
        waiting = (
            self._ray.wait(list(results), num_returns=len(results), timeout=0, fetch_local=False)[1] if results else []
        )
        busy = Counter(results[one] for one in waiting)
        return min(self._workers, key=lambda worker: busy[worker])

    def _is_done(self, shard: Shard) -> bool:
        return bool(self._ray.wait([shard.result], timeout=0, fetch_local=False)[0])

    def _taken(self, shard: Shard) -> tuple[Any, Any]:
        """The result of a shard, which Ray then lets go of."""
        errors = self._ray.exceptions
        while True:
            try:
                result = self._ray.get(shard.result)
            except errors.LocalRayletDiedError as error:
                raise _told("Ray has ended on this machine", error) from error
            except errors.RayTaskError as error:
                raise _told(f"a worker of Ray failed at {shard.what}", error) from error
            except errors.RayActorError as error:
                self._lose(shard, error)
            except errors.RayError as error:  # the result is lost, and not the worker
                self._count_loss(shard, error)
                self._send(shard)
            else:
                self._under_way.remove(shard)
                return shard.given, result

    def _lose(self, found: Shard, error: Exception) -> None:
        """Gives the shards of a worker that is gone to others, and starts another worker."""
        gone = found.worker
        if gone is None or gone not in self._workers:  # known already: its result was there then, and is gone with it
            self._send(found)
            return
        self._workers.remove(gone)
        with contextlib.suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(gone.actor)
        self._start()
        lost = [shard for shard in self._under_way if shard.worker is gone and not self._has(shard)]
        self._count_loss(min(lost, key=lambda shard: shard.turn), error)  # the one that it was at
        for shard in lost:
            self._send(shard)

    def _has(self, shard: Shard) -> bool:
        """Whether the result of a shard is there or on its way here, although its worker is gone."""
        try:
            self._ray.get(shard.result, timeout=0)
        except self._ray.exceptions.GetTimeoutError:
            return True
        except self._ray.exceptions.RayError:
            return False
        return True

    def _count_loss(self, shard: Shard, error: Exception) -> None:
        shard.losses += 1
        if shard.losses >= _LOSSES:
            raise _told(
                f"{shard.losses} workers of Ray ended at the same work, {shard.what}: they had too little memory, or "
                "were killed; free memory on these machines, or build without --ray",
                error,
            ) from error


def _told(what: str, error: Exception) -> RagError:
    """An error of Ray's as ours, with its last words; ours as it is."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, RagError):
        return ClusterError(f"{what}: {cause}")
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    named = [line for line in lines if re.match(r"[\w.]+Error: ", line)]  # at the end of a worker's own traceback
    said = f"{type(cause).__name__}: {cause}" if cause is not None else (named or lines[:1])[-1]
    said = " ".join(said.split())
    return ClusterError(f"{what} ({said if len(said) <= _SHOWN else said[:_SHOWN] + '…'})")
