"""What the time of an article is worth, and from where on a refusal is unsure (training/fit_time.py, fit_doubt.py)."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from eval.cases import Asked, Case, Prediction, Quote
from eval.scoring import ScoredRecord, score
from eval.sheet import hashed
from rag.calibrate.risk import upper_bound
from rag.extract import READ_ALONE
from rag.extract.timely import TIME
from training import fit_doubt
from training.fit_doubt import MOST, SURE, denied_right
from training.fit_time import (
    Timed,
    confidence_of,
    crossed,
    fitted_decide,
    fitted_other,
    fitted_rank,
    keep,
    kept,
    report,
)

NONE = np.zeros(len(TIME))


def timed(number: int, random: np.random.Generator, *, late: float = 2.0, sentences: int = 6) -> Timed:
    """A question whose right sentence, where it has one, is mostly of its time, by each of TIME, and others are not."""
    answerable = number % 3 > 0
    times = random.uniform(0.0, late, size=(sentences, len(TIME)))
    right = np.zeros(sentences, dtype=np.bool_)
    if answerable:
        right[number % sentences] = True
        times[number % sentences] *= 0.2
    rank = random.normal(size=sentences)
    places = np.argsort(-rank, kind="stable")
    return Timed(
        id=str(number),
        group=f"week {number % 25}",
        answerable=answerable,
        removed=number % 3 == 0,
        rank=rank,
        times=times,
        right=right,
        elsewhere=times[:, 0] > 0.75 * late,
        alone=places,
        alone_rank=rank[places] + random.normal(0, 0.3, size=sentences),
        alone_decide=random.normal(size=sentences),
    )


def cases(count: int = 300, *, late: float = 2.0) -> list[Timed]:
    random = np.random.default_rng(5)
    return [timed(number, random, late=late) for number in range(count)]


@pytest.fixture(scope="module")
def made() -> list[Timed]:
    return cases()


@pytest.fixture(scope="module")
def rank(made: list[Timed]) -> NDArray[np.float64]:
    return fitted_rank(made)


@pytest.fixture(scope="module")
def decide(made: list[Timed], rank: NDArray[np.float64]) -> NDArray[np.float64]:
    return fitted_decide(made, rank)


def test_what_is_of_another_time_ranks_behind_and_is_less_sure(
    rank: NDArray[np.float64], decide: NDArray[np.float64]
) -> None:
    assert rank.shape == decide.shape == (len(TIME),)
    assert (rank < -0.3).all()
    assert (decide < -0.3).all()


def test_that_an_article_is_far_from_the_time_never_counts_for_it(made: list[Timed]) -> None:
    assert (fitted_rank([replace(case, times=2.0 - case.times) for case in made]) == 0).all()


def test_a_number_that_no_sentence_has_gets_no_weight(made: list[Timed]) -> None:
    never = [replace(case, times=case.times * [1.0, 0.0, 1.0]) for case in made]
    rank = fitted_rank(never)
    decide = fitted_decide(never, rank)
    assert [rank[1], decide[1]] == [0.0, 0.0]
    assert max(rank[0], rank[2], decide[0], decide[2]) < -0.3


def test_times_that_tell_nothing_get_next_to_no_weight(made: list[Timed]) -> None:
    random = np.random.default_rng(11)
    blind = [replace(case, times=random.uniform(0.0, 2.0, size=case.times.shape)) for case in made]
    assert np.abs(fitted_rank(blind)).max() < 0.3


def test_what_is_the_same_for_all_sentences_of_a_question_ranks_none(made: list[Timed]) -> None:
    """Nor do questions of which all sentences are right, or none."""
    same = [replace(case, times=np.tile(case.times[:1], (6, 1))) for case in made]
    assert fitted_rank(same) == pytest.approx(NONE, abs=1e-4)
    assert fitted_rank([case for case in made if not case.answerable]) == pytest.approx(NONE)
    every = [replace(case, right=np.ones(6, dtype=np.bool_)) for case in made]
    assert fitted_rank(every) == pytest.approx(NONE)


def test_ranking_by_the_time_finds_more_right_ones(made: list[Timed], rank: NDArray[np.float64]) -> None:
    def right(weights: NDArray[np.float64]) -> int:
        return sum(bool(case.right[case.alone[case.best(weights)]]) for case in made)

    assert right(rank) > 1.5 * right(NONE)


def test_the_best_is_one_of_those_that_are_read_by_themselves() -> None:
    """They are chosen by the first ranking with the time, and the one shown by the second."""
    assert READ_ALONE == 2
    times = np.array([[0.0, 0, 0], [0.0, 0, 0], [2.0, 0, 0], [0.0, 0, 0]])
    case = replace(
        timed(1, np.random.default_rng(1), sentences=4),
        rank=np.array([1.0, 2.0, 3.0, 0.0]),
        times=times,
        right=np.array([True, False, False, False]),
        alone=np.array([2, 1, 0]),
        alone_rank=np.array([0.0, 1.0, 5.0]),
        alone_decide=np.array([-1.0, 0.0, 2.0]),
    )
    assert case.alone[case.best(NONE)] == 1  # of the sentences 2 and 1
    behind = np.array([-2.0, 0.0, 0.0])
    assert case.alone[case.best(behind)] == 0  # of 1 and 0
    assert confidence_of(case, NONE, NONE) == (0.5, False)
    sure, right = confidence_of(case, behind, behind)
    assert (sure, right) == (pytest.approx(1 / (1 + np.exp(-2))), True)
    late = replace(case, times=times + np.array([1.0, 0.0, 0.0]))
    assert confidence_of(late, behind, behind)[0] == pytest.approx(0.5)


def test_confidence_is_the_share_of_right_ones_out_of_fold(made: list[Timed]) -> None:
    confidence, right = crossed(made)
    assert confidence.shape == right.shape == (len(made),)
    assert ((confidence > 0) & (confidence < 1)).all()
    whole = np.array([confidence_of(case, NONE, NONE)[0] for case in made])
    held = np.array([confidence_of(case, NONE, NONE)[1] for case in made])
    assert abs(confidence.mean() - right.mean()) < abs(whole.mean() - held.mean()) / 2


def test_the_cases_of_a_week_are_asked_by_what_was_fitted_on_others(made: list[Timed]) -> None:
    """Of a week whose right ones are of another time the others know nothing."""
    odd = [replace(case, times=2.0 - case.times) if case.group == "week 7" else case for case in made]
    without = [case for case in odd if case.group != "week 7"]
    confidence, _ = crossed(odd)
    same_fold = {case.group for case in odd} - _others(odd, "week 7")
    used = [case for case in odd if case.group not in same_fold]
    rank = fitted_rank(used)
    decide = fitted_decide(used, rank)
    assert len(used) < len(without)
    for i, case in enumerate(odd):
        if case.group == "week 7":
            assert confidence[i] == pytest.approx(confidence_of(case, rank, decide)[0])


def _others(made: list[Timed], group: str) -> set[str]:
    """The groups of the other folds."""
    from eval.parts import sha1

    def fold(name: str) -> int:
        return int(sha1(name), 16) % 5

    return {case.group for case in made if fold(case.group) != fold(group)}


def test_an_answer_of_another_time_is_worth_the_share_of_right_ones_among_such(made: list[Timed]) -> None:
    """As Jeffreys estimates it: half a right one and half a wrong one are added."""
    other = [replace(case, elsewhere=np.ones(6, dtype=np.bool_)) for case in made[:40]]
    right = sum(bool(case.right[case.alone[case.best(NONE)]]) for case in other)
    assert fitted_other(other, NONE) == (round((right + 0.5) / 41, 4), 40)
    none = [replace(case, elsewhere=np.zeros(6, dtype=np.bool_)) for case in made]
    assert fitted_other(none, NONE) == (0.5, 0)
    mixed = fitted_other(other + none, NONE)
    assert mixed == fitted_other(other, NONE)


def test_a_report_counts_what_is_given_of_the_whole_archive_and_refused_without_its_articles() -> None:
    made = cases(20)
    confidence = np.array([0.9 if case.removed else 0.8 if case.answerable else 0.1 for case in made])
    right = np.array([case.answerable for case in made])
    found = report(made, confidence, right, 0.5)
    whole, removed = [c for c in made if not c.removed], [c for c in made if c.removed]
    assert found["cases"] == 20
    assert found["right_of_given"] == f"{len(whole)}/{len(whole)}"
    assert found["right_at_0.3"] == 1.0
    assert found["refused_without_articles"] == 0.0
    below = np.where([case.removed for case in made], 0.2, confidence)
    assert report(made, below, right, 0.5)["refused_without_articles"] == 1.0
    assert len(removed) == 7


def test_what_was_kept_comes_back_as_it_was(made: list[Timed], tmp_path: Path) -> None:
    keep(tmp_path / "cases.json", made[:9])
    back = kept(tmp_path / "cases.json")
    assert len(back) == 9
    for case, again in zip(made, back, strict=False):
        for name in Timed.__slots__:
            one, other = getattr(case, name), getattr(again, name)
            if isinstance(one, np.ndarray):
                assert (one.dtype, one.shape) == (other.dtype, other.shape)
                assert (one == other).all()
            else:
                assert (type(one), one) == (type(other), other)
    assert (fitted_rank(back) == fitted_rank(made[:9])).all()


def test_cases_of_other_numbers_are_refused(made: list[Timed], tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    keep(file, made[:2])
    data = json.loads(file.read_text())
    assert data["times"] == list(TIME)
    for others in (data["times"][::-1], data["times"][:2], [*data["times"], "more"]):
        file.write_text(json.dumps(data | {"times": others}))
        with pytest.raises(ValueError, match=r"cases\.json has other numbers of the time; name another file"):
            kept(file)


def found(seed: int, count: int, worth: float) -> list[tuple[float, bool]]:
    """Questions of any confidence, which are right `worth` times as often as that says."""
    random = np.random.default_rng(seed)
    sure = random.uniform(0, 1, size=count)
    return [(float(p), bool(random.uniform() < worth * p)) for p in sure]


@pytest.mark.parametrize("seed", range(40))
def test_no_doubt_that_is_fitted_denies_more_than_one_right_answer_in_twenty(seed: int) -> None:
    random = np.random.default_rng(seed)
    sets = {
        str(n): found(1000 * seed + n, int(random.integers(1, 900)), float(random.uniform(0.2, 1.0))) for n in range(3)
    }
    doubt = fit_doubt.fitted(sets)
    assert 0 <= doubt < 0.5
    for its in sets.values():
        right, denied = denied_right(its, doubt)
        assert right <= 0.05 * denied
        assert not right or upper_bound(right, denied, SURE) <= MOST == 0.05


def test_the_doubt_is_the_largest_that_is_honest() -> None:
    """Of fifty questions at each hundredth below it one is right, and of those above it all are."""
    low = [(0.005 + n / 100, k == 0) for n in range(20) for k in range(50)]
    high = [(p, True) for p in (0.2, 0.3, 0.4) for _ in range(500)]
    assert fit_doubt.fitted({"one": low + high}) == 0.2
    assert fit_doubt.fitted({"one": low + high, "two": [(0.05, False)] * 100 + [(0.1, True)] * 50}) == 0.1


def test_each_set_is_held_to_it_by_itself() -> None:
    many, few = [(0.1, False)] * 10_000, [(0.1, True)] * 30 + [(0.3, False)] * 100
    assert fit_doubt.fitted({"many": many}) > 0.4
    assert fit_doubt.fitted({"many": many, "few": few}) == 0.1
    assert denied_right(many + few, 0.105) == (30, 10_030)


def test_a_small_set_has_a_say_by_a_right_answer_alone() -> None:
    assert fit_doubt.fitted({"few": [(0.1, False)] * 19}) > 0.4
    assert fit_doubt.fitted({"few": [(0.1, False)] * 18 + [(0.1, True)]}) == 0.1


def test_where_nothing_is_known_nothing_is_denied() -> None:
    assert fit_doubt.fitted({"all right": [(0.0, True)] * 100}) == 0.0
    assert denied_right([(0.1, True), (0.2, False), (0.3, True)], 0.2) == (1, 1)
    assert denied_right([(0.1, True)], 0.0) == (0, 0)


def asked(id: str, text: str, confidence: float) -> ScoredRecord:
    """A question whose gold is "China", and what is quoted for it."""
    case = Case(id, Asked("Where?"), "develop", "g", "words", True, (), answers=("China",))
    quotes = (Quote("a", 0, len(text), text),) if text else ()
    return score(case, Prediction(confidence, False, quotes))


def test_what_was_read_goes_before_the_string_test(capsys: pytest.CaptureFixture[str]) -> None:
    """A judgement holds for its question and its words alone."""
    chance, told = "A China-based firm.", "He went to China."
    records = [asked("1", chance, 0.01), asked("2", chance, 0.3), asked("3", told, 0.02), asked("4", "", 0.0)]
    judged = {("1", hashed(chance)): False, ("3", hashed("Other words.")): False}
    assert fit_doubt.found_of(records, {}) == [(0.01, True), (0.3, True), (0.02, True), (0.0, False)]
    assert fit_doubt.found_of(records, judged) == [(0.01, False), (0.3, True), (0.02, True), (0.0, False)]
    fit_doubt.tell(records, judged)
    shown = [line.split(" right ") for line in capsys.readouterr().out.splitlines()]
    assert [one.strip() for one, _ in shown] == ["0.020", "0.300"]
    assert shown[0][1] == f"by the string test: 3 {hashed(told)}: {told}"


def test_the_judgements_that_are_kept_hold_no_text() -> None:
    rows = [json.loads(line) for line in fit_doubt.JUDGED.read_text(encoding="utf-8").splitlines()]
    assert rows
    assert all(set(row) == {"id", "quote", "right"} and type(row["right"]) is bool for row in rows)
    assert len(fit_doubt.judgements()) == len(rows)
    assert all(len(row["quote"]) == 16 for row in rows)
