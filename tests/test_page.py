"""The page in a real browser, served by the real command: what a person sees, and what the browser never does."""

import re
import shutil
from datetime import date
from http.client import HTTPConnection

import pytest
from playwright.sync_api import expect

from eval.datasets import seeds
from eval.load import served
from rag.answer.opening import open_assistant
from rag.build import sync_index
from rag.calibrate.feedback import Feedback
from rag.calibrate.gold import CalibrationQuestion
from rag.calibrate.walk import calibrate
from rag.follow.building import build
from rag.follow.saved import save
from rag.store import at
from rag.types.quotes import QUOTE_VERDICTS
from rag.types.settings import Settings
from rag.verify import verify
from tests.browser import ended, launched, loaded, opened
from tests.conftest import ARTICLE, SEEDS, SHORT, TAKAICHI

pytestmark = [pytest.mark.browser, pytest.mark.model]

TITLE = "China's Xi Meets South Korean Leader in Bid to Stabilize Ties After US Trade Truce"
WEEK = "What happened this week?"
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


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    work = tmp_path_factory.mktemp("page")
    (work / "seeds").mkdir()
    shutil.copy(SEEDS / ARTICLE, work / "seeds")
    sync_index(work / "seeds", work / "index", Settings())
    return work


@pytest.fixture(scope="module")
def address(folders):
    """`rag serve` in its own process."""
    with served(folders / "index", folders / "seeds", XDG_DATA_HOME=str(folders / "home")) as (found, _):
        yield found


@pytest.fixture(scope="module")
def browser():
    with launched() as found:
        yield found


@pytest.fixture
def page(browser, address):
    """An open page, which must never have asked for anything elsewhere nor opened a dialog."""
    outside, dialogs = [], []

    def watch(page):
        page.on(
            "request",
            lambda r: outside.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None,
        )
        page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))

    page = opened(browser, address, watch=watch)
    yield page
    assert outside == []
    assert dialogs == []
    page.context.close()


def questions(page):
    """Those of the conversation that is open."""
    return [re.sub(r"^You asked:\s*", "", text) for text in page.locator("#chat .asked").all_inner_texts()]


def ask(page, text, status):
    with ended(page, "answer"):
        page.fill("#question textarea", text)
        page.press("#question textarea", "Enter")
    reply = page.locator("#chat .reply").last
    expect(reply).to_have_class(re.compile(rf"\b(?:{status})\b"))
    return reply


def wait_until_in_view(page, inner, outer):
    page.wait_for_function(
        """([inner, outer]) => {
          const a = document.querySelector(inner).getBoundingClientRect();
          const b = document.querySelector(outer).getBoundingClientRect();
          return a.top >= b.top - 1 && a.top <= b.bottom;
        }""",
        arg=[inner, outer],
    )


def test_the_first_screen_says_what_is_held_and_what_is_promised_and_what_not(page):
    assert page.locator("#welcome h1").inner_text() == "What does the article say?"
    assert "CaliToday · 1 November 2025" in page.locator("#welcome .held").inner_text()
    promise = page.locator("#offers .promise").inner_text()
    assert "Every word of an answer is quoted" in promise
    assert "can still be beside the point" in promise


def test_an_answer_shows_its_quotation_marked_in_the_article(page):
    reply = ask(page, TAKAICHI, "answered")
    assert reply.locator(".short").inner_text() == SHORT
    assert reply.locator("blockquote mark").inner_text() == SHORT
    mark = page.locator('#article mark[data-citation="1"]')
    assert mark.inner_text().startswith("While Takaichi stressed a desire")
    wait_until_in_view(page, '#article mark[data-citation="1"]', "#article .sources")
    assert "paragraph 8" in page.locator("#article .about").inner_text()


def test_a_refusal_looks_different_and_shows_the_closest(page):
    reply = ask(page, "Who composed the Ode to Joy?", "refused")
    assert reply.locator(".refusal-mark").inner_text() == "No answer"
    assert "Nowhere in them: composed, Ode, Joy." in reply.inner_text()
    assert 1 <= reply.locator("blockquote").count() <= 3
    assert reply.locator("figcaption").count() == 1  # of one article
    assert "No answer was found" in page.locator("#article .note").inner_text()


