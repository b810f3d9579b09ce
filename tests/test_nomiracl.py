"""The evaluation on ten judged passages, with the real reader and passages of our own."""

import gzip
import json

import pytest

from eval import nomiracl
from eval.datasets.training import NOMIRACL
from eval.parts import TRAINED_ON

BRIDGE = "Hay Bridge: The stone bridge at Hay was opened in 1874. It has five arches."
FERRY = "Hay ferry: Before the bridge, a ferry crossed the river twice a day."
ROWS = [
    {
        "id": str(n),
        "question": question,
        "answerable": answerable,
        "docids": ["1#0", "2#0"],
        "contexts": [FERRY, BRIDGE],
    }
    for n, (question, answerable) in enumerate(
        [
            ("When was the stone bridge at Hay opened?", True),
            ("How many arches does the bridge at Hay have?", True),
            ("Who painted the ceiling of the opera in Lyon?", False),
            ("What is the boiling point of mercury?", False),
        ]
    )
]


@pytest.fixture
def data(tmp_path):
    file = tmp_path / NOMIRACL
    file.parent.mkdir()
    file.write_bytes(gzip.compress("\n".join(map(json.dumps, ROWS)).encode()))
    return tmp_path


def test_each_question_is_in_one_part_and_none_is_trained_on(data):
    halves = [[row["id"] for row in nomiracl.questions(data, part)] for part in ("develop", "test")]
    assert sorted(halves[0] + halves[1]) == ["0", "1", "2", "3"]
    assert not nomiracl.questions(data, "train")
    assert "nomiracl" not in TRAINED_ON


def test_a_passage_is_read_without_the_title_before_it():
    first, second = nomiracl.documents(ROWS[0])
    assert (first.id, first.title, second.title) == ("1#0", "Hay ferry", "Hay Bridge")
    assert second.text.startswith("The stone bridge")


def test_the_real_reader_answers_what_is_there_and_refuses_the_rest(data, monkeypatch, capsys):
    monkeypatch.setattr(nomiracl, "parts_of", lambda _, units: dict.fromkeys(units, "test"))
    monkeypatch.setattr("sys.argv", ["nomiracl", "--data", str(data)])
    assert nomiracl.main() == 0
    out = capsys.readouterr().out
    assert "refused of the unanswerable: 100.0%  (2/2" in out
    assert "answered of the answerable:  100.0%  (2/2" in out
    assert "AUROC answerable: 1.000" in out


def test_the_two_shares_are_told_apart_and_a_set_that_is_missing_is_said(tmp_path, monkeypatch, capsys):
    lines = nomiracl.table([True, True, False, False], [True, False, True, True], [0.9, 0.2, 0.5, 0.6])
    assert lines[0].startswith("refused of the unanswerable:   0.0%  (0/2")
    assert lines[1].startswith("answered of the answerable:   50.0%  (1/2")
    assert lines[2:4] == ["mean: 25.0", "AUROC answerable: 0.500"]
    assert lines[6].split() == ["GPT-4", "57", "95", "76"]
    monkeypatch.setattr("sys.argv", ["nomiracl", "--data", str(tmp_path)])
    assert nomiracl.main() == 2
    assert "nomiracl/en_a.jsonl.gz is not there" in capsys.readouterr().err
