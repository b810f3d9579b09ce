"""Each measure equals one computed by hand."""

import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from eval.cases import Asked, Case, Gold, Prediction, Quote
from eval.compare import differences
from eval.figures import chance, elsewhere, figures, frozen
from eval.metrics import refusal, retrieval
from eval.metrics.answers import right_answer, right_paragraph, right_quotation, sentence_f1
from eval.metrics.intervals import Difference, Share, group_weights, paired_difference, paired_statistic
from eval.scoring import at, score, tuned
from rag.calibrate.judge import exact_match, holds_words, token_f1


def test_token_f1_and_exact_match():
    assert token_f1("The Mutually beneficial!", ["mutually beneficial"]) == 1.0
    assert token_f1("new economic deal", ["a deal"]) == pytest.approx(2 * 1 / (3 + 1))
    assert token_f1("nothing", ["deal", "trade"]) == 0.0
    assert token_f1("deal", []) == 0.0
    assert token_f1("the", ["a"]) == 1.0  # no words on either side: as the official script
    assert exact_match("a Deal.", ["deal"])
    assert not exact_match("new deal", ["deal"])


def test_words_are_found_in_order_and_whole():
    assert holds_words("He met Lee Jae Myung.", ["lee jae myung"])
    assert not holds_words("He met Leeds.", ["Lee"])
    assert not holds_words("Myung Lee", ["Lee Myung"])
    assert not holds_words("anything", ["?!"])
    assert holds_words("Italy's first female prime minister", ["Italy"])
    assert holds_words("the workers’ demands", ["workers"])
    assert holds_words("a Russian-made missile", ["Russian"])
    assert holds_words("over 120,000 people", ["120000"])
    assert not holds_words("rose 5 points", ["5%"])
    assert not holds_words("5 euros", ["$5"])
    assert not holds_words("1.52 dollars", ["1.5"])


def test_an_answer_in_parts_needs_every_part():
    parts = [Gold("a", 0, 5, "x", part=1), Gold("a", 20, 25, "y", part=2), Gold("a", 30, 35, "z", part=2)]
    some = case(gold=parts)
    first, second, third = Quote("a", 0, 10, "x" * 10), Quote("a", 18, 26, "y" * 8), Quote("a", 0, 40, "x" * 40)
    assert right_answer(some, [second, first])
    assert not right_answer(some, [first])
    assert right_answer(some, [third])
    assert right_answer(some, [first], (0, 10))  # of one sentence only one part can be asked
    assert not right_answer(some, [])


def test_the_paragraph_is_wrong_where_there_is_none():
    some = case(gold=[Gold("a", 0, 5, "x", paragraph=3)])
    assert right_paragraph(some, Quote("a", 0, 5, "x", paragraph=3))
    assert right_paragraph(some, Quote("a", 0, 5, "x", paragraph=None)) is False
    assert right_paragraph(some, None) is False
    assert right_paragraph(case(gold=[Gold("a", 0, 5, "x")]), None) is None


def case(rule="span", gold=(), answers=(), answerable=True, id="q", group="g", **fields):
    return Case(id, Asked("Who?"), "test", group, rule, answerable, tuple(gold), answers=tuple(answers), **fields)


def test_a_quotation_is_right_by_the_rule_of_its_question():
    gold = Gold("a", 10, 20, "ten to twen")
    assert right_quotation(case(gold=[gold]), Quote("a", 5, 20, "x" * 15))
    assert not right_quotation(case(gold=[gold]), Quote("a", 11, 30, "x" * 19))
    assert not right_quotation(case(gold=[gold]), Quote("b", 5, 25, "x" * 20))
    # One sentence of a longer quotation.
    assert not right_quotation(case(gold=[gold]), Quote("a", 5, 40, "x" * 35), (25, 40))
    words = case("words", answers=["red bus"])
    assert right_quotation(words, Quote("a", 100, 115, "The red bus won"))
    assert not right_quotation(words, Quote("a", 100, 115, "The red bus won"), (108, 115))
    half = case("sentence", gold=[Gold("context", 0, 100, "")])
    assert right_quotation(half, Quote("context", 50, 150, ""))
    assert not right_quotation(half, Quote("context", 51, 151, ""))
    assert right_quotation(case("article", gold=[Gold("a", 0, 0, "")]), Quote("a", 7, 9, "x"))


