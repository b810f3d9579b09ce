"""Builds: only what changed, whole generations, and clear words when something is wrong."""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rag import embed
from rag.answer.opening import LiveAssistant, open_assistant
from rag.build import sync_index
from rag.build.copying import copy_generation
from rag.store import hashed, layout, manifest, pins, pruning, vectors
from rag.store.files import FileStore
from rag.store.reader import open_current
from rag.types.errors import IndexBusy, IndexUnusable, SeedError
from rag.types.settings import Settings
from rag.verify.check import check
from tests.stored import files_of

ARTICLES = {
    "a.txt": "First title\n\nThe fox jumped over the dog. It was brown.\n\nHead\n\nThe dog slept all day.\n",
    "b.txt": "Second title\n\nThe cat sat on the mat. The mat was red.\n",
    "c.txt": "Third title\n\nThe owl flew at night. It was white.\n",
}


@pytest.fixture
def folders(tmp_path, word_encoder):
    seeds, index = tmp_path / "seeds", tmp_path / "index"
    seeds.mkdir()
    for name, text in ARTICLES.items():
        (seeds / name).write_text(text)
    return seeds, index


def state(index):
    """Everything a reader can see of the current generation, by canonical order."""
    generation = open_current(index)
    (found,) = generation.search_dense(next(generation.stored()).vectors[0], 1000)
    hits = generation.passages([id for id, _ in found])
    lexical = [(p.text, score) for (k, score), p in _lexical(generation)]
    return generation.generation, [(p.info, p.chunk, p.text) for p in hits], lexical


def _lexical(generation):
    found = generation.search_lexical(["the", "dog", "mat"], 1000)[0]
    return zip(found, generation.passages([key for key, _ in found]), strict=True)


def test_a_build_reports_what_it_added(folders):
    report = sync_index(*folders, Settings())
    assert report.plan.added == ("a.txt", "b.txt", "c.txt")
    assert (report.articles, report.chunks, report.embedded) == (3, 4, 4)
    assert open_current(folders[1]).generation == report.generation


def test_a_second_build_changes_nothing(folders):
    first = sync_index(*folders, Settings())
    second = sync_index(*folders, Settings())
    assert (second.generation, second.changed_anything, second.plan.kept) == (
        first.generation,
        False,
        ("a.txt", "b.txt", "c.txt"),
    )


def test_only_changed_passages_are_embedded(folders):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    (seeds / "a.txt").write_text(ARTICLES["a.txt"].replace("slept", "barked"))
    (seeds / "b.txt").rename(seeds / "z.txt")
    (seeds / "c.txt").unlink()
    report = sync_index(seeds, index, Settings())
    plan = report.plan
    assert (plan.changed, plan.renamed, plan.removed, plan.kept) == (
        ("a.txt",),
        (("b.txt", "z.txt"),),
        ("c.txt",),
        (),
    )
    assert report.embedded == 1


def test_a_chain_of_builds_ends_like_a_full_one(folders, tmp_path):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    (seeds / "d.txt").write_text("Fourth\n\nThe dog met the owl on the mat.\n")
    sync_index(seeds, index, Settings())
    (seeds / "a.txt").write_text("First title\n\nThe fox jumped over the mat.\n")
    (seeds / "b.txt").unlink()
    sync_index(seeds, index, Settings())
    other = tmp_path / "other"
    sync_index(seeds, other, Settings(), full=True)
    assert state(index) == state(other)


def test_full_rebuild_gives_the_same_generation(folders):
    first = sync_index(*folders, Settings())
    again = sync_index(*folders, Settings(), full=True)
    assert (again.generation, again.embedded) == (first.generation, 4)
    assert again.reasons == ["a full build was asked for"]


def test_going_back_reuses_the_generation_that_is_still_there(folders):
    seeds, index = folders
    first = sync_index(seeds, index, Settings())
    before = state(index)
    (seeds / "d.txt").write_text("Fourth\n\nThe zebra ran.\n")
    sync_index(seeds, index, Settings())
    (seeds / "d.txt").unlink()
    again = sync_index(seeds, index, Settings())
    assert (again.generation, again.embedded, again.chunks) == (first.generation, 0, first.chunks)
    assert state(index) == before


def test_dry_run_writes_nothing(folders):
    report = sync_index(*folders, Settings(), dry_run=True)
    assert report.plan.added == ("a.txt", "b.txt", "c.txt")
    assert not folders[1].exists()


