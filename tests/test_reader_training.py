"""What a reader is trained on: nothing protected, right offsets, twins together, and the same again after a stop."""

import copy
import gzip
import itertools
import json
import random
import signal
from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np
import pytest
import torch
from torch import nn

from eval.datasets.reading import rows_of
from eval.datasets.training import protected
from eval.parts import COUNTS, Protected, parts_of, parts_of_records
from eval.setup import passages_of
from eval.slips import mistyped
from rag.embed import SentenceTransformerEncoder, resolve
from rag.extract import MODELS
from rag.extract.inputs import Inputs, lowered
from rag.extract.network import Logits, canary_values
from rag.language.sentences import sentence_pieces
from rag.types.settings import Settings
from training.corpus import indexed
from training.reader import checkpoint, train
from training.reader import run as run_module
from training.reader.batches import batches, target
from training.reader.best_span import ScoredSpan
from training.reader.data import REBUILT, SOURCES, ReadingRecord, read_rows, records, training_records
from training.reader.epoch import NEGATIVES, epoch, less
from training.reader.mean import mean
from training.reader.mine import Miner, asked
from training.reader.mined import read_mined
from training.reader.model import Outputs, ReaderNetwork, Weights, export, fill_from, load_export, losses
from training.reader.negatives import swap, twins, without_answer
from training.reader.onnx_graph import Product, SingleInput
from training.reader.pool import Pool
from training.reader.recover import Graph, fill
from training.reader.rounding import LEVELS, rounded
from training.reader.run import Config, Position, Run, factor, stream
from training.reader.score import measures
from training.reader.substitutes import Substitutes, replaced, rewritten
from training.reader.teacher import Teacher, taught
from training.reader.views import cut, example, pieces_of, window, with_gap
from training.reader.wording import Synonyms
from training.reader.written import QUESTIONS, name_of, written

SENTENCES = (
    "The river rises in the hills.",
    "It passes Bonn in 1923!",
    "Bonn had twelve bridges then.",
    "The river rises in the hills.",
    "Later the Moselle joins it.",
)
TEXT = "  ".join(SENTENCES)


def record(answer="twelve", *, question="How many bridges did Bonn have?", context=TEXT, **others):
    fields = {"source": "nq_qed", "id": "1", "title": "Rhine", "pieces": tuple(sentence_pieces(context))} | others
    spans = ((context.index(answer), context.index(answer) + len(answer)),) if answer else ()
    return ReadingRecord(question=question, context=context, answers=spans, **fields)


@pytest.fixture(scope="module")
def inputs():
    return Inputs(resolve("all-MiniLM-L6-v2").folder)


@pytest.mark.parametrize("answer", ["Bonn had twelve", "twelve", "1923!", "Moselle joins it."])
def test_answers_keep_their_words_whatever_other_sentences_are_left_out(answer):
    it = record(answer)
    assert len(it.pieces) == 5
    (span,) = it.answers
    held = set(pieces_of(it, span))
    others = [i for i in range(5) if i not in held]
    for size in range(len(others) + 1):
        for chosen in itertools.combinations(others, size):
            made = example(it, {*held, *chosen}, span, kind="answer", question="", title="")
            assert made.context[slice(*made.span)] == answer
            kept = [SENTENCES[i] for i in sorted({*held, *chosen})]
            assert [made.context[slice(*place)].strip() for place in made.sentences] == kept
            assert [kept[i] for i in made.gold] == [SENTENCES[i] for i in sorted(held)]


def test_neighbouring_sentences_stay_as_they_were():
    it = record()
    assert cut(it, range(5))[0] == TEXT
    assert cut(it, [1, 2])[0] == TEXT[slice(it.pieces[1][0], it.pieces[2][1])]


def test_an_answer_over_two_sentences_needs_both():
    it = record("1923!  Bonn")
    (span,) = it.answers
    assert list(pieces_of(it, span)) == [1, 2]
    with pytest.raises(ValueError, match="left out"):
        example(it, [0, 2], span, kind="answer", question="", title="")


def test_windows_hold_their_anchor_and_gaps_spare_it():
    it, rng = record(), Random(0)
    for _ in range(50):
        around = window(it, range(2, 3), 12, rng)
        assert 2 in around
        assert sum(len(SENTENCES[i].split()) for i in around) <= 12
        left = with_gap(range(5), range(2, 3), rng)
        assert len(left) == 4
        assert 2 in left
    assert with_gap([2], [2], rng) == [2]


def test_an_answer_is_taken_out_only_where_it_stands_nowhere_else():
    assert without_answer(record()) == [0, 1, 3, 4]
    assert without_answer(record("Bonn", question="Which town?")) is None
    assert without_answer(record("river", question="What rises?")) is None
    assert without_answer(record("it", context="Who did it?")) is None


def test_a_name_or_number_is_swapped_for_one_of_its_kind():
    it = record("twelve", question="How many bridges had Bonn in 1923?")
    other = record(None, context="They say Cologne had four of them in 1811, and in 1923 none.", title="Cologne")
    assert swap(it, [other], Random(0)) == ("1923", "1811")
    named = record("twelve", question="How many bridges had Bonn?")
    assert {swap(named, [other], Random(seed)) for seed in range(20)} == {("Bonn", "Cologne"), ("Bonn", "Moselle")}
    assert swap(named, [named], Random(0)) == ("Bonn", "Moselle")
    asked = record("Moselle", question="Which river, the Moselle or another, joins after Bonn?")
    assert swap(asked, [asked], Random(0)) is None


