"""Who may what: the file of users, and what the real server shows and refuses to a reader and to a stranger."""

import asyncio
import contextlib
import html
import json
import re
import shutil
from types import SimpleNamespace
from urllib.parse import quote

import httpx
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import expect
from starlette.exceptions import HTTPException

from eval.load import served
from rag.serve import Serving, gate, login, run, users
from rag.serve.gate import COOKIE, NAME, Gate, Sessions
from rag.serve.users import Users, put, read
from rag.serve.users import remove as taken_out
from rag.types.errors import InputError, RagError, SettingsError
from rag.types.settings import Settings
from tests.browser import launched
from tests.conftest import ARTICLE
from tests.test_security import Server, dependency_of, upload

# Argon2 with little work: how much a hash takes stands in it.
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
PASSWORDS = {"rita": "readers-word", "emil": "editors-word"}


@pytest.fixture(autouse=True, scope="module")
def _quick():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(users, "_HASHER", QUICK)
        patched.setattr(users, "_NOBODY", QUICK.hash("nobody's"))
        yield


@pytest.fixture
def file(tmp_path):
    put(tmp_path / "users.json", "rita", "reader", PASSWORDS["rita"])
    put(tmp_path / "users.json", "emil", "editor", PASSWORDS["emil"])
    return tmp_path / "users.json"


def test_the_file_is_its_owners_alone_and_holds_no_password(file):
    assert file.stat().st_mode & 0o777 == 0o600
    assert "word" not in file.read_text().replace('"password"', "")
    assert {name: user.role for name, user in read(file).items()} == {"rita": "reader", "emil": "editor"}
    assert all(user.password.startswith("$argon2id$") for user in read(file).values())
    file.chmod(0o640)
    with pytest.raises(SettingsError, match="can be read by others"):
        Users(file)


@pytest.mark.parametrize(
    ("name", "role", "password"),
    [("", "reader", "x" * 8), ("a:b", "reader", "x" * 8), ("a", "owner", "x" * 8), ("a", "reader", "short")],
)
def test_what_is_no_user_is_refused(file, name, role, password):
    before = file.read_text()
    with pytest.raises(InputError):
        put(file, name, role, password)
    assert file.read_text() == before


@pytest.mark.parametrize("text", ["", "[]", '{"users": []}', '{"users": {"a": {"role": "owner", "password": "x"}}}'])
def test_a_file_that_is_none_is_an_error(file, text):
    file.write_text(text)
    with pytest.raises(SettingsError):
        Users(file)


def test_a_password_is_right_for_its_user_alone(file):
    held = Users(file)
    assert held.right("rita", PASSWORDS["rita"]).role == "reader"
    assert held.right("rita", PASSWORDS["emil"]) is None
    assert held.right("nobody", PASSWORDS["rita"]) is None
    assert held.right("nobody", "nobody's") is None


def test_a_session_ends_with_its_time_and_with_its_user(file):
    now = [0.0]
    held = Users(file)
    sessions = Sessions(held, lambda: now[0])
    tokens = [sessions.begin(name, held.all()[name]) for name in ("rita", "rita", "emil")]
    assert [sessions.user(token).role for token in tokens] == ["reader", "reader", "editor"]
    sessions.end(tokens[0])
    assert sessions.user(tokens[0]) is None
    put(file, "rita", "editor", PASSWORDS["rita"])  # another role
    assert sessions.user(tokens[1]) is None
    taken_out(file, "emil")
    assert sessions.user(tokens[2]) is None
    token = sessions.begin("rita", held.all()["rita"])
    now[0] += 12 * 3600
    assert sessions.user(token) is None