def test_other_split_settings_redo_the_index_and_say_why(folders):
    sync_index(*folders, Settings())
    report = sync_index(*folders, Settings(chunk_min_chars=0))
    assert report.reasons == ["chunk_min_chars: 200 -> 0"]


def test_an_index_of_other_settings_is_refused_naming_the_field(folders):
    sync_index(*folders, Settings())
    with pytest.raises(IndexUnusable, match=r"chunk_max_chars: 800 -> 700.*run `rag build`"):
        open_assistant(folders[1], Settings(chunk_max_chars=700))


def test_an_index_of_another_encoder_is_refused(folders):
    sync_index(*folders, Settings())
    with pytest.raises(IndexUnusable, match=r"encoder_sha256: .*run `rag build`"):
        open_assistant(folders[1], Settings(encoder="other/model"))


def test_an_unreadable_file_is_reported_and_the_rest_is_indexed(folders):
    seeds, index = folders
    (seeds / "bad.txt").write_bytes(b"\xff\xfe\x00")
    report = sync_index(seeds, index, Settings())
    assert [path for path, _ in report.unreadable] == ["bad.txt"]
    assert report.articles == 3


def test_empty_seeds_leave_the_index_as_it_was(folders):
    seeds, index = folders
    before = sync_index(seeds, index, Settings()).generation
    shutil.rmtree(seeds)
    seeds.mkdir()
    with pytest.raises(SeedError, match="there is no article in"):
        sync_index(seeds, index, Settings())
    assert open_current(index).generation == before


