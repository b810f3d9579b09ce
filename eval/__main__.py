"""`python -m eval`: asks the seed questions and prints how many answers and refusals are right.

Builds an index of the seeds in a temporary folder, so that what is measured is what the seeds give. The figures of the
development half may guide changes; those of the test half are the ones to report.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from eval.items import Item, read
from eval.metrics import Summary, right, summarise
from eval.parts import seed_half
from rag.asking import to_json
from rag.pipeline import Assistant, open_assistant, sync_index
from rag.settings import load_settings
from rag.types import Reply
from rag.verify import verify

RESULTS = Path(__file__).parent / "results"
_SEEDS = Path("seeds")


def ask_all(items: Sequence[Item], assistant: Assistant) -> list[Reply]:
    """One reply an item, each question asked alone."""
    return [
        assistant.ask(item.question, id=item.id)
        for item in track(items, "asking", console=Console(stderr=True), transient=True)
    ]


def lines(title: str, summary: Summary) -> list[str]:
    """The summary for a person."""
    return [
        f"{title}",
        f"  answerable, answered right      {summary.answerable_right}",
        f"  unanswerable, refused           {summary.unanswerable_refused}",
        f"  right answers and refusals      {summary.joint}",
        f"    always refusing would get     {summary.always_refusing}",
        f"  short answer given              {summary.short_given}",
        f"  short answer right (F1 >= 0.5)  {summary.short_right}",
        f"  quoted per answer               {summary.quoted_chars:.0f} characters, "
        f"{summary.quoted_sentences:.2f} sentences",
    ]


def wrong_lines(items: Sequence[Item], replies: Sequence[Reply]) -> list[str]:
    """Each wrong answer or refusal on one line, for reading."""
    out = []
    for item, reply in zip(items, replies, strict=True):
        if not right(item, reply):
            shown = (reply.citations or reply.closest)[:1]
            quote = shown[0].quote if shown else ""
            gold = " | ".join(g.text for g in item.gold) or "(no answer)"
            out.append(f"  {item.id} {item.category}: {item.question} [{reply.confidence}] -> {quote!r}; gold {gold}")
    return out


def main() -> int:
    """Runs the evaluation; 1 when `rag verify` finds a violation."""
    items = read()
    settings = load_settings()
    with tempfile.TemporaryDirectory() as work:
        index = Path(work, "index")
        sync_index(_SEEDS, index, settings)
        assistant = open_assistant(index, settings)
        replies = ask_all(items, assistant)
    RESULTS.mkdir(exist_ok=True)
    answers = RESULTS / "seeds.answers.jsonl"
    answers.write_text("".join(to_json(reply) + "\n" for reply in replies), encoding="utf-8")
    for half in ("develop", "test"):
        chosen = [i for i, item in enumerate(items) if seed_half(item.id) == half]
        part = [items[i] for i in chosen], [replies[i] for i in chosen]
        print("\n".join(lines(f"seed questions, {half} half", summarise(*part))))
        if half == "develop":
            print("\n".join(["  wrong on the development half:", *wrong_lines(*part)]))
    print("\n".join(lines("seed questions, both halves", summarise(items, replies))))
    times = [reply.timings_ms["total"] for reply in replies]
    print(f"milliseconds a question: median {np.median(times):.0f}, 95th percentile {np.percentile(times, 95):.0f}")
    print(f"statuses: {dict(Counter(reply.status for reply in replies))}")
    verdict = verify(answers, _SEEDS)
    print(f"violations of grounding: {len(verdict.findings)} in {verdict.quotations} quotations ({answers})")
    return 1 if verdict.findings else 0


if __name__ == "__main__":
    sys.exit(main())
