"""The bound holds as often as it says, on pools whose true risk is known; a certificate holds while nothing changes."""

import asyncio
import itertools
import json
from dataclasses import replace

import gradio as gr
import numpy as np
import pytest
from typer.testing import CliRunner

from eval.simulated import before, by_article, liked, liked_before, now, renamed
from rag.answer.fingerprint import fingerprint
from rag.answer.opening import LiveAssistant, open_assistant
from rag.build import sync_index
from rag.build.seeds import Library
from rag.calibrate import judge
from rag.calibrate.feedback import Feedback
from rag.calibrate.gold import CalibrationQuestion, calibration_questions
from rag.calibrate.risk import (
    STAKES,
    Bets,
    Judged,
    answers_needed,
    articles_needed,
    bets,
    certify,
    certify_rest,
    in_develop,
    parted,
    question_key,
    smallest_risks,
    thresholds,
    upper_bound,
)
from rag.calibrate.walk import calibrate
from rag.cli import app
from rag.cli.report import calibration_lines
from rag.language.sentences import sentence_pieces
from rag.load import load
from rag.serve.guard import Uploads
from rag.serve.line import Line
from rag.serve.ui import Offer, choices, page
from rag.serve.ui.replies import converse
from rag.store import certificates, layout
from rag.types import Support, Turn
from rag.types.certificates import Certificate, Level, percent
from rag.types.errors import IndexUnusable, InputError
from rag.types.filters import parse
from rag.types.settings import Settings, certified
from rag.verify import verify
from rag.verify.check import check
from tests.conftest import ARTICLE, SEEDS
from tests.test_stages import asking, support

RISK, CONFIDENCE = 0.2, 0.95
DRAWS = 2000
# At most 5% of the draws may exceed the risk, plus three standard errors of that share.
ALLOWED = 0.05 + 3 * (0.05 * 0.95 / DRAWS) ** 0.5


def test_the_bound_by_the_published_table():
    # One-sided 95%: 0 of 59 is the known sample size for 5%; 3 of 10 from the tables of Clopper and Pearson.
    assert upper_bound(0, 59, 0.95) == pytest.approx(0.0495, abs=1e-4)
    assert upper_bound(3, 10, 0.975) == pytest.approx(0.6525, abs=1e-4)
    assert upper_bound(0, 0, 0.95) == upper_bound(7, 7, 0.95) == 1.0


def judged(confidence, wrong, id="q"):
    return Judged(id, confidence, wrong, True)


def test_the_test_stops_at_the_first_that_is_not_accepted():
    sure = [judged(0.9, False)] * 100
    unsure = [judged(0.5, True)] * 50
    right_again = [judged(0.1, False)] * 10_000
    found = certify(sure + unsure + right_again, [0.9, 0.5, 0.1], RISK, CONFIDENCE)
    assert (found.accepted.threshold, found.accepted.answers, found.accepted.errors) == (0.9, 100, 0)
    assert [step.threshold for step in found.steps] == [0.9, 0.5]  # 0.1 would be accepted, and is not looked at


def test_where_the_first_fails_nothing_is_certified():
    found = certify([judged(0.9, True)] * 100, [0.9], RISK, CONFIDENCE)
    assert found.accepted is None
    assert found.steps[0].bound == 1.0
    assert certify([judged(0.9, False)] * 10, [0.9], RISK, CONFIDENCE).accepted is None  # too few to know


def test_a_failure_of_the_program_is_wrong_at_every_threshold():
    crashes = [judged(1.0, True)] * 40
    found = certify([judged(0.9, False)] * 60 + crashes, [0.9], RISK, CONFIDENCE)
    assert (found.steps[0].answers, found.steps[0].errors) == (100, 40)
    assert found.accepted is None


def test_the_order_starts_where_enough_answers_are_expected_and_falls():
    develop = [judged(n / 100, False) for n in range(100)]
    order = thresholds(develop, 300)
    assert order[0] == 0.80  # 20 of 100 develop questions, so 60 of 300
    assert order == sorted(order, reverse=True)
    assert 15 <= len(order) <= 25
    assert thresholds(develop, 50) == []  # 60 answers cannot be expected of 50 questions
    assert thresholds([], 100) == []
    assert thresholds([judged(0.5, False)] * 100, 300) == [0.5]  # ties are one threshold


def test_a_quarter_of_the_questions_fixes_the_order():
    share = sum(in_develop(question_key(f"question {n}")) for n in range(4000)) / 4000
    assert share == pytest.approx(0.25, abs=0.02)


def test_what_could_be_certified_at_fixed_coverage():
    develop = [judged(n / 100, False) for n in range(100)]
    rest = [judged(n / 200, n < 150) for n in range(200)]
    found = smallest_risks(develop, rest, CONFIDENCE)
    assert [coverage for coverage, _ in found] == [0.1, 0.2, 0.3]
    assert [(step.answers, step.errors) for _, step in found] == [(20, 0), (40, 0), (60, 10)]
    # Three shown together share the error probability.
    assert found[0][1].bound == pytest.approx(upper_bound(0, 20, 1 - (1 - CONFIDENCE) / 3))


