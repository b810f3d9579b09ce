"""The page in a real browser, served by the real command: what a person sees, and what the browser never does."""

import re
import shutil
import socket
import subprocess
import sys
import time

import pytest

from rag.pipeline import sync_index
from rag.settings import Settings
from tests.conftest import ARTICLE, SEEDS

pytestmark = [pytest.mark.browser, pytest.mark.model]

TAKAICHI = "What kind of relationship does Takaichi want with Beijing?"
HOSTILE = (
    """---
title: 'Zebra <script>window.pwned = 1</script> **treaty** ![p](http://outside.example/p.png)'
url: javascript:window.pwned=2
---
The zebra treaty was signed in Oslo <img src=x onerror="window.pwned=3"> by **Ann** and $x^2$ \
[q](javascript:window.pwned=4) <script>window.pwned=5</script> \
\u202egnol\u202c """
    + "w" * 300
    + """ </div></article> at noon.
"""
)


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    return pytest.skip("no Chromium on this machine; install the package chromium to run the browser tests")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    work = tmp_path_factory.mktemp("page")
    (work / "seeds").mkdir()
    shutil.copy(SEEDS / ARTICLE, work / "seeds")
    sync_index(work / "seeds", work / "index", Settings())
    return work


@pytest.fixture(scope="module")
def address(folders):
    """`rag serve` in its own process; its address as it prints it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [
        sys.executable,
        "-u",
        "-m",
        "rag.cli",
        "serve",
        "--index",
        str(folders / "index"),
        "--port",
        str(port),
    ]
    with (folders / "log").open("wb") as log, subprocess.Popen(line, stdout=log, stderr=log) as server:
        try:
            yield _address(server, folders / "log")
        finally:
            server.terminate()


def _address(server, log):
    for _ in range(1200):
        found = re.search(r"the page is at (http://127\.0\.0\.1:\d+)", log.read_text())
        if found:
            return found[1]
        assert server.poll() is None, log.read_text()
        time.sleep(0.1)
    raise AssertionError("the server did not start in two minutes: " + log.read_text())


@pytest.fixture(scope="module")
def browser():
    path = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
        )
        yield found
        found.close()


@pytest.fixture
def page(browser, address):
    """An open page, which must never have asked for anything elsewhere nor opened a dialog."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    outside, dialogs = [], []
    page.on(
        "request",
        lambda r: outside.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None,
    )
    page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    page.goto(address)
    page.wait_for_selector("#question textarea")
    yield page
    assert outside == []
    assert dialogs == []
    context.close()


def ask(page, text, status):
    before = page.locator("#chat .reply").count()
    page.fill("#question textarea", text)
    page.press("#question textarea", "Enter")
    page.wait_for_function(f"document.querySelectorAll('#chat .reply').length > {before}", timeout=60_000)
    page.wait_for_selector(f"#chat .reply.{status} >> nth=-1")
    page.wait_for_timeout(500)
    return page.locator("#chat .reply").last


def in_view(page, inner, outer):
    return page.evaluate(
        """([inner, outer]) => {
          const a = document.querySelector(inner).getBoundingClientRect();
          const b = document.querySelector(outer).getBoundingClientRect();
          return a.top >= b.top - 1 && a.top <= b.bottom;
        }""",
        [inner, outer],
    )


def test_the_page_says_what_it_promises_and_what_not(page):
    promise = page.locator("#header .promise").inner_text()
    assert "Every word of an answer is quoted" in promise
    assert "can still be beside the point" in promise


def test_an_answer_shows_its_quotation_marked_in_the_article(page):
    reply = ask(page, TAKAICHI, "answered")
    assert reply.locator(".short").inner_text() == "mutually beneficial"
    assert reply.locator("q mark").inner_text() == "mutually beneficial"
    mark = page.locator('#article mark[data-citation="1"]')
    assert mark.inner_text().startswith("While Takaichi stressed a desire")
    assert in_view(page, '#article mark[data-citation="1"]', "#article .sources")
    assert "paragraph 8" in page.locator("#article .about").inner_text()


