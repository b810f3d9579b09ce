"""The public library: its page's examples run, its table is of the code, and its names are those that are listed."""

import asyncio
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import rag
from rag import library
from rag.answer.given import Quoting
from rag.answer.opening import open_assistant
from rag.answer.reader import networks
from rag.cli.parser import app
from rag.extract import ReadingExtractor, shipped_model
from rag.serve import http, openai
from rag.serve.asking import Asking
from rag.serve.line import Line
from rag.types.settings import Settings
from tests.conftest import ARTICLE, ROOT, SEEDS

PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
QUESTION = "Who is Japan's Prime Minister?"


def sections():
    for part in PAGE.split("\n## ")[1:]:
        title, _, text = part.partition("\n")
        code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
        if code:
            yield pytest.param(code, id=title)


@pytest.mark.model
@pytest.mark.parametrize("code", list(sections()))
def test_an_example_of_the_page_runs(code, seed_index, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seeds").mkdir()
    shutil.copy(SEEDS / ARTICLE, tmp_path / "seeds")
    shutil.copytree(seed_index, tmp_path / "index")
    space: dict[str, object] = {}
    exec(compile(code, "docs/library.md", "exec"), space)  # noqa: S102 - our own page
    for name, said in (("answer", "Sanae Takaichi"), ("own", "Ann Lee")):
        if name in space:
            assert space[name]["short_answer"] == said
    if "articles" in space:
        assert (space["reply"].short_answer, space["cited"].path) == ("Sanae Takaichi", ARTICLE)
        assert [len(space["hits"]), space["report"].articles] == [3, 1]
    if "answers" in space:
        assert space["answers"][0].data == "Ann Lee"
    if "kept" in space:
        assert 1 <= len(space["kept"]) < len(space["nodes"]) == 5


def test_the_public_names_are_those_of_the_library():
    assert rag.__all__ == sorted(library.__all__) == library.__all__
    for name in rag.__all__:
        assert getattr(rag, name) is getattr(library, name)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = rag.nothing


def test_importing_the_package_loads_nothing_else():
    program = "import sys, rag; print([n for n in sys.modules if n.split('.')[0] in ('rag', 'numpy', 'pydantic')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['rag']"


def table():
    rows = [line.split("|") for line in PAGE.partition("<!-- ways:")[2].splitlines() if " | " in line]
    _, *body = [[re.findall(r"`([^`]+)`", cell) for cell in row] for row in rows]
    names = ("command", "library", "http", "gradio", "mcp", "openai")
    return {name: [row[at][0] for row in body if row[at]] for at, name in enumerate(names, 1)}


def test_the_table_of_ways_is_that_of_the_code():
    said = table()
    commands = {command.callback.__name__ for command in app.registered_commands}
    commands |= {group.name for group in app.registered_groups}
    # Of the index and the server themselves.
    apart = {"feedback", "check", "copy", "pin", "list_pins", "chat", "serve", "users"}
    assert {one.split()[0] for one in said["command"]} == commands - apart
    for name in said["library"]:
        owner, _, method = name.rpartition(".")
        assert callable(getattr(getattr(rag, owner) if owner else rag, method))
    asking = Asking(None)
    for name, module in (("http", http), ("openai", openai)):
        routes = {f"{next(iter(r.methods))} {r.path}" for r in module.routes(asking, Line()).routes}
        assert set(said[name]) == routes - {"GET /v1/models", "GET /v1/models/{model}"}
    source = (ROOT / "rag" / "serve" / "ui" / "__init__.py").read_text()
    offered = re.findall(r'gr\.api\((\w+), api_name="(\w+)"', source)
    assert {one.strip("/") for one in said["gradio"]} == {endpoint for _, endpoint in offered}
    assert set(said["mcp"]) == {function for function, _ in offered}


@pytest.mark.model
def test_the_library_is_used_from_threads_and_async_code(seed_index):
    articles, reader = rag.Articles(seed_index), rag.Reader()
    document = rag.Document("Ann Lee left on Monday.", id="a")

    async def several():
        asked = articles.aask(QUESTION), articles.asearch(QUESTION, 2)
        return await asyncio.gather(
            *asked, reader.aquote("Who left?", [document]), reader.aread("Who left?", document.text)
        )

    reply, hits, quoted, reading = asyncio.run(several())
    assert (reply.short_answer, len(hits), quoted.short_answer, reading.short_answer) == (
        "Sanae Takaichi",
        2,
        "Ann Lee",
        "Ann Lee",
    )
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(articles.ask, [QUESTION] * 24))
    assert {(one.text, one.confidence) for one in replies} == {(reply.text, reply.confidence)}


