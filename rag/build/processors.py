"""Which generations were embedded on more than one kind of processor: noted beside them, as it is no part of a name.

`processors.json` in the index folder: {generation: [kind, …]}. Vectors of two kinds differ in their last bits.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from rag.store.layout import PROCESSORS, write_whole


def recorded(index: Path) -> dict[str, list[str]]:
    """What was noted; nothing where the file cannot be read, as nothing depends on it."""
    try:
        found = json.loads((index / PROCESSORS).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def record(index: Path, generation: str, kinds: Collection[str], there: Collection[str]) -> None:
    """Notes the kinds of a generation where there are several; forgets those of generations that are not there."""
    before = recorded(index)
    after = {name: said for name, said in before.items() if name in there and name != generation}
    if len(kinds) > 1:
        after[generation] = sorted(kinds)
    if after != before:
        write_whole(index / PROCESSORS, json.dumps(after, indent=1) + "\n")
