"""`python -m eval.timing INDEX < QUESTIONS`: milliseconds a question, each asked alone, without the vector cache.

A process of its own, so that its peak memory is that of the program. Prints one JSON object: median and 95th
percentile by stage, and peak memory in MB.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.answer.opening import open_assistant
from rag.types.settings import load_settings


def measure(index: Path, questions: Sequence[str]) -> dict[str, Any]:
    """Asks each question once after a warm-up."""
    settings = load_settings()
    assistant = open_assistant(index, settings)
    assistant.ask("What is the meaning of the word that nobody wrote?")
    timings = [assistant.ask(question).timings_ms for question in questions]
    stages = {}
    for stage in timings[0]:
        values = [t[stage] for t in timings]
        stages[stage] = {"median": float(np.median(values)), "p95": float(np.percentile(values, 95))}
    return {"questions": len(timings), "stages_ms": stages, "peak_memory_mb": peak_memory_mb()}


def peak_memory_mb() -> float | None:
    """Peak resident memory of this process; None where the system does not say.

    Not `getrusage`: a child's begins with what its parent had when it was started.
    """
    status = Path("/proc/self/status")
    if not status.is_file():
        return None
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    return round(int(found[1]) / 1024, 1) if found else None


def in_process_of_its_own(index: Path, questions: Sequence[str]) -> dict[str, Any]:
    """`measure` in a new interpreter."""
    line = [sys.executable, "-m", "eval.timing", str(index)]
    done = subprocess.run(line, input=json.dumps(list(questions)), capture_output=True, text=True, check=True)  # noqa: S603 - our own command
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), json.load(sys.stdin))))