@pytest.mark.model
def test_bad_input_is_an_error_with_a_name(seed_index, tmp_path):
    articles, reader = rag.Articles(seed_index), rag.Reader()
    with pytest.raises(rag.InputError, match="asked: "):
        articles.ask("Who?", asked="monday")
    with pytest.raises(rag.InputError, match="'from' is after 'to'"):
        articles.ask("Who?", filters={"from": "2025-01-02", "to": "2025-01-01"})
    with pytest.raises(rag.InputError, match="k is 0"):
        articles.search("Who?", 0)
    with pytest.raises(rag.InputError, match="two documents have the id 'a'"):
        reader.quote("Who left?", [rag.Document("x", id="a"), rag.Document("y", id="a")])
    with pytest.raises(rag.InputError, match="a date that is no day"):
        reader.quote("Who left?", [rag.Document("x", id="a", date="soon")])
    with pytest.raises(rag.InputError, match="at most 200 documents"):
        reader.quote("Who left?", [rag.Document("x" * 200_001, id="a")])
    with pytest.raises(rag.SeedError):
        rag.build_index(tmp_path / "none", tmp_path / "index")
    assert reader.quote("Who left?", []).status == "refused"
    assert reader.quote("hello", [rag.Document("Ann left.", id="a")]).status == "refused"


@pytest.mark.model
def test_each_question_of_two_is_read_in_its_own_passages():
    """The passages that are read are the nearest of each, and not of the first alone."""
    bridge = rag.Document("The stone bridge at Kew was built by Marta Wilk in 1998.", id="bridge")
    castle = rag.Document("The castle of Ludwig is in Ludlow.", id="castle")
    more = [rag.Document(f"The stone bridge number {n} is near Kew, and old.", id=str(n)) for n in range(14)]
    question = "Who built the stone bridge at Kew? Where is the castle of Ludwig?"
    reply = rag.Reader().quote(question, [bridge, castle, *more])
    assert {cited.article_id for cited in reply.citations} == {"bridge", "castle"}


@pytest.mark.model
def test_the_best_of_several_passages_is_judged_as_one_that_was_chosen():
    model, reader = shipped_model(), rag.Reader()
    bridge, ferry = (rag.Document(text, id=text) for text in ("The bridge opened in 1874.", "The ferry sank in 1901."))
    assert reader.quote("When did the bridge open?", [bridge]).threshold == model.given.threshold
    assert reader.quote("When did the bridge open?", [bridge, ferry]).threshold == model.both.threshold
    assert reader.candidates("When did the bridge open?", [bridge, ferry])[0].answers


@pytest.mark.model
def test_fast_reads_half_the_passages_of_an_index_and_all_that_are_given(seed_index):
    class Counting(ReadingExtractor):
        def extract(self, question, hits):
            counted.append(len(hits))
            return super().extract(question, hits)

    counted = []
    for fast in (False, True):
        extractor = Counting(networks(), shipped_model(), fast=fast)
        open_assistant(seed_index, Settings(passages=6, fast=fast), extractor=extractor).ask(QUESTION)
    assert counted == [6, 3]
    documents = [rag.Document(f"The bridge number {n} at Kew was built in {1900 + n}.", id=str(n)) for n in range(8)]
    whole, quick = (
        Quoting(Settings(passages=6, fast=fast)).candidates("When was bridge number 7 built?", documents)
        for fast in (False, True)
    )
    assert quick == whole


@pytest.mark.model
def test_a_line_of_a_site_takes_nothing_away():
    text = "Subscribe to our newsletter.\nThe bridge was built by Marta Wilk in 1998."
    assert rag.Reader().quote("Who built the bridge?", [rag.Document(text, id="a")]).short_answer == "Marta Wilk"


@pytest.mark.model
def test_what_is_no_text_is_an_error_that_names_the_document():
    reader = rag.Reader()
    for fields in ({"text": None}, {"id": 3}, {"date": 20240101}, {"url": b"x"}):
        with pytest.raises(rag.InputError, match="document 1 has a field that is no text"):
            reader.quote("Who?", [rag.Document("x", id="x"), rag.Document(**({"text": "a", "id": "a"} | fields))])
    for fields in ({"text": "\ud800"}, {"title": "\ud800"}):
        with pytest.raises(rag.InputError, match="document 0 holds half of a surrogate pair"):
            reader.quote("Who?", [rag.Document(**({"text": "a", "id": "a"} | fields))])
    with pytest.raises(rag.InputError, match="half of a surrogate pair"):
        reader.read("Who?", "\ud800")
    with pytest.raises(rag.InputError, match="has 200,001 characters"):
        reader.read("Who?", "x" * 200_001)


@pytest.mark.model
def test_offsets_are_into_the_text_as_it_was_given():
    text = "  \n\n\tAnn  Lee\u00a0left on Monday.\r\n\r\nShe came\nback on Friday.\n"
    reader = rag.Reader()
    for question, short in (("Who left on Monday?", "Ann  Lee"), ("When did she come back?", "Friday")):
        reply = reader.quote(question, [rag.Document(text, id="a")])
        assert reply.short_answer == short
        for cited in reply.citations:
            assert text[cited.start : cited.end] == cited.quote
