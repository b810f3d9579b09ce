"""A blind sheet tells nothing of the verdict, and what is kept of it holds no text."""

import json
from dataclasses import replace

import pytest

from eval import sheet
from eval.cases import Asked, Case
from eval.judged import agreement
from eval.metrics.intervals import Share

CASES = [
    Case(f"q{n}", Asked(f"Who won {n}?", day="2024-01-05"), "test", "w", "words", True, answers=("Ann", "A."))
    for n in range(9)
]
GOLDS = {case.id: case.answers for case in CASES}
TEXT = "Ann won. Bo lost."


def answer(id, status="answered", short="Ann"):
    quote = {"article_id": "a", "start": 0, "end": 8, "quote": TEXT[:8], "title": "Race", "date": "2024-01-03"}
    given = status == "answered"
    sides = {"citations": [quote] if given else [], "closest": [] if given else [quote]}
    return {"schema": 1, "id": id, "status": status, "short_answer": short if given else None, **sides}


ANSWERS = [answer(f"q{n}", "answered" if n % 2 else "refused") for n in range(8)]


def test_a_sheet_is_blind_and_the_same_each_time():
    cases = [*CASES[:6], replace(CASES[6], part="develop"), replace(CASES[7], unscorable="trick")]
    found = sheet.drawn(ANSWERS, cases, GOLDS)
    assert sorted(row["id"] for row in found) == [f"q{n}" for n in range(6)]
    keys = {"id", "question", "asked", "gold", "short", "quotation", "title", "date", "right"}
    assert all(set(row) == keys and row["right"] is None for row in found)
    assert {(row["asked"], row["date"], tuple(row["gold"])) for row in found} == {
        ("2024-01-05", "2024-01-03", ("Ann", "A."))
    }
    assert sheet.drawn(ANSWERS[::-1], cases[::-1], GOLDS) == found
    fewer = sheet.drawn(ANSWERS, cases, GOLDS, 3)
    assert len(fewer) == 3
    assert {row["id"] for row in fewer} < {row["id"] for row in found}
    nothing = [answer("q0", "error"), answer("q1") | {"citations": []}]
    assert sheet.drawn(nothing, cases, GOLDS) == []


def test_what_is_kept_holds_no_text():
    judged = [row | {"right": row["id"] < "q4"} for row in sheet.drawn(ANSWERS, CASES, GOLDS)]
    rows = sheet.kept(ANSWERS, judged)
    assert not any(text in json.dumps(rows) for text in ("Ann", "Who", "Race"))
    found = agreement(rows, {case.id: case for case in CASES}, {"a": TEXT})
    assert found.right_where_test_says_right == Share(4, 8)
    assert found.right_of_answered == Share(2, 4)
    assert agreement(rows, {case.id: case for case in CASES}, {"a": "Eve won."}).stale == 8


def test_a_sheet_that_is_not_judged_whole_or_of_other_answers_is_refused():
    row = sheet.drawn(ANSWERS, CASES, GOLDS)[0]
    with pytest.raises(ValueError, match="is not judged"):
        sheet.kept(ANSWERS, [row])
    with pytest.raises(ValueError, match="not in the answers"):
        sheet.kept(ANSWERS, [row | {"right": True, "quotation": "Bo lost."}])
