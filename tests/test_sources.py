"""Articles from elsewhere, against a real server on this machine: what is written, and what a hostile one cannot do."""

import hashlib
import itertools
import json
import socket
import time

import pytest

from rag import load
from rag.load import origin
from rag.sources import Sources, addresses, feeds, seen
from rag.sources.addresses import parsed, public, resolved
from rag.sources.fetch import Fetcher
from rag.types.errors import FetchError, FetchLater
from tests.web import ATOM, HTML, RSS, atom, bomb, item, page, rss

STORY = "The harbour committee voted on Monday to paint the old crane gate crimson, and nobody objected to it."
MORE = "The paint is to be delivered in forty crates before the end of the winter, as the engineer said."


@pytest.fixture
def sources(tmp_path):
    (tmp_path / "seeds").mkdir()
    return Sources(tmp_path / "seeds", Fetcher(private=True, pause=0))


def fetched(sources, url):
    return list(sources.add(parsed(url)))


def article(sources, path):
    (found,) = load.load(sources.seeds, path).articles
    return found


# What is written.


def test_a_page_is_kept_as_it_came_with_its_address_time_and_hash(web, sources):
    body = page("The crane gate", STORY, MORE, head='<link rel="canonical" href="http://elsewhere.example/x">')
    url = web.put("/news/the-crane-gate.html?x=1", body)
    (came,) = fetched(sources, url)
    assert (came.what, came.address) == ("added", url)
    assert came.path.startswith(f"web/127.0.0.1_{web.port}/")
    assert came.path.endswith("-the-crane-gate.html")
    raw = (sources.seeds / came.path).read_bytes()
    told, kept = origin.split(raw)
    assert kept == body
    assert told.sha256 == hashlib.sha256(body).hexdigest()
    assert (told.url, told.content_type, told.etag != "") == (url, HTML, True)
    read = article(sources, came.path)
    assert read.text == f"{STORY}\n\n{MORE}"
    assert (read.info.title, read.info.url) == ("The crane gate", url)  # not the address of another site
    assert read.info.seed_sha256 == hashlib.sha256(raw).hexdigest()


def test_the_same_text_is_kept_though_the_page_is_not_the_same_to_the_byte(web, sources):
    url = web.put("/a", page("Gate", STORY, MORE))
    (first,) = fetched(sources, url)
    raw = (sources.seeds / first.path).read_bytes()
    assert fetched(sources, url)[0].what == "same"
    assert web.statuses[304] == 1
    web.put("/a", page("Gate", STORY, MORE, head="<meta name='token' content='17'>"))
    assert fetched(sources, url)[0].what == "same"
    assert (sources.seeds / first.path).read_bytes() == raw
    web.put("/a", page("Gate", STORY.replace("crimson", "green"), MORE))
    assert fetched(sources, url)[0].what == "changed"
    assert "green" in article(sources, first.path).text


def test_the_encoding_that_the_server_names_counts(web, sources):
    text = STORY.replace("crane", "č \u0159 crane")
    body = page("Gate", text, MORE).replace(b'<meta charset="utf-8">', b"").decode().encode("iso-8859-2")
    (came,) = fetched(sources, web.put("/a", body, kind="text/html; charset=ISO-8859-2"))
    assert article(sources, came.path).text.startswith(text)


def test_a_file_that_only_looks_like_one_that_was_fetched_is_read_as_any_other(tmp_path):
    body = page("Gate", STORY, MORE)
    for first in (b"{}", b"[1]", b'{"url": 1}', b'{"url": "http://x/"}', b"[" * 9000, b"x" * 20_000, b""):
        (tmp_path / "a.html").write_bytes(b"<!-- fetched " + first + b" -->\n" + body)
        assert load.load(tmp_path, "a.html").articles[0].info.url is None
    long = json.dumps({"url": "https://x/" + "y" * 3000, "at": "", "sha256": ""})
    (tmp_path / "a.html").write_bytes(f"<!-- fetched {long} -->\n".encode() + body)
    assert "'url' has more than 2,000 characters" in load.load(tmp_path, "a.html").problems[0][1]


def test_an_address_with_the_end_of_a_comment_stays_in_the_first_line():
    line = origin.line(origin.Origin("http://x/ --><b>", "t", "h", content_type=" -->\n"))
    told, kept = origin.split(line + b"rest")
    assert (told.url, told.content_type, kept) == ("http://x/ --><b>", " -->\n", b"rest")
    assert (line.count(b"-->"), line.count(b"\n")) == (1, 1)


# Feeds.


