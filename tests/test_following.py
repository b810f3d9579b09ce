"""What follows a build: changes with their diffs, who quoted what is gone, saved questions and their feed."""

import itertools
import json
import random
import shutil
import signal
import time
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer.opening import open_assistant
from rag.answer.wire import to_json
from rag.build import sync_index
from rag.follow import diff, listing, quoted, saved
from rag.follow.building import build
from rag.store import at, changes, layout
from rag.types.errors import InputError
from rag.types.settings import Settings
from rag.verify import verify
from rag.verify.check import check
from tests.test_survival import child, ended

QUESTION = "Which colour did the committee choose for the harbour gate?"
GATE = "Harbour report\n\nThe committee chose {} for the harbour gate. Ann Lee opened the meeting.\n"
OTHER = "Report {}\n\nThe crew of ship {} painted it in two days.\n"


class Desk:
    """A folder of articles with its index."""

    def __init__(self, work):
        self.seeds, self.index = work / "seeds", work / "index"
        self.seeds.mkdir()
        for n in range(3):
            self.write(f"{n}", OTHER.format(n, n))
        sync_index(self.seeds, self.index, Settings())
        self.store = at(self.index, Settings())

    def write(self, name, text):
        (self.seeds / f"{name}.txt").write_text(text)

    def build(self):
        return build(self.seeds, self.index, Settings())

    def save(self, question=QUESTION, **filters):
        return saved.save(self.store, question, filters, Settings())

    def answers(self):
        """The short answers that were told, oldest first."""
        return [alert.short_answer for alert in self.store.alerts(1000)][::-1]


@pytest.fixture
def desk(tmp_path, word_encoder):
    return Desk(tmp_path)


texts = st.lists(
    st.sampled_from(
        ["Ann left on Monday. ", "Bob, 41, stayed.\n", "It rained. ", "\n\n", "Ann left. ", "é\r x\u2028 "]
    ),
    max_size=12,
).map("".join)


@settings(deadline=None)
@given(texts, texts)
def test_a_diff_joined_is_both_texts(before, after):
    pieces = list(diff.pieces_of(before, after))
    assert "".join(piece.before for piece in pieces) == before
    assert "".join(piece.after for piece in pieces) == after
    for piece in pieces:
        kinds = {"equal": piece.before == piece.after, "insert": not piece.before, "delete": not piece.after}
        assert kinds.get(piece.op, bool(piece.before and piece.after and piece.before != piece.after))
    assert all((a.op == "equal") != (b.op == "equal") for a, b in itertools.pairwise(pieces))


def test_a_diff_shows_the_words_that_differ():
    before = "The gate was painted crimson by the crew. It rained.\n\nAnn left.\n"
    after = "The gate was painted indigo by the crew.\n\nAnn left. Bob stayed.\n"
    changed = [(p.op, p.before.strip(), p.after.strip()) for p in diff.pieces_of(before, after) if p.op != "equal"]
    assert changed == [("replace", "crimson", "indigo"), ("delete", "It rained.", ""), ("insert", "", "Bob stayed.")]


def test_a_diff_that_is_cut_shows_what_differs():
    """A number in much that cannot be aligned: once all that was shown of it was the same on both sides."""
    same = "".join(f"w{n} " for n in range(2990))
    for lead in ("", "It rained. "):
        before, after = (f"{lead}{same}lost {number} {'x ' * 3000}" for number in ("1,200", "1,300"))
        found = diff.shown(before, after)
        (piece,) = [piece for piece in found.pieces if piece.op != "equal"]
        assert (piece.before[:6], piece.after[:6], found.whole) == ("1,200 ", "1,300 ", False)
        assert found.pieces[-2].after.endswith(" lost ")


