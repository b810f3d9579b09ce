"""`python -m eval.chat`: what it costs to ask the seed questions as in a chat, and whole topics.

`questions/chat.jsonl` has each seed question once more, as somebody might type it: with greetings, requests to be told,
a sentence before it, in lower case. `questions/topics.jsonl` asks for what there is on a topic ("Tell me about THAAD");
right is a first quotation that is one of the sentences on it, and of topics that the article does not have a refusal.
Both are machine-written, without a look at the rules of `rag.understand`; these were made reading the develop half.
Each is asked of the program as it is, and of the same one that takes questions as they are typed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.bench import CACHE, RESULTS, Bench, Options
from eval.cases import Asked, Case, Gold
from eval.datasets import seeds
from eval.datasets.lines import rows
from eval.parts import seed_half
from eval.reading import remember
from eval.setup import Setup
from eval.understanders import AsTyped
from eval.variants import Variants, ask, save, show
from rag.types.settings import load_settings

CHAT = seeds.FILE.with_name("chat.jsonl")
TOPICS = seeds.FILE.with_name("topics.jsonl")


def chatty(cases: Sequence[Case]) -> list[Case]:
    """The seed questions as they are put in a chat."""
    typed = {row["id"]: row["question"] for row in rows(CHAT)}
    return [replace(case, asked=replace(case.asked, question=typed[case.id])) for case in cases]


def topics() -> list[Case]:
    """What is asked for on whole topics."""
    text = {path.name: path.read_text(encoding="utf-8") for path in seeds.SEEDS.iterdir() if path.suffix == ".txt"}
    out = []
    for row in rows(TOPICS):
        of = row["article_id"]
        gold = tuple(Gold(of, g["start"], g["end"], text[of][g["start"] : g["end"]]) for g in row["gold"])
        case = Case(row["id"], Asked(row["question"]), seed_half(row["id"]), row["id"], "sentence", bool(gold), gold)
        out.append(replace(case, answers=tuple(g.text for g in gold)))
    return out


def measure(setup: Setup) -> Variants:
    """By part and way of asking the figures of our program."""
    asked = {"seeds": setup.dataset.cases, "in a chat": chatty(setup.dataset.cases), "topics": topics()}
    out: Variants = {}
    typed = setup.understanding(AsTyped(setup.settings.max_question_chars))
    for name, cases in asked.items():
        ask(typed, cases, f"{name}, as typed", out)
        ask(setup, cases, f"{name}, made plain", out)
    return out


def main() -> None:
    """Asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    remember()
    result = measure(Bench(Options(cache=CACHE, out=options.out), load_settings()).setup(seeds.read()))
    show("seeds", result)
    save(options.out / "chat.json", {"seeds": result})


if __name__ == "__main__":
    main()
