"""Filters: what is searched, what the answer says about it, and that the checker holds them against it."""

import json

import pytest

from rag.answer.opening import open_assistant
from rag.answer.wire import to_json
from rag.build import sync_index
from rag.types.errors import InputError
from rag.types.filters import ALL, Filters, parse
from rag.types.settings import Settings
from rag.verify import verify

OLD = "---\ntitle: Old\ndate: 1999-05-01\n---\nThe old bridge was opened by the mayor.\n\nIt rained on that day.\n"
NEW = "---\ntitle: New\ndate: 2020-05-01\n---\nThe new bridge was opened by the queen.\n\nIt snowed on that day.\n"
UNDATED = "A bridge\n\nThe third bridge was opened by nobody at all.\n\nThe sun shone.\n"


@pytest.fixture
def made(tmp_path, word_encoder):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for name, text in (("old.txt", OLD), ("new.txt", NEW), ("undated.txt", UNDATED)):
        (seeds / name).write_text(text)
    sync_index(seeds, tmp_path / "index", Settings())
    return seeds, open_assistant(tmp_path / "index", Settings())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"old.txt", "new.txt", "undated.txt"}),
        ({"from": "2000-01-01"}, {"new.txt"}),
        ({"to": "2000-01-01"}, {"old.txt"}),
        ({"from": "1999-05-01", "to": "2020-05-01"}, {"old.txt", "new.txt"}),
        ({"articles": ["undated.txt", "old.txt"]}, {"undated.txt", "old.txt"}),
        ({"articles": ["undated.txt"], "from": "1990-01-01"}, set()),
    ],
)
def test_only_articles_that_pass_are_searched(made, given, expected):
    hits = made[1].search("Who opened the bridge?", 10, filters=parse(given))
    assert {hit.passage.info.article_id for hit in hits} == expected


def test_an_article_that_is_not_there_is_an_error_and_no_refusal(made):
    for ask in (made[1].ask, lambda text, filters: made[1].search(text, 3, filters=filters)):
        with pytest.raises(InputError, match=r"'articles\.1': the index holds no such article"):
            ask("Who opened the bridge?", filters=parse({"articles": ["old.txt", "elsewhere.txt"]}))


def test_a_part_of_a_question_is_about_this_article_only_where_there_is_one(made):
    assistant, asked = made[1], "Who opened the bridge, and what is this article about?"
    for given, kind in (
        ({"articles": ["undated.txt"]}, "about"),
        ({"articles": ["old.txt", "new.txt"]}, "what"),
        ({}, "what"),
    ):
        understanding = assistant.understand(asked, filters=parse(given))
        assert [query.kind for query in understanding.queries] == ["who", kind]
        read = "What is this about?" if kind == "about" else "What is this article about?"
        assert understanding.queries[1].read == read
    assert len(assistant.search("What is this article about?", 2)) == 2


def test_the_order_among_those_that_pass_is_that_of_all(made):
    every = made[1].search("Who opened the bridge?", 10)
    some = made[1].search("Who opened the bridge?", 10, filters=parse({"articles": ["old.txt", "new.txt"]}))
    order = [hit.passage.info.article_id for hit in every if hit.passage.info.article_id != "undated.txt"]
    assert [hit.passage.info.article_id for hit in some] == order
    assert {hit.passage.text: hit.cosine for hit in some}.items() <= {h.passage.text: h.cosine for h in every}.items()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"from": "2000-01-01"}, "Searched only articles dated 2000-01-01 or later."),
        ({"to": "2000-01-01"}, "Searched only articles dated 2000-01-01 or earlier."),
        (
            {"from": "1999-01-01", "to": "2020-12-31", "articles": ["old.txt", "new.txt"]},
            "Searched only articles dated 1999-01-01 to 2020-12-31, of the 2 chosen.",
        ),
        ({"articles": ["old.txt"]}, "Searched only articles of the 1 chosen."),
    ],
)
@pytest.mark.parametrize("threshold", [0.0, 1.0])
def test_the_answer_says_what_was_searched_and_verifies(made, tmp_path, given, said, threshold):
    seeds, assistant = made
    reply = assistant.with_threshold(threshold).ask("Who opened the bridge?", filters=parse(given))
    assert reply.status == ("answered" if threshold == 0.0 else "refused")
    assert reply.text.endswith(said)
    assert reply.filters == given
    (tmp_path / "answers.jsonl").write_text(to_json(reply) + "\n")
    assert verify(tmp_path / "answers.jsonl", seeds).findings == ()


def test_nothing_that_passes_is_nothing_found_and_no_failure(made, tmp_path):
    seeds, assistant = made
    reply = assistant.ask("Who opened the bridge?", filters=parse({"from": "2024-01-01"}))
    assert (reply.status, reply.reason, reply.closest) == ("refused", "nothing_found", ())
    assert reply.text.endswith("Searched only articles dated 2024-01-01 or later.")
    (tmp_path / "answers.jsonl").write_text(to_json(reply) + "\n")
    assert verify(tmp_path / "answers.jsonl", seeds).findings == ()


def test_a_citation_that_the_filters_leave_out_is_a_violation(made, tmp_path):
    seeds, assistant = made
    reply = json.loads(to_json(assistant.with_threshold(0.0).ask("Who opened the bridge?", filters=ALL)))
    for filters in ({"from": "2024-01-01"}, {"articles": ["elsewhere.txt"]}):
        (tmp_path / "answers.jsonl").write_text(json.dumps(reply | {"filters": filters}) + "\n")
        found = verify(tmp_path / "answers.jsonl", seeds).findings
        assert any("the filters leave out" in finding.what for finding in found)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"year": 1999}, "a key that is not known"),
        ({"from": "yesterday"}, "'from' is no day"),
        ({"from": "2020-01-02", "to": "2020-01-01"}, "is after 'to'"),
        ({"articles": "old.txt"}, "'articles'"),
    ],
)
def test_bad_filters_are_an_error_that_says_what_is_known(given, message):
    with pytest.raises(InputError, match=message + ".*known are 'from' and 'to'"):
        parse(given)


def test_empty_filters_are_none():
    assert not parse({"from": "", "articles": []})
    assert parse({}) == Filters() == ALL
    assert parse({"from": "2020-01-01", "articles": ["a", "a"]}).object() == {"from": "2020-01-01", "articles": ["a"]}
