"""How far the rule of certificates agrees with judging by reading: `rag.calibrate.judge` and the rule before it.

    python -m eval.loss_table --draw SHEET     asks the program and draws first answers to be judged, without verdicts
    python -m eval.loss_table --keep SHEET     keeps the judgements of a sheet (`"right": true`), without its texts
    python -m eval.loss_table                  the table, from what was kept; writes docs/evaluation/loss.md

Drawn are answerable questions of develop and calibrate parts, answered whatever the confidence. Of each set half of the
draw is `border`: the two rules differ, or the answer has close to half of the words of an accepted one; the other half
is by chance of the rest. Each was judged once, by reading, with no verdict and no stratum in sight: right when the
first quotation, with the short answer marked in it, tells a reader all that was asked, by the passage it stands in (of
RAMDocs, where passages are false, by what its authors accept). Who judged had written the rule, and saw no accepted
answer but of RAMDocs. The rule was settled on one half of the judgements, by the SHA-1 of the question's id; the other
is what is reported. Added after that was seen: a quotation that denies the accepted answer is wrong, which called one
more right answer of the other half wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval import datasets, loss_before
from eval.bench import CACHE, Bench, Options
from eval.cases import Case, Dataset
from eval.datasets.lines import rows
from eval.metrics.intervals import Share
from eval.parts import sha1
from eval.reading import remember
from eval.setup import Setup
from eval.systems.ours import reply_to
from rag import load
from rag.calibrate import judge
from rag.extract.features import EXPLAINS
from rag.types.errors import RagError
from rag.types.settings import load_settings
from rag.understand import query_of

FILE = Path(__file__).parent / "questions" / "judged_loss.jsonl"
OUT = Path(__file__).parent.parent / "docs" / "evaluation" / "loss.md"
DRAWN: Mapping[str, int] = {"seeds": 20, "squad2": 44, "wikiqa": 36, "clapnq": 24, "ramdocs": 36, "mtrag_un": 20}
EACH = 250  # questions of a set that are asked
RULES = ("loss/1", judge.RULE)
Row = dict[str, Any]


def first_answers(setup: Setup, dataset: Dataset) -> Iterator[Row]:
    """The first answer to each of up to `EACH` answerable questions, whatever its confidence, with its texts."""
    cases = [c for c in dataset.cases if c.part in ("develop", "calibrate") and c.answerable and not c.unscorable]
    held = {record["id"]: record["text"] for record in dataset.articles}
    for case in sorted(cases, key=lambda c: sha1(c.id))[:EACH]:
        try:
            row = _answer(setup, case)
        except RagError:
            continue
        if row:
            yield (
                {"set": dataset.name, "id": case.id, "question": case.asked.question}
                | row
                | {
                    "history": [turn.question for turn in case.asked.history],
                    "context": case.asked.context or held.get(row["article_id"], ""),
                    "gold": list(case.answers) or [held[gold.article_id] for gold in case.gold],
                    "false": list(case.wrong),
                }
            )


def _answer(setup: Setup, case: Case) -> Row | None:
    asked = case.asked
    if asked.context is not None:
        reading = setup.reader.read(asked.question, asked.context, title=asked.title)
        start, end = reading.sentences[0]
        explains = query_of(asked.question, setup.settings.max_question_chars).kind in EXPLAINS  # then none is shown
        short = None if explains else reading.short_answer
        return {"article_id": "context", "start": start, "end": end, "quote": asked.context[start:end], "short": short}
    reply = reply_to(setup, setup.assistant.with_threshold(0.0), asked)
    if not reply.citations:
        return None
    first = reply.citations[0]
    place = {"article_id": first.article_id, "start": first.start, "end": first.end}
    return place | {"quote": first.quote, "short": reply.short_answer}


def draw(answers: Sequence[Row]) -> list[Row]:
    """The sheet: of each set as many as `DRAWN` says, half of them `border`, in an order that tells nothing."""
    chosen = []
    for name, count in DRAWN.items():
        some = sorted((a for a in answers if a["set"] == name), key=lambda a: sha1(f"draw {a['id']}"))
        border = [a for a in some if _border(a)][: count // 2]
        chosen += [a | {"stratum": "border"} for a in border]
        rest = [a for a in some if not any(a is one for one in border)]
        chosen += [a | {"stratum": "chance"} for a in rest[: count - len(border)]]
    return sorted(chosen, key=lambda a: sha1(f"sheet {a['set']} {a['id']}"))


def _border(answer: Row) -> bool:
    before, after = says(answer)
    text = answer["quote"] if answer["short"] is None else answer["short"]
    return before != after or 0.3 <= judge.token_f1(text, answer["gold"]) <= 0.7


def says(answer: Row) -> tuple[bool, bool]:
    """Whether an answer is right by the rule before and by the rule now, which takes no text longer than a sentence."""
    quote, short, gold = answer["quote"], answer["short"], answer["gold"]
    taken = [text for text in gold if not judge.too_long(text)]
    return loss_before.right(quote, short, gold), judge.right(quote, short, taken)


def kept(row: Row) -> Row:
    """A judged row without its texts."""
    at = row["quote"].find(row["short"]) if row["short"] else -1
    keys = ("set", "id", "article_id", "start", "end", "stratum", "right")
    short = [at, at + len(row["short"])] if row["short"] else None
    return {key: row[key] for key in keys} | {"short": short, "sha256": _sha256(row["quote"])}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def read_again(judged: Sequence[Row], data: Path | None) -> tuple[list[Row], int]:
    """The judged answers with their texts, and how many have other words now."""
    out, stale = [], 0
    for name in dict.fromkeys(row["set"] for row in judged):
        dataset = datasets.load(name, data)
        cases, texts = {case.id: case for case in dataset.cases}, _texts(dataset)
        for row in (row for row in judged if row["set"] == name):
            case = cases[row["id"]]
            text = case.asked.context if row["article_id"] == "context" else texts.get(row["article_id"])
            quote = (text or "")[row["start"] : row["end"]]
            if _sha256(quote) != row["sha256"]:
                stale += 1
                continue
            short = quote[slice(*row["short"])] if row["short"] else None
            gold = list(case.answers) or [texts[one.article_id] for one in case.gold]
            out.append(row | {"quote": quote, "short": short, "gold": gold})
    return out, stale


def _texts(dataset: Dataset) -> dict[str, str]:
    if dataset.seeds:
        folder = Path(dataset.seeds)
        found = [article for file in load.find(folder).files for article in load.load(folder, file.path).articles]
        return {article.info.article_id: article.text for article in found}
    return {record["id"]: unicodedata.normalize("NFC", record["text"]) for record in dataset.articles}


def table(judged: Sequence[Row]) -> list[str]:
    """The lines of the table: each half, stratum and rule, both ways of being wrong."""
    lines = [
        "| half | stratum | rule | judged right, wrong by the rule | judged wrong, right by the rule | agree |",
        "|---|---|---|---|---|---|",
    ]
    usable = [row for row in judged if not any(judge.too_long(text) for text in row["gold"])]
    for half in ("settling", "reported"):
        for stratum in ("border", "chance"):
            some = [row for row in usable if (half_of(row), row["stratum"]) == (half, stratum)]
            for at, rule in enumerate(RULES):
                lines.append(f"| {half} | {stratum} | {rule} | {_both_ways(some, at)} |")
    whole = [row for row in judged if any(judge.too_long(text) for text in row["gold"])]
    lines.append(f"| both | whole articles for gold | loss/1 | {_both_ways(whole, 0)} |")
    return lines


def half_of(row: Row) -> str:
    """Of the halves by the SHA-1 of the question's id, the one that the rule was settled on, or the other."""
    return "settling" if int(sha1(f"half {row['id']}"), 16) % 2 else "reported"


