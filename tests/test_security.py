"""The server as an attacker meets it: no file, no address and no code of its own for a caller, and every input bounded.

Each mode is the real command in a process of its own, whose temporary files all lie in a folder that is searched.
"""

import asyncio
import contextlib
import http.client
import json
import shutil
import socket
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pytest
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

from eval.load import served
from rag.answer.opening import open_assistant
from rag.calibrate.feedback import Feedback, Given
from rag.serve import guard, login
from rag.serve.guard import COOKIE, Guard, Rules, Uploads
from rag.serve.login import Login
from rag.types.errors import RagError
from rag.types.settings import Settings

pytestmark = pytest.mark.model

MARK = "the-secret-that-nobody-may-read"
MODES = {
    "plain": [],
    "no-upload": ["--no-upload"],
    "no-upload, any host": ["--no-upload", "--host", "0.0.0.0"],  # noqa: S104 - what an owner may do, and is attacked here
    "auth": ["--auth", "anna:right"],
    "mcp": ["--mcp", "--no-upload"],
}


class Server:
    """A served index, what lies in its folders, and a caller with one session."""

    def __init__(self, address, work, listening):
        self.address, self.work, self.listening = address, work, listening
        self.secret = work / "outside" / "secret.txt"
        self.http = httpx.Client(base_url=address, timeout=60)
        self.answers = []

    def post(self, path, **given):
        return self._kept(self.http.build_request("POST", path, **given))

    def get(self, path):
        return self._kept(self.http.build_request("GET", path))

    def _kept(self, request):
        try:
            found = self.http.send(request)
        except httpx.TransportError:  # what fails inside the server may end the connection
            return httpx.Response(500)
        self.answers.append(found.text)
        return found

    def join(self, dependency, data):
        """An event as the page sends it; the status, and all that came back."""
        session = uuid.uuid4().hex
        body = {"data": data, "fn_index": dependency["id"], "session_hash": session, "event_data": None}
        joined = self.post("/gradio_api/queue/join", json=body)
        if joined.status_code == 200:
            path = f"/gradio_api/queue/data?session_hash={session}"
            with contextlib.suppress(httpx.TransportError), self.http.stream("GET", path) as stream:
                for line in stream.iter_lines():
                    self.answers.append(line)
                    if '"process_completed"' in line or '"close_stream"' in line:
                        break
        return joined.status_code

    def named_files(self):
        """The paths in all that was answered."""

        def walk(data):
            if isinstance(data, dict) and isinstance(data.get("path"), str):
                yield data["path"]
            for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
                yield from walk(value)

        for text in self.answers:
            with contextlib.suppress(ValueError):
                yield from walk(json.loads(text.removeprefix("data: ")))

    def copies(self):
        """Files that hold the secret, besides itself."""
        files = (f for f in self.work.rglob("*") if f.is_file() and f != self.secret)
        return [f for f in files if MARK.encode() in f.read_bytes()]


