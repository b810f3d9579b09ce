"""`python -m eval.slips [--data FOLDER] [--sets seeds,squad2]`: what slips of the hand in the questions cost.

Each question is asked as it is, with one slip and with two, of a program that mends them and of the same one that takes
the question as it is typed. A slip exchanges two letters of a word, leaves one out or doubles one, never the first;
which, a question's id decides. Both parts are shown; the rules of `rag.understand.spelling` were made on develop parts.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from eval import datasets
from eval.bench import CACHE, REPORTED, RESULTS, Bench, Options
from eval.cases import Case
from eval.reading import remember
from eval.setup import Setup
from eval.understanders import unmended
from eval.variants import Variants, ask, save, show
from rag.types.settings import load_settings

_WORD = re.compile(r"[A-Za-z]{4,}")


def mistyped(question: str, rng: Random) -> str:
    """The question with one slip; as it is where no word has four letters."""
    places = list(_WORD.finditer(question))
    if not places:
        return question
    m = rng.choice(places)
    at = m.start() + rng.randrange(1, len(m[0]) - 1)
    pair = question[at : at + 2]
    slips = pair[::-1], pair[1], pair[0] + pair
    return question[:at] + rng.choice([slip for slip in slips if slip != pair]) + question[at + 2 :]


def with_slips(cases: Sequence[Case], count: int) -> list[Case]:
    """The cases with so many slips in each question, the same whenever it is asked."""
    out = []
    for case in cases:
        rng, forms = Random(case.id), [case.asked.question]  # noqa: S311 - a seeded draw
        for _ in range(count):
            form = mistyped(forms[-1], rng)
            while form in forms and _WORD.search(form):  # a slip that undoes one before is none
                form = mistyped(forms[-1], rng)
            forms.append(form)
        out.append(replace(case, asked=replace(case.asked, question=forms[-1])))
    return out


def measure(setup: Setup, cases: Sequence[Case]) -> Variants:
    """By part and way of asking the figures of our program."""
    out: Variants = {}
    typed = setup.understanding(unmended(setup.settings.max_question_chars))
    for slips, name in enumerate(("no slip", "one slip", "two slips")):
        for mends in (True, False):
            ask(
                setup if mends else typed, with_slips(cases, slips), f"{name}, {'mended' if mends else 'as typed'}", out
            )
    return out


def main() -> None:
    """Asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", default="seeds,squad2")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args()
    remember()
    data = datasets.folder(options.data)
    bench = Bench(Options(data=data, cache=CACHE, out=options.out), load_settings())
    result = {}
    for name in datasets.available(data, tuple(options.sets.split(",")))[0]:
        dataset = datasets.load(name, data)
        cases = [case for case in dataset.cases if case.part in REPORTED]
        result[name] = measure(bench.setup(dataset), cases)
        show(name, result[name])
    save(options.out / "slips.json", result)


if __name__ == "__main__":
    main()
