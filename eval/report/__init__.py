"""A result for people: tables in the terminal, and one HTML page with plots and every wrong answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
from rich.console import Console
from rich.table import Table

from eval.metrics import retrieval
from eval.report import plots

MEASURES = tuple(str(measure) for measure in retrieval.MEASURES)

# Figure, heading, whether less is better.
COLUMNS = (
    ("answerable_right", "right of\nanswerable"),
    ("unanswerable_refused", "refused of\nunanswerable"),
    ("joint", "right\ndecisions"),
    ("given_right", "right of\ngiven"),
    ("auroc_answerable", "AUROC\nanswerable"),
    ("auroc_right", "AUROC\nright"),
    ("aurc", "AURC"),
    ("risk_at_0.1", "risk\n@0.1"),
    ("risk_at_0.3", "risk\n@0.3"),
    ("risk_at_0.5", "risk\n@0.5"),
    ("gold_in_one_sentence", "gold in one\nsentence"),
    ("f1", "F1\nforced"),
    ("quoted_characters", "characters\nquoted"),
)
FURTHER = (
    ("coverage", "coverage"),
    ("auroc_within_paragraph", "AUROC within a paragraph"),
    ("refusing_precision", "refusing: precision"),
    ("refusing_recall", "refusing: recall"),
    ("refusing_f1", "refusing: F1"),
    ("aurc_excess", "AURC over the ideal"),
    ("brier", "Brier score"),
    ("calibration_error", "calibration error"),
    ("exact", "exact match, forced"),
    ("squad_exact", "SQuAD 2.0 exact"),
    ("squad_f1", "SQuAD 2.0 F1"),
    ("squad_f1_has_answer", "F1 HasAns"),
    ("squad_f1_no_answer", "F1 NoAns"),
    ("gold_in_one_sentence_by_chance", "gold in one sentence by chance"),
    ("right_paragraph", "right paragraph"),
    ("sentence_f1", "sentence F1"),
    ("short_answers_given", "short answer given"),
    ("all_answers_shown", "all accepted answers shown"),
    ("false_answer_alone", "false answer shown alone"),
)


def shown(figure: Any, *, interval: bool = False) -> str:
    """A figure as text; a share with its interval where asked for; an absent one as a dash."""
    if figure is None:
        return "–"
    if isinstance(figure, Mapping):
        low, high = figure["interval"]
        if not figure["of"]:
            return "–"
        exact = f" ({figure['count']}/{figure['of']}, {low:.2f}–{high:.2f})" if interval else ""
        return f"{figure['value']:.3f}{exact}"
    return f"{figure:.0f}" if figure >= 10 else f"{figure:.3f}"


def terminal(result: Mapping[str, Any], part: str = "test", console: Console | None = None) -> None:
    """One table a set, figures of the part."""
    console = console or Console(width=200)
    for name, found in result["sets"].items():
        if found.get("systems"):
            console.print(_table(name, found, part))
        if "grounding" in found:
            grounding = found["grounding"]
            console.print(
                f"  {name}: {grounding['violations']} violations of grounding in {grounding['quotations']:,} "
                f"quotations of {grounding['answers']:,} answers (rag verify)"
            )
        for ranking, measures in found.get("retrieval", {}).get("rankings", {}).items():
            some = "  ".join(f"{k} {v:.3f}" for k, v in measures.items() if k in MEASURES)
            console.print(f"  {name}, retrieval, {ranking:8}{some}", highlight=False)
        if "timing" in found:
            stages = found["timing"]["stages_ms"]
            some = ", ".join(f"{k} {v['median']:.0f}/{v['p95']:.0f}" for k, v in stages.items())
            console.print(
                f"  {name}, milliseconds a question, median/95th percentile of {found['timing']['questions']}: {some}; "
                f"peak memory {found['timing']['peak_memory_mb']:.0f} MB",
                highlight=False,
            )
        console.print()
    for message in result["skipped"]:
        console.print(message, highlight=False)


def _table(name: str, found: Mapping[str, Any], part: str) -> Table:
    counts = found["systems"][0]["figures"][part]
    title = (
        f"{name}, {part} part: {counts['questions']} questions, {counts['answerable']} answerable, "
        f"{counts['unscorable']} more cannot be scored; always refusing decides "
        f"{shown(counts['joint_of_always_refusing'])} rightly, "
        f"always answering {shown(counts['joint_of_always_answering'])}"
    )
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("system")
    table.add_column("threshold", justify="right")
    for _, heading in COLUMNS:
        table.add_column(heading, justify="right")
    for row in found["systems"]:
        figures = row["figures"][part]
        threshold = "own" if row["threshold"] is None else f"{row['threshold']:.3f}"
        few = f" (of {figures['questions']})" if figures["questions"] != counts["questions"] else ""
        table.add_row(row["name"] + few, threshold, *(shown(figures[key]) for key, _ in COLUMNS))
    return table


def page(result: Mapping[str, Any]) -> str:
    """The whole report as one HTML page that needs no other file."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("eval.report", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["figure"] = lambda value: shown(value, interval=True)
    template = environment.get_template("page.html.j2")
    sets = [
        {"name": name, **found, "plots": plots.of_set(name, found), "wrong": wrong(found)}
        for name, found in result["sets"].items()
    ]
    return template.render(result=result, sets=sets, columns=COLUMNS, further=FURTHER, measures=MEASURES)


def wrong(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every wrong answer and wrong refusal of our system, the development part first, surest first."""
    if not found.get("systems"):
        return []
    records: Sequence[Mapping[str, Any]] = found["systems"][0]["records"]
    out = []
    for record in records:
        case = found["cases"][record["id"]]
        decided_right = (record["answered"] and record["right"]) if record["answerable"] else not record["answered"]
        if not record["unscorable"] and (record["error"] or not decided_right):
            out.append({**record, **case, "sort": _sort(record)})
    return sorted(out, key=lambda r: (r["part"], -r["score"], r["id"]))


def _sort(record: Mapping[str, Any]) -> str:
    if record["error"]:
        return f"error: {record['error']}"
    if not record["answerable"]:
        return "answered, and the text does not say"
    if record["answered"]:
        return "answered wrongly"
    return "refused, and its best quotation was right" if record["right"] else "refused, and found nothing right"


def write(result: Mapping[str, Any], folder: Path) -> Path:
    """Writes `<content-hash>.html`."""
    file = folder / f"{result['content']}.html"
    file.write_text(page(result), encoding="utf-8")
    return file
