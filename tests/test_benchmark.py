"""One run of the benchmark over a few seed questions: every system, the files it leaves, and comparing two results."""

import argparse
import copy
import json
from dataclasses import replace
from types import SimpleNamespace

import markupsafe
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from eval import __main__ as command
from eval import bench, compare, datasets, gate, report, systems
from eval.bench import Bench, Options, content_hash, sampled, save
from eval.cases import Asked, Dataset, Prediction
from eval.datasets import seeds
from eval.datasets.news import REMOVED
from eval.grounding import check
from eval.hidden import without
from eval.reading import remember
from eval.scoring import tuned
from eval.setup import Setup
from eval.slips import with_slips
from eval.systems import Alone, Remembered
from eval.systems.ours import Ours, of_reply
from eval.vectors import CachedEncoder
from rag import embed
from rag.extract.network import Networks
from rag.types import Turn
from rag.types.filters import Filters
from rag.types.settings import Settings
from tests.conftest import WordEncoder


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """The whole benchmark with the encoder that needs no weights."""
    work = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embed, "SentenceTransformerEncoder", lambda _source: WordEncoder())
        patch.setattr(embed, "for_questions", embed.loaded)
        patch.setattr(embed, "resolve", lambda name: embed.EncoderSource(name, work / "none", name))
        options = Options(names=("seeds", "squad2"), sample=12, timed=False, cache=work / "cache", out=work / "out")
        found = Bench(options, Settings()).run()
    return found, work / "out"


def test_every_system_is_measured_on_the_same_questions(result):
    found, _ = result
    rows = found["sets"]["seeds"]["systems"]
    names = [row["name"] for row in rows]
    assert names[0] == "ours"
    assert {
        "ours, fast",
        "always answer",
        "never answer",
        "question only",
        "question only, learnt here",
        "word coverage",
        "dense only",
        "lexical only",
        "cosine threshold",
        "LangChain FAISS",
        "cairn-assistant",
        "oracle retrieval",
        "oracle reader",
    } < set(names)
    asked = [[record["id"] for record in row["records"]] for row in rows]
    assert all(ids == asked[0] for ids in asked)
    assert len(asked[0]) == 24
    scores = {row["name"]: [record["score"] for record in row["records"]] for row in rows}
    assert scores["ours, fast"] != scores["ours"]
    by_name = {row["name"]: row["figures"]["test"] for row in rows}
    assert by_name["never answer"]["joint"]["value"] == by_name["ours"]["joint_of_always_refusing"]
    assert by_name["always answer"]["unanswerable_refused"]["value"] == 0
    assert by_name["always answer"]["coverage"]["value"] == 1
    assert by_name["oracle reader"]["given_right"]["value"] == 1
    assert by_name["oracle reader"]["unanswerable_refused"]["value"] == 1
    assert by_name["never answer"]["quoted_characters"] is None  # and no length of 0


def test_questions_of_our_own_come_last_and_say_so_beside_their_figures(result, capsys):
    found, out = result
    assert tuple(datasets.ADAPTERS)[-1] == gate.SETS[-1] == "seeds"
    options = command.options_of(argparse.Namespace(command=None, sets="seeds,wikiqa", data=None, sample=0, out=out))
    assert options.names == ("wikiqa", "seeds")
    titled = f"seeds ({seeds.NOTE})"
    alone = report.words_alone(found["sets"]["seeds"], "test")
    report.terminal(found)
    for text in (capsys.readouterr().out, report.markdown(found), report.page(found)):
        assert titled in text
        assert alone in " ".join(text.split())


def test_what_the_questions_alone_tell_is_an_auroc_with_its_interval(result):
    found, _ = result
    rows = {row["name"]: row for row in found["sets"]["seeds"]["systems"]}
    alone, here = rows["question only"], rows["question only, learnt here"]
    assert [r["score"] for r in alone["records"]] != [r["score"] for r in here["records"]]
    figures = alone["figures"]["test"]
    low, high = figures["auroc_answerable_interval"]
    test = [record for record in alone["records"] if record["part"] == "test"]
    by_hand = roc_auc_score([record["answerable"] for record in test], [record["score"] for record in test])
    assert figures["auroc_answerable"] == pytest.approx(by_hand)
    assert low < by_hand < high
    said = report.words_alone(found["sets"]["seeds"], "test")
    assert f"AUROC answerable {figures['auroc_answerable']:.3f} (95% {low:.2f} to {high:.2f}" in said