def test_sentence_f1():
    both = (Gold("context", 0, 10, ""), Gold("context", 20, 30, ""))
    two = case("sentence", gold=both, selections=(both,))
    quotes = [Quote("context", 0, 10, ""), Quote("context", 12, 18, ""), Quote("context", 0, 9, "")]
    assert sentence_f1(two, quotes) == pytest.approx(2 * 1 / (3 + 2))  # the same gold is matched once
    assert sentence_f1(two, []) == 0.0
    # Two annotators: agreeing with one of them wholly is 1, although the other selected something else.
    apart = case("sentence", gold=both, selections=(both[:1], both[1:]))
    assert sentence_f1(apart, quotes[:1]) == 1.0


def test_clopper_pearson_by_the_published_table():
    low, high = Share(8, 10).interval
    assert (round(low, 4), round(high, 4)) == (0.4439, 0.9748)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_auroc_counts_ties_half():
    # Pairs: (0.9, 0.5) won, (0.9, 0.2) won, (0.5, 0.5) tied, (0.5, 0.2) won.
    assert refusal.auroc([True, True, False, False], [0.9, 0.5, 0.5, 0.2]) == pytest.approx(3.5 / 4)
    assert math.isnan(refusal.auroc([True, True], [0.1, 0.2]))


def test_auroc_within_a_paragraph_compares_no_other_pairs(monkeypatch):
    assert math.isnan(refusal.auroc_within([True, False], [0.3, 0.2], ["a", "a"]))  # one pair says nothing
    monkeypatch.setattr(refusal, "FEW_PAIRS", 1)
    labels, scores = [True, False, True, False], [0.3, 0.2, 0.8, 0.9]
    assert refusal.auroc_within(labels, scores, ["a", "a", "b", "b"]) == 0.5  # one won, one lost
    assert refusal.auroc(labels, scores) == 0.5
    assert refusal.auroc_within(labels, scores, ["a", "b", "b", "a"]) == pytest.approx(0.5)
    assert math.isnan(refusal.auroc_within(labels, scores, ["", "", "", ""]))
    labels, scores = [True, False, True, False], [0.3, 0.2, 0.9, 0.8]
    assert refusal.auroc_within(labels, scores, ["a", "a", "b", "b"]) == 1.0
    assert refusal.auroc(labels, scores) == 0.75


def test_refusing_as_a_decision():
    found = refusal.refusing([True, True, False, False], [True, False, False, True])
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)
    everything = refusal.refusing([True, False], [False, False])
    assert (everything.precision, everything.recall) == (0.5, 1.0)


def test_risk_coverage():
    right, scores = [True, False, True, False], [0.9, 0.8, 0.7, 0.1]
    assert refusal.risk_curve(right, scores).tolist() == pytest.approx([0, 1 / 2, 1 / 3, 2 / 4])
    assert refusal.aurc(right, scores) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    ideal = (0 + 0 + 1 / 3 + 1 / 2) / 4
    assert refusal.excess_aurc(right, scores) == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4 - ideal)
    assert refusal.risk_at(right, scores, 0.5) == pytest.approx(1 / 2)
    assert refusal.risk_at(right, scores, 0.3) == pytest.approx(1 / 2)  # 1.2 questions are 2
    assert refusal.risk_at(right, scores, 0.1) == 0.0