def test_a_diff_of_two_books_is_made_in_seconds_and_shown_in_part():
    random_ = random.Random(3)
    words = [f"word{n}" for n in range(50)]
    lines = [" ".join(random_.choices(words, k=12)) + ".\n" for _ in range(20_000)]
    other = [line for line in lines if random_.random() > 0.1]
    for a, b in (
        (lines, other),
        (["same.\n"] * 40_000, ["same.\n", "other.\n"] * 20_000),
        (["x " * 500_000], ["y " * 500_000]),
    ):
        begin = time.monotonic()
        found = diff.shown("".join(a), "".join(b))
        assert time.monotonic() - begin < 20
        assert sum(len(p.before) + len(p.after) for p in found.pieces) <= 20_000
        assert not found.whole
        assert found.pieces


def test_the_diff_of_an_article_that_was_renamed_since_is_kept(desk):
    desk.write("harbour", GATE.format("crimson"))
    desk.build()
    desk.write("harbour", GATE.format("indigo"))
    desk.build()
    (desk.seeds / "harbour.txt").rename(desk.seeds / "gate.txt")
    desk.build()
    with closing(desk.store.open()) as reader:
        texts = listing.Texts(desk.store, reader)
        told = [listing.change_object(change, texts) for change in listing.changed(desk.store)]
    assert [one["kind"] for one in told] == ["replaced", "renamed"]
    assert "indigo" in str(told[0]["diff"])


def test_a_diff_has_no_fields_of_the_file(desk):
    for colour in ("crimson", "indigo"):
        desk.write("gate", f"---\ntitle: The {colour} gate\n---\n{GATE.format(colour)}")
        desk.build()
    with closing(desk.store.open()) as reader:
        (told,) = (listing.change_object(one, listing.Texts(desk.store, reader)) for one in listing.changed(desk.store))
    assert (told["before"]["title"], told["after"]["title"]) == ("The crimson gate", "The indigo gate")
    for side, colour in (("before", "crimson"), ("after", "indigo")):
        assert "".join(piece[side] for piece in told["diff"]) == GATE.format(colour)


def test_a_file_that_is_renamed_and_edited_is_gone_and_new_and_with_an_id_the_same(desk):
    text = "---\nid: gate\n---\nThe gate was painted {}.\n"
    desk.write("old", text.format("crimson"))
    desk.build()
    last = desk.store.last_change()
    for name in ("0", "old"):
        (desk.seeds / f"{name}.txt").unlink()
    desk.write("new", text.format("indigo"))
    desk.write("10", OTHER.format(10, 10))
    desk.build()
    told = {(change.kind, change.article.article_id) for change in desk.store.changes(last)}
    assert told == {("removed", "0.txt"), ("added", "10.txt"), ("replaced", "gate")}


def test_an_article_that_changes_is_listed_with_its_diff(desk):
    desk.write("gate", GATE.format("crimson"))
    desk.build()
    desk.write("gate", GATE.format("indigo"))
    (desk.seeds / "0.txt").rename(desk.seeds / "zero.txt")
    desk.build()
    desk.write("gate", GATE.format("amber"))
    (desk.seeds / "1.txt").unlink()
    desk.build()
    with closing(desk.store.open()) as reader:
        kept = listing.Texts(desk.store, reader)
        told = [listing.change_object(one, kept) for one in listing.changed(desk.store)]
    shown = [
        (
            one["kind"],
            one["article_id"],
            [(p["before"].strip(), p["after"].strip()) for p in one["diff"] or [] if p["op"] == "replace"],
        )
        for one in told
    ]
    assert sorted(shown) == [
        ("removed", "1.txt", []),
        ("renamed", "zero.txt", []),
        ("replaced", "gate.txt", [("crimson", "indigo")]),
        ("replaced", "gate.txt", [("indigo", "amber")]),
    ]
    assert listing.changed(desk.store, "2999-01-01") == []
    assert len(listing.changed(desk.store, limit=2)) == 2
    assert listing.begins(desk.store) is None
    assert check(desk.seeds, desk.index, Settings()) == []


def test_a_moment_is_a_day_or_a_time():
    assert listing.moment("2025-11-01T14:30Z") == "2025-11-01T14:30:00Z"
    assert listing.moment("2025-11-01T14:30+02:00") == "2025-11-01T12:30:00Z"
    assert listing.moment("2025-11-01")[4:5] == "-"
    for wrong in ("yesterday", "", "2025-13-01", "0001-01-01T00:00+14:00"):
        with pytest.raises(InputError, match="no day or time"):
            listing.moment(wrong)