def test_sets_without_data_are_skipped_with_a_message(result):
    found, _ = result
    assert "squad2" not in found["sets"]
    assert any(message.startswith("squad2: skipped") for message in found["skipped"])


def test_answers_are_grounded_and_rankings_are_left_as_trec_files(result):
    found, out = result
    grounding = found["sets"]["seeds"]["grounding"]
    assert (grounding["answers"], grounding["violations"]) == (24, 0)
    assert grounding["quotations"] >= 24
    assert sorted(file.name for file in (out / "trec" / "seeds").iterdir()) == [
        "dense.run",
        "fused.run",
        "lexical.run",
        "qrels.txt",
        "read.run",
    ]
    assert set(found["sets"]["seeds"]["retrieval"]["rankings"]) == {"dense", "lexical", "fused", "read"}


def test_a_result_is_named_by_what_was_found(result):
    found, out = result
    file = save(found, out)
    assert file.name == f"{found['content']}.json"
    assert content_hash(json.loads(file.read_text())) == found["content"]
    later = copy.deepcopy(found)
    later["made"] = "2030-01-01"
    later["sets"]["seeds"]["timing"] = {"questions": 1}
    assert content_hash(later) == found["content"]
    later["sets"]["seeds"]["systems"][0]["records"][0]["score"] = 0.123
    assert content_hash(later) != found["content"]


def test_the_page_shows_every_wrong_answer_as_text(result):
    found, out = result
    found = copy.deepcopy(found)
    first = found["sets"]["seeds"]["systems"][0]["records"][0]
    first.update(answerable=False, answered=True, shown=["<script>alert(1)</script>"], unscorable="", error="")
    page = report.write(found, out).read_text()
    wrong = report.wrong(found["sets"]["seeds"])
    assert len(wrong) >= 2
    for item in wrong:
        assert str(markupsafe.escape(item["question"])) in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert page.count("<svg") >= 3
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )


def test_the_figures_alone_hold_no_text_of_a_set(result):
    found, _ = result
    text = report.markdown(found)
    for row in found["sets"]["seeds"]["systems"]:
        assert f"| {row['name']} | " in text
        assert not any(len(quote) > 20 and quote in text for record in row["records"] for quote in record["shown"])
    assert not any(case["question"] in text for case in found["sets"]["seeds"]["cases"].values())
    assert "| fused |" in text
    assert "squad2: skipped" in text


def test_the_terminal_has_a_row_for_each_system(result, capsys):
    found, _ = result
    report.terminal(found)
    printed = capsys.readouterr().out
    for row in found["sets"]["seeds"]["systems"]:
        assert row["name"] in printed
    assert "0 violations of grounding" in printed


def test_compare_pairs_the_questions(result, tmp_path, capsys):
    found, out = result
    worse = copy.deepcopy(found)
    for record in worse["sets"]["seeds"]["systems"][0]["records"]:
        record.update(answered=True, right=False, right_one=False)
    a, b = save(found, out), tmp_path / "b.json"
    b.write_text(json.dumps(worse))
    compared = {(c.system, c.measure): c for c in compare.results(found, worse)}
    assert compared["ours", "right decisions"].worse
    assert compared["ours", "right decisions"].questions == 12
    assert compared["word coverage", "right decisions"].difference.value == 0
    assert command.main(["compare", str(a), str(b)]) == 0
    assert "seeds, ours, right decisions: -" in capsys.readouterr().out


