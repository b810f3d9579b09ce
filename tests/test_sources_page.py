"""Adding from an address on the page: what it says, and that nobody makes the server ask its own network."""

import shutil
import socket

import pytest
from playwright.sync_api import expect

from rag.answer.opening import LiveAssistant
from rag.serve.ui.sources import Adding, told
from rag.sources import Came, Sources
from rag.sources.fetch import Fetcher
from rag.types.settings import Settings
from tests.browser import launched, opened
from tests.conftest import ARTICLE, SEEDS
from tests.test_watch import command, story
from tests.web import RSS, item, rss

pytestmark = pytest.mark.model


@pytest.fixture
def folders(tmp_path, seed_index):
    (tmp_path / "seeds").mkdir()
    shutil.copy(SEEDS / ARTICLE, tmp_path / "seeds")
    shutil.copytree(seed_index, tmp_path / "index")
    return tmp_path


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as there:
        return there.getsockname()[1]


def test_a_feed_is_fetched_and_built(web, folders):
    web.put("/one", story(1))
    feed = web.put("/feed", rss(item("1", "/one"), item("2", "/<b>none")), kind=RSS)
    live = LiveAssistant(folders / "index", Settings())
    adding = Adding(live, Sources(folders / "seeds", Fetcher(private=True, pause=0)))
    *_, (box, said) = adding.add(feed)
    assert box == ""
    assert f"Added (1): {web.url}/one" in said
    assert "Not added (1): " in said
    assert "<b>" not in said
    assert "Answers can quote them now." in said
    assert {held.info.url for held in live.current().store.articles()} >= {f"{web.url}/one"}
    *_, (_, said) = adding.add(feed)
    assert "Not added (1)" in said
    *_, (_, said) = adding.add("")
    assert 'class="note error"' in said


def test_what_came_is_told_in_lines():
    many = [Came("added", f"https://x.example/{n}") for n in range(12)]
    assert told(many).endswith("https://x.example/9 and 2 more")
    assert told([]).startswith("The feed has no articles")


@pytest.mark.browser
def test_the_server_of_a_page_does_not_ask_its_own_network(web, folders, free_port):
    secret = web.put("/secret", story(7))
    process = command("serve", "--port", free_port, "--fetch", cwd=folders)
    assert "the page is at" in process.stdout.readline()
    try:
        with launched() as browser:
            page = opened(browser, f"http://127.0.0.1:{free_port}")
            page.get_by_role("tab", name="Library").click()
            box = page.get_by_label("Add from an address")
            said = page.locator("#address-said")
            for address in (secret, secret.replace("127.0.0.1", "localhost"), "http://169.254.169.254/latest"):
                box.fill(address)
                box.press("Enter")
                expect(said).to_contain_text("is in the own network of this machine", timeout=60_000)
                box.fill("file:///etc/passwd")
                page.locator("#add-address").click()
                expect(said).to_contain_text("only http and https are fetched", timeout=60_000)
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert web.requests == []


@pytest.mark.browser
def test_without_the_option_there_is_no_such_thing(folders, free_port):
    process = command("serve", "--port", free_port, cwd=folders)
    assert "the page is at" in process.stdout.readline()
    try:
        with launched() as browser:
            page = opened(browser, f"http://127.0.0.1:{free_port}")
            page.get_by_role("tab", name="Library").click()
            expect(page.get_by_label("Find an article")).to_be_visible(timeout=60_000)
            assert page.locator("#from-address").count() == 0
    finally:
        process.terminate()
        process.communicate(timeout=60)