@pytest.fixture
def quoting(desk, tmp_path):
    """A log in which each article is quoted once, and the desk."""
    desk.write("gate", GATE.format("crimson"))
    desk.build()
    assistant = open_assistant(desk.index, Settings())
    replies = [assistant.ask(q) for q in (QUESTION, *(f"Who painted ship {n}?" for n in range(3)))]
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f"{to_json(reply)}\n" for reply in replies))
    return desk, log


def states(desk, log, listed=None):
    found = listing.quoting(desk.store, desk.store.open(), [log], listed)
    return {(one.citation.article_id, one.state, one.article_id) for one in found}


def test_a_quotation_that_is_gone_is_told_from_one_that_moved(quoting):
    desk, log = quoting
    assert states(desk, log) == set()
    desk.write("gate", GATE.format("indigo"))
    desk.write("0", "Report 0\n\nA line that is new.\n\nThe crew of ship 0\npainted it in two days.\n")
    (desk.seeds / "1.txt").rename(desk.seeds / "one.txt")
    (desk.seeds / "2.txt").unlink()
    desk.build()
    cited = {one.article_id for _, line in quoted.answers(log) for one in (*line.citations, *line.closest)}
    wanted = {
        ("gate.txt", "gone", None),
        ("0.txt", "moved", "0.txt"),
        ("1.txt", "moved", "one.txt"),
        ("2.txt", "gone", None),
    }
    assert cited >= {"gate.txt", "0.txt", "1.txt", "2.txt"}
    assert {one for one in states(desk, log) if one[0] != "gate.txt"} | {("gate.txt", "gone", None)} == wanted
    for one in listing.quoting(desk.store, desk.store.open(), [log], None):
        if one.state == "moved":
            text = desk.store.open().article(one.article_id)[1]
            assert text[one.start : one.end].split() == one.citation.quote.split()
    assert states(desk, log, []) == set()
    kinds = {finding.kind for finding in verify(log, desk.seeds).findings}
    assert kinds <= {"source changed", "source missing"}
    assert kinds


def test_a_log_that_is_none_is_named_and_a_torn_line_is_not_read(quoting, tmp_path):
    desk, log = quoting
    whole = log.read_text()
    log.write_text(whole + whole[:200])
    assert len(list(quoted.answers(log))) == 4
    log.write_text(f"{whole}{{}}\n")
    with pytest.raises(InputError, match="line 5: not an answer"):
        states(desk, log)
    with pytest.raises(InputError, match="cannot be read"):
        states(desk, tmp_path / "none.jsonl")


def test_the_command_ends_with_1_where_a_quotation_is_gone(rag, quoting):
    desk, log = quoting
    where = "--index", desk.index
    assert rag("changes", *where, "--log", log)[0] == 0
    desk.write("gate", GATE.format("indigo"))
    desk.build()
    code, out, _ = rag("changes", *where, "--log", log)
    assert code == 1
    assert "- crimson" in out
    assert "+ indigo" in out
    assert f"{log}:1: is gone: Harbour report" in out
    code, out, _ = rag("changes", *where, "--log", log, "--json")
    said = json.loads(out)
    assert (code, said["schema"], said["kept_from"]) == (1, 1, None)
    assert {one["state"] for one in said["quoted"]} == {"gone"}
    assert rag("changes", *where, "--log", log, "--since", "2999-01-01")[0] == 0
    assert rag("changes", *where)[0] == 0
    assert rag("changes", *where, "--since", "soon")[0] == 2


