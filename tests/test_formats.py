"""Each format, as whole files made by the libraries that people make them with; and the files that cannot be read."""

import datetime
import io
import json
from contextlib import closing
from dataclasses import replace

import pytest
from fpdf import FPDF

from rag.build import sync_index
from rag.build.seeds import Library
from rag.load import find, load, text
from rag.load import reading as loading
from rag.store.files import FileStore
from rag.store.reader import open_current
from rag.types.settings import Settings
from rag.verify.check import check

PAGE = """<!doctype html><html><head><title>Bridge opens - The Daily</title>
<meta property="og:site_name" content="The Daily"><meta name="author" content="Ann Writer">
<meta property="article:published_time" content="2025-11-01T10:00:00Z">
<link rel="canonical" href="https://example.org/bridge"></head><body>
<nav><a href="/">Home</a><a href="/news">News</a></nav><div class="cookie-banner">We use cookies. Accept all.</div>
<article><h1>Bridge opens</h1><p>The bridge was opened on Monday by the mayor of the town,
   who cut a ribbon before 300 people &amp; a dog.</p><h2>History</h2>
<p>It was planned in <b>1932</b> and built in 2024 for 3 million euros, after many years of debate.</p>
<ul><li>First item of the list is here.</li></ul><blockquote><p>It is a fine bridge, said the mayor.</p></blockquote>
</article><footer>All rights reserved</footer></body></html>"""


def pdf(pages=2, text=True, password=None):
    document = FPDF()
    document.set_title("A bridge report")
    document.set_author("Ann Writer")
    if password:
        document.set_encryption(owner_password="owner", user_password=password)
    for number in range(1, pages + 1):
        document.add_page()
        if not text:
            document.rect(10, 10, 50, 50, style="F")
            continue
        document.set_font("Helvetica", size=18)
        document.cell(text=f"Part {number}")
        document.ln(20)
        document.set_font("Helvetica", size=12)
        for k in (1, 2):
            sentence = (
                f"Sentence {k} of page {number} says that the bridge was opened on Monday by the mayor of the town. "
            )
            document.multi_cell(0, 6, sentence * 2)
            document.ln(10)
    return bytes(document.output())


def docx():
    from docx import Document

    document = Document()
    document.core_properties.author = "Ann Writer"
    document.add_paragraph("A bridge report", style="Title")
    document.add_paragraph("The bridge was opened on Monday.")
    document.add_heading("History", level=1)
    document.add_paragraph("It was planned in 1932. It cost 3 million euros.")
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "Length", "300 metres"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def jsonl(*records):
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def record(id, text="The bridge was opened. It is long.", **more):
    return {"id": id, "title": f"Title {id}", "date": "2025-11-01", "url": "https://e.org/a", "text": text, **more}


@pytest.fixture
def folder(tmp_path):
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    return seeds


def one(folder, name, raw):
    (folder / name).write_bytes(raw)
    loaded = load(folder, name)
    assert loaded.problems == []
    (article,) = loaded.articles
    for p in article.paragraphs:
        assert article.text[p.start : p.end].strip() == article.text[p.start : p.end] != ""
    return article


def parts(article):
    return [(p.section, article.text[p.start : p.end]) for p in article.paragraphs]


def test_html_gives_its_main_text_and_metadata(folder):
    article = one(folder, "a.html", PAGE.encode())
    info = article.info
    assert (info.title, info.publisher, info.author) == ("Bridge opens", "The Daily", "Ann Writer")
    assert (info.date, info.url) == ("2025-11-01", "https://example.org/bridge")
    assert parts(article) == [
        (None, "The bridge was opened on Monday by the mayor of the town, who cut a ribbon before 300 people & a dog."),
        ("History", "It was planned in 1932 and built in 2024 for 3 million euros, after many years of debate."),
        ("History", "First item of the list is here."),
        ("History", "It is a fine bridge, said the mayor."),
    ]  # fmt: skip


