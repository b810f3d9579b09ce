"""What is sent to the page: what is near to a quotation, days as they were typed, examples that fit."""

import importlib.util
import re
from dataclasses import replace
from html import unescape
from types import SimpleNamespace

import pytest

from eval.datasets import ADAPTERS
from rag.build import sync_index
from rag.serve.ui import answers, article, choices, evaluation, welcome
from rag.serve.ui.replies import filtered
from rag.store.reader import open_current
from rag.types import Segment
from rag.types.errors import InputError
from rag.types.settings import Settings


@pytest.fixture
def shown(tmp_path, word_encoder):
    """(the panel, the article's text) for quotations of an article, given by their words."""

    def of(text, *quotes, name="long.txt", reason=None):
        seeds = tmp_path / "seeds"
        seeds.mkdir(exist_ok=True)
        (seeds / name).write_text(text)
        sync_index(seeds, tmp_path / "index", Settings())
        store = open_current(tmp_path / "index")
        info, whole = store.article(name)
        cited = [
            SimpleNamespace(
                number=n, article_id=name, title=info.title, page=None, paragraph=1, start=whole.index(quote),
                end=whole.index(quote) + len(quote), quote=quote, text_sha256=info.text_sha256,
                publisher=None, author=None, date=None, url=None,
            )
            for n, quote in enumerate(quotes, start=1)
        ]  # fmt: skip
        places = {"closest": cited, "citations": []} if reason else {"closest": [], "citations": cited}
        return article.sources(SimpleNamespace(**places, reason=reason), store), whole

    return of


GAP = re.compile(r'<span class="gap">… ([0-9,]+) characters left out …</span>')


def pieces(panel):
    """The stretches of the article that are shown, and the characters left out between them."""
    body = re.search(r'<div class="text" dir="auto">(.*)</div></article>', panel, re.DOTALL)[1]
    gaps = [int(number.replace(",", "")) for number in GAP.findall(body)]
    texts = re.split(GAP.pattern.replace("([0-9,]+)", "[0-9,]+"), re.sub(r"<sup>.*?</sup>|</?mark[^>]*>", "", body))
    return [unescape(text) for text in texts], gaps


def paragraphs(count):
    return [f"Paragraph {n} & its number. " + f"The ship {n} sailed on. " * 20 for n in range(count)]


def test_of_a_long_article_only_whole_paragraphs_around_the_quotations_are_sent(shown):
    body = paragraphs(2000)
    panel, text = shown(
        "The title\n\n" + "\n\n".join(body) + "\n", "The ship 700 sailed on.", "The ship 1500 sailed on."
    )
    assert len(text) > 900_000
    assert len(panel) < 40_000
    texts, gaps = pieces(panel)
    assert (texts[0], len(texts), len(gaps)) == ("", 4, 3)
    at = 0
    for n, piece in enumerate(texts):  # laid end to end with the gaps they are the article
        assert text[at : at + len(piece)] == piece
        at += len(piece) + (gaps[n] if n < len(gaps) else 0)
    assert at == len(text)
    shown_whole = {p.strip() for piece in texts for p in piece.split("\n\n") if p.strip()}
    assert shown_whole <= {p.strip() for p in body}
    for number in (700, 1500):
        assert {body[number + by].strip() for by in (-5, -1, 0, 1, 5)} <= shown_whole
    assert [f'<mark data-citation="{n}">' in panel for n in (1, 2, 3)] == [True, True, False]


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("unsure", "This may be the answer, but not surely enough. Marked is what comes closest."),
        ("no_support", "No answer was found. Marked is what comes closest."),
        (None, None),
    ],
)
def test_beside_a_refusal_is_said_whether_what_is_marked_may_be_the_answer(shown, reason, said):
    panel, _ = shown("The title\n\nThe ship sailed.\n", "The ship sailed.", reason=reason)
    assert re.findall(r'<p class="note">(.*?)</p>', panel) == ([said] if said else [])
    assert ("Closest passages" in panel) == bool(reason)