def test_a_question_is_asked_of_what_is_new_and_told_once(desk):
    desk.write("gate", GATE.format("crimson"))
    desk.build()
    question = desk.save()
    assert desk.save() == question
    assert desk.build().alerts == 0  # what was there before can be asked at any time
    desk.write("later", GATE.format("indigo"))
    assert desk.build().alerts == 1
    desk.write("again", GATE.format("indigo").replace("Ann Lee", "Bob Ray"))
    assert desk.build().alerts == 0  # the same answer
    desk.write("0", OTHER.format(0, 7))
    assert desk.build().alerts == 0
    desk.write("gate", GATE.format("amber"))
    assert desk.build().alerts == 1
    desk.write("later", GATE.format("indigo") + "\nIt rained.\n")
    assert desk.build().alerts == 0  # the same words of the same article were told
    assert desk.answers() == ["indigo", "amber"]
    alert = desk.store.alerts(1)[0]
    assert alert.cited["article_id"] == "gate.txt"
    assert alert.answer["filters"] == {"articles": ["gate.txt"]}
    (desk.index / "answer.jsonl").write_text(json.dumps(alert.answer) + "\n")
    assert verify(desk.index / "answer.jsonl", desk.seeds).findings == ()


def test_articles_that_disagree_are_all_told(desk, monkeypatch):
    """Of one build, also where there are more than can be asked at once."""
    desk.save()
    desk.write("one", GATE.format("crimson"))
    desk.write("two", GATE.format("indigo").replace("Ann Lee", "Bob Ray"))
    assert desk.build().alerts == 2
    assert sorted(desk.answers()) == ["crimson", "indigo"]
    monkeypatch.setattr(saved, "_MOST", 1)
    desk.write("three", GATE.format("amber"))
    desk.write("four", GATE.format("ivory"))
    assert desk.build().alerts == 2
    assert sorted(desk.answers()[2:]) == ["amber", "ivory"]
    monkeypatch.setattr(saved, "_MOST", 5000)
    monkeypatch.setattr(saved, "_NAMED", 1)
    desk.write("five", GATE.format("emerald"))
    for n in range(3):
        desk.write(f"more{n}", OTHER.format(n, n + 7))
    assert desk.build().alerts == 1
    assert desk.store.alerts(1)[0].answer["filters"] == {"articles": ["five.txt"]}


def test_a_question_is_asked_with_its_filters(desk):
    desk.save(articles=["gate.txt"])
    desk.save(**{"from": "2031-01-01"})
    desk.write("other", GATE.format("crimson"))
    assert desk.build().alerts == 0
    desk.write("gate", GATE.format("indigo"))
    assert desk.build().alerts == 1
    assert desk.answers() == ["indigo"]


def test_many_builds_tell_each_new_answer_once(desk):
    """Whatever is edited, no words of an article are told twice, and no answer twice in a row."""
    random_, desk_question = random.Random(5), desk.save()
    colours, there = ["crimson", "indigo", "amber", "emerald"], {}
    wanted = set()
    for _ in range(25):
        name = random_.choice(["x", "y", "z"])
        if random_.random() < 0.2 and name in there:
            (desk.seeds / f"{name}.txt").unlink()
            del there[name]
        else:
            there[name] = random_.choice(colours)
            desk.write(name, GATE.format(there[name]))
            wanted.add((f"{name}.txt", there[name]))
        desk.build()
        assert desk.build().alerts == 0
    told = [(alert.cited["article_id"], alert.short_answer) for alert in desk.store.alerts(1000)][::-1]
    assert len(set(told)) == len(told)
    assert set(told) <= wanted
    assert {colour for _, colour in told} == {colour for _, colour in wanted}
    assert all(a[1] != b[1] for a, b in itertools.pairwise(told))
    assert len({alert.id for alert in desk.store.alerts(1000)}) == len(told)
    assert desk.store.saved()[0].id == desk_question.id


def test_a_question_that_fails_is_asked_again(desk, monkeypatch, caplog):
    desk.save()
    desk.save("Who opened the meeting?")
    desk.write("gate", GATE.format("crimson"))
    whole = saved._answers

    def broken(reply):
        if reply.question == QUESTION:
            raise RuntimeError("broken")
        return whole(reply)

    monkeypatch.setattr(saved, "_answers", broken)
    assert desk.build().alerts == 1
    assert "the next build asks it again" in caplog.text
    assert desk.answers() == ["Ann Lee"]
    monkeypatch.setattr(saved, "_answers", whole)
    assert desk.build().alerts == 1
    assert desk.answers() == ["Ann Lee", "crimson"]


