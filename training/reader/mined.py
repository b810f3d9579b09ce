"""Passages that `training.reader.mine` found: what the program would be given for a question, and without an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.language.english.words import STOPWORDS
from rag.language.sentences import sentence_pieces
from training.reader.data import Range, ReadingRecord, Row

Key = tuple[str, str, str]

_LEAST = -4.0  # of the best span's margin over no answer: below that the reader is sure that there is none
_WORD = re.compile(r"[^\W\d_]+|\d+")  # of "61-yard" both


@dataclass(frozen=True, slots=True)
class Mistaken:
    """A passage without an answer, and the words that the reader took for one."""

    record: ReadingRecord
    span: Range


def read_mined(file: Path) -> dict[Key, Sequence[Mistaken]]:
    """The passages by the question's source, id and words, of those questions that have such as are hard to refuse."""
    found = {
        key_in(line): tuple(_mistaken(line, other) for other in line["others"] if other["margin"] > _LEAST)
        for line in map(json.loads, file.read_text(encoding="utf-8").splitlines())
    }
    return {key: its for key, its in found.items() if its}


def _mistaken(line: Row, other: Row) -> Mistaken:
    text, start = other["text"], other["start"]
    pieces = tuple(sentence_pieces(text))
    record = ReadingRecord(line["source"], line["id"], other["title"], line["question"], text, (), pieces)
    return Mistaken(record, (start, max(start + 1, other["end"])))


def key_in(line: Row) -> Key:
    """The key of a line of the file."""
    return line["source"], line["id"], line["question"]


def key_of(record: ReadingRecord) -> Key:
    """Under which a record's passages stand."""
    return record.source, record.id, record.question


def agrees(mistaken: Mistaken, answers: Sequence[str]) -> bool:
    """Whether the words taken for an answer share one with an accepted answer: it may be right after all."""
    marked = _words(mistaken.record.context[slice(*mistaken.span)])
    return any(marked & _words(answer) for answer in answers)


def _words(text: str) -> set[str]:
    return {word for word in _WORD.findall(text.casefold()) if word not in STOPWORDS}
