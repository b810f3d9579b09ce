"""A browser for the tests of the page, and when a function of the server that the page called has ended."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

# The page hears of the end of its calls in a stream; it is read beside the page. `window.ended(name)` counts them.
_LISTEN = """
(() => {
  const fetched = window.fetch, called = {}, ended = [];
  const listen = async (stream) => {
    const lines = stream.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (let piece = await lines.read(); !piece.done; piece = await lines.read()) {
      const messages = (text + piece.value).split('\\n\\n');
      text = messages.pop();
      for (const message of messages.map((one) => JSON.parse(one.replace(/^data: /, '')))) {
        if (message.msg === 'process_completed') ended.push(message.event_id);
      }
    }
  };
  window.ended = (name) => ended.filter((id) => called[id] === name).length;
  window.fetch = async (where, options) => {
    const answer = await fetched(where, options);
    const url = String(where.url || where);
    if (url.includes('/queue/join')) {
      const { event_id } = await answer.clone().json();
      const asked = JSON.parse(options.body).fn_index;
      called[event_id] = window.gradio_config.dependencies.find((one) => one.id === asked).api_name;
    }
    if (url.includes('/queue/data')) listen(answer.clone().body).catch(() => {});
    return answer;
  };
})()
"""


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium; where there is none the test is skipped."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no Chromium on this machine; install the package chromium to run the browser tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
        )
        yield browser
        browser.close()


def opened(
    browser: Browser,
    address: str,
    *,
    width: int = 1280,
    look: Literal["light", "dark"] = "light",
    watch: Callable[[Page], None] | None = None,
) -> Page:
    """A page in a context of its own, in which all that it does at its start is done. `watch` sees it before that."""
    context = browser.new_context(viewport={"width": width, "height": 850}, color_scheme=look)
    context.add_init_script(_LISTEN)
    page = context.new_page()
    if watch is not None:
        watch(page)
    page.goto(address)
    loaded(page)
    return page


def loaded(page: Page) -> None:
    """Until a page that was loaded shows what was kept of its conversation, and what can be asked."""
    page.wait_for_selector("#question textarea")
    names = ["restore", "reopen", "reopen_1", "greet", "greet_1"]
    page.wait_for_function("names => names.every(window.ended)", arg=names, timeout=60_000)


@contextmanager
def ended(page: Page, name: str) -> Iterator[None]:
    """Until the server's function of that name, which is called by what is done inside, has ended."""
    before = page.evaluate("name => window.ended(name)", name)
    yield
    page.wait_for_function("([name, before]) => window.ended(name) > before", arg=[name, before], timeout=60_000)