def test_substitutions_are_what_one_word_of_a_twin_was_changed_to():
    text = "The largest bridge was built first. Where Zelda was, the smallest bridge was built last. " * 5
    yes = record("largest", question="Which was the largest bridge?", context=text)
    twins_of = [
        (yes, [record(None, question=question, context=text)])
        for question in (
            "Which was the smallest bridge?",
            "Which was not the largest bridge?",
            "Which was the Zelda bridge?",  # a name
            "Which is the smallest bridge?",  # two changes
        )
    ]
    found = Substitutes.of(twins_of, [text])
    # largest and smallest to either side, and "was not".
    assert len(found) == 3
    elsewhere = record("1923!", question="When was the largest bridge built?")
    assert {found.draw(elsewhere, Random(seed)) for seed in range(30)} == {
        ("largest", "smallest"),
        ("was", "was not"),
    }
    both = record("1923!", question="The largest of what?", context=TEXT + " The smallest one.")
    assert found.draw(both, Random(0)) is None


def test_a_word_is_replaced_in_a_passage_and_the_answer_keeps_its_place():
    assert replaced("It passes Bonn; bonn, Bonner, Bonn-born.", "bonn", "unter Köln") == (
        "It passes Unter Köln; unter Köln, Bonner, Bonn-born."
    )
    it = record("twelve")
    made = rewritten(it, "Bonn", "Konstanz")
    assert made.texts == ("twelve",)
    assert [made.context[slice(*piece)] for piece in made.pieces] == [
        it.context[slice(*piece)].replace("Bonn", "Konstanz") for piece in it.pieces
    ]
    assert rewritten(it, "twelve", "nine") is None
    assert rewritten(it, "Basel", "Konstanz") is None


SENSES = """\
largely%4:02:00:: 00007015 1 17
mostly%4:02:00:: 00007015 1 39
pupil%1:18:00:: 10665698 1 4
student%1:18:00:: 10665698 1 90
scholar%1:18:00:: 10665698 2 0
scholar%1:18:01:: 10577284 1 9
occur%2:30:00:: 00339934 1 60
happen%2:30:00:: 00339934 1 40
pass%2:30:00:: 00339934 9 2
pass%2:38:00:: 01841772 1 39
about%4:02:00:: 00007015 1 99
city%1:15:00:: 08524735 1 70
metropolis%1:15:00:: 08524735 1 1
"""


def test_words_are_replaced_by_those_of_the_same_chief_sense(tmp_path):
    (tmp_path / "index.sense").write_text(SENSES)
    synonyms = Synonyms.read(tmp_path / "index.sense")

    def all_of(question):
        return {synonyms.reworded(question, Random(seed)) for seed in range(30)}

    # Not by words that mostly have another sense, by rare ones, or by prepositions.
    assert all_of("Which student is it?") == {"Which pupil is it?"}
    assert all_of("What did students mostly do?") == {
        f"What did {whom} {how} do?" for whom in ("pupils", "students") for how in ("mostly", "largely")
    } - {"What did students mostly do?"}
    assert all_of("What happens?") == {"What occurs?"}
    for kept in ("Which city is it?", "Did it pass?", "Who is the Student?", "What is it about?", ""):
        assert all_of(kept) == {kept}


def test_a_slip_leaves_the_first_letter_and_most_of_the_word():
    slips = {mistyped("Who was it in Bonn", Random(seed)) for seed in range(40)}
    assert slips == {f"Who was it in {word}" for word in ("Bnon", "Bnn", "Bon", "Boonn", "Bonnn")}
    assert mistyped("Who is it?", Random(0)) == "Who is it?"


def test_questions_of_both_sorts_are_put_in_other_words(pool, tmp_path):
    (tmp_path / "index.sense").write_text("find%2:40:00:: 1 1 9\nlose%2:40:00:: 2 1 9\nlittle%3:00:00:: 3 1 9\n")
    plain_, other = epoch(pool, 0, 0), epoch(pool, 0, 0, synonyms=Synonyms.read(tmp_path / "index.sense"))
    pairs = [(a, b) for before, after in zip(plain_, other, strict=True) for a, b in zip(before, after, strict=True)]
    assert all(replace(b, question=a.question) == a for a, b in pairs)
    for answerable in (True, False):
        its = [a.question != b.question for a, b in pairs if a.answerable == answerable]
        assert 0.01 < sum(its) / len(its) < 0.1


def test_twins_are_found_by_id_and_by_likeness():
    yes = record(id="a")
    by_id = record(None, id="b", question="Why is Bonn on a hill?", twin="a", source="squad2_train_unanswerable")
    alike = record(None, id="c", question="How many bridges did Bonn lose?")
    unlike = record(None, id="d", question="Who crowned the emperor?")
    elsewhere = record(None, id="e", question="How many bridges?", context="Nobody knows.")
    paired, alone = twins([by_id, yes, alike, unlike, elsewhere])
    assert paired == [(yes, [by_id, alike, unlike])]
    assert alone == [elsewhere]


def test_an_unanswerable_question_is_put_to_the_sentences_that_look_like_it():
    yes = record(id="a")
    alike = record(None, id="b", question="How many bridges did Bonn lose?")
    unlike = record(None, id="c", question="Which Moselle joins later?")
    pool = Pool.of({"nq_qed": [yes, alike, unlike]}, {})
    groups = [
        group for number in range(60) for group in epoch(pool, 0, number) if group[1:2] and group[1].kind == "written"
    ]
    alone = [{one.question: one.context for one in group} for group in groups if len(group[0].sentences) == 1]
    assert len(alone) > 5
    for shown in alone:
        assert shown[yes.question] == shown[alike.question] == SENTENCES[2] + "  "
        assert shown[unlike.question] == SENTENCES[4]


# A whole folder of data, small and made up.


def _row(name, title, number):
    thing = f"{name}{title}{number}".replace("_", "")
    context = f"Of the {thing} little is told. It was found in {1400 + number} near Bonn. Nobody went there again."
    answerable = name != "squad2_train_unanswerable"
    return {
        "id": f"{name}-{title}-{number}",
        "title": title,
        "question": f"When was the {thing} found?" if answerable else f"When was the {thing} lost?",
        "context": context,
        "answers": [str(1400 + number)] if answerable else [],
        "starts": [context.index(f"{1400 + number} near")] if answerable else [],
    }