class Pool:
    """Questions whose chance of a wrong answer is known at every confidence; ties on purpose, at two decimals."""

    def __init__(self, seed, boundary=False):
        self.rng = np.random.default_rng(seed)
        self.boundary = boundary

    def draw(self, count):
        confidence = np.round(self.rng.random(count), 2)
        return confidence, self.rng.random(count) < self.chance(confidence)

    def chance(self, confidence):
        # On the boundary every threshold has exactly the risk: accepting any is as wrong as can be without being wrong.
        return np.full_like(confidence, RISK + 1e-9) if self.boundary else np.clip(0.9 - confidence, 0, 1)

    def true_risk(self, threshold):
        grid = np.round(np.arange(0, 1.001, 0.01), 2)
        weight = np.where((grid == 0) | (grid == 1), 0.5, 1.0)[grid >= threshold]
        return float(np.average(self.chance(grid[grid >= threshold]), weights=weight))


def violations(pool, pick, draws=DRAWS):
    wrong = 0
    for _ in range(draws):
        develop, questions = ([judged(c, w) for c, w in zip(*pool.draw(n), strict=True)] for n in (100, 300))
        threshold = pick(develop, questions)
        wrong += threshold is not None and pool.true_risk(threshold) > RISK
    return wrong / draws


def by_the_rule(develop, questions):
    accepted = certify(questions, thresholds(develop, len(questions)), RISK, CONFIDENCE).accepted
    return accepted.threshold if accepted else None


@pytest.mark.parametrize("boundary", [False, True])
def test_the_error_rate_exceeds_the_risk_no_more_often_than_promised(boundary):
    assert violations(Pool(1, boundary), by_the_rule) <= ALLOWED


def test_the_accepted_thresholds_are_those_of_mapie():
    """MAPIE's fixed-sequence procedure on scipy's exact binomial p-values, as an oracle."""
    from mapie.risk_control.fwer_control import FWERFixedSequenceTesting
    from scipy.stats import binomtest

    rng = np.random.default_rng(5)
    accepted = []
    for draw in range(150):
        scores = rng.random(500).round(2)
        wrong = rng.random(500) < rng.uniform(0.5, 1.2) * (1 - scores)
        questions = [
            Judged(f"{draw}-{i}", s, bool(w), True) for i, (s, w) in enumerate(zip(scores, wrong, strict=True))
        ]
        order, risk, confidence = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2, 0.0], rng.choice([0.1, 0.2, 0.3]), 0.95
        tested = certify(questions, order, risk, confidence)
        ours = [step.threshold for step in tested.steps if step.bound <= risk]
        p_values = []
        for threshold in order:
            given = wrong[scores >= threshold]
            p_values.append(binomtest(int(given.sum()), len(given), risk, alternative="less").pvalue)
        theirs = FWERFixedSequenceTesting().run(np.array(p_values), 1 - confidence)
        assert ours == [order[i] for i in theirs]
        accepted.append(len(ours))
    assert 0 in accepted
    assert max(accepted) > 3


def test_a_threshold_tuned_on_the_questions_that_test_it_breaks_the_promise():
    def cheat(_develop, questions):
        order = sorted({q.confidence for q in questions}, reverse=True)
        steps = [certify(questions, [t], RISK, CONFIDENCE).accepted for t in order]
        accepted = [step.threshold for step in steps if step]
        return min(accepted) if accepted else None  # the lowest that passes, wherever the tests failed before it

    assert violations(Pool(1, boundary=True), cheat, 200) > 0.15


@pytest.fixture
def index(tmp_path, word_encoder):
    sync_index(SEEDS, tmp_path / "index", Settings())
    return tmp_path / "index"


class Scripted:
    """An extractor whose confidence is the number that ends the question; its sentence is the first there is."""

    def extract(self, question, hits):
        passage = hits[0].passage
        return [Support(passage, passage.chunk.sentences[0], None, None, int(question.text.split()[-1]) / 1000)]


def assistant(index, extractor=None, **settings):
    return open_assistant(index, Settings(**settings), extractor=extractor or Scripted())


def questions(count=240, right_from=60):
    """Questions of rising confidence; from a number on any sentence of the article is a right answer."""
    (article,) = load(SEEDS, ARTICLE).articles
    sentences = tuple(article.text[a:b] for p in article.paragraphs for a, b in sentences_of(article.text, p))
    return [
        CalibrationQuestion(
            f"q{n}", f"Who is Xi meeting {n * 1000 // count}", sentences if n >= right_from else ("Nobody",)
        )
        for n in range(count)
    ]


def sentences_of(text, paragraph):
    start = paragraph.start
    return [(start + a, start + b) for a, b in sentence_pieces(text[start : paragraph.end])]


def test_a_certificate_sets_the_threshold_and_is_named_in_every_answer(index):
    found = calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95)
    made = found.certificate
    assert made is not None
    assert 0.05 < made.threshold < 0.3
    assert made.errors / made.answers < made.bound <= 0.2
    assert made.develop + made.questions == 240
    # What orders the thresholds does not test them, and the other way round.
    asked = [
        (in_develop(question_key(q.text)), int(q.text.split()[-1]) / 1000, int(q.id[1:]) < 60) for q in questions()
    ]
    assert made.threshold in {sure for develops, sure, _ in asked if develops}
    tested = [wrong for develops, sure, wrong in asked if not develops and sure >= made.threshold]
    assert (made.answers, made.errors) == (len(tested), sum(tested))
    assert made.questions == sum(not develops for develops, _, _ in asked)
    opened = open_assistant(index, Settings())
    assert opened.certificate == made
    reply = opened.ask("Who is Xi Jinping meeting?")
    assert (reply.certificate, reply.threshold) == (made.name, made.threshold)
    # Nothing was tested of some articles only.
    reply = opened.ask("Who is Xi Jinping meeting?", filters=parse({"from": "2025-01-01"}))
    assert (reply.certificate, reply.threshold) == (None, made.threshold)
    assert opened.ask("Hello").certificate is None  # nor of a courtesy