def test_what_changed_unknown_is_asked_of_all(desk):
    """Neither a record that was removed nor an index that was damaged loses an alert."""
    desk.save()
    desk.write("gate", GATE.format("crimson"))
    sync_index(desk.seeds, desk.index, Settings())
    desk.write("0", OTHER.format(0, 9))
    sync_index(desk.seeds, desk.index, Settings())
    file = next((desk.index / "changes").glob("*.jsonl"))
    file.write_text(file.read_text().replace('"added', '"addad'))
    assert desk.build().alerts == 1
    shutil.rmtree(desk.index / "changes")
    desk.write("gate", GATE.format("amber"))
    assert desk.build().alerts == 1
    assert desk.answers() == ["crimson", "amber"]


def test_numbers_tell_answers_apart_and_names_do_not():
    same = saved._same
    for one, other in (("Xi", "President Xi Jinping"), ("20 percent", "twenty percent"), ("in May", "May")):
        assert same(one, other)
    for one, other in (("5 dead", "12 dead"), ("3,000 crates", "crates"), ("Ann Lee", "Bob Lee"), ("won", "not won")):
        assert not same(one, other)


KILL = """
import os, signal, sys
import {module} as of
def killed(*a, **k): os.kill(os.getpid(), signal.SIGKILL)
def after(*a, **k):
    inner(*a, **k); killed()
inner = of.{name}
of.{name} = {what}
"""
STEPS = (
    ("rag.store.layout", "publish", "killed"), ("rag.store.layout", "point", "killed"),
    ("rag.store.layout", "point", "after"), ("rag.store.changes", "_add", "killed"),
    ("rag.store.changes", "_add", "after"), ("rag.store.pruning", "tidy", "after"),
    ("rag.follow.saved", "_ask", "killed"), ("rag.follow.saved", "_alert", "killed"),
    ("rag.store.saved", "_write", "killed"), ("rag.store.saved", "_write", "after"),
)  # fmt: skip


@pytest.mark.parametrize(("module", "name", "what"), STEPS)
def test_a_kill_between_two_steps_loses_and_doubles_nothing(desk, module, name, what):
    desk.save()
    desk.write("gate", GATE.format("crimson"))
    desk.build()
    desk.write("gate", GATE.format("indigo"))
    (desk.seeds / "0.txt").unlink()
    code, _, err = ended(child((desk.seeds, desk.index), KILL.format(module=module, name=name, what=what)))
    assert code == -signal.SIGKILL, err
    desk.build()
    desk.build()
    noted = [(one.number, one.kind, one.article.article_id) for one in desk.store.changes()]
    assert [number for number, *_ in noted] == list(range(1, len(noted) + 1))
    assert sorted(one[1:] for one in noted) == [
        ("added", "gate.txt"), ("removed", "0.txt"), ("replaced", "gate.txt"),
    ]  # fmt: skip
    assert desk.answers() == ["crimson", "indigo"]
    assert check(desk.seeds, desk.index, Settings()) == []


def test_changes_are_kept_for_a_time_and_up_to_a_size(desk, monkeypatch):
    folder = desk.index / layout.CHANGES
    for n in range(4):
        desk.write("gate", GATE.format(f"crimson {n}"))
        desk.build()
        file = max(folder.glob("*.jsonl"), key=lambda one: int(one.stem[11:]))
        file.rename(file.with_name(f"2024-01-0{n + 1}-{file.stem[11:]}.jsonl"))  # as if it were of a day long ago
    assert [change.number for change in desk.store.changes()] == [4]  # the newest is always kept
    assert desk.store.last_change() == 4
    assert listing.begins(desk.store) is not None
    desk.write("gate", GATE.format("amber"))
    desk.build()
    assert [change.number for change in desk.store.changes()] == [5]
    monkeypatch.setattr(changes, "KEPT_BYTES", 100)
    desk.write("gate", GATE.format("ivory"))
    desk.build()
    assert [(c.number, c.text is None) for c in desk.store.changes(texts=True)] == [(5, False), (6, True)]
    assert check(desk.seeds, desk.index, Settings()) == []
