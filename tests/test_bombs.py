"""Files that cost far more to read than they weigh: each is named with the reason, and the one beside is indexed."""

import dataclasses
import hashlib
import io
import json
import os
import signal
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eval import bombs, crafted
from rag import cli
from rag.build import sync_index
from rag.build.seeds import Library
from rag.load import apart, formats, jsonl, load
from rag.load import reading as loading
from rag.load.limits import LIMITS
from rag.load.normalise import normalise
from rag.types.errors import InputError
from rag.types.settings import Settings


@pytest.fixture
def folder(tmp_path):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "good.txt").write_text(bombs.GOOD)
    return seeds


@pytest.fixture
def limits(monkeypatch):
    """Sets limits: `limits(seconds=1)`."""

    def set_limits(**some):
        monkeypatch.setattr(loading, "LIMITS", dataclasses.replace(LIMITS, **some))

    return set_limits


def built(folder, name, raw):
    """What a build says of a file, after it has indexed the good one beside it."""
    (folder / name).write_bytes(raw)
    report = sync_index(folder, folder.parent / "index", Settings())
    assert (report.articles, report.plan.added) == (1, ("good.txt",))
    ((where, reason),) = report.unreadable
    assert where == name
    return reason


RANDOM = ("word/media/b.bin", os.urandom(12_000_000))  # so that the ratio is that of a document


def zeros(size):
    return [("word/media/a.bin", bytes(size))]


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("a.docx", lambda: crafted.docx(crafted.paragraph("a") * 1_000_000), "unpacks to more than 200 times its size"),
        ("a.docx", lambda: crafted.docx(more=[*zeros(190_000_000), RANDOM]), "unpacks to more than 200 MB"),
        ("a.docx", lambda: crafted.lying(50_000_000), "is not a Word document that can be read (Bad CRC-32"),
        ("a.docx", lambda: crafted.overlapping(100, 1_000_000), "is not a Word document that can be read (files in"),
        (
            "a.docx",
            lambda: crafted.docx(more=((f"a/{n}", b"") for n in range(10_001))),
            "has more than 10,000 files in",
        ),
        ("a.docx", crafted.entities, "cannot be read (XMLSyntaxError: Maximum entity amplification factor exceeded"),
        ("a.docx", lambda: crafted.docx("<w:sdt><w:sdtContent>" * 9999), "cannot be read (XMLSyntaxError: Excessive"),
        ("a.pdf", lambda: crafted.page(crafted.stream(b" " * 201_000_000)), "unpacks to more than 200 MB"),
        ("a.pdf", lambda: crafted.page(crafted.stream(b" " * 250_000_000, times=2)), "unpacks to more than 200 MB"),
        ("a.pdf", crafted.circle, "holds no text"),
        ("a.pdf", crafted.packed_in_itself, "cannot be read (RecursionError"),
        ("a.txt", lambda: b"a\n\n" * 200_001, "has more than 200,000 paragraphs"),
        ("a.txt", lambda: b"a\n" * 2_000_001, "has more than 2,000,000 lines"),
        ("a.txt", lambda: b"A\n" * 200_001, "has more than 200,000 paragraphs"),
        ("a.txt", lambda: b"a" * 20_000_001, "has more than 20,000,000 characters"),
        ("a.txt", lambda: crafted.marked(200_000).encode(), "holds more than 100 combining marks in a row"),
        ("a.txt", lambda: bombs.BOMBS["front matter.txt"](), "its front matter has more than 50,000 characters"),
        ("a.html", lambda: crafted.html("<div>" * 100_000 + "The bridge was opened."), "holds no paragraph of text"),
        ("a.md", lambda: b">" * 100_000 + b" a", "holds no paragraph of text"),
    ],
)  # fmt: skip
def test_a_bomb_is_named_and_the_file_beside_it_is_indexed(folder, word_encoder, name, raw, reason):
    assert built(folder, name, raw()).startswith(reason)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.docx", crafted.docx(crafted.paragraph("The bridge was opened.") * 21)),
        ("a.pdf", crafted.page(crafted.stream(b"BT /F 9 Tf 40 TL " + b"(The bridge was opened.) ' " * 21 + b"ET"))),
        ("a.html", crafted.html("<p>The bridge was opened on Monday by the mayor.</p>" * 21)),
        ("a.md", b"The bridge was opened.\n\n" * 21),
        ("a.txt", b"The bridge was opened.\n\n" * 21),
        ("a.jsonl", crafted.line("The bridge was opened.\n\n" * 21)),
    ],
)  # fmt: skip
def test_paragraphs_and_characters_of_every_kind_are_bounded(folder, limits, word_encoder, name, raw):
    limits(paragraphs=20)
    assert built(folder, name, raw) == "has more than 20 paragraphs" if name != "a.jsonl" else True
    limits(characters=300)
    (folder / name).write_bytes(raw)
    ((_, reason),) = load(folder, name).problems
    assert reason == "has more than 300 characters"


