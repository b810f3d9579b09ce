"""The parts of every set are fixed, and nothing of a test part is trained on."""

from collections import Counter

import pytest

from eval.parts import (
    PARTS,
    TRAINED_ON,
    Protected,
    kept_for_training,
    parts_of,
    parts_of_records,
    sha1,
    unit,
)


def test_parts_of_squad2_dev23_are_fixed():
    titles = [f"t{n}" for n in range(23)]
    parts = parts_of("squad2_dev23", titles)
    assert [list(parts.values()).count(part) for part in PARTS] == [11, 3, 4, 5]
    assert parts == parts_of("squad2_dev23", titles[::-1])
    with pytest.raises(ValueError, match="22 titles"):
        parts_of("squad2_dev23", titles[1:])
    assert min(titles, key=sha1) in {t for t, part in parts.items() if part == "train"}
    assert max(titles, key=sha1) in {t for t, part in parts.items() if part == "test"}


def test_a_passage_has_one_part_in_whichever_file_it_stands():
    row = {"title": "squad_train", "context": "It rained  in Ghent."}
    twin = {"title": "squad1_train", "context": "it rained in Ghent"}
    parts = [parts_of_records(name, [r])[0] for name, r in [("squad2_twin_answers", row), ("squad1_train_part", twin)]]
    assert unit(row) == unit(twin) == "passage it rained in ghent"
    assert parts[0] == parts[1]
    assert unit({"title": "American_Idol", "context": "x"}) == "title american idol"


def test_weeks_of_a_later_year_are_only_tested_on():
    weeks = [f"2024{n:04}" for n in range(52)]
    later = [f"2026{n:04}" for n in range(27)]
    parts = parts_of("archive", [*weeks, *later])
    assert [[parts[week] for week in weeks].count(part) for part in PARTS] == [0, 20, 10, 22]
    assert {parts[week] for week in later} == {"test"}
    assert parts_of("archive", weeks) == {week: parts[week] for week in weeks}
    assert min(weeks, key=sha1) in {week for week, part in parts.items() if part == "develop"}
    with pytest.raises(ValueError, match="51 titles or weeks"):
        parts_of("archive", [*weeks[1:], *later])


def test_shares_are_met_and_nothing_is_trained_of_a_testing_set():
    units = [str(n) for n in range(4000)]
    found = Counter(parts_of("nq_qed", units).values())
    assert [round(found[part] / 4000, 2) for part in PARTS] == pytest.approx([0.88, 0.04, 0.04, 0.04], abs=0.015)
    assert "train" not in parts_of("wikiqa", units).values()
    assert "multispanqa" not in TRAINED_ON
    assert {"wikiqa", "newsqa_dev_a", "news", "clapnq", "ramdocs", "mtrag_un", "scifact"}.isdisjoint(TRAINED_ON)
    assert "archive" not in TRAINED_ON


def test_what_shares_a_question_a_title_or_a_passage_with_a_test_part_is_not_trained_on():
    test = {"title": "Ghent", "question": "When did it rain?", "context": "It rained in May."}
    protected = Protected.of([test])
    free = {"title": "Bruges", "question": "When did it snow?", "context": "It snowed in June."}
    sharing = [
        free | {"question": "when did it RAIN"},
        free | {"twin_question": "When did it rain ?"},
        free | {"title": "ghent"},
        free | {"context": "It rained, in May"},
        free | {"context": "it ráined in may ."},
        {"doc": "Ghent", "question": "Where?", "sentence": "x"},
    ]
    assert kept_for_training([free, *sharing, free | {"title": ""}], protected) == [free, free | {"title": ""}]
    assert not Protected.of([test | {"title": "squad_train"}]).holds(free | {"title": "squad_train"})


def test_parts_are_pinned():
    """The words by which passages are the same must never change: titles would move between training and test."""
    row = {"title": "squad_train", "context": "The U.S.-made T-34’s a “tank”."}
    assert unit(row) == "passage the u.s made t-34’s a tank"
    found = {n: parts_of("nq_qed", [f"title x {n}"])[f"title x {n}"] for n in (5, 6, 16, 25)}
    assert found == {5: "train", 6: "calibrate", 16: "develop", 25: "test"}
