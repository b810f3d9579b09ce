"""The gate passes the program as it is, and fails four programs that are broken, each in its own way."""

from dataclasses import replace

import pytest

from eval import baseline, gate
from eval.bench import records_of
from eval.cases import Prediction, Quote
from eval.datasets import seeds
from eval.setup import Setup
from eval.systems import Remembered, ours
from eval.systems.sentence import nearest_sentence
from rag.types.settings import Settings

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def setup(tmp_path_factory):
    return Setup(seeds.read(), tmp_path_factory.mktemp("cache"), Settings())


@pytest.fixture(scope="module")
def program(setup):
    setup.warm(setup.dataset.cases)
    return Remembered(setup, "ours", ours.Ours)


def judged(setup, system):
    return gate.judged({"seeds": measured(setup, system)}, 0, baseline.read())


def measured(setup, system, count=None):
    cases = setup.dataset.cases[:count]
    return gate.Measured.of(cases, records_of(system, cases))


def failed(verdict):
    return {compared.measure for compared in verdict.worse}


class BrokenRetriever:
    """Reads the passages that the retriever ranks last."""

    name = "broken retriever"

    def __init__(self, setup):
        self.setup = setup

    def ask(self, asked):
        reply = self.setup.assistant.answer(asked.question, self.setup.deep_hits(asked)[::-1][:3])
        return ours.of_reply(self.setup, asked, reply)


class WholeParagraphs:
    """Quotes the paragraphs of the sentences that the program quotes."""

    name = "whole paragraphs"

    def __init__(self, setup, program):
        self.setup, self.program = setup, program
        self.articles = {article.info.article_id: article for article in setup.articles}

    def ask(self, asked):
        found = self.program.ask(asked)
        return replace(found, quotes=tuple(self.whole(asked, quote) for quote in found.quotes))

    def whole(self, asked, quote):
        article = self.articles[quote.article_id]
        home = article.paragraphs[quote.paragraph - 1]
        text = article.text[home.start : home.end]
        one = nearest_sentence(self.setup, asked.question, text, home.start)
        return Quote(quote.article_id, home.start, home.end, text, quote.paragraph, one)


def test_the_program_as_it_is_passes(setup, program):
    verdict = judged(setup, program)
    assert verdict.passed, [str(c) for c in verdict.worse] + verdict.missing
    assert {c.measure for c in verdict.compared} >= {"right decisions", "characters quoted", "AUROC right"}


def test_what_is_recorded_is_what_was_measured(setup, program, tmp_path):
    """To the last bit: a rounded value would differ from itself, always in one direction."""
    now = {"seeds": measured(setup, program)}
    baseline.write(gate.recorded(now, baseline.empty(), "", "2026-01-01"), tmp_path / "baseline.json")
    verdict = gate.judged(now, 0, baseline.read(tmp_path / "baseline.json"))
    assert all(c.difference.low == c.difference.high == 0.0 for c in verdict.compared)


def test_a_broken_retriever_fails(setup):
    verdict = judged(setup, BrokenRetriever(setup))
    assert not verdict.passed
    assert {"right decisions", "gold in one sentence"} <= failed(verdict)


def test_a_reader_that_always_answers_fails(setup, program):
    verdict = judged(setup, ours.Always(program))
    assert not verdict.passed
    assert {"right decisions", "AURC", "Brier score"} <= failed(verdict)


def test_a_reader_that_always_refuses_fails(setup, program):
    verdict = judged(setup, ours.Never(program))
    assert not verdict.passed
    assert "right decisions" in failed(verdict)
    assert not any(c.worse for c in verdict.compared if c.measure == "refused of unanswerable")


def test_quoting_whole_paragraphs_fails(setup, program):
    verdict = judged(setup, WholeParagraphs(setup, program))
    assert not verdict.passed
    assert "characters quoted" in failed(verdict)
    assert not failed(verdict) & {"right decisions", "AURC"}  # it is as right as before, or more so


def test_a_little_more_quoted_does_not_fail(setup, program):
    class Longer:
        name = "longer"

        def ask(self, asked):
            found = program.ask(asked)
            return replace(
                found, quotes=tuple(replace(q, text=q.text + " and so on, and so forth.") for q in found.quotes)
            )

    verdict = judged(setup, Longer())
    assert verdict.passed
    # The program may quote less than when the baseline was recorded, so the two are held against each other.
    by_hand = [
        next(c.difference.value for c in its.compared if c.measure == "characters quoted")
        for its in (judged(setup, program), verdict)
    ]
    assert by_hand[1] > by_hand[0] + 10


def test_a_confidence_that_says_nothing_fails(setup, program):
    class Timid:
        name = "timid"

        def ask(self, asked):
            found = program.ask(asked)
            return replace(found, score=found.score / 100)

    assert "Brier score" in failed(judged(setup, Timid()))


def test_a_better_reader_with_the_same_confidence_passes(setup, program):
    """Its AUROC of right against wrong may fall, as its own answers make the classes."""
    right = {case.asked: case for case in setup.dataset.cases if case.answerable}

    class Better:
        name = "better"

        def ask(self, asked):
            found = program.ask(asked)
            if asked not in right or found.score > 0.3:
                return found
            gold = right[asked].gold[0]
            return replace(found, quotes=(Quote(gold.article_id, gold.start, gold.end, gold.text, gold.paragraph),))

    verdict = judged(setup, Better())
    assert verdict.passed, [str(c) for c in verdict.worse]


def test_a_violation_of_grounding_fails_whatever_else(setup, program):
    assert not gate.judged({"seeds": measured(setup, program)}, 1, baseline.read()).passed


def test_other_questions_ask_for_a_new_baseline(setup, program):
    verdict = gate.judged({"seeds": measured(setup, program, 5)}, 0, baseline.read())
    assert not verdict.passed
    assert not verdict.compared
    assert "cannot be compared" in verdict.missing[0]
    # Also when only the gold of a question changed, under the same id.
    cases = (replace(setup.dataset.cases[0], gold=setup.dataset.cases[1].gold), *setup.dataset.cases[1:])
    changed = gate.Measured.of(cases, records_of(program, cases[:3]))
    assert gate.judged({"seeds": changed}, 0, baseline.read()).missing


def test_a_gain_is_named_and_can_be_recorded(setup, program, tmp_path):
    class Perfect:
        name = "perfect"

        def ask(self, asked):
            case = next(c for c in setup.dataset.cases if c.asked == asked)
            if not case.answerable:
                return Prediction(0.0, False)
            quotes = tuple(Quote(g.article_id, g.start, g.end, g.text, g.paragraph) for g in case.gold)
            return Prediction(1.0, True, quotes, case.gold[0].text)

    found = measured(setup, Perfect())
    verdict = gate.judged({"seeds": found}, 0, baseline.read())
    assert verdict.passed
    assert "right decisions" in {c.measure for c in verdict.better}
    (tmp_path / "baseline.json").write_text('{"format": 1, "sets": {"seeds": []}}')  # of another format
    with pytest.raises(ValueError, match="record it anew"):
        baseline.read(tmp_path / "baseline.json")
    baseline.write(gate.recorded({"seeds": found}, baseline.read(), "", "2026-12-01"), tmp_path / "baseline.json")
    again = gate.judged({"seeds": found}, 0, baseline.read(tmp_path / "baseline.json"))
    assert again.passed
    assert not again.better
