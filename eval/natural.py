"""`python -m eval.natural [--data FOLDER]`: sixty natural questions on five articles of the archive, each outcome.

They were written from the articles before the time was fitted (`questions/natural.jsonl`; machine-written), and are
asked of the whole archive, on a day soon after their article and without a day. *right*: the first quotation holds
words of the answer, or nothing is answered where the article holds no answer. Another article may be as right.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from rich.table import Table

from eval import datasets
from eval.bench import CACHE, Bench, Options
from eval.console import CONSOLE
from eval.datasets.lines import rows
from rag.calibrate.judge import holds_words
from rag.types import Reply
from rag.types.settings import load_settings

FILE = Path(__file__).parent / "questions" / "natural.jsonl"


def outcome(reply: Reply, answers: list[str]) -> str:
    """The status or reason, and whether it is right; of a refusal, whether an answer stands first."""
    shown = reply.citations or reply.closest
    said = "answered" if reply.status == "answered" else reply.reason or ""
    if not answers:
        return f"{said}, {'wrong' if said == 'answered' else 'right'}"
    held = bool(shown) and holds_words(shown[0].quote, answers)
    return f"{said}, {'right' if held else 'wrong'}"


def main() -> None:
    """Asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    data = datasets.folder(parser.parse_args().data)
    setup = Bench(Options(data=data, cache=CACHE), load_settings()).setup(datasets.load("archive", data))
    table = Table("day", "question", "on its day", "short answer or quotation", "without a day")
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in rows(FILE):
        replies = [setup.assistant.ask(row["question"], day=day) for day in (row["asked"], None)]
        found = [outcome(reply, row["answers"]) for reply in replies]
        shown = (replies[0].citations or replies[0].closest)[0].quote
        table.add_row(row["asked"], row["question"], found[0], replies[0].short_answer or f"“{shown[:60]} …”", found[1])
        for when, its in zip(("on its day", "without a day"), found, strict=True):
            counts[when, "answerable" if row["answers"] else "not answerable", its] += 1
    CONSOLE.print(table)
    for key, count in sorted(counts.items()):
        CONSOLE.print(f"{', '.join(key)}: {count}")


if __name__ == "__main__":
    main()