def test_an_index_is_emptied_only_where_that_is_asked_for(folders):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    for file in seeds.iterdir():
        file.unlink()
    with pytest.raises(SeedError, match="`rag build --allow-empty` empties the index"):
        sync_index(seeds, index, Settings())
    (seeds / "bad.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SeedError, match="no file in"):
        sync_index(seeds, index, Settings(), allow_empty=True)
    assert open_current(index).article_count == 3
    (seeds / "bad.txt").unlink()
    report = sync_index(seeds, index, Settings(), allow_empty=True)
    assert (report.plan.removed, report.articles) == (("a.txt", "b.txt", "c.txt"), 0)
    assert check(seeds, index, Settings()) == []
    assistant = open_assistant(index, Settings())
    assert assistant.ask("Who jumped over the dog?").reason == "nothing_found"
    assert assistant.search("dog", 5) == []
    (seeds / "a.txt").write_text(ARTICLES["a.txt"])
    assert sync_index(seeds, index, Settings()).plan.added == ("a.txt",)
    with pytest.raises(SeedError):
        sync_index(seeds.with_name("none"), index, Settings(), allow_empty=True)


def test_same_contents_under_two_names_are_reported(folders):
    seeds, index = folders
    shutil.copy(seeds / "a.txt", seeds / "copy.txt")
    report = sync_index(seeds, index, Settings())
    assert report.duplicates == [("copy.txt", "a.txt")]


def test_a_missing_index_says_what_to_run(tmp_path):
    with pytest.raises(IndexUnusable, match=r"there is no index in .*; run `rag build`"):
        open_current(tmp_path)


KINDS = ["*.passages", "*.vectors", "*.words", "*.rows", "seeds-*.json", "manifest.json"]


def a_file(index, pattern):
    return files_of(index, pattern)[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_truncated_file_is_found_at_open(folders, kind):
    sync_index(*folders, Settings())
    path = a_file(folders[1], kind)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IndexUnusable, match=path.name):
        open_current(folders[1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_byte_is_found_by_check_and_mended_without_embedding(folders, kind):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    before = state(index)
    assert check(seeds, index, Settings()) == []
    path = a_file(index, kind)
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    assert any(path.name in finding for finding in check(seeds, index, Settings()))
    report = sync_index(seeds, index, Settings())
    assert any(path.name in what for what in report.repaired)
    assert report.embedded == (1 if kind == "*.vectors" else 0)
    assert check(seeds, index, Settings()) == []
    assert state(index) == before


def test_a_damaged_list_of_sentences_is_told(folders):
    sync_index(*folders, Settings())
    with closing(sqlite3.connect(a_file(folders[1], "*.passages"))) as db:
        db.execute("UPDATE chunk SET sentences = replace(sentences, '[', '{')")
        db.commit()
    reader = open_current(folders[1])
    with pytest.raises(IndexUnusable, match="damaged"):
        reader.passages(reader.leads(1))


def test_an_index_of_the_format_before_is_built_anew_without_embedding(folders):
    """Format 8: 64 shards by number, and one table of the rows of all, named by the encoder."""
    sync_index(*folders, Settings())
    before, folder = state(folders[1]), layout.folder(folders[1], layout.pointed(folders[1]))
    held = manifest.read(folder)
    with closing(open_current(folders[1])) as reader:
        stored = [(hashlib.sha256(a.text[c.start : c.end].encode()).digest(), v) for a in reader.stored()
                  for c, v in zip(a.chunks, a.vectors, strict=True)]  # fmt: skip
    manifest.write(folder, replace(held, recipe=replace(held.recipe, format=8)))
    note = json.loads((folder / manifest.FILE).read_bytes()) | {"sha256": "another sum"}
    (folder / manifest.FILE).write_text(json.dumps(note))
    for path in folder.glob("*-*"):
        path.unlink()
    shutil.rmtree(layout.pool(folder))
    columns = [("shard", "u1"), ("key", "<i8"), ("digest", "V32")]
    rows = np.array([(7, n, digest) for n, (digest, _) in enumerate(stored)], columns)
    buffer = io.BytesIO()
    np.save(buffer, rows)
    vectors.write_file(folder, "07", ".vectors", vectors.packed(np.stack([vector for _, vector in stored])))
    vectors.write_file(folder, held.recipe.encoder_sha256[:16], ".rows", buffer.getvalue())
    with pytest.raises(IndexUnusable, match=r"written by another version of this program; run `rag build`"):
        open_current(folders[1])
    assert sync_index(*folders, Settings()).embedded == 0
    assert state(folders[1]) == before
    assert check(*folders, Settings()) == []


def test_a_damaged_text_of_the_same_length_is_never_quoted(folders):
    """Sizes are checked at open, and the hash of every text that is about to be quoted."""
    sync_index(*folders, Settings())
    path = a_file(folders[1], "*.passages")
    path.write_bytes(path.read_bytes().replace(b"jumped over", b"slept under"))
    generation = open_current(folders[1])
    rows = [row for row, _ in generation.search_lexical(["fox"], 5)[0]]
    with pytest.raises(IndexUnusable, match=r"the stored text of a\.txt is damaged; run `rag build`"):
        generation.passages(rows)


def test_a_wrecked_database_is_an_error_with_a_message(folders):
    sync_index(*folders, Settings())
    path = a_file(folders[1], "*.passages")
    raw = path.read_bytes()
    path.write_bytes(b"\0" * 100 + raw[100:])
    with pytest.raises(IndexUnusable, match=r"\.passages.*run `rag build`"):
        open_current(folders[1])
    path.write_bytes(raw[:8192] + b"\xff" * (len(raw) - 8192))
    with pytest.raises(IndexUnusable, match="run `rag build`"):
        open_current(folders[1]).search_lexical(["fox"], 5)


def test_a_full_rebuild_never_takes_the_index_away(folders, monkeypatch):
    """The generation of the same name is reused, so nothing is moved under a reader."""
    sync_index(*folders, Settings())
    monkeypatch.setattr(layout, "set_aside", lambda generation: pytest.fail(f"{generation} was moved"))
    sync_index(*folders, Settings(), full=True)
    assert check(*folders, Settings()) == []


def test_nothing_to_quote_is_an_error_with_a_message(folders):
    seeds, index = folders
    before = sync_index(seeds, index, Settings()).generation
    for name in ARTICLES:
        (seeds / name).unlink()
    (seeds / "ad.txt").write_text("Title\n\nAll rights reserved.\n")
    with pytest.raises(SeedError, match="there is nothing to quote in"):
        sync_index(seeds, index, Settings())
    assert open_current(index).generation == before
    (seeds / "a.txt").write_text(ARTICLES["a.txt"])
    report = sync_index(seeds, index, Settings())
    assert ("ad.txt", "every paragraph is cookie, navigation or advertising text") in report.skipped
    assert check(seeds, index, Settings()) == []


def test_a_file_that_changes_while_it_is_read_is_read_again(folders, monkeypatch):
    """The file is another between finding and reading, and later what it was."""
    from rag import load

    seeds, index = folders
    find = load.find

    def find_then_write(*asked):
        found = find(*asked)
        (seeds / "a.txt").write_text("First title\n\nThe owl is WRONG.\n")
        return found

    monkeypatch.setattr(load, "find", find_then_write)
    sync_index(seeds, index, Settings())
    monkeypatch.setattr(load, "find", find)
    (seeds / "a.txt").write_text(ARTICLES["a.txt"])
    assert sync_index(seeds, index, Settings()).changed_anything
    assert check(seeds, index, Settings()) == []


@pytest.mark.parametrize("kind", ["*.passages", "*.vectors"])
def test_damage_in_the_older_generation_is_mended_by_a_build(folders, kind):
    seeds, index = folders
    first = sync_index(seeds, index, Settings()).generation
    (seeds / "d.txt").write_text("Fourth\n\nThe zebra ran.\n")
    sync_index(seeds, index, Settings())
    path = files_of(index, kind, first)[0]
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    assert check(seeds, index, Settings()) != []
    report = sync_index(seeds, index, Settings())
    assert any(first in what for what in report.repaired)
    assert check(seeds, index, Settings()) == []
    assert state(index)[0] == report.generation


def test_a_seed_that_cannot_be_read_any_more_is_said_so_by_check(folders):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    (seeds / "bad.txt").write_bytes("Text.".encode("utf-16"))
    (finding,) = check(seeds, index, Settings())
    assert finding == "bad.txt cannot be read: is encoded in UTF-16, not in UTF-8; save it as UTF-8"


def test_check_names_seeds_out_of_step(folders):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    (seeds / "a.txt").write_text("Changed title\n\nChanged text.\n")
    (seeds / "b.txt").unlink()
    (seeds / "n.txt").write_text("New\n\nNew text.\n")
    findings = " ".join(check(seeds, index, Settings()))
    assert "n.txt is not in the index" in findings
    assert "a.txt has changed" in findings
    assert "b.txt is in the index but no longer" in findings


def test_a_second_builder_is_told_to_wait(folders, monkeypatch):
    monkeypatch.setattr(layout, "LOCK_SECONDS", 0.1)
    with layout.builder_lock(folders[1]), pytest.raises(IndexBusy, match="another build is working"):
        sync_index(*folders, Settings())


def test_litter_of_a_dead_build_is_removed(folders):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    litter = index / layout.GENERATIONS / f"{layout.UNFINISHED}999"
    litter.mkdir(parents=True)
    (litter / "vectors.faiss").write_bytes(b"half")
    with layout.builder_lock(index):  # of a build that is going on
        assert not any("left over" in line for line in check(seeds, index, Settings()))
    assert any(f"{litter} is left over" in line for line in check(seeds, index, Settings()))
    sync_index(seeds, index, Settings())
    assert not litter.exists()


def test_what_was_being_noted_when_a_build_died_is_removed(folders):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    changes = index / layout.CHANGES
    changes.mkdir(exist_ok=True)
    halves = [changes / "next.jsonl.new", changes / "2026-01-02-7.jsonl.new"]
    for half in halves:
        half.write_bytes(b'{"number": 1, "to"')
    (index / f"{layout.SAVED}.new").write_bytes(b"{")  # of a question that was being saved; the next takes its place
    with layout.builder_lock(index):
        assert check(seeds, index, Settings()) == []
    assert len(check(seeds, index, Settings())) == 2
    assert all(any(f"{half} is left over" in line for line in check(seeds, index, Settings())) for half in halves)
    assert sync_index(seeds, index, Settings())
    assert not any(half.exists() for half in halves)
    assert check(seeds, index, Settings()) == []


def test_files_of_no_generation_go_and_those_of_a_damaged_one_stay(folders):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    passages, note = a_file(index, "*.passages"), a_file(index, "manifest.json")
    orphan = passages.with_name(f"{'0' * 12}-{'0' * 32}.passages")
    shutil.copy(passages, orphan)
    stranger = passages.with_name("mine.passages")
    stranger.write_text("mine")
    pins.add(index, "launch")
    raw = note.read_bytes()
    note.write_bytes(raw[:-1])
    (seeds / "d.txt").write_text("Fourth\n\nThe zebra ran.\n")
    sync_index(seeds, index, Settings())
    assert orphan.is_file()  # one cannot tell whose it is
    note.write_bytes(raw.replace(b'"format":10', b'"format":7'))  # of another version, whose files can be told
    (seeds / "d.txt").write_text("Fourth\n\nThe zebra slept.\n")
    sync_index(seeds, index, Settings())
    assert not orphan.exists()
    shutil.copy(passages, orphan)
    note.write_bytes(raw)
    said = "\n".join(check(seeds, index, Settings()))
    assert f"{orphan} is of no generation; the next build removes it" in said
    assert f"{stranger} is no part of an index" in said
    sync_index(seeds, index, Settings())
    assert not orphan.exists()
    assert stranger.is_file()
    assert [line for line in check(seeds, index, Settings()) if str(stranger) not in line] == []


def test_a_build_that_dies_before_its_switch_leaves_no_files_behind(folders, monkeypatch):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    before = {path.name for path in (index / "parts").iterdir()}
    (seeds / "d.txt").write_text("Fourth\n\nThe zebra ran.\n")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(layout, "publish", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        sync_index(seeds, index, Settings())
    assert {path.name for path in (index / "parts").iterdir()} > before
    (seeds / "d.txt").unlink()
    sync_index(seeds, index, Settings())
    assert {path.name for path in (index / "parts").iterdir()} == before
    assert check(seeds, index, Settings()) == []


def test_readers_keep_the_generation_they_opened(folders):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    old = open_current(index)
    (seeds / "d.txt").write_text("Fourth\n\nThe zebra ran.\n")
    sync_index(seeds, index, Settings())
    assert old.search_lexical(["zebra"], 5)[0] == []
    assert old.search_lexical(["fox"], 5)[0] != []
    assert open_current(index).search_lexical(["zebra"], 5)[0] != []


def test_what_somebody_else_put_beside_the_generations_stays(folders):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    (index / "generations" / "backup").mkdir()
    (index / "generations" / "backup" / "mine.txt").write_text("mine")
    for n in range(3):
        (seeds / f"{n}.txt").write_text(f"A title\n\nIt rained on day {n} of the year.\n")
        sync_index(seeds, index, Settings())
    assert (index / "generations" / "backup" / "mine.txt").read_text() == "mine"


def test_an_encoder_of_other_files_is_not_used(monkeypatch):
    """One is held in memory while the model on the disk is replaced."""
    held, other = (embed.EncoderSource("m", Path("m"), sha) for sha in ("a" * 64, "b" * 64))
    monkeypatch.setattr(embed, "SentenceTransformerEncoder", lambda source: SimpleNamespace(source=source))
    one = embed.loaded(held)
    assert embed.loaded(held, one) is one
    assert embed.loaded(other, one).source == other


def test_old_generations_are_kept_to_a_small_number(folders):
    seeds, index = folders
    for n in range(4):
        (seeds / "d.txt").write_text(f"Fourth\n\nThe zebra ran {n} times.\n")
        sync_index(seeds, index, Settings())
    assert len(list((index / layout.GENERATIONS).iterdir())) == pruning.KEPT


def test_lexical_search_takes_any_question_as_words(folders):
    sync_index(*folders, Settings())
    generation = open_current(folders[1])
    for term in ('"', 'a"b', "NEAR(", "fox*", "text:fox", "AND", "a\0b", "日本"):
        assert isinstance(generation.search_lexical([term], 5)[0], list)
    assert [term for term in ("foxes", "zebra", "Night") if not generation.occurs(term)] == ["zebra"]


def test_a_word_occurs_in_any_of_its_irregular_forms(folders):
    (folders[0] / "talks.txt").write_text("Talks\n\nBoth sides held them in secret.\n")
    sync_index(*folders, Settings())
    generation = open_current(folders[1])
    assert [term for term in ("hold", "weep") if generation.occurs(term)] == ["hold"]


def test_bm25_equals_the_formula(folders):
    """BM25 with k1 = 1.2 and b = 0.75 by hand, for a word of one chunk of four."""
    import math

    sync_index(*folders, Settings())
    generation = open_current(folders[1])
    ((_, score),) = generation.search_lexical(["owl"], 5)[0]
    lengths = {"a1": 9 + 0 + 2, "a2": 5 + 1 + 2, "b": 10 + 2, "c": 8 + 2}
    mean = sum(lengths.values()) / 4
    idf = math.log((4 - 1 + 0.5) / (1 + 0.5))
    assert score == pytest.approx(idf * 2.2 / (1 + 1.2 * (1 - 0.75 + 0.75 * lengths["c"] / mean)), rel=1e-6)


def test_the_manifest_carries_what_it_was_made_with(folders):
    generation = sync_index(*folders, Settings()).generation
    data = json.loads((layout.folder(folders[1], generation) / "manifest.json").read_text())
    assert data["recipe"]["metric"] == "inner_product"
    assert data["recipe"]["chunk_max_chars"] == 800
    assert (data["articles"], data["chunks"]) == (3, 4)
    assert data["dimension"] == 64
    kinds = {"passages", "vectors", "words", "runs", "rows", "json"}
    assert {name.partition(".")[2] for name in data["files"]} == kinds
    assert data["files"].keys() == {p.name for p in (folders[1] / "parts").iterdir()} | {
        p.name for p in layout.folder(folders[1], generation).glob("seeds-*")
    }


def test_a_copy_holds_the_same_and_embeds_nothing(folders, tmp_path, monkeypatch):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    for n in range(3):  # keys with gaps
        (seeds / "b.txt").write_text(f"Second\n\nThe zebra ran {n} times.\n")
        sync_index(seeds, index, Settings())
    monkeypatch.setattr(embed, "loaded", lambda *_: pytest.fail("the encoder was loaded"))
    name = copy_generation(FileStore(index), FileStore(tmp_path / "copy"))
    assert state(tmp_path / "copy") == state(index)
    assert name == layout.pointed(index)
    assert check(seeds, tmp_path / "copy", Settings()) == []
    assert not sync_index(seeds, tmp_path / "copy", Settings()).changed_anything


def test_a_build_reads_anew_only_files_that_were_touched(folders, monkeypatch):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    time.sleep(0.15)  # a file that was written just now is not trusted
    sync_index(seeds, index, Settings())
    read = []
    monkeypatch.setattr(hashed, "sha256", lambda path, whole=hashed.sha256: read.append(Path(path).name) or whole(path))
    sync_index(seeds, index, Settings())
    assert read == []
    os.utime(a_file(index, "*.vectors"))
    assert not sync_index(seeds, index, Settings()).changed_anything
    assert [Path(name).suffix for name in read] == [".vectors"]


def test_what_a_disk_has_lost_unseen_is_found_by_check_and_mended_by_the_build_after_it(folders):
    seeds, index = folders
    sync_index(seeds, index, Settings())
    time.sleep(0.15)
    sync_index(seeds, index, Settings())
    before, path = state(index), a_file(index, "*.vectors")
    was, raw = path.stat(), path.read_bytes()
    path.write_bytes(raw[:-3] + bytes([raw[-3] ^ 4]) + raw[-2:])
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert not sync_index(seeds, index, Settings()).changed_anything
    assert any(str(path) in line for line in check(seeds, index, Settings()))
    assert any(path.name in line for line in sync_index(seeds, index, Settings()).repaired)
    assert check(seeds, index, Settings()) == []
    assert state(index) == before


def test_a_server_reads_what_a_build_has_mended(folders):
    sync_index(*folders, Settings())
    live = LiveAssistant(folders[1], Settings())
    with closing(sqlite3.connect(a_file(folders[1], "*.passages"))) as db:
        db.execute("UPDATE article SET text = 'X' || substr(text, 2)")
        db.commit()
    held = live.current()
    with pytest.raises(IndexUnusable):
        held.store.passages(held.store.leads(1))
    sync_index(*folders, Settings())
    mended = live.current()
    assert mended.store.passages(mended.store.leads(1))
    assert live.current() is mended


def test_a_build_reads_anew_only_seeds_that_were_touched(folders, monkeypatch):
    seeds, index = folders
    time.sleep(0.15)
    sync_index(seeds, index, Settings())
    read = []
    monkeypatch.setattr(hashed, "sha256", lambda path, whole=hashed.sha256: read.append(Path(path).name) or whole(path))
    sync_index(seeds, index, Settings())
    assert not {name for name in read if name.endswith(".txt")}
    was, text = (seeds / "a.txt").stat(), (seeds / "a.txt").read_text()
    (seeds / "a.txt").write_text(text.replace("brown", "green"))
    os.utime(seeds / "a.txt", ns=(was.st_atime_ns, was.st_mtime_ns))
    assert (seeds / "a.txt").stat().st_size == was.st_size
    assert sync_index(seeds, index, Settings()).plan.changed == ("a.txt",)
    assert [name for name in read if name.endswith(".txt")] == ["a.txt"]
    time.sleep(0.15)
    sync_index(seeds, index, Settings())
    check(seeds, index, Settings())  # which has the next build read all
    read.clear()
    sync_index(seeds, index, Settings())
    assert sorted(name for name in read if name.endswith(".txt")) == ["a.txt", "b.txt", "c.txt"]
