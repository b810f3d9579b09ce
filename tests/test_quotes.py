"""Which quotations of a draft stand in the articles (`rag.quotes`)."""

import contextlib
import io
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import load
from rag.load import reading
from rag.quotes import check
from rag.quotes.draft import Draft, of_file, of_text
from rag.quotes.find import find
from rag.quotes.wire import summed, to_object
from rag.store.files import FileStore
from rag.types.errors import InputError
from tests.conftest import ARTICLE, SEEDS
from tests.store.made import article, build

RECORD = reading.Record(ARTICLE, ARTICLE, (SEEDS / ARTICLE).read_bytes(), "0" * 64)
SEED = reading.read(RECORD).article
LEE = (
    "The bridge will open in May,” said Mayor Ann Lee on Monday. “We have waited for 12 years, and we are not happy "
    "about the $5 million that it cost.”",
    'Her rival saw it otherwise. "Nobody asked the people who live there," Tom Okoro told the Herald. "They will not '
    'forget it... ever," he added.',
    "The city’s own report says that the old bridge was safe until 2019 — and cheaper to keep.",
    'The committee (which met twice) found no fault. "Who pays for all of this?" asked Rosa Lind.',
)
OTHER = (
    "The harbour was closed for a week after the storm, and no ship was lost.",
    "“It was a miracle,” said Jon Falk.",
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    bridge = article(
        "bridge", f"“{LEE[0]}", *LEE[1:], title="A bridge that nobody wanted to pay for", date="2024-05-01"
    )
    harbour = article("harbour", *OTHER, title="The harbour after the great storm")
    seed = article("seed", *(SEED.text[p.start : p.end] for p in SEED.paragraphs), title=SEED.info.title)
    opened = build(FileStore(tmp_path_factory.mktemp("index")), [bridge, harbour, seed])
    yield opened
    opened.close()


def checked(reader, text):
    return check(of_text(text), reader)


def only(reader, text):
    (one,) = checked(reader, text).quotations
    return one


def verdict(reader, text):
    return only(reader, text).verdict


@pytest.mark.parametrize(
    "draft",
    [
        "“The bridge will open in May,” said Ann Lee.",
        '"The bridge will open in May," Lee said.',
        "Ann Lee said: «The bridge will open in May.»",
        "Lee sagte: „The bridge will open in May“.",
        "‘The bridge will open in May,’ said Lee.",
        "Lee said 'the bridge will open in May,' and left.",
        "> The bridge will open in May\n>\n> — Ann Lee",
        "``The bridge will open in May,'' said Lee.",
        '“The bridge will open in May," said Lee.',
        "Mayor Lee told reporters that “the bridge will open”, no less.",
        "“We have waited for 12 years … and we are not happy about the $5 million”, said the mayor.",
        "“We have waited for 12 years [...] not happy about the $5 million that it cost.”",
        "“[The city has] waited for 12 years, and we are not happy,” said Lee.",
        "“[W]e are not happy about the $5 million that it cost,” said Ann Lee.",
        "“we are not happy about the $5\u00a0million that it cost.”",
        "“Nobody asked the people who live there,” Okoro said.",
        "“They will not forget it… ever,” said Tom Okoro.",
        "The report says “that the old bridge was safe until 2019 - and cheaper to keep”.",
        "The report says “that the old bridge was safe until 2019--and cheaper to keep”.",
        "“Who pays for all of this?” asked Rosa Lind.",
        "They asked “who pays for all of this” again.",
        "In “A bridge that nobody wanted to pay for” Ann Lee says: “The bridge will open in May.”",
        "“The bridge will open in May.\n\n“We have waited for 12 years, and we are not happy.” ",
    ],
)
def test_what_an_editor_may_do_is_verbatim(reader, draft):
    found = checked(reader, draft).quotations
    if "\n\n“" in draft:
        assert found[0].verdict == "altered"  # the article has words between the two
    else:
        assert [(one.verdict, one.places[0].article_id) for one in found] == [("verbatim", "bridge")]


@pytest.mark.parametrize(
    ("draft", "op", "mine", "its"),
    [
        ("“The bridge will not open in May,” said Lee.", "insert", "not", ""),
        ("“The bridge would open in May,” said Lee.", "replace", "would", "will"),
        ("“The bridge will open in June,” said Lee.", "replace", "June,", "May,"),
        ("“We have waited for 13 years, and we are not happy,” said Lee.", "replace", "13", "12"),
        ("“We have waited for 12 years, and we are happy about the $5 million”", "delete", "", "not"),
        ("“they will forget it ever,” he said", "delete", "", "not"),
        ("“We have waited, for 12 years, and we are not happy”", "replace", "waited,", "waited"),
        ("“we are not happy about the 5 million that it cost”", "replace", "the", "the"),
        ("“Who pays for all of this!”", "replace", "this!", "this?"),
        ("“not happy about the $5.5 million that it cost”", "insert", "5.", ""),
    ],
)
def test_any_other_change_is_altered_and_shown(reader, draft, op, mine, its):
    one = only(reader, draft)
    assert one.verdict == "altered"
    if "the 5 million" not in draft:
        assert (op, mine, its) in [(c.op, c.draft, c.article) for c in one.diff if c.op != "equal"]
    assert one.places[0].article_id == "bridge"
    assert all(c.draft in one.text for c in one.diff)
    assert all(
        c.article in one.places[0].quote + ".,?!" or c.article.strip(".,?!") in one.places[0].quote for c in one.diff
    )


@pytest.mark.parametrize(
    ("draft", "note"),
    [
        ("“The bridge will open in May,” said Tom Okoro.", "speaker"),
        ("“Nobody asked the people who live there,” said Mayor Lee.", "speaker"),
        ("According to Boris Vane, “the bridge will open in May”.", "speaker"),
        (
            "In the article headlined “The harbour after the great storm”, Lee says “the bridge will open in May”.",
            "source",
        ),
        ("In “The harbour after the great storm” it says: “The bridge will open in May.”", "source"),
    ],
)
def test_what_another_said_or_stands_elsewhere_is_misattributed(reader, draft, note):
    one = only(reader, draft)
    assert (one.verdict, one.notes) == ("misattributed", (note,))
    assert one.places[0].article_id == "bridge"


@pytest.mark.parametrize(
    "draft",
    [
        "“The tunnel has been a dream of every generation,” said Ann Lee.",
        "“I will never again trust a single word of that report,” she said.",
    ],
)
def test_what_stands_nowhere_is_absent(reader, draft):
    one = only(reader, draft)
    assert (one.verdict, one.places, one.diff) == ("absent", (), ())


def test_a_draft_is_told_in_schema_1(reader):
    text = '“The bridge will open in May,” said Ann Lee. It was a “sham” and "never ends here.\n\nEnd.'
    found = checked(reader, text)
    (one,) = to_object(found)["quotations"]
    assert text[one["start"] : one["end"]] == one["text"] == "The bridge will open in May,"
    assert (one["speaker"], one["source"], one["verdict"], one["diff"]) == ("Ann Lee", None, "verbatim", ())
    (place,) = one["places"]
    held, whole = reader.article("bridge")
    assert whole[place["start"] : place["end"]] == place["quote"] == "The bridge will open in May"
    assert (place["title"], place["paragraph"], place["text_sha256"]) == (held.title, 1, held.text_sha256)
    assert [(o.text, o.why) for o in found.left_out] == [("sham", "short"), ("never ends here.", "unclosed")]
    assert summed(found) == "1 word for word; not looked for: 1 of less than four words, 1 that never end"


def test_titles_of_articles_are_no_quotations(reader):
    found = checked(reader, "See “The harbour after the great storm”.")
    assert (found.quotations, [one.why for one in found.left_out]) == ((), ["title"])


def test_places_that_are_in_no_chunk_and_across_chunks_are_found(reader):
    text = reader.article("seed")[1]
    chunks = reader.chunks("seed")
    at = chunks[1].start
    across = " ".join(text[at - 60 : at + 60].split()[1:-1]).replace('"', "")
    one = only(reader, f"“{across}”")
    assert (one.verdict, one.places[0].article_id) == ("verbatim", "seed")


TEXT = "\n\n".join(SEED.text[p.start : p.end] for p in SEED.paragraphs)
WORDS = [match.span() for match in re.finditer(r"[^\W_]+(?:(?:['’]|(?<=\d)[.,:/-](?=\d))[^\W_]+)*", TEXT)]


@settings(max_examples=150, deadline=None)
@given(first=st.integers(0, len(WORDS) - 5), many=st.integers(4, 40))
def test_any_slice_of_an_article_is_verbatim_at_its_place(reader, first, many):
    whole = reader.article("seed")[1]
    start, end = WORDS[first][0], WORDS[min(first + many, len(WORDS)) - 1][1]
    said = TEXT[start:end]
    again = said.replace("\n\n", "\n\n«")  # as each paragraph of a quotation begins with its mark
    (one,) = check(of_text(f"They wrote «{again}» again"), reader).quotations
    assert one.verdict == "verbatim"
    place = next(p for p in one.places if " ".join(whole[p.start : p.end].split()) == " ".join(said.split()))
    assert place.article_id == "seed"


@settings(max_examples=150, deadline=None)
@given(first=st.integers(0, len(WORDS) - 9), many=st.integers(5, 30), at=st.integers(1, 100), word=st.sampled_from(
    ["zebra", "quartz", "41", "never"]))  # fmt: skip
def test_no_slice_with_another_word_is_verbatim(reader, first, many, at, word):
    places = WORDS[first : first + many]
    a, b = places[at % len(places)]
    said = " ".join((TEXT[places[0][0] : a] + word + TEXT[b : places[-1][1]]).split())
    found = check(Draft(f"x «{said}» y"), reader).quotations
    assert [one.verdict for one in found] in (["altered"], ["absent"])


@pytest.mark.parametrize("sign", ['"', "“", "”", "‘", "’", "'", "«", "»", "„", "``", '"a', '"a b c d" ', "“a b c ", "\n\n“",  # noqa: E501 - a line of its own
                                  " 'a", "> ", "[", "(", "…", "[a]", "](", "—", '" said A B, "'])  # fmt: skip
def test_200_000_characters_of_marks_take_bounded_time(reader, sign):
    text = (sign * 200_000)[:200_000]
    begin = time.process_time()
    with contextlib.suppress(InputError):  # more than 1,000 quotations
        check(of_text(text), reader)
    assert time.process_time() - begin < 20


def test_time_is_in_proportion_to_the_quotations(reader):
    def taken(many):
        link = "[a](https://a.example/{0})"
        text = " and so on".join(f"“harbour {n} was closed there” {link.format(n)} " + "x " * 50 for n in range(many))
        begin = time.process_time()
        assert len(check(of_text(text), reader).quotations) == many
        return time.process_time() - begin

    taken(10)
    assert taken(950) < 9 * min(taken(190), taken(190))


def test_what_was_not_looked_for_is_not_called_absent(reader):
    absent = [f"“I will never again trust a single word of report {n}.”" for n in range(5)]
    draft = of_text("\n\n".join(absent))
    assert [one.verdict for one in check(draft, reader).quotations] == ["absent"] * 5
    for most in range(0, 200_000, 10_000):
        found = check(draft, reader, most)
        assert {one.verdict for one in found.quotations} <= {"absent"}
        assert [one.why for one in found.left_out] == ["unchecked"] * (5 - len(found.quotations))
        if not most:
            assert summed(found).startswith("no quotation; not looked for: 5 as too much was read")
    assert found.quotations
    assert found.left_out


@pytest.mark.parametrize(("text", "why"), [("", "empty"), ("a" * 200_001, "200,000"), ("\ud800", "surrogate")])
def test_what_is_no_draft_is_told(text, why):
    with pytest.raises(InputError, match=why):
        of_text(text)


def test_kinds_of_files(reader):
    from docx import Document

    document = Document()
    document.add_paragraph("Lee said: “The bridge will open in May.”")
    document.add_paragraph("We have waited for 12 years, and we are not happy", style="Quote")
    packed = io.BytesIO()
    document.save(packed)
    page = (
        '<p>Lee said <q>the bridge will open in May</q>.</p><script>"no quotation of ours here"</script>'
        "<blockquote><p>We have waited for 12&nbsp;years, and we are not happy</p></blockquote>"
    )
    for name, raw in (("a.docx", packed.getvalue()), ("a.html", page.encode())):
        draft = of_file(name, raw)
        found = check(draft, reader).quotations
        assert [one.verdict for one in found] == ["verbatim", "verbatim"]
        assert all(draft.text[one.start : one.end] == one.text for one in found)
    for name, raw, why in (
        ("a.pdf", b"x", "no draft"),
        ("a.docx", b"x", "not a Word document"),
        ("a.txt", b"\0", "zero"),
    ):
        with pytest.raises(InputError, match=why):
            of_file(name, raw)


def test_links_name_their_source(reader):
    page = '<p>“The bridge will open in May,” <a href="https://example.org/a">the paper</a> wrote.</p>'
    assert of_file("a.htm", page.encode()).links == ((31, 40, "https://example.org/a"),)


def test_quotations_are_found_by_their_marks():
    text = "He said “a ‘b’ c” and \"d e\" and 6'2\" and the '90s; the workers' rights 'are here now,' she said. “f\n\n“g” «h»"  # noqa: E501 - a line of its own
    assert [text[s.start : s.end] for s in find(text) if s.closed] == [
        "a ‘b’ c",
        "d e",
        "are here now,",
        "f\n\n“g",
        "h",
    ]
    assert load.SUFFIXES
