"""What the gate keeps, and what it holds a program to: the last run, and the best of each figure."""

import pytest

from eval import baseline, gate
from eval.compare import FIELDS

COUNT = 100
CASES = "the questions"


def run(wrong=0, *, cases=CASES, chars=100):
    """A program that refuses nothing and is wrong on the first questions, each of an article of its own."""
    records = [
        {
            "id": f"q{n}",
            "part": "test",
            "group": f"article {n}",
            "answerable": True,
            "unscorable": "",
            "score": 0.9,
            "answered": True,
            "right": n >= wrong,
            "right_one": n >= wrong,
            "right_paragraph": None,
            "exact": n >= wrong,
            "f1": float(n >= wrong),
            "chars": chars,
            "error": "",
        }
        for n in range(COUNT)
    ]
    return {"set": gate.Measured(cases, tuple(records))}


def recorded(found, before, reason="", date="2026-01-01"):
    return gate.recorded(found, before, reason, date)


def losses(verdict):
    return {(c.system, c.measure) for c in verdict.worse}


def chain(steps, by=2):
    """Baselines recorded one after the other, each with two more wrong; stops where the gate refuses."""
    before = recorded(run(), baseline.empty(), date="2026-01-01")
    for step in range(1, steps):
        before = recorded(run(by * step), before, date=f"2026-01-0{step + 1}")
    return before


def test_small_losses_that_each_pass_are_caught_together():
    """Two more of a hundred wrong each time: against the last never surely worse, against the first in the end."""
    before = chain(3)
    verdict = gate.judged(run(6), 0, before)
    assert not any(c.worse and c.measure in gate.GATED for c in verdict.compared)  # all that the gate saw before
    assert losses(verdict) == {
        ("ours against the best, of 2026-01-01", measure)
        for measure in ("right decisions", "gold in one sentence", "F1", "AURC", "Brier score")
    }
    assert not verdict.passed
    (right,) = (c for c in verdict.worse if c.measure == "right decisions")
    assert right.difference.value == pytest.approx(-0.06)
    assert right.before == 1.0


def test_quotations_that_grow_a_little_each_time_are_caught_too():
    before = recorded(run(chars=100), baseline.empty(), date="2026-01-01")
    before = recorded(run(chars=115), before, date="2026-01-02")
    verdict = gate.judged(run(chars=130), 0, before)  # 13% more than the last, 30% more than the shortest
    assert losses(verdict) == {("ours against the best, of 2026-01-01", "characters quoted")}


def test_a_loss_is_recorded_only_for_a_reason_which_is_kept_with_its_figures():
    before = chain(3)
    with pytest.raises(ValueError, match=r"5 figures are surely worse.*--reason"):
        recorded(run(6), before)
    with pytest.raises(ValueError, match="--reason"):
        recorded(run(6), before, reason="  ")
    after = recorded(run(6), before, reason="half the time", date="2026-01-04")
    (entry,) = after["history"]
    assert (entry["date"], entry["reason"]) == ("2026-01-04", "half the time")
    (right,) = (loss for loss in entry["losses"] if loss["measure"] == "right decisions")
    assert (right["set"], right["against"], right["before"]) == ("set", "the best, of 2026-01-01", 1.0)
    assert right["difference"][0] == -0.06
    assert right["difference"][2] < 0


def test_an_accepted_loss_passes_is_still_named_and_is_where_the_next_chain_begins():
    before = recorded(run(6), chain(3), reason="half the time", date="2026-01-04")
    verdict = gate.judged(run(6), 0, before)
    assert verdict.passed
    assert {c.measure for c in verdict.accepted} == {
        "right decisions",
        "gold in one sentence",
        "F1",
        "AURC",
        "Brier score",
    }
    assert all(c.system == "ours against the best, of 2026-01-01" for c in verdict.accepted)
    before = recorded(run(8), before, date="2026-01-05")
    before = recorded(run(10), before, date="2026-01-06")
    assert ("ours against the best, of 2026-01-04", "right decisions") in losses(gate.judged(run(12), 0, before))
    # As good as ever: nothing is left that was accepted.
    again = recorded(run(0), before, date="2026-01-07")
    assert not gate.judged(run(0), 0, again).accepted
    assert again["sets"]["set"]["best"] == again["sets"]["set"]["held"] == dict.fromkeys(gate.GATED, "2026-01-07")


def test_what_is_surely_worse_than_the_last_needs_a_reason_too():
    before = recorded(run(), baseline.empty())
    assert ("ours", "right decisions") in losses(gate.judged(run(10), 0, before))
    with pytest.raises(ValueError, match="surely worse"):
        recorded(run(10), before)