def test_a_heading_is_counted_with_each_paragraph_under_it(folder, limits):
    limits(characters=2000)
    (folder / "a.md").write_text(f"# {'A' * 200}\n\n## {'B' * 200}\n\n" + "One.\n\n" * 11)
    ((_, reason),) = load(folder, "a.md").problems
    assert reason == "has more than 2,000 characters of headings, counted with each paragraph under them"


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("a.pdf", crafted.page(crafted.stream(crafted.written(200_000)))),
        ("a.pdf", crafted.forms(12, 10)),
        ("a.md", b"*a **a " * 60_000),
    ],
)
def test_a_file_that_takes_too_long_is_named(folder, limits, word_encoder, name, raw):
    limits(seconds=1, seconds_a_megabyte=0)
    assert built(folder, name, raw) == "took longer than 1 s to read"


def test_a_file_that_takes_too_much_memory_is_named(folder, limits, word_encoder):
    limits(memory_bytes=60_000_000, seconds=300)
    raw = crafted.page(crafted.stream(crafted.written(200_000)))
    assert built(folder, "a.pdf", raw) == "needs more than 60 MB of memory to read"


def test_the_pages_of_a_pdf_are_bounded(folder, limits, word_encoder):
    limits(pages=20)
    assert built(folder, "a.pdf", crafted.pages(21)) == "has more than 20 pages"
    (folder / "a.pdf").write_bytes(crafted.pages(20))
    ((_, reason),) = load(folder, "a.pdf").problems
    assert reason.startswith("holds no text")


def test_what_follows_a_stream_of_a_pdf_is_no_part_of_it(folder):
    raw = crafted.page(crafted.stream(b"BT /F 9 Tf 50 700 Td (The bridge was opened.) Tj ET"))
    (folder / "a.pdf").write_bytes(raw.replace(b"\nendstream", b"\n" * 99 + b"endstream"))
    assert [article.text for article in load(folder, "a.pdf").articles] == ["The bridge was opened."]


def test_styles_that_are_based_on_each_other_end(folder):
    (folder / "a.docx").write_bytes(bombs.BOMBS["styles in a circle.docx"]())
    assert [article.text for article in load(folder, "a.docx").articles] == ["The bridge was opened."]


def test_front_matter_of_aliases_is_read(folder):
    (folder / "a.txt").write_text(bombs.aliases())
    assert load(folder, "a.txt").articles[0].info.title == "A bridge"


def test_a_record_that_is_a_bomb_does_not_stop_the_others(folder, word_encoder):
    deep = crafted.line("One.").replace(b'"One."', b"[" * 1_000_000)
    lines = [crafted.line("The bridge was opened."), crafted.line(crafted.marked(200_000)), deep, b"\n" * 1_000_000]
    (folder / "a.jsonl").write_bytes(b"".join(lines) + crafted.line("It is long.").replace(b'"x"', b'"y"'))
    loaded = load(folder, "a.jsonl")
    assert [article.text for article in loaded.articles] == ["The bridge was opened.", "It is long."]
    assert [where for where, _ in loaded.problems] == ["a.jsonl line 2", "a.jsonl line 3"]
    assert loaded.problems[0][1] == "holds more than 100 combining marks in a row, which no text has"
    assert loaded.problems[1][1].startswith("is not JSON")


def test_a_record_has_the_bound_of_an_article_and_a_file_one_of_broken_records(folder, limits):
    limits(article_bytes=2000, bad_records=3)
    (folder / "a.jsonl").write_bytes(crafted.line("a" * 5000) + crafted.line("One.") + crafted.line("b" * 1000))
    loaded = load(folder, "a.jsonl")
    assert [article.text[:4] for article in loaded.articles] == ["One.", "bbbb"]
    assert [where for where, _ in loaded.problems] == ["a.jsonl line 1"]
    (folder / "a.jsonl").write_bytes(crafted.line("One.") + b"x\n" * 100)
    loaded = load(folder, "a.jsonl")
    assert (len(loaded.articles), len(loaded.problems), loaded.sha256) == (1, 5, None)
    assert loaded.problems[-1] == (
        "a.jsonl", "has more than 3 records that cannot be read; the rest of it was not read",
    )  # fmt: skip


@example([b"\xef\xbb\xbf", b"\xef\xbb\xbf", b"a"], 1)
@given(st.lists(st.sampled_from([b"a", b"bcd", b"\r", b"\n", b"\n\n", b" ", b"\xef\xbb\xbf"])), st.integers(1, 9))
def test_lines_of_a_file_are_those_of_the_whole_of_it(pieces, size):
    raw = b"".join(pieces)
    lines = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    slow = [(n, None if len(line) > 5 else line.rstrip(b"\r")) for n, line in enumerate(lines, start=1) if line.strip()]
    seen = hashlib.sha256()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonl, "_BLOCK", max(size, 3))
        found = list(jsonl.records(io.BytesIO(raw), seen, 5))
    assert [one for one in found if one[1] is not None] == [one for one in slow if one[1] is not None]
    assert {n for n, line in slow if line is None} <= {n for n, line in found if line is None}
    assert seen.digest() == hashlib.sha256(raw).digest()


