"""The evaluation questions are what they say, and each measure equals one computed by hand."""

import json
from collections import Counter

import pytest

from eval.items import SEEDS, read
from eval.metrics import Share, holds_gold, right, summarise, token_f1
from eval.parts import (
    PARTS,
    TRAINED_ON,
    Protected,
    _sha1,
    kept_for_training,
    parts_of,
    parts_of_records,
    seed_half,
    unit,
)
from rag.decide import decide
from rag.load import load
from rag.question import analyse
from rag.render import render
from tests.conftest import ARTICLE
from tests.conftest import SEEDS as ARTICLES
from tests.test_stages import support


def test_there_are_enough_questions_of_each_sort_and_each_id_once():
    items = read()
    assert sum(item.answerable for item in items) >= 40
    assert sum(not item.answerable for item in items) >= 40
    assert len({item.id for item in items}) == len({item.question for item in items}) == len(items)
    halves = [seed_half(item.id) for item in items]
    assert min(halves.count("develop"), halves.count("test")) >= 35


@pytest.mark.parametrize("item", [item for item in read() if item.answerable], ids=lambda item: item.id)
def test_gold_spans_are_the_words_of_the_article(item):
    (article,) = load(ARTICLES, item.article_id).articles
    for gold in item.gold:
        assert article.text[gold.start : gold.end] == gold.text
        home = article.paragraphs[gold.paragraph - 1]
        assert home.start <= gold.start < gold.end <= home.end


def test_question_lines_have_the_documented_fields():
    for line in SEEDS.read_text(encoding="utf-8").splitlines():
        assert sorted(json.loads(line)) == ["article_id", "category", "gold", "id", "kind", "question"]


def test_token_f1_by_hand():
    assert token_f1("The Mutually beneficial!", ["mutually beneficial"]) == 1.0
    assert token_f1("new economic deal", ["a deal"]) == pytest.approx(2 * 1 / (3 + 1))
    assert token_f1("nothing", ["deal", "trade"]) == 0.0
    assert token_f1("deal", []) == 0.0


def test_clopper_pearson_by_the_published_table():
    low, high = Share(8, 10).interval
    assert (round(low, 4), round(high, 4)) == (0.4439, 0.9748)
    assert Share(0, 0).interval == (0.0, 1.0)


def _item(gold):
    from eval.items import Gold, Item

    return Item("q", "a1", "When did it rain?", "when", "plain", tuple(Gold(1, a, b, "x") for a, b in gold))


def _reply(supports, threshold=0.5):
    return render(analyse("When did it rain?", 1000), decide(supports, threshold), [], id="q", generation="g")


def test_right_needs_the_gold_in_the_first_quotation():
    rain, other = support(1, 0.9, (41, 50)), support(0, 0.8)
    assert right(_item([(44, 50)]), _reply([rain, other]))
    assert not right(_item([(44, 50)]), _reply([support(0, 0.9), support(1, 0.8)]))
    assert not right(_item([(44, 50)]), _reply([support(1, 0.4)]))
    assert right(_item([]), _reply([support(1, 0.4)]))
    assert not right(_item([]), _reply([rain]))
    assert not holds_gold(_reply([rain]).citations[0], _item([(44, 60)]))


def test_summary_by_hand():
    items = [_item([(44, 50)]), _item([(44, 50)]), _item([]), _item([])]
    replies = [
        _reply([support(1, 0.9)]),
        _reply([support(1, 0.1)]),
        _reply([support(1, 0.1)]),
        _reply([support(0, 0.9)]),
    ]
    summary = summarise(items, replies)
    assert (summary.answerable_right, summary.unanswerable_refused) == (Share(1, 2), Share(1, 2))
    assert (summary.joint, summary.always_refusing) == (Share(2, 4), Share(2, 4))
    assert (summary.quoted_chars, summary.quoted_sentences) == (20, 1)


def test_parts_of_squad2_dev23_are_fixed():
    titles = [f"t{n}" for n in range(23)]
    parts = parts_of("squad2_dev23", titles)
    assert [list(parts.values()).count(part) for part in PARTS] == [11, 3, 4, 5]
    assert parts == parts_of("squad2_dev23", titles[::-1])
    with pytest.raises(ValueError, match="22 titles"):
        parts_of("squad2_dev23", titles[1:])
    assert min(titles, key=_sha1) in {t for t, part in parts.items() if part == "train"}
    assert max(titles, key=_sha1) in {t for t, part in parts.items() if part == "test"}


def test_a_passage_has_one_part_in_whichever_file_it_stands():
    row = {"title": "squad_train", "context": "It rained  in Ghent."}
    twin = {"title": "squad1_train", "context": "it rained in Ghent"}
    parts = [parts_of_records(name, [r])[0] for name, r in [("squad2_twin_answers", row), ("squad1_train_part", twin)]]
    assert unit(row) == unit(twin) == "passage it rained in ghent"
    assert parts[0] == parts[1]
    assert unit({"title": "American_Idol", "context": "x"}) == "title american idol"


def test_shares_are_met_and_nothing_is_trained_of_a_testing_set():
    units = [str(n) for n in range(4000)]
    found = Counter(parts_of("nq_qed", units).values())
    assert [round(found[part] / 4000, 2) for part in PARTS] == pytest.approx([0.88, 0.04, 0.04, 0.04], abs=0.015)
    assert "train" not in parts_of("wikiqa", units).values()
    assert {"wikiqa", "newsqa_dev_a", "news", "clapnq", "ramdocs", "mtrag_un", "scifact"}.isdisjoint(TRAINED_ON)


def test_what_shares_a_question_a_title_or_a_passage_with_a_test_part_is_not_trained_on():
    test = {"title": "Ghent", "question": "When did it rain?", "context": "It rained in May."}
    protected = Protected.of([test])
    free = {"title": "Bruges", "question": "When did it snow?", "context": "It snowed in June."}
    sharing = [
        free | {"question": "when did it RAIN"},
        free | {"twin_question": "When did it rain ?"},
        free | {"title": "ghent"},
        free | {"context": "It rained, in May"},
        {"doc": "Ghent", "question": "Where?", "sentence": "x"},
    ]
    assert kept_for_training([free, *sharing, free | {"title": ""}], protected) == [free, free | {"title": ""}]
    assert not Protected.of([test | {"title": "squad_train"}]).holds(free | {"title": "squad_train"})


def test_the_owner_article_is_what_the_questions_are_about():
    assert {item.article_id for item in read()} == {ARTICLE}