def _both_ways(some: Sequence[Row], at: int) -> str:
    said = [(row["right"], says(row)[at]) for row in some]
    misses = [not verdict for right, verdict in said if right]
    flatters = [verdict for right, verdict in said if not right]
    shares = (misses, flatters, [right == verdict for right, verdict in said])
    return " | ".join(str(Share(sum(share), len(share))).strip() for share in shares)


def _write(file: Path, lines: Sequence[Row]) -> None:
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in lines), encoding="utf-8")


def _strata(sheet: Path) -> Path:
    """Beside the sheet, so that whoever judges does not see which answers are on the border."""
    return sheet.with_suffix(".strata.json")


def _draw(sheet: Path, data: Path | None) -> None:
    remember()
    bench = Bench(Options(data=data, cache=CACHE), load_settings())
    sets = [datasets.load(name, data) for name in DRAWN]
    drawn = draw([answer for one in sets for answer in first_answers(bench.setup(one), one)])
    _strata(sheet).write_text(json.dumps({f"{row['set']} {row['id']}": row.pop("stratum") for row in drawn}))
    _write(sheet, drawn)


def _keep(sheet: Path) -> None:
    strata = json.loads(_strata(sheet).read_text(encoding="utf-8"))
    _write(FILE, [kept(row | {"stratum": strata[f"{row['set']} {row['id']}"]}) for row in rows(sheet)])


def main() -> int:
    """Draws, keeps or reports; 1 when a judged answer has other words than it had."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--draw", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    data = datasets.folder(options.data)
    if data is None:
        print(f"error: no data folder; give one with --data or {datasets.VARIABLE}", file=sys.stderr)
        return 2
    if options.draw:
        _draw(options.draw, data)
        return 0
    if options.keep:
        _keep(options.keep)
    judged, stale = read_again(rows(FILE), data)
    lines = table(judged)
    OUT.write_text("\n".join([*_HEAD, *lines]) + "\n", encoding="utf-8")
    print("\n".join(lines))
    if stale:
        print(f"{stale} judged answers have other words now and were left out")
    return 1 if stale else 0


_HEAD = (
    "# The rule of certificates against judging by reading",
    "",
    "Written by `python -m eval.loss_table`, whose docstring says how the answers were drawn and judged.",
    "",
)


if __name__ == "__main__":
    sys.exit(main())
