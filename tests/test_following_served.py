"""Changes and saved questions of a real server: over HTTP, as a feed that is read by feedparser, and on the page."""

import json
import re
from xml.etree import ElementTree

import feedparser
import httpx
import pytest
from playwright.sync_api import expect

from rag.answer.links import digest
from rag.build import sync_index
from rag.follow.building import build
from rag.follow.feed import atom
from rag.store import at
from rag.types.filters import ALL
from rag.types.following import Alert, SavedQuestion, question_id
from rag.types.settings import Settings
from tests.browser import ended, launched, opened
from tests.test_following import GATE, QUESTION
from tests.test_http import PASSWORD, serving

pytestmark = pytest.mark.model
ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = "<script>window.pwned=1</script> & ]]> \u202e \x00\x07 \ud7ff\ufffe"


def alert(n, **cited):
    said = dict.fromkeys(("publisher", "author", "date", "url", "section", "page"))
    said |= dict.fromkeys(("seed_sha256", "text_sha256"), "0" * 64)
    said |= {"number": 1, "title": "Gate", "paragraph": 1, "start": 9, "end": 37, "path": "gate.txt"}
    said |= {"quote": "The committee chose crimson.", "article_id": "gate", **cited}
    answer = {"question": QUESTION, "citations": [said]}
    return Alert(f"{n:064x}", question_id(QUESTION, ALL), f"2024-01-0{n}T03:04:05Z", "crimson", 1, answer)


def test_a_feed_is_atom_whatever_is_quoted():
    question = SavedQuestion(question_id(QUESTION, ALL), QUESTION, ALL, "2024-01-02T03:04:05Z", 0)
    alerts = [
        alert(3, quote=HOSTILE, title=HOSTILE),
        alert(2, url="javascript:pwned()", article_id="a/ü?.txt"),
        alert(1, url="https://example.org/a"),
    ]
    body = atom(alerts, [question], "http://localhost:7860/")
    root = ElementTree.fromstring(body)  # noqa: S314 - ours
    assert root.tag == f"{ATOM}feed"
    for name in ("id", "title", "updated"):
        assert len(root.findall(f"{ATOM}{name}")) == 1
    assert len(root.findall(f"{ATOM}author/{ATOM}name")) == 1
    for entry in root.findall(f"{ATOM}entry"):
        for name in ("id", "title", "updated"):
            assert len(entry.findall(f"{ATOM}{name}")) == 1
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", entry.findtext(f"{ATOM}updated"))
    read = feedparser.parse(body)
    assert not read.bozo
    assert read.version == "atom10"
    assert [entry.id for entry in read.entries] == [f"urn:sha256:{one.id}" for one in alerts]
    hashes = "&".join(
        f"{name}={one}" for name, one in (("text", "0" * 12), ("quote", digest("The committee chose crimson.")))
    )
    links = [{link.rel: link.href for link in entry.links} for entry in read.entries]
    assert links[1:] == [
        {"alternate": f"http://localhost:7860/a/a/%C3%BC%3F.txt?at=9-37&{hashes}#quote"},
        {
            "alternate": f"http://localhost:7860/a/gate?at=9-37&{hashes}#quote",
            "via": "https://example.org/a#:~:text=The%20committee%20chose%20crimson.",
        },
    ]
    assert read.entries[1].title == f"{QUESTION} — crimson"
    assert "<blockquote><p>The committee chose crimson.</p></blockquote>" in read.entries[1].content[0].value
    assert "<script" not in read.entries[0].content[0].value
    assert feedparser.parse(atom([], [], "http://localhost/")).bozo is False


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    work = tmp_path_factory.mktemp("following")
    (work / "seeds").mkdir()
    (work / "seeds" / "gate.txt").write_text(GATE.format("crimson"))
    (work / "seeds" / "old.txt").write_text("Bridge report\n\nMarta Wilk built the stone bridge at Kew in 1998.\n")
    sync_index(work / "seeds", work / "index", Settings())
    return work