@pytest.fixture(scope="module")
def listening():
    """A server on loopback that must never be asked: its address, and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(MARK.encode())

        do_HEAD = do_POST = do_GET

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module", params=MODES)
def server(request, seed_index, tmp_path_factory, listening):
    from tests.conftest import ARTICLE, SEEDS

    work = tmp_path_factory.mktemp("served")
    for name in ("tmp", "outside", "seeds", "home"):
        (work / name).mkdir()
    (work / "seeds" / ARTICLE).write_bytes((SEEDS / ARTICLE).read_bytes())
    (work / "outside" / "secret.txt").write_text(f"The secret treaty. {MARK} was signed in Oslo on Monday.\n")
    environment = {"TMPDIR": str(work / "tmp"), "XDG_DATA_HOME": str(work / "home"), "HOME": str(work / "home")}
    index = shutil.copytree(seed_index, work / "index")  # what is uploaded is built into it
    with served(index, work / "seeds", *MODES[request.param], **environment) as (address, _):
        found = Server(address, work, listening)
        found.mode = request.param
        if request.param == "auth":
            assert found.get("/config").status_code == 401
            assert found.post("/login", data={"username": "anna", "password": "right"}).status_code == 200
            # The cookie that browsers need on plain HTTP; the other one is for TLS alone.
            found.http.headers["cookie"] = "; ".join(f"{c.name}={c.value}" for c in found.http.cookies.jar)
        yield found
        found.http.close()


def file_data(path):
    return {"path": path, "orig_name": "a.txt", "meta": {"_type": "gradio.FileData"}}


def shapes(target):
    """A target in every form in which some component of Gradio takes a file."""
    data = file_data(target)
    said = {"role": "user", "content": [{"type": "file", "file": data}]}
    return [
        target,
        {"path": target},
        data,
        [data],
        [said],
        [{"role": "user", "content": data}],
        {"text": "", "files": [data]},
        [{"question": data, "answer": data}],
        {"articles": [data], "from": data},
    ]


def targets(server):
    secret, (address, _) = server.secret, server.listening
    return [str(secret), f"{address}/ssrf", f"../../../../../../../..{secret}", f"file://{secret}"]


def test_no_endpoint_reads_a_file_or_an_address_of_the_server(server):
    config = server.get("/config").json()
    walked = 0
    for dependency in (d for d in config["dependencies"] if d["inputs"] and d["backend_fn"]):
        for target in targets(server):
            for shape in shapes(target):
                server.join(dependency, [shape] * len(dependency["inputs"]))
                walked += 1
    for name in ("ask", "search"):
        for target in targets(server):
            for shape in shapes(target):
                for body in ({"data": [shape] * 4}, {"data": ["Who?", shape, shape, shape]}):
                    for route in ("call", "run", "api"):
                        server.post(f"/gradio_api/{route}/{name}", json=body)
                server.post(f"/gradio_api/call/v2/{name}", json={"question": shape, "history": shape, "filters": shape})
    assert walked > 100
    for path in {*server.named_files()}:
        server.get(f"/gradio_api/file={quote(path)}")
    assert not any(MARK in text for text in server.answers)
    assert server.copies() == []
    assert server.listening[1] == []


def test_no_route_reads_a_file_or_an_address_of_the_server(server):
    secret, (address, asked) = str(server.secret), server.listening
    routes = [f"/gradio_api/{name}" for name in ("file=", "file/", "proxy=", "stream/", "custom_component/x/server/")]
    for route in (*routes, "/file=", "/static/", "/assets/", "/svelte/", "/gradio_api/call/", "/gradio_api/heartbeat/"):
        for target in (secret, f"/..{secret}", f"..%2f..%2f..{secret}", "/etc/passwd", f"{address}/ssrf"):
            found = server.get(f"{route}{target}")
            assert MARK not in found.text
            assert "root:" not in found.text
    # Files beside the server: settings, articles and the index are nobody's to fetch.
    for path in (server.work / "seeds" / "000_3ce1a2791a1fd1d1.txt", "pyproject.toml", ".gradio/cached_examples/x"):
        assert server.get(f"/gradio_api/file={path}").status_code in (403, 404)
    for path in ("/gradio_api/vibe-edit", "/gradio_api/component_server", "/gradio_api/process_recording"):
        assert server.post(path, json={"path": secret}).status_code == 404
    assert asked == []


def test_the_tools_of_the_mcp_server_read_no_file(server):
    if server.mode != "mcp":
        assert server.get("/gradio_api/mcp/schema").status_code == 404
        return
    accept = {"accept": "application/json, text/event-stream"}
    for target in targets(server):
        for shape in shapes(target):
            for name in ("ask", "search"):
                arguments = {"question": shape, "history": shape, "filters": shape}
                call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
                call["params"] = {"name": name, "arguments": arguments}
                server.post("/gradio_api/mcp/", json=call, headers=accept)
                call["params"]["arguments"] = {"question": "Who met Xi?", "filters": {"articles": [shape]}}
                server.post("/gradio_api/mcp/", json=call, headers=accept)
    assert not any(MARK in text for text in server.answers)
    assert server.copies() == []
    assert server.listening[1] == []


def dependency_of(server, element, event="click"):
    """The event of the component with this id."""
    config = server.get("/config").json()
    its = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == element)
    return next(d for d in config["dependencies"] if [its, event] in [list(t) for t in d["targets"]])


def upload(http, name="mine.txt", text="A treaty was signed in Oslo on Monday. It ends the war.\n"):
    found = http.post("/gradio_api/upload", files={"files": (name, text.encode())})
    return found.json()[0] if found.status_code == 200 else found.status_code


def test_only_what_the_same_browser_uploaded_is_added(server):
    if "no-upload" in server.mode or server.mode == "mcp":
        assert upload(server.http) == 403
        return
    add, seeds = dependency_of(server, "upload", "upload"), server.work / "seeds"
    before = sorted(f.name for f in seeds.iterdir())
    own = upload(server.http)
    with httpx.Client(base_url=server.address, headers={"cookie": server.http.headers.get("cookie", "")}) as other:
        others = upload(other, "theirs.txt")
    for path in (others, str(server.secret), str(seeds / before[0])):
        assert server.join(add, [[file_data(path)], ""]) == 403
        server.join(add, [[{"path": path}], ""])
        assert sorted(f.name for f in seeds.iterdir()) == before
    if server.mode == "auth":  # the header above has taken the place of the cookie jar
        server.http.headers["cookie"] += f"; {COOKIE}={server.http.cookies.get(COOKIE)}"
    assert server.join(add, [[file_data(own)], ""]) == 200
    until = time.monotonic() + 60
    while sorted(f.name for f in seeds.iterdir()) == before and time.monotonic() < until:
        time.sleep(0.1)  # the server adds it behind the event
    assert sorted(f.name for f in seeds.iterdir()) == [*before, "mine.txt"]


# Bounds of a request.


@pytest.fixture(scope="module")
def plain(seed_index, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with served(seed_index, home, "--no-upload", XDG_DATA_HOME=str(home)) as (address, _):
        yield address


def ask(address, **given):
    fields = {"question": "When was President Lee elected?", **dict.fromkeys(("history", "filters", "id", "asked"))}
    fields |= given
    body = {"data": list(fields.values())}
    with httpx.Client(base_url=address, timeout=120) as caller:
        found = caller.post("/gradio_api/call/ask", json=body)
        if found.status_code != 200:
            return found.status_code, found.text
        lines = caller.get(f"/gradio_api/call/ask/{found.json()['event_id']}").text.splitlines()
    data = next(line.removeprefix("data: ") for line in lines if line.startswith("data: "))
    return 200, json.loads(data)[0]


def test_a_request_that_is_too_large_is_refused(plain):
    host = urlsplit(plain)
    for length in ("Content-Length: 4000001", "Transfer-Encoding: chunked"):
        with socket.create_connection((host.hostname, host.port)) as raw:
            head = f"POST /gradio_api/queue/join HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n"
            raw.sendall(head.encode())
            for _ in range(41 if "chunked" in length else 0):
                raw.sendall(b"%x\r\n%s\r\n" % (100_000, b" " * 100_000))
            assert raw.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"question": "x" * 1001}, "the question has 1,001 characters; ask in at most 1,000"),
        ({"question": "x" * 10_001}, "the question has 10,001 characters; ask in at most 1,000"),
        ({"history": [{"question": "Who?"}] * 201}, "'history' has more than 200 entries"),
        ({"history": [{"question": "x" * 10_001}]}, "'history.0.question' has more than 10,000 characters"),
        (
            {"history": [{"question": "Who?", "answer": "x" * 100_001}]},
            "'history.0.answer' has more than 100,000 characters",
        ),
        ({"history": ["Who?"]}, "'history.0' must be an object"),
        ({"filters": {"articles": ["x"] * 5_001}}, "filters: 'articles' has more than 5,000 entries"),
        ({"asked": "2" * 2000}, "'asked' is no day"),
        ({"filters": {"articles": [f"x{n}" for n in range(10)]}}, "the index holds no such article"),
    ],
)
def test_each_part_of_a_question_has_a_bound(plain, given, message):
    status, reply = ask(plain, **given)
    assert (status, reply["status"]) == (200, "error")
    assert message in reply["error"]


def test_json_that_is_nested_deep_is_refused(plain):
    deep = "[" * 100_000 + "]" * 100_000
    with httpx.Client(base_url=plain) as caller:
        for text in (deep, '{"data": ' + "[" * 200 + "]" * 200 + "}"):
            found = caller.post("/gradio_api/queue/join", content=text, headers={"content-type": "application/json"})
            assert found.status_code == 400


def test_more_questions_than_can_wait_are_turned_away(seed_index, tmp_path):
    body = {"data": ["When was Lee elected, and who is the new Prime Minister of Japan?", None, None, None, None]}
    with (
        served(seed_index, tmp_path, "--no-upload", XDG_DATA_HOME=str(tmp_path)) as (address, _),
        httpx.Client(base_url=address, timeout=60) as caller,
    ):
        found = [caller.post("/gradio_api/call/ask", json=body).status_code for _ in range(400)]
    assert {200, 503} == set(found)
    assert 200 <= found.count(200) < 400


def test_another_sites_page_cannot_ask(plain):
    body = {"data": ["Who?"]}
    with httpx.Client(base_url=plain) as caller:
        for origin, status in (("http://evil.example", 403), ("null", 403), (plain, 200)):
            found = caller.post("/gradio_api/call/ask", json=body, headers={"origin": origin})
            assert found.status_code == status


def test_a_question_that_takes_too_long_is_an_error(seed_index, monkeypatch):
    assistant = open_assistant(seed_index, Settings())
    assert assistant.ask("Who met Xi?").status != "error"
    monkeypatch.setattr("rag.answer.assistant.LONGEST_SECONDS", 0.0)
    with pytest.raises(RagError, match="took longer than 0 seconds"):
        assistant.ask("Who met Xi?")


def through(guarded, messages, method="POST", path="/gradio_api/queue/join", headers=(), host=b"localhost"):
    """What a guard makes of a request that arrives in these pieces, each after so many seconds."""
    sent, rest = [], iter(messages)

    async def receive():
        wait, message = next(rest, (0, {"type": "http.disconnect"}))
        await asyncio.sleep(wait)
        return message

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "query_string": b"", "scheme": "http",
        "server": ("localhost", 80), "headers": [(b"host", host), *headers],
    }  # fmt: skip
    asyncio.run(guarded(scope, receive, send))
    return sent[0]["status"]


def guarded(*, mcp=False):
    async def app(scope, receive, send):
        while (message := await receive()).get("more_body"):
            assert message["type"] == "http.request"
        await PlainTextResponse("taken")(scope, receive, send)

    return Guard(app, Rules(frozenset({"localhost"}), Path("/files"), upload=True, api=True, mcp=mcp), Uploads())


def test_a_body_that_arrives_too_slowly_is_refused(monkeypatch):
    monkeypatch.setattr(guard, "_BODY_SECONDS", 0.2)
    monkeypatch.setattr(guard, "_UPLOAD_SECONDS", 0.2)
    piece = {"type": "http.request", "body": b" ", "more_body": True}
    for path in ("/gradio_api/queue/join", "/gradio_api/upload"):
        assert through(guarded(), [(0.05, piece)] * 50, path=path) == 408
    assert through(guarded(), [(0, piece), (0, piece | {"more_body": False})]) == 200


def test_an_upload_has_a_bound_for_all_its_files(monkeypatch):
    monkeypatch.setattr(guard, "MAX_UPLOAD_BYTES", 1000)
    piece = {"type": "http.request", "body": b"x" * 400, "more_body": True}
    assert through(guarded(), [(0, piece)] * 3, path="/gradio_api/upload") == 413
    length = [(b"content-length", b"1001")]
    assert through(guarded(), [], path="/gradio_api/upload", headers=length) == 413


def test_uploads_are_forgotten_oldest_first():
    uploads = Uploads()
    for n in range(1001):
        uploads.add(f"browser {n}", [f"/file {n}"])
    assert uploads.of("browser 0") == frozenset()
    assert uploads.of("browser 1") == {"/file 1"}
    uploads.add("browser 1", [f"/more {n}" for n in range(400)])
    assert uploads.of("browser 1") == {f"/more {n}" for n in range(400)}
    assert uploads.of(None) == frozenset()


# What one who knows Gradio tried, each broken once.


@pytest.mark.parametrize(
    ("file", "status"),
    [
        ("http://192.0.2.1/x.png", 404),  # Gradio fetches it, and shows what comes as a page of ours
        ("https://192.0.2.1/x.png", 404),
        ("//192.0.2.1/x.png", 404),
        ("HTTP:/192.0.2.1/x.png", 404),
        ("/etc/passwd", 404),
        ("/files/../etc/passwd", 404),
        ("files/a", 404),
        ("/files\0/a", 404),
        ("/" + "x" * 5000, 400),
        ("/files/a/mine.txt", 200),
    ],
)
def test_no_file_is_served_but_uploads_and_exports(file, status):
    assert through(guarded(), [], method="GET", path=f"/gradio_api/file={file}") == status


def answered(headers, path="/config", method="GET"):
    """The headers of an answer that had these, and what the application saw."""
    seen, sent = {}, []

    async def app(scope, receive, send):
        seen.update(scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": HEADERS}
    guard = Guard(app, Rules(frozenset(), Path("/files"), upload=True, api=True, mcp=False), Uploads())
    asyncio.run(guard(scope, None, send))
    return sent[0]["headers"], seen


HEADERS = [
    (b"host", b"articles.example.org"),
    (b"x-forwarded-host", b"</script>"),
    (b"range", b"bytes=0-2"),
    (b"cookie", b"a=b"),
]


def test_no_other_site_reads_an_answer_or_sends_the_login_along():
    given = [
        (b"Access-Control-Allow-Origin", b"https://evil.example"),
        (b"access-control-allow-credentials", b"true"),
        (b"set-cookie", b"access-token-x=1; HttpOnly; Path=/; SameSite=none; Secure"),
        (b"Content-Security-Policy", b"none of ours"),
        (b"content-type", b"text/plain"),
    ]
    headers, _ = answered(given)
    assert not any(name.startswith(b"access-control-") for name, _ in headers)
    assert (b"set-cookie", b"access-token-x=1; HttpOnly; Path=/; SameSite=Lax; Secure") in headers
    assert [value[:18] for name, value in headers if name == b"content-security-policy"] == [b"default-src 'self'"]
    headers, _ = answered([], path="/gradio_api/file=/files/a.html")
    assert dict(headers)[b"content-security-policy"] == b"default-src 'none'; sandbox"


def test_headers_that_gradio_repeats_do_not_reach_it():
    _, seen = answered([])
    assert seen == {b"host": b"articles.example.org", b"cookie": b"a=b"}


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost", None, 200),
        ("localhost:7860", "http://localhost:7860", 200),
        ("localhost", "https://evil.example", 403),
        ("localhost", "http://localhost:8000", 403),
        ("localhost", "null", 403),
        ("localhost", "http://[", 403),
        ("evil.example", None, 403),
        ("localhost:7901/login?", None, 400),  # an older framework made a path of it
        ("localhost:7901@evil.example", None, 400),
        ("[::1]evil.example", None, 400),
        ("", None, 400),
    ],
)
def test_hosts_and_origins(host, origin, status):
    headers = [(b"origin", origin.encode())] if origin else []
    for method, path in (("GET", "/config"), ("POST", "/gradio_api/reset")):
        found = through(guarded(), [EMPTY], method=method, path=path, headers=headers, host=host.encode())
        assert found == status


EMPTY = (0, {"type": "http.request", "body": b"", "more_body": False})


@pytest.mark.parametrize(
    ("path", "accept", "status"),
    [
        ("/gradio_api/mcp/%22%3E%3C/script%3E/gradio_api/mcp/", "text/event-stream", 404),
        ("/gradio_api/mcp/", "text/html", 404),  # a page of Gradio's with the address in a script
        ("/gradio_api/mcp/", "text/event-stream", 200),
        ("/gradio_api/mcp/schema", "*/*", 200),
        ("/gradio_api/token", "*/*", 404),  # the login in words
    ],
)
def test_routes_of_the_mcp_server(path, accept, status):
    headers = [(b"accept", accept.encode())]
    assert through(guarded(mcp=True), [], method="GET", path=path, headers=headers) == status


def test_nobody_is_logged_out_from_elsewhere():
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        headers = [(b"sec-fetch-site", site.encode())]
        assert through(guarded(), [], method="GET", path="/logout", headers=headers) == status


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"data": [' + b"[]," * 100_000 + b"1]}", 413),  # takes seconds to parse, in which nobody else is answered
        (b'{"data": [], "session_hash": "' + b"x" * 65 + b'"}', 400),  # is kept, for days
        (b'{"data": [], "event_id": ["' + b"x" * 65 + b'"]}', 400),
        (b'{"data": [], "session_hash": "' + b"x" * 64 + b'"}', 200),
    ],
)
def test_what_is_dear_to_parse_or_to_keep_is_refused(body, status):
    assert through(guarded(), [(0, {"type": "http.request", "body": body, "more_body": False})]) == status


def test_a_body_in_very_many_pieces_is_refused():
    piece = {"type": "http.request", "body": b" ", "more_body": True}
    assert through(guarded(), [(0, piece)] * 20_001) == 413


def test_uploads_of_nothing_make_nobody_forgotten():
    uploads = Uploads()
    uploads.add("one", ["/file"])
    for n in range(2000):
        uploads.add(f"browser {n}", [])
    assert uploads.of("one") == {"/file"}


def test_only_answers_of_this_server_can_be_judged():
    given = Given()
    reply = {"question": "Who?", "confidence": 0.0, "closest": [{"start": 0}], "timings_ms": {"total": 1.5}}
    given.add(reply)
    assert given.holds(json.loads('{"question": "Who?", "confidence": 0, "closest": [{"start": 0}]}'))
    assert not given.holds(reply | {"question": "Who else?"})
    for n in range(10_000):
        given.add({"question": str(n)})
    assert not given.holds(reply)


def test_feedback_has_a_bound(tmp_path, monkeypatch):
    monkeypatch.setattr("rag.calibrate.feedback.MOST", 2)
    feedback = Feedback(tmp_path / "feedback.db")
    for n in range(2):
        feedback.add({"question": f"Who is {n}?"}, good=True)
    feedback.add({"question": "Who is 1?"}, good=False)  # in the place of the one before
    with pytest.raises(RagError, match="2 judgements are kept"):
        feedback.add({"question": "Who is 3?"}, good=True)


def test_exports_of_one_conversation_are_written_once():
    from rag.serve.ui.conversation import export_files

    folder = Path(export_files([ASKED])["value"][0]).parent.parent
    for n in (*range(60), *[59] * 20):
        export_files([ASKED | {"question": f"Who is {n}?"}])
    assert len(list(folder.iterdir())) == 50


ASKED = {
    "schema": 1, "id": None, "question": "Who?", "standalone_question": "Who?", "filters": {}, "status": "refused",
    "text": "", "segments": [], "short_answer": None, "short_answer_span": None, "confidence": 0.0, "threshold": 0.5,
    "certificate": None, "reason": "nothing_found", "unmatched_terms": [], "citations": [], "closest": [],
    "alternatives": [], "index_generation": "x", "timings_ms": {},
}  # fmt: skip


def test_a_turn_that_is_too_long_is_not_restored():
    from rag.serve.ui.conversation import checked, parsed

    assert checked([ASKED]) == [ASKED]
    assert checked([ASKED | {"text": "x" * 60_000}]) == []
    assert [checked(parsed(text)) for text in (None, "", "{", "7", "[7]", "[" * 100_000)] == [[]] * 6


def test_a_server_that_is_ended_leaves_no_files(seed_index, tmp_path):
    (tmp_path / "tmp").mkdir()
    with served(seed_index, tmp_path, TMPDIR=str(tmp_path / "tmp"), XDG_DATA_HOME=str(tmp_path)) as (address, _):
        httpx.post(f"{address}/gradio_api/upload", files={"files": ("a.txt", b"text")})
        assert [file for file in (tmp_path / "tmp").rglob("*") if file.name == "a.txt"] != []
    assert list((tmp_path / "tmp").rglob("*.txt")) == []


# Passwords.


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def tried(door, user, password, address="192.0.2.1"):
    """True, False, or how long to wait."""
    login.client.set(address)
    try:
        return asyncio.run(door.check(user, password))
    except HTTPException as error:
        return int(error.headers["Retry-After"])


def test_wrong_passwords_are_slowed_down_by_address():
    clock = Clock()
    door = Login("anna", "right", clock)
    assert [tried(door, f"user {n}", "wrong") for n in range(3)] == [False] * 3
    waits = []
    for n in range(12):
        waits.append(tried(door, f"other {n}", "wrong"))
        clock.now += waits[-1]
        assert tried(door, f"other {n}", "wrong") is False
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert tried(door, "anna", "right") == 900  # not even the right one, which would tell
    assert tried(door, "anna", "right", "192.0.2.2") is True
    clock.now += 3601
    assert tried(door, "anna", "right") is True


def test_wrong_passwords_are_slowed_down_by_name_from_wherever():
    clock = Clock()
    door = Login("anna", "right", clock)
    right_away = sum(tried(door, "anna", f"guess {n}", f"192.0.2.{n}") is False for n in range(200))
    assert right_away == 3
    clock.now += 10_000
    waits = []
    for n in range(9):
        waits.append(tried(door, "anna", "guess", f"198.51.100.{n}"))
        clock.now += waits[-1] or 0
        tried(door, "anna", "guess", f"203.0.113.{n}")
    assert max(waits) <= 30  # a name cannot be locked out for long by strangers


def test_tries_that_have_to_wait_make_nobody_forgotten():
    clock = Clock()
    door = Login("anna", "right", clock)
    for n in range(3):
        tried(door, "anna", f"guess {n}")
    for n in range(10_001):  # from an address that has to wait itself
        tried(door, f"name {n}", "x")
    assert tried(door, "anna", "guess") == 1


def test_addresses_of_one_customer_count_as_one():
    door = Login("anna", "right", Clock())
    for n in range(3):
        assert tried(door, f"user {n}", "wrong", f"2001:db8::{n + 1}") is False
    assert tried(door, "x", "wrong", "2001:db8::ff") == 1
    assert tried(door, "y", "wrong", "2001:db8:0:1::1") is False
    for n in range(4):
        assert tried(door, f"other {n}", "wrong", f"::ffff:192.0.2.{n + 1}") is False


def test_a_wrong_password_is_logged_with_its_address(caplog):
    door = Login("anna", "right", Clock())
    tried(door, "anna\nroot", "wrong", "192.0.2.7")
    assert "wrong password for user 'anna\\nroot' from '192.0.2.7', number 1" in caplog.text


def test_the_server_slows_wrong_passwords_down(seed_index, tmp_path):
    with served(seed_index, tmp_path, "--auth", "anna:right", XDG_DATA_HOME=str(tmp_path)) as (address, _):
        host = urlsplit(address)
        found = []
        for n in range(30):
            with contextlib.closing(http.client.HTTPConnection(host.hostname, host.port)) as caller:
                caller.request(
                    "POST", "/login", f"username=anna&password=guess{n}",
                    {"content-type": "application/x-www-form-urlencoded"},
                )  # fmt: skip
                found.append(caller.getresponse().status)
        assert found[:3] == [400] * 3
        assert found.count(400) <= 6
        assert set(found[3:]) <= {400, 429}
        with socket.create_connection((host.hostname, host.port)) as raw:  # and nothing is shown without
            raw.sendall(b"GET /config HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b" 401 " in raw.recv(100)
