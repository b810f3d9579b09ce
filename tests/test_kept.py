"""What a build had embedded when it was stopped: the next one embeds the rest, and ends as if nothing had happened."""

import os
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from rag import embed
from rag.build import sync_index
from rag.cli.report import report_lines
from rag.store import layout, unfinished
from rag.store.reader import open_current
from rag.types.settings import Settings
from rag.verify.check import check
from tests.stored import files_of
from tests.test_survival import child, ended

ANIMALS = ("fox", "owl", "cat", "heron", "otter", "zebra", "mole")
SHA = "a" * 64


@pytest.fixture
def folders(tmp_path, word_encoder, monkeypatch):
    """Seven articles of one passage each, embedded two at a time."""
    monkeypatch.setattr(embed, "SLICE", 2)
    seeds, index = tmp_path / "seeds", tmp_path / "index"
    seeds.mkdir()
    for n, animal in enumerate(ANIMALS):
        (seeds / f"{animal}.txt").write_text(
            f"Title {n}\n\nThe {animal} crossed the river {'again ' * n}in {1900 + n}.\n"
        )
    return seeds, index


def stopped(monkeypatch, folders, slices, **options):
    """A build that fails after so many slices have been embedded; the texts that were."""
    seen, encode = [], embed.SentenceTransformerEncoder.encode

    def once(self, texts, **rest):
        if len(seen) == slices:
            raise KeyboardInterrupt
        seen.append(list(texts))
        return encode(self, texts, **rest)

    with monkeypatch.context() as patch:
        patch.setattr(embed.SentenceTransformerEncoder, "encode", once)
        with pytest.raises(KeyboardInterrupt):
            sync_index(*folders, Settings(), **options)
    return [text for texts in seen for text in texts]


def files(index):
    """Every file of the current generation with its bytes, and what else lies in the index folder."""
    return {path.name: path.read_bytes() for path in files_of(index)}, sorted(
        path.name
        for path in index.iterdir()
        if path.suffix != ".lock" and path.name not in (layout.HASHED, layout.SEEDS_HASHED)
    )


def kept_files(index):
    return [path for path in sorted(index.iterdir()) if unfinished.is_kept(path)]


def undisturbed(folders, tmp_path):
    other = tmp_path / "other"
    report = sync_index(folders[0], other, Settings())
    assert report.embedded == len(ANIMALS)
    return report.generation, files(other)


def test_a_build_killed_while_it_embeds_is_gone_on_with(folders, tmp_path):
    """A kill in the third slice of two; what is made then is the same to the byte."""
    generation, wanted = undisturbed(folders, tmp_path)
    kill = (
        "import os, signal\nembed.SLICE = 2\nplain, calls = Loaded.encode, []\n"
        "def encode(self, texts, **rest):\n"
        "    calls.append(texts)\n"
        "    if len(calls) == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return plain(self, texts, **rest)\n"
        "Loaded.encode = encode"
    )
    assert ended(child(folders, kill))[0] == -signal.SIGKILL
    assert layout.pointed(folders[1]) is None
    report = sync_index(*folders, Settings())
    assert (report.embedded, report.resumed, report.repaired) == (3, 4, [])
    assert "4 passages had been embedded by a build that did not end" in list(report_lines(report, dry_run=False))
    assert report.generation == generation
    assert files(folders[1]) == wanted
    assert check(*folders, Settings()) == []


def test_what_was_kept_is_not_embedded_again_and_goes_with_the_build_that_ends(folders, monkeypatch):
    """Over an index that is there, whose articles stay as they were until then."""
    seeds, index = folders
    (seeds / "zebra.txt").rename(seeds / ".zebra")
    before = sync_index(*folders, Settings()).generation
    (seeds / ".zebra").rename(seeds / "zebra.txt")
    for animal in ANIMALS[:4]:
        (seeds / f"{animal}.txt").write_text(f"Title\n\nThe {animal} came back.\n")
    first = stopped(monkeypatch, folders, 1)
    assert layout.pointed(index) == before
    (finding,) = [line for line in check(*folders, Settings()) if ".kept" in line]
    assert finding.endswith("is what a build that did not end has embedded; the next build goes on from it")
    second = stopped(monkeypatch, folders, 1)
    third = stopped(monkeypatch, folders, 0)
    assert (len({*first, *second}), third) == (4, [])
    assert sync_index(*folders, Settings(), dry_run=True).changed_anything
    report = sync_index(*folders, Settings())
    assert (report.embedded, report.resumed) == (1, 4)
    assert kept_files(index) == []
    assert check(*folders, Settings()) == []


def test_a_build_that_finds_nothing_to_do_takes_the_kept_vectors_away(folders, monkeypatch):
    seeds, index = folders
    sync_index(*folders, Settings())
    text = (seeds / "fox.txt").read_text()
    for animal in ANIMALS[:3]:
        shutil.copy(seeds / f"{animal}.txt", seeds / f".{animal}")
        (seeds / f"{animal}.txt").write_text(f"Title\n\nThe {animal} came back.\n")
    stopped(monkeypatch, folders, 1)
    assert len(kept_files(index)) == 1
    for animal in ANIMALS[:3]:
        (seeds / f".{animal}").rename(seeds / f"{animal}.txt")
    assert (seeds / "fox.txt").read_text() == text
    assert not sync_index(*folders, Settings()).changed_anything
    assert kept_files(index) == []


