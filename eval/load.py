"""`python -m eval.load --index INDEX --questions FILE [--people 20] [--way http]`: many people asking at once.

Starts `rag serve` on the index and lets so many simulated people ask by plain HTTP or through Gradio's API, each the
next question as soon as the last one is answered. Prints errors, answers a second, median and 95th percentile of the
time a person waits, and the server's memory before, after, and some seconds later. `--questions` is a JSONL file with
`question` in each line. `eval.editing` does it while articles come in.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from eval.datasets.lines import rows

_ENDING = 30  # seconds
_TIDIED = 12  # seconds, after which the server has given memory back


@contextmanager
def served(index: Path, seeds: Path, *options: str, **environment: str) -> Iterator[tuple[str, int]]:
    """(address, process id) of a server of its own. Raises RuntimeError where it ends too early, or not at all."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [sys.executable, "-u", "-m", "rag.cli", "serve", *options]
    line += ["--index", str(index), "--seeds", str(seeds), "--port", str(port)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=os.environ | environment) as server:  # noqa: S603 - our own command
        try:
            said = server.stdout.readline() if server.stdout else ""
            if "http://" not in said:
                raise RuntimeError(f"the server did not start: {said}")
            yield f"http://127.0.0.1:{port}", server.pid
        finally:
            server.terminate()
            try:
                server.wait(_ENDING)
            except subprocess.TimeoutExpired as late:
                server.kill()
                raise RuntimeError(f"the server did not end within {_ENDING} seconds") from late


def memory_mb(pid: int) -> dict[str, int]:
    """Memory of a process: resident, its share of that (`Pss`), and what of it is in no file."""
    found = dict(re.findall(r"^(\w+):\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE))
    return {name.lower(): round(int(found[name]) / 1024) for name in ("Rss", "Pss", "Anonymous")}


Ask = Callable[[str], Any]  # a question -> the object of schema 1


def by_gradio(address: str, headers: Mapping[str, str] = {}) -> Ask:
    """Asks through Gradio's API, with its client."""
    from gradio_client import Client

    client = Client(address, verbose=False, download_files=False, headers=dict(headers))
    return lambda question: client.predict(question, api_name="/ask")


def by_http(address: str, headers: Mapping[str, str] = {}) -> Ask:
    """Asks by plain HTTP, over one connection."""
    import httpx

    client = httpx.Client(base_url=address, timeout=600, headers=headers)
    return lambda question: client.post("/v1/ask", json={"question": question}).json()


WAYS: Mapping[str, Callable[..., Ask]] = {"http": by_http, "gradio": by_gradio}


def asking(
    address: str,
    questions: Sequence[str],
    people: int,
    seconds: float,
    way: str = "http",
    *,
    headers: Mapping[str, str] = {},
    replies: list[Any] | None = None,
) -> dict[str, Any]:
    """Milliseconds waited for each answer, and what failed. What is answered is added to `replies`."""
    waits: list[float] = []
    errors: list[str] = []
    lock = threading.Lock()
    clients = [WAYS[way](address, headers) for _ in range(people)]
    end = time.monotonic() + seconds

    def person(number: int) -> None:
        at = number
        while time.monotonic() < end:
            begin = time.monotonic()
            try:
                reply = clients[number](questions[at % len(questions)])
                wrong = reply.get("error") if reply["status"] == "error" else None
                if replies is not None and wrong is None:
                    replies.append(reply)
            except Exception as error:  # noqa: BLE001 - whatever fails is what is counted
                wrong = f"{type(error).__name__}: {error}"
            with lock:
                waits.append(1000 * (time.monotonic() - begin))
                errors.extend([wrong] if wrong else [])
            at += people

    threads = [threading.Thread(target=person, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {
        "answers": len(waits),
        "errors": len(errors),
        "first_errors": errors[:3],
        "answers_a_second": round(len(waits) / seconds, 2),
        "median_ms": round(float(np.median(waits))),
        "p95_ms": round(float(np.percentile(waits, 95))),
    }


def main() -> None:
    """Serves, asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--seeds", type=Path, default=Path("seeds"))
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--way", choices=WAYS, default="http")
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    questions = [row["question"] for row in rows(options.questions)]
    with served(options.index, options.seeds, "--no-upload") as (address, pid):
        asking(address, questions, 1, 5, options.way)  # warm
        before = memory_mb(pid)
        found = asking(address, questions, options.people, options.seconds, options.way)
        found |= {"memory_before_mb": before, "memory_after_mb": memory_mb(pid)}
        time.sleep(_TIDIED)
        found["memory_later_mb"] = memory_mb(pid)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