def test_other_questions_are_not_compared_with_the_best_and_give_it_up_only_for_a_reason():
    before = recorded(run(), baseline.empty())
    verdict = gate.judged(run(cases="others"), 0, before)
    assert (verdict.compared, verdict.held, verdict.accepted) == ([], [], [])
    assert "are others than those of the baseline" in verdict.missing[0]
    with pytest.raises(ValueError, match="1 sets have other questions"):
        recorded(run(cases="others"), before)
    after = recorded(run(5, cases="others"), before, reason="a gold was wrong", date="2026-01-02")
    assert after["sets"]["set"]["best"] == dict.fromkeys(gate.GATED, "2026-01-02")
    (entry,) = after["history"]
    given_up = {loss["measure"]: loss["before"] for loss in entry["losses"]}
    assert given_up["right decisions"] == 1.0
    assert set(given_up) == set(gate.GATED)
    assert gate.judged(run(5, cases="others"), 0, after).passed


def test_a_gain_is_the_new_best_and_a_run_that_is_neither_last_nor_best_is_dropped():
    before = recorded(run(4), baseline.empty(), date="2026-01-01")
    before = recorded(run(2), before, date="2026-01-02")
    before = recorded(run(3), before, date="2026-01-03")
    before = recorded(run(4), before, date="2026-01-04")
    found = before["sets"]["set"]
    assert found["last"] == "2026-01-04"
    assert set(found["runs"]) == {"2026-01-02", "2026-01-04"}
    assert found["best"] == dict.fromkeys(gate.GATED, "2026-01-02") | {"characters quoted": "2026-01-04"}


def test_a_figure_that_cannot_be_compared_keeps_its_best():
    """Who refuses everything quotes nothing, which is not the shortest quotation."""
    before = recorded(run(), baseline.empty(), date="2026-01-01")
    silent = run()["set"]
    silent = {"set": gate.Measured(CASES, tuple({**r, "answered": False} for r in silent.records))}
    after = recorded(silent, before, reason="a test", date="2026-01-02")
    assert after["sets"]["set"]["best"]["characters quoted"] == "2026-01-01"
    assert "characters quoted" not in recorded(silent, baseline.empty())["sets"]["set"]["best"]


def test_what_is_written_is_read_back_to_the_last_bit(tmp_path):
    found = run(3)
    first = {
        **found["set"].records[0],
        "f1": 0.1 + 0.2,
        "right_paragraph": False,
        "error": "OSError: gone",
        "exact": None,
    }
    found = {"set": gate.Measured(CASES, (first, *found["set"].records[1:]))}
    baseline.write(recorded(found, baseline.empty()), tmp_path / "baseline.json")
    read = baseline.read(tmp_path / "baseline.json")
    assert baseline.records(read["sets"]["set"], "2026-01-01") == list(found["set"].records)


def test_the_command_says_what_was_lost_and_refuses(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(baseline, "FILE", tmp_path / "baseline.json")
    baseline.write(chain(3), baseline.FILE)
    kept = baseline.FILE.read_text()
    monkeypatch.setattr(gate, "measured", lambda *_: (run(6), 0, []))
    assert gate.run(None, None, recording=True) == 1
    printed = capsys.readouterr().out
    assert "LOST: set, ours against the best, of 2026-01-01, right decisions: -0.060" in printed
    assert "not recorded: 5 figures are surely worse" in printed
    assert baseline.FILE.read_text() == kept
    assert gate.run(None, None, recording=False) == 1
    assert gate.run(None, None, recording=True, reason="half the time") == 0
    capsys.readouterr()
    assert gate.run(None, None, recording=False) == 0
    assert "ACCEPTED, half the time (" in capsys.readouterr().out


def test_the_committed_baseline_holds_no_text():
    read = baseline.read()
    assert baseline.FILE.stat().st_size < 400_000
    for name, found in read["sets"].items():
        assert set(found) == {"cases", "last", "best", "held", "questions", "runs"}, name
        assert {"right decisions", "AURC"} < set(found["best"]) == set(found["held"]) <= set(gate.GATED)
        assert set(found["runs"]) == {found["last"], *found["best"].values(), *found["held"].values()}
        for date in found["runs"]:
            for record in baseline.records(found, date):
                assert set(record) == set(FIELDS)
                assert not any(isinstance(v, str) and len(v) > 120 for v in record.values()), record