def test_a_level_that_is_no_longer_certified_is_an_error_on_the_page(index):
    """It was chosen while there was a certificate; a laxer threshold must not be taken without a word."""
    reply, _ = converse(LiveAssistant(index, Settings()), "Who is Xi?", level="0.05")
    assert (reply.status, reply.error) == ("error", "no certificate of this index supports at most 5% of wrong answers")


def certified_at(index, *risks):
    """A certificate of the index with these levels, as if `rag calibrate` had been run beside the page."""
    levels = tuple(Level(risk, 1 - risk, 60, 0, risk) for risk in risks)
    facts = {"answers": 60, "errors": 0, "bound": risks[0], "questions": 180, "unanswerable": 0, "develop": 60}
    facts |= {"tried": 1, "questions_sha256": "0" * 64, "loss": judge.RULE, "made": "2025-11-01", "levels": levels}
    facts |= {"reader": fingerprint(), "settings": certified(Settings())}
    named = {"risk": risks[0], "confidence": 0.95, "threshold": 1 - risks[0], "generation": layout.pointed(index)}
    return certificates.write(index, Certificate(**named, **facts))


def test_levels_on_an_open_page_follow_the_certificate(index):
    live = LiveAssistant(index, Settings())
    levels, note, lapsed = choices.renewed(live, None)
    assert (levels["choices"], levels["value"]) == ([("as shipped", choices.SHIPPED)], choices.SHIPPED)
    assert (lapsed, "not tested on these articles" in note) == (gr.skip(), True)
    file = certified_at(index, 0.2, 0.1)
    # What is no longer offered under its name is taken by what it stands for now; it promised nothing.
    levels, note, lapsed = choices.renewed(live, choices.SHIPPED)
    assert ([value for _, value in levels["choices"]], levels["value"]) == (["0.2", "0.1"], "0.2")
    assert (lapsed, "Certified on 180 questions" in note) == (gr.skip(), True)
    levels, _, lapsed = choices.renewed(live, "0.1")
    assert ("value" in levels, lapsed) == (False, gr.skip())
    certified_at(index, 0.2)
    levels, _, lapsed = choices.renewed(live, "0.1")
    assert ([value for _, value in levels["choices"]], levels["value"]) == (["0.2"], "0.2")
    assert "“at most 1 answer in 10 is wrong” was chosen and is no longer certified" in lapsed
    file.unlink()
    levels, note, lapsed = choices.renewed(live, "0.2", read=True)
    assert (levels["value"], "not tested on these articles" in note) == (choices.SHIPPED, True)
    assert ("is no longer certified" in lapsed, "Chosen now: “as shipped”" in lapsed) == (True, True)
    assert choices.renewed(live, choices.SHIPPED)[2] == gr.skip()
    assert choices.renewed(live, choices.SHIPPED, read=True)[2] == ""
    assert converse(live, "Who is Xi?", level=None)[0].status != "error"  # before the page has its levels


def test_a_page_looks_for_levels_when_they_can_have_changed(index, tmp_path):
    """When it is loaded, when the chat or the choices are opened, and after each question."""

    async def built():  # in a loop, as Gradio would open some of its own and leave them
        offer = Offer(Library(SEEDS), Uploads())
        live, feedback = LiveAssistant(index, Settings()), Feedback(tmp_path / "feedback.db")
        return page(live, feedback, offer, Line()).get_config_file()

    config = asyncio.run(built())
    ids = {component["props"].get("elem_id"): component["id"] for component in config["components"]}
    events = {
        event
        for dependency in config["dependencies"]
        if {ids["strictness"], ids["strictness-note"]} <= set(dependency["outputs"])
        for _, event in dependency["targets"]
    }
    assert events == {"load", "select", "expand", "then"}


def test_levels_hold_together_and_can_be_chosen(index):
    found = calibrate(
        assistant(index), index, questions(), risk=0.2, further=(0.1, 0.001, 0.2), confidence=0.95
    ).certificate
    assert [level.risk for level in found.levels] == [0.2, 0.1, 0.001]
    lax, strict, none = found.levels
    assert (found.risk, found.threshold) == (0.2, lax.threshold)
    assert lax.threshold < strict.threshold
    assert none.threshold is None
    # Each at a third of the error probability, so with a higher bound than alone.
    for level in (lax, strict):
        assert level.bound == pytest.approx(upper_bound(level.errors, level.answers, 1 - 0.05 / 3), abs=1e-6)
    alone = calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95).certificate
    assert alone.levels[0].threshold <= lax.threshold
    calibrate(assistant(index), index, questions(), risk=0.001, further=(0.2, 0.1), confidence=0.95)
    opened = open_assistant(index, Settings())
    assert opened.certificate.risk == 0.2  # the first that was reached
    assert opened.at_level(0.1).ask("Who is Xi?").threshold == strict.threshold
    assert opened.at_level(0.1).ask("Who is Xi?").certificate == opened.certificate.name
    with pytest.raises(InputError, match=r"no certificate of this index supports at most 0\.1%"):
        opened.at_level(0.001)


