"""The loader: one normalisation, and metadata and paragraphs where newspapers put them."""

import codecs
import hashlib
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.load import find
from rag.load import load as load_file
from rag.load.front_matter import front_matter
from rag.load.normalise import decode, normalise
from rag.types.errors import SeedError
from tests.conftest import ARTICLE, SEEDS


def write(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def load(folder, name):
    """The one article of a file that can be read."""
    loaded = load_file(folder, name)
    assert loaded.problems == []
    (article,) = loaded.articles
    return article


def paragraphs(article):
    return [article.text[p.start : p.end] for p in article.paragraphs]


def test_owner_article_metadata_is_read_from_its_text():
    article = load(SEEDS, ARTICLE)
    assert article.info.title == "China's Xi Meets South Korean Leader in Bid to Stabilize Ties After US Trade Truce"
    assert article.info.publisher == "CaliToday"
    assert article.info.date == "2025-11-01"  # the dateline, day first; the first line says October 31
    assert article.info.seed_sha256 == hashlib.sha256((SEEDS / ARTICLE).read_bytes()).hexdigest()


def test_owner_article_paragraphs_leave_out_boilerplate_and_headings():
    article = load(SEEDS, ARTICLE)
    found = paragraphs(article)
    assert len(found) == 17
    assert found[0].startswith("Chinese President Xi Jinping is set to meet")
    assert found[-1].endswith("complex security challenges that no trade deal can solve.")
    assert [p.number for p in article.paragraphs] == list(range(1, 18))
    assert [p.section for p in article.paragraphs][5:9] == ["Xi's Charm Offensive"] * 3 + [
        "A High-Stakes Balancing Act"
    ]
    assert not any("CaliToday" in text or "Friday, October 31" in text for text in found)


@given(st.text())
def test_normalise_equals_the_definition(text):
    slow = text[1:] if text.startswith("\ufeff") else text
    slow = unicodedata.normalize("NFC", slow.replace("\r\n", "\n").replace("\r", "\n"))
    assert normalise(text) == slow


def test_decode_drops_mark_and_carriage_returns_and_composes():
    assert decode(codecs.BOM_UTF8 + "e\u0301a\r\nb\rc".encode()) == "éa\nb\nc"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"caf\xe9", "is not UTF-8 (byte 0xe9 at 3)"),
        ("text".encode("utf-16"), "is encoded in UTF-16"),
        (b"a\0b", "is not a text file (a zero byte at 1)"),
        (b"", "holds no paragraph of text"),
        (b" \n\n\t\n", "holds no paragraph of text"),
        (b"---\ntitle: [\n---\nText.", "front matter is not valid YAML"),
        (b"---\ntitle: [a, b]\n---\nText.", "front matter field 'title' must be a single value"),
        (b"---\ntitle: Open\n\nText.", "front matter is not closed"),
        (b"---\nid: !!set {a, b}\n---\nText.", "front matter field 'id' must be a single value"),
        (b'---\ntitle: "\\U00110000"\n---\nText.', "front matter is not valid YAML"),
        (b'---\ntitle: "\\UFFFFFFFF"\n---\nText.', "front matter is not valid YAML"),
        (b"---\nid: " + b"[" * 2000 + b"\n---\nText.", "front matter is not valid YAML"),
        (b'---\nid: "a\\ud800b"\n---\nText.', "holds a control character"),
        (b'---\nid: "a\\eb"\n---\nText.', "holds a control character"),
    ],
)
def test_unreadable_files_say_why(tmp_path, raw, reason):
    write(tmp_path, "a.txt", raw)
    loaded = load_file(tmp_path, "a.txt")
    assert loaded.articles == []
    ((where, why),) = loaded.problems
    assert where == "a.txt"
    assert reason in why


def test_front_matter_overrides_what_the_text_says(tmp_path):
    fields = "id: x1\ntitle: Other\ndate: 2020-02-03\nurl: https://e.org/a\nauthor: A. B.\n"
    fields = fields.replace("author", "Author")
    text = f"---\n{fields}---\nA title\n\nPaper (01/11/2025): One.\n"
    article = load(tmp_path, write(tmp_path, "a.txt", text))
    info = article.info
    assert (info.article_id, info.title, info.publisher, info.date) == ("x1", "Other", "Paper", "2020-02-03")
    assert (info.url, info.author) == ("https://e.org/a", "A. B.")
    assert paragraphs(article) == ["One."]
    assert article.text == text


