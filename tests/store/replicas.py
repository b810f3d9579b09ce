"""A streaming replica of a cluster, to read from and to take its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.store.cluster import Cluster, own


@contextmanager
def replica_of(primary: Cluster) -> Iterator[Cluster]:
    """A server that runs beside a primary and takes over what it writes, as it writes it."""
    folder = primary.folder.parent / "replica"
    folder.mkdir()
    own(folder)
    replica = Cluster(folder)
    address = f"host=127.0.0.1 port={primary.port} user=postgres password={primary.password}"
    replica.call("pg_basebackup", "-D", replica.data, "-R", "-X", "stream", "-c", "fast", "-d", address)
    try:
        replica.start()
        yield replica
    finally:
        replica.kill()


def promote(replica: Cluster) -> None:
    """Makes it a primary."""
    replica.call("pg_ctl", "promote", "-D", replica.data, "-w")
