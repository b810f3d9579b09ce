"""The gate passes the program as it is, and fails four programs that are broken, each in its own way."""

from dataclasses import replace

import pytest

from eval import gate
from eval.bench import records_of
from eval.cases import Prediction, Quote
from eval.datasets import seeds
from eval.systems import Remembered, ours
from eval.world import World
from rag.settings import Settings

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(seeds.read(), tmp_path_factory.mktemp("cache"), Settings())


@pytest.fixture(scope="module")
def program(world):
    world.warm(world.dataset.cases)
    return Remembered(world, "ours", ours.Ours)


def judged(world, system):
    records = records_of(system, world.dataset.cases)
    return gate.judged({"seeds": records}, 0, gate.read())


def failed(verdict):
    return {compared.measure for compared in verdict.worse}


class BrokenRetriever:
    """Reads the passages that the retriever ranks last."""

    name = "broken retriever"

    def __init__(self, world):
        self.world = world

    def ask(self, asked):
        return ours.of_reply(self.world.assistant.answer(asked.question, self.world.deep_hits(asked)[::-1][:3]))


class WholeParagraphs:
    """Quotes the paragraphs of the sentences that the program quotes."""

    name = "whole paragraphs"

    def __init__(self, world, program):
        self.program = program
        self.articles = {article.info.article_id: article for article in world.articles}

    def ask(self, asked):
        found = self.program.ask(asked)
        return replace(found, quotes=tuple(self.whole(quote) for quote in found.quotes))

    def whole(self, quote):
        article = self.articles[quote.article_id]
        home = article.paragraphs[quote.paragraph - 1]
        text = article.text[home.start : home.end]
        return Quote(quote.article_id, home.start, home.end, text, quote.paragraph, quote.one)


def test_the_program_as_it_is_passes(world, program):
    verdict = judged(world, program)
    assert verdict.passed, [str(c) for c in verdict.worse] + verdict.missing
    assert {c.measure for c in verdict.compared} >= {"right decisions", "characters quoted", "AUROC right"}


def test_a_broken_retriever_fails(world):
    verdict = judged(world, BrokenRetriever(world))
    assert not verdict.passed
    assert {"right decisions", "right of answerable", "gold in one sentence"} <= failed(verdict)


def test_a_reader_that_always_answers_fails(world, program):
    verdict = judged(world, ours.Always(program))
    assert not verdict.passed
    assert {"right decisions", "refused of unanswerable"} <= failed(verdict)


def test_a_reader_that_always_refuses_fails(world, program):
    verdict = judged(world, ours.Never(program))
    assert not verdict.passed
    assert {"right decisions", "right of answerable"} <= failed(verdict)
    assert "refused of unanswerable" not in failed(verdict)


def test_quoting_whole_paragraphs_fails(world, program):
    verdict = judged(world, WholeParagraphs(world, program))
    assert not verdict.passed
    assert failed(verdict) == {"characters quoted"}  # everything else is as right as before, or more so


def test_a_violation_of_grounding_fails_whatever_else(world, program):
    records = records_of(program, world.dataset.cases)
    assert not gate.judged({"seeds": records}, 1, gate.read()).passed


def test_other_questions_ask_for_a_new_baseline(world, program):
    records = records_of(program, world.dataset.cases[:5])
    verdict = gate.judged({"seeds": records}, 0, gate.read())
    assert not verdict.passed
    assert "record it anew" in verdict.missing[0]


def test_a_gain_is_named_and_can_be_recorded(world, program, tmp_path):
    class Perfect:
        name = "perfect"

        def ask(self, asked):
            case = next(c for c in world.dataset.cases if c.id == asked.id)
            if not case.answerable:
                return Prediction(0.0, False)
            gold = case.gold[0]
            quote = Quote(gold.article_id, gold.start, gold.end, gold.text, gold.paragraph)
            return Prediction(1.0, True, (quote,), gold.text)

    records = records_of(Perfect(), world.dataset.cases)
    verdict = gate.judged({"seeds": records}, 0, gate.read())
    assert verdict.passed
    assert "right decisions" in {c.measure for c in verdict.better}
    gate.record({"seeds": records}, tmp_path / "baseline.json")
    again = gate.judged({"seeds": records}, 0, gate.read(tmp_path / "baseline.json"))
    assert again.passed
    assert not again.better


def test_the_baseline_holds_no_text():
    for name, records in gate.read()["sets"].items():
        for record in records:
            assert set(record) == set(gate.FIELDS), name
            assert not any(isinstance(v, str) and len(v) > 120 for v in record.values()), record