def test_what_was_asked_can_be_saved_with_its_filters_also_where_it_was_refused(page, folders):
    store = at(folders / "index", Settings())
    page.locator("#choices button").first.click()
    page.fill("#since input", "2025-01-01")
    ask(page, TAKAICHI, "answered")
    first = page.locator("#chat .reply").first
    button, said = first.get_by_role("button", name="Tell me what is new on this"), first.locator(".save .said")
    with ended(page, "save_asked"):
        button.click()
    expect(said).to_have_text("Saved: what comes in on it is shown under “New”.")
    expect(said).to_be_focused()
    expect(button).not_to_be_visible()
    page.fill("#since input", "")
    refused = ask(page, "Who composed the Ode to Joy?", "refused")
    expect(said).to_have_text("Saved: what comes in on it is shown under “New”.")  # the chat was shown anew
    with ended(page, "save_asked"):
        refused.get_by_role("button", name="Tell me when an article answers this").click()
    saved = [(one.question, one.filters.object()) for one in store.saved()]
    assert saved == [(TAKAICHI, {"from": "2025-01-01"}), ("Who composed the Ode to Joy?", {})]
    page.reload()
    loaded(page)
    with ended(page, "save_asked"):
        button.click()
    expect(said).to_have_text("This question is saved already: what comes in on it is shown under “New”.")
    ask(page, "Hello!", "aside")
    expect(page.locator("#chat .reply").last.locator(".save")).to_have_count(0)
    page.get_by_role("tab", name="New").click()
    page.locator("#saved input").click()
    expect(page.get_by_role("option", name="Ode to Joy")).to_have_count(1)
    for one in store.saved():
        store.forget(one.id)


def test_three_questions_from_the_articles_are_offered_and_answered(page):
    buttons = page.locator("#offers .example")
    expect(buttons).to_have_count(3)
    for text in buttons.all_inner_texts():
        with ended(page, "answer"):
            buttons.get_by_text(text).click()
        expect(page.locator("#chat .reply.answered")).to_have_count(1)
        assert page.locator("#chat .asked").inner_text().endswith(text)
        with ended(page, "clear"):
            page.click("#new")


@pytest.mark.parametrize("text", ["", "   ", "\u00a0 \t"])
def test_asking_nothing_does_nothing(page, text):
    page.fill("#question textarea", text)
    with ended(page, "answer"):
        page.click("#ask")
    with ended(page, "answer"):
        page.press("#question textarea", "Enter")
    assert page.locator("#chat .asked, #chat .reply").count() == 0
    ask(page, TAKAICHI, "answered")
    page.fill("#question textarea", text)
    with ended(page, "answer"):
        page.click("#ask")
    assert (page.locator("#chat .asked").count(), page.locator("#chat .reply").count()) == (1, 1)


def test_bad_questions_are_errors_not_refusals(page):
    reply = ask(page, "x" * 10_000, "error")
    assert "the question has 10,000 characters" in reply.inner_text()
    assert len(page.locator("#chat .asked").last.inner_text()) < 300
    assert page.locator("#chat .reply.refused").count() == 0


def test_a_question_in_another_script_is_refused(page):
    reply = ask(page, "习近平是谁？", "(?:refused|unsure)")
    assert "Nowhere in them" not in reply.inner_text()  # it would have to look through words that no space parts


def test_two_sessions_do_not_see_each_other(page, browser, address):
    ask(page, TAKAICHI, "answered")
    other = opened(browser, address)
    assert other.locator("#chat .reply").count() == 0
    other.context.close()


def test_phone_width_needs_no_sideways_scrolling(browser, address):
    phone = opened(browser, address, width=390)
    ask(phone, TAKAICHI, "answered")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_library_fits_the_page(browser, address, width):
    page = opened(browser, address, width=width)
    open_library(page)
    expect(page.locator("#articles")).to_contain_text(ARTICLE)
    for part in ("#articles", "#upload", "#find", "#rebuild"):
        page.locator(part).scroll_into_view_if_needed()  # which waits until it stays where it is
        box = page.locator(part).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    page.context.close()


def open_citation(page, number, by="click"):
    link = page.locator("#chat .reply").last.locator("a.cite").nth(number - 1)
    if by == "click":
        link.click()
    else:
        link.focus()
        page.keyboard.press("Enter")
    page.wait_for_selector(f'#article mark.chosen[data-citation="{number}"]')


@pytest.mark.parametrize("by", ["click", "Enter"])
def test_a_citation_opens_its_article_at_the_quotation(page, by):
    reply = ask(page, "Who composed the Ode to Joy?", "refused")
    count = reply.locator("a.cite").count()
    assert count >= 2
    for number in (count, 1):
        open_citation(page, number, by)
        chosen = page.locator("#article mark.chosen")
        quote = reply.locator("blockquote").nth(number - 1).inner_text().strip("“”")
        assert chosen.inner_text().startswith(quote[:40])
        wait_until_in_view(page, "#article mark.chosen", "#article .sources")