def test_each_entry_of_a_feed_is_added_once_and_anew_when_it_changed(web, sources):
    for name in "abc":
        web.put(f"/{name}", page(f"Gate {name}", STORY, MORE.replace("forty", name)))
    feed = web.put("/feed.xml", rss(item("1", f"{web.url}/a"), item("2", "/b")), kind=RSS)
    assert [came.what for came in fetched(sources, feed)] == ["added", "added"]
    address = parsed(feed)
    assert list(sources.poll(address)) == []
    assert web.statuses[304] == 1
    web.put("/b", page("Gate b", STORY, MORE.replace("forty", "fifty")))
    web.put("/feed.xml", rss(item("3", "/c"), item("2", "/b", "New title"), item("1", f"{web.url}/a")), kind=RSS)
    came = {one.address: one.what for one in sources.poll(address)}
    assert came == {f"{web.url}/c": "added", f"{web.url}/b": "changed"}
    assert web.asked["/a"] == 1
    assert {article(sources, one.path).info.date for one in load.find(sources.seeds).files} == {"2026-11-30"}


def test_an_atom_feed_with_links_of_its_own_site(web, sources):
    web.put("/deep/a", page("Gate", STORY, MORE))
    feed = web.put("/deep/atom", atom(("tag:1", "a", "2026-11-30"), ("tag:1", "a", "2026-11-30")), kind=ATOM)
    (came,) = fetched(sources, feed)
    assert article(sources, came.path).info.date == "2026-11-29"


def test_a_page_that_fails_is_tried_again_and_not_for_ever(web, sources):
    feed = web.put("/feed", rss(item("1", "/late")), kind=RSS)
    address = parsed(feed)
    (failed,) = sources.poll(address)
    assert failed.reason == f"{web.url}/late: the server answers 404"
    web.put("/late", page("Gate", STORY, MORE))
    assert [came.what for came in sources.poll(address)] == ["added"]  # though the feed is as it was
    web.put("/feed", rss(item("2", "/never")), kind=RSS)
    tries = [[came.reason for came in sources.poll(address)] for _ in range(seen.TRIES + 2)]
    assert [len(one) for one in tries] == [1] * seen.TRIES + [0, 0]
    assert tries[seen.TRIES - 1][0].endswith("it is not tried again")


def test_a_server_that_cannot_answer_now_costs_no_try(web, sources):
    feed = web.put("/feed", rss(item("1", "/late")), kind=RSS)
    address, begun = parsed(feed), time.time()
    web.put("/late", status=503, headers={"Retry-After": "3600"})
    assert [came.reason for came in sources.poll(address)] == [f"{web.url}/late: the server answers 503"]
    assert list(sources.poll(address)) == []  # it is not time
    (entry,) = seen.read(sources.seeds, address).entries.values()
    assert (entry.tries, entry.delays, 3600 <= entry.after - begun < 3700) == (0, 1, True)
    web.put("/late", status=500)

    def later():
        """Asks again when it is time."""
        held = seen.read(sources.seeds, address)
        (entry,) = held.entries.values()
        entry.after = 0.0
        seen.write(sources.seeds, address, held)
        begun, came = time.time(), list(sources.poll(address))
        (entry,) = seen.read(sources.seeds, address).entries.values()
        return [one.what for one in came], round(entry.after - begun, -1)

    assert [later() for _ in range(3)] == [(["failed"], wait) for wait in (120, 240, 480)]
    for _ in range(seen.TRIES):
        later()
    web.put("/late", page("Gate", STORY, MORE))
    assert later()[0] == ["added"]


def test_a_host_that_cannot_answer_is_left_alone_till_the_next_time(web, sources):
    names = [f"/p{n}" for n in range(6)]
    for name in names:
        web.put(name, status=503)
    feed = web.put("/feed", rss(*(item(name, name) for name in names)), kind=RSS)
    assert len(list(sources.poll(parsed(feed)))) == 3
    assert sum(web.asked[name] for name in names) == 3


