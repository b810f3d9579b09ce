"""The models over what the networks say (training/fit_support.py)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rag.extract import Logistic
from rag.extract.checksums import described
from rag.extract.features import CHOOSING, FEATURES
from rag.types.errors import ModelError
from training.fit_support import MODELS, OUT, chosen, crossed, fifths, out_of_sample
from training.read_hits import STAGES, SupportCase, keep, kept
from training.reader.data import ReadingRecord
from training.reader.written import WRITTEN
from training.seal import seal
from training.support_cases import reworded
from training.support_fit import SET, Fit, by_sort

NAMES = ("margin", "answerable")
STAGE = "both"
MARGIN, ANSWERABLE = (FEATURES.index(name) for name in NAMES)


def cases(count: int = 600) -> list[SupportCase]:
    """Three sentences each: the margin tells the right one from others, the other feature whether there is one."""
    random = np.random.default_rng(3)
    made = []
    for number in range(count):
        answerable = number % 2 == 0
        rows = np.zeros((3, len(FEATURES)))
        rows[:, MARGIN] = random.normal(size=3)
        rows[:, ANSWERABLE] = random.normal(2.0 * answerable, 1.5)
        right = np.zeros(3, dtype=np.bool_)
        if answerable:
            right[number % 3] = True
            rows[number % 3, MARGIN] += 1.5
        sort = "answerable" if answerable else ("removed", "unanswerable")[number // 2 % 2]
        made.append(SupportCase(str(number), "made", sort, {STAGE: (rows, right)}))
    return made


@pytest.fixture(scope="module")
def made() -> list[SupportCase]:
    return cases()


@pytest.fixture(scope="module")
def fit(made: list[SupportCase]) -> Fit:
    return Fit(NAMES, made, STAGE)


def test_what_is_written_says_what_was_fitted(made: list[SupportCase], fit: Fit) -> None:
    model = Logistic.of(fit.object(0.5, 0.05))
    probability, right = fit.probability(made)
    for case, expected, its in zip(made, probability, right, strict=True):
        rows, hits = case.rows[STAGE]
        order = model.rank.order(rows)
        assert hits[order[0]] == its
        assert model.probability(rows[order], best_first=True)[0] == pytest.approx(expected, abs=2e-4)


def test_a_further_sentence_is_judged_by_another_model_than_the_best(made: list[SupportCase], fit: Fit) -> None:
    model = Logistic.of(fit.object(0.5, 0.05))
    rows = made[0].rows[STAGE][0]
    best, *rest = model.probability(rows, best_first=True).tolist()
    none_best = model.probability(rows, best_first=False).tolist()
    assert rest == none_best[1:]
    assert best != none_best[0]
    logits = [linear.logits(rows) for linear in (model.decide, model.further)]
    assert [best, none_best[0]] == [pytest.approx(1 / (1 + np.exp(-its[0])), abs=1e-4) for its in logits]


def test_of_a_further_sentence_counts_only_whether_it_is_right(made: list[SupportCase], fit: Fit) -> None:
    best, hit = fit.best(made)
    alone = LogisticRegression(max_iter=5000).fit(best, hit, sample_weight=by_sort(made, root=True) * len(made))
    assert fit.further[0] == pytest.approx(alone.coef_[0], abs=1e-4)
    assert fit.further[1] == pytest.approx(alone.intercept_[0], abs=1e-4)


def test_confidence_is_calibrated_to_what_is_right_out_of_fold(made: list[SupportCase]) -> None:
    probability, right = crossed(NAMES, made, STAGE, fifths(made))
    assert probability.mean() == pytest.approx(right.mean(), abs=0.04)
    for low, high in ((0.0, 0.3), (0.3, 0.6), (0.6, 1.0)):
        its = (probability >= low) & (probability < high)
        assert its.sum() > 50
        assert probability[its].mean() == pytest.approx(right[its].mean(), abs=0.1)


def test_half_of_what_decides_is_whether_there_is_an_answer_at_all(made: list[SupportCase], fit: Fit) -> None:
    """The margin, which tells sentences apart, says more of being right than of there being an answer."""
    best, _ = fit.best(made)
    answerable = LogisticRegression().fit(best, [case.answerable for case in made]).coef_[0]
    (further, _), (decide, _) = fit.further, fit.decide
    assert answerable[0] / answerable[1] < decide[0] / decide[1] < further[0] / further[1]


def test_what_few_cases_have_keeps_the_weight_that_is_set_for_it(made: list[SupportCase]) -> None:
    """Whatever these cases say of it, and without moving the others."""
    held, rare = list[SupportCase](), FEATURES.index("agreement")
    for number, case in enumerate(made):
        rows, right = (its.copy() for its in case.rows[STAGE])
        if number % 20 in (0, 1):
            rows[:, rare] = 1.0
            right[:] = False
        held.append(replace(case, rows={STAGE: (rows, right)}))
    with_it, without = (Fit(names, held, STAGE).object(0.5, 0.05) for names in ((*NAMES, "agreement"), NAMES))
    for part in ("rank", "decide", "further"):
        fitted, common = (its[part]["weights"] for its in (with_it, without))
        assert fitted.pop("agreement") == SET["agreement"]
        assert fitted == pytest.approx(common, rel=0.1)


def test_what_tells_sentences_of_one_question_apart_decides_nothing(made: list[SupportCase]) -> None:
    model = Fit((*NAMES, "typed"), [_typed(case) for case in made], STAGE).object(0.5, 0.05)
    assert model["rank"]["weights"]["typed"] > 0.5
    assert set(model["decide"]["weights"]) == set(model["further"]["weights"]) == set(NAMES)


def test_shared_words_decide_nothing_in_what_ships() -> None:
    shipped = json.loads(OUT.read_text())
    for name in MODELS:
        for part in ("decide", "further"):
            assert not set(CHOOSING) & set(shipped[name][part]["weights"])
    assert set(CHOOSING) <= set(shipped["first"]["rank"]["weights"])


def test_rows_of_other_features_are_refused(made: list[SupportCase], tmp_path: Path) -> None:
    keep(tmp_path / "some.npz", {"corpus": [_of_all_stages(case) for case in made[:2]]})
    assert [case.id for case in kept(tmp_path / "some.npz")["corpus"]] == ["0", "1"]
    with np.load(tmp_path / "some.npz") as arrays:
        others = {name: arrays[name] for name in arrays}
    heads = json.loads(str(others["heads"]))
    others["heads"] = np.array(json.dumps(heads | {"features": heads["features"][::-1]}))
    np.savez(tmp_path / "other.npz", **others)
    with pytest.raises(ValueError, match=r"other\.npz has rows of other features"):
        kept(tmp_path / "other.npz")


def _of_all_stages(case: SupportCase) -> SupportCase:
    return replace(case, rows=dict.fromkeys(STAGES, case.rows[STAGE]))


def _typed(case: SupportCase) -> SupportCase:
    rows, right = (its.copy() for its in case.rows[STAGE])
    rows[:, FEATURES.index("typed")] = right
    return replace(case, rows={STAGE: (rows, right)})


def test_a_part_is_asked_by_what_was_fitted_on_the_others(made: list[SupportCase]) -> None:
    """Of a source where no answer looks as one does elsewhere its own fifths know, and the other sources do not."""
    other = [replace(case, source="other", rows=_turned(case)) for case in cases(300)]
    both = made[:300] + other
    answerable = [case.answerable for case in other]
    within, _ = crossed(NAMES, other, STAGE, fifths(other))
    without, _ = crossed(NAMES, both, STAGE, [case.source for case in both])
    assert 0.7 < roc_auc_score(answerable, within) < 1.0
    assert 0.0 < roc_auc_score(answerable, without[-300:]) < 0.5


def _turned(case: SupportCase) -> dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    rows, right = case.rows[STAGE]
    turned = rows.copy()
    turned[:, ANSWERABLE] *= -1
    return {STAGE: (turned, right)}


def test_the_threshold_is_the_middle_of_what_is_as_good(made: list[SupportCase]) -> None:
    right = np.array([case.answerable for case in made])
    assert chosen(made, np.where(right, 0.7, 0.3), right) == pytest.approx(0.5, abs=0.02)
    assert chosen(made, np.where(right, 0.75, 0.15), right) == pytest.approx(0.45, abs=0.02)
    assert chosen(made, np.where(right, 0.6, 0.5), right) == pytest.approx(0.55, abs=0.02)


def test_a_threshold_that_ships_stays_while_it_is_as_good(made: list[SupportCase]) -> None:
    right = np.array([case.answerable for case in made])
    sure = np.where(right, 0.7, 0.3)
    assert chosen(made, sure, right, 0.46) == 0.46
    assert chosen(made, sure, right, 0.8) == chosen(made, sure, right)


def test_the_threshold_is_chosen_by_what_was_fitted_without_the_source(made: list[SupportCase]) -> None:
    other = [replace(case, source="other", rows=_turned(case)) for case in cases(300)]
    both = made[:300] + other
    within, without, threshold = out_of_sample(NAMES, both, STAGE)
    assert threshold == chosen(both, *without) != chosen(both, *within)


def test_written_cases_have_no_say_in_the_threshold(made: list[SupportCase]) -> None:
    right = np.array([case.answerable for case in made])
    written = [replace(case, source=WRITTEN) for case in cases(3000)]
    also = np.array([case.answerable for case in written])
    sure, both = np.where(right, 0.7, 0.3), np.concatenate([right, also])
    probability = np.concatenate([sure, np.where(also, 0.2, 0.1)])
    assert chosen(made + written, probability, both) == chosen(made, sure, right)


@pytest.mark.parametrize(
    ("question", "is_one"),
    [
        ("Who heads the cabinet of Japan?", True),  # 1 of 3
        ("Which minister met Lee in Seoul?", False),  # 3 of 3
        ("Who rules an island nation?", False),  # none of 3
        ("Who was it?", False),  # has no content word
    ],
)
def test_in_other_words_is_told_by_the_share_of_words(question: str, is_one: bool) -> None:
    context = "The minister met Lee in Seoul."
    record = ReadingRecord("written", "1", "Japan", question, context, (), (), "", "", True)
    assert reworded(record) == is_one


def test_what_is_fitted_anew_is_loaded_once_its_checksum_is_written(tmp_path: Path) -> None:
    (tmp_path / "first.onnx").write_bytes(b"graph")
    (tmp_path / "support.json").write_text("{}")
    names = {"graph": "first.onnx", "words": "", "canary": {"values": [1.5]}}
    (tmp_path / "reader.json").write_text(json.dumps({"format": 1, "sha256": {"gone": ""}, "first": names}))
    seal(tmp_path)
    assert described(tmp_path) == {
        "format": 1,
        "sha256": {
            "first.onnx": "eef93e1d14482804277fca0172464032d1a4fdbcc338524059fa1e861454ad4d",
            "support.json": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        },
        "first": names,
    }
    (tmp_path / "support.json").write_text("[]")
    with pytest.raises(ModelError, match=r"support\.json is not the shipped file"):
        described(tmp_path)
    seal(tmp_path)
    assert described(tmp_path)["first"] == names
