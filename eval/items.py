"""The evaluation questions: what each asks, and the spans of the articles that answer it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SEEDS = Path(__file__).parent / "questions" / "seeds.jsonl"


@dataclass(frozen=True, slots=True)
class Gold:
    """An accepted answer: a range of the article's text, its paragraph and its words."""

    paragraph: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Item:
    """A question with its accepted answers; none means that the articles do not answer it."""

    id: str
    article_id: str
    question: str
    kind: str
    category: str
    gold: tuple[Gold, ...]

    @property
    def answerable(self) -> bool:
        """Whether the articles answer it."""
        return bool(self.gold)


def read(path: Path = SEEDS) -> list[Item]:
    """The questions of a file, in its order."""
    return [_item(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _item(data: dict[str, Any]) -> Item:
    gold = tuple(Gold(**span) for span in data.pop("gold"))
    return Item(gold=gold, **data)
