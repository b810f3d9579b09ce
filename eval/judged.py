"""How far the string test of the news agrees with judgements by reading, and the blind sheet to judge on.

    python -m eval.judged --data FOLDER
    python -m eval.judged draw --answers FILE --out SHEET
    python -m eval.judged keep --answers FILE --sheet SHEET --out eval/questions/judged_archive.jsonl

Of the news, 150 judged quotations are first sentences given by four systems (ours, ours over the lexical ranking, word
coverage, cosine threshold) to scorable questions of the test part, 90 that the string test takes for right and 60 that
it does not, drawn by chance and shown in one shuffled list without the system's name and without the verdict of the
test. Of the archive they are first quotations of `rag ask --batch`, of answers and of refusals alike (`eval.sheet`). A
quotation was judged right when it tells a reader the accepted answer to this question; naming the answer's words in
another matter, or of another year, is wrong, and the answer in other words is right. The files keep places and hashes,
no text.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from eval import datasets, sheet
from eval.cases import Case, Dataset, Quote, texts
from eval.datasets import archive
from eval.datasets.lines import rows
from eval.metrics.answers import right_quotation
from eval.metrics.intervals import Share
from rag import load

QUESTIONS = Path(__file__).parent / "questions"
FILES = {"news": QUESTIONS / "judged_news.jsonl", "archive": QUESTIONS / "judged_archive.jsonl"}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Shares of the judged quotations."""

    right_where_test_says_right: Share  # the precision of the string test
    right_where_test_says_wrong: Share  # what it misses
    stale: int  # quotations whose words have changed since; not counted
    right_of_answered: Share | None = None  # where it was kept which were given


def agreement(judged: list[dict[str, Any]], cases: Mapping[str, Case], articles: Mapping[str, str]) -> Agreement:
    """Applies the string test to the judged quotations again."""
    said: dict[bool, list[bool]] = {True: [], False: []}
    given: list[bool] = []
    stale = 0
    for row in judged:
        text = articles.get(row["article_id"], "")[row["start"] : row["end"]]
        if sheet.hashed(text) != row["sha256"]:
            stale += 1
            continue
        quote = Quote(row["article_id"], row["start"], row["end"], text)
        said[right_quotation(cases[row["id"]], quote)].append(row["right"])
        given += [row["right"]] if row.get("answered") else []
    shares = {verdict: Share(sum(found), len(found)) for verdict, found in said.items()}
    of_given = Share(sum(given), len(given)) if any("answered" in row for row in judged) else None
    return Agreement(shares[True], shares[False], stale, of_given)


def main(arguments: list[str] | None = None) -> int:
    """Prints the agreement, 1 when a judged quotation has other words than it had; or writes a sheet, or its file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command")
    draw, keep = commands.add_parser("draw"), commands.add_parser("keep")
    for command, default in ((parser, None), (draw, argparse.SUPPRESS), (keep, argparse.SUPPRESS)):
        command.add_argument("--data", type=Path, default=default)
    for command in (draw, keep):
        command.add_argument("--answers", type=Path, required=True, help="answers of `rag ask --batch`")
        command.add_argument("--out", type=Path, required=True)
    keep.add_argument("--sheet", type=Path, required=True, help="the sheet, with `right` filled in")
    options = parser.parse_args(arguments)
    try:
        data = datasets.folder(options.data)
        if data is None:
            raise ValueError(f"no data folder; give one with --data or {datasets.VARIABLE}")
        if options.command == "draw":
            cases = datasets.load("archive", data).cases
            sheet.write(options.out, sheet.drawn(rows(options.answers), cases, archive.golds(data)))
            return 0
        if options.command == "keep":
            sheet.write(options.out, sheet.kept(rows(options.answers), rows(options.sheet)))
            return 0
        return max([_report(name, file, data) for name, file in FILES.items() if file.is_file()])
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _report(name: str, file: Path, data: Path) -> int:
    there, absent = datasets.available(data, (name,))
    if not there:
        print(*absent)
        return 0
    dataset = datasets.load(name, data)
    judged = rows(file)
    articles = _texts(dataset, {row["article_id"] for row in judged})
    cases = {case.id: case for case in dataset.cases}
    as_written = {id: replace(case, answers=case.as_written) for id, case in cases.items()}
    for rule, its in (("any accepted form of the gold", cases), ("the gold as it is written", as_written)):
        found = agreement(judged, its, articles)
        print(f"{name}, {rule}:")
        print(f"  judged right, of those that hold its words:  {found.right_where_test_says_right}")
        print(f"  judged right, of those that do not:          {found.right_where_test_says_wrong}")
    if found.right_of_answered:
        print(f"  judged right, of those given as answers:     {found.right_of_answered}")
    if found.stale:
        print(f"{found.stale} judged quotations have other words now and were left out")
    return 1 if found.stale else 0


def _texts(dataset: Dataset, ids: set[str]) -> dict[str, str]:
    """The texts of some articles as the program reads them."""
    with tempfile.TemporaryDirectory() as folder:
        sheet.write(Path(folder) / "articles.jsonl", [dict(row) for row in dataset.articles if row["id"] in ids])
        return texts(load.load(Path(folder), "articles.jsonl").articles)


if __name__ == "__main__":
    sys.exit(main())
