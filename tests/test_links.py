"""Text fragments: where a real browser goes with them, and what they are made of."""

import itertools
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from rag.answer.links import address, fragment, links
from tests.browser import launched

LONG = (
    "The same line stands here twice. And on it went for a while, with many a word in between, so long that it has to "
    "be shortened, as nobody wants to read an address that goes on for ever without an end to it, said Ann. The same "
    "line stands here twice.\n\nThe same line stands here twice.\nThe end — at last."
)
TEXTS = [
    LONG,
    "A 100% rise—yes, really—hit the co-op (Smith & Sons, Inc.), i.e. #1: see http://x.example/a,b?c=d&e=f. “Well…” "
    "she said. It's 5-0, 6-1, -7 & so on.  Two  spaces\u00a0and one that does not break.",
    "Das Schiff fuhr um 9:30 – „ganz langsam“ – in den Hafen, sagte Frau Groß. Das Schiff fuhr weiter.\n\nDie Straße "
    "war leer & nass. Das Schiff fuhr weiter.\nNiemand kam.",
    "Договор подписан в понедельник. Он вступит в силу 1-го января. Договор подписан в понедельник.\n\nЁлка стояла.",
    "条約は月曜日に署名された。首相は「歓迎する」と述べた。条約は月曜日に署名された。\n\n経済は三%成長した。",
    "وقعت المعاهدة يوم الاثنين. لم يأت أحد. وقعت المعاهدة يوم الاثنين.\n\nالميناء مغلق.",
    "संधि पर सोमवार को हस्ताक्षर किए गए। मंत्री ने कहा कि यह एक शुरुआत है। कोई नहीं आया।",
    "L’accord a été signé lundi ; « c’est un début », a dit l’élu. L'accord a été signé lundi. Résumé : rien.\n\n"
    "RESUME : RIEN.",
]


def ranges(text):
    """Each sentence and each two that are neighbours."""
    ends = [n + 1 for n, c in enumerate(text) if c in ".。।\n" and text[n + 1 : n + 2] in ("", " ", "\n", *"首条経")]
    single = [(b - len(text[a:b].lstrip()), b) for a, b in itertools.pairwise([0, *ends]) if text[a:b].strip()]
    return single + [(a, b) for (a, _), (_, b) in itertools.pairwise(single)]


PLACES = [(text, *its) for text in TEXTS for its in ranges(text)]


def written(text, start, end):
    """A page with an article, a line of it on a screen of its own; the range is in `.quote`."""
    lines, at = [], 0
    for line in text.split("\n"):
        a, b = (min(max(edge - at, 0), len(line)) for edge in (start, end))
        inner = f"{escape(line[:a])}<i class=quote>{escape(line[a:b])}</i>{escape(line[b:])}"
        lines.append(f"<p>{inner if a < b else escape(line)}</p>")
        at += len(line) + 1
    style = "p { width: 22em; font: 16px/60px sans-serif; margin: 900px 0 } i { font-style: normal }"
    return f"<!doctype html><meta charset=utf-8><style>{style}</style>{''.join(lines)}"


@pytest.mark.browser
def test_a_browser_goes_to_the_quotation():
    shown = {}

    class Site(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(shown["page"].encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as site, launched() as browser:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        page = browser.new_page(viewport={"width": 800, "height": 600})
        missed = []
        for text, start, end in PLACES:
            shown["page"] = written(text, start, end)
            page.goto("about:blank")
            page.goto(f"http://127.0.0.1:{site.server_port}/#:~:text={fragment(text, start, end)}")
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            # The browser puts the first line of what it found into the middle of the window.
            off = page.evaluate(
                """() => {
                  const line = document.querySelector('.quote').getClientRects()[0];
                  return (line.top + line.bottom - innerHeight) / 2;
                }"""
            )
            if abs(off) > 25 or page.evaluate("scrollY") == 0:
                missed.append((off, text[start:end], fragment(text, start, end)))
        site.shutdown()
    assert missed == []
    assert len(PLACES) > 50


def test_what_the_specification_keeps_for_itself_is_encoded():
    text = "One, two-three & four: 100% #5?"
    assert fragment(text, 0, len(text)) == "One%2C%20two%2Dthree%20%26%20four%3A%20100%25%20%235%3F"


def test_a_long_quotation_is_given_by_its_beginning_and_its_end():
    text = f"Begin. {'Many words stand in between them. ' * 20}And so it ends."
    first, last = map(unquote, fragment(text, 0, len(text)).split(","))
    assert text.startswith(first)
    assert text.endswith(last)
    assert len(first) + len(last) < 150


def test_only_what_stands_more_than_once_is_given_with_its_context():
    text = "It rained. Ann left. Bob came. It rained. Zoë left.\n\nA line. IT RAINED. The end."
    assert fragment(text, 11, 20) == "Ann%20left."
    for start, given in (
        (0, "It%20rained.,-Ann"),
        (31, "came.-,It%20rained.,-Zo%C3%AB"),
        (61, "line.-,IT%20RAINED.,-The"),
    ):
        assert fragment(text, start, start + 10) == given


def cited(id="a/b c.txt", url=None, **fields):
    given = {"article_id": id, "url": url, "start": 4, "end": 9, "quote": "quote", "text_sha256": "0123456789abcdef"}
    return SimpleNamespace(**(given | fields))


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://news.example/a?b=c", "https://news.example/a?b=c#:~:text=quote"),
        ("http://news.example/a#part", "http://news.example/a#part:~:text=quote"),
        ("https://news.example/a#part:~:text=other", "https://news.example/a#part:~:text=quote"),
        ("javascript:alert(1)", None),
        ("ftp://news.example/a", None),
        (None, None),
    ],
)
def test_an_address_of_the_web_gets_the_fragment(url, found):
    assert links(cited(url=url), "The quote is here.").original == found
    assert links(cited(url=url), None).original == found  # the article is gone


@pytest.mark.parametrize(
    "id", ["a.txt", "a/b c.txt", "a//b", "../x", "..", ".", "a?b#c%2Fd&e", "ü/日本", "/x/", "a\nb", "x" * 900]
)
def test_an_address_holds_any_id(id):
    its = urlsplit(address(cited(id)))
    given = parse_qs(its.query)
    assert unquote(its.path.removeprefix("/a/")) or given["id"][0] == id
    assert unquote(its.path.removeprefix("/a/")) in (id, "")
    assert not {".", ".."} & set(its.path.split("/"))
    assert (given["at"], given["text"], its.fragment) == (["4-9"], ["0123456789ab"], "quote")


def test_a_hostile_article_takes_no_time():
    text = "la la la. " * 100_000
    assert fragment(text, 500_000, 500_009)