@pytest.fixture(scope="module")
def address(folders):
    with serving(folders / "index", "--seeds", folders / "seeds", "--log", folders / "log.jsonl") as its:
        yield its


def got(address, path, **options):
    return httpx.get(f"{address}{path}", timeout=60, **options)


def test_a_question_is_saved_told_and_removed(address, folders):
    saved = httpx.post(f"{address}/v1/saved", json={"question": f" {QUESTION}\n"}, timeout=60)
    assert saved.status_code == 200
    assert saved.json()["question"] == QUESTION
    assert httpx.post(f"{address}/v1/saved", json={"question": QUESTION}, timeout=60).json() == saved.json()
    assert httpx.post(f"{address}/v1/ask", json={"question": QUESTION}, timeout=60).json()["short_answer"] == "crimson"
    assert feedparser.parse(got(address, "/saved.atom").content).entries == []
    (folders / "seeds" / "gate.txt").write_text(GATE.format("indigo"))
    (folders / "seeds" / "old.txt").unlink()
    assert build(folders / "seeds", folders / "index", Settings()).alerts == 1
    held = got(address, "/v1/saved").json()
    assert [one["id"] for one in held["questions"]] == [saved.json()["id"]]
    assert [one["short_answer"] for one in held["alerts"]] == ["indigo"]
    feed = got(address, "/saved.atom")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    read = feedparser.parse(feed.content)
    assert [entry.id for entry in read.entries] == [f"urn:sha256:{held['alerts'][0]['id']}"]
    shown = httpx.get(read.entries[0].link)
    assert shown.status_code == 200
    assert shown.text.count("<mark") == 1
    assert held["alerts"][0]["address"] == read.entries[0].link.removeprefix(address)
    assert got(address, "/saved.atom", headers={"if-none-match": feed.headers["etag"]}).status_code == 304
    changed = got(address, "/v1/changes").json()
    assert sorted((one["kind"], one["article_id"]) for one in changed["changes"]) == [
        ("removed", "old.txt"),
        ("replaced", "gate.txt"),
    ]
    first = got(address, "/v1/changes?limit=1").json()["changes"]
    after = got(address, f"/v1/changes?after={first[0]['number']}").json()["changes"]
    assert first + after == changed["changes"]
    assert got(address, "/v1/changes?since=2999-01-01").json()["changes"] == []
    other = httpx.post(f"{address}/v1/saved", json={"question": "Who left?", "filters": {"from": "2024-01-01"}}).json()
    assert httpx.delete(f"{address}/v1/saved/{other['id']}").json() == other
    gone = httpx.delete(f"{address}/v1/saved/{other['id']}")
    assert (gone.status_code, "no saved question" in gone.json()["error"]["message"]) == (404, True)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/saved", {"question": ""}, 400), ("POST", "/v1/saved", {"question": "x" * 2000}, 400),
        ("POST", "/v1/saved", {}, 400), ("POST", "/v1/saved", {"question": "Who?", "filters": {"x": 1}}, 400),
        ("POST", "/v1/saved", {"question": "\ud800"}, 400), ("DELETE", "/v1/saved/a%2Fb", None, 404),
        ("POST", "/v1/saved", {"question": "Who?", "filters": {"articles": ["\ud800"]}}, 400),
        ("DELETE", "/v1/saved", None, 405), ("GET", "/v1/changes?since=soon", None, 400),
        ("GET", "/v1/changes?limit=101", None, 400), ("GET", "/v1/changes?after=-1", None, 400),
        ("GET", "/v1/saved?limit=0", None, 400), ("PUT", "/v1/saved", None, 405), ("DELETE", "/v1/articles", None, 405),
    ],
)  # fmt: skip
def test_what_cannot_be_saved_or_listed_is_an_error(address, method, path, body, status):
    content = None if body is None else json.dumps(body)
    done = httpx.request(
        method, f"{address}{path}", content=content, headers={"content-type": "application/json"}, timeout=60
    )
    assert done.status_code == status
    assert done.json()["error"]["message"]