def test_where_the_risk_is_not_reached_nothing_is_stored(index):
    found = calibrate(assistant(index), index, questions(right_from=235), risk=0.05, confidence=0.95)
    assert found.certificate is None
    assert [coverage for coverage, _ in found.smallest] == [0.1, 0.2, 0.3]
    assert open_assistant(index, Settings()).ask("Who is Xi?").certificate is None
    assert not list((index / "certificates").glob("*.json"))


def test_any_change_withdraws_the_claim(index, tmp_path):
    made = calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95).certificate
    shipped = open_assistant(index, Settings(passages=5))
    assert shipped.certificate is None
    assert shipped.ask("Who is Xi?").threshold != made.threshold
    assert open_assistant(index, Settings(threshold=0.5)).ask("Who is Xi?").certificate is None
    assert made.stale("0" * 16, made.reader, made.settings) == "the index has changed"
    assert made.stale(made.generation, "another", made.settings) == (
        "the program, its models or a library that answers has changed"
    )
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for file in SEEDS.glob("*.txt"):
        (seeds / file.name).write_bytes(file.read_bytes())
    (seeds / "new.txt").write_text("A bridge\n\nThe bridge was opened on Monday by the mayor of the town.\n")
    sync_index(seeds, index, Settings())
    assert open_assistant(index, Settings()).certificate is None
    (seeds / "new.txt").unlink()
    sync_index(seeds, index, Settings())  # the generation that was certified again
    assert open_assistant(index, Settings()).certificate == made


def test_a_page_that_is_open_takes_up_a_new_certificate(index):
    live = LiveAssistant(index, Settings())
    assert live.current().certificate is None
    made = calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95).certificate
    assert live.current().certificate == made
    assert live.current() is live.current()


def test_repeated_tries_are_counted_whatever_the_order_of_the_file(index):
    some = questions()
    calibrate(assistant(index), index, some, risk=0.01, confidence=0.95)
    made = calibrate(assistant(index), index, some[::-1], risk=0.2, confidence=0.95).certificate
    assert made.tried == 2
    assert "used 2 times" in " ".join(made.lines())


def test_a_damaged_certificate_is_never_believed(index):
    made = calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95).certificate
    file = index / "certificates" / f"{made.generation}.json"
    data = json.loads(file.read_text())
    file.write_text(json.dumps(data | {"threshold": 0.0001}))
    with pytest.raises(IndexUnusable, match="is damaged"):
        certificates.read(index, made.generation)
    # It takes nothing else down: the shipped threshold applies, `rag check` says so, and it can be calibrated anew.
    for content in (json.dumps(data | {"threshold": 0.0001}), "", "[]", '{"format": 99}'):
        file.write_text(content)
        assert open_assistant(index, Settings()).ask("Who is Xi?").certificate is None
        assert LiveAssistant(index, Settings()).current().certificate is None
        assert any(file.name in line for line in check(SEEDS, index, Settings()))
    assert calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95).certificate.tried == 2


def test_every_byte_of_a_certificate_is_watched_by_name(index):
    file = certified_at(index, 0.2)
    raw = file.read_bytes()
    for at, bit in itertools.product(range(len(raw)), (1, 3, 7)):  # 3 makes a tab of a newline, 7 a carriage return
        file.write_bytes(raw[:at] + bytes([raw[at] ^ bit]) + raw[at + 1 :])
        with pytest.raises(IndexUnusable, match=file.name):
            certificates.read(index, file.stem)
    file.write_bytes(raw[:-20] + bytes([raw[-20] ^ 1]) + raw[-19:])
    assert any(str(file) in line for line in check(SEEDS, index, Settings()))
    of_before = raw.replace(b'"format": 4', b'"format": 3').replace(b',\n "asked": false', b"")
    assert b"asked" not in of_before  # format 3 did not tell whether its questions had a day
    file.write_bytes(of_before)
    with pytest.raises(IndexUnusable, match="was written by another version of this program; run `rag calibrate`"):
        certificates.read(index, file.stem)


def test_a_certificate_covers_questions_in_a_conversation_only_where_those_were_tested(index):
    before = [Turn("Who is Xi?", "")]
    made = calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95).certificate
    opened = open_assistant(index, Settings())
    assert made.history is False
    assert opened.ask("Who is Xi Jinping meeting?").certificate == made.name
    assert opened.ask("Who is Xi Jinping meeting?", history=before).certificate is None
    assert opened.at_level(0.2).ask("Who is he meeting?", history=before).certificate is None
    assert any("each by itself" in line for line in made.lines())
    assert "It covers first questions" in choices.levels(opened)[1]
    followed = [replace(question, history=tuple(before)) for question in questions()]
    other = calibrate(assistant(index), index, followed, risk=0.2, confidence=0.95).certificate
    assert (other.history, other.tried) == (True, 1)  # other questions, though in the same words
    opened = open_assistant(index, Settings())
    assert opened.ask("Who is he meeting?", history=before).certificate == other.name
    assert opened.ask("Who is Xi Jinping meeting?").certificate is None
    assert opened.ask("Who is he?", history=before, filters=parse({"from": "2025-01-01"})).certificate is None
    assert any("each after others in a conversation" in line for line in other.lines())
    assert "It covers questions that follow others" in choices.levels(opened)[1]