def _copied(row):
    """As the rebuilt set has it: spaced and marked otherwise, and by its answer's own place."""
    context = row["context"].replace(". ", " . ")
    starts = [context.index(f"{answer} near") for answer in row["answers"]]
    return row | {
        "id": f"again-{row['id']}",
        "question": row["question"].replace("?", " ?"),
        "context": context,
        "starts": starts,
    }


def _nested(row):
    """A row as an article of SQuAD's own form; its second question of each title is not surely placed."""
    placed = {"placed": "matched", "coverage": 0.5, "ratio": 1.1 if row["id"].endswith("-1") else 2.0}
    answers = [{"text": text, "answer_start": at} for text, at in zip(row["answers"], row["starts"], strict=True)]
    asked = {"id": row["id"], "question": row["question"], "answers": answers} | ({} if answers else placed)
    return {"title": row["title"], "paragraphs": [{"context": row["context"], "qas": [asked]}]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    for name in ("reading", "clapnq", "news"):
        (root / name).mkdir()

    def write(path, rows):
        (root / path).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    rebuilt = []
    for name in (*SOURCES, "wikiqa", "newsqa_dev_a"):
        titles = [f"{name} {i}" for i in range(sum(COUNTS.get(name, (40,))))]
        rows = [_row(name, title, number) for title in titles for number in range(2)]
        if name == "squad2_dev23":
            rows += [
                row
                | {"id": f"{row['id']}-lost", "question": row["question"].replace("found", "lost"), "answers": []}
                | {"starts": []}
                for row in rows
            ]
        if name == "selqa_sentences":
            rows = [
                {"qid": row["id"], "question": row["question"], "doc": row["title"], "sentence": text, "label": label}
                for row in rows
                for label, text in zip((0, 1, 0), row["context"].split(". "), strict=True)
            ]
        if name == REBUILT:
            rebuilt += rows
            continue
        if name in ("squad1_train_part", "squad2_train_unanswerable"):
            rebuilt += [_copied(row) for row in rows[:40]]
        if name == "squad1_train_part":
            pages = [f"title wikiqa {i}" for i in range(40)]
            page = next(unit for unit, part in parts_of("wikiqa", pages).items() if part == "test")
            rows += [
                # Each shares one thing with a set that is for testing only.
                _row("clash", "NewsQA 1", 1) | {"title": page.removeprefix("title ")},
                _row("clash", "a", 2) | {"question": "when was the  CLAPNQ4 found"},
                _row("clash", "b", 3) | {"context": _row("newsqa_dev_a", "newsqa_dev_a 5", 0)["context"]},
                _row("clash", "c", 4) | {"question": "Which news is it?"},
            ]
        write(f"reading/{name}.jsonl", rows)
    with gzip.open(root / "reading" / f"{REBUILT}.json.gz", "wt", encoding="utf-8") as text:
        json.dump({"data": [_nested(row) for row in rebuilt]}, text)
    for name in ("answerable", "unanswerable"):
        rows = [_row("clapnq", "", number) | {"title": f"{name} {number}"} for number in range(40)]
        write(
            f"clapnq/{name}_a.jsonl",
            [
                {
                    "id": r["id"],
                    "input": r["question"],
                    "passages": [{"title": r["title"], "text": r["context"], "sentences": []}],
                    "output": [],
                }
                for r in rows
            ],
        )
    write("news/questions.jsonl", [{"id": "1", "question": "Which news is it", "date": "2022/06/16"}])
    return root


@pytest.fixture(scope="module")
def pool(folder, tmp_path_factory):
    found = training_records(folder)
    file = tmp_path_factory.mktemp("mined") / "mined.jsonl"
    lines = [
        {
            "source": it.source,
            "id": it.id,
            "question": it.question,
            "others": [_other("taken"), _other(it.texts[0]), _other("refused") | {"margin": -5.0}],
        }
        for it in found["wiki_shift"]
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return Pool.of(found, read_mined(file))


def _other(span):
    """A passage in which these words were taken for an answer."""
    text = f"Nobody knows. The find was {span} once. It was lost later. All was quiet."
    start = text.index(span)
    return {"title": "Elsewhere", "text": text, "start": start, "end": start + len(span), "margin": 1.0}


def test_nothing_protected_is_trained_on(folder):
    guarded = protected(folder)
    found = training_records(folder)
    assert set(found) == {*SOURCES, "written"}
    for name in SOURCES:
        its = found[name]
        assert its, name
        ids = {one.id for one in its}
        if name != "selqa_sentences":
            rows = rows_of(folder, name)
            parts = dict(zip((row["id"] for row in rows), parts_of_records(name, rows), strict=True))
            assert {parts[one] for one in ids} == {"train"}
        for one in its:
            assert not guarded.holds({"title": one.title, "question": one.question, "context": one.context})
    assert not any(one.id.startswith("clash") for one in found["squad1_train_part"])


def test_what_the_rebuilt_set_has_is_trained_on_once(folder):
    rows = read_rows(folder / "reading" / "squad1_train_part.jsonl")
    parts = dict(zip((row["id"] for row in rows), parts_of_records("squad1_train_part", rows), strict=True))
    found = training_records(folder)
    again = {one.id.removeprefix("again-") for one in found[REBUILT] if one.id.startswith("again-squad1")}
    others = {one.id for one in found["squad1_train_part"]}
    assert again == {row["id"] for row in rows[:40] if parts[row["id"]] == "train"}
    assert others == {row["id"] for row in rows[40:80] if parts[row["id"]] == "train"}
    # Left out are those that may be of another passage, in the set that they stood in, too.
    matched = {one.id for one in found[REBUILT] if not one.answers}
    assert matched
    assert all(one.endswith("-0") for one in matched)
    its = {one.id for one in found["squad2_train_unanswerable"]}
    assert its.isdisjoint(row["id"] for row in read_rows(folder / "reading" / "squad2_train_unanswerable.jsonl")[:40])
    # Without the set all are there.
    assert {one.id for one in training_records(folder, ("squad1_train_part",))["squad1_train_part"]} == {
        id for id, part in parts.items() if part == "train" and not id.startswith("clash")
    }


def test_a_copy_is_protected_whatever_its_spaces_and_marks_are(folder):
    """A passage of a test part under a placeholder for a title, which the rebuilt set has under its own."""
    rows = [_row("squad1_train_part", "", number) for number in range(40)]
    parts = parts_of_records("squad1_train_part", rows)
    its = {part: row for row, part in zip(rows, parts, strict=True)}
    guarded = Protected.of(row for part, row in its.items() if part != "train")
    copies = {part: _copied(row) | {"title": "Bonn", "question": "Where?"} for part, row in its.items()}
    assert {part for part, row in copies.items() if guarded.holds(row)} == set(its) - {"train"} >= {"test"}


def test_what_another_set_says_of_a_twin_is_kept(tmp_path):
    text = "Bonn has a bridge. It is old."
    yes = {"id": "y", "title": "Bonn", "question": "What has Bonn?", "context": text, "answers": ["a bridge"]}
    also = {"id": "z", "title": "Bonn", "question": "How old is it?", "context": text, "answers": ["old"]}
    no = {"id": "n", "title": "Bonn", "question": "How has Cologne?", "context": text, "answers": [], "starts": []}
    (tmp_path / "reading").mkdir()
    with gzip.open(tmp_path / "reading" / f"{REBUILT}.json.gz", "wt", encoding="utf-8") as file:
        json.dump(
            {"data": [_nested(row | {"starts": [text.index(a) for a in row["answers"]]}) for row in (yes, also, no)]},
            file,
        )
    older = no | {"question": no["question"].lower(), "twin_question": "How old is it ?"}
    (tmp_path / "reading" / "squad2_train_unanswerable.jsonl").write_text(json.dumps(older) + "\n", encoding="utf-8")
    found = training_records(tmp_path, (REBUILT, "squad2_train_unanswerable"))
    assert not found["squad2_train_unanswerable"]
    assert {one.id: one.twin_question for one in found[REBUILT]} == {"y": "", "z": "", "n": "How old is it ?"}
    ((twin, (unanswerable,)),), alone = twins(found[REBUILT])
    assert (twin.id, unanswerable.id, alone) == ("z", "n", [])


def _on(context, **others):
    start = context.index(" near ") - 4
    line = {
        "passage": name_of(context),
        "yes": [
            ["Since when is it known?", start, start + 4],
            ["Near which city did it turn up?", start + 10, start + 14],
        ],
        "no": [["Since when is it lost?", 0], ["When is it known?", 1]],
    }
    return json.dumps(line | others) + "\n"


def test_written_questions_stand_on_passages_that_may_be_trained_on(folder, tmp_path):
    rows = read_rows(folder / "reading" / "nq_qed.jsonl")
    its_parts = parts_of_records("nq_qed", rows)
    parts = dict(zip((row["context"] for row in rows), its_parts, strict=True))
    file = tmp_path / "written.jsonl"
    file.write_text("".join(_on(context) for context in parts), encoding="utf-8")
    found = training_records(folder, ("nq_qed",), file)
    its = found["written"]
    assert {parts[one.context] for one in its} == {"train"}
    assert {one.context for one in its} == {one.context for one in found["nq_qed"]}
    assert len(its) == 4 * len({one.context for one in its})
    assert {one.texts[0] for one in its if one.id.endswith("-1")} == {"Bonn"}
    develop = records(folder, "written", "develop", file)
    assert {parts[one.context] for one in develop} == {"develop"}
    assert len(develop) == 4 * list(parts.values()).count("develop")
    paired, alone = twins(its)
    assert not alone
    assert {twin.id.rsplit("-", 1)[1] + str(len(others)) for twin, others in paired} == {"01", "11"}
    # A question of a test part is none to train on, on whatever passage it was written.
    tested = rows[its_parts.index("test")]["question"]
    file.write_text(_on(its[0].context, yes=[[tested, 0, 2]], no=[]), encoding="utf-8")
    assert not training_records(folder, ("nq_qed",), file)["written"]


@pytest.mark.parametrize(
    ("others", "said"), [({"yes": [["Who?", 5, 999]]}, "5 to 999"), ({"no": [["Who?", 2]]}, "no question 2")]
)
def test_a_written_question_that_fits_no_passage_is_an_error(folder, tmp_path, others, said):
    it = training_records(folder, ("nq_qed",))["nq_qed"][0]
    file = tmp_path / "written.jsonl"
    file.write_text(_on("In 1400 near Bonn.") + _on(it.context, **others), encoding="utf-8")
    with pytest.raises(ValueError, match=f"line 2: {said}"):
        list(written([it], file))


def test_what_is_written_is_held_against_its_twins_and_asked_once():
    lines = [json.loads(line) for line in QUESTIONS.read_text(encoding="utf-8").splitlines()]
    assert [line["passage"] for line in lines] == sorted({line["passage"] for line in lines})
    for line in lines:
        asked = [question for question, *_ in line["yes"] + line["no"]]
        assert len({question.casefold() for question in asked}) == len(asked)
        assert all(0 <= start < end for _, start, end in line["yes"])
        assert all(0 <= twin < len(line["yes"]) for _, twin in line["no"])


def test_answers_of_all_records_stand_at_their_places(folder):
    for its in training_records(folder).values():
        for one in its:
            assert one.pieces[0][0] == 0
            assert one.pieces[-1][1] == len(one.context)
            assert all(text in one.context for text in one.texts)


def test_every_group_has_one_answerable_question_and_every_source_some_that_are_not(pool):
    groups = [group for number in range(3) for group in epoch(pool, 0, number)]
    for group in groups:
        assert [one.answerable for one in group].count(True) == (0 if group[0].kind == "written" else 1)
        for one in group:
            assert one.span is None or one.context[slice(*one.span)].isdecimal()
            if one.kind == "removed":
                assert group[0].span is None or group[0].context[slice(*group[0].span)] not in one.context
    assert sum(one.kind == "written" for group in groups for one in group if len(group) > 1) > 50
    made = {one.source for group in groups for one in group if not one.answerable}
    assert made >= {"nq_qed", "wiki_shift", "squad1_train_part", "squad1_rest", "policyqa", "selqa_sentences"}


def test_a_word_is_replaced_in_question_or_passage_or_both(pool):
    places = set()
    for number in range(6):
        for group in epoch(pool, 0, number):
            if len(group) < 2 or group[1].kind != "substituted":
                continue
            yes, no = group
            assert (yes.answerable, no.answerable, len(group)) == (True, False, 2)
            assert (yes.question == no.question) != (yes.context == no.context)
            places.add((yes.question == no.question, "lost" in yes.question))
            # What is asked for stands in the passage of the answerable one alone.
            for one in group:
                asked = "lost" if "lost" in one.question else "found"
                assert (asked in one.context) == one.answerable
    assert places == {(False, False), (True, False), (True, True)}


def test_twins_stand_in_one_batch_as_pairs(pool, inputs):
    groups = epoch(pool, 0, 0)
    wanted = sorted((lowered(g[0].question), lowered(o.question)) for g in groups for o in g[1:])
    found = []
    for batch in batches(groups, inputs, 700, 0):
        questions = [_question(ids, inputs) for ids in batch.ids]
        assert batch.ids.numel() <= 700
        for yes, no in batch.pairs.tolist():
            assert (batch.answerable[yes], batch.answerable[no]) == (1, 0)
            found.append((questions[yes], questions[no]))
    assert len(wanted) > 100
    encoded = _encoded(wanted, inputs)
    assert sorted(found) == sorted(tuple(_question(ids, inputs) for ids in pair) for pair in encoded)


def _question(ids, inputs):
    ids = ids.tolist() if hasattr(ids, "tolist") else ids
    return tuple(ids[1 : ids.index(inputs.sep)])


def _encoded(pairs, inputs):
    return [tuple(inputs.encode([(text, "", "")])[0][0].ids for text in pair) for pair in pairs]


def test_targets_are_the_tokens_of_the_answer(inputs):
    for answer in ("twelve", "Moselle joins", "1923"):
        it = record(answer)
        made = example(it, range(5), it.answers[0], kind="answer", question=it.question, title="Rhine")
        ((encoded,),) = inputs.encode([(made.question, made.title, made.context)])
        first, last = target(made, encoded)
        start, end = encoded.places[first - encoded.first][0], encoded.places[last - encoded.first][1]
        assert made.context[start:end] == answer


def test_of_a_long_question_both_ends_are_read(inputs):
    ((whole,),) = inputs.encode([("who won? " + "and " * 60 + "who lost?", "", "Lee won.")])
    ((short,),) = inputs.encode([("who won? " + "and " * 43 + "who lost?", "", "Lee won.")])
    assert whole.ids.tolist() == short.ids.tolist()


def test_windows_of_a_long_passage_cover_every_token(folder):
    short = Inputs(resolve("all-MiniLM-L6-v2").folder, max_tokens=32)
    text = " ".join(f"w{i}" for i in range(80))
    ((whole,),) = Inputs(resolve("all-MiniLM-L6-v2").folder).encode([("q?", "", text)])
    (windows,) = short.encode([("q?", "", text)], stride=8)
    assert len(windows) > 3
    assert all(len(one) <= 32 for one in windows)
    assert {tuple(place) for one in windows for place in one.places} == {tuple(place) for place in whole.places}


def test_going_on_gives_the_same_batches_over_the_end_of_a_pass(pool, inputs):
    config = Config(batch_tokens=4000, seed=3)
    position, whole, stops = Position(), [], {}
    for batch in itertools.islice(stream(pool, inputs, config, position), 60):
        stops[len(whole) + 1] = copy.copy(position)
        whole.append(batch)
    assert position.epoch >= 1
    turn = next(i for i, stop in stops.items() if stop.epoch == 1) - 1
    for stop in (1, turn - 1, turn, turn + 1):
        again = list(itertools.islice(stream(pool, inputs, config, copy.copy(stops[stop])), 2))
        for one, other in zip(again, whole[stop:], strict=False):
            assert torch.equal(one.ids, other.ids)
            assert torch.equal(one.start, other.start)
            assert torch.equal(one.pairs, other.pairs)


def test_every_kind_is_shown_as_a_sentence_alone_too(pool):
    shown = [one for number in range(6) for group in epoch(pool, 0, number) for one in group]
    for kind in ("answer", "written", "removed", "other"):
        its = [len(one.sentences) == 1 for one in shown if one.kind == kind]
        assert 0.25 < sum(its) / len(its) < 0.7, kind


def test_a_question_is_held_against_mined_passages_around_what_was_taken_for_an_answer(pool):
    groups = [group for number in range(2) for group in epoch(pool, 0, number, 0.0)]
    mined = [group for group in groups if any(one.kind == "mined" for one in group)]
    # Shown whatever the share of the others is.
    assert {group[0].source for group in groups if group[0].kind == "answer"} >= {"wiki_shift"}
    assert len(mined) > 10
    for yes, no in mined:
        assert yes.source == "wiki_shift"
        assert yes.answerable
        assert (no.answerable, no.question) == (False, yes.question)
        # Neither the one whose words are those of the answer, nor the one that the reader would not fall for.
        assert "taken once" in no.context
    assert {"Nobody knows." in no.context for _, no in mined} == {True, False}


def test_a_passage_stands_once_in_an_index_whatever_sets_have_it(tmp_path):
    settings = Settings()
    its = [record(), record(source="written", id="2"), record(source="written", id="3", context="It was " + TEXT)]
    assistant, placed = indexed(its, tmp_path, settings, SentenceTransformerEncoder(resolve(settings.encoder)))
    assert placed == its
    found = [passage.text for passage in passages_of(assistant.store)]
    assert sorted(found) == sorted([TEXT, "It was " + TEXT])


def test_any_number_of_questions_is_mined_in_the_shares_that_are_set():
    names = ("nq_qed", "selqa_sentences", "qasrl_wikinews")
    sources = {name: [record(source=name, id=str(number)) for number in range(100)] for name in names}
    sources["nq_qed"] += [record(None, source="nq_qed", id="none")]
    order = asked(sources)
    assert Counter(one.source for one in order) == {"nq_qed": 100, "selqa_sentences": 100}
    for number in (35, 70):
        counts = Counter(one.source for one in order[:number])
        assert counts["nq_qed"] == pytest.approx(6 * counts["selqa_sentences"], abs=6)


def test_mining_finds_what_reads_like_an_answer_and_is_none(tmp_path):
    own = record("1871", question="When was the bridge of Bonn built?", context="The bridge of Bonn was built in 1871.")
    others = [
        record(None, id="2", title="Cologne", context="The bridge of Cologne was built in 1911."),
        record(None, id="3", title="Bonn", context="Bonn has had its bridge, a wide one, since 1871 and not before."),
        record(None, id="4", title="Again", context="The bridge of Bonn was built in 1871. It is long."),
    ]
    found = list(Miner([own, *others], tmp_path).of(own))
    assert [one["title"] for one in found] == ["Cologne"]
    assert found[0]["text"][found[0]["start"] : found[0]["end"]] == "1911"


def test_a_share_of_the_questions_without_a_written_twin_is_shown(pool):
    groups = epoch(pool, 0, 0, 0.1)
    assert sum(any(one.kind == "written" for one in group) for group in groups) == len(pool.twins) + len(pool.alone)
    assert len(groups) < len(epoch(pool, 0, 0))


def test_less_is_shown_of_peoples_unanswerable_questions_and_of_those_written_for_the_project(folder, tmp_path):
    found = training_records(folder)
    file = tmp_path / "written.jsonl"
    file.write_text("".join(_on(context) for context in {one.context for one in found["nq_qed"]}), encoding="utf-8")
    its = Pool.of(training_records(folder, questions=file), {})

    def count(**shares: float) -> Counter[str]:
        kinds = Counter[str]()
        for number in range(20):
            for group in epoch(its, 0, number, **shares):
                own, held = group[0].source == "written", any(one.kind == "written" for one in group)
                kinds["own" if own else "held" if held else "other"] += 1
        return kinds

    everything, fewer, less_own = count(), count(twins=0.3), count(own=0.3)
    assert 0.2 * everything["held"] < fewer["held"] < 0.4 * everything["held"]
    assert fewer["own"] == pytest.approx(everything["own"], rel=0.1)
    assert 0.2 * everything["own"] < less_own["own"] < 0.4 * everything["own"]
    assert less_own["held"] == pytest.approx(everything["held"], rel=0.1)
    assert not count(own=0)["own"]
    assert not count(twins=0)["held"]


def test_one_kind_of_negative_can_be_left_out(pool):
    groups = epoch(pool, 0, 0)
    for kind in NEGATIVES:
        left = less(groups, frozenset({kind}))
        shown = [one for group in left for one in group]
        assert shown == [one for group in groups for one in group if one.kind != kind]
        assert all(left)
        assert any(one.kind == kind for group in groups for one in group), kind
    config = Config(without="written,mined,pair")
    assert config.left_out == {"written", "mined", "pair"}
    kinds = {one.kind for group in less(groups, config.left_out) for one in group}
    assert kinds == {one.kind for group in groups for one in group} - config.left_out
    assert Config().left_out == frozenset()


def test_a_shipped_network_comes_back_as_it_scores():
    """From its 8-bit graph, for training to go on from."""
    encoder = resolve("all-MiniLM-L6-v2").folder
    described = json.loads((MODELS / "reader.json").read_text())["first"]
    graph = Graph(MODELS / described["graph"])
    reader = ReaderNetwork("all-MiniLM-L6-v2", layers=graph.layers).eval()
    canary = described["canary"]
    encoded = Inputs(encoder).encode([tuple(canary[name] for name in ("question", "title", "passage"))])[0][0]

    def off():
        words = reader.encoder.embeddings.word_embeddings(torch.from_numpy(encoded.ids))
        with torch.no_grad():
            tokens, whole = SingleInput(reader).eval()(words, torch.from_numpy(encoded.types))
        logits = Logits(*tokens.numpy().T, *map(float, whole))
        return max(abs(a - b) for a, b in zip(canary_values(logits), canary["values"], strict=True))

    assert off() > 1.5
    fill(reader, graph)
    assert off() < 0.5


def test_rounding_makes_up_for_what_it_changes():
    torch.manual_seed(0)
    mixed = torch.randn(64, 64)
    inputs = torch.randn(2000, 64) @ mixed
    weight = torch.randn(32, 64)
    found = rounded(weight, inputs.T @ inputs)
    scale = weight.abs().amax(1, keepdim=True) / LEVELS
    steps = found / scale
    assert torch.allclose(steps, steps.round(), atol=1e-3)
    assert torch.equal(found.abs().amax(1), weight.abs().amax(1))
    nearest = (weight / scale).round() * scale
    off, off_nearest = ((inputs @ (its - weight).T).pow(2).mean() for its in (found, nearest))
    assert off < 0.7 * off_nearest
    assert torch.allclose(rounded(nearest, inputs.T @ inputs), nearest, atol=1e-6)


def test_a_pass_depends_on_its_seed_and_number_alone(pool):
    passes = {}
    for seed, number in ((0, 0), (0, 1), (1, 0), (0, 0)):
        random.seed(len(passes))  # which has no say
        passes.setdefault((seed, number), []).append(epoch(pool, seed, number))
    first, again = passes[0, 0]
    assert first == again
    assert first != passes[0, 1][0]
    assert first != passes[1, 0][0]


def test_a_stopped_run_ends_in_the_same_weights(tmp_path):
    def fresh():
        model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Linear(4, 1))
        return model, torch.optim.AdamW(model.parameters(), lr=0.1)

    def step(model, optimiser):
        model(torch.ones(3, 4)).sum().backward()
        optimiser.step()
        optimiser.zero_grad()

    torch.manual_seed(0)
    model, optimiser = fresh()
    for number in range(5):
        step(model, optimiser)
        checkpoint.save(tmp_path, model, optimiser, {"step": number})
    assert [folder.name for folder in checkpoint.all_of(tmp_path)] == ["step-0000003", "step-0000004"]
    (tmp_path / "step-0000009.part").mkdir()
    other, its = fresh()
    assert checkpoint.load(checkpoint.all_of(tmp_path)[0], other, its) == {"step": 3}
    step(other, its)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name])


