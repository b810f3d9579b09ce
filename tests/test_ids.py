"""An id that several articles use: one keeps it, the others are reported, and everything else is indexed."""

import json

import pytest

from rag.answer.opening import open_assistant
from rag.answer.wire import to_json
from rag.build import ids, sync_index
from rag.build.seeds import Library
from rag.cli import main
from rag.store.reader import open_current
from rag.types import SeedEntry
from rag.types.errors import InputError
from rag.types.settings import Settings
from rag.verify import verify
from rag.verify.check import check
from tests.test_build import state

OTHER = "Other title\n\nThe heron stood in the water.\n"


def article(name, id="same"):
    return f"---\nid: {id}\n---\nTitle of {name}\n\nThe fox came from {name} on Monday.\n"


def line(name, id="same"):
    return json.dumps({"id": id, "title": f"Title of {name}", "text": f"The fox came from {name} on Monday."})


@pytest.fixture
def folders(tmp_path, word_encoder):
    seeds, index = tmp_path / "seeds", tmp_path / "index"
    seeds.mkdir()
    (seeds / "other.txt").write_text(OTHER)
    return seeds, index


def held(index):
    """(id, path) of what is indexed, and the text of the passages that hold a fox."""
    generation = open_current(index)
    rows = [row for row, _ in generation.search_lexical(["fox"], 9)[0]]
    return (
        [(entry.article_id, entry.path) for entry in generation.entries()],
        sorted(passage.text for passage in generation.passages(rows)),
    )


def taken_by(path):
    return f"its id 'same' is that of {path}, which is kept; change the id in one of them"


def test_the_first_by_path_keeps_an_id_and_the_rest_is_indexed(folders):
    seeds, index = folders
    for name in ("y", "x"):
        (seeds / f"{name}.txt").write_text(article(name))
    report = sync_index(seeds, index, Settings())
    assert report.unreadable == [("y.txt", taken_by("x.txt"))]
    assert (report.articles, report.plan.added) == (2, ("other.txt", "x.txt (same)"))
    assert held(index) == ([("other.txt", "other.txt"), ("same", "x.txt")], ["The fox came from x on Monday."])
    again = sync_index(seeds, index, Settings())
    assert (again.unreadable, again.changed_anything) == (report.unreadable, False)


def test_the_article_that_was_there_keeps_its_id_until_a_full_build(folders, tmp_path):
    seeds, index = folders
    (seeds / "y.txt").write_text(article("y"))
    before = sync_index(seeds, index, Settings()).generation
    (seeds / "x.txt").write_text(article("x"))
    report = sync_index(seeds, index, Settings())
    assert (report.generation, report.changed_anything) == (before, False)
    assert report.unreadable == [("x.txt", taken_by("y.txt"))]
    (seeds / "y.txt").write_text(article("y, changed"))  # its path keeps the id, whatever stands there
    assert sync_index(seeds, index, Settings()).plan.changed == ("y.txt (same)",)
    (seeds / "y.txt").rename(seeds / "z.txt")  # and its bytes keep it where the path is gone
    report = sync_index(seeds, index, Settings())
    assert report.plan.renamed == (("y.txt (same)", "z.txt (same)"),)
    assert report.unreadable == [("x.txt", taken_by("z.txt"))]
    full = sync_index(seeds, index, Settings(), full=True)
    assert full.unreadable == [("z.txt", taken_by("x.txt"))]
    assert sync_index(seeds, index, Settings()).generation == full.generation
    assert sync_index(seeds, tmp_path / "fresh", Settings()).generation == full.generation
    assert state(index) == state(tmp_path / "fresh")


@pytest.mark.parametrize("other", ["y.txt", "y.jsonl"])
def test_the_next_build_after_the_holder_is_gone_takes_the_other_in(folders, tmp_path, other):
    seeds, index = folders
    (seeds / "x.txt").write_text(article("x"))
    lines = [line("z", "z"), line("y")]
    (seeds / other).write_text("\n".join(lines) + "\n" if other.endswith("jsonl") else article("y"))
    place = f"{other} line 2" if other.endswith("jsonl") else other
    assert sync_index(seeds, index, Settings()).unreadable == [(place, taken_by("x.txt"))]
    (seeds / "x.txt").unlink()
    report = sync_index(seeds, index, Settings())
    assert (report.unreadable, report.plan.changed, report.plan.removed) == ([], (f"{other} (same)",), ())
    assert "The fox came from y on Monday." in held(index)[1]
    assert check(seeds, index, Settings()) == []
    sync_index(seeds, tmp_path / "fresh", Settings())
    assert state(index) == state(tmp_path / "fresh")


def test_of_two_lines_of_one_file_the_first_or_the_one_that_was_held_keeps_the_id(folders):
    seeds, index = folders
    file = seeds / "many.jsonl"
    file.write_text("\n".join([line("one"), "", line("two"), line("three", "own")]))
    report = sync_index(seeds, index, Settings())
    assert report.unreadable == [("many.jsonl line 3", taken_by("many.jsonl line 1"))]
    assert held(index)[0] == [("other.txt", "other.txt"), ("own", "many.jsonl"), ("same", "many.jsonl")]
    file.write_text("\n".join([line("two"), line("three", "own"), line("one")]))
    report = sync_index(seeds, index, Settings())
    assert report.unreadable == [("many.jsonl line 1", taken_by("many.jsonl line 3"))]
    assert not report.changed_anything
    file.write_text("\n".join([line("two"), line("three", "own")]))
    report = sync_index(seeds, index, Settings())
    assert (report.unreadable, report.plan.changed) == ([], ("many.jsonl (same)",))