def test_ties_add_their_mean_loss_in_whatever_order_they_stand():
    for right in ([True, False], [False, True]):
        assert refusal.risk_curve(right, [0.5, 0.5]).tolist() == pytest.approx([0.5, 0.5])
    # A constant score has the same risk at every coverage: nothing is won by the order of the file.
    assert refusal.risk_curve([True, True, False, True], [1.0] * 4).tolist() == pytest.approx([0.25] * 4)


def test_brier_and_calibration_error():
    right, scores = [True, False, True, False], [0.8, 0.4, 0.6, 0.2]
    assert refusal.brier(right, scores) == pytest.approx((0.04 + 0.16 + 0.16 + 0.04) / 4)
    bins = refusal.reliability(right, scores, bins=2)
    assert [(b.confidence, b.right, b.count) for b in bins] == [(pytest.approx(0.3), 0, 2), (pytest.approx(0.7), 1, 2)]
    assert refusal.calibration_error(right, scores, bins=2) == pytest.approx((2 * 0.3 + 2 * 0.3) / 4)


def test_the_best_threshold_counts_right_answers_and_right_refusals():
    answerable, right = [True, True, False, True], [True, True, False, False]
    scores = [0.9, 0.6, 0.5, 0.4]
    assert refusal.best_threshold(answerable, right, scores) == 0.6
    assert refusal.best_threshold([False], [False], [0.7]) > 0.7  # refusing everything is best
    assert refusal.best_threshold([], [], []) == 1.0


def test_paired_differences_draw_whole_groups():
    weights = group_weights(["a", "a", "b"], resamples=50)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 0] + weights[:, 2] == 2).all()
    assert paired_difference([0, 1, 0], [0, 1, 0], ["a", "b", "c"]) == Difference(0.0, 0.0, 0.0)
    surely = paired_difference([0] * 40, [1] * 40, [str(n) for n in range(40)])
    assert surely == Difference(1.0, 1.0, 1.0)
    assert surely.above
    assert not surely.below
    # Ten questions of one week that all fell are one piece of evidence, not ten.
    alone = paired_difference([1] * 20, [0] * 10 + [1] * 10, [str(n) for n in range(20)])
    together = paired_difference([1] * 20, [0] * 10 + [1] * 10, ["a"] * 10 + [str(n) for n in range(10)])
    assert alone.below
    assert not together.below
    # Of one group nothing is known of the others.
    assert paired_difference([1, 1], [0, 0], ["a", "a"]).high == math.inf


def test_few_groups_have_longer_intervals_than_the_percentiles():
    drop = [0.0, 0.2, 0.4, 0.6]
    found = paired_difference([1.0] * 4, [1 - d for d in drop], ["a", "b", "c", "d"])
    weights = group_weights(["a", "b", "c", "d"])
    low = np.quantile(weights @ -np.array(drop) / 4, 0.025)
    assert found.low == pytest.approx(-0.3 + (low + 0.3) * (3.1824 / 1.9600) * math.sqrt(4 / 3), rel=1e-3)


def test_the_aurc_of_resamples_is_that_of_the_drawn_questions():
    right, scores = [True, False, True], [0.9, 0.8, 0.1]
    weights = np.array([[1.0, 1.0, 1.0], [2.0, 0.0, 1.0]])
    found = refusal.resampled_aurcs(right, scores, weights)
    assert found.tolist() == pytest.approx([refusal.aurc(right, scores), refusal.aurc([True, True, True], [0.9] * 3)])


def test_a_paired_statistic_leaves_out_what_is_not_defined():
    labels, groups = [True, False], ["a", "b"]

    def both(weights):
        aurocs = (refusal.weighted_aurocs(labels, scores, weights) for scores in ([0.9, 0.1], [0.1, 0.9]))
        return tuple(aurocs)

    assert paired_statistic(both, groups) == Difference(-1.0, -1.0, -1.0)


