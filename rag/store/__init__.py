"""Where the generations of an index are kept."""

from __future__ import annotations

import functools
from pathlib import Path

from rag.store.files import FileStore
from rag.types.errors import SettingsError
from rag.types.settings import FILES, Settings
from rag.types.stores import Store


def at(index: Path, settings: Settings) -> Store:
    """The store that the settings name; the folder holds what is local, and all of it where they name no database.

    Raises SettingsError where what a database needs is not installed.
    """
    return named(settings.store, index, settings.store_read)


def named(store: str, index: Path, read: str | None = None) -> Store:
    """The store of a value of the setting `store`, read at another address where one is given."""
    return FileStore(index) if store == FILES else _postgres(store, read)


@functools.lru_cache(maxsize=8)
def _postgres(url: str, read: str | None) -> Store:
    try:
        from rag.store.postgres import PostgresStore
    except ImportError as error:
        raise SettingsError(
            f"the setting 'store' names a database, for which {error.name} is not installed; "
            "pip install 'article-rag[postgres]'"
        ) from error
    return PostgresStore(url, read)
