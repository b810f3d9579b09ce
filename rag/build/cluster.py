"""The workers of many machines: Ray's workers read, split and embed (`rag build --ray`).

Ray is imported here and nowhere else, when there is work. Files go to the workers as bytes, results come back through
Ray's object store and are let go of as soon as they are taken.
"""

from __future__ import annotations

import functools
import importlib.util
import itertools
import os
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from rag import embed, load
from rag.build.pool import Shard, WorkerPool
from rag.build.worker import Worker, equipment
from rag.build.workers import Finding, Slice
from rag.types import Article, Chunk, Vectors
from rag.types.errors import ClusterError
from rag.types.stores import Recipe

HERE = "local"  # the address that means: start Ray on this machine
_BYTES = 1_000_000  # of records or texts in a shard, or one that is longer
_MANY = 64  # of them in a shard
_ANSWER = 5.0  # seconds in which something must answer at an address
# Ray speaks HTTP/2: each side begins with a frame of settings, after what a client says first.
_FRAME, _SETTINGS = 9, b"\x04"  # bytes of a frame's head; what its fourth byte tells
_HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + _SETTINGS + bytes(5)
_T = TypeVar("_T")


class RayWorkers:
    """Ray, started on this machine or connected to when something is to be done."""

    def __init__(self, address: str, recipe: Recipe, source: embed.EncoderSource) -> None:
        if importlib.util.find_spec("ray") is None:
            raise ClusterError("--ray needs Ray, which is not installed; pip install 'article-rag[ray]'")
        self._address, self._recipe, self._source = address, recipe, source
        self._ray: Any = None

    def processors(self) -> set[str]:
        """As `Workers`: of all workers that started."""
        return set(self._pool.processors) if self._ray is not None else set()

    def read(self, records: Iterable[load.Record]) -> Iterator[tuple[load.Record, Finding]]:
        """As `Workers`."""
        shards = _shards("read", records, lambda record: len(record.raw), lambda record: record.label)
        for some, found in self._ordered(shards):
            yield from zip(some, found, strict=True)

    def split(self, articles: Iterable[Article]) -> Iterator[tuple[Article, list[Chunk]]]:
        """As `Workers`."""
        shards = _shards("split", articles, lambda article: len(article.text), lambda article: article.info.path)
        for some, chunks in self._ordered(shards):
            yield from zip(some, chunks, strict=True)

    def embed(self, slices: Iterable[Slice]) -> Iterator[tuple[Slice, Vectors]]:
        """As `Workers`."""
        shards = (Shard("embed", one, list(one.values()), _passages(one)) for one in slices)
        for one, vectors in self._ordered(shards):
            yield one, np.array(vectors)  # a copy: the object store's own is let go of

    def close(self) -> None:
        """Ends the Ray that was started here, or leaves the one that was connected to, and ends the workers."""
        if self._ray is not None:
            self._ray.shutdown()

    def _ordered(self, shards: Iterator[Shard]) -> Iterator[tuple[Any, Any]]:
        """As `WorkerPool.ordered`; nothing is started before there is a shard."""
        for first in shards:
            yield from self._pool.ordered(itertools.chain([first], shards))

    @functools.cached_property
    def _pool(self) -> WorkerPool:
        self._ray = ray = _connected(self._address)
        environment = {"MKL_CBWR": os.environ["MKL_CBWR"], "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        hand = ray.remote(Worker).options(num_cpus=1, max_restarts=0)
        many = max(1, int(ray.cluster_resources().get("CPU", 1)))
        return WorkerPool(ray, lambda: hand.remote(self._recipe, environment), equipment(self._source), many)


def _passages(one: Slice) -> str:
    return f"embedding {len(one)} passages, of which the first begins {next(iter(one.values()))[:60]!r}"


def _shards(method: str, items: Iterable[_T], size: Callable[[_T], int], name: Callable[[_T], str]) -> Iterator[Shard]:
    """Neighbours together, with what they are for a person."""
    some, many = list[_T](), 0
    for item in items:
        if some and (len(some) == _MANY or many + size(item) > _BYTES):
            yield Shard(method, some, some, _named(some, name))
            some, many = [], 0
        some.append(item)
        many += size(item)
    if some:
        yield Shard(method, some, some, _named(some, name))


def _named(some: list[_T], name: Callable[[_T], str]) -> str:
    return name(some[0]) if len(some) == 1 else f"{name(some[0])} to {name(some[-1])} ({len(some)} articles)"


def _connected(address: str) -> Any:
    """Ray, connected. Raises ClusterError naming the option where that cannot be."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address == HERE:
        # Ray listens on all addresses of a machine, and runs what it is told: only who has the token may tell it.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    else:
        _answers(address)
    import ray

    quietly = {"logging_level": "ERROR", "log_to_driver": False}
    try:
        ray.init(address=address, **quietly, **({"include_dashboard": False} if address == HERE else {}))
    except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        ray.shutdown()
        said = " ".join(str(error).split())
        raise ClusterError(
            f"--ray: Ray could not be started here: {said}"
            if address == HERE
            else f"--ray {address}: this is no Ray that can be worked with: {said} (one that asks for a token needs "
            "RAY_AUTH_MODE=token here, and its token: `ray get-auth-token`)"
        ) from error
    return ray


def _answers(address: str) -> None:
    """Raises ClusterError where no Ray answers: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise ClusterError(f"--ray {address}: an address is HOST:PORT of a Ray that this machine is part of")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _ANSWER) as connection:
            connection.settimeout(_ANSWER)
            connection.sendall(_HELLO)
            said = connection.recv(_FRAME)
    except (OSError, OverflowError) as error:
        raise ClusterError(
            f"--ray {address}: nothing answers there ({error}); start Ray with `ray start --head` and name its "
            "address, or leave it out to start Ray on this machine"
        ) from error
    if said[3:4] != _SETTINGS and os.environ.get("RAY_USE_TLS") != "1":
        raise ClusterError(f"--ray {address}: what answers there is no Ray; `ray status` tells its address")