def test_a_short_article_stays_whole(shown):
    body = paragraphs(90)
    panel, text = shown("The title\n\n" + "\n\n".join(body) + "\n", "The ship 2 sailed on.")
    assert 40_000 < len(text) < 50_000
    assert pieces(panel) == ([text], [])


def test_what_is_left_out_between_near_quotations_is_nothing(shown):
    body = paragraphs(200)
    panel, _ = shown("The title\n\n" + "\n\n".join(body), "The ship 100 sailed on.", "The ship 112 sailed on.")
    texts, gaps = pieces(panel)
    assert (len(texts), len(gaps)) == (3, 2)
    assert body[106].strip() in texts[1]


@pytest.mark.parametrize("words", ["word and ", "x"], ids=["words", "no space"])
def test_an_article_of_one_endless_paragraph_is_bounded_too(shown, words):
    text = "The title\n\n" + words * (400_000 // len(words)) + " The ship sailed. " + words * (400_000 // len(words))
    panel, text = shown(text, "The ship sailed.")
    assert len(panel) < 20_000
    texts, gaps = pieces(panel)
    assert sum(map(len, texts)) + sum(gaps) == len(text)
    assert "The ship sailed." in texts[1]
    assert 9_000 < len(texts[1]) <= 10_020


def test_a_quotation_at_either_end(shown):
    body = paragraphs(300)
    panel, _ = shown("The title\n\n" + "\n\n".join(body), "The title", "The ship 299 sailed on. The ship 299")
    texts, gaps = pieces(panel)
    assert (len(texts), len(gaps)) == (2, 1)
    assert texts[0].startswith("The title")
    assert texts[1].endswith(body[299])


def test_days_are_taken_as_they_stand():
    assert choices.given("2025-10-01", " 2025-10-31 ", ["a"]) == {
        "from": "2025-10-01",
        "to": "2025-10-31",
        "articles": ["a"],
    }
    assert choices.given("", None, []) == choices.given("  ", "", None) == {}


@pytest.mark.parametrize(
    "typed", ["yesterday", "2025-13-01", "2025-02-30", "20251031", "2025-W44-5", "31.10.2025", "0"]
)
def test_what_is_not_a_day_is_said(typed):
    with pytest.raises(InputError, match="“Dated from” is not a day; write it like 2025-10-31"):
        choices.given(typed, "", [])
    with pytest.raises(InputError, match="“Dated to” is not a day"):
        choices.given("2025-10-01", typed, [])


def test_days_out_of_order_are_said():
    with pytest.raises(InputError, match=r"“Dated from” \(2025-10-02\) is after “Dated to” \(2025-10-01\)"):
        choices.given("2025-10-02", "2025-10-01", [])


def test_nothing_is_searched_for_a_day_that_is_none():
    live = SimpleNamespace(current=lambda: pytest.fail("the index was asked"))
    reply, panel = filtered(live, "Who?", [], ("yesterday", "", [], ""), None)
    assert (reply.status, panel) == ("error", None)
    assert "“Dated from” is not a day" in reply.error


HELD = welcome.Held(2, "2024-01-03", "2024-02-05", ("Reuters", "A & B"), "A bridge")


@pytest.mark.parametrize(
    ("held", "said"),
    [
        (HELD, "What do 2 articles say? Published from 3 January 2024 to 5 February 2024 by Reuters and A &amp; B"),
        (replace(HELD, publishers=("a", "b", "c", "d", "e")), "by a, b, c and 2 more"),
        (replace(HELD, publishers=(), last="2024-01-03"), "What do 2 articles say? Published on 3 January 2024"),
        (replace(HELD, publishers=("a",), first=None), "What do 2 articles say? By a"),
        (replace(HELD, publishers=(), first=None), "What do 2 articles say?"),
        (replace(HELD, articles=0), "No articles yet"),
        (replace(HELD, articles=1, title="A <b>", publishers=("a",)), "A &lt;b&gt; a · 3 January 2024"),
    ],
)  # fmt: skip
def test_the_first_screen_says_what_is_held(held, said):
    shown = " ".join(re.sub(r"<[^>]*>", " ", welcome.opening(held)).split())
    assert said in shown


def test_questions_to_begin_with_are_escaped_and_those_that_are_looked_for_are_said_to_be():
    assert 'data-ask="Who is &quot;A&quot; &amp; &lt;b&gt;?"' in welcome.offers(['Who is "A" & <b>?'])
    assert "Looking for questions" in welcome.offers(None)
    assert "promise" in welcome.offers([])
    assert "<ul" not in welcome.offers([])


def cited(number, article, quote, **more):
    given = {"page": None, "paragraph": number, "publisher": "Daily", "author": None, "date": "2024-01-12"}
    given |= {"number": number, "article_id": article, "title": f"Title {article}", "quote": quote, "start": 0}
    return SimpleNamespace(**given | {"end": len(quote)} | more)


def test_the_source_of_quotations_that_follow_each_other_stands_once():
    quoted = [cited(1, "a", "One <b>."), cited(2, "a", "Two.", page=3), cited(3, "b", "Three."), cited(4, "a", "Four.")]
    segments = [Segment("template", "The articles say:\n\n“")]
    for one in quoted:
        segments += [Segment("quote", one.quote, one.number, one.start, one.end), Segment("template", "” [")]
        segments += [Segment("metadata", str(one.number), one.number), Segment("template", "]\nby ")]
        segments += [Segment("metadata", one.publisher, one.number), Segment("template", "\n\n“")]
    segments[-1] = Segment("template", "\n\nSearched only articles dated ")
    segments.append(Segment("metadata", "2024-01-12"))
    more = {"short_answer_span": None, "reason": None, "standalone_question": "Who?", "time": None, "confidence": 0.876}
    more |= {"certificate": None, "filters": {}, "index_generation": "0123456789abcdef", "short_answers": ()}
    reply = SimpleNamespace(status="answered", question="Who?", citations=quoted, closest=[], segments=segments, **more)
    shown = answers.reply(reply, 7)
    assert re.findall(r"<cite dir=\"auto\">(.*?)</cite>", shown) == ["Title a", "Title b", "Title a"]
    assert re.findall(r"<blockquote dir=\"auto\">(.*?)</blockquote>", shown) == [
        "One &lt;b&gt;.",
        "Two.",
        "Three.",
        "Four.",
    ]
    assert re.findall(r'<p class="(lead|tail)">(.*?)</p>', shown) == [
        ("lead", "The articles say:"),
        ("tail", 'Searched only articles dated <span class="metadata" dir="auto">2024-01-12</span>'),
    ]
    place = '<a class="cite place" href="#cite-7-2">page 3, paragraph 2<span class="hidden"> of Title a: show'
    assert place in shown
    assert "88% likely to answer this" in shown


def test_the_evaluation_is_there_where_it_can_run(monkeypatch):
    assert evaluation.available()
    found = importlib.util.find_spec
    for lacks in ("matplotlib", "ir_measures"):
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name, lacks=lacks: None if name == lacks else found(name)
        )
        assert not evaluation.available()


def test_the_evaluation_asks_people_s_questions_first_and_says_whose_the_others_are():
    assert evaluation.SETS[-1] == "seeds"
    assert set(evaluation.SETS) <= set(ADAPTERS)
    assert "machine-written" in evaluation.ABOUT
    line = "[05:31:02] wikiqa: cosine threshold, 3.1 s                    bench.py:153\n"
    assert evaluation.progress(line) == "wikiqa: cosine threshold, 3.1 s"
    assert evaluation.progress("Loading weights") == ""
