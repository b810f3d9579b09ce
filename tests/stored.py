"""Where the files of a generation lie."""

from fnmatch import fnmatch
from pathlib import Path

from rag.store import layout, manifest


def files_of(index, pattern="*", generation=None):
    """Those of the current generation, or of another, by name: its own, and those of its parts."""
    folder = layout.folder(index, generation or layout.pointed(index))
    place, names = manifest.placed(folder), sorted(manifest.read(folder).files)
    files = [*(Path(place(name)) for name in names), folder / manifest.FILE]
    return [file for file in files if fnmatch(file.name, pattern)]