@pytest.mark.parametrize(
    ("written", "seconds"), [("120", 120), ("", 0), ("soon", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("9" * 400, 0)]
)
def test_what_a_server_asks_to_wait(web, sources, written, seconds):
    with pytest.raises(FetchLater) as failed:
        fetched(sources, web.put("/a", status=429, headers={"Retry-After": written}))
    assert failed.value.after == pytest.approx(seconds, abs=2)


HOSTILE = {
    "entities": b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(f'<!ENTITY {b} "{f"&{a};" * 10}">'.encode() for a, b in itertools.pairwise("abcdefghijk"))
    + b']><rss version="2.0"><channel><item><guid>1</guid><link>/&k;</link></item></channel></rss>',
    "outside": b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">'
    b'<!ENTITY y SYSTEM "http://127.0.0.1:PORT/leak">]><rss version="2.0"><channel><item><guid>&x;&y;</guid>'
    b"<link>/a?&x;&y;</link></item></channel></rss>",
    "deep": b'<rss version="2.0"><channel>' + b"<a>" * 100_000,
    "half": b'<rss version="2.0"><channel><item><link>/a</link',
    "none": b"<rss",
    "tags": b'<rss version="2.0"><channel>' + b"<item" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_ends_soon_and_reads_nothing_else(web, sources, name):
    web.put("/leak", b"secret")
    feed = web.put("/feed", HOSTILE[name].replace(b"PORT", str(web.port).encode()), kind=RSS)
    begun = time.monotonic()
    try:
        came = list(sources.add(parsed(feed)))
    except FetchError:
        came = []
    assert time.monotonic() - begun < 90  # it is ended after 60
    assert web.asked["/leak"] == 0
    assert "root:" not in json.dumps([one.address for one in came])


def test_links_that_are_no_pages_are_told(web, sources):
    links = [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "ftp://x.example/",
        "http://u:p@x.example/",
    ]
    feed = web.put("/feed", rss(*(item(str(n), link) for n, link in enumerate(links))), kind=RSS)
    came = fetched(sources, feed)
    assert [one.what for one in came] == ["failed"] * len(links)
    assert all("only http and https" in one.reason for one in came[:4])
    assert "password is refused" in came[4].reason
    assert load.find(sources.seeds).files == []


# Whose network.


@pytest.mark.parametrize(
    "number",
    "127.0.0.1 127.9.9.9 0.0.0.0 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.8 224.0.0.1 "
    "fec0::1 3fff::1 192.88.99.1 "
    "239.1.1.1 240.0.0.1 255.255.255.255 198.18.0.1 :: ::1 fe80::1 fe80::1%eth0 fc00::1 fd12::1 ff02::1 "
    "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 2002:7f00:1:: 2002:a00:1:: 64:ff9b::7f00:1 "
    "64:ff9b::a00:1 64:ff9b:1::a00:1 2001:0:7f00:1:: ::127.0.0.1 2001:db8::1 nonsense".split(),
)
def test_numbers_of_ones_own_network(number):
    assert not public(number)


@pytest.mark.parametrize("number", "93.184.216.34 8.8.8.8 2606:2800:220:1::1 ::ffff:8.8.8.8 64:ff9b::808:808".split())
def test_numbers_of_the_public_network(number):
    assert public(number)


@pytest.mark.parametrize(
    "url",
    "http://127.0.0.1:PORT/a http://localhost:PORT/a http://127.1:PORT/a http://2130706433:PORT/a "
    "http://0x7f000001:PORT/a http://0177.0.0.1:PORT/a http://[::1]:PORT/a http://[::ffff:127.0.0.1]:PORT/a "
    "http://localhost.:PORT/a http://0:PORT/a http://LOCALHOST:PORT/a".split(),
)
def test_this_machine_is_not_asked(web, tmp_path, url):
    web.put("/a", page("Gate", STORY, MORE))
    sources = Sources(tmp_path, Fetcher(pause=0))
    with pytest.raises(FetchError, match=r"own network|no such host|is no name"):
        list(sources.add(parsed(url.replace("PORT", str(web.port)))))
    assert web.requests == []


@pytest.mark.parametrize(
    "url",
    "file:///etc/passwd gopher://x.example/ //x.example http:///a http://x.example:22/ http://u:p@x.example/ "
    "http://u@x.example http://x.exa\\mple/ http://[fe80::1%25eth0]/ http://x_*.example/ http://a\nb/ "
    "http://.hidden/ http://x:99999/ https://".split(" "),
)
def test_what_is_no_address(url):
    with pytest.raises(FetchError):
        parsed(url)


class Names:
    """A resolver that answers each time with the next of its numbers, and what is connected to."""

    def __init__(self, monkeypatch, port, *answers):
        self.answers, self.connected, self.asked = list(answers), [], []
        real, connect = socket.getaddrinfo, socket.socket.connect

        def getaddrinfo(host, to, *more, **options):
            if host != "news.example":
                return real(host, to, *more, **options)
            self.asked.append(host)
            number = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, to))]

        def connecting(sock, address):
            self.connected.append(address[0])
            # The public number is played by the server of the test.
            return connect(sock, ("127.0.0.1", port) if address[0] == "93.184.216.34" else address)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(socket.socket, "connect", connecting)