def test_a_certificate_covers_questions_of_a_day_only_where_those_were_tested(index):
    question, before = "Who is Xi Jinping meeting?", [Turn("Who is Xi?", "")]
    made = calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95).certificate
    opened = open_assistant(index, Settings())
    assert made.asked is False
    assert opened.ask(question).certificate == made.name
    for day in ("2025-11-02", "1999-01-01"):
        reply = opened.ask(question, day=day)
        assert (reply.certificate, reply.threshold) == (None, made.threshold)
        assert opened.at_level(0.2).ask(question, day=day).certificate is None
    assert any("each by itself, on no day and of all these articles" in line for line in made.lines())
    assert choices.levels(opened)[1].endswith("It was made without days of asking, so it covers no question here.")
    dated = [replace(one, day="2025-11-02") for one in questions()]
    other = calibrate(assistant(index), index, dated, risk=0.2, confidence=0.95).certificate
    assert (other.asked, other.history, other.tried) == (True, False, 1)  # other questions, though in the same words
    assert certificates.read(index, other.generation) == other
    opened = open_assistant(index, Settings())
    for day in ("2025-11-02", "1999-01-01"):
        assert opened.ask(question, day=day).certificate == other.name
    assert opened.ask(question).certificate is None
    assert opened.ask(question, day="2025-11-02", history=before).certificate is None
    assert opened.ask(question, day="2025-11-02", filters=parse({"from": "2025-01-01"})).certificate is None
    assert any("each by itself, on a day and of all these articles" in line for line in other.lines())
    assert "days of asking" not in choices.levels(opened)[1]


def test_a_certificate_of_questions_of_a_day_in_a_conversation_covers_those_alone(index):
    before = (Turn("Who is Xi?", ""),)
    both = [replace(one, day="2025-11-02", history=before) for one in questions()]
    made = calibrate(assistant(index), index, both, risk=0.2, confidence=0.95).certificate
    opened = open_assistant(index, Settings())
    covered = {
        (history, day): opened.ask("Who is he meeting?", history=history, day=day).certificate == made.name
        for history in (before, ())
        for day in ("2025-11-02", None)
    }
    assert [sort for sort, its in covered.items() if its] == [(before, "2025-11-02")]
    assert any("each after others in a conversation, on a day and" in line for line in made.lines())


def test_passages_that_are_given_are_not_certified(index):
    calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95)
    opened = open_assistant(index, Settings())
    question = "Who is Xi Jinping meeting?"
    assert opened.ask(question).certificate is not None
    assert opened.answer(question, opened.search(question, 3)).certificate is None


def test_questions_with_and_without_history_are_calibrated_apart(index):
    some = questions(20)
    mixed = [*some[:-1], replace(some[-1], history=(Turn("Who is Xi?", ""),))]
    with pytest.raises(InputError, match="some questions have a history and some have none"):
        calibrate(assistant(index), index, mixed, risk=0.2, confidence=0.95)
    # The same words after other questions are no copy; after the same ones they are.
    for turn, twice in (("Who is Lee?", False), ("Who is Xi?", True)):
        histories = [(Turn("Who is Xi?", ""),), (Turn(turn, ""),)]
        pair = [replace(some[0], id=f"{n}", history=its) for n, its in enumerate(histories)]
        if twice:
            with pytest.raises(InputError, match="stands twice"):
                calibrate(assistant(index), index, pair, risk=0.2, confidence=0.95)
        else:
            assert calibrate(assistant(index), index, pair, risk=0.2, confidence=0.95).certificate is None


def test_questions_with_and_without_a_day_are_calibrated_apart(index):
    some = questions(20)
    for mixed in (
        [*some[:-1], replace(some[-1], day="2025-11-02")],
        [*(replace(one, day="2025-11-02") for one in some[:-1]), some[-1]],
    ):
        with pytest.raises(InputError, match="some questions have a day in 'asked' and some have none"):
            calibrate(assistant(index), index, mixed, risk=0.2, confidence=0.95)
    assert not (index / "certificates").exists()  # nor was it counted as a try
    # The same words on another day are no copy; on the same day they are.
    for day, twice in (("2025-11-03", False), ("2025-11-02", True)):
        pair = [replace(some[0], id=f"{n}", day=its) for n, its in enumerate(("2025-11-02", day))]
        if twice:
            with pytest.raises(InputError, match="stands twice"):
                calibrate(assistant(index), index, pair, risk=0.2, confidence=0.95)
        else:
            assert calibrate(assistant(index), index, pair, risk=0.2, confidence=0.95).certificate is None