def test_citations_of_an_earlier_answer_still_open(page):
    ask(page, TAKAICHI, "answered")
    ask(page, "Who composed the Ode to Joy?", "refused")
    page.locator("#chat .reply").first.locator("a.cite").first.click()
    page.wait_for_selector("#article .cited mark.chosen")
    assert page.locator("#article mark.chosen").inner_text().startswith("While Takaichi stressed a desire")


def test_a_follow_up_is_understood_shown_and_can_be_changed(page):
    ask(page, "Who is the new Prime Minister of Japan?", "answered")
    with ended(page, "answer"):
        page.fill("#question textarea", "What did she tell reporters?")
        page.press("#question textarea", "Enter")
    page.wait_for_selector("#chat .reply .searched")
    shown = page.locator("#chat .reply .standalone").last.inner_text()
    assert "Takaichi" in shown
    page.locator("#chat .reply a.edit").last.click()
    assert page.input_value("#question textarea") == shown
    # What was changed is asked as it stands, whatever the turns before would make of it.
    with ended(page, "answer"):
        page.fill("#question textarea", "What did she say?")
        page.press("#question textarea", "Enter")
    expect(page.locator("#chat .reply")).to_have_count(3)
    assert page.locator("#chat .reply").last.locator(".searched").count() == 0


def test_what_is_typed_while_an_answer_is_made_stays(page):
    with ended(page, "answer"):
        page.fill("#question textarea", TAKAICHI)
        page.press("#question textarea", "Enter")
        page.wait_for_selector("#chat .asked")
        page.fill("#question textarea", "And the next one?")
    expect(page.locator("#chat .reply")).to_have_count(1)
    assert page.input_value("#question textarea") == "And the next one?"


def test_no_second_question_is_taken_before_the_first_is_answered(page):
    """Of the first the page hears nothing until the second was clicked."""
    held = []
    page.route("**/queue/data*", lambda route: held.append(route))
    with ended(page, "answer"):
        page.fill("#question textarea", TAKAICHI)
        with page.expect_request("**/queue/data*"):
            page.press("#question textarea", "Enter")
        page.fill("#question textarea", "And who is Xi?")
        page.click("#ask")
        held.pop().continue_()
        page.unroute("**/queue/data*")
    expect(page.locator("#chat .reply")).to_have_count(1)
    with ended(page, "answer"):
        page.fill("#question textarea", "And who is Xi?")
        page.click("#ask")
    expect(page.locator("#chat .reply")).to_have_count(2)
    assert questions(page) == [TAKAICHI, "And who is Xi?"]


def test_a_new_conversation_stays_empty_while_a_question_is_answered(page):
    ask(page, TAKAICHI, "answered")
    with ended(page, "answer"):
        page.fill("#question textarea", TAKAICHI)
        page.press("#question textarea", "Enter")
        page.wait_for_selector("#chat .waiting")
        page.click("#new")
    expect(page.locator("#chat .asked")).to_have_count(0)
    ask(page, "Who composed the Ode to Joy?", "refused")  # below the answer to the first, were there one
    assert questions(page) == ["Who composed the Ode to Joy?"]
    assert page.locator("#chat .reply").count() == 1


def test_the_conversation_is_still_there_after_a_reload_and_can_be_exported(page, folders, tmp_path):
    ask(page, TAKAICHI, "answered")
    ask(page, "Who composed the Ode to Joy?", "refused")
    page.reload()
    loaded(page)
    expect(page.locator("#chat .reply")).to_have_count(2)
    page.click("#export")
    page.wait_for_selector("#exported a")
    names = {}
    for link in page.locator("#exported a[download]").all():
        with page.expect_download() as started:
            link.click()
        target = tmp_path / started.value.suggested_filename
        started.value.save_as(target)
        names[target.suffix] = target
    verdict = verify(names[".jsonl"], folders / "seeds")
    assert (verdict.answers, verdict.findings) == (2, ())
    assert "mutually beneficial" in names[".md"].read_text()
    page.click("#new")
    expect(page.locator("#chat .reply")).to_have_count(0)
    page.reload()
    loaded(page)
    ask(page, TAKAICHI, "answered")  # below those that were there, were they
    assert page.locator("#chat .reply").count() == 1


def test_a_date_range_without_articles_refuses_and_says_so(page):
    page.locator("#choices button").first.click()
    page.fill("#since input", "2026-01-01")
    page.press("#since input", "Enter")
    reply = ask(page, TAKAICHI, "refused")
    assert "Searched only articles dated 2026-01-01 or later." in reply.inner_text()