def test_the_auroc_of_resamples_is_scikit_learn_s():
    rng = np.random.default_rng(3)
    labels, scores = rng.integers(0, 2, 40).astype(bool).tolist(), (rng.integers(0, 9, 40) / 10).tolist()
    weights = group_weights([str(n) for n in range(40)], resamples=20)
    found = refusal.weighted_aurocs(labels, scores, weights)
    assert found.tolist() == pytest.approx([roc_auc_score(labels, scores, sample_weight=row) for row in weights])
    assert np.isnan(refusal.weighted_aurocs([True, True], [0.1, 0.2], np.ones((1, 2))))


@pytest.mark.parametrize("score", [0.03, 0.9, 12.3, 30.0])
def test_rankings_are_written_in_the_program_s_order_and_read_back(tmp_path, score):
    qrels = {"q 1": ["d2"], "q2": ["d9"], "q3": ["d1", "d4"]}
    ties = {f"d{n}": score for n in (1, 9, 3, 2)}  # the relevant one last, and not in the order of ids
    run = {"q 1": ties, "q2": {}, "q3": {"d1": 0.9, "d2": 0.8, "d4": 0.7}}
    retrieval.write(tmp_path, qrels, {"fused": run})
    first = (tmp_path / "fused.run").read_text().splitlines()[0].split()
    assert first[:4] == ["q_1", "Q0", "d1", "1"]
    found = retrieval.measure(tmp_path, "fused")
    assert found["Success@1"] == pytest.approx(1 / 3)  # a query without results counts
    assert found["Success@5"] == pytest.approx(2 / 3)
    assert found["R@1"] == pytest.approx((0 + 0 + 1 / 2) / 3)
    assert found["RR@10"] == pytest.approx((1 / 4 + 0 + 1) / 3)
    ideal = 1 + 1 / math.log2(3)
    assert found["nDCG@10"] == pytest.approx((1 / math.log2(5) + 0 + (1 + 1 / math.log2(4)) / ideal) / 3)


def prediction(text, score, answered, start=0, short=None):
    return Prediction(score, answered, (Quote("a", start, start + len(text), text),), short)


def records():
    gold = [Gold("a", 4, 7, "bus", 2)]
    yes = {"gold": gold, "answers": ["bus"]}
    return [
        score(case(id="1", **yes), prediction("The bus won.", 0.9, True, short="bus")),
        score(case(id="2", **yes), prediction("Nothing.", 0.8, True, start=50)),
        score(case(id="3", **yes), prediction("The bus won.", 0.3, False)),
        score(case(id="4", answerable=False), prediction("The bus won.", 0.2, False)),
        score(case(id="5", answerable=False), prediction("The bus won.", 0.7, True)),
        score(case(id="6", answerable=False), Prediction(0.0, False, error="broke")),
        score(case(id="7", unscorable="trick", **yes), prediction("The bus won.", 0.9, True)),
    ]


def test_an_error_tells_answerable_from_unanswerable_as_badly_as_can_be():
    yes = {"gold": [Gold("a", 4, 7, "bus", 2)], "answers": ["bus"]}
    broke = [score(case(id=str(n), **yes), Prediction(1.0, False, error="broke")) for n in range(3)]
    refused = [score(case(id=f"n{n}", answerable=False), prediction("The bus won.", 0.2, False)) for n in range(3)]
    assert figures(broke + refused, dict.fromkeys("012", ("bus",)), probability=True)["auroc_answerable"] == 0.0
    # As much where two runs are compared: one that answers all of them, and one that breaks on them.
    answered = [score(case(id=str(n), **yes), prediction("The bus won.", 0.9, True)) for n in range(3)]
    a, b = ([asdict(r) for r in some + refused] for some in (answered, broke))
    found = next(c for c in differences("a set", "ours", a, b) if c.measure == "AUROC answerable")
    assert (found.before, found.difference.value) == (1.0, -1.0)