def test_passwords_that_come_at_once_are_counted_one_by_one(file, monkeypatch):
    door = Gate(None, Users(file), None)
    monkeypatch.setattr(door._users, "right", lambda *_: None)
    login.client.set("192.0.2.1")

    async def all_at_once():
        return await asyncio.gather(*(door._right("rita", f"guess {n}") for n in range(20)), return_exceptions=True)

    found = asyncio.run(all_at_once())
    assert found[:3] == [None] * 3
    assert all(isinstance(one, HTTPException) and one.status_code == 429 for one in found[3:])


@pytest.fixture(scope="module")
def server(seed_index, tmp_path_factory):
    work = tmp_path_factory.mktemp("users")
    (work / "seeds").mkdir()
    shutil.copytree(seed_index, work / "index")
    (work / "seeds" / ARTICLE).write_text("The heron stood in the water.\n")
    for name, role in (("rita", "reader"), ("emil", "editor")):
        put(work / "users.json", name, role, PASSWORDS[name])
    options = ["--users", str(work / "users.json"), "--fetch", "--log", str(work / "log.jsonl")]
    with served(work / "index", work / "seeds", *options, XDG_DATA_HOME=str(work)) as (found, _):
        yield SimpleNamespace(address=found, work=work)


@pytest.fixture
def entered(server):
    """What makes a caller who has logged in as a person does."""
    with contextlib.ExitStack() as opened:

        def enter(name):
            caller = Server(server.address, server.work, None)
            opened.enter_context(caller.http)
            given = {"username": name, "password": PASSWORDS[name]}
            found = caller.http.post("/login", data=given, headers={"accept": "text/html"})
            assert (found.status_code, found.headers["location"]) == (303, "/")
            session, shown = found.headers.get_list("set-cookie")
            assert all(part in session for part in (COOKIE, "HttpOnly", "SameSite=lax", "Max-Age=43200", "Path=/"))
            assert shown.startswith(f"{NAME}={name};")
            return caller

        yield enter


@pytest.mark.model
def test_a_stranger_is_shown_the_login_page_and_nothing_else(server):
    with httpx.Client(base_url=server.address) as stranger:
        home = stranger.get("/")
        assert (home.status_code, home.headers["location"]) == (303, "/login")
        assert '<input name="password" type="password"' in stranger.get("/login").text
        api = ("/v1/articles", "/v1/changes", "/v1/saved", "/v1/models", "/openapi.json", "/saved.atom")
        for path in (
            *api,
            "/config",
            f"/a/{ARTICLE}",
            "/theme.css",
            "/gradio_api/info",
            "/gradio_api/file=/etc/passwd",
        ):
            assert stranger.get(path).status_code in (401, 403, 404)
        assert all(stranger.get(path).status_code == 401 for path in (*api, "/config", f"/a/{ARTICLE}"))
        asked = {"question": "Who?", "data": ["Who?"]}
        asking = [f"/v1/{name}" for name in ("ask", "quotes", "saved", "chat/completions")]
        for path in (*asking, "/gradio_api/queue/join", "/gradio_api/call/ask"):
            assert stranger.post(path, json=asked).status_code == 401
        assert stranger.delete("/v1/saved/x").status_code == 401
        assert upload(stranger) == 401
        assert stranger.get("/config", headers={"cookie": f"{COOKIE}=x; {NAME}=emil"}).status_code == 401


@pytest.mark.model
def test_the_address_of_a_quotation_is_shown_after_the_login(server):
    with httpx.Client(base_url=server.address, headers={"accept": "text/html"}) as person:
        address = f"/a/{quote(ARTICLE)}?at=1-5"
        login_page = person.get(person.get(address).headers["location"])
        after = html.unescape(re.search('name="next" value="([^"]*)"', login_page.text)[1])
        assert after == address
        given = {"username": "rita", "password": PASSWORDS["rita"]}
        assert person.post("/login", data=given | {"next": after}).headers["location"] == address
        assert person.get(address).status_code == 200
        for other in ("//example.org/a/", "https://example.org/a/", "/\\example.org", ""):
            assert person.post("/login", data=given | {"next": other}).headers["location"] == "/"


