"""Where the generations of an index are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rag.store.files import FileStore
from rag.types.errors import SettingsError
from rag.types.settings import FILES, Settings
from rag.types.stores import Store

if TYPE_CHECKING:
    from rag.store.postgres import PostgresStore

_MOST = 8  # databases whose connections are kept for who asks next
_kept: dict[tuple[str, str | None], PostgresStore] = {}


def at(index: Path, settings: Settings) -> Store:
    """The store that the settings name; the folder holds what is local, and all of it where they name no database.

    Raises SettingsError where what a database needs is not installed.
    """
    return named(settings.store, index, settings.store_read)


def named(store: str, index: Path, read: str | None = None) -> Store:
    """The store of a value of the setting `store`, read at another address where one is given."""
    return FileStore(index) if store == FILES else _postgres(store, read)


def _postgres(url: str, read: str | None) -> Store:
    """The one that is kept, while it is open."""
    held = _kept.get((url, read))
    if held is not None and not held.is_closed:
        return held
    try:
        from rag.store.postgres import PostgresStore
    except ImportError as error:
        raise SettingsError(
            f"the setting 'store' names a database, for which {error.name} is not installed; "
            "pip install 'article-rag[postgres]'"
        ) from error
    made = PostgresStore(url, read)
    while len(_kept) >= _MOST:
        del _kept[next(iter(_kept))]
    _kept[url, read] = made
    return made