def test_the_gold_as_a_set_writes_it_is_counted_beside_all_forms():
    both = case(id="1", rule="words", answers=["Ann Bus", "bus"], as_written=("Ann Bus",))
    found = [score(both, prediction("The bus won.", 0.9, True))]
    assert (found[0].right, found[0].right_as_written) == (True, False)
    of = figures(found, {"1": both.answers}, probability=True)
    assert (of["answerable_right"]["count"], of["answerable_right_as_written"]["count"]) == (1, 0)
    assert (of["given_right"]["count"], of["given_right_as_written"]["count"]) == (1, 0)
    plain = figures(records(), {r.id: ("bus",) for r in records()}, probability=True)
    assert plain["answerable_right_as_written"] is None


def test_figures_by_hand():
    found = figures(records(), {r.id: ("bus",) if r.answerable else () for r in records()}, probability=True)
    assert (found["questions"], found["answerable"], found["unscorable"], found["errors"]) == (6, 3, 1, 1)
    assert (found["answerable_right"]["count"], found["answerable_right"]["of"]) == (1, 3)
    # The one that broke refused nothing: an error is never a right refusal.
    assert (found["unanswerable_refused"]["count"], found["unanswerable_refused"]["of"]) == (1, 3)
    assert found["joint"]["value"] == pytest.approx(2 / 6)
    assert found["joint_of_always_refusing"] == pytest.approx(3 / 6)
    assert found["joint_of_always_answering"] == pytest.approx(2 / 6)
    assert (found["given_right"]["count"], found["given_right"]["of"]) == (1, 3)
    assert found["quoted_characters"] == pytest.approx((12 + 8 + 12) / 3)
    assert found["f1"] == pytest.approx((1 + 0 + 2 / 3) / 3)  # forced: the third's sentence has "bus won"
    assert found["squad_f1_has_answer"] == pytest.approx((1 + 0 + 0) / 3)
    assert found["squad_f1_no_answer"] == pytest.approx(1 / 3)
    # Refused: questions 3 and 4, one of them rightly.
    assert (found["refusing_precision"], found["refusing_recall"]) == (pytest.approx(1 / 2), pytest.approx(1 / 3))
    assert found["gold_in_one_sentence"]["value"] == pytest.approx(2 / 3)
    assert found["short_answers_given"]["count"] == 1


def test_why_a_system_refuses_by_hand():
    reasons = ("", "", "unsure", "no_support", "", "", "unsure")
    some = [replace(record, reason=reason) for record, reason in zip(records(), reasons, strict=True)]
    some[3:4] = [some[3], replace(some[2], id="8", reason="no_support"), replace(some[3], id="9", reason="unsure")]
    found = figures(some, {r.id: ("bus",) if r.answerable else () for r in some}, probability=True)
    names = ("unsure", "unsure_right", "unsure_of_answerable", "unsure_of_unanswerable", "denied_right")
    assert [(found[name]["count"], found[name]["of"]) for name in names] == [(2, 8), (1, 2), (1, 4), (1, 4), (1, 2)]
    assert {record.reason for record in at(some, 0.5)} == {""}
    assert figures(records(), {r.id: () for r in some}, probability=True)["unsure"] is None


def test_f1_at_the_threshold_that_is_best_by_it_on_the_develop_part():
    # Of develop, 0.9 answers the first rightly; the third, of 0.3, is right in part, but that of 0.7 has no answer.
    develop = records()
    test = [
        score(case(id="8", gold=[Gold("a", 4, 7, "bus", 2)], answers=["bus"]), prediction("The bus won.", 0.9, True)),
        score(case(id="9", gold=[Gold("a", 4, 7, "bus", 2)], answers=["bus"]), prediction("The bus won.", 0.1, True)),
        score(case(id="10", answerable=False), prediction("The bus won.", 0.6, True)),
    ]
    found = frozen(develop, test)
    assert found["squad_f1_frozen_has_answer"] == pytest.approx((2 / 3 + 0) / 2)
    assert found["squad_f1_frozen_no_answer"] == 1
    assert found["squad_f1_frozen"] == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert set(frozen(develop, []).values()) == set(frozen([], test).values()) == {None}