def test_a_signal_while_a_run_is_scored_ends_it_with_a_checkpoint(monkeypatch):
    class Scored:
        config, inputs = Config(tokens=1000), None

        def __init__(self):
            self.position, self.saved = Position(), []

        def step(self, batch):
            self.position.step += 1
            self.position.tokens += 10
            return {}

        def score(self, limit):
            signal.raise_signal(signal.SIGTERM)
            return {}

        def save(self):
            self.saved.append(self.position.step)

        def log(self, **fields):
            pass

    monkeypatch.setattr(train, "stream", lambda *_: itertools.repeat(None))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    run = Scored()
    try:
        assert not train.train(run, None, (60.0, 0.0), 1)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert run.saved == [run.position.step] == [2]


def test_a_checkpoint_leaves_an_export_that_a_mean_can_take(tmp_path, monkeypatch):
    monkeypatch.setattr(run_module, "develop_rows", lambda data, name: [])
    config = Config(layers=1)
    run = Run(config, tmp_path, tmp_path)
    for step in (3, 4):
        run.position.step = step
        with torch.no_grad():
            run.reader.span.weight.fill_(step)
        run.save()
    exports = [tmp_path / f"export-000000{step}" for step in (3, 4)]
    assert [load_export(folder).span.weight.unique().tolist() for folder in exports] == [[3.0], [4.0]]
    assert mean(exports).span.weight.unique().tolist() == [3.5]
    again = Run(config, tmp_path, tmp_path)
    assert (again.position.step, again.reader.span.weight.unique().tolist()) == (4, [4.0])


