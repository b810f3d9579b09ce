"""What the questions alone give away, and what the seed questions share with what we trained and tuned on."""

import json

import pytest

from eval.cases import Asked, Case
from eval.datasets import seeds
from eval.figures import auroc_interval
from eval.metrics.refusal import auroc
from eval.systems import question_only


def test_our_own_questions_tell_the_seeds_apart_without_any_text():
    """Which is why they are no headline; the figure of eval/README.md and of the tables."""
    test = [case for case in seeds.read().cases if case.part == "test"]
    labels = [case.answerable for case in test]
    scores = [question_only.by_our_own(case.asked) for case in test]
    assert auroc(labels, scores) == pytest.approx(0.770, abs=0.003)
    low, high = auroc_interval(labels, scores, [case.group for case in test])
    assert (round(low, 2), round(high, 2)) == (0.66, 0.86)
    develop = [case for case in seeds.read().cases if case.part == "develop"]
    learnt = question_only.by_these(develop)
    assert auroc(labels, [learnt(case.asked) for case in test]) == pytest.approx(0.475, abs=0.003)  # and hid it


def test_every_question_of_our_own_is_learnt_from():
    questions, labels = question_only.written()
    assert (len(questions), sum(labels)) == (78_272, 39_132)


def test_naive_bayes_by_hand(tmp_path):
    file = tmp_path / "written.jsonl"
    lines = [{"yes": [["who sang", 0, 1]], "no": [["who painted", 0]]}, {"yes": [], "no": [["who wrote", 0]]}]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert question_only.written(file) == (["who sang", "who painted", "who wrote"], [True, False, False])
    model = question_only.learnt(file)
    # Seven words and pairs; add one to each count: yes has 3 of its own, no has 6.
    yes, no = 1 / 3 * 2 / 10, 2 / 3 * 1 / 13
    assert model.predict_proba(["sang"])[0, 1] == pytest.approx(yes / (yes + no))


def test_an_auroc_of_one_class_has_no_interval():
    assert auroc_interval([True, True], [0.1, 0.9], ["a", "b"]) is None


def test_nothing_is_learnt_from_a_part_of_one_class():
    case = Case("a", Asked("Who?"), "develop", "a", "words", True, answers=("he",))
    assert question_only.by_these([case])(Asked("Who?")) == 0.5


def test_so_many_test_questions_share_an_accepted_answer_with_a_develop_question():
    cases = seeds.read().cases
    assert sum(case.part == "test" and case.answerable for case in cases) == 41
    assert len(seeds.sharing_an_answer(cases)) == 17
    firsts = {(c.gold[0].start, c.gold[0].end) for c in cases if c.part == "develop" and c.gold}
    test = [c for c in cases if c.part == "test" and c.gold]
    assert sum((c.gold[0].start, c.gold[0].end) in firsts for c in test) == 7  # what was reported before
