"""What an index survives: kills, a full disk, two builders, a folder that cannot be written, any order of edits."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.build import sync_index
from rag.store import layout, vectors
from rag.store.parts import CODES, VECTORS, Part
from rag.store.reader import open_current
from rag.types.errors import IndexUnusable
from rag.types.settings import Settings
from rag.verify.check import check
from tests.conftest import ROOT
from tests.test_build import state

NAMES = ["a.txt", "b.txt", "sub/c.txt", "d.md", "e.txt"]
BODIES = [
    f"Title {n}\n\nThe {animal} crossed the river in {1900 + n}. It was {n} days old.\n\n"
    f"Part\n\nNobody saw the {animal}.\n"
    for n, animal in enumerate(["fox", "owl", "cat", "fox"])
]
EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(NAMES), st.sampled_from(BODIES)),
        st.tuples(st.just("remove"), st.sampled_from(NAMES), st.none()),
        st.tuples(st.just("rename"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.just("build"), st.none(), st.none()),
    ),
    max_size=12,
)


def apply(folder: Path, edit):
    kind, name, value = edit
    if kind == "write":
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(value)
    elif kind == "remove":
        (folder / name).unlink(missing_ok=True)
    elif kind == "rename" and (folder / name).exists():
        (folder / value).parent.mkdir(exist_ok=True)
        (folder / name).rename(folder / value)


@pytest.mark.parametrize("exact_up_to", [200_000, 3], ids=["exact", "codes"])
@given(EDITS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_chain_of_edits_ends_like_a_full_build(word_encoder, tmp_path_factory, monkeypatch, exact_up_to, edits):
    monkeypatch.setattr(vectors, "EXACT_UP_TO", exact_up_to)
    work = tmp_path_factory.mktemp("chain")
    seeds, index, other = work / "seeds", work / "index", work / "other"
    seeds.mkdir()
    (seeds / "base.txt").write_text("Base\n\nThe base article stays. The owl sleeps in it.\n")
    for edit in edits:
        if edit[0] == "build":
            sync_index(seeds, index, Settings())
        else:
            apply(seeds, edit)
    sync_index(seeds, index, Settings())
    sync_index(seeds, other, Settings(), full=True)
    assert state(index) == state(other)
    assert check(seeds, index, Settings()) == []
    shutil.rmtree(work)


@pytest.mark.model
def test_sixty_kills_lose_nothing():
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.kill", "--kills", "60"],
        capture_output=True, text=True, check=False, timeout=900, cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.stdout, done.stderr
    counts = json.loads(done.stdout)
    print(counts)
    assert counts["failures"] == []
    assert sum(counts["kills"].values()) >= 60
    assert len(counts["kills"]) >= 6
    assert counts["asked"] > 60
    assert counts["generations"] > 20


@pytest.fixture
def folders(tmp_path, word_encoder):
    seeds, index = tmp_path / "seeds", tmp_path / "index"
    seeds.mkdir()
    for n, body in enumerate(BODIES):
        (seeds / f"{n}.txt").write_text(body)
    sync_index(seeds, index, Settings())
    return seeds, index


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from rag import build, embed
from tests.conftest import WordEncoder
embed.resolve = lambda name: embed.EncoderSource(name, Path("none"), name)
class Loaded:
    def __init__(self, source): self.dimension = 64
    def encode(self, texts, *, query=False, progress=None): return WordEncoder().encode(texts)
embed.SentenceTransformerEncoder = Loaded
embed.for_questions = embed.loaded
from rag import cli
{before}
sys.argv = ["rag", "build", "--seeds", {seeds!r}, "--index", {index!r}]
cli.main()
"""


def child(folders, before="", **options):
    """`rag build` in a process of its own, with the encoder that needs no weights."""
    code = CHILD.format(root=str(ROOT), seeds=str(folders[0]), index=str(folders[1]), before=before)
    return subprocess.Popen([sys.executable, "-c", code], stdout=-1, stderr=-1, text=True, **options)


def ended(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_a_full_disk_leaves_the_index_as_it_was(folders):
    """Files may not grow beyond 20 kB in the child: the passages do."""
    seeds, index = folders
    before = state(index)
    (seeds / "big.txt").write_text("Big\n\n" + "The whale swam far. " * 3000)
    code, _, err = ended(child(folders, "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))"))
    assert code == 2
    assert "could not be written" in err
    assert "it is still the one from before" in " ".join(err.split())
    assert state(index) == before
    sync_index(seeds, index, Settings())
    assert check(seeds, index, Settings()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_small_disk_that_fills_up_leaves_the_index_as_it_was(folders, tmp_path):
    seeds, _ = folders
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(disk)], check=True)
    try:
        index = disk / "index"
        sync_index(seeds, index, Settings())
        before = state(index)
        (seeds / "big.txt").write_text("Big\n\n" + "The whale swam far. " * 20_000)
        code, _, err = ended(child((seeds, index)))
        assert (code, "could not be written" in err) == (2, True)
        assert state(index) == before
        (seeds / "big.txt").unlink()
        (seeds / "small.txt").write_text("Small\n\nThe shrimp swam too.\n")
        sync_index(seeds, index, Settings())
        assert check(seeds, index, Settings()) == []
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_two_builders_at_once_both_succeed(folders):
    seeds, index = folders
    (seeds / "new.txt").write_text("New\n\nThe heron flew.\n")
    first, second = child(folders), child(folders)
    assert (ended(first)[0], ended(second)[0]) == (0, 0)
    assert check(seeds, index, Settings()) == []