def test_what_is_not_a_day_is_said_and_never_searched_as_another(page):
    page.locator("#choices button").first.click()
    page.fill("#since input", "2025-11-01")
    page.press("#since input", "Enter")
    assert "Searched only articles dated 2025-11-01 or later." in ask(page, TAKAICHI, "answered").inner_text()
    page.fill("#since input", "yesterday")
    page.press("#since input", "Tab")
    wrong = "“Dated from” is not a day; write it like 2025-10-31, or empty the field"
    page.wait_for_selector("#days-note .error")
    assert page.locator("#days-note").inner_text() == wrong
    assert wrong in ask(page, TAKAICHI, "error").inner_text()
    assert page.input_value("#since input") == "yesterday"
    page.fill("#since input", "")
    assert "Searched only" not in ask(page, TAKAICHI, "answered").inner_text()
    page.wait_for_function("!document.querySelector('#days-note .error')")


def test_the_day_of_asking_is_said_and_can_be_changed(page):
    """Also that what is wrong with it can be seen where the next field opens a list."""
    page.locator("#choices button").first.click()
    page.fill("#asked input", "12 January")
    page.press("#asked input", "Tab")
    page.wait_for_selector("#days-note .error")
    assert page.locator("#days-note").inner_text().startswith("“Asked on” is not a day; write it like 2025-10-31")
    below = page.locator("#days-note").bounding_box()
    assert below["y"] >= page.locator("#asked").bounding_box()["y"]
    assert page.locator("ul[role=listbox]").count() == 0
    assert "“Asked on” is not a day" in ask(page, WEEK, "error").inner_text()
    page.fill("#asked input", "2024-01-12")
    page.press("#asked input", "Tab")
    page.wait_for_function("!document.querySelector('#days-note .error')")
    page.locator("#choices button").first.click()
    page.wait_for_function("!document.querySelector('#choices button.open')")
    reply = ask(page, WEEK, "refused|unsure|answered")
    said = reply.locator(".searched").inner_text()
    assert said == "Understood: the week to 12 January 2024 · asked on 12 January 2024 · change the day"
    reply.locator("a.edit").click()
    page.wait_for_function("document.activeElement.closest('#asked')")
    expect(page.locator("#asked input")).to_be_in_viewport()
    assert page.input_value("#asked input") == "2024-01-12"


def test_the_day_of_asking_is_today_unless_it_is_set(page):
    before = date.today()
    said = ask(page, WEEK, "refused|unsure|answered").locator(".searched").inner_text()
    assert any(f"asked on {day.day} {day:%B %Y}" in said for day in (before, date.today()))
    assert ask(page, TAKAICHI, "answered").locator(".searched").count() == 0


def test_strictness_says_that_nothing_was_calibrated(page):
    page.locator("#choices button").first.click()
    page.locator("#strictness input[type=radio]").first.wait_for()
    assert page.locator("#strictness input[type=radio]").count() == 1
    assert "not tested on these articles" in page.locator("#strictness-note").inner_text()


def test_only_chosen_articles_are_searched(page):
    page.locator("#choices button").first.click()
    page.click("#only input")
    page.get_by_role("option").first.click()
    page.keyboard.press("Escape")
    reply = ask(page, TAKAICHI, "answered")
    assert "Searched only articles of the 1 chosen." in reply.inner_text()
    assert "not tested on questions like this" in reply.locator(".confidence").inner_text()


def test_only_levels_that_a_certificate_supports_can_be_chosen(page, folders):
    """A certificate of the running index, made by the real reader on the seed questions, asked on a day as here."""
    questions = [
        CalibrationQuestion(case.id, case.asked.question, case.answers, day=date.today().isoformat())
        for case in seeds.read().cases
    ]
    index, settings = folders / "index", Settings()
    found = calibrate(open_assistant(index, settings), index, questions, risk=0.5, further=(0.4, 0.001), confidence=0.9)
    try:
        page.reload()
        page.locator("#choices button").first.click()
        reached = [level for level in found.certificate.levels if level.threshold is not None]
        page.wait_for_function(f"document.querySelectorAll('#strictness input').length === {len(reached)}")
        note = page.locator("#strictness-note").inner_text()
        assert "Certified on" in note
        assert "covers no question here" not in note
        assert "Not offered: 0.1%" in note.replace("40%, ", "")
        label = "at most 1 answer in 2 is wrong"
        page.get_by_label(label).check()
        with ended(page, "asked_at"):
            reply = ask(page, TAKAICHI, "answered")
        assert "tested on these articles" in reply.locator(".confidence").inner_text()
        for file in index.glob("certificates/[0-9a-f]*.json"):
            file.unlink()
        # It lapses on the open page: that is said, and from then on what applies is what is chosen.
        assert "no certificate of this index" in ask(page, TAKAICHI, "error").inner_text()
        page.wait_for_selector("#lapsed .error")
        assert "is no longer certified" in page.locator("#lapsed").inner_text()
        assert page.locator("#strictness input").count() == 1
        reply = ask(page, TAKAICHI, "answered")
        assert "not tested on questions like this" in reply.locator(".confidence").inner_text()
        page.wait_for_function("!document.querySelector('#lapsed .error')")
    finally:
        for file in index.glob("certificates/*"):
            file.unlink()


