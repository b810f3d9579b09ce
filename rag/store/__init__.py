"""Where the generations of an index are kept."""

from __future__ import annotations

from pathlib import Path

from rag.store.files import FileStore
from rag.types.settings import Settings
from rag.types.stores import Store


def at(index: Path, settings: Settings) -> Store:
    """The store that the settings name; the folder holds what is local, and all of it where they name none."""
    del settings
    return FileStore(index)