def test_a_line_of_a_calibration_may_have_a_day_on_which_it_is_asked(index, tmp_path):
    days = []

    class Listening(Scripted):
        def extract(self, question, hits):
            days.append(question.day)
            return super().extract(question, hits)

    file = tmp_path / "questions.jsonl"
    lines = [{"id": n, "question": f"Who met Xi? {n}", "gold": ["Xi"], "asked": f"2025-11-{n:02}"} for n in (1, 2)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    given = calibration_questions(file)
    assert [question.day for question in given] == ["2025-11-01", "2025-11-02"]
    calibrate(assistant(index, Listening()), index, given, risk=0.2, confidence=0.95)
    assert days == ["2025-11-01", "2025-11-02"]
    for bad in ("yesterday", "20251101", 7):
        file.write_text(json.dumps(lines[0] | {"asked": bad}) + "\n")
        with pytest.raises(InputError, match=r"'asked' .*mend the line"):
            calibration_questions(file)


def test_a_line_of_a_calibration_may_have_a_history(index, tmp_path):
    asked = []

    class Listening(Scripted):
        def extract(self, question, hits):
            asked.append(question.text)
            return super().extract(question, hits)

    file = tmp_path / "questions.jsonl"
    history = [{"question": "Who is the Prime Minister of Japan?", "answer": "…", "short_answer": "Sanae Takaichi"}]
    file.write_text(json.dumps({"id": 1, "question": "And of Canada? 5", "gold": ["Xi"], "history": history}) + "\n")
    (question,) = calibration_questions(file)
    assert question.history == (Turn("Who is the Prime Minister of Japan?", "Sanae Takaichi"),)
    made = assistant(index, Listening())
    calibrate(made, index, [question], risk=0.2, confidence=0.95)
    assert asked == [made.understand(question.text, question.history).shown]
    assert asked[0] == "And of Canada? 5 (Prime Minister Japan Sanae Takaichi)?"
    file.write_text('{"id": 1, "question": "Who?", "gold": [], "history": [{"answer": "x"}]}\n')
    with pytest.raises(InputError, match=r"history\.0\.question"):
        calibration_questions(file)


def test_small_risks_start_where_they_can_be_reached():
    assert answers_needed(0.2, 0.95) == 60
    for risk in (0.05, 0.02, 0.01):
        needed = answers_needed(risk, 0.95)
        assert upper_bound(1, needed, 0.95) <= risk
        assert needed < 1.1 * 4.75 / risk  # about what one error costs
    sure = [judged(n / 10_000, False) for n in range(10_000)]
    order = thresholds(sure[::4], 7500, answers_needed(0.02, 0.95))
    assert certify([s for n, s in enumerate(sure) if n % 4], order, 0.02, 0.95).accepted.threshold == order[-1]


def test_the_program_s_own_faults_count_as_wrong_too(index):
    class Broken:
        def extract(self, question, hits):
            raise ValueError("broke")

    made = assistant(index, Broken())
    found = calibrate(made, index, questions(20), risk=0.2, confidence=0.95)
    assert found.failed == 20


def test_copies_are_no_evidence(index):
    some = questions(20)
    with pytest.raises(InputError, match="stands twice"):
        calibrate(assistant(index), index, [*some, replace(some[0], id="copy")], risk=0.2, confidence=0.95)


def test_tries_are_counted_whatever_was_chosen_of_the_file_and_shown_when_they_fail(index):
    for most in (0, 3):
        found = calibrate(assistant(index), index, questions(20), risk=0.2, confidence=0.95, max_per_article=most)
    assert found.tried == 2
    assert any("used 2 times" in line for line in calibration_lines(found, 0.95))


def test_a_try_is_counted_when_some_questions_are_others(index):
    from dataclasses import replace

    some = questions(20)
    calibrate(assistant(index), index, some, risk=0.2, confidence=0.95)
    other = [replace(some[0], text="Who is Lee meeting 0"), *some[1:]]
    assert calibrate(assistant(index), index, other, risk=0.2, confidence=0.95).tried == 2
    renamed = [replace(q, id=f"new {q.id}", text=f"«{q.text.upper()}") for q in some[:10]]
    assert calibrate(assistant(index), index, renamed, risk=0.2, confidence=0.95).tried == 3
    fresh = [CalibrationQuestion(f"f{n}", f"What is new {n * 50}", ()) for n in range(20)]
    assert calibrate(assistant(index), index, [*fresh, *some[15:]], risk=0.2, confidence=0.95).tried == 1


def test_another_id_or_article_name_gives_no_other_split():
    some = [Judged(f"q{n}", 0.5, False, True, f"a{n // 5}", f"Question {n}?") for n in range(200)]
    other = [Judged(f"x{j.id}", 0.5, False, True, f"b{j.group}", j.text.upper()) for j in some]
    first, second = ([[j.text.lower() for j in part] for part in parted(asked)] for asked in (some, other))
    assert first == second
    develop, rest = parted(some)
    assert not {j.group for j in develop} & {j.group for j in rest}  # no article stands on both sides
    assert (len(develop) + len(rest), len(develop) % 5) == (200, 0)


def articles(wrong, sure=0.9, each=20):
    """A question set of so many articles, each with `each` questions of which these are wrong."""
    return [
        Judged(f"{a}-{n}", sure, n < errors, True, f"a{a}", f"article {a} question {n}")
        for a, errors in enumerate(wrong)
        for n in range(each)
    ]


def test_articles_and_not_their_questions_are_the_evidence():
    # 100 answers, 5 wrong: 10.2% were each by itself; of five articles, whose questions err together, nothing is known.
    alone = [Judged(f"q{n}", 0.9, n < 5, True) for n in range(100)]
    assert certify(alone, [0.9], 0.2, CONFIDENCE).steps[0].bound == pytest.approx(upper_bound(5, 100, 0.95))
    few = articles([1] * 5)
    found = certify(few, [0.9], 0.2, CONFIDENCE, bets(articles([1]), few, CONFIDENCE))
    assert (found.steps[0].answers, found.steps[0].errors) == (100, 5)
    assert (found.accepted, found.steps[0].bound > 0.4) == (None, True)
    many = articles([1] * 60)
    found = certify_rest(articles([1] * 20), many, 0.2, CONFIDENCE)
    assert (found.accepted.answers, found.accepted.errors) == (1200, 60)
    assert 0.05 < found.accepted.bound < 0.2
    # The same errors, all of three articles: less is known.
    together = certify(
        articles([20] * 3 + [0] * 57), [0.9], 0.2, CONFIDENCE, bets(articles([1] * 20), many, CONFIDENCE)
    )
    assert together.steps[0].bound > found.accepted.bound


def test_the_bet_of_one_stake_by_hand():
    bet = Bets(2, (0.5,), {0.5: int(np.argmin(abs(STAKES - 0.5)))})
    step = certify(articles([0] * 9 + [1], 0.5, 2), [0.5], 0.3, CONFIDENCE, bet).steps[0]
    # At the bound the capital is 20: nine articles won 2 risk of 2 (1 - risk), one lost 1 - 2 risk.
    won = 1 + 0.5 * step.bound / (1 - step.bound)
    lost = 1 - 0.5 * (1 - 2 * step.bound) / (2 * (1 - step.bound))
    assert won**9 * lost == pytest.approx(20, rel=1e-3)


def test_so_many_articles_are_needed_at_least():
    for risk in (0.05, 0.1, 0.3):
        needed = articles_needed(risk, CONFIDENCE)
        bet = Bets(20, (0.9,), {0.9: len(STAKES) - 1})
        bounds = [certify(articles([0] * n), [0.9], risk, CONFIDENCE, bet).steps[0].bound for n in (needed - 1, needed)]
        assert bounds[1] <= risk < bounds[0]


@pytest.mark.parametrize("together", [0.2, 1.0])
def test_questions_that_err_together_break_no_promise(together):
    """`eval.simulated` does 2,000 of each; the exact bound of single questions fails here in some 7 to 10%."""
    draws = 150
    wrong = sum(bool(now(by_article(np.random.default_rng(seed), 0.3, together), 0.3)) for seed in range(draws))
    assert wrong / draws <= 0.05 + 3 * (0.05 * 0.95 / draws) ** 0.5


def test_neither_other_ids_nor_liked_answers_bring_a_certificate(tmp_path):
    draws = [np.random.default_rng(seed) for seed in range(60)]
    assert sum(renamed(draw, before) for draw in draws) > 60 * ALLOWED
    assert sum(renamed(draw, now) for draw in draws) <= 60 * (0.05 + 3 * (0.05 * 0.95 / 60) ** 0.5)
    assert liked_before(draws[0])  # 5% was certified where 35% of the answers are wrong
    for marked, whole in ((True, False), (False, False), (False, True)):
        assert not liked(draws[0], tmp_path, marked=marked, whole=whole)


def test_questions_of_an_article_are_kept_together(index, tmp_path):
    from dataclasses import replace

    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for file in SEEDS.glob("*.txt"):
        (seeds / file.name).write_bytes(file.read_bytes())
    (seeds / "new.txt").write_text("A bridge\n\nThe bridge was opened on Monday by the mayor of the town.\n")
    some = [replace(q, article=f"a{n // 20}") for n, q in enumerate(questions(240, 0))]
    # Of an index of one article, that is what questions are drawn of.
    alone = calibrate(assistant(index), index, some, risk=0.3, confidence=0.95)
    assert (alone.articles, alone.certificate.articles) == (0, 0)
    sync_index(seeds, index, Settings())
    found = calibrate(assistant(index), index, some, risk=0.3, confidence=0.95)
    develop, rest = parted([Judged(q.id, 0.0, False, True, q.article, q.text) for q in some])
    assert found.articles == len({j.group for j in rest}) == 12 - len(develop) // 20
    assert any(f"of {found.articles} articles" in line for line in calibration_lines(found, 0.95))
    # Where articles have one or two questions, one of each is asked, and stands alone.
    pairs = [replace(q, article=f"a{n // 2}" if n < 40 else "") for n, q in enumerate(questions(240, 0))]
    found = calibrate(assistant(index), index, pairs, risk=0.3, confidence=0.95)
    assert (found.articles, found.left_out) == (0, 20)


def test_a_question_that_nobody_told_the_gold_of_counts_as_wrong(index):
    from dataclasses import replace

    some = [replace(q, gold=(), told=False) if n % 2 else q for n, q in enumerate(questions(240, 0))]
    found = calibrate(assistant(index), index, some, risk=0.2, confidence=0.95)
    assert (found.certificate, found.untold) == (None, 120)
    assert any(
        "120 questions without gold: every answer there counts as wrong" in s for s in calibration_lines(found, 0.95)
    )


def test_a_failed_try_says_that_an_earlier_certificate_stays(index):
    made = calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95).certificate
    found = calibrate(assistant(index), index, questions(right_from=235), risk=0.01, confidence=0.95)
    assert found.certificate is None
    assert found.in_force == made
    assert any(made.name in line and "stays in force" in line for line in calibration_lines(found, 0.95))