def test_what_other_articles_say_of_a_question_without_its_own():
    """Asked without its articles: two get a short answer, one of them what is accepted, in other words."""
    answers = {"1": ("about $51 million",), "2": ("bus",), "3": ("bus",), "4": ("bus",)}
    some = [score(case(id="1", gold=[Gold("a", 0, 1, "")]), prediction("A bus won.", 0.9, True, short="bus"))]
    taken = {"answerable": False, "category": "removed"}
    for id, short, answered in (("1", "$51 million", True), ("2", "car", True), ("3", None, True), ("4", "bus", False)):
        some.append(score(case(id=f"{id}#removed", **taken), prediction("So.", 0.9, answered, short=short)))
    some.append(score(case(id="2#removed", unscorable="none", **taken), prediction("So.", 0.9, True, short="bus")))
    found = elsewhere(some, answers)["said_elsewhere"]
    assert (found["count"], found["of"]) == (1, 2)
    assert elsewhere(some[:1], answers) == {"said_elsewhere": None}


def test_a_longer_quotation_is_compared_by_one_sentence():
    text = "Nothing here. The bus won."
    found = score(
        case(gold=[Gold("a", 18, 21, "bus")], answers=["bus"]),
        Prediction(0.9, True, (Quote("a", 0, len(text), text, sentence=(0, 13)),)),
    )
    assert (found.right, found.right_one, found.one) == (True, False, "Nothing here.")


def test_where_sentences_are_accepted_a_phrase_is_not_measured_by_its_length():
    given = prediction("The bus won.", 0.9, True, short="bus")
    gold = {"gold": [Gold("a", 0, 12, "The bus won.")], "answers": ["The bus won."]}
    assert score(case("sentence", **gold), given).f1 == 1.0
    assert score(case(**gold), given).f1 == pytest.approx(2 / 3)


def test_chance_is_the_rate_of_other_questions_quotations():
    some = [
        score(case(id=str(n), gold=[Gold("a", 0, 1, w)], answers=[w]), prediction(f"{w} won", 0.5, True))
        for n, w in enumerate(["red", "red", "blue"])
    ]
    # Of six ordered pairs of different questions, only the two between the red ones hold the other's answer.
    assert chance(some, {"0": ("red",), "1": ("red",), "2": ("blue",)}) == pytest.approx(2 / 6)


def test_chance_is_of_the_same_group_where_it_is_large_enough(monkeypatch):
    monkeypatch.setattr("eval.figures.CHANCE_PARTNERS", 1)
    some = [
        score(
            case(id=str(n), group=group, gold=[Gold("a", 0, 1, w)], answers=[w]),
            prediction(f"{w} won", 0.5, True),
        )
        for n, (group, w) in enumerate([("x", "red"), ("y", "red"), ("x", "green"), ("y", "green")])
    ]
    answers = {r.id: (r.one.split()[0],) for r in some}
    assert chance(some, answers) == 0.0  # of all, the nearest in length to either red one would be the other


def test_questions_of_one_group_are_one_draw():
    def run(right, groups):
        return [
            asdict(score(case(id=str(n), group=str(n * groups // 40)), prediction("The bus won.", 0.5, True)))
            | {"right": right, "answered": True, "answerable": True}
            for n in range(40)
        ]

    def compared(groups):
        found = differences("a set", "ours", run(True, groups), run(False, groups)[:20] + run(True, groups)[20:])
        return next(c for c in found if c.measure == "right decisions")

    assert compared(40).worse
    assert not compared(2).worse


def test_a_tuned_threshold_decides_anew():
    some = records()
    threshold = tuned(some)
    assert threshold == 0.9
    assert [r.id for r in at(some, threshold) if r.answered] == ["1", "7"]