def test_the_learning_rate_rises_and_falls():
    config = Config(tokens=1000, warm_up=0.1)
    assert [round(factor(config, at), 2) for at in (0, 50, 100, 550, 1000, 1200)] == [0, 0.5, 1, 0.5, 0, 0]


def test_the_loss_holds_twins_apart(pool, inputs):
    batch = next(b for b in batches(epoch(pool, 0, 0), inputs, 4000, 0) if len(b.pairs))
    rows, length = batch.ids.shape
    flat = torch.zeros(rows, length), torch.zeros(rows, length)

    def pair(scale):
        logits = scale * (2 * batch.answerable - 1)
        sentence = torch.zeros(rows, batch.gold.shape[1] + 1)
        return float(losses(Outputs(*flat, logits, sentence), batch, Weights())["pair"])

    assert pair(0.0) == pytest.approx(np.log1p(np.e))
    assert pair(5.0) < 0.001


def test_nothing_is_learnt_from_a_teacher_that_says_the_same(pool, inputs):
    batch = next(batches(epoch(pool, 0, 0), inputs, 4000, 0))
    rows, length = batch.ids.shape
    torch.manual_seed(0)
    shapes = (rows, length), (rows, length), (rows,), (rows, 3)
    own = [torch.randn(*shape, requires_grad=True) for shape in shapes]
    same, other = Outputs(*(one.detach() for one in own)), Outputs(*(torch.randn(*shape) for shape in shapes))
    for teacher, learns in ((same, False), (other, True)):
        slopes = torch.autograd.grad(taught(Outputs(*own), teacher, Weights()), own)
        for slope in slopes:
            assert (float(slope.abs().max()) > 1e-3) == learns
            assert learns or float(slope.abs().max()) < 1e-6
    # A step towards the other leaves less of the way to it.
    before = taught(Outputs(*own), other, Weights())
    after = taught(Outputs(*(o - s for o, s in zip(own, slopes, strict=True))), other, Weights())
    assert after < before