def test_a_name_that_resolves_to_something_else_a_moment_later_changes_nothing(web, tmp_path, monkeypatch):
    """DNS rebinding: the number that was checked is the one that is connected to, each time."""
    names = Names(monkeypatch, web.port, "93.184.216.34", "127.0.0.1")
    sources = Sources(tmp_path, Fetcher(pause=0))
    web.put("/a", page("Gate", STORY, MORE))
    with pytest.raises(FetchError, match="own network"):  # robots.txt was fetched, and the page is asked anew
        list(sources.add(parsed("http://news.example:8080/a")))
    assert names.connected == ["93.184.216.34"]
    assert [path for _, path, _ in web.requests] == ["/robots.txt"]
    names.answers = ["93.184.216.34"]
    assert [came.what for came in sources.add(parsed("http://news.example:8080/a"))] == ["added"]
    assert set(names.connected) == {"93.184.216.34"}
    assert web.requests[-1][2]["host"] == "news.example:8080"


@pytest.mark.parametrize("to", ["http://127.0.0.1:PORT/secret", "http://169.254.169.254/latest", "file:///etc/passwd",
                                "//localhost:PORT/secret", "http://[::1]:PORT/secret"])  # fmt: skip
def test_each_redirect_is_checked(web, tmp_path, monkeypatch, to):
    Names(monkeypatch, web.port, "93.184.216.34")
    web.put("/secret", page("Secret", STORY, MORE))
    web.put("/a", status=302, headers={"Location": to.replace("PORT", str(web.port))})
    with pytest.raises(FetchError, match=r"own network|only http and https"):
        list(Sources(tmp_path, Fetcher(pause=0)).add(parsed("http://news.example/a")))
    assert web.asked["/secret"] == 0
    web.put("/robots.txt", status=301, headers={"Location": to.replace("PORT", str(web.port))})
    with pytest.raises(FetchError, match=r"own network|only http and https"):
        list(Sources(tmp_path, Fetcher(pause=0)).add(parsed("http://news.example/b")))
    assert web.asked["/secret"] == 0


def test_redirects_have_an_end_and_the_last_address_counts(web, sources):
    web.put("/c", page("Gate", STORY, MORE))
    web.put("/b", status=307, headers={"Location": "c"})
    web.put("/a", status=301, headers={"Location": f"{web.url}/b"})
    (came,) = fetched(sources, web.url + "/a")
    assert came.address == f"{web.url}/c"
    web.put("/round", status=302, headers={"Location": "/round"})
    with pytest.raises(FetchError, match="more than 5 redirects"):
        fetched(sources, web.url + "/round")


def test_a_proxy_is_refused(web, sources, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(FetchError, match="http_proxy is set"):
        fetched(sources, web.put("/a", page("Gate", STORY, MORE)))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert fetched(sources, web.url + "/a")[0].what == "added"


# Bounds.


def endless():
    while True:
        yield b"<p>more and more</p>" * 1000


def slowly(seconds):
    for _ in range(int(seconds / 0.05)):
        time.sleep(0.05)
        yield b"x"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"body": bomb(50_000_000), "headers": {"Content-Encoding": "gzip"}}, "more than 10 MB"),
        ({"body": b"not packed", "headers": {"Content-Encoding": "gzip"}}, "cannot be unpacked"),
        ({"body": bomb(1000)[:-9], "headers": {"Content-Encoding": "gzip"}}, "ends early"),
        ({"body": b"x", "headers": {"Content-Encoding": "br"}}, "which was not asked for"),
        ({"pieces": endless()}, "more than 10 MB"),
        ({"body": b"%PDF-", "kind": "application/pdf"}, "neither a page nor a feed"),
        ({"body": b"x", "kind": ""}, "of no kind that it names"),
        ({"body": b"gone", "status": 500}, "the server answers 500"),
        ({"body": b"", "status": 302}, "the server answers 302"),
        ({"body": b"", "status": 304}, "the server answers 304"),
        ({"body": b"<html><body></body></html>"}, "no main text|no paragraph"),
        ({"body": b"x", "headers": {"X": "y" * 200_000}}, "cannot be fetched"),
    ],
)
def test_what_a_server_may_not_give(web, sources, answer, says):
    url = web.put("/a", **answer)
    with pytest.raises(FetchError, match=says) as told:
        fetched(sources, url)
    assert str(told.value).startswith(url)
    assert load.find(sources.seeds).files == []


