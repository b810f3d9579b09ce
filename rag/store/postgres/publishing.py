"""What follows when a writer has all of a generation."""

from __future__ import annotations

import logging
from collections.abc import Callable

from rag.store.postgres import pruning, soundness
from rag.store.postgres.connections import Connections
from rag.store.postgres.reader import PostgresReader
from rag.store.postgres.writer import PostgresWriter
from rag.types.errors import IndexUnusable
from rag.types.stores import Reader

_log = logging.getLogger("rag")


class Publishing:
    """Opens what was written, though a sound generation of its name is kept."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def there(self, name: str) -> Callable[[], Reader] | None:  # noqa: ARG002 - as `Finish.there`
        """Nothing."""
        return None

    def published(self, number: int) -> Reader:
        """As `Finish.published`. Where nothing can be removed the next build does."""
        reader = PostgresReader(self._connections, number)
        try:
            with self._connections.own(patient=True) as connection, self._connections.telling():
                pruning.prune(connection)
        except IndexUnusable as error:
            _log.warning("%s; older generations stay until the next build", error)
        return reader


class Reusing(Publishing):
    """The same, but that a sound generation is made current instead."""

    def there(self, name: str) -> Callable[[], Reader] | None:
        """As `Finish.there`."""
        number = self._connections.run(lambda connection: pruning.named(connection, name))
        if number is None or damage(self._connections, number):
            return None
        return lambda: made_current(self._connections, number)


def damage(connections: Connections, number: int) -> list[str]:
    """What of a generation is not as it was written, as far as a build must know."""
    with connections.own(patient=True) as connection, connections.telling():
        return soundness.damage(connection, number, connections.place)


def made_current(connections: Connections, number: int) -> Reader:
    """Makes a generation that is sound the current one: what the current one lacks of it is written anew."""
    current = connections.rows("SELECT current FROM state")[0][0]
    old = PostgresReader(connections, number)
    if number == current:
        return old
    try:
        writer = PostgresWriter(connections, old.recipe, afresh=False, finish=Publishing(connections))
        try:
            writer.become(old, current)
            return writer.committed(old.files())
        finally:
            writer.abort()
    finally:
        old.close()
