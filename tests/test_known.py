"""What is asked of an article as a whole or on a topic has a fitted confidence; another encoder's is said not to be."""

import json
import math

import pytest
from typer.testing import CliRunner

from eval.datasets.lines import rows
from rag import embed
from rag.answer.opening import open_assistant
from rag.answer.reader import given_passage
from rag.build import sync_index
from rag.cli import app
from rag.cli.report import report_lines
from rag.extract import MODELS, shipped_model
from rag.extract.topics import Known, numbers_of, recorded
from rag.language.english.asides import on_record
from rag.serve.ui import html
from rag.types import Support
from rag.types.filters import Filters
from rag.types.settings import Settings
from rag.understand import query_of
from rag.verify.check import check
from tests.conftest import SEEDS
from training.fit_known import fitted, shares
from training.known_cases import JUDGED, TopicCase

OTHER = "confidence is not fitted for this encoder, only for sentence-transformers/all-MiniLM-L6-v2"


def test_every_confidence_is_fitted_and_says_on_what():
    data = json.loads((MODELS / "support.json").read_text())["known"]
    assert {mode: set(kinds) for mode, kinds in data.items()} == {
        **{mode: {"about", "topic"} for mode in ("first", "both", "given")},
        "record": {"dated", "written"},
    }
    for kinds in data.values():
        for its in kinds.values():
            assert all(int(found.split("/")[0]) > 0 for found in its["fitted_on"].values())
            assert all(weight > 0 for name, weight in its["weights"].items() if name != "beside")


def test_a_model_of_few_numbers():
    known = Known({"logit": 2.0, "titled": 1.0}, -1.0)
    assert known.probability({"logit": 0.0, "titled": 1.0, "beside": 9.0}) == 0.5
    assert known.probability({"logit": 1.0, "titled": 0.0}) == round(1 / (1 + math.exp(-1.0)), 4)
    assert Known({}, 900.0).probability({}) == 1.0


def test_shares_are_those_of_jeffreys():
    def cases(*pairs):
        return [TopicCase("own", "develop", {"beside": beside}, right) for beside, right in pairs]

    one = shares(cases((0, True), (0, True), (0, False)))
    assert Known.of(one).probability({}) == round(2.5 / 4, 4)
    assert one["fitted_on"] == {"own": "2/3 right"}
    two = Known.of(shares(cases((0, True), (0, True), (1, False)), "beside"))
    assert [two.probability({"beside": at}) for at in (0, 1)] == [round(2.5 / 3, 4), 0.25]


def test_a_fit_on_judged_answers_tells_right_from_wrong():
    its = [TopicCase("x", "develop", {"logit": float(n % 7 - 3)}, n % 7 > 3) for n in range(70)]
    known = Known.of(fitted(its, ("logit",)))
    assert known.probability({"logit": -2.0}) < 0.1 < 0.9 < known.probability({"logit": 3.0})


def test_the_numbers_of_a_sentence():
    passage = given_passage("The bridge at Lund was opened. It cost much.", "Bridge opened at Lund, Sweden")
    found = Support(passage, passage.chunk.sentences[0], None, None, 0.8)
    numbers = numbers_of(query_of("Which newspaper published this article?", 1000), found)
    assert numbers == pytest.approx({"logit": math.log(4), "titled": 3 / 4, "held": math.log(4), "beside": 0.0})


def test_the_judged_answers_are_told_apart_and_the_own_questions_are_of_the_record():
    for name, key in (("openings", "article"), ("topics", "topic")):
        found = list(rows(JUDGED / f"judged_{name}.jsonl"))
        assert {row["part"] for row in found} == {"develop", "test"}
        assert len({(row[key], row["quote"]) for row in found}) == len(found)
    asked = list(rows(JUDGED / "record.jsonl"))
    assert [on_record(row["question"]) for row in asked] == [
        "dated" if row["asks"] == "day" else "written" for row in asked
    ]