def test_a_build_in_between_is_said(index, tmp_path, monkeypatch):
    opened = assistant(index)
    monkeypatch.setattr("rag.store.files.FileStore.current", lambda _store: "0" * 16)
    found = calibrate(opened, index, questions(), risk=0.2, confidence=0.95)
    assert found.certificate is not None
    assert found.in_force is None
    assert any("built anew meanwhile" in line for line in calibration_lines(found, 0.95))


def test_what_is_claimed_is_never_rounded_to_more():
    assert [percent(share) for share in (0.054, 0.025, 0.995, 0.1, 0.004)] == [
        "5.4%",
        "2.5%",
        "99.5%",
        "10%",
        "0.4%",
    ]


def test_questions_that_fail_count_as_wrong(index):
    some = [*questions(200, 0), *(CalibrationQuestion(f"long{n}", f"{n} " + "x" * 5000, ("Xi",)) for n in range(150))]
    found = calibrate(assistant(index), index, some, risk=0.2, confidence=0.95)
    assert found.failed == 150
    assert found.certificate is None


def test_a_folder_that_keeps_nothing_is_told_before_anything_is_asked(index, monkeypatch):
    def broken(*_):
        raise AssertionError("asked")

    opened = assistant(index)
    monkeypatch.setattr(type(opened), "ask", broken)
    (index / "certificates").write_text("in the way")
    with pytest.raises(IndexUnusable, match=r"nothing can be kept in .*; a certificate lies beside the index"):
        calibrate(opened, index, questions(20), risk=0.2, confidence=0.95)