def test_a_thumb_is_kept_on_this_machine(page, folders):
    ask(page, TAKAICHI, "answered")
    page.get_by_role("button", name="Good answer").last.click()
    page.wait_for_selector("#told .done")
    kept = Feedback(folders / "home" / "article-rag" / "feedback.db")
    (line,) = kept.export()
    assert (line["question"], line["gold"], line["good"]) == (TAKAICHI, [SHORT], True)
    expect(page.get_by_role("button", name="Good answer")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Good answer").last.click()
    page.wait_for_function("document.querySelector('#told').innerText.includes('Taken back')")
    assert list(kept.export()) == []


def open_library(page):
    """The tab, with its list."""
    page.get_by_role("tab", name="Library").click()
    page.wait_for_selector("#articles .count", timeout=60_000)


def drop(page, where, file):
    """Drags a file from outside onto an element."""
    data = page.evaluate_handle(
        """([name, text]) => {
          const data = new DataTransfer();
          data.items.add(new File([text], name, {type: "text/plain"}));
          return data;
        }""",
        [file.name, file.read_text()],
    )
    target = f"{where} button"
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event(target, event, {"dataTransfer": data})


def test_an_article_is_added_asked_taken_out_and_refused(page, tmp_path):
    question = "In which year was the otter charter signed?"
    file = tmp_path / "otter.txt"
    file.write_text(
        "The otter charter\n\nThe otter charter was signed in 1931 in Oslo by Anna Berg, after long talks.\n"
    )
    open_library(page)
    drop(page, "#upload", file)
    said = page.locator("#library-said")
    expect(said.locator(".note.done")).to_have_text("1 added. 2 articles can be asked.", timeout=180_000)
    expect(said.locator(".outcomes.added li")).to_have_text(["otter.txt"])
    page.fill("#find input", "OTTER oslo")
    expect(page.locator(".holdings li")).to_have_count(0)
    page.fill("#find input", "OTTER charter")
    expect(page.locator(".holdings h2")).to_have_text(["The otter charter"])
    page.get_by_role("tab", name="Ask").click()
    expect(page.locator("#welcome h1")).to_have_text("What do 2 articles say?")
    assert "1931" in ask(page, question, "answered").inner_text()
    page.locator("#choices button").first.click()
    page.click("#only input")
    page.get_by_role("option", name="The otter charter").wait_for()
    assert page.get_by_role("option", name="The otter charter").count() == 1
    page.keyboard.press("Escape")
    open_library(page)
    page.get_by_role("button", name="Remove The otter charter").click()
    expect(said.locator(".note.done")).to_have_text("otter.txt was taken out. 1 article can be asked.", timeout=180_000)
    said.get_by_role("button", name="Bring it back").click()
    expect(said.locator(".note.done")).to_have_text("otter.txt is back. 2 articles can be asked.", timeout=180_000)
    page.get_by_role("button", name="Remove The otter charter").click()
    expect(said.locator(".note.done")).to_have_text("otter.txt was taken out. 1 article can be asked.", timeout=180_000)
    page.get_by_role("tab", name="Ask").click()
    assert "otter" in ask(page, question, "refused").inner_text()


def test_what_was_not_added_is_said_with_the_reason_beside_each_file(page, tmp_path, folders):
    """Also that a page that is loaded again still says it."""
    used = tmp_path / "other.txt"
    used.write_text(f"---\nid: {ARTICLE}\n---\nA bridge\n\nThe bridge was opened on Monday by the mayor of the town.\n")
    empty = tmp_path / "empty.txt"
    empty.write_text("   \n")
    kind = tmp_path / "sheet.xlsx"
    kind.write_bytes(b"PK")
    open_library(page)
    page.set_input_files("#upload input[type=file]", [str(used), str(empty), str(kind)])
    said = page.locator("#library-said .outcomes.refused li")
    expected = [
        f"other.txt the article in {ARTICLE} has the id '{ARTICLE}' too; change the id in one of them",
        "empty.txt holds no paragraph of text",
        "sheet.xlsx no loader for this kind of file; there are .docx, .htm, .html, .jsonl, .md, .pdf, .txt",
    ]
    expect(said).to_have_text(expected, timeout=180_000)
    page.reload()
    loaded(page)
    open_library(page)
    expect(said).to_have_text(expected)
    assert not {used.name, empty.name, kind.name} & {file.name for file in (folders / "seeds").iterdir()}


def looked_at(page):
    """Nothing serious is found by axe, and nothing scrolls sideways."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_function("document.getAnimations().every((one) => one.playState !== 'running')")  # colours fade
    found = Axe().run(page).response["violations"]
    serious = [
        (v["id"], [n["html"][:160] for n in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 390])
def test_no_serious_finding_of_axe_in_any_state(browser, address, width, look):
    page = opened(browser, address, width=width, look=look)
    expect(page.locator("#offers .example").last).to_be_in_viewport(ratio=1)  # what a first visit needs
    expect(page.locator("#ask")).to_be_in_viewport(ratio=1)
    looked_at(page)
    ask(page, TAKAICHI, "answered")
    page.locator("#choices button").first.click()
    page.fill("#until input", "tomorrow")
    page.press("#until input", "Enter")
    page.wait_for_selector("#days-note .error")
    looked_at(page)
    ask(page, "Who is Xi meeting?", "error")
    page.fill("#until input", "")
    page.locator("#choices button").first.click()
    ask(page, "Who composed the Ode to Joy?", "refused")
    looked_at(page)
    page.locator("#chat .reply").first.locator("a.cite").first.click()
    page.wait_for_selector("#article .cited mark.chosen")
    looked_at(page)
    page.keyboard.press("Escape")
    open_library(page)
    expect(page.locator(".holdings li")).not_to_have_count(0)
    looked_at(page)
    page.context.close()


DRAFT = """“The stone bridge at Kew opens on 12 December,” said Tom Reed, the engineer.

“The stone bridge at Kew, which cost 45,000 euros, opens on 12 December,” he wrote.

“The stone bridge at Kew opens on 12 December,” said Jane Roe.

“No bridge of this town has ever been finished in time,” said Jane Roe.
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """The address of a server with new answers to a saved question, and changes."""
    work = tmp_path_factory.mktemp("desk")
    seeds, index, settings = work / "seeds", work / "index", Settings()
    seeds.mkdir()
    (seeds / "bridge.txt").write_text("Bridge\n\nThe stone bridge at Kew is closed until spring, the city said.\n")
    (seeds / "ferry.txt").write_text("Ferry\n\nThe ferry to the islands runs again after a strike.\n")
    for month, count in (("2025-09", 100), ("2025-10", 200), ("2025-11", 300)):
        said = f"The stone bridge at Kew had {count} visitors in a day, the city said."
        (seeds / f"{month}.md").write_text(f"---\ntitle: Visitors of {month}\ndate: {month}-03\n---\n{said}\n")
    build(seeds, index, settings)
    save(at(index, settings), "When does the stone bridge at Kew open?", {}, settings)
    (seeds / "ferry.txt").unlink()
    said = (
        "“The stone bridge at Kew opens on 12 December,” said Tom Reed, the engineer.\n\n"
        "“The stone bridge at Kew, which cost 55,000 euros, opens on 12 December,” he said."
    )
    (seeds / "bridge.md").write_text(f"---\ntitle: Bridge opens\nurl: https://x.example/b\n---\n{said}\n")
    assert build(seeds, index, settings).alerts == 1
    with served(index, seeds, XDG_DATA_HOME=str(work)) as (found, _):
        yield found


@pytest.mark.parametrize("look", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 390])
def test_no_serious_finding_of_axe_on_the_desk(browser, desk, width, look):
    page = opened(browser, desk, width=width, look=look)
    ask(page, "How many visitors did the stone bridge at Kew have?", "answered|refused|unsure")
    bars = page.locator("#over-time li")
    expect(bars).to_have_count(3)
    assert bars.first.evaluate("bar => getComputedStyle(bar).listStyleType") == "none"
    assert bars.last.locator("span").evaluate("bar => bar.clientHeight / bar.parentElement.clientHeight") == 1
    looked_at(page)
    open_tab(page, "New")
    expect(page.locator("#new-answers article")).to_have_count(1)
    looked_at(page)
    open_tab(page, "Check a draft")
    page.fill("#quotes-text textarea", DRAFT)
    with ended(page, "checked"):
        page.click("#quotes-check")
    for verdict in QUOTE_VERDICTS:
        expect(page.locator(f".quotes-item.quotes-is-{verdict}")).to_have_count(1)
    verdicts = [page.locator(f".quotes-item.quotes-is-{verdict} .quotes-verdict") for verdict in QUOTE_VERDICTS]
    right, altered, elsewhere, absent = (one.evaluate("its => getComputedStyle(its).color") for one in verdicts)
    assert len({right, altered, absent}) == 3
    assert altered == elsewhere
    assert "45,000 euros" in page.locator(".quotes-item.quotes-is-altered blockquote").inner_text()
    looked_at(page)
    open_tab(page, "Library")
    page.get_by_role("button", name="What changed").click()
    page.locator(".changes .change summary").first.click()
    looked_at(page)
    page.context.close()


