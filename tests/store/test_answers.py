"""The same questions get the same answers, whatever store holds the articles."""

import json
from dataclasses import replace

import numpy as np
import pytest

from rag.answer.opening import open_assistant
from rag.answer.wire import to_json
from rag.build import sync_index
from rag.build.copying import copy_generation
from rag.retrieve import retrieve
from rag.store import at
from rag.types.settings import Settings
from tests.conftest import ROOT

QUESTIONS = [
    row["question"] for row in map(json.loads, (ROOT / "eval" / "questions" / "seeds.jsonl").read_text().splitlines())
][::9]
DATED = "---\ntitle: {title}\ndate: 2025-{month:02}-03\n---\n{text}\n"


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    """The project's article, and others with copies and days."""
    folder = tmp_path_factory.mktemp("seeds")
    for file in (ROOT / "seeds").glob("*.txt"):
        (folder / file.name).write_bytes(file.read_bytes())
    for n in range(1, 13):
        text = f"President Lee met the envoy of Ustka for talk {n}.\n\nThe bridge of Ustka was opened by Lee on Monday."
        (folder / f"{n}.txt").write_text(DATED.format(title=f"Talk {n}", month=n, text=text))
    return folder


@pytest.fixture
def both(seeds, tmp_path, backend):
    """Two assistants: of a folder, and of a database into which it was copied and then built."""
    index, files, database = tmp_path / "index", Settings(), Settings(store=backend.url)
    sync_index(seeds, index, files)
    copy_generation(at(index, files), at(index, database))
    assert not sync_index(seeds, index, database).changed_anything
    return open_assistant(index, files), open_assistant(index, database)


def told(reply):
    return json.loads(to_json(replace(reply, timings_ms={})))


@pytest.mark.parametrize("day", [None, "2025-11-05"])
def test_both_stores_answer_the_same(both, day):
    of_files, of_database = both
    assert of_files.store.generation == of_database.store.generation
    asked = [*QUESTIONS, "When did President Lee meet the envoy of Ustka?", "Who opened the bridge this month?"]
    for question in asked:
        one, other = (told(assistant.ask(question, day=day)) for assistant in both)
        assert other.pop("confidence") == pytest.approx(one.pop("confidence"), abs=1e-3)
        assert other == one, question


def test_both_stores_find_the_same(both):
    of_files = both[0]
    for question in QUESTIONS:
        (query,) = of_files.understand(question, day="2025-11-05").queries[:1]
        found = [retrieve(query, its.store, its.components.encoder, its.settings, 20) for its in both]
        one, other = ([(hit.passage, hit.dense_rank, hit.lexical_rank, hit.lexical) for hit in hits] for hits in found)
        assert other == one, question
        one, other = ([(hit.score, hit.cosine) for hit in hits] for hits in found)
        assert np.array(other) == pytest.approx(np.array(one), abs=1e-6)
