"""What the load test with an editor takes for a torn reply."""

import json
from dataclasses import replace

import pytest

from eval.editing import torn
from rag.answer.wire import to_json

pytestmark = pytest.mark.model


def test_replies_that_differ_or_do_not_stand_in_the_articles_are_torn(assistant, seeds):
    reply = assistant.ask("When was President Lee elected?")
    good = json.loads(to_json(reply))
    assert torn([good, good], seeds) == []
    slower = json.loads(to_json(replace(reply, timings_ms={"total": 9.0})))
    assert torn([good, slower], seeds) == []
    other = json.loads(to_json(assistant.ask("Who met Xi?"))) | {"question": good["question"]}
    assert f"two answers of {(good['question'], good['index_generation'])}" in torn([good, other], seeds)
    false = good | {"citations": [good["citations"][0] | {"quote": "President Lee was elected in May."}]}
    assert any("violation" in one for one in torn([false], seeds))