def open_tab(page, name):
    """Also where it does not fit beside the others."""
    tab = page.get_by_role("tab", name=name)
    if not tab.is_visible():
        page.locator("#tabs .overflow-menu > button").click()
        tab = page.locator("#tabs .overflow-dropdown button", has_text=name)
    tab.click()


def test_a_citation_tells_those_who_hear_the_page_what_it_is(page):
    ask(page, TAKAICHI, "answered")
    names = ["Quotation 1 in its article", f"paragraph 8 of {TITLE}: show quotation 1"]
    for name in names:
        expect(page.get_by_role("link", name=name)).to_have_count(1)
    assert page.get_by_role("button", name="Good answer").count() == 1
    expect(page.locator("#spoken")).to_contain_text(f"In short: {SHORT}")


@pytest.mark.parametrize("way", ["button", "back", "Escape"])
@pytest.mark.parametrize("width", [390, 768])
def test_on_a_narrow_page_a_citation_opens_the_article_over_the_chat_with_a_way_back(browser, address, width, way):
    page = opened(browser, address, width=width)
    ask(page, TAKAICHI, "answered")
    expect(page.locator("#article")).not_to_be_visible()
    link = page.locator("#chat a.cite").first
    link.click()
    page.wait_for_selector("#article mark.chosen")
    box = page.locator("#article .sources").bounding_box()
    assert (box["x"], box["y"], box["width"]) == (0, 0, width)
    wait_until_in_view(page, "#article mark.chosen", "#article .sources")
    if way == "button":
        page.get_by_role("button", name="Back to the answer").click()
    elif way == "back":
        page.go_back()
    else:
        page.keyboard.press("Escape")
    expect(page.locator("#article")).not_to_be_visible()
    expect(link).to_be_focused()
    assert questions(page) == [TAKAICHI]
    page.context.close()