def test_a_build_with_a_bomb_ends_with_3_and_no_traceback(folder, tmp_path, word_encoder, monkeypatch, capsys):
    (folder / "a.docx").write_bytes(crafted.docx(more=zeros(50_000_000)))
    (folder / "b.docx").write_bytes(crafted.docx()[:-900] + bytes(900))
    (folder / "c.docx").write_bytes(crafted.docx("<w:p>"))
    monkeypatch.setattr(sys, "argv", ["rag", "build", "--seeds", str(folder), "--index", str(tmp_path / "index")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    said = out.splitlines()
    assert end.value.code == 3
    assert "could not read a.docx: unpacks to more than 200 times its size" in said
    assert any(line.startswith("could not read b.docx: is not a Word document that can be read (") for line in said)
    assert any(line.startswith("could not read c.docx: cannot be read (XMLSyntaxError: ") for line in said)
    assert "added 1: good.txt" in said
    assert "Traceback" not in out + err


def test_a_bomb_is_refused_by_the_library(folder, tmp_path):
    bomb = tmp_path / "a.docx"
    bomb.write_bytes(crafted.docx(more=zeros(50_000_000)))
    with pytest.raises(InputError, match=r"a\.docx: unpacks to more than 200 times its size"):
        Library(folder).add([bomb])
    assert Library(folder).files() == ["good.txt"]


def test_all_combining_marks_are_looked_for():
    marks = [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.combining(c)]
    assert len(marks) > 900
    for mark in marks:
        with pytest.raises(ValueError, match="more than 100 combining marks in a row"):
            normalise(mark * 101)
    assert normalise("a" + "\u0301\u0316" * 50) == "\u00e1" + "\u0316" * 50 + "\u0301" * 49
    with pytest.raises(ValueError, match="more than 100 combining marks in a row"):
        normalise("a" + "\u0301\u0316" * 50 + "\u0301")


TEXT = b"# A title\n\nOne sentence."


def text_of(raw=TEXT):
    return apart.read(".md", raw, LIMITS).parsed.text


def test_a_text_is_the_same_apart_and_here():
    raw = "# A\n\nCafe\u0301 \U0001f600\r\n\n## B\n\n\u2028x\u0085y\n\n\x1f \ufeff*two*".encode()
    assert apart.read(".md", raw, LIMITS) == formats.read(".md", raw, LIMITS)
    assert apart.read(".md", b"", LIMITS) == formats.read(".md", b"", LIMITS)


def test_a_process_that_has_ended_is_replaced(monkeypatch):
    assert text_of() == TEXT.decode()
    os.kill(apart.running.process.pid, signal.SIGKILL)
    apart.running.process.wait()
    assert text_of() == TEXT.decode()
    # It may also end by itself between two files, just when it is asked.
    monkeypatch.setattr(apart.ReaderProcess, "lives", lambda _: True)
    reader, into = apart.running.process, os.dup(apart.running.process.stdin.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), reader.stdin.fileno())
    os.close(into)
    assert reader.wait() == 0
    assert text_of() == TEXT.decode()


def test_an_answer_that_nobody_waited_for_is_not_taken_for_another(monkeypatch):
    text_of()
    with monkeypatch.context() as patch:
        patch.setattr(apart.ReaderProcess, "out", property(lambda _: (_ for _ in ()).throw(KeyboardInterrupt)))
        with pytest.raises(KeyboardInterrupt):
            text_of(b"Other words.")
    assert text_of() == TEXT.decode()


def test_threads_get_their_own_answers():
    texts = [f"# A\n\nSentence {n}." for n in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: text_of(text.encode()), texts)) == texts


def test_the_process_runs_nothing_from_the_folder_it_is_started_in(tmp_path, monkeypatch):
    for name in ("json.py", "rag.py", "sitecustomize.py"):
        (tmp_path / name).write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    apart.end()
    assert text_of() == TEXT.decode()


def answer(**changes):
    parsed = {"text": "One. Two.", "metadata": {"date": "2025-11-01"}, "paragraphs": [], "note": None}
    parsed["paragraphs"] = [{"start": 0, "end": 4, "number": 1, "section": None, "page": None}]
    parsed["paragraphs"][0].update(
        {key: changes.pop(key) for key in ("start", "end", "number", "page") if key in changes}
    )
    return json.dumps({"parsed": {**parsed, **changes}, "problem": None}).encode()


@pytest.mark.parametrize(
    "said",
    [
        b"{}",
        b"[]",
        b"nonsense",
        b'{"parsed": null, "problem": null}',
        b'{"parsed": null, "problem": 3}',
        answer(text=None),
        answer(text="\ud800"),
        answer(text="a\0 b c"),
        answer(end=10),
        answer(start=4),
        answer(start=-1),
        answer(start="0"),
        answer(number=2),
        answer(page=0),
        answer(metadata={"date": "2025-11-01' OR 1=1"}),
        answer(metadata={"title": ["a"]}),
        answer(paragraphs=[]),
    ],
)
def test_what_the_process_answers_is_checked(said):
    assert apart.checked(answer(), LIMITS).parsed.text == "One. Two."
    assert apart.checked(said, LIMITS).problem == "cannot be read (its reader gave an answer that cannot be used)"
