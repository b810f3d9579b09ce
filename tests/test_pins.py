"""A pinned generation stays, whatever builds do; a pin is named in every error about it."""

import json
import shutil
import sys
import threading
from dataclasses import replace

import pytest

from rag.answer.opening import open_assistant
from rag.build import sync_index
from rag.store import certificates, layout, pins, pruning
from rag.store.reader import open_kept
from rag.types.certificates import Certificate
from rag.types.errors import IndexUnusable, InputError
from rag.types.settings import Settings
from rag.verify.check import check
from tests.stored import files_of
from tests.test_survival import CHILD, ROOT, child, ended

CERTIFICATE = Certificate(
    risk=0.1, confidence=0.9, threshold=0.5, answers=30, errors=0, bound=0.09, questions=40, unanswerable=5, develop=9,
    tried=1, questions_sha256="a" * 64, loss="loss/2", generation="", reader="r", settings={}, made="2026-01-12",
)  # fmt: skip


@pytest.fixture
def folders(tmp_path, word_encoder):
    seeds, index = tmp_path / "seeds", tmp_path / "index"
    seeds.mkdir()
    edit(seeds, 0)
    sync_index(seeds, index, Settings())
    return seeds, index


def edit(seeds, number):
    (seeds / "a.txt").write_text(f"Title\n\nThe fox crossed the river in {1900 + number}. Nobody saw it.\n")


def build(folders, *numbers):
    for number in numbers:
        edit(folders[0], number)
        sync_index(*folders, Settings())


def test_a_pinned_generation_is_there_after_many_builds_and_answers(folders):
    _, index = folders
    first = pins.add(index, "launch").generation
    second = (build(folders, 1), layout.pointed(index))[1]
    build(folders, 2, 3, 4, 5)
    names = {folder.name for folder in layout.generations(index)}
    assert first in names
    assert second not in names
    assert len(names) == pruning.KEPT + 1  # what is pinned takes nobody's place
    assert open_kept(index, first).search_lexical(["1900"], 5)[0] != []
    reply = open_assistant(index, Settings(), generation=first).ask("When did the fox cross the river?")
    assert (reply.index_generation, "1900" in reply.text) == (first, True)
    assert check(*folders, Settings()) == []


def test_without_the_pin_it_goes_with_the_next_build(folders):
    _, index = folders
    first = pins.add(index, "launch").generation
    build(folders, 1, 2, 3)
    assert pins.remove(index, "launch").generation == first
    build(folders, 4)
    assert first not in {folder.name for folder in layout.generations(index)}
    assert pins.read(index) == ()


def test_a_build_that_dies_while_it_removes_old_ones_leaves_what_is_pinned(folders):
    seeds, index = folders
    first = pins.add(index, "launch").generation
    build(folders, 1, 2)
    edit(seeds, 3)
    dying = "import os; from rag.store import layout\n"
    dying += "real = layout.set_aside; layout.set_aside = lambda folder: (real(folder), os._exit(9))"
    assert ended(child(folders, dying))[0] == 9
    assert layout.holds(index, first)
    build(folders, 4)
    assert layout.holds(index, first)
    assert check(*folders, Settings()) == []


def test_what_is_pinned_after_a_build_has_chosen_it_stays(folders, monkeypatch):
    """The build has read which generations may go; then one of them is pinned, and only then are they removed."""
    _, index = folders
    first = layout.pointed(index)
    build(folders, 1)
    chosen = pruning.remove

    def pinned_meanwhile(index, generations):
        going = list(generations)
        if first in {folder.name for folder in going}:
            thread = threading.Thread(target=pins.add, args=(index, "late", first))
            thread.start()
            thread.join()
        return chosen(index, going)

    monkeypatch.setattr(pruning, "remove", pinned_meanwhile)
    build(folders, 2)
    assert [pin.name for pin in pins.read(index)] == ["late"]
    assert layout.holds(index, first)


def test_pins_and_builds_of_several_processes_at_once(folders):
    """While builds go on, each current generation is pinned: every pin that was given is of one that is there."""
    _, index = folders
    build(folders, 1)
    code = CHILD.format(root=str(ROOT), seeds="", index=str(index), before="").partition("sys.argv")[0]
    code += "from rag.store import pins\nfrom rag.types.errors import RagError\nfor n in range(200):\n"
    code += f"    try: pins.add(Path({str(index)!r}), f'p{{sys.argv[1]}}-{{n}}')\n    except RagError: pass\n"
    import subprocess

    going = [subprocess.Popen([sys.executable, "-W", "ignore", "-c", code, str(n)], cwd=ROOT) for n in range(2)]
    number = 2
    while any(process.poll() is None for process in going):
        build(folders, number)
        number += 1
    assert [process.wait() for process in going] == [0, 0]
    held = pins.read(index)
    assert len(held) > 200
    assert all(layout.holds(index, pin.generation) for pin in held)
    assert check(*folders, Settings()) == []


