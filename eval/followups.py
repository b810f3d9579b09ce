"""`python -m eval.followups [--data FOLDER]`: how well follow-up questions are understood.

Three ways of asking are compared: the last question alone, the last two questions joined, and the program's own
standalone question. On conversations over the seed article (`questions/conversations.jsonl`, halves by the SHA-1 of
the id) the program answers the turns before itself; a last answer is right when its first quotation holds an accepted
text, of an unanswerable one when it refuses. On MTRAG-UN (develop and test part) the passages that an answerable turn
was answered from are to be among the first 1, 5 and 10.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.progress import track
from rich.table import Table

from eval import datasets
from eval.bench import CACHE, RESULTS, Bench, Options
from eval.cases import Dataset
from eval.console import CONSOLE
from eval.datasets.lines import rows
from eval.parts import seed_half
from eval.understanders import LastTurns
from rag.answer.assistant import Assistant
from rag.calibrate.judge import holds_words
from rag.types import Turn, Understander
from rag.types.settings import load_settings

FILE = Path(__file__).parent / "questions" / "conversations.jsonl"
CUTS = (1, 5, 10)


def ways(own: Understander) -> dict[str, Understander]:
    """By name the ways to understand a question with turns before it."""
    return {"alone": LastTurns(own, 0), "last two": LastTurns(own, 1), "ours": own}


WAYS = ("alone", "last two", "ours")


def on_seeds(assistant: Assistant) -> list[dict[str, Any]]:
    """One line a conversation: its part, its sort, and by way what was searched and whether that was right."""
    out = []
    for row in track(rows(FILE), "conversations", console=CONSOLE, transient=True):
        history: list[Turn] = []
        for question in row["turns"]:
            reply = assistant.ask(question, history=history)
            history.append(Turn(question, reply.short_answer or ""))
        found: dict[str, Any] = {"id": row["id"], "part": seed_half(row["id"]), "sort": row["sort"], "ways": {}}
        for way, understander in ways(assistant.components.understander).items():
            reply = assistant.with_understander(understander).ask(row["question"], history=history)
            answered = reply.status == "answered"
            right = answered and holds_words(reply.citations[0].quote, row["gold"]) if row["gold"] else not answered
            found["ways"][way] = {"searched": reply.standalone_question, "right": right, "status": reply.status}
        out.append(found | {"answerable": bool(row["gold"])})
    return out


def on_turns(dataset: Dataset, assistant: Assistant) -> dict[str, dict[str, list[int]]]:
    """By part and way how many gold passages are among the first of CUTS, and how many turns there are."""
    out: dict[str, dict[str, list[int]]] = {}
    assistants = {way: assistant.with_understander(u) for way, u in ways(assistant.components.understander).items()}
    for case in track(dataset.cases, "turns", console=CONSOLE, transient=True):
        if not case.answerable or not case.asked.history or case.part not in ("develop", "test"):
            continue
        gold = {one.article_id for one in case.gold}
        for way, asked in assistants.items():
            hits = asked.search(case.asked.question, 10, history=case.asked.history, day=case.asked.day)
            counts = out.setdefault(case.part, {}).setdefault(way, [0] * (len(CUTS) + 1))
            for at, cut in enumerate(CUTS):
                counts[at] += any(hit.passage.info.article_id in gold for hit in hits[:cut])
            counts[-1] += 1
    return out


def _seeds_table(found: Sequence[dict[str, Any]]) -> Table:
    table = Table("part", "sort", *WAYS)
    for part in ("develop", "test"):
        its = [one for one in found if one["part"] == part]
        sorts = [(f"sort {sort}", [o for o in its if o["sort"] == sort]) for sort in sorted({o["sort"] for o in its})]
        for name, some in [("all", its), ("answerable", [o for o in its if o["answerable"]]), *sorts]:
            cells = []
            for way in WAYS:
                right = sum(one["ways"][way]["right"] for one in some)
                cells.append(f"{right}/{len(some)}")
            table.add_row(part, name, *cells)
    return table


def main() -> None:
    """Asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    data = datasets.folder(options.data)
    bench = Bench(Options(data=data, cache=CACHE, out=options.out), load_settings())
    found = on_seeds(bench.setup(datasets.load("seeds", data)).assistant)
    CONSOLE.print(_seeds_table(found))
    result: dict[str, Any] = {"seeds": found}
    if "mtrag_un" in datasets.available(data, ("mtrag_un",))[0]:
        dataset = datasets.load("mtrag_un", data)
        result["mtrag_un"] = on_turns(dataset, bench.setup(dataset).assistant)
        table = Table("part", "way", *(f"gold in {cut}" for cut in CUTS), "turns")
        for part, ways in result["mtrag_un"].items():
            for way, counts in ways.items():
                table.add_row(part, way, *(f"{count / counts[-1]:.3f}" for count in counts[:-1]), str(counts[-1]))
        CONSOLE.print(table)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "followups.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