def test_pdf_keeps_the_page_of_each_paragraph(folder):
    article = one(folder, "a.pdf", pdf())
    assert (article.info.title, article.info.author) == ("A bridge report", "Ann Writer")
    assert [(p.page, p.number, p.section) for p in article.paragraphs] == [
        (1, 1, "Part 1"), (1, 2, "Part 1"), (2, 3, "Part 2"), (2, 4, "Part 2"),
    ]  # fmt: skip
    assert parts(article)[2][1].startswith(
        "Sentence 1 of page 2 says that the bridge was opened on Monday by the mayor"
    )
    assert "\n" not in parts(article)[2][1]


def drawn(page, **forms):
    """A PDF of one page from its content stream and its form objects: name=(box, matrix, content, names inside)."""
    numbers = {name: number for number, name in enumerate(forms, start=6)}

    def stream(fields, content):
        return f"<< {fields} /Length {len(content)} >>\nstream\n{content}\nendstream"

    def resources(names):
        placed = " ".join(f"/{name} {numbers[name]} 0 R" for name in names)
        return f"/Resources << /Font << /F 3 0 R >> /XObject << {placed} >> >>"

    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [4 0 R] /Count 1 >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 5 0 R {resources(forms)} >>",
        stream("", page),
        *(
            stream(f"/Type /XObject /Subtype /Form /BBox [{box}] /Matrix [{matrix}] {resources(names)}", content)
            for box, matrix, content, names in forms.values()
        ),
    ]
    out = "%PDF-1.7\n" + "".join(f"{n} 0 obj\n{text}\nendobj\n" for n, text in enumerate(objects, start=1))
    return f"{out}trailer\n<< /Root 1 0 R >>\n%%EOF\n".encode()


def at(x, y, text):
    return f"BT /F 12 Tf {x} {y} Td ({text}) Tj ET "


def test_a_page_of_a_pdf_that_was_placed_as_a_form_is_read(folder):
    """By the page and by their own matrix, in one another, beside one another, and only what their boxes show."""
    page = at(50, 700, "The bridge was opened.") + "/Middle Do /Low Do " + at(50, 40, "12")
    content = at(-50, 500, "Its cost was 3 million euros, of which the town paid half.") + at(
        -50, 900, "Nobody sees this."
    )
    middle = ("-100 0 500 800", "1 0 0 1 100 0", f"{content} q /Inner Do Q", ["Inner"])
    inner = (
        "0 0 600 800",
        "1 0 0 1 0 0",
        at(-95, 400, "Not shown.") + at(-50, 450, "Hidden.") + at(0, 400, "The mayor paid."),
        [],
    )
    low = ("0 0 600 800", "1 0 0 1 0 -150", at(50, 350, "It is the third over the river."), [])
    article = one(folder, "a.pdf", drawn(page, Middle=middle, Inner=inner, Low=low))
    assert [text for _, text in parts(article)] == [
        "The bridge was opened.",
        "Its cost was 3 million euros, of which the town paid half.",
        "The mayor paid.",
        "It is the third over the river.",
        "12",
    ]