def test_a_slow_answer_is_given_up(web, sources, tmp_path):
    web.put("/a", pieces=slowly(5))
    begun = time.monotonic()
    with pytest.raises(FetchError, match=r"/a: (took longer than 0.5 s|took too long)"):
        list(Sources(sources.seeds, Fetcher(private=True, pause=0, seconds=0.5)).add(parsed(web.url + "/a")))
    assert time.monotonic() - begun < 2


def test_slow_headers_are_given_up(sources):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = parsed(f"http://127.0.0.1:{server.getsockname()[1]}/a")
        begun = time.monotonic()
        with pytest.raises(FetchError, match="took"):
            Fetcher(private=True, pause=0, seconds=0.5).get(address)
        assert time.monotonic() - begun < 2


def test_a_body_that_ends_early_is_no_article(web, sources):
    body = page("Gate", STORY, MORE)
    url = web.put("/a", pieces=iter([body[:200]]), headers={"Content-Length": str(len(body))})
    with pytest.raises(FetchError, match="cannot be fetched"):
        fetched(sources, url)


# Manners.


def test_robots_are_honoured(web, sources):
    rules = b"User-agent: *\nAllow: /\n\nUser-agent: article-rag\nDisallow: /*private\n"
    web.put("/robots.txt", rules, kind="text/plain")
    web.put("/a", page("Gate", STORY, MORE))
    web.put("/private", page("Gate", STORY, MORE))
    web.put("/to", status=302, headers={"Location": "/private"})
    assert fetched(sources, web.url + "/a")[0].what == "added"
    for path in ("/private", "/to"):
        with pytest.raises(FetchError, match=r"robots.txt does not let programs fetch it"):
            fetched(sources, web.url + path)
    assert (web.asked["/private"], web.asked["/robots.txt"]) == (0, 1)
    assert web.requests[0][2]["user-agent"].startswith("article-rag/")


@pytest.mark.parametrize(("status", "may"), [(404, True), (403, True), (500, False), (503, False), (429, False)])
def test_robots_that_cannot_be_had(web, sources, status, may):
    web.put("/robots.txt", b"", status=status)
    url = web.put("/a", page("Gate", STORY, MORE))
    if may:
        assert fetched(sources, url)[0].what == "added"
    else:
        with pytest.raises(FetchError, match="not known what may be fetched"):
            fetched(sources, url)


def test_robots_have_a_bound(web, sources):
    rules = b"User-agent: *\nDisallow: /no\n" + b"# " * 1_000_000 + b"\nDisallow: /\n"
    web.put("/robots.txt", rules, kind="text/plain")
    assert fetched(sources, web.put("/a", page("Gate", STORY, MORE)))[0].what == "added"
    with pytest.raises(FetchError, match=r"robots.txt"):
        fetched(sources, web.url + "/no")


def test_hosts_are_asked_gently(web, sources):
    waited = []
    fetcher = Fetcher(private=True, pause=0.3)
    fetcher.wait = lambda seconds: (waited.append(seconds), time.sleep(seconds))
    web.put("/robots.txt", b"User-agent: *\nCrawl-delay: 0.5\n")
    for name in "ab":
        fetcher.get(parsed(web.put(f"/{name}", page("Gate", STORY, MORE))))
    times = {path: at for at, path, _ in web.requests}
    assert times["/b"] - times["/a"] >= 0.45
    assert (len(waited), web.most_at_once) == (2, 1)


def test_a_folder_that_is_gone_is_not_made_again(web, sources):
    url = web.put("/a", page("Gate", STORY, MORE))
    sources.seeds.rmdir()
    with pytest.raises(OSError, match="No such file"):
        fetched(sources, url)
    assert not sources.seeds.exists()


def test_each_entry_once_by_its_id():
    feed = rss(item("u", "/a"), item("u", "/b"), "<item><title>no link</title></item>")
    (found,) = feeds.entries(parsed("http://x.example/"), RSS, feed)
    assert (found.link, found.published) == ("http://x.example/a", "2026-11-30")


def test_nothing_else_imports_it():
    import subprocess
    import sys

    program = (
        "import sys, rag.cli.parser, rag.library, rag.answer.assistant, rag.answer.opening, rag.serve\n"
        "print([n for n in sys.modules if n.startswith(('rag.sources', 'httpcore2', 'feedparser', 'watchfiles'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_name_with_a_public_and_an_own_number_is_asked_at_the_public_one(monkeypatch):
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (n, 80)) for n in ("127.0.0.1", "8.8.8.8", "8.8.8.8")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    assert resolved("x.example", 80, private=False) == ["8.8.8.8"]
    assert addresses.resolved("x.example", 80, private=True) == ["127.0.0.1", "8.8.8.8"]
