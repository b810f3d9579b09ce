"""Changes and saved questions from the build to what is told, on each backend."""

import pytest

from rag.answer.opening import open_assistant
from rag.answer.wire import to_json
from rag.build import sync_index
from rag.follow import listing, saved
from rag.follow.building import build
from rag.store import at
from rag.types.settings import Settings
from rag.verify.check import check
from tests.test_following import GATE, OTHER, QUESTION


@pytest.fixture
def desk(place, tmp_path, word_encoder):
    """Folders, and settings that name the store."""
    seeds = tmp_path / "articles"
    seeds.mkdir()
    for name, text in (("gate", GATE.format("crimson")), ("old", OTHER.format(1, 1))):
        (seeds / f"{name}.txt").write_text(text)
    settings = Settings() if place.url.startswith("/") else Settings(store=place.url)
    index = tmp_path / "index"
    build(seeds, index, settings)
    return seeds, index, settings


def test_from_a_build_to_what_is_told(desk, tmp_path):
    seeds, index, settings = desk
    store, log = at(index, settings), tmp_path / "log.jsonl"
    question = saved.save(store, QUESTION, {"from": None}, settings)
    log.write_text(to_json(open_assistant(index, settings).ask(QUESTION)) + "\n")
    (seeds / "gate.txt").write_text(GATE.format("indigo"))
    (seeds / "old.txt").rename(seeds / "renamed.txt")
    assert build(seeds, index, settings).alerts == 1
    assert build(seeds, index, settings).alerts == 0
    assert [(one.question_id, one.short_answer) for one in store.alerts(9)] == [(question.id, "indigo")]
    reader = store.open()
    texts = listing.Texts(store, reader)
    told = {one["kind"]: one for one in (listing.change_object(c, texts) for c in listing.changed(store))}
    assert sorted(told) == ["renamed", "replaced"]
    assert [p["before"] + p["after"] for p in told["replaced"]["diff"] if p["op"] == "replace"] == [" crimson indigo"]
    assert [one.state for one in listing.quoting(store, reader, [log], None)] == ["gone"]
    reader.close()
    assert check(seeds, index, settings) == []


def test_of_two_servers_one_tells_it(desk):
    """Both have asked: the question is not any more what the second one asked."""
    seeds, index, settings = desk
    store = at(index, settings)
    saved.save(store, QUESTION, {}, settings)
    (seeds / "gate.txt").write_text(GATE.format("indigo"))
    both = []

    def asked_meanwhile():
        if not both:
            both.append(1)
            both.append(saved.ask(index, settings))
        return open_assistant(index, settings)

    sync_index(seeds, index, settings)
    assert saved._ask(store, asked_meanwhile, lambda *_: None) == 0
    assert both == [1, 1]
    assert len(store.alerts(9)) == 1
