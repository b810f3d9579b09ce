"""The permanent address of a quotation, on the real server: what it shows, and what becomes of it."""

import hashlib
import json
from html import escape
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from eval.load import served
from rag.answer.links import address
from rag.answer.wire import to_json
from rag.build import sync_index
from rag.follow.former import Former
from rag.language import pack
from rag.serve import article_page, csl, pointed
from rag.serve.pointed import Unfit, find, pointer
from rag.store import at
from rag.store.reader import open_current
from rag.types import Citation
from rag.types.following import now
from rag.types.settings import Settings
from rag.verify.schema import Answer
from tests.browser import launched
from tests.conftest import ARTICLE

pytestmark = pytest.mark.model

QUOTE = "The heron, said Ann, stood in the water."
BODY = "\n\n".join([*(f"Line {n} of <b>many</b> & more." for n in range(60)), QUOTE, "It flew away."])
TODAY = pack().days_in_words(now()[:10], now()[:10])
IDS = ["heron.txt", "a/b c?d#e%2Ff", "../x", "..", "ü/日本", "/lead/", "same//same"]


def records(body):
    fields = {"title": "The <i>heron</i>", "date": "2025-11-02", "publisher": "The Pond", "author": "Ann Lee"}
    return "".join(
        json.dumps(fields | {"id": id, "url": "https://pond.example/heron", "text": body}) + "\n" for id in IDS
    )


def citation(body, id="heron.txt", quote=QUOTE):
    start = body.index(quote)
    digest = hashlib.sha256(body.encode()).hexdigest()
    about = ("The <i>heron</i>", "The Pond", "Ann Lee", "https://pond.example/heron", "a.jsonl", "2025-11-02")
    return Citation(1, id, *about, None, None, 1, start, start + len(quote), quote, digest, digest)


@pytest.fixture(scope="module")
def pond(tmp_path_factory):
    """The address of a server with an article by each id."""
    work = tmp_path_factory.mktemp("pond")
    (work / "seeds").mkdir()
    (work / "seeds" / "a.jsonl").write_text(records(BODY))
    sync_index(work / "seeds", work / "index", Settings())
    with served(work / "index", work / "seeds", XDG_DATA_HOME=str(work)) as (found, _):
        yield found


def get(pond, path):
    return httpx.get(f"{pond}{path}")


def test_an_address_shows_the_quotation_of_any_id(pond):
    for id in IDS:
        found = get(pond, address(citation(BODY, id)))
        assert found.status_code == 200, id
        assert 'id="quote"' in found.text
        assert QUOTE in found.text
        assert "has changed" not in found.text
    assert "The &lt;i&gt;heron&lt;/i&gt;" in found.text
    assert "<b>" not in found.text
    assert "<script" not in found.text
    assert all(f"<span>{one}</span>" in found.text for one in ("The Pond", "Ann Lee", "2025-11-02"))
    assert 'href="https://pond.example/heron#:~:text=The%20heron%2C%20said%20Ann%2C%20stood' in found.text
    policy = found.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


@pytest.mark.browser
def test_a_browser_without_scripts_is_taken_to_the_quotation_and_applies_the_style(pond):
    with launched() as browser:
        paths = (address(citation(BODY)), address(citation(BODY)).removesuffix("#quote"))
        for path, look, paper in zip(paths, ("light", "dark"), ("rgb(251, 250, 247)", "rgb(21, 24, 26)"), strict=True):
            page = browser.new_page(
                java_script_enabled=False, viewport={"width": 390, "height": 700}, color_scheme=look
            )
            page.goto(f"{pond}{path}")
            box = page.locator("#quote").bounding_box()
            assert 0 <= box["y"] < 700
            assert page.evaluate("getComputedStyle(document.querySelector('.text')).whiteSpace") == "pre-wrap"
            assert page.evaluate("getComputedStyle(document.body).backgroundColor") == paper
            page.close()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (BODY.replace("It flew", "She flew"), 200, "The quotation still stands as it was"),
        (f"One more line.\n\n{BODY}", 200, "now stands at another place"),
        (f"{QUOTE}\n\nAnd again. {BODY}", 200, "now stand at 2 places"),
        (BODY.replace("stood", "swam"), 410, "do not stand in this article any more"),
    ],
)
def test_an_article_that_changed_is_said_to_have(body, status, said, tmp_path, word_encoder):
    (tmp_path / "seeds").mkdir()
    for text in (BODY, body):
        (tmp_path / "seeds" / "a.jsonl").write_text(records(text))
        sync_index(tmp_path / "seeds", tmp_path / "index", Settings())
    found, page = looked_at(tmp_path, address(citation(BODY)))
    assert (found, said in page) == (status, True)
    assert page.count("<mark") == (0 if status == 410 else body.count(QUOTE))
    assert page.count(f"(quotation) </span>{QUOTE}<span") == page.count("<mark")


def looked_at(folder, address):
    """The status and the page of an address of `heron.txt`."""
    live = SimpleNamespace(shown=lambda: SimpleNamespace(store=open_current(folder / "index")))
    former = Former(at(folder / "index", Settings()))
    return article_page.answer(live, former, "heron.txt", dict(parse_qsl(urlsplit(address).query)))


