"""A blind sheet of answers to judge by reading, and what is kept of the judgements: places and hashes, no text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.cases import Case
from eval.parts import sha1

DRAWN = 200
Row = dict[str, Any]


def drawn(
    answers: Sequence[Row], cases: Sequence[Case], golds: Mapping[str, Sequence[str]], count: int = DRAWN
) -> list[Row]:
    """Some answers and refusals, as their SHA-1 has it, in an order of its own. `right` is to be filled in.

    `answers` are schema-1 objects. Only scorable questions of the test part are drawn, and of replies those with a
    quotation. No row says whether the quotation was given, or what the string test makes of it; a refusal has no short
    answer, but nor have some answers.
    """
    asked = {case.id: case for case in cases if case.part == "test" and not case.unscorable}
    some = {row["id"]: row for row in answers if row["id"] in asked and _first(row)}
    chosen = sorted(some, key=lambda id: sha1(f"draw {id}"))[:count]
    return [_shown(some[id], asked[id], golds[id]) for id in sorted(chosen, key=lambda id: sha1(f"shuffle {id}"))]


def kept(answers: Sequence[Row], judged: Sequence[Row]) -> list[Row]:
    """The judgements of a sheet, each with its quotation's place and whether it was given.

    Raises ValueError for a row that is not judged, or whose quotation is another than in the answers.
    """
    by_id = {row["id"]: row for row in answers}
    out = []
    for row in judged:
        quote = _first(by_id.get(row["id"], {}))
        if not quote or quote["quote"] != row["quotation"]:
            raise ValueError(
                f"the quotation for {row['id']} is not in the answers; give those the sheet was drawn from"
            )
        if not isinstance(row["right"], bool):
            raise ValueError(f"{row['id']} is not judged; set `right` to true or false")
        place = {key: quote[key] for key in ("article_id", "start", "end")}
        verdict = {"right": row["right"], "answered": by_id[row["id"]]["status"] == "answered"}
        out.append({"id": row["id"], **place, "sha256": hashed(quote["quote"]), **verdict})
    return out


def write(file: Path, some: Sequence[Row]) -> None:
    """Writes JSON lines."""
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in some), encoding="utf-8")


def hashed(text: str) -> str:
    """What is kept of a quotation's words."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _first(answer: Row) -> Row:
    """The first quotation, of a refusal what came closest; empty where there is none."""
    if answer.get("status") == "error":
        return {}
    return next(iter(answer.get("citations") or answer.get("closest") or ()), {})


def _shown(answer: Row, case: Case, gold: Sequence[str]) -> Row:
    quote = _first(answer)
    return {
        "id": case.id,
        "question": case.asked.question,
        "asked": case.asked.day,
        "gold": list(gold),
        "short": answer["short_answer"] or "",
        "quotation": quote["quote"],
        "title": quote["title"],
        "date": quote["date"],
        "right": None,
    }