@pytest.fixture(scope="module")
def of_four(tmp_path_factory):
    """Articles whose openings tell what they are about, name who wrote them, or are on something else."""
    seeds = tmp_path_factory.mktemp("four") / "seeds"
    seeds.mkdir()
    rest = "The mayor of Lund opened the new bridge over the river on Monday. It cost nine million dollars to build."
    head = "---\ntitle: Mayor opens new bridge over the river in Lund\ndate: 2024-10-07\n"
    texts = {
        "told.txt": f"{head}---\n{rest}",
        "byline.txt": f"{head}author: Ann Example\n---\nFrom network and wire reports.\n\n{rest}",
        "other.txt": f"{head}publisher: The Herald\n---\nSign-ups for our weekly digest are open. {rest}",
        "record.txt": "---\ntitle: A tunnel\n---\nThe tunnel was closed.",
    }
    for name, text in texts.items():
        (seeds / name).write_text(text + "\n")
    sync_index(seeds, seeds.parent / "index", Settings())
    return open_assistant(seeds.parent / "index", Settings())


@pytest.mark.model
def test_what_an_article_is_about_is_told_by_an_opening_that_says_it(of_four):
    sure = {}
    for name in ("told.txt", "byline.txt", "other.txt"):
        reply = of_four.ask("What is this article about?", filters=Filters(articles=(name,)))
        sure[name] = reply.confidence
        assert (reply.status == "answered") == (reply.confidence >= reply.threshold) == (name == "told.txt"), name
    assert sure["told.txt"] > 0.5 > 0.3 > max(sure["byline.txt"], sure["other.txt"])
    # However it is asked.
    again = of_four.ask("Can you summarise this article?", filters=Filters(articles=("told.txt",)))
    assert again.confidence == sure["told.txt"]


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "name", "kind", "beside"),
    [
        ("When was this article published?", "told.txt", "dated", 0.0),
        ("Who wrote this?", "byline.txt", "written", 0.0),
        ("Which newspaper published this article?", "byline.txt", "written", 1.0),
        ("Which newspaper published this article?", "other.txt", "written", 0.0),
    ],
)
def test_what_is_recorded_has_the_fitted_confidence(of_four, text, name, kind, beside):
    reply = of_four.ask(text, filters=Filters(articles=(name,)))
    assert reply.confidence == shipped_model().known["record"][kind].probability({"beside": beside})
    # An author is no answer to who asks for the publisher.
    assert (reply.status == "answered") == (beside == 0.0)


@pytest.mark.model
def test_what_is_not_recorded_is_no_answer(of_four):
    reply = of_four.ask("When was this article published?", filters=Filters(articles=("record.txt",)))
    assert (reply.status, reply.confidence) == ("refused", 0.0)
    (lead,) = of_four.store.passages(of_four.store.leads(3)[2:])
    assert (lead.info.path, recorded(query_of("When was this published?", 1000), lead.info)) == ("record.txt", None)


@pytest.mark.model
def test_a_topic_that_is_named_in_passing_is_less_sure_than_one_that_something_is_said_of(assistant):
    told, passing = (assistant.ask(f"Tell me about {topic}").confidence for topic in ("THAAD", "Busan"))
    assert told > 0.85
    assert told > passing
    assert not {told, passing} & {0.9}


def test_another_encoder_is_told_by_build_check_and_page(tmp_path, word_encoder, monkeypatch):
    index = tmp_path / "index"
    report = sync_index(SEEDS, index, Settings())
    assert any(line.startswith(OTHER) for line in report_lines(report, dry_run=False))
    notes = []
    assert check(SEEDS, index, Settings(), notes.append) == []
    assert [line for line in notes if line.startswith(OTHER)]
    monkeypatch.chdir(tmp_path)
    found = CliRunner().invoke(app, ["check", "--seeds", str(SEEDS), "--index", str(index)])
    assert (found.exit_code, OTHER in found.output) == (0, True)
    opened = open_assistant(index, Settings())
    assert opened.unfitted.startswith(OTHER)
    assert opened.unfitted.endswith("nothing is certified before `rag calibrate`")
    assert opened.ask("Who is Xi meeting?").certificate is None
    assert f'<p class="note error" role="status">C{OTHER[1:]}' in html.warning(opened.unfitted)


@pytest.mark.model
def test_of_the_encoder_of_the_fit_nothing_is_said(tmp_path, assistant, seed_index):
    assert shipped_model().encoder_sha256 == embed.resolve(Settings().encoder).sha256
    assert assistant.unfitted is None
    notes = []
    assert check(SEEDS, seed_index, Settings(), notes.append) == []
    assert notes == []
    assert html.warning(None) == ""
