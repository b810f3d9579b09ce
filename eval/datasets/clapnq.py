"""ClapNQ: real questions with a passage, and the sentences people selected as the answer, or none.

The passage is tokenised (`Hōryū - ji`), its sentences are given. A system reads the passage as it stands; a quotation
is right when at least half of it lies in a selected sentence, or half of one in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eval.cases import Asked, Case, Dataset, Gold
from eval.datasets.lines import rows
from eval.parts import parts_of_records, unit

FILES = ("clapnq/answerable_a.jsonl", "clapnq/unanswerable_a.jsonl")


def read(data: Path) -> Dataset:
    """Both files; one group a title. A question whose selected sentences are not in the passage cannot be scored."""
    records = [row for file in FILES for row in rows(data / file)]
    keys = [
        {"title": r["passages"][0]["title"], "question": r["input"], "context": r["passages"][0]["text"]}
        for r in records
    ]
    parts = parts_of_records("clapnq", keys)
    cases = [_case(r, unit(key), part) for r, key, part in zip(records, keys, parts, strict=True)]
    return Dataset("clapnq", tuple(cases), source="clapnq/")


def _case(row: dict[str, Any], group: str, part: str) -> Case:
    passage = row["passages"][0]
    selected = [s for output in row["output"] for s in output["selected_sentences"]]
    places = _places(passage["text"], passage["sentences"])
    gold = tuple(Gold("context", *places[s], s) for s in dict.fromkeys(selected) if s in places)
    lost = bool(selected) and not gold
    return Case(
        Asked(row["id"], row["input"], context=passage["text"], title=passage["title"]),
        part=part,
        group=group,
        rule="sentence",
        answerable=bool(selected),
        gold=gold,
        answers=tuple(g.text for g in gold),
        unscorable="no selected sentence stands in the passage" if lost else "",
        paragraph=group,
    )


def _places(text: str, sentences: list[str]) -> dict[str, tuple[int, int]]:
    """Where each sentence stands; they are in the order of the text."""
    places: dict[str, tuple[int, int]] = {}
    at = 0
    for sentence in sentences:
        found = text.find(sentence, at)
        if found >= 0:
            places[sentence] = (found, found + len(sentence))
            at = found + len(sentence)
    return places
