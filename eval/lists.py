"""`python -m eval.lists [--data FOLDER] [--part develop|test]`: answers that are several spans.

MultiSpanQA, each question with its passage, whether it is answered or not: the short answer alone, and its items. Then
how often a question whose answer is one span, of SQuAD 2.0 and of Natural Questions, gets several where it is answered:
the short answer cut, which quotes the same words, or further spans beside it. Last where the gold spans stand.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from eval import datasets
from eval.console import CONSOLE
from eval.datasets import lists, reading
from eval.datasets.lists import Listed
from eval.metrics.lists import figures
from eval.parts import parts_of_records
from rag.answer.reader import Reader, Reading
from rag.calibrate.judge import exact_match
from rag.types.settings import load_settings

_ONE_SPAN = ("squad2_dev23", "nq_qed")
_Asked = list[tuple[Listed, Reading]]


def main() -> None:
    """Asks and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--part", choices=("develop", "test"), default="develop")
    options = parser.parse_args()
    data = datasets.folder(options.data)
    if data is None:
        parser.error("no data folder; give one with --data")
    reader = Reader.load(load_settings())
    asked = _ask(reader, lists.read(data, options.part), lists.NAME)
    out = Console(width=160)
    out.print(_several(asked), _one(reader, data, options.part), _places(asked))


def _ask(reader: Reader, questions: Sequence[Listed], name: str) -> _Asked:
    some = track(questions, name, console=CONSOLE)
    return [(one, reader.read(one.question, one.context, title=one.title)) for one in some]


def spans_of(found: Reading) -> list[str]:
    """The spans of an answer; the short one where there are not several."""
    return [item.text for item in found.short_answers] or [found.short_answer or ""]


def _several(asked: _Asked) -> Table:
    table = Table("spans", title=f"MultiSpanQA, {len(asked)} questions")
    ways = {"short answer": [[found.short_answer or ""] for _, found in asked]}
    ways["its items"] = [spans_of(found) for _, found in asked]
    for name, ours in ways.items():
        its = asdict(figures([(spans, one.answers) for spans, (one, _) in zip(ours, asked, strict=True)]))
        if not table.rows:
            for column in its:
                table.add_column(column)
        table.add_row(name, *(f"{value:.3f}" for value in its.values()))
    return table


def _one(reader: Reader, data: Path, part: str) -> Table:
    columns = ("answered", "cut", "further spans", "a further one is gold", "short answer exact")
    table = Table("one span", *columns, title="Questions whose answer is one span")
    for name in _ONE_SPAN:
        records = reading.rows_of(data, name)
        parts = parts_of_records(name, records)
        its = [row for row, its in zip(records, parts, strict=True) if its == part and row["answers"]]
        asked = _ask(reader, [lists.listed(row, row["title"].replace("_", " ")) for row in its], name)
        given = [(one, found) for one, found in asked if found.status == "answered"]
        beside = [(one, further(found)) for one, found in given if further(found)]
        cut = sum(bool(found.short_answers) and not further(found) for _, found in given)
        gold = sum(any(exact_match(text, one.answers) for text in texts) for one, texts in beside)
        exact = sum(exact_match(found.short_answer or "", one.answers) for one, found in given)
        shares = (f"{count / max(1, len(given)):.3f}" for count in (cut, len(beside), gold, exact))
        table.add_row(name, str(len(given)), *shares)
    return table


def further(found: Reading) -> list[str]:
    """The items that the short answer does not hold."""
    return [it.text for it in found.short_answers if it.end <= found.start or found.end <= it.start]


def _places(asked: _Asked) -> Table:
    """Where the gold spans stand, from the short answer on."""
    places: Counter[str] = Counter()
    for one, found in asked:
        sentences = found.sentences
        best = next((a, b) for a, b in sentences if a <= found.start and found.end <= b)
        for answer, start in zip(one.answers, one.starts, strict=True):
            end = start + len(answer)
            inside = found.start <= start and end <= found.end
            near = any(a <= start and end <= b for a, b in sentences)
            same = best[0] <= start and end <= best[1]
            name = "in the short answer" if inside else "in its sentence" if same else "in another that is quoted"
            places[name if inside or near else "elsewhere"] += 1
    table = Table("gold spans", "share", title="Where the gold spans stand")
    for name, count in places.most_common():
        table.add_row(name, f"{count / places.total():.3f}")
    return table


if __name__ == "__main__":
    main()