def test_a_refusal_looks_different_and_shows_the_closest(page):
    reply = ask(page, "Who composed the Ode to Joy?", "refused")
    assert reply.locator(".refusal-mark").inner_text() == "No answer"
    assert "Nowhere in them: composed, Ode, Joy." in reply.inner_text()
    assert 1 <= reply.locator("q").count() <= 3
    assert "No answer was found" in page.locator("#article .note").inner_text()


def test_four_example_questions_are_answered(page):
    buttons = page.locator("#examples button")
    assert buttons.count() == 4
    for n in range(4):
        buttons.nth(n).click()
        page.wait_for_function(f"document.querySelectorAll('#chat .reply.answered').length === {n + 1}", timeout=60_000)


@pytest.mark.parametrize(
    ("text", "message"),
    [("   ", "the question is empty"), ("x" * 10_000, "the question has 10,000 characters")],
)
def test_bad_questions_are_errors_not_refusals(page, text, message):
    reply = ask(page, text, "error")
    assert message in reply.inner_text()
    assert len(page.locator("#chat .asked").last.inner_text()) < 300
    assert page.locator("#chat .reply.refused").count() == 0


def test_a_question_in_another_script_is_refused(page):
    reply = ask(page, "习近平是谁？", "refused")
    assert "习近平是谁" in reply.inner_text()


def test_two_sessions_do_not_see_each_other(page, browser, address):
    ask(page, TAKAICHI, "answered")
    other = browser.new_page()
    other.goto(address)
    other.wait_for_selector("#question textarea")
    assert other.locator("#chat .reply").count() == 0
    other.close()


def test_phone_width_needs_no_sideways_scrolling(browser, address):
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.goto(address)
    phone.wait_for_selector("#question textarea")
    ask(phone, TAKAICHI, "answered")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    assert phone.locator('#article mark[data-citation="1"]').is_visible()
    phone.close()


def test_named_endpoints_answer(address):
    from gradio_client import Client

    # The client takes any object with a "path" for a file to fetch, and a citation has one.
    client = Client(address, verbose=False, download_files=False)
    reply = client.predict(TAKAICHI, api_name="/ask")
    assert (reply["schema"], reply["short_answer"]) == (1, "mutually beneficial")
    assert client.predict("", api_name="/ask")["status"] == "error"
    hits = client.predict(TAKAICHI, 2, api_name="/search")
    assert [hit["rank"] for hit in hits] == [1, 2]
    client.close()


def test_a_hostile_article_is_shown_as_text_by_the_running_page(page, folders):
    """Also that the page follows a build: the article is added while it runs."""
    (folders / "seeds" / "zebra.txt").write_text(HOSTILE, encoding="utf-8")
    generation = sync_index(folders / "seeds", folders / "index", Settings()).generation
    reply = ask(
        page,
        "In which city was the zebra treaty signed? <img src=x onerror='window.pwned=6'> **now**",
        "answered",
    )
    shown = reply.inner_text()
    assert f"index {generation}" in shown
    for text in (
        '<img src=x onerror="window.pwned=3">',
        "**Ann**",
        "$x^2$",
        "[q](javascript:window.pwned=4)",
        "</div></article>",
    ):
        assert text in shown
        assert text in page.locator("#article .text").inner_text()
    assert (
        "Zebra <script>window.pwned = 1</script> **treaty** ![p](http://outside"
        in page.locator("#article h2").inner_text()
    )
    assert "Zebra <script>window.pwned = 1</script> **treaty** ![p](http://outside" in shown
    assert "<img src=x onerror='window.pwned=6'> **now**" in page.locator("#chat .asked").last.inner_text()
    assert page.locator("#article a, #chat .reply a, #chat img, #article img").count() == 0
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