def test_a_line_that_stands_twice_is_indexed_once(folders):
    seeds, index = folders
    (seeds / "many.jsonl").write_text("\n".join([line("one"), line("three", "own"), line("one")]))
    for _ in range(2):
        report = sync_index(seeds, index, Settings())
        assert report.unreadable == [("many.jsonl line 3", taken_by("many.jsonl line 1"))]
        assert report.articles == 3
    assert check(seeds, index, Settings()) == []


def test_an_id_that_is_the_path_of_another_file(folders):
    seeds, index = folders
    (seeds / "a.txt").write_text(article("a", "other.txt"))
    report = sync_index(seeds, index, Settings())
    (label, why), *_ = report.unreadable
    assert (label, why.split(",")[0]) == ("other.txt", "its id 'other.txt' is that of a.txt")


def test_check_notes_an_id_used_twice_and_finds_no_fault(folders):
    seeds, index = folders
    (seeds / "y.txt").write_text(article("y"))
    sync_index(seeds, index, Settings())
    (seeds / "x.txt").write_text(article("x"))
    sync_index(seeds, index, Settings())
    notes = []
    assert check(seeds, index, Settings(), notes.append) == []
    assert notes[1:] == [f"x.txt is not in the index: {taken_by('y.txt')}"]
    assert notes[0].startswith("confidence is not fitted for this encoder")  # the tests' own


def test_the_command_ends_with_3_and_check_with_0(folders, monkeypatch, capsys):
    seeds, index = folders
    for name in ("x", "y"):
        (seeds / f"{name}.txt").write_text(article(name))

    def run(command):
        monkeypatch.setattr("sys.argv", ["rag", command, "--seeds", str(seeds), "--index", str(index)])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, capsys.readouterr().out

    code, out = run("build")
    assert (code, f"could not read y.txt: {taken_by('x.txt')}" in out) == (3, True)
    code, out = run("check")
    assert (code, "seeds, index and models agree" in out, "y.txt is not in the index" in out) == (0, True, True)


def test_many_articles_without_a_double_id_are_not_read_for_their_lines(tmp_path):
    entries = [SeedEntry(str(n), "gone.jsonl", str(n), "", "") for n in range(3)]
    assert ids.taken(tmp_path / "nowhere", entries) == {}
    # A file that is gone by now has no lines to name.
    double = [*entries, SeedEntry("1", "gone.jsonl", "9", "", "")]
    assert ids.taken(tmp_path / "nowhere", double)[3][0] == "gone.jsonl"


def uploaded(tmp_path, name, text):
    folder = tmp_path / "uploaded"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder / name


def test_an_upload_with_an_id_in_use_is_refused_before_anything_is_copied(folders, tmp_path):
    seeds, index = folders
    (seeds / "x.txt").write_text(article("x"))
    sync_index(seeds, index, Settings())
    library, store = Library(seeds), open_current(index)
    good = uploaded(tmp_path, "good.txt", OTHER)
    for given, message in (
        ([good, uploaded(tmp_path, "y.txt", article("y"))], r"y\.txt: the article in x\.txt has the id 'same' too"),
        (
            [uploaded(tmp_path, "n.jsonl", "\n".join([line("n", "n"), line("m")]))],
            r"n\.jsonl: the article in x\.txt has the id 'same' too",
        ),
        (
            [good, uploaded(tmp_path, "z.txt", article("z", "good.txt"))],
            r"z\.txt: the article in good\.txt has the id 'good\.txt' too",
        ),
        (
            [uploaded(tmp_path, "two.jsonl", "\n".join([line("n", "n"), line("m", "n")]))],
            r"two\.jsonl: two of its articles have the id 'n' too",
        ),
    ):
        for known in (store, None):
            with pytest.raises(InputError, match=message):
                library.add(given, known)
            assert library.files() == ["other.txt", "x.txt"]
    library.remove("x.txt")
    assert library.add([uploaded(tmp_path, "y.txt", article("y"))], store) == ["y.txt"]
    with pytest.raises(InputError, match=r"w\.txt: the article in y\.txt has the id 'same' too"):
        library.add([uploaded(tmp_path, "w.txt", article("w"))], store)  # not built yet, and in use


def test_the_library_calls_a_file_with_a_double_id_in_the_index_in_part(folders):
    seeds, index = folders
    file = seeds / "many.jsonl"
    file.write_text("\n".join([line("one"), line("two")]))
    sync_index(seeds, index, Settings())

    def state_of():
        return next(one.state for one in Library(seeds).holdings(open_current(index)) if one.path == file.name)

    assert state_of() == "in the index, in part"
    file.write_text(line("two"))
    assert state_of() == "changed since the build"


@pytest.mark.model
def test_the_checker_finds_the_line_that_was_quoted(folders, tmp_path):
    seeds, index = folders
    (seeds / "two.jsonl").write_text(f"{line('x')}\n{line('y')}\n")
    sync_index(seeds, index, Settings())
    reply = open_assistant(index, Settings()).ask("Where did the fox come from on Monday?")
    cited = (reply.citations or reply.closest)[0]
    assert cited.quote == "The fox came from x on Monday."
    file = tmp_path / "answers.jsonl"
    file.write_text(to_json(reply) + "\n")
    assert verify(file, seeds).findings == ()