def test_few_questions_an_article(index):
    some = [replace(q, article=f"a{n % 10}") for n, q in enumerate(questions(100))]
    assert calibrate(assistant(index), index, some, risk=0.2, confidence=0.95, max_per_article=3).left_out == 70


def test_what_cannot_be_calibrated_is_said(index):
    for bad in ({"risk": 0.0, "confidence": 0.95}, {"risk": 0.1, "confidence": 95.0}):
        with pytest.raises(InputError, match="between 0 and 1"):
            calibrate(assistant(index), index, questions(), **bad)
    with pytest.raises(InputError, match="stands twice"):
        calibrate(assistant(index), index, questions()[:1] * 2, risk=0.1, confidence=0.9)
    with pytest.raises(InputError, match=r"the question 'Who is xi, meeting 0\?' stands twice.*keep one line"):
        copy = CalibrationQuestion("copy", "Who is xi, meeting 0?", ())
        calibrate(assistant(index), index, [copy, *questions(20)], risk=0.1, confidence=0.9)
    with pytest.raises(InputError, match="the gold of 'q' is longer than a sentence"):
        (article,) = load(SEEDS, ARTICLE).articles
        calibrate(
            assistant(index), index, [CalibrationQuestion("q", "Who?", ("Xi", article.text))], risk=0.1, confidence=0.9
        )
    with pytest.raises(InputError, match="no question"):
        calibrate(assistant(index), index, [], risk=0.1, confidence=0.9)
    with pytest.raises(InputError, match="overrule"):
        calibrate(assistant(index, threshold=0.4), index, questions(), risk=0.1, confidence=0.9)


def test_the_command_says_what_was_tested(index, tmp_path, monkeypatch):
    file = tmp_path / "questions.jsonl"
    lines = [{"id": q.id, "question": q.text, "gold": list(q.gold)} for q in questions(12)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    arguments = ["calibrate", "--questions", str(file), "--risk", "0.1", "--index", str(index)]
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 1
    assert "nothing was stored" in found.output
    file.write_text('{"id": 1, "question": "Who?"}\n')
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 1
    assert "1 question without gold: every answer there counts as wrong" in " ".join(found.output.split())


def test_an_answer_with_a_certificate_verifies(index, tmp_path):
    from rag.answer.wire import to_json

    calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95)
    answers = tmp_path / "answers.jsonl"
    answers.write_text(to_json(open_assistant(index, Settings()).ask("Who is Xi Jinping set to meet?")) + "\n")
    assert not verify(answers, SEEDS).findings


def test_check_names_a_certificate_that_no_longer_holds(index):
    calibrate(assistant(index), index, questions(), risk=0.2, confidence=0.95)
    assert not [line for line in check(SEEDS, index, Settings()) if "certificate" in line]
    (stale,) = (line for line in check(SEEDS, index, Settings(passages=4)) if "certificate" in line)
    assert "'passages' has changed" in stale


def reply(quote_short, status="answered"):
    from rag.answer.decide import decide
    from rag.answer.render import render

    found = support(1, 0.9, quote_short)
    return render(asking("When did it rain?", id="q"), decide([found], 0.5, 0.05))


def test_when_an_answer_is_wrong():
    given = reply(None)
    quote = given.citations[0].quote
    assert not judge.wrong(given, [quote])
    assert not judge.wrong(given, [" ".join(quote.split()[1:])])
    assert judge.wrong(given, ["absent"])
    assert judge.wrong(given, [])
    assert judge.wrong(given, [f"Before the day. {quote} After it there were many others, and it rained again."])
    short = reply((41, 50))
    assert not judge.wrong(short, [short.short_answer])
    other = next(w for w in quote.split() if len(w) > 3 and w.strip(".") not in short.short_answer)
    assert judge.wrong(short, [other])  # in the citation, but not what the short answer says
    # A long text that is accepted too does not excuse a short answer that is wrong.
    assert judge.wrong(short, [other, "eleven words or more of a text that is accepted as a whole"])
