"""`python -m eval.nomiracl`: refuses where none of ten retrieved passages answers, and answers where one does.

NoMIRACL (Thakur et al. 2024) in English: people judged ten passages of Wikipedia for each question. Reported is the
share refused of the questions that no passage answers, beside the share answered of the others, their mean, and how
well the confidence tells the two apart. The authors' figures of language models are on the whole of their test set.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.progress import track

from eval import datasets
from eval.console import CONSOLE
from eval.datasets.lines import rows
from eval.datasets.training import NOMIRACL
from eval.metrics.intervals import Share
from eval.metrics.refusal import auroc
from eval.parts import folded, parts_of
from rag.answer.given import Document, Quoting
from rag.types.settings import load_settings

# Percent refused of the unanswerable, answered of the answerable.
PUBLISHED = {
    "GPT-4": (57, 95),
    "Mixtral-8x7B": (72, 79),
    "GPT-3.5": (55, 91),
    "Mistral-7B": (90, 35),
    "LLAMA-2-70B": (0, 85),
}


def questions(data: Path, part: str) -> list[dict[str, Any]]:
    """The rows of a part, `develop` or `test`; a question is in one part alone."""
    found = rows(data / NOMIRACL)
    parts = parts_of("nomiracl", (folded(row["question"]) for row in found))
    return [row for row in found if parts[folded(row["question"])] == part]


def documents(row: Mapping[str, Any]) -> list[Document]:
    """The passages of a question in the order in which they were retrieved."""
    titled = (text.partition(": ") for text in row["contexts"])
    return [Document(text, id, title) for id, (title, _, text) in zip(row["docids"], titled, strict=True)]


def table(answerable: Sequence[bool], answered: Sequence[bool], sure: Sequence[float]) -> list[str]:
    """The lines of the report."""
    pairs = list(zip(answerable, answered, strict=True))
    refused = Share(sum(not a for its, a in pairs if not its), answerable.count(False))
    given = Share(sum(a for its, a in pairs if its), answerable.count(True))
    mean = 100 * (refused.value + given.value) / 2
    lines = [f"refused of the unanswerable: {refused}", f"answered of the answerable:  {given}"]
    lines += [f"mean: {mean:.1f}", f"AUROC answerable: {auroc(answerable, sure):.3f}", ""]
    lines += [f"{'published':<16}refused  answered  mean"]
    return lines + [f"{name:<16}{a:>7}{b:>10}{math.floor((a + b) / 2 + 0.5):>6}" for name, (a, b) in PUBLISHED.items()]


def main() -> int:
    """Asks and prints; 2 where the set is not there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--part", choices=("develop", "test"), default="test")
    options = parser.parse_args()
    try:
        data = datasets.folder(options.data)
        if data is None or not (data / NOMIRACL).is_file():
            raise FileNotFoundError(f"{NOMIRACL} is not there; give its folder with --data or {datasets.VARIABLE}")
        asked = questions(data, options.part)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    quoting = Quoting(load_settings())
    replies = [quoting.quote(row["question"], documents(row)) for row in track(asked, console=CONSOLE)]
    answered = [reply.status == "answered" for reply in replies]
    for line in table([row["answerable"] for row in asked], answered, [reply.confidence or 0.0 for reply in replies]):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