def test_a_wrong_command_line_says_what_there_is(capsys, tmp_path):
    assert command.main(["--sets", "seed"]) == 2
    assert command.main(["--sets", "seed", "gate"]) == 2  # not lost before the command
    assert "the sets are squad2, wikiqa" in capsys.readouterr().err
    assert command.main(["--data", str(tmp_path / "none")]) == 2
    assert "is not there" in capsys.readouterr().err
    assert command.main(["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 2


def test_a_sample_keeps_pairs_together_and_does_not_depend_on_the_order():
    cases = [case for case in seeds.read().cases if case.part == "test"]
    chosen = {case.id for case in sampled(cases, 10)}
    assert len(chosen) == 10
    assert chosen == {case.id for case in sampled(cases[::-1], 10)}
    pairs = [c for case in cases for c in (case, _removed(case))]
    for sample in (10, 11):
        ids = [case.id for case in sampled(pairs, sample)]
        assert len(ids) == 10
        assert len({id.removesuffix("#removed") for id in ids}) == 5


def _removed(case):
    return replace(case, id=case.id + "#removed")


@pytest.fixture
def setup(tmp_path, word_encoder):
    return Setup(seeds.read(), tmp_path, Settings())


def test_our_answers_from_given_hits_are_those_of_the_program(setup):
    for case in setup.dataset.cases[::15]:
        asked = setup.assistant.ask(case.asked.question)
        given = setup.assistant.answer(case.asked.question, setup.hits(case.asked))
        assert of_reply(setup, case.asked, given).quotes == of_reply(setup, case.asked, asked).quotes
        assert (given.text, given.confidence, given.status) == (asked.text, asked.confidence, asked.status)


def test_the_short_answer_that_is_forced_does_not_depend_on_the_threshold(tmp_path, word_encoder):
    careful, bold = (Ours(Setup(seeds.read(), tmp_path, Settings(threshold=at))) for at in (0.99, 0.0))
    shorts = set()
    for case in seeds.read().cases[::15]:
        refused, given = careful.ask(case.asked), bold.ask(case.asked)
        assert (refused.answered, given.answered) == (False, True)
        assert refused.short == given.short
        shorts.add(given.short)
    assert len(shorts - {None}) > 3


def test_a_hidden_article_is_in_no_ranking(setup):
    case = setup.dataset.cases[0]
    hidden = replace(case.asked, hidden=frozenset({case.gold[0].article_id}))
    assert setup.hits(case.asked)
    for ranking in ("fused", "dense", "lexical", "read"):
        assert setup.hits(hidden, ranking) == []
    assert not Ours(setup).ask(hidden).answered


def test_what_is_read_comes_in_the_order_of_the_first_network_and_the_rest_after_it(tmp_path, word_encoder):
    texts = [
        "The bridge is old.",
        "The bridge, the bridge, the bridge!",
        "The bridge was opened by Ada Roth.",
        "Bridge.",
    ]
    records = [{"id": str(i), "title": "A bridge", "text": text} for i, text in enumerate(texts)]
    setup = Setup(Dataset("bridges", (), articles=tuple(records)), tmp_path, Settings(passages=3))
    asked = Asked("Who opened the bridge?")
    fused, read = setup.deep_hits(asked), setup.deep_hits(asked, "read")
    names = [[hit.passage.info.article_id for hit in hits] for hits in (fused, read)]
    assert names[1][0] == "2"
    assert sorted(names[0][:3]) == sorted(names[1][:3])
    assert names[0][3:] == names[1][3:]
    assert [hit.score for hit in read] == sorted((hit.score for hit in read), reverse=True)


@pytest.mark.parametrize("ranking", ["fused", "dense", "lexical", "read"])
def test_what_is_left_ranks_as_if_a_hidden_article_had_never_been_there(tmp_path, word_encoder, ranking):
    """A gap where it stood would tell a reader that the best passage was taken away."""
    who = ("mayor", "queen", "king", "clerk", "baker")
    records = [{"id": x, "title": x, "text": f"The {x} opened the bridge on a day of {x}s."} for x in who]
    setup = Setup(Dataset("bridges", (), articles=tuple(records)), tmp_path, Settings())
    asked = Asked("Did the mayor open the bridge?")
    first = setup.hits(asked, ranking)[0].passage.info.article_id
    assert len(setup.hits(asked, ranking)) == 5
    left = setup.hits(Asked(asked.question, hidden=frozenset({first})), ranking)
    assert {hit.passage.info.article_id for hit in left} == {*who} - {first}
    for ranks in ([hit.dense_rank for hit in left], [hit.lexical_rank for hit in left]):
        assert set(ranks) in ({None}, {1, 2, 3, 4})
    if ranking == "fused":
        others = Filters(articles=tuple({*who} - {first}))
        assert left == setup.assistant.search(asked.question, 10, filters=others)


def test_passages_are_looked_for_until_enough_are_left():
    asked = []

    class Numbers:
        def search_dense(self, _vector, k, _among):
            asked.append(k)
            return [[(id, -float(id)) for id in range(min(k, 100))]]

        def passages(self, ids):
            return ids

    seen = without(Numbers(), lambda id: id < 30)
    assert seen.search_dense(np.zeros(2), 10) == [[(id, -float(id)) for id in range(30, 40)]]
    assert asked == [10, 40]
    assert len(without(Numbers(), lambda id: id < 95).search_dense(np.zeros(2), 10)[0]) == 5


def test_a_system_is_asked_each_thing_once(setup):
    count = 0

    class Counting:
        name = "counting"

        def ask(self, asked):
            nonlocal count
            count += 1
            return Ours(setup).ask(asked)

    system = Remembered(setup, "counting", lambda _setup: Counting())
    one = system.ask(Asked("Who is Lee?"))
    assert system.ask(Asked("Who is Lee?")) is one
    assert Remembered(setup, "counting", lambda _setup: Counting()).ask(Asked("Who is Lee?")) is one
    assert count == 1
    system.ask(Asked("Who is Lee?", hidden=frozenset({"a"})))
    assert count == 2


def test_kept_vectors_are_the_encoder_s_own(tmp_path, word_encoder):
    source = embed.EncoderSource("words", tmp_path, "sha")
    cached = CachedEncoder(source, tmp_path / "v.db")
    texts = ["red bus", "blue", "red bus"]
    first = cached.encode(texts)
    assert cached.embedded == 2
    again = CachedEncoder(source, tmp_path / "v.db")
    assert (again.encode(texts) == first).all()
    assert again.embedded == 0
    assert (first == word_encoder.encode(texts)).all()
    assert again.missing(["blue", "green"]) == ["green"]
    other = CachedEncoder(embed.EncoderSource("words", tmp_path, "another"), tmp_path / "v.db")
    assert other.missing(["blue"]) == ["blue"]  # another model's vectors are not used
    assert again.missing(["blue"], query=True) == ["blue"]


def test_a_system_that_fails_is_wrong_and_the_rest_go_on(setup):
    class Failing:
        name = "failing"

        def ask(self, asked):
            if asked.question.startswith("Who"):
                raise RuntimeError("broke")
            return Ours(setup).ask(asked)

    records = bench.records_of(Failing(), setup.dataset.cases[:8])
    failed = [r for r in records if r.error]
    assert failed
    assert len(failed) < 8
    assert failed[0].error == "RuntimeError: broke"
    assert not any(r.decided_right for r in failed)


def test_a_longer_quotation_of_ours_is_also_judged_by_one_sentence(setup):
    case = setup.dataset.cases[0]
    reply = setup.assistant.ask(case.asked.question)
    cited = (reply.citations or reply.closest)[0]
    (article,) = setup.articles
    home = article.paragraphs[9]
    longer = replace(cited, start=home.start, end=home.end, quote=article.text[home.start : home.end])
    found = of_reply(setup, case.asked, replace(reply, citations=(longer,)))
    start, end = found.quotes[0].one
    assert home.start <= start < end <= home.end
    assert end - start < home.end - home.start


@pytest.mark.parametrize("sample", [2, 4, 6])
def test_small_samples_can_be_asked(setup, sample):
    rows = bench.rows_of(setup, sampled(setup.dataset.cases, sample), peers=False)
    assert all(len(row.records) == 2 * sample for row in rows)


def test_thresholds_are_tuned_on_the_develop_part_alone(setup):
    rows = bench.rows_of(setup, sampled(setup.dataset.cases, 12), peers=False)
    found = [
        (row.threshold, *(tuned([r for r in row.records if r.part == part]) for part in bench.REPORTED)) for row in rows
    ]
    assert all(threshold in (None, develop) for threshold, develop, _ in found)
    assert any(threshold not in (None, test) for threshold, _, test in found)


def test_what_knows_no_conversation_is_asked_what_ours_makes_of_one(setup):
    history = (Turn("Who is Japan's new Prime Minister?", "In short: Sanae Takaichi [1]"),)
    asked = Asked("When did she meet Xi?", history)
    meant = setup.assistant.understand(asked.question, history).shown
    assert "Takaichi" in meant
    assert setup.alone(asked) == Asked(meant)
    assert setup.hits(asked) == setup.hits(Asked(meant)) != setup.hits(Asked(asked.question))
    told = []

    class Listening:
        name = "listening"

        def ask(self, asked):
            told.append(asked)
            return Prediction(0.0, False)

    Alone(setup, Listening()).ask(asked)
    assert told == [Asked(meant)]
    entries = {entry.system.name: entry.system for entry in systems.build(setup, [], peers=False)}
    for name in ("word coverage", "cosine threshold", "dense only", "lexical only"):
        assert entries[name].ask(asked).quotes == entries[name].ask(Asked(meant)).quotes


def test_grounding_is_checked_of_what_is_scored(setup, tmp_path):
    case = next(case for case in setup.dataset.cases if case.id == "seed-a013")
    history = (Turn("Who is Xi?", "President Xi Jinping [1]"),)
    file = tmp_path / "answers.jsonl"

    def written(*cases):
        found = check(setup, cases, file)
        assert found.answers == len(file.read_text().splitlines())
        assert not found.violations
        return [json.loads(line) for line in file.read_text().splitlines()]

    told = replace(case, asked=Asked("When did he meet her?", history))
    assert "Xi" in written(told)[0]["standalone_question"]
    # Asked with and without the article: the first is another set's, and of the second there is nothing to quote.
    away = replace(
        case, id=case.id + REMOVED, asked=replace(case.asked, hidden=frozenset({setup.articles[0].info.article_id}))
    )
    (only,) = written(case, away)
    assert (only["id"], only["status"]) == (away.id, "refused")
    assert not only["closest"]


def test_so_many_slips_leave_another_question_each_time():
    cases = [replace(case, id=str(n), asked=Asked("Is it Sassoon?")) for n, case in enumerate(seeds.read().cases * 20)]
    one, two = with_slips(cases, 1), with_slips(cases, 2)
    assert with_slips(cases, 1) == one
    for case, once, twice in zip(cases, one, two, strict=True):
        assert len({case.asked.question, once.asked.question, twice.asked.question}) == 3
    assert with_slips([replace(cases[0], asked=Asked("Who is it?"))], 2)[0].asked.question == "Who is it?"


def test_a_set_without_articles_asks_of_given_passages():
    assert not Dataset("x", ()).asks_corpus
    assert seeds.read().asks_corpus
    assert bench.REPORTED == ("develop", "test")


def test_what_was_read_is_not_read_again(monkeypatch):
    asked = []

    def read(_networks, name, encoded):
        asked.append([(name, int(one.ids[0])) for one in encoded])
        return [f"{name} {one.ids[0]}" for one in encoded]

    monkeypatch.setattr(Networks, "read", read)
    remember()
    networks = Networks.__new__(Networks)
    a, b = (SimpleNamespace(ids=np.array([n]), types=np.zeros(1)) for n in (1, 2))
    assert networks.read("first", [a, b, a]) == ["first 1", "first 2", "first 1"]
    assert networks.read("first", [b]) == ["first 2"]
    assert networks.read("second", [b]) == ["second 2"]
    assert asked == [[("first", 1), ("first", 2)], [], [("second", 2)]]
