"""MTRAG-UN: the last turn of conversations, with the turns before it as `history`.

The passages that the answers were written from are one corpus. There are no accepted spans: a quotation is right when
it is of a passage that this turn's answer was written from. Turns that are underspecified or answered in part cannot
be scored as either.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eval.cases import Asked, Case, Dataset, Gold
from eval.datasets.lines import rows
from eval.parts import parts_of
from rag.types import Turn

FILES = ("conversation/mtrag_un_a.jsonl",)


def read(data: Path) -> Dataset:
    """One question a conversation."""
    records = rows(data / FILES[0])
    parts = parts_of("mtrag_un", [row["conversation_id"] for row in records])
    articles: dict[str, dict[str, str]] = {}
    for row in records:
        for context in row["contexts"]:
            id = str(context["document_id"])
            title = context.get("title") or id
            articles.setdefault(id, {"id": id, "title": title, "text": context["text"] or title})
    cases = [_case(row, parts[row["conversation_id"]]) for row in records]
    return Dataset("mtrag_un", tuple(cases), articles=tuple(articles.values()), source="conversation/")


def _case(row: dict[str, Any], part: str) -> Case:
    label = row["answerability"][0]
    turns = row["input"]
    history = tuple(Turn(turn["text"]) for turn in turns[0:-1:2])
    return Case(
        row["task_id"],
        Asked(turns[-1]["text"], history=history),
        part=part,
        group=row["conversation_id"],
        rule="article",
        answerable=label != "UNANSWERABLE",
        gold=tuple(Gold(str(c["document_id"]), 0, 0, "") for c in row["contexts"]),
        category=label.lower(),
        unscorable="" if label in ("ANSWERABLE", "UNANSWERABLE") else f"its label is {label.lower()}",
    )