def test_conversations_are_kept_by_their_first_question_and_can_be_deleted_and_brought_back(page):
    shelf, other = page.locator("#conversations .open"), "Who composed the Ode to Joy?"
    ask(page, TAKAICHI, "answered")
    ask(page, "When did she say so?", "answered|refused|unsure")
    with ended(page, "clear"):
        page.click("#new")
    expect(page.locator("#welcome h1")).to_be_visible()
    ask(page, other, "refused")
    expect(shelf).to_have_text([other, TAKAICHI])
    good = page.get_by_role("button", name="Good answer").first
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    with ended(page, "change_over"):
        shelf.nth(1).click()
    expect(good).to_have_attribute("aria-pressed", "false")  # that was in another conversation
    expect(page.locator("#chat .reply")).to_have_count(2)
    assert questions(page)[0] == TAKAICHI
    page.reload()
    loaded(page)
    expect(page.locator("#chat .reply")).to_have_count(2)
    page.locator(".shelf li").nth(0).hover()
    page.get_by_role("button", name=f"Delete “{other}”").click()
    expect(shelf).to_have_text([TAKAICHI])
    page.get_by_role("button", name="Undo").click()
    expect(shelf).to_have_text([other, TAKAICHI])
    page.locator(".shelf li").nth(1).hover()
    with ended(page, "clear"):
        page.get_by_role("button", name=f"Delete “{TAKAICHI}”").click()
    expect(page.locator("#chat .asked")).to_have_count(0)
    expect(shelf).to_have_text([other])


def test_what_a_browser_kept_that_is_no_conversation_is_left_out(page):
    page.evaluate("""() => {
      const turns = [{question: '<b>', status: 'answered'}, 7];
      const one = {id: 'x', name: '<img src=x onerror="window.pwned=1">', turns};
      localStorage.setItem('ask-the-articles.conversations', JSON.stringify([one, 7, null, {id: 'y'}]));
    }""")
    page.reload()
    loaded(page)
    with ended(page, "change_over"):
        page.locator("#conversations .open").click()
    assert page.locator("#chat .reply").count() == 0
    assert page.evaluate("window.pwned") is None
    ask(page, TAKAICHI, "answered")


def test_the_server_ends_while_a_page_is_open(folders):
    with served(folders / "index", folders / "seeds") as (found, _):
        page = HTTPConnection(found.removeprefix("http://"))
        page.request("GET", "/gradio_api/heartbeat/open")
        assert page.getresponse().status == 200
    page.close()


