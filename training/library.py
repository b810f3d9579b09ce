"""The passages of reading sets as articles of an index."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from eval.parts import sha1
from rag.load.normalise import normalise
from rag.types import Passage
from training.reader.data import Record

UNTITLED = "Untitled"


def shelved(folder: Path, records: Iterable[Record]) -> list[Record]:
    """Writes the passages of records into a folder for articles, one file a source and title.

    Returns the records whose passage stands there as it is.
    """
    folder.mkdir()
    taken = [record for record in records if normalise(record.context) == record.context]
    by_title: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for record in taken:
        by_title[record.source, record.title].setdefault(" ".join(record.context.split("\n\n")))
    for (source, title), contexts in by_title.items():
        head = f"---\ntitle: {json.dumps(title.replace('_', ' ') or UNTITLED)}\n---\n"
        file = folder / f"{sha1(source + title)[:12]}.txt"
        file.write_text(head + "\n\n".join(contexts) + "\n", encoding="utf-8")
    return taken


def is_of(passage: Passage, context: str) -> bool:
    """Whether a passage of the index shares a sentence with a record's passage."""
    return any(passage.slice(s.start, s.end) in context for s in passage.chunk.sentences if s.end - s.start > 20)