@pytest.mark.parametrize("name", ["", ".", "../a", "a/b", "-x", "a b", "é", "x" * 65, "a\n"])
def test_a_name_is_short_and_no_path(folders, name):
    with pytest.raises(InputError, match="is no name for a pin"):
        pins.add(folders[1], name)
    assert not (folders[1] / layout.PINS).exists()


def test_a_name_that_is_taken_says_by_what(folders):
    _, index = folders
    first = pins.add(index, "launch")
    assert pins.add(index, "launch", first.generation) == first  # the same once more
    build(folders, 1)
    with pytest.raises(InputError, match=f"'launch' is taken by generation {first.generation}, pinned 20"):
        pins.add(index, "launch")
    assert pins.add(index, "also", first.generation).generation == first.generation
    assert [pin.name for pin in pins.read(index)] == ["also", "launch"]


@pytest.mark.parametrize("generation", ["0" * 16, "../generations", "x", "."])
def test_a_generation_that_is_not_there_cannot_be_pinned(folders, generation):
    with pytest.raises(InputError, match="there is no generation"):
        pins.add(folders[1], "launch", generation)


def test_a_damaged_generation_cannot_be_pinned(folders):
    _, index = folders
    for path in files_of(index, "*.passages"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match=r"\.passages: 0 bytes .* cannot be pinned"):
        pins.add(index, "launch")


def test_check_names_a_pin_whose_generation_is_gone_or_damaged(folders):
    _, index = folders
    first = pins.add(index, "launch").generation
    build(folders, 1)
    folder = layout.folder(index, first)
    for path in files_of(index, "*.passages", first):
        path.write_bytes(b"")
    found = check(*folders, Settings())
    assert f"the pin 'launch' keeps generation {first}, which is damaged" in " ".join(found)
    build(folders, 2)
    assert folder.is_dir()  # a build removes older ones that are damaged, but none that is pinned
    shutil.rmtree(folder)
    (found,) = [line for line in check(*folders, Settings()) if "of no generation" not in line]
    assert f"the pin 'launch' keeps generation {first}, which is not there" in found
    pins.remove(index, "launch")
    build(folders, 3)
    assert check(*folders, Settings()) == []


def test_a_damaged_file_of_pins_is_found_and_no_generation_is_removed(folders):
    _, index = folders
    pins.add(index, "launch")
    file = index / layout.PINS
    raw = file.read_bytes()
    for at in range(len(raw)):
        file.write_bytes(raw[:at] + bytes([raw[at] ^ 4]) + raw[at + 1 :])
        with pytest.raises(IndexUnusable, match=r"pins.json is damaged"):
            pins.read(index)
    assert [finding for finding in check(*folders, Settings()) if "pins.json is damaged" in finding] != []
    build(folders, 1, 2, 3)
    assert len(layout.generations(index)) == 4
    file.write_bytes(raw)
    build(folders, 4)
    assert len(layout.generations(index)) == pruning.KEPT + 1


def test_the_certificate_of_a_pinned_generation_is_kept_and_is_no_fault(folders):
    _, index = folders
    first = pins.add(index, "launch").generation
    file = certificates.write(index, replace(CERTIFICATE, generation=first))
    written = file.read_text()
    build(folders, 1, 2, 3)
    assert file.read_text() == written
    assert check(*folders, Settings()) == []
    pins.remove(index, "launch")
    assert "there is a certificate, but of another generation" in " ".join(check(*folders, Settings()))


def test_the_commands(folders, rag):
    _, index = folders
    at = ("--index", index)
    assert rag("pins", *at)[:2] == (
        0,
        "nothing is pinned; `rag pin NAME` keeps the current generation\n",
    )
    first = layout.pointed(index)
    code, out, _ = rag("pin", "launch", *at)
    assert (code, out) == (0, f"'launch' keeps generation {first}; `rag pin --remove launch` lets go of it\n")
    day = json.loads((index / layout.PINS).read_text())["pins"][0]["pinned"]
    assert rag("pins", *at)[:2] == (0, f"launch  {first}  {day}  1 article\n")
    build(folders, 1)
    code, _, err = rag("pin", "launch", *at)
    assert (code, f"taken by generation {first}" in err) == (2, True)
    assert rag("pin", "--remove", "none", *at)[::2] == (
        2,
        "rag: there is no pin 'none'; pinned are: launch\n",
    )
    assert rag("pin", "--remove", "launch", *at)[0] == 0
    assert pins.read(index) == ()
    code, _, err = rag("pin", "x", "--index", index / "none")
    assert (code, "there is no index in" in err) == (2, True)