def test_a_full_build_takes_only_what_a_full_build_kept(folders, monkeypatch, tmp_path):
    generation, wanted = undisturbed(folders, tmp_path)
    stopped(monkeypatch, folders, 2)
    stopped(monkeypatch, folders, 1, full=True)
    assert len(kept_files(folders[1])) == 2
    report = sync_index(*folders, Settings(), full=True)
    assert (report.embedded, report.resumed) == (5, 2)
    assert (report.generation, files(folders[1])) == (generation, wanted)
    index = tmp_path / "third"
    stopped(monkeypatch, (folders[0], index), 2, full=True)
    assert sync_index(folders[0], index, Settings()).resumed == 4


def test_vectors_of_another_encoder_are_not_taken(folders, monkeypatch):
    stopped(monkeypatch, folders, 2)
    (file,) = kept_files(folders[1])
    report = sync_index(*folders, Settings(encoder="other-model"))
    assert (report.embedded, report.resumed) == (7, 0)
    # Nor where the file has the other's name.
    index = folders[1].parent / "third"
    stopped(monkeypatch, (folders[0], index), 2)
    (file,) = kept_files(index)
    other = unfinished.Kept(index, "other-model", full=False)
    file.rename(other.own)
    report = sync_index(folders[0], index, Settings(encoder="other-model"))
    assert (report.embedded, report.resumed) == (7, 0)
    assert "after its first 0 vectors" in report.repaired[0]


def three_batches(index):
    """Three batches of two vectors, where the bytes of each end, and the vectors by hash."""
    index.mkdir(exist_ok=True)
    random, vectors, ends = np.random.default_rng(3), {}, [0]
    one = unfinished.Kept(index, SHA, full=False)
    for n in range(3):
        digests = [bytes([n, m] * 16) for m in range(2)]
        some = random.standard_normal((2, 5)).astype(np.float32)
        one.add(digests, some)
        vectors |= dict(zip(digests, some, strict=True))
        ends.append(one.own.stat().st_size)
    one.close()
    return one.own, ends, vectors


def same(found, wanted):
    assert found.keys() == wanted.keys()
    assert all((found[digest] == wanted[digest]).all() for digest in found)


def first(vectors, batches):
    return dict(list(vectors.items())[: 2 * batches])


def test_a_file_cut_anywhere_gives_the_batches_that_are_whole_and_is_written_on_from_there(tmp_path):
    file, ends, vectors = three_batches(tmp_path / "index")
    raw = file.read_bytes()
    for size in range(len(raw)):
        file.write_bytes(raw[:size])
        batches = max(n for n, end in enumerate(ends) if end <= size)
        again = unfinished.Kept(file.parent, SHA, full=False)
        same(again.read(set(vectors)), first(vectors, batches))
        cut = size not in ends
        assert again.damaged == ([f"{file} after its first {2 * batches} vectors, which are used"] if cut else [])
        rest = list(vectors)[2 * batches :]
        again.add(rest, np.stack([vectors[digest] for digest in rest]))
        again.close()
        whole = unfinished.Kept(file.parent, SHA, full=False)
        same(whole.read(set(vectors)), vectors)
        assert whole.damaged == []


def test_no_vector_of_a_damaged_batch_is_used(tmp_path):
    """Each bit of the file, one at a time."""
    file, ends, vectors = three_batches(tmp_path / "index")
    raw = file.read_bytes()
    for at in range(len(raw)):
        file.write_bytes(raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1 :])
        again = unfinished.Kept(file.parent, SHA, full=False)
        same(again.read(set(vectors)), first(vectors, max(n for n, end in enumerate(ends) if end <= at)))
        assert len(again.damaged) == 1


def test_damage_is_said_by_the_build_that_finds_it(folders, monkeypatch, tmp_path):
    generation, wanted = undisturbed(folders, tmp_path)
    stopped(monkeypatch, folders, 2)
    (file,) = kept_files(folders[1])
    raw = bytearray(file.read_bytes())
    raw[-1] ^= 1
    file.write_bytes(raw)
    report = sync_index(*folders, Settings())
    assert (report.embedded, report.resumed) == (5, 2)
    assert report.repaired == [f"{file} after its first 2 vectors, which are used"]
    assert (report.generation, files(folders[1])) == (generation, wanted)


def test_what_is_asked_for_alone_is_taken(tmp_path):
    file, _, vectors = three_batches(tmp_path / "index")
    wanted = dict(list(vectors.items())[1:3])
    same(unfinished.Kept(file.parent, SHA, full=False).read(set(wanted)), wanted)


@pytest.mark.parametrize("failing", ["fsync", "open"])
def test_a_disk_that_takes_nothing_more_stops_no_build(folders, monkeypatch, caplog, failing):
    def full(*_args, **_rest):
        raise OSError(28, "No space left on device")

    opened = Path.open
    if failing == "fsync":
        monkeypatch.setattr(unfinished, "os", SimpleNamespace(fsync=full))
    else:
        monkeypatch.setattr(
            Path,
            "open",
            lambda self, *args, **rest: (full if unfinished.is_kept(self) else opened)(self, *args, **rest),
        )
    report = sync_index(*folders, Settings())
    monkeypatch.undo()
    assert (report.embedded, kept_files(folders[1])) == (7, [])
    assert caplog.text.count("the build goes on") == 1
    assert open_current(folders[1]).generation == report.generation


def test_the_disk_fills_up_in_the_middle_of_a_batch(tmp_path):
    """In a child whose files may not grow beyond 500 bytes: a batch that is torn is never left behind."""
    file, ends, vectors = three_batches(tmp_path / "index")
    file.unlink()
    pid = os.fork()
    if pid == 0:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (ends[2] + 9, ends[2] + 9))
        try:
            three = unfinished.Kept(file.parent, SHA, full=False)
            for n in range(3):
                digests = list(vectors)[2 * n : 2 * n + 2]
                three.add(digests, np.stack([vectors[digest] for digest in digests]))
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0
    assert not file.exists()
