"""The passages of reading sets as articles of an index."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from eval.parts import sha1
from rag.answer.assistant import Assistant
from rag.answer.opening import open_assistant
from rag.build import sync_index
from rag.load.normalise import normalise
from rag.types import Encoder, Passage
from rag.types.settings import Settings
from training.reader.data import ReadingRecord

UNTITLED = "Untitled"


def indexed(
    records: Iterable[ReadingRecord], work: Path, settings: Settings, encoder: Encoder
) -> tuple[Assistant, list[ReadingRecord]]:
    """An index of the passages of records, made in a folder, and the records whose passage stands there as it is."""
    folder, index = work / "seeds", work / "index"
    folder.mkdir()
    placed = [record for record in records if normalise(record.context) == record.context]
    _shelve(folder, placed)
    print(sync_index(folder, index, settings, encoder=encoder).chunks, "passages", flush=True)
    return open_assistant(index, settings, encoder), placed


def is_of(passage: Passage, context: str) -> bool:
    """Whether a passage of the index shares a sentence with a record's passage."""
    return any(passage.slice(s.start, s.end) in context for s in passage.chunk.sentences if s.end - s.start > 20)


def _shelve(folder: Path, records: Sequence[ReadingRecord]) -> None:
    """Writes the passages of records as articles, one file a source and title, each passage where it comes first."""
    by_title: dict[tuple[str, str], list[str]] = defaultdict(list)
    first: dict[str, ReadingRecord] = {}
    for record in records:
        first.setdefault(" ".join(record.context.split("\n\n")), record)
    for context, record in first.items():
        by_title[record.source, record.title].append(context)
    for (source, title), contexts in by_title.items():
        head = f"---\ntitle: {json.dumps(title or UNTITLED)}\n---\n"
        file = folder / f"{sha1(source + title)[:12]}.txt"
        file.write_text(head + "\n\n".join(contexts) + "\n", encoding="utf-8")