def test_the_lock_of_a_dead_builder_does_not_block(folders, tmp_path):
    seeds, index = folders
    (seeds / "new.txt").write_text("New\n\nThe heron flew.\n")
    held = tmp_path / "held"
    stop = f"layout.new_folder = lambda index: (Path({str(held)!r}).touch(), time.sleep(60))"
    process = child(folders, f"from rag.store import layout; import time\n{stop}")
    while not held.exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    begin = time.monotonic()
    sync_index(seeds, index, Settings())
    assert time.monotonic() - begin < layout.LOCK_SECONDS
    assert open_current(index).search_lexical(["heron"], 5)[0] != []


@pytest.mark.skipif(os.geteuid() != 0, reason="root is not stopped by permissions, and others cannot mount")
def test_a_read_only_index_can_be_asked_and_says_that_it_cannot_be_built(folders):
    seeds, index = folders
    subprocess.run(["mount", "--bind", str(index), str(index)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(index)], check=True)
        assert open_current(index).search_lexical(["fox"], 5)[0] != []
        (seeds / "new.txt").write_text("New\n\nThe heron flew.\n")
        with pytest.raises(IndexUnusable, match="cannot be written"):
            sync_index(seeds, index, Settings())
    finally:
        subprocess.run(["umount", "-l", str(index)], check=True)


@pytest.mark.parametrize("flip", ["pointer", "newline"])
def test_a_damaged_pointer_is_found_and_mended_without_embedding(folders, flip):
    seeds, index = folders
    before = state(index)
    pointer = index / layout.POINTER
    raw = bytearray(pointer.read_bytes())
    raw[0 if flip == "pointer" else -1] ^= 1
    pointer.write_bytes(raw)
    assert check(seeds, index, Settings()) != []
    with pytest.raises(IndexUnusable):
        open_current(index)
    report = sync_index(seeds, index, Settings())
    assert report.embedded == 0
    assert check(seeds, index, Settings()) == []
    assert state(index) == before


def test_every_byte_of_every_file_is_watched(folders):
    """One bit in each of 40 places of each file under the index folder, the older generation included."""
    seeds, index = folders
    (seeds / "new.txt").write_text("New\n\nThe heron flew.\n")
    sync_index(seeds, index, Settings())
    kept = (layout.HASHED, layout.SEEDS_HASHED)  # only spare work, and are gone as soon as anything is damaged
    files = [p for p in sorted(index.rglob("*")) if p.is_file() and p.suffix != ".lock" and p.name not in kept]
    assert len({p.parent for p in files}) == 5  # the index, what changed, two generations, their parts
    for path in files:
        raw = path.read_bytes()
        for at in {len(raw) * n // 40 for n in range(40)} | {len(raw) - 1}:
            path.write_bytes(raw[:at] + bytes([raw[at] ^ 4]) + raw[at + 1 :])
            assert any(str(path) in line for line in check(seeds, index, Settings())), f"{path} at {at}"
        path.write_bytes(raw)
    assert check(seeds, index, Settings()) == []


def test_every_byte_of_the_pointer_and_the_manifest_is_watched_by_name(folders):
    """Each bit of the pointer, which then mostly names a generation that is not there, and one of each byte else."""
    seeds, index = folders
    for path in (index / layout.POINTER, layout.folder(index, layout.pointed(index)) / "manifest.json"):
        raw = path.read_bytes()
        bits = [1 << n for n in range(8)] if path.name == layout.POINTER else [1]
        for at, bit in itertools.product(range(len(raw)), bits):
            path.write_bytes(raw[:at] + bytes([raw[at] ^ bit]) + raw[at + 1 :])
            assert any(str(path) in line for line in check(seeds, index, Settings())), f"{path} at {at}, bit {bit}"
        path.write_bytes(raw)
    assert check(seeds, index, Settings()) == []


def test_strangers_in_the_index_folder_are_named(folders):
    seeds, index = folders
    (index / "notes.txt").write_text("mine")
    (layout.folder(index, layout.pointed(index)) / "extra").write_text("mine")
    (index / "x.lock").write_text("")
    findings = check(seeds, index, Settings())
    assert len(findings) == 2
    assert "notes.txt" in " ".join(findings)
    assert "extra" in " ".join(findings)


def test_codes_find_nearly_what_exact_search_finds(tmp_path):
    """On 4,000 vectors with the clusters that texts have: recall@10 of at least 0.97, and scores that are cosines."""
    random = np.random.default_rng(5)
    centres = random.standard_normal((200, 384))
    data = (centres[random.integers(200, size=4000)] + 0.7 * random.standard_normal((4000, 384))).astype(np.float32)
    data /= np.linalg.norm(data, axis=1, keepdims=True)
    pieces = np.split(data, 8)
    held = []
    for number, piece in enumerate(pieces):
        files = (VECTORS, vectors.packed(piece)), (CODES, vectors.coded(piece))
        names = tuple(vectors.write_file(tmp_path, f"{number:012x}", suffix, of_piece) for suffix, of_piece in files)
        held.append(Part(tmp_path, f"{number:012x}", 1, len(piece), names))
    reader = vectors.VectorReader(held)
    found = 0
    for query in data[::97] + 0.05 * random.standard_normal((len(data[::97]), 384)).astype(np.float32):
        query /= np.linalg.norm(query)
        hits = reader.search(query, 10)
        truth = np.argsort(-(data @ query))[:10]
        found += len({row for row, _ in hits} & set(truth.tolist()))
        assert hits[0][1] == pytest.approx(float(data[hits[0][0]] @ query), abs=1e-6)
        assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    assert found / (10 * len(data[::97])) >= 0.97
