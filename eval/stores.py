"""`python -m eval.stores DATABASE [--sets seeds,…] [--sample N]`: does a database answer as its folder does?

Each set's index is built in the cache folder as for the benchmark and copied into the database (`rag copy`), in the
place of what it holds. Then each question is asked of both: text, citations, alternatives and all else must be the
same, the confidence to `CLOSE`. Exit 1 where it is not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.progress import track

from eval import datasets
from eval.bench import CACHE, Bench, Options
from eval.cases import Case
from eval.console import CONSOLE
from eval.parts import sha1
from eval.setup import Setup
from rag.answer.opening import open_assistant
from rag.answer.wire import to_json
from rag.build.copying import copy_generation
from rag.store import at
from rag.types import Reply
from rag.types.errors import InputError
from rag.types.settings import Settings, load_settings

CLOSE = 1e-3
SETS = "seeds,ramdocs,mtrag_un,news,archive"
Ask = Callable[[Case], Reply]


def asks(setup: Setup, settings: Settings) -> Ask:
    """Asks the index of the setup, in the store of these settings."""
    assistant = open_assistant(setup.index, settings, setup.encoder)
    return lambda case: assistant.ask(case.asked.question, history=case.asked.history, day=case.asked.day)


def told(ask: Ask, case: Case) -> dict[str, Any]:
    """All that is said to a question but the times; an error where it cannot be asked."""
    try:
        said: dict[str, Any] = json.loads(to_json(replace(ask(case), timings_ms={})))
    except InputError as error:
        return {"error": str(error)}
    return said


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The names of what differs."""
    close = abs((one.get("confidence") or 0.0) - (other.get("confidence") or 0.0)) <= CLOSE
    keys = sorted({*one, *other} - {"confidence"})
    return [key for key in keys if one.get(key) != other.get(key)] + ([] if close else ["confidence"])


def compared(setup: Setup, cases: Sequence[Case], settings: Settings, database: str) -> dict[str, Any]:
    """Asks these questions of both stores; how many were asked, and what differs."""
    opened = setup.assistant.store  # brings the folder in step
    both = settings, settings.model_copy(update={"store": database})
    with closing(at(setup.index, both[1])) as target:
        name = copy_generation(at(setup.index, both[0]), target)
        asked = [asks(setup, its) for its in both]
        found: dict[str, Any] = {"generation": name, "passages": opened.passage_count, "asked": 0, "answered": 0}
        found |= {"largest difference of confidence": 0.0, "differing": {}}
        for case in track(cases, setup.dataset.name, console=CONSOLE, transient=True):
            one, other = (told(ask, case) for ask in asked)
            found["asked"] += 1
            found["answered"] += one.get("status") == "answered"
            apart = abs((one.get("confidence") or 0.0) - (other.get("confidence") or 0.0))
            found["largest difference of confidence"] = max(found["largest difference of confidence"], apart)
            if differing(one, other):
                found["differing"][case.id] = differing(one, other)
    return found


def main() -> int:
    """Prints a line a set; 1 where an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", help="its address; what it holds is replaced")
    parser.add_argument("--sets", default=SETS)
    parser.add_argument(
        "--sample", type=int, default=0, help="questions of a set, in the order of their hashes; 0: all"
    )
    parser.add_argument("--data", type=Path)
    parser.add_argument("--cache", type=Path, default=CACHE)
    options = parser.parse_args()
    data, settings = datasets.folder(options.data), load_settings()
    names, absent = datasets.available(data, tuple(options.sets.split(",")))
    for message in absent:
        CONSOLE.print(message, highlight=False)
    bench, wrong = Bench(Options(data=data, cache=options.cache), settings), 0
    for name in names:
        dataset = datasets.load(name, data)
        cases = sorted((c for c in dataset.cases if not c.asked.hidden), key=lambda case: sha1(case.id))
        found = compared(bench.setup(dataset), cases[: options.sample or None], settings, options.database)
        wrong += len(found["differing"])
        CONSOLE.print(f"{name}: {json.dumps(found)}", highlight=False, soft_wrap=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