CHANGING = ("rebuild", "save", "saved-stop", "add-address", "changes-find", "run-evaluation")


def kept(server):
    """All that an editor may change: the articles, the index, the saved questions."""
    files = (file for folder in ("seeds", "index") for file in (server.work / folder).rglob("*") if file.is_file())
    made = "suggestions.json"  # by the server itself, from the articles
    return sorted((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.name != made)


@pytest.mark.model
def test_a_reader_asks_and_changes_nothing(server, entered):
    reader, editor = entered("rita"), entered("emil")
    assert reader.http.post("/v1/ask", json={"question": "When was President Lee elected?"}).json()["citations"]
    assert reader.http.post("/v1/quotes", json={"text": "It said “a word”."}).status_code == 200
    for path in (f"/a/{ARTICLE}", "/v1/saved", "/v1/changes", "/saved.atom", "/openapi.json"):
        assert reader.http.get(path).status_code == 200
    shown = [json.dumps(one.get("/config").json()["components"]) for one in (reader, editor)]
    for id in ("upload", "from-address", "save-question", "save-asked", *CHANGING):
        assert f'"elem_id": "{id}"' not in shown[0]
        assert f'"elem_id": "{id}"' in shown[1]
    assert all('"elem_id": "question"' in page and "/logout" in page for page in shown)
    before = kept(server)
    assert upload(reader.http) == 403
    assert reader.http.post("/v1/saved", json={"question": "Who came?"}).status_code == 403
    assert reader.http.delete("/v1/saved/x").status_code == 403
    page = reader.get("/config").json()
    own = {dependency["id"]: dependency for dependency in page["dependencies"]}
    listed = next(c["id"] for c in page["components"] if c["props"].get("elem_id") == "act")
    act = next(one for one in own.values() if [listed, "change"] in [list(target) for target in one["targets"]])
    for id in CHANGING:  # the editors' functions, called by a reader by their number
        dependency = dependency_of(editor, id)
        called = reader.join(dependency, ["Who came?"] * len(dependency["inputs"]))
        assert called != 200 or dependency["id"] in own  # then it is another function, of the readers' page
    reader = entered("rita")  # a call of no function ends the connection
    for do in ("remove", "back"):
        assert reader.join(act, [json.dumps({"do": do, "what": ARTICLE}), ""]) == 200
    assert kept(server) == before
    assert isinstance(upload(editor.http), str)
    saved = editor.http.post("/v1/saved", json={"question": "Who came?"}).json()["id"]
    assert reader.http.delete(f"/v1/saved/{saved}").status_code == 403
    assert editor.http.delete(f"/v1/saved/{saved}").status_code == 200
    dependency = dependency_of(editor, "save")
    assert editor.join(dependency, ["Who came?", "", ""]) == 200
    assert [one["question"] for one in reader.http.get("/v1/saved").json()["questions"]] == ["Who came?"]


@pytest.mark.model
def test_a_program_gives_name_and_password(server, entered):
    with httpx.Client(base_url=server.address) as program:
        for token, status in (("rita:readers-word", 200), ("rita:wrong-word", 401), ("readers-word", 401)):
            found = program.get("/v1/models", headers={"authorization": f"Bearer {token}"})
            assert found.status_code == status
        asked = {"model": "articles", "messages": [{"role": "user", "content": "When was President Lee elected?"}]}
        found = program.post("/v1/chat/completions", json=asked, headers={"authorization": "Bearer rita:readers-word"})
        assert "June" in found.json()["choices"][0]["message"]["content"]
        assert program.get("/saved.atom").headers["www-authenticate"].startswith("Basic")
        assert program.get("/saved.atom", auth=("rita", PASSWORDS["rita"])).status_code == 200
        assert program.get("/config", auth=("rita", PASSWORDS["rita"])).status_code == 401
        old = {"authorization": "Bearer emil:an-old-word"}  # a program goes on with it, and locks nobody out
        assert {program.get("/v1/models", headers=old).status_code for _ in range(10)} == {401}
    entered("emil")


@pytest.mark.model
def test_who_logs_out_or_is_taken_out_is_out(server, entered):
    reader = entered("rita")
    cookie = {"cookie": f"{COOKIE}={reader.http.cookies.get(COOKIE)}"}
    assert httpx.get(f"{server.address}/config", headers=cookie).status_code == 200
    assert reader.http.get("/logout").headers["location"] == "/login"
    assert httpx.get(f"{server.address}/config", headers=cookie).status_code == 401  # also with the old cookie
    put(server.work / "users.json", "otto", "reader", "ottos-own-word")
    PASSWORDS["otto"] = "ottos-own-word"
    other, program = entered("otto"), {"authorization": "Bearer otto:ottos-own-word"}
    assert other.get("/config").status_code == 200
    assert httpx.get(f"{server.address}/v1/models", headers=program).status_code == 200
    taken_out(server.work / "users.json", "otto")
    assert other.get("/config").status_code == 401
    assert httpx.get(f"{server.address}/v1/models", headers=program).status_code == 401


@pytest.mark.model
def test_a_person_logs_in_reads_and_logs_out_in_a_browser(server):
    with launched() as browser:
        page = browser.new_context(viewport={"width": 390, "height": 780}).new_page()

        def enter(name):
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(PASSWORDS[name])
            page.get_by_role("button", name="Log in").click()
            expect(page.locator("#leaving .who")).to_have_text(name)

        page.goto(server.address)
        enter("rita")
        expect(page.get_by_role("tab")).to_have_text(["Ask", "New", "Library", "Check a draft"])
        page.evaluate("window.articles.keep(JSON.stringify({ question: 'Who came?' }))")
        expect(page.locator("#conversations")).to_contain_text("Who came?")
        page.get_by_role("link", name="Log out").click()
        expect(page).to_have_url(f"{server.address}/login")
        enter("emil")  # at the same browser
        page.wait_for_function("window.articles.turns")
        page.evaluate("window.articles.turns()")
        expect(page.locator("#conversations")).not_to_contain_text("Who came?")


@pytest.mark.model
def test_wrong_passwords_are_slowed(server, entered):
    entered("emil")  # what was wrong before is forgotten
    guess = {"username": "emil", "password": "a guess at it"}
    with httpx.Client(base_url=server.address, headers={"accept": "text/html"}) as stranger:
        found = [stranger.post("/login", data=guess) for _ in range(4)]
        assert [one.status_code for one in found] == [400, 400, 400, 429]
        assert int(found[3].headers["retry-after"]) == 1
        assert "too many wrong passwords" in found[3].text.casefold()
        right = stranger.post("/login", data={"username": "emil", "password": PASSWORDS["emil"]})
        assert right.status_code == 429


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"auth": ("anna", "right")}, "cannot be used together"),
        ({"mcp": True}, "--mcp cannot be used with"),
        ({"users": "index/users.json"}, "would lie in the index folder"),
        ({"users": "none.json"}, "the users cannot be read"),
    ],
)
def test_what_cannot_be_served_is_said_before_anything_is_loaded(file, given, said):
    paths = {key: file.parent / value if key == "users" else value for key, value in given.items()}
    with pytest.raises(RagError, match=said):
        run(Serving(file.parent / "index", file.parent / "seeds", **({"users": file} | paths)), Settings())


def test_a_file_without_users_is_not_served(file):
    for name in ("rita", "emil"):
        taken_out(file, name)
    with pytest.raises(RagError, match="rag users add NAME"):
        run(Serving(file.parent / "index", file.parent / "seeds", users=file), Settings())


def test_the_login_page_escapes_what_it_says():
    assert "<b>" not in gate._page("/a/<b>", "<b>", "<b>")