def test_drawings_stamps_and_watermarks_stay_out_of_the_text_of_a_pdf(folder):
    text = at(50, 700, "The bridge was opened on Monday.") + at(50, 600, "It is the third over the river.")
    draft = ("0 0 600 800", "0.7071 0.7071 -0.7071 0.7071 130 560", at(0, 0, "DRAFT"), [])
    wanted = ["The bridge was opened on Monday.", "It is the third over the river."]
    assert [t for _, t in parts(one(folder, "a.pdf", drawn(text + "/Draft Do", Draft=draft)))] == wanted
    # On a page that is a form as a whole, too: what is turned, and the points of a drawing.
    points = "".join(at(50 + 9 * (n % 50), 500 - 9 * (n // 50), "l") for n in range(1000))
    whole = ("0 0 600 800", "1 0 0 1 0 0", f"{text} {points} /Draft Do", ["Draft"])
    assert [t for _, t in parts(one(folder, "b.pdf", drawn("/Whole Do", Whole=whole, Draft=draft)))] == wanted


def test_docx_keeps_headings_and_tables(folder):
    article = one(folder, "a.docx", docx())
    assert (article.info.title, article.info.author) == ("A bridge report", "Ann Writer")
    assert parts(article) == [
        (None, "The bridge was opened on Monday."),
        ("History", "It was planned in 1932. It cost 3 million euros."),
        ("History", "Length 300 metres"),
    ]


def test_jsonl_has_an_article_a_line(folder):
    raw = jsonl(record("x1"), record("x2", text="Café\r\n\r\ntwo\u0301. It \U0001f600 rained.", author="Ann"))
    (folder / "a.jsonl").write_bytes(raw)
    loaded = load(folder, "a.jsonl")
    assert loaded.problems == []
    assert [a.info.article_id for a in loaded.articles] == ["x1", "x2"]
    second = loaded.articles[1]
    assert (second.info.title, second.info.author, second.info.path) == ("Title x2", "Ann", "a.jsonl")
    assert second.text == "Café\n\ntwó. It 😀 rained."
    assert len({a.info.seed_sha256 for a in loaded.articles}) == 2


@pytest.mark.parametrize(
    ("name", "raw", "reason"),
    [
        ("a.pdf", pdf(password="secret"), "is encrypted; save it without a password"),
        ("a.pdf", pdf(text=False), "holds no text, as a scanned document does"),
        ("a.pdf", b"%PDF-1.7 nonsense", "is not a PDF that can be read"),
        ("a.pdf", pdf()[:700], "is not a PDF that can be read"),
        ("a.pdf", b"", "is not a PDF that can be read"),
        ("a.docx", b"PK\x03\x04 nonsense", "is not a Word document that can be read"),
        ("a.docx", b"", "is not a Word document that can be read"),
        ("a.html", b"", "has no main text"),
        ("a.html", b"<html><body></body></html>", "has no main text"),
        ("a.txt", b"\x7fELF\x00\x01\x02", "is not a text file (a zero byte at 4)"),
        ("a.txt", "Grüße".encode("latin-1"), "is not UTF-8"),
        ("a.md", b"\n\n", "holds no paragraph of text"),
        ("a.jsonl", b"", "holds no record"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why(folder, name, raw, reason):
    (folder / name).write_bytes(raw)
    loaded = load(folder, name)
    assert loaded.articles == []
    ((where, why),) = loaded.problems
    assert where == name
    assert reason in why


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (jsonl(record("y"))[:40], "is not JSON"),
        (b"[1, 2]\n", "is not an object with a text"),
        (jsonl({"id": "y", "text": 3}), "is not an object with a text"),
        (jsonl({"text": "No id here."}), "has no id"),
        (jsonl(record("y", text="  ")), "holds no paragraph of text"),
        (b'{"id": "y", "text": "caf\xe9"}\n', "is not UTF-8"),
        (b'{"id": "y", "text": "a nul \\u0000 here"}\n', "holds a zero character"),
        (b'{"id": "y", "text": "half \\ud800 here"}\n', "holds half of a surrogate pair"),
    ],
)
def test_a_bad_record_is_named_by_its_line_and_the_others_are_read(folder, line, reason):
    (folder / "a.jsonl").write_bytes(jsonl(record("x1")) + line.rstrip(b"\n") + b"\n" + jsonl(record("x2")))
    loaded = load(folder, "a.jsonl")
    assert [a.info.article_id for a in loaded.articles] == ["x1", "x2"]
    ((where, why),) = loaded.problems
    assert where == "a.jsonl line 2"
    assert reason in why


def test_a_file_of_200_mb_is_refused_without_reading_it(folder, monkeypatch):
    with (folder / "a.txt").open("wb") as file:
        file.truncate(200_000_000)
    monkeypatch.setattr(loading.Path, "read_bytes", lambda _: pytest.fail("it was read"))
    assert load(folder, "a.txt").problems == [("a.txt", "has 200 MB; an article has at most 50")]


def test_a_library_that_fails_in_an_undocumented_way_is_a_problem_of_the_file(folder, monkeypatch):
    def broken(raw, limits):
        raise TypeError("unexpected")

    monkeypatch.setattr(text, "parse", broken)
    (folder / "a.txt").write_text("Text.")
    assert load(folder, "a.txt").problems == [("a.txt", "cannot be read (TypeError: unexpected)")]


def test_deep_folders_are_walked_and_links_are_refused(folder, tmp_path):
    deep = folder.joinpath(*"abcdefghijklmnopqrstuvwxyz")
    deep.mkdir(parents=True)
    (deep / "x.txt").write_text("Deep text here.")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "y.txt").write_text("Outside.")
    (folder / "linked").symlink_to(tmp_path / "outside")
    (folder / "loop").symlink_to(folder)
    found = find(folder)
    assert [file.path for file in found.files] == ["/".join("abcdefghijklmnopqrstuvwxyz") + "/x.txt"]
    assert [path for path, _ in found.skipped] == ["linked", "loop"]


def test_only_new_records_of_a_file_are_embedded(folder, tmp_path, word_encoder):
    index = tmp_path / "index"
    (folder / "a.jsonl").write_bytes(jsonl(record("x1"), record("x2", text="The cat sat.")))
    sync_index(folder, index, Settings())
    (folder / "a.jsonl").write_bytes(jsonl(record("x3", text="The owl flew."), record("x1")))
    report = sync_index(folder, index, Settings())
    assert (report.plan.added, report.plan.removed, report.plan.kept) == (
        ("a.jsonl (x3)",), ("a.jsonl (x2)",), ("a.jsonl (x1)",),
    )  # fmt: skip
    assert report.embedded == 1
    assert check(folder, index, Settings()) == []


def test_a_record_that_stands_twice_is_named_also_when_it_is_known(folder, tmp_path, word_encoder):
    first, second = jsonl(record("x1")), jsonl(record("x2", text="The cat sat."))
    (folder / "a.jsonl").write_bytes(first + second)
    sync_index(folder, tmp_path / "index", Settings())
    (folder / "a.jsonl").write_bytes(first + second + first)
    ((where, why),) = sync_index(folder, tmp_path / "index", Settings()).unreadable
    assert (where, why.split(",")[0]) == ("a.jsonl line 3", "its id 'x1' is that of a.jsonl line 1")
    (folder / "a.jsonl").write_bytes(second)
    assert sync_index(folder, tmp_path / "index", Settings()).plan.removed == ("a.jsonl (x1)",)


def test_a_citation_into_a_pdf_has_its_page(folder, tmp_path, word_encoder):
    (folder / "a.pdf").write_bytes(pdf())
    sync_index(folder, tmp_path / "index", Settings())
    generation = open_current(tmp_path / "index")
    (key, _), *_ = generation.search_lexical(["page", "2"], 5)[0]
    assert {s.page for s in generation.passages([key])[0].chunk.sentences} == {2}


def test_an_encrypted_pdf_does_not_stop_the_build(folder, tmp_path, word_encoder):
    (folder / "a.pdf").write_bytes(pdf(password="secret"))
    (folder / "b.html").write_text(PAGE)
    (folder / "c.docx").write_bytes(docx())
    report = sync_index(folder, tmp_path / "index", Settings())
    assert report.unreadable == [("a.pdf", "is encrypted; save it without a password")]
    assert report.articles == 2


def test_a_date_that_is_none_is_noted_by_every_build_until_it_is_mended(folder, tmp_path, word_encoder):
    index = tmp_path / "index"
    (folder / "a.txt").write_text("---\ndate: 2025-11-01' OR 1=1\n---\nThe bridge was opened.\n")
    lines = jsonl(record("x1", text="The cat sat."), record("x2", text="The owl flew.", date="soon"))
    (folder / "b.jsonl").write_bytes(lines)
    reports = [sync_index(folder, index, Settings()) for _ in range(3)]
    told = [
        ("a.txt", "its front matter field 'date' is \"2025-11-01' OR 1=1\", not a day like 2025-11-01"),
        ("b.jsonl line 2", "its field 'date' is 'soon', not a day like 2025-11-01"),
    ]
    assert [(report.noted, report.unreadable, report.articles) for report in reports] == [(told, [], 3)] * 3
    assert [report.changed_anything for report in reports] == [True, False, False]
    assert check(folder, index, Settings()) == []
    held = {one.info.article_id: one.info.date for one in open_current(index).articles()}
    assert held == {"a.txt": None, "x1": "2025-11-01", "x2": None}
    states = {h.article_id: h.state for h in Library(folder).holdings(open_current(index))}
    assert states == dict.fromkeys(held, "in the index")
    # A line is put in, and the noted one is known: it is noted all the same.
    (folder / "b.jsonl").write_bytes(lines + jsonl(record("x3", text="It rained.")))
    report = sync_index(folder, index, Settings())
    assert (report.noted, report.plan.added, report.embedded) == (told, ("b.jsonl (x3)",), 1)
    (folder / "a.txt").write_text("---\ndate: 2025-11-01\n---\nThe bridge was opened.\n")
    (folder / "b.jsonl").write_bytes(lines.replace(b"soon", b"2025-11-02"))
    report = sync_index(folder, index, Settings())
    assert (report.noted, report.embedded) == ([], 0)


def test_the_day_that_a_file_was_made_is_not_its_date(folder):
    made = datetime.datetime(2026, 11, 29)
    document = FPDF()
    document.set_creation_date(made)
    document.add_page()
    document.set_font("Helvetica")
    document.cell(text="The bridge was opened.")
    assert b"CreationDate (D:20261129" in bytes(document.output())
    assert one(folder, "a.pdf", bytes(document.output())).info.date is None
    from docx import Document

    word = Document()
    word.core_properties.created, word.core_properties.author = made, "Ann Writer"
    word.add_paragraph("The bridge was opened.")
    out = io.BytesIO()
    word.save(out)
    info = one(folder, "a.docx", out.getvalue()).info
    assert (info.author, info.date) == ("Ann Writer", None)


def test_a_bad_record_is_reported_by_every_build(folder, tmp_path, word_encoder):
    index = tmp_path / "index"
    (folder / "a.jsonl").write_bytes(jsonl(record("x1")) + b"{half\n")
    reports = [sync_index(folder, index, Settings()) for _ in range(3)]
    assert [report.unreadable for report in reports] == [reports[0].unreadable] * 3
    assert reports[0].unreadable[0][0] == "a.jsonl line 2"
    assert [report.changed_anything for report in reports] == [True, False, False]


WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def word(*paragraphs):
    """A document of raw paragraphs."""
    from docx import Document
    from docx.oxml import parse_xml

    document = Document()
    for paragraph in paragraphs:
        body = document.element.body
        body.insert(len(body) - 1, parse_xml(paragraph.replace(">", f" {WORD}>", 1)))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def run(text, mark="", kind="t"):
    return f'<w:r><w:rPr>{mark}</w:rPr><w:{kind} xml:space="preserve">{text}</w:{kind}></w:r>'


def test_a_word_document_is_read_as_it_stands_with_its_changes(folder):
    raised = run("6", '<w:vertAlign w:val="superscript"/>')
    struck, not_struck = run(" once", "<w:strike/>"), run(", she said", '<w:strike w:val="0"/>')
    gone = f"<w:del>{run('gladly ', kind='delText')}</w:del>"
    control = f"<w:sdt><w:sdtContent>{run('nine ')}</w:sdtContent></w:sdt><w:fldSimple>{run('million')}</w:fldSimple>"
    box = f"<w:r><w:pict><w:txbxContent><w:p>{run('beside it')}</w:p></w:txbxContent></w:pict></w:r>"
    body = [
        f"<w:p>{run('Brandt will ')}<w:ins>{run('not ')}</w:ins>{gone}{run('resign.')}</w:p>",
        f"<w:p>{run('It costs ')}{control}{run(' or 10')}{raised}{run(' euros')}{struck}{not_struck}</w:p>",
        f"<w:sdt><w:sdtContent><w:p>{run('In a control.')}</w:p></w:sdtContent></w:sdt>",
        f"<w:p><w:moveFrom>{run('Moved away. ')}</w:moveFrom>{run('Stays.')}</w:p>",
        f"<w:p>{run('A box')}{box}</w:p>",
    ]
    article = one(folder, "a.docx", word(*body))
    assert [text for _, text in parts(article)] == [
        "Brandt will not resign.",
        "It costs nine million or 10⁶ euros, she said",
        "In a control.",
        "Stays.",
        "A box",
    ]
    assert (article.info.author, article.info.date) == (None, None)  # those of python-docx's template are nobody's


MATHS = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
OTHER = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def test_what_stands_beside_the_text_of_a_word_document_is_left_out(folder):
    ten, six, signs = (f"<m:r><m:t>{sign}</m:t></m:r>" for sign in ("10", "6", "a=b"))
    power = f"<m:oMath {MATHS}><m:sSup><m:e>{ten}</m:e><m:sup>{six}</m:sup></m:sSup></m:oMath>"
    line = f"<m:oMath {MATHS}>{signs}</m:oMath>"
    empty = f"<w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:p>{run('Click here')}</w:p></w:sdtContent>"
    choice = f"<mc:Choice>{run('choice')}</mc:Choice><mc:Fallback>{run('fallback')}</mc:Fallback>"
    gallery = '<w:docPartObj><w:docPartGallery w:val="Table of Contents"/></w:docPartObj>'
    body = [
        f"<w:p>{run('So x is ')}{power}{run(' and ')}{line}</w:p>",
        f"<w:p>{run('One ')}<mc:AlternateContent {OTHER}>{choice}</mc:AlternateContent></w:p>",
        f"<w:sdt><w:sdtPr>{gallery}</w:sdtPr><w:sdtContent><w:p>{run('Contents 3')}</w:p></w:sdtContent></w:sdt>",
        f"<w:sdt>{empty}</w:sdt>",
        f"<w:p>{run('Seen.')}{run('Hidden.', '<w:vanish/>')}</w:p>",
    ]
    assert [text for _, text in parts(one(folder, "a.docx", word(*body)))] == ["So x is and a=b", "One choice", "Seen."]


def test_tables_in_cells_of_a_word_document_are_read(folder):
    from docx import Document

    document = Document()
    table = document.add_table(rows=2, cols=3)
    table.cell(0, 0).merge(table.cell(0, 1)).text, table.cell(0, 2).text = "Length", "300 metres"
    inner = table.cell(1, 1).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "Width", "9 metres"
    out = io.BytesIO()
    document.save(out)
    article = one(folder, "a.docx", out.getvalue())
    assert [" ".join(text.split()) for _, text in parts(article)] == ["Length 300 metres", "Width 9 metres"]


LD = '<script type="application/ld+json">'


def html_of(*paragraphs, head=""):
    body = "".join(f"<p>{text} It was a long day for all who were there to see it.</p>" for text in paragraphs)
    return (
        f"<html><head><title>Harbour</title>{head}</head><body><article><h1>Harbour</h1>{body}</article></body></html>"
    )


@pytest.mark.parametrize(
    ("paragraph", "head", "date"),
    [
        ("The boat was bought on 5 March 1998 from a yard.", "", None),
        ("The yard was founded in 2019. Copyright 2021.", "", None),
        ('See <a href="/2017/03/04/other-story">another story</a> of the yard.', "", None),
        ("The boat is new.", '<meta property="article:published_time" content="2024-05-06T10:00:00Z">', "2024-05-06"),
        ('<time datetime="2024-05-06">6 May 2024</time> The boat is new.', "", None),
        ('<time itemprop="datePublished" datetime="2024-05-06">6 May</time> The boat is new.', "", "2024-05-06"),
        ('<time class="entry-date published" datetime="2024-05-06T08:00">6 May</time> It is new.', "", "2024-05-06"),
        ('<time class="published updated" datetime="2024-05-06">6 May</time> It is new.', "", None),
        ('</p><header><time datetime="2024-05-06">6 May</time></header><p>The boat is new.', "", "2024-05-06"),
        ('</p><footer><time datetime="2024-05-06">6 May</time></footer><p>The boat is new.', "", None),
        ("It is new.", '<meta name="citation_publication_date" content="2024/05/06">', "2024-05-06"),
        ("It is new.", '<meta name="DC.date.issued" content="2024-05-06">', "2024-05-06"),
        ("It is new.", '<meta itemprop="datePublished" content="2024-05-06">', "2024-05-06"),
        ("It is new.", '<meta property="article:modified_time" content="2024-05-06T10:00:00Z">', None),
        ("It is new.", '<meta http-equiv="last-modified" content="Mon, 06 May 2024 10:00:00 GMT">', None),
        ("It is new.", '<meta itemprop="copyrightYear" content="2024">', None),
        ("It is new.", '<link rel="canonical" href="https://e.org/2024/05/06/boat">', None),
        ("It is new.", '<meta property="article:published_time" content="2024-05-06\' OR 1=1">', None),
        (
            "It is new.",
            '<meta name="pubdate" content="2024-05-06"><meta name="publish-date" content="2024-05-07">',
            None,
        ),
        (
            "It is new.",
            f'{LD}{{"@type": "NewsArticle", "datePublished": "2024-05-06T10:00:00+0200"}}</script>',
            "2024-05-06",
        ),
        ("It is new.", f'{LD}{{"@graph": [{{"datePublished": "2024-05-06"}}]}}</script>', "2024-05-06"),
        ("It is new.", f'{LD}{{"dateModified": "2024-05-06"}}</script>', None),
        ("It is new.", f'{LD}{{"isPartOf": {{"datePublished": "2024-05-06"}}}}</script>', None),
        ("It is new.", f"{LD}{'[' * 5000}</script>", None),
    ],
)
def test_a_page_has_the_date_that_it_states_as_that_of_its_publication_or_none(folder, paragraph, head, date):
    assert one(folder, "a.html", html_of(paragraph, "The second one is here.", head=head).encode()).info.date == date


def test_what_a_page_strikes_out_it_does_not_say(folder):
    page = html_of(
        "The fee is <del>10</del><ins>20</ins> euros, <s>never</s> paid.",
        "It has 10<sup>6</sup> screws, the 1<sup>st</sup>.",
    )
    texts = [text for _, text in parts(one(folder, "a.html", page.encode()))]
    assert [" ".join(text.split(" It was")[0].split()) for text in texts] == [
        "The fee is 20 euros, paid.",
        "It has 10⁶ screws, the 1st.",
    ]


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("", "latin-1"),
        ("", "utf-8"),
        ("iso-8859-1", "cp1252"),
        ("iso-8859-2", "iso-8859-2"),
        ("", "utf-16"),
    ],
)
def test_a_page_is_read_in_its_encoding(folder, declared, encoding):
    said = "ő" if encoding == "iso-8859-2" else "à"
    head = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    page = html_of(f"In Zürich {said} pied.", "Nothing else was said.", head=head)
    assert parts(one(folder, "a.html", page.encode(encoding)))[0][1].startswith(f"In Zürich {said} pied.")


def test_what_is_no_declaration_of_an_encoding_is_not_taken_for_one(folder):
    comment, real = '<!-- <meta charset="iso-8859-5"> -->', '<meta charset="iso-8859-2">'
    spoken = '<meta name="description" content="how to set charset=koi8-r on a page">'
    page = html_of("A ház ő.", "Nothing else was said.", head=comment + spoken + real)
    assert parts(one(folder, "a.html", page.encode("iso-8859-2")))[0][1].startswith("A ház ő.")
    broken = html_of("In Zürich à pied.", "“Nothing” was said.").encode() + b"\xe2\x80"
    assert parts(one(folder, "a.html", broken))[0][1].startswith("In Zürich à pied.")


def test_fields_of_front_matter_are_as_they_are_typed(folder):
    text = "---\ntitle: No\nid: 010\nauthor: 12:30\npublisher:\nurl: ~\ndate: 2025-11-01\n---\nThe bridge was opened.\n"
    info = one(folder, "a.txt", text.encode()).info
    assert (info.title, info.article_id, info.author, info.date) == ("No", "010", "12:30", "2025-11-01")
    assert (info.publisher, info.url) == (None, None)


def test_lines_and_blocks_inside_a_block_stay_apart(folder):
    body = "<p>The first line ends here<br>The second begins, and it is a long one about bridges.</p>"
    body += "<blockquote><p>She said one thing.</p><p>Then she said another thing about it.</p></blockquote>"
    body += "<p>It was planned in 19<b>32</b> by the town.</p>"
    html = f"<html><body><article><h1>Title</h1>{body}</article></body></html>"
    texts = [text for _, text in parts(one(folder, "a.html", html.encode()))]
    assert texts == [
        "The first line ends here The second begins, and it is a long one about bridges.",
        "She said one thing. Then she said another thing about it.",
        "It was planned in 1932 by the town.",
    ]


@pytest.mark.parametrize("spacing", [6, 7, 8.5])
def test_lines_of_a_pdf_that_stand_apart_are_one_paragraph(folder, spacing):
    document = FPDF()
    document.add_page()
    document.set_font("Helvetica", size=12)
    text = "The mayor said on Monday that the old bridge over the river will be closed for two years from March on. "
    document.multi_cell(120, spacing, text * 3)
    document.ln(20)
    document.multi_cell(120, spacing, "It cost 3 million euros. " + text)
    article = one(folder, "a.pdf", bytes(document.output()))
    assert [(section, " ".join(words.split())) for section, words in parts(article)] == [
        (None, (text * 3).strip()),
        (None, f"It cost 3 million euros. {text}".strip()),
    ]


WRAPPED = """The council approved on Monday the plan to close the bridge
for two years, a step that the mayor called painful but
necessary. Engineers will replace the supports.
   An inspection had found rust in most of them, and
experts had warned of it for a long time.
"""


def test_lines_broken_at_a_width_are_one_paragraph(folder):
    """Parted where a line is further in; a text with a paragraph a line stays one."""
    found = [words.split("\n")[0] for _, words in parts(one(folder, "a.txt", WRAPPED.encode()))]
    assert found == [
        "The council approved on Monday the plan to close the bridge",
        "An inspection had found rust in most of them, and",
    ]
    lines = "Title here\nThe first is a sentence.\niPhones were sold out.\nThe third one is it.\n"
    assert [words for _, words in parts(one(folder, "a.txt", lines.encode()))] == lines.strip().split("\n")[1:]


@pytest.mark.parametrize("line", ["2025-11-01", "01/11/2025", "1.11.2025", "Sat, Nov 1, 2025"])
def test_a_line_that_is_only_a_date_is_no_title(folder, line):
    article = one(folder, "a.txt", f"{line}\n\nThe bridge that opened twice\n\nIt was opened again.\n".encode())
    assert (article.info.date, article.info.title) == ("2025-11-01", "The bridge that opened twice")


def test_a_document_without_properties_is_called_by_its_file(folder):
    from docx import Document

    document, out = Document(), io.BytesIO()
    document.add_paragraph("The bridge was opened on Monday.")
    document.core_properties.title = "Word Document"  # as for one without docProps/core.xml
    document.core_properties.last_modified_by = "python-docx"
    document.save(out)
    assert one(folder, "bridge.docx", out.getvalue()).info.title == "bridge"


def test_an_article_of_a_kind_that_is_read_no_more_is_told_and_taken_out(folder, tmp_path):
    """An index of a version that read more kinds of file is checked, and built on."""
    index = tmp_path / "index"
    (folder / "a.txt").write_text("The bridge at Hay was opened in 1874.\n", encoding="utf-8")
    sync_index(folder, index, Settings())
    store = FileStore(index)
    with closing(store.open()) as reader, store.building():
        (held,) = reader.stored()
        other = replace(held, info=replace(held.info, article_id="b.old", path="b.old"))
        writer = store.begin(reader.recipe, afresh=False)
        writer.put(other)
        writer.commit(reader.files())
    assert check(folder, index, Settings()) == [f"b.old is in the index but no longer in {folder}; run `rag build`"]
    sync_index(folder, index, Settings())
    with closing(store.open()) as reader:
        assert [held.info.path for held in reader.stored()] == ["a.txt"]
