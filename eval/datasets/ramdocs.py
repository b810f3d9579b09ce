"""RAMDocs: questions whose documents disagree, some rightly (two people of one name), some by misinformation.

Every document becomes an article of one corpus. A quotation is right when it holds the words of an accepted answer;
answers that only misinformation gives are kept beside, so that showing them alone can be counted.
"""

from __future__ import annotations

from pathlib import Path

from eval.cases import Asked, Case, Dataset
from eval.datasets.lines import rows
from eval.parts import folded, parts_of

FILES = ("conflict/ramdocs_a.jsonl",)


def read(data: Path) -> Dataset:
    """All questions; all of them are answerable."""
    records = rows(data / FILES[0])
    parts = parts_of("ramdocs", [folded(row["question"]) for row in records])
    cases, articles = [], []
    for number, row in enumerate(records):
        accepted = tuple(row["gold_answers"])
        cases.append(
            Case(
                f"ramdocs-{number:03}",
                Asked(row["question"]),
                part=parts[folded(row["question"])],
                group=folded(row["question"]),
                rule="words",
                answerable=True,
                answers=accepted,
                wrong=tuple(dict.fromkeys(row["wrong_answers"])),
                category="misinformation" if row["wrong_answers"] else "several" if len(accepted) > 1 else "single",
            )
        )
        for place, document in enumerate(row["documents"]):
            id = f"ramdocs-{number:03}-{place}"
            articles.append({"id": id, "title": id, "text": document["text"]})
    return Dataset("ramdocs", tuple(cases), articles=tuple(articles), source="conflict/")
