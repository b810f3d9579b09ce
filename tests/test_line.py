"""The one line in which the questions of the page, of Gradio's API and of /v1 wait."""

import asyncio
import json
import socket
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest
import uvicorn
from gradio_client import Client

from rag.answer.opening import LiveAssistant, open_assistant
from rag.answer.reader import networks
from rag.extract import ReadingExtractor, shipped_model
from rag.serve import Serving, application
from rag.serve.line import AT_ONCE, WAITING, Busy, Line
from rag.types.settings import Settings
from tests.conftest import SEEDS, TAKAICHI

EACH = 5  # questions by each way
_LONG = 180  # seconds that one may take where others use the machine


class Watched:
    """The shipped extractor, a little slower, which knows how many questions it had at once."""

    def __init__(self):
        self._its, self._lock = ReadingExtractor(networks(), shipped_model()), threading.Lock()
        self.now = self.most = self.all = 0

    def extract(self, query, hits):
        with self._lock:
            self.now, self.all = self.now + 1, self.all + 1
            self.most = max(self.most, self.now)
        time.sleep(0.3)
        found = self._its.extract(query, hits)
        with self._lock:
            self.now -= 1
        return found


@contextmanager
def served(index, extractor):
    """The address of a server in this process, whose questions are read by an extractor."""
    live = LiveAssistant(index, Settings())
    live._assistant = open_assistant(index, Settings(), live.current().components.encoder, extractor=extractor)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        where = Serving(index, SEEDS, port=listening.getsockname()[1], api=True)
        made = Future()

        async def serve():  # the page is made in a loop, as Gradio would open one of its own and leave it
            config = uvicorn.Config(application(live, where), log_level="warning", timeout_graceful_shutdown=1)
            server = uvicorn.Server(config)
            made.set_result(server)
            await server.serve([listening])

        running = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        running.start()
        server = made.result(60)
        try:
            yield f"http://127.0.0.1:{where.port}"
        finally:
            server.should_exit = True
            running.join(30)


def by_the_page(address, config, person):
    """Asks as the page does; the text of the answer in the chat."""
    components = {one["props"].get("elem_id"): one["id"] for one in config["components"]}
    asking = next(one for one in config["dependencies"] if [components["ask"], "click"] in one["targets"])
    values = {one["id"]: one["props"].get("value") for one in config["components"]}
    data = [TAKAICHI if at == components["question"] else values.get(at) for at in asking["inputs"]]
    what = {"data": data, "fn_index": asking["id"], "session_hash": person, "trigger_id": components["ask"]}
    with httpx.Client(base_url=f"{address}/gradio_api", timeout=_LONG) as client:
        client.post("/queue/join", json=what).raise_for_status()
        with client.stream("GET", "/queue/data", params={"session_hash": person}) as events:
            for line in filter(None, events.iter_lines()):
                event = json.loads(line.removeprefix("data: "))
                if event["msg"] == "process_completed":
                    assert event["success"], event
                    return
    raise AssertionError("the stream ended before the answer")


@pytest.mark.model
def test_questions_of_the_page_and_of_the_apis_are_counted_together(seed_index):
    watched = Watched()
    with served(seed_index, watched) as address:
        client = Client(address, verbose=False, httpx_kwargs={"timeout": _LONG})
        config = httpx.get(f"{address}/config", timeout=_LONG).json()
        while not (seed_index / "suggestions.json").is_file() or watched.now:  # the page asks some at its start
            time.sleep(0.1)
        watched.most = watched.all = 0

        def by_http(_):
            return httpx.post(f"{address}/v1/ask", json={"question": TAKAICHI}, timeout=_LONG).json()["status"]

        def by_gradio(_):
            return client.predict(TAKAICHI, api_name="/ask")["status"]

        with ThreadPoolExecutor(3 * EACH) as people:
            asked = [people.submit(way, one) for one in range(EACH) for way in (by_http, by_gradio)]
            asked_there = [people.submit(by_the_page, address, config, f"person{one}") for one in range(EACH)]
            assert [one.result() for one in asked] == ["answered"] * 2 * EACH
            for one in asked_there:
                one.result()
    assert (watched.all, watched.most) == (3 * EACH, AT_ONCE)


def test_who_came_first_is_first_and_who_comes_too_late_is_told():
    async def crowd():
        line, begun, free = Line(), [], threading.Event()
        last = threading.Event()

        def hold():
            last.wait(30)

        def first():
            free.wait(30)

        held = [asyncio.create_task(line.run(work)) for work in (*[hold] * (AT_ONCE - 1), first)]
        await asyncio.sleep(0.1)
        waiting = []
        for number in range(WAITING):
            waiting.append(asyncio.create_task(line.run(lambda number=number: begun.append(number))))
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        with pytest.raises(Busy, match="too many questions wait"):
            await line.run(lambda: None)
        assert begun == []
        free.set()  # the rest is answered in the one place that is free
        await asyncio.gather(*waiting)
        last.set()
        await asyncio.gather(*held)
        return begun

    assert asyncio.run(crowd()) == list(range(WAITING))
