"""ClapNQ: real questions with a passage, and the sentences people selected as the answer, or none.

The passage is tokenised (`Hōryū - ji`), its sentences are given. A system reads the passage as it stands; a quotation
is right when at least half of it lies in a selected sentence, or half of one in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from eval.cases import Asked, Case, Dataset, Gold
from eval.datasets.lines import rows
from eval.parts import folded, parts_of_records, unit

FILES = ("clapnq/answerable_a.jsonl", "clapnq/unanswerable_a.jsonl")


def read(data: Path) -> Dataset:
    """Both files; one group a title. A question with an answer but no selected sentence cannot be scored."""
    records = [(row, number == 0) for number, file in enumerate(FILES) for row in rows(data / file)]
    keys = [
        {"title": r["passages"][0]["title"], "question": r["input"], "context": r["passages"][0]["text"]}
        for r, _ in records
    ]
    parts = parts_of_records("clapnq", keys)
    cases = [
        _case(r, answerable, unit(key), part) for (r, answerable), key, part in zip(records, keys, parts, strict=True)
    ]
    return Dataset("clapnq", tuple(cases), source="clapnq/")


def _case(row: dict[str, Any], answerable: bool, group: str, part: str) -> Case:
    passage = row["passages"][0]
    places = _places(passage["text"], passage["sentences"])
    selections = [
        tuple(Gold("context", *place, s) for s in output["selected_sentences"] for place in places.get(s, []))
        for output in row["output"]
    ]
    selections = [selection for selection in selections if selection]
    gold = tuple(dict.fromkeys(g for selection in selections for g in selection)) if answerable else ()
    return Case(
        row["id"],
        Asked(row["input"], context=passage["text"], title=passage["title"]),
        part=part,
        group=group,
        rule="sentence",
        answerable=answerable,
        gold=gold,
        selections=tuple(selections) if answerable else (),
        answers=tuple(dict.fromkeys(g.text for g in gold)),
        unscorable="no selected sentence stands in the passage" if answerable and not gold else "",
        paragraph=folded(passage["text"]),
    )


def _places(text: str, sentences: list[str]) -> dict[str, list[tuple[int, int]]]:
    """Where each sentence stands, as often as it does; they are in the order of the text."""
    places: dict[str, list[tuple[int, int]]] = {}
    at = 0
    for sentence in sentences:
        found = text.find(sentence, at)
        if found >= 0:
            places.setdefault(sentence, []).append((found, found + len(sentence)))
            at = found + len(sentence)
    return places