def test_a_teacher_reads_the_tokens_of_the_other_in_the_order_of_its_own(pool, inputs, tmp_path):
    base = resolve("all-MiniLM-L6-v2").folder
    torch.manual_seed(0)
    reader = ReaderNetwork("all-MiniLM-L6-v2", layers=2).eval()
    export(reader, tmp_path / "export", {})
    tokenizer = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
    # Every token has another number in the vocabulary of the one that is taught, the markers too.
    vocabulary = tokenizer["model"]["vocab"]
    moved = {text: len(vocabulary) - 1 - at for text, at in vocabulary.items()}
    tokenizer["model"]["vocab"] = moved
    for added in tokenizer["added_tokens"]:
        added["id"] = moved[added["content"]]
    tokenizer["post_processor"] = None
    (tmp_path / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    theirs = next(batches(epoch(pool, 0, 0), Inputs(tmp_path), 2000, 0))
    own = next(batches(epoch(pool, 0, 0), inputs, 2000, 0))
    assert not torch.equal(theirs.ids, own.ids)
    with torch.no_grad():
        expected, muddled = reader(own), reader(theirs)
    found = Teacher(tmp_path / "export", tmp_path)(theirs)
    for one, other in zip(vars(found).values(), vars(expected).values(), strict=True):
        assert torch.allclose(one, other, atol=0.1)  # its products are of bfloat16
    assert not torch.allclose(muddled.start, expected.start, atol=0.3)


def test_a_run_may_begin_with_a_shallower_network_and_keeps_the_layers_above_of_the_base(tmp_path):
    torch.manual_seed(0)
    shallow = ReaderNetwork("all-MiniLM-L6-v2", layers=2)
    with torch.no_grad():
        for parameter in shallow.encoder.encoder.layer.parameters():
            parameter.mul_(0.5)
    export(shallow, tmp_path, {})
    deep, base = (ReaderNetwork("all-MiniLM-L6-v2", layers=4) for _ in range(2))
    fill_from(deep, tmp_path)
    for at, layer in enumerate(deep.encoder.encoder.layer):
        its = (shallow if at < 2 else base).encoder.encoder.layer[at]
        for one, other in zip(layer.parameters(), its.parameters(), strict=True):
            assert torch.equal(one, other if at >= 2 else other.half().float())
    assert torch.equal(deep.span.weight, shallow.span.weight.half().float())
    # A deeper one does not fit.
    export(deep, tmp_path / "deep", {})
    with pytest.raises(ValueError, match="unexpected"):
        fill_from(shallow, tmp_path / "deep")


def test_the_mean_of_several_runs_is_of_their_weights_and_of_one_shape(tmp_path):
    torch.manual_seed(0)
    readers = [ReaderNetwork("all-MiniLM-L6-v2", layers=2) for _ in range(3)]
    for at, reader in enumerate(readers):
        with torch.no_grad():
            for parameter in reader.encoder.encoder.layer.parameters():
                parameter.mul_(1 + at / 4)
        export(reader, tmp_path / str(at), {})
    found = mean([tmp_path / str(at) for at in range(3)])
    for (name, one), *others in zip(*(reader.named_parameters() for reader in (found, *readers)), strict=True):
        wanted = sum(other for _, other in others) / 3
        assert torch.allclose(one, wanted, rtol=1e-3, atol=1e-5), name  # kept in half precision
    assert not torch.allclose(found.span.weight, readers[0].span.weight, atol=1e-4)
    export(ReaderNetwork("all-MiniLM-L6-v2", layers=3), tmp_path / "deep", {})
    with pytest.raises(ValueError, match="deep: of another base or shape"):
        mean([tmp_path / "0", tmp_path / "deep"])


def test_no_gradient_goes_through_what_is_not_trained_and_no_dropout_through_the_encoder(tmp_path, pool, inputs):
    """Of MPNet, too, whose layers share the bias of positions."""
    from transformers import MPNetConfig, MPNetModel

    config = MPNetConfig(
        vocab_size=31000, hidden_size=32, num_hidden_layers=3, num_attention_heads=2, intermediate_size=64
    )
    MPNetModel(config).save_pretrained(tmp_path)
    (tmp_path / "modules.json").write_text("[]")
    batch, whole = next(batches(epoch(pool, 0, 0), inputs, 2000, 0)), ReaderNetwork(str(tmp_path))
    for frozen in (1, 2):
        reader = ReaderNetwork(str(tmp_path), frozen=frozen).train()
        states = list[torch.Tensor]()
        for layer in reader.encoder.encoder.layer:
            layer.register_forward_hook(lambda _layer, _inputs, output, states=states: states.append(output[0]))
        for _ in range(2):
            losses(reader(batch), batch, Weights())["total"].backward()
        assert [its.requires_grad for its in states[:3]] == [at >= frozen for at in range(3)]
        assert all(torch.equal(one, other) for one, other in zip(states[:3], states[3:], strict=True))
        still = {name for name, its in reader.named_parameters() if its.grad is None}
        assert all((f"encoder.encoder.layer.{at}.output.dense.weight" in still) == (at < frozen) for at in range(3))
    assert whole.train().encoder.encoder.relative_attention_bias.weight.requires_grad


def test_measures_by_hand():
    rows = [
        {"context": "one two three", "answers": ["two"]},
        {"context": "one two three", "answers": ["three"]},
        {"context": "one two three", "answers": []},
    ]
    readings = [ScoredSpan(4, 7, 3.0, 3.0), ScoredSpan(4, 7, 1.0, 1.0), ScoredSpan(0, 3, 2.0, 0.0)]
    found = measures(rows, readings)
    assert found["forced_f1"] == 0.5
    assert found["auroc_margin"] == 0.5
    assert found["auroc_answerable"] == 1.0
    # Above a threshold between 3 and 2: one right answer, one wrong refusal, one right refusal.
    assert found["best_f1_margin"] == pytest.approx(2 / 3)


def test_channels_apart_change_nothing_but_what_8_bits_lose():
    torch.manual_seed(0)
    states = torch.randn(50, 200)
    states[:, 7] *= 40
    whole = Product(nn.Linear(200, 30))
    parted = copy.deepcopy(whole)
    parted.part(states.abs().amax(0))
    assert len(parted.apart) == 2
    assert parted.apart[0] == 7
    torch.testing.assert_close(parted(states), whole(states), rtol=1e-4, atol=1e-4)

    def lost(product):  # as one scale of 8 bits for all that is multiplied leaves it
        kept = product.others if product.apart is not None else torch.ones(200)
        scale = (states * kept).abs().max() / 127
        off = (states * kept / scale).round() * scale - states * kept
        return (off @ product.weight.detach().T).square().mean().item()

    assert lost(parted) < lost(whole) / 10
