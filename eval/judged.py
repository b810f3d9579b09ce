"""`python -m eval.judged --data FOLDER`: how far the string test of the news agrees with 150 judgements by reading.

The judged quotations are first sentences given by four systems (ours, ours over the lexical ranking, word coverage,
cosine threshold) to scorable questions of the test part, 90 that the string test takes for right and 60 that it does
not, drawn by chance and shown in one shuffled list without the system's name and without the verdict of the test. A
quotation was judged right when it tells a reader the accepted answer to this question; naming the answer's words in
another matter, or of another year, is wrong, and the answer in other words is right. The file keeps places and hashes,
no text.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval import datasets
from eval.cases import Quote, texts
from eval.datasets.lines import rows
from eval.metrics.answers import right_quotation
from eval.metrics.intervals import Share
from rag import load

FILE = Path(__file__).parent / "questions" / "judged_news.jsonl"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares of the judged quotations."""

    right_where_test_says_right: Share  # the precision of the string test
    right_where_test_says_wrong: Share  # what it misses
    stale: int  # quotations whose words have changed since; not counted


def agreement(judged: list[dict[str, Any]], cases: dict[str, Any], articles: dict[str, str]) -> Agreement:
    """Applies the string test to the judged quotations again."""
    said: dict[bool, list[bool]] = {True: [], False: []}
    stale = 0
    for row in judged:
        text = articles.get(row["article_id"], "")[row["start"] : row["end"]]
        if hashlib.sha256(text.encode()).hexdigest()[:16] != row["sha256"]:
            stale += 1
            continue
        quote = Quote(row["article_id"], row["start"], row["end"], text)
        said[right_quotation(cases[row["id"]], quote)].append(row["right"])
    shares = {verdict: Share(sum(found), len(found)) for verdict, found in said.items()}
    return Agreement(shares[True], shares[False], stale)


def main() -> int:
    """Prints the agreement; 1 when a judged quotation has other words than it had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    data = datasets.folder(parser.parse_args().data)
    if data is None:
        print(f"error: no data folder; give one with --data or {datasets.VARIABLE}", file=sys.stderr)
        return 2
    cases = {case.id: case for case in datasets.load("news", data).cases}
    articles = texts(load.load(data / "news", "articles.jsonl").articles)
    found = agreement(rows(FILE), cases, articles)
    print(f"judged right, of those that hold the gold's words:    {found.right_where_test_says_right}")
    print(f"judged right, of those that do not:                   {found.right_where_test_says_wrong}")
    if found.stale:
        print(f"{found.stale} judged quotations have other words now and were left out")
    return 1 if found.stale else 0


if __name__ == "__main__":
    sys.exit(main())