def test_an_address_leads_to_the_article_under_another_name_and_tells_when_it_was_taken_out(tmp_path, word_encoder):
    seeds, asked = tmp_path / "seeds", address(citation(BODY))
    seeds.mkdir()

    def held(texts):
        for file in seeds.iterdir():
            file.unlink()
        for name, text in texts.items():
            (seeds / name).write_text(text)
        sync_index(seeds, tmp_path / "index", Settings())
        status, page = looked_at(tmp_path, asked)
        return status, "another address since" in page, page.count("<mark"), page

    text, other = f"Heron & pond\n\n{BODY}", "Otter\n\nThe otter, said Ben, swam under the bridge.\n"
    asked = address(citation(text))
    assert held({"heron.txt": text, "otter.txt": other})[:3] == (200, False, 1)
    assert held({"pond.txt": text, "otter.txt": other})[:3] == (200, True, 1)
    *found, page = held({"pond & lake.txt": text, "otter.txt": other})
    assert found == [200, True, 1]
    assert f'href="{escape(address(citation(text, "pond & lake.txt")))}"' in page
    assert held({"pond & lake.txt": text, "heron.txt": other})[:3] == (200, True, 1)  # its old name is another's
    *found, page = held({"otter.txt": other})
    assert found == [410, False, 0]
    assert f'Heron &amp; pond</h1></header><p class="note" role="status">This article was taken out on {TODAY}.' in page
    assert "heron, said" not in page
    *found, page = held({"heron.txt": text.replace("stood", "swam")})
    assert found == [410, False, 0]
    assert "do not stand in this article any more" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/a/", 400),
        ("/a/heron.txt?at=9-4", 400),
        ("/a/heron.txt?at=-1-4", 400),
        ("/a/heron.txt?at=1-99999999999999999999", 400),
        ("/a/heron.txt?at=1-4&text=../../etc", 400),
        ("/a/heron.txt?at=1-999999999", 410),
        ("/a/heron.txt?at=1-4", 200),
        ("/a/heron.txt", 200),
        ("/a/nothing", 404),
        ("/a/%00", 400),
        ("/a/%2fetc%2fpasswd", 404),
        ("/a/..%2f..%2fetc%2fpasswd", 404),
        ("/a/https:%2f%2fx.example%2f", 404),
        ("/a/%ff%fe", 404),
        ("/a/" + "x" * 5000, 400),
    ],
)
def test_what_is_no_address_is_told_clearly(pond, path, status):
    found = get(pond, path)
    assert found.status_code == status
    assert "root:" not in found.text
    assert "Traceback" not in found.text
    assert httpx.post(f"{pond}{path[:2000]}").status_code in (400, 404, 405)


def test_without_the_password_no_article_is_shown(seed_index, tmp_path):
    with (
        served(seed_index, tmp_path, "--auth", "anna:right", XDG_DATA_HOME=str(tmp_path)) as (found, _),
        httpx.Client(base_url=found) as caller,
    ):
        refused = caller.get(f"/a/{ARTICLE}")
        assert refused.status_code == 401
        assert "Xi" not in refused.text
        caller.post("/login", data={"username": "anna", "password": "right"})
        caller.headers["cookie"] = "; ".join(f"{c.name}={c.value}" for c in caller.cookies.jar)
        assert caller.get(f"/a/{ARTICLE}").status_code == 200


@pytest.mark.parametrize(
    ("given", "state"),
    [
        ({}, "same"),
        ({"at": "0-3"}, "unknown"),
        ({"at": "0-3", "text": "0" * 12}, "same"),
        ({"at": "0-3", "text": "1" * 12}, "unknown"),
        ({"at": "0-9999"}, "gone"),
    ],
)
def test_addresses_without_hashes(given, state):
    assert find(pointer("x", given), "The text.", "0" * 64).state == state


def test_words_are_found_wherever_they_begin():
    text = "“Yes,” she said。「はい」と述べた。 -7 & so on"
    for quote in ("“Yes,” she", "「はい」と述べた。", "-7 & so", "she said。"):
        asked = pointer("x", {"at": f"1-{1 + len(quote)}", "text": "1" * 12, "quote": pointed.digest(quote)})
        found = find(asked, text, "0" * 64)
        assert (found.state, [text[a:b] for a, b in found.places]) == ("moved", [quote])
    with pytest.raises(Unfit):
        pointer("x", {"at": "1-2", "quote": "x" * 12})


def test_a_conversation_is_exported_as_csl(assistant):
    asked = ("When was President Lee elected?", "What did Xi tell Carney?", "Who composed the Ode to Joy?")
    answers = [Answer.model_validate_json(to_json(assistant.ask(one, day="2025-11-03"))) for one in asked]
    (item,) = csl.items(answers)
    assert item["type"] == "article-newspaper"
    assert item["issued"] == {"date-parts": [[2025, 11, 1]]}
    assert item["accessed"] == {"date-parts": [[2025, 11, 3]]}
    assert item["container-title"] == "CaliToday"
    assert all(f"“{c.quote}”" in item["note"] for answer in answers for c in answer.citations)
    known = {"id", "type", "title", "container-title", "author", "issued", "accessed", "URL", "note"}
    assert set(item) <= known
    web = answers[0].model_copy(
        update={
            "citations": [answers[0].citations[0].model_copy(update={"publisher": None, "url": "https://x.example"})]
        }
    )
    assert csl.items([web])[0]["type"] == "webpage"
