"""Questions written for this project on passages of the reading sets: `written.jsonl`, a passage a line.

    {"passage": "…", "yes": [["question", start, end], …], "no": [["question", 0], …]}

`passage` is the start of the SHA-1 of a passage, whose text stays in the data; `yes` are answered by the words from
`start` to `end` (code points); `no` look as if they were answered and are not, and each names by its number the
question of `yes` that it is held against. They are of the part that their passage is of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.parts import sha1

if TYPE_CHECKING:
    from training.reader.data import ReadingRecord

QUESTIONS = Path(__file__).with_name("written.jsonl")
WRITTEN = "written"  # the name of the source
_DIGITS = 16


def name_of(context: str) -> str:
    """The name of a passage in the file."""
    return sha1(context)[:_DIGITS]


def written(records: Iterable[ReadingRecord], file: Path = QUESTIONS) -> Iterator[Mapping[str, Any]]:
    """The written questions as rows of a reading set, of those passages that some records have.

    Raises ValueError where an answer is not inside its passage or a number names no question.
    """
    passages = {name_of(record.context): record for record in records}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        asked = json.loads(line)
        of = passages.get(asked["passage"])
        if of is None:
            continue
        name = f"{WRITTEN}-{asked['passage']}"
        shared = {"title": of.title, "context": of.context}
        for at, (question, start, end) in enumerate(asked["yes"]):
            if not 0 <= start < end <= len(of.context):
                raise ValueError(f"{file}, line {number}: {start} to {end} of {len(of.context)} characters")
            answer = {"answers": [of.context[start:end]], "starts": [start]}
            yield {"id": f"{name}-{at}", "question": question, **shared, **answer}
        for at, (question, twin) in enumerate(asked["no"]):
            if not 0 <= twin < len(asked["yes"]):
                raise ValueError(f"{file}, line {number}: no question {twin}")
            none: dict[str, Any] = {"answers": [], "starts": [], "twin_id": f"{name}-{twin}"}
            yield {"id": f"{name}-no{at}", "question": question, **shared, **none}