@pytest.mark.parametrize(
    "value",
    [
        "2025-11-01' OR 1=1",
        "soon",
        "2025-02-30",
        "01/11/2025",
        "2025",
        "2025-11-01T25:00",
        "2025-11-01x10:00",
        "[a, b]",
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.jsonl"])
def test_a_date_that_is_not_wholly_one_is_none_and_noted(tmp_path, name, value):
    """And so is no date that the text has besides: the declared one was to override it."""
    text = "A title\n\nPaper (01/11/2025): One.\n"
    if name == "a.jsonl":
        text, label = json.dumps({"id": "x", "text": text, "date": value}), "a.jsonl line 1"
    else:
        text, label = f"---\ntitle: A title\ndate: {value}\n---\n{text}", name
    loaded = load_file(tmp_path, write(tmp_path, name, text))
    assert loaded.problems == []
    assert [article.info.date for article in loaded.articles] == [None]
    ((where, what),) = loaded.noted
    assert (where, what.endswith(", not a day like 2025-11-01")) == (label, True)
    assert "'date' is " in what


@pytest.mark.parametrize(
    "value",
    ["2025-11-01", "20251101", "2025-11-01T10:00:00Z", "2025-11-01 10:00:00.5 +0100", "2025-11-01t23:59-05:00"],
)
def test_a_date_or_a_time_is_a_day(tmp_path, value):
    article = load(tmp_path, write(tmp_path, "a.txt", f"---\ntitle: A\ndate: {value}\n---\nOne sentence.\n"))
    assert article.info.date == "2025-11-01"
    record = json.dumps({"id": "x", "text": "One.", "date": value})
    assert load(tmp_path, write(tmp_path, "a.jsonl", record)).info.date == "2025-11-01"


def test_a_rule_of_dashes_is_no_front_matter():
    assert front_matter("---\nJust text\n---\nmore")[1] == 0
    assert front_matter("---\nHe said: yes, and\n\tmore: {no\n---\nmore")[1] == 0


@pytest.mark.parametrize(
    ("dateline", "date"),
    [
        ("Paper (01/11/2025): Text.", "2025-11-01"),
        ("Paper (11/25/2025): Text.", "2025-11-25"),  # the second number can only be a day
        ("Paper (31/02/2025): Text.", None),  # no such day
    ],
)
def test_numeric_datelines_are_day_first(tmp_path, dateline, date):
    article = load(tmp_path, write(tmp_path, "a.txt", f"A title\n\n{dateline}\n"))
    assert article.info.date == date
    assert paragraphs(article) == ["Text."]


@pytest.mark.parametrize("line", ["Friday, October 31, 2025", "31 October 2025", "Oct. 31, 2025"])
def test_a_first_line_that_is_a_date_is_no_paragraph(tmp_path, line):
    article = load(tmp_path, write(tmp_path, "a.txt", f"{line}\n\nA title\n\nOne sentence here.\n"))
    assert (article.info.date, article.info.title) == ("2025-10-31", "A title")
    assert paragraphs(article) == ["One sentence here."]


def test_short_lines_in_a_row_are_paragraphs_not_headings(tmp_path):
    text = "Title\n\nIntro sentence.\n\nEggs\n\nMilk\n\nA heading\n\nA sentence under it.\n"
    article = load(tmp_path, write(tmp_path, "a.txt", text))
    assert paragraphs(article) == ["Intro sentence.", "Eggs", "Milk", "A sentence under it."]
    assert article.paragraphs[-1].section == "A heading"


def test_text_without_blank_lines_has_a_paragraph_a_line(tmp_path):
    article = load(tmp_path, write(tmp_path, "a.txt", "A title\nFirst one.\nSecond one.\n"))
    assert article.info.title == "A title"
    assert paragraphs(article) == ["First one.", "Second one."]


def test_lines_of_white_space_part_paragraphs(tmp_path):
    article = load(tmp_path, write(tmp_path, "a.txt", "Title\n\nOne\nstill one.\n \u00a0\nTwo.\r\n\r\nThree."))
    assert paragraphs(article) == ["One\nstill one.", "Two.", "Three."]


def test_markdown_paragraphs_keep_their_place(tmp_path):
    text = "# Title\n\nIntro with **bold**.\n\n## Part\n\n- first item\n- second item\n\n> quoted\n\n"
    text += "```\ncode\n```\n\nLast."
    article = load(tmp_path, write(tmp_path, "a.md", text))
    assert article.info.title == "Title"
    assert paragraphs(article) == ["Intro with **bold**.", "first item", "second item", "quoted", "Last."]
    assert [p.section for p in article.paragraphs] == [None, "Part", "Part", "Part", "Part"]


@given(st.text(alphabet="ab \n\t#*->`1.é\u0301😀\r_|\u00a0\u2028\x0c", max_size=200))
def test_markdown_ranges_are_inside_and_in_order(text):
    from rag.load import markdown

    text = normalise(text)
    at = 0
    for p in markdown.parse(text.encode()).paragraphs:
        assert at <= p.start < p.end <= len(text)
        assert text[p.start : p.end].strip() == text[p.start : p.end]
        at = p.end


@given(st.text(alphabet="Ab.\n \u00a0\t-é\u0301😀", max_size=200))
def test_plain_ranges_are_inside_in_order_and_trimmed(text):
    from rag.load import text as loader

    text = normalise(text)
    at = 0
    for n, p in enumerate(loader.parse(text.encode()).paragraphs, start=1):
        assert at <= p.start < p.end <= len(text)
        assert text[p.start : p.end].strip() == text[p.start : p.end]
        assert p.number == n
        at = p.end


def test_find_leaves_out_hidden_files_readmes_and_outside_links(tmp_path):
    folder = tmp_path / "seeds"
    outside = tmp_path / "secret.txt"
    outside.write_text("Secret.")
    for name in ("b.txt", "sub/a.md", "README.md", "readme.txt", "README.de.md", ".hidden.txt", ".git/c.txt", "d.exe"):
        write(folder, name, "Text.")
    (folder / "link.txt").symlink_to(outside)
    found = find(folder)
    assert [file.path for file in found.files] == ["b.txt", "sub/a.md"]
    assert [path for path, _ in found.skipped] == ["d.exe", "link.txt"]
    assert found.unreadable == []


def test_find_reports_what_it_cannot_read(tmp_path):
    import os

    folder = tmp_path / "seeds"
    write(folder, "a.txt", "Text.")
    (folder / "dangling.txt").symlink_to(folder / "gone.txt")
    (folder / "loop.txt").symlink_to(folder / "loop.txt")
    os.mkfifo(folder / "fifo.txt")
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("Text.")
    found = find(folder)
    assert [file.path for file in found.files] == ["a.txt"]
    assert found.skipped == [("fifo.txt", "not a regular file")]
    assert sorted(path for path, _ in found.unreadable) == ["caf?.txt", "dangling.txt", "loop.txt"]


def test_missing_seeds_folder_is_named(tmp_path):
    with pytest.raises(SeedError, match="there is no seeds folder at"):
        find(tmp_path / "none")