def test_files_outside_are_not_served(page, address, folders):
    (folders / "secret").write_text("secret")
    for path in (folders / "secret", folders / "index" / "current", "/etc/hostname"):
        for route in ("gradio_api/file=", "file="):
            assert page.request.get(f"{address}/{route}{path}").status in (403, 404)


def test_where_nothing_may_be_added_no_file_is_taken(folders):
    from fastapi.testclient import TestClient

    from rag.answer.opening import LiveAssistant
    from rag.serve import Serving, application

    live, files = LiveAssistant(folders / "index", Settings()), {"files": ("a.txt", b"text")}
    for upload, status in ((False, 403), (True, 200)):
        app = application(live, Serving(folders / "index", folders / "seeds", upload=upload))
        with TestClient(app, base_url="http://localhost") as client:
            assert client.post("/gradio_api/upload", files=files).status_code == status


def test_a_page_of_another_name_reaches_nothing(page, address):
    for header, status in (("evil.example:7860", 403), ("localhost", 200), ("[::1]:80", 200)):
        assert page.request.get(f"{address}/config", headers={"Host": header}).status == status


def test_the_signatures_of_the_api(address):
    from gradio_client import Client

    client = Client(address, verbose=False)
    named = client.view_api(return_format="dict")["named_endpoints"]
    parameters = {
        name: [(p["parameter_name"], p["parameter_has_default"]) for p in endpoint["parameters"]]
        for name, endpoint in named.items()
    }
    assert parameters == {
        "/ask": [("question", False), ("history", True), ("filters", True), ("id", True), ("asked", True)],
        "/search": [("question", False), ("k", True), ("filters", True), ("asked", True)],
        "/articles": [],
        "/quotes": [("draft", False), ("html", True)],
    }
    turn = {"question": "Who is Japan's Prime Minister?", "answer": "…", "short_answer": "Sanae Takaichi"}
    history = [turn]
    reply = client.predict("What did she tell reporters?", history=history, id="7", api_name="/ask")
    searched = "What did she tell reporters (Japan Prime Minister Sanae Takaichi)?"
    assert (reply["id"], reply["standalone_question"]) == ("7", searched)
    for filters, history in (({"year": 1}, []), ("abc", []), ([1], []), ({}, 7), ({}, ["x"])):
        reply = client.predict("Who?", filters=filters, history=history, api_name="/ask")
        assert reply["status"] == "error"
    assert [a["file"] for a in client.predict(api_name="/articles")] == [ARTICLE]
    client.close()


def test_named_endpoints_answer(address):
    from gradio_client import Client
    from gradio_client.exceptions import AppError

    client = Client(address, verbose=False)
    reply = client.predict(TAKAICHI, api_name="/ask")
    assert (reply["schema"], reply["short_answer"]) == (1, SHORT)
    assert client.predict("", api_name="/ask")["status"] == "error"
    assert client.predict(TAKAICHI, id=5, api_name="/ask")["id"] == "5"  # as in a batch
    for text in (None, 7, ["Who?"]):
        refused = client.predict(text, api_name="/ask")
        assert (refused["status"], refused["error"]) == ("error", "'question' must be a string")
    hits = client.predict(TAKAICHI, 2, api_name="/search")
    assert [hit["rank"] for hit in hits] == [1, 2]
    assert client.predict(WEEK, api_name="/ask")["asked"] is None  # nothing is assumed
    dated = client.predict(WEEK, asked="2024-01-12", api_name="/ask")
    assert (dated["asked"], dated["time"]) == ("2024-01-12", {"from": "2024-01-05", "to": "2024-01-12"})
    assert len(client.predict(WEEK, 2, asked="2024-01-12", api_name="/search")) == 2
    for day, wrong in (("12 January", "is no day written like 2025-10-31"), (7, "must be a string")):
        assert client.predict(WEEK, asked=day, api_name="/ask")["error"] == f"'asked' {wrong}"
        with pytest.raises(AppError, match=f"'asked' {wrong}"):
            client.predict(WEEK, asked=day, api_name="/search")
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
    assert f"edition {generation[:8]}" in shown
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
    assert "<img src=x onerror='window.pwned=6'> **now**" in questions(page)[-1]
    # The one other link is the page's own: "now" names a time, and the day of asking can be changed.
    change = page.locator("#chat .reply a:not(.cite)")
    assert (change.count(), change.inner_text(), change.get_attribute("href")) == (1, "change the day", "#asked-0")
    assert page.locator("#article a:not(.pointing a), #chat img, #article img").count() == 0
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