def test_another_sites_page_saves_and_removes_nothing(address):
    for method, path in (("POST", "/v1/saved"), ("DELETE", "/v1/saved/0123456789ab")):
        done = httpx.request(method, f"{address}{path}", headers={"origin": "http://evil.example"})
        assert done.status_code == 403


def test_a_feed_reader_gives_the_password(folders):
    with serving(folders / "index", "--seeds", folders / "seeds", "--auth", f"ann:{PASSWORD}") as address:
        asked = got(address, "/saved.atom")
        assert (asked.status_code, asked.headers["www-authenticate"][:5]) == (401, "Basic")
        assert got(address, "/saved.atom", auth=("ann", PASSWORD)).status_code == 200
        assert got(address, "/saved.atom", headers={"authorization": f"Bearer {PASSWORD}"}).status_code == 200
        assert got(address, "/saved.atom", auth=("bob", PASSWORD)).status_code == 401
        assert got(address, "/saved.atom", headers={"authorization": "Basic ?"}).status_code == 401
        assert got(address, "/v1/saved", auth=("ann", PASSWORD)).status_code == 401  # there a token is asked for
        assert got(address, "/v1/saved").status_code == got(address, "/v1/changes").status_code == 401


def test_where_nobody_changes_articles_nobody_saves_questions(folders):
    with serving(folders / "index", "--seeds", folders / "seeds", "--no-upload") as address:
        assert httpx.post(f"{address}/v1/saved", json={"question": QUESTION}, timeout=60).status_code == 403
        assert httpx.delete(f"{address}/v1/saved/0123456789ab", timeout=60).status_code == 403
        assert got(address, "/v1/saved").status_code == 200


@pytest.mark.browser
def test_the_page_saves_a_question_and_shows_what_is_new(address, folders):
    with launched() as browser:
        page = opened(browser, address)
        page.get_by_role("tab", name="New").click()
        expect(page.locator("#new-answers article")).to_have_count(1)
        page.click("#save-last")
        expect(page.locator("#save-question textarea")).to_have_value("")
        page.fill("#save-question textarea", "Who opened the meeting <b>there</b>?")
        with ended(page, "save"):
            page.click("#save")
        expect(page.locator("#save-said")).to_contain_text("Saved.")
        (folders / "seeds" / "more.txt").write_text("Meeting\n\nBob <i>Ray</i> opened the meeting there on Monday.\n")
        build(folders / "seeds", folders / "index", Settings())
        page.get_by_role("tab", name="Library").click()
        page.get_by_role("tab", name="New").click()
        told = page.locator("#new-answers article").first
        expect(told.locator("blockquote")).to_have_text("Bob <i>Ray</i> opened the meeting there on Monday.")
        expect(told.locator(".question")).to_contain_text("<b>there</b>")
        with page.context.expect_page() as other:
            told.locator(".origin a").click()
        expect(other.value.locator("mark#quote")).to_contain_text("Bob <i>Ray</i> opened the meeting there on Monday.")
        page.locator("#saved input").click()
        page.get_by_role("option", name="Who opened").click()
        with ended(page, "forget"):
            page.click("#saved-stop")
        expect(page.locator("#save-said")).to_contain_text("not asked any more")
        page.get_by_role("tab", name="Library").click()
        page.get_by_role("button", name="What changed").click()
        change = page.locator(".changes .change", has_text="Changed")
        change.locator("summary").click()
        expect(change.locator("del")).to_have_text(" crimson")
        expect(change.locator("ins")).to_have_text(" indigo")
        with ended(page, "look_through"):
            page.click("#changes-find")
        expect(page.locator("#changes-found")).to_contain_text("The committee chose crimson for the harbour gate.")
    assert {one.question for one in at(folders / "index", Settings()).saved()} == {QUESTION}
