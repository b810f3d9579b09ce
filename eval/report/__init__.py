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
from eval.scoring import decided_right
from eval.systems import question_only

MEASURES = tuple(str(measure) for measure in retrieval.MEASURES)

# Figure and heading.
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
    ("errors", "errors"),
    ("coverage", "coverage"),
    ("auroc_answerable_interval", "AUROC answerable, 95%"),
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
    ("squad_f1_frozen", "SQuAD 2.0 F1, best threshold of develop"),
    ("gold_in_one_sentence_by_chance", "gold in one sentence by chance"),
    ("right_paragraph", "right paragraph"),
    ("sentence_f1", "sentence F1"),
    ("short_answers_given", "short answer given"),
    ("all_answers_shown", "all accepted answers shown"),
    ("false_answer_alone", "false answer shown alone"),
    ("said_elsewhere", "short answers without the articles: accepted"),
)


def shown(figure: Any, *, interval: bool = False) -> str:
    """A figure as text; a share with its interval where asked for; an interval by its ends; an absent one as a dash."""
    if figure is None:
        return "–"
    if isinstance(figure, list):
        return f"{figure[0]:.2f}–{figure[1]:.2f}"
    if isinstance(figure, Mapping):
        low, high = figure["interval"]
        if not figure["of"]:
            return "–"
        exact = f" ({figure['count']}/{figure['of']}, {low:.2f}–{high:.2f})" if interval else ""
        return f"{figure['value']:.3f}{exact}"
    return f"{figure:.0f}" if isinstance(figure, int) or figure >= 10 else f"{figure:.3f}"


def terminal(result: Mapping[str, Any], part: str = "test", console: Console | None = None) -> None:
    """One table a set, figures of the part."""
    console = console or Console(width=200)
    for name, found in result["sets"].items():
        if found.get("systems"):
            console.print(_table(name, found, part))
            console.print(f"  {words_alone(found, part)}", highlight=False)
        if "grounding" in found:
            console.print(f"  {name}: {_grounding(found['grounding'])}")
        for ranking, measures in found.get("retrieval", {}).get("rankings", {}).items():
            some = "  ".join(f"{k} {v:.3f}" for k, v in measures.items() if k in MEASURES)
            console.print(f"  {name}, retrieval, {ranking:8}{some}", highlight=False)
        if "timing" in found:
            console.print(f"  {_timing(found['timing'])}", highlight=False)
        console.print()
    for message in result["skipped"]:
        console.print(message, highlight=False)


def titled(name: str, found: Mapping[str, Any]) -> str:
    """A set's name, with whose questions they are where they are ours."""
    return f"{name} ({found['note']})" if found.get("note") else name


def words_alone(found: Mapping[str, Any], part: str) -> str:
    """How far the words of our own training questions tell this set's answerable questions, without any text."""
    (row,) = (row for row in found["systems"] if row["name"] == question_only.NAME)
    figures = row["figures"][part]
    if figures["auroc_answerable"] is None:
        return "By the questions alone: not defined, as all of them are of one sort."
    low, high = figures["auroc_answerable_interval"]
    return (
        f"By the questions alone, without any text, AUROC answerable {figures['auroc_answerable']:.3f} "
        f"(95% {low:.2f} to {high:.2f}; chance 0.5): naive Bayes on our machine-written training questions."
    )


def _table(name: str, found: Mapping[str, Any], part: str) -> Table:
    asked = found["systems"][0]["figures"][part]["questions"]
    table = Table(
        title=f"{titled(name, found)}, {_counts(found['systems'][0], part)}", title_justify="left", header_style="bold"
    )
    table.add_column("system")
    table.add_column("threshold", justify="right")
    for _, heading in COLUMNS:
        table.add_column(heading, justify="right")
    for row in found["systems"]:
        figures = row["figures"][part]
        table.add_row(_name(row, figures, asked), _threshold(row), *(shown(figures[key]) for key, _ in COLUMNS))
    return table


def markdown(result: Mapping[str, Any], part: str = "test") -> str:
    """The figures without any text of a set, to be committed."""
    lines = [f"# Evaluation {result['content']}", "", f"Made {result['made']}, version {result['program']['version']}."]
    for name, found in result["sets"].items():
        lines += ["", f"## {titled(name, found)}", ""]
        for title, columns in (("", COLUMNS), ("Further figures", FURTHER)):
            if found.get("systems"):
                lines += [*([f"{title}:", ""] if title else [_counts(found["systems"][0], part), ""])]
                lines += [*_markdown_table(found, columns, part), ""]
        if found.get("systems"):
            lines += [words_alone(found, part), ""]
        if "grounding" in found:
            lines += [_grounding(found["grounding"]) + ".", ""]
        retrieved = found.get("retrieval", {})
        rankings = retrieved.get("rankings", {})
        if rankings:
            counted = retrieved["questions"] - retrieved["without_relevant_passage"]
            lines += [
                f"Of {counted} of {retrieved['questions']} questions, those whose corpus holds a right passage:",
                "",
            ]
            lines += ["| ranking |" + "".join(f" {m} |" for m in MEASURES), "|---|" + "---:|" * len(MEASURES)]
            lines += [f"| {r} |" + "".join(f" {v[m]:.3f} |" for m in MEASURES) for r, v in rankings.items()]
            lines.append("")
        if "timing" in found:
            lines += [_timing(found["timing"]) + ".", ""]
    lines += [*result["skipped"]]
    return "\n".join(lines).rstrip() + "\n"


def _markdown_table(found: Mapping[str, Any], columns: Sequence[tuple[str, str]], part: str) -> list[str]:
    asked = found["systems"][0]["figures"][part]["questions"]
    used = [c for c in columns if any(row["figures"][part].get(c[0]) is not None for row in found["systems"])]
    lines = [
        "| system | threshold |" + "".join(f" {' '.join(heading.split())} |" for _, heading in used),
        "|---|---:|" + "---:|" * len(used),
    ]
    for row in found["systems"]:
        figures = row["figures"][part]
        values = "".join(f" {shown(figures.get(key))} |" for key, _ in used)
        lines.append(f"| {_name(row, figures, asked)} | {_threshold(row)} |{values}")
    return lines


def _name(row: Mapping[str, Any], figures: Mapping[str, Any], asked: int) -> str:
    few = f" (of {figures['questions']})" if figures["questions"] != asked else ""
    return f"{row['name']}{few}"


def _threshold(row: Mapping[str, Any]) -> str:
    return "own" if row["threshold"] is None else f"{row['threshold']:.3f}"


def _counts(row: Mapping[str, Any], part: str) -> str:
    counts = row["figures"][part]
    return (
        f"{part} part: {counts['questions']} questions, {counts['answerable']} answerable, "
        f"{counts['unscorable']} more cannot be scored; always refusing decides "
        f"{shown(counts['joint_of_always_refusing'])} rightly, "
        f"always answering {shown(counts['joint_of_always_answering'])}"
    )


def _grounding(grounding: Mapping[str, Any]) -> str:
    return (
        f"{grounding['violations']} violations of grounding in {grounding['quotations']:,} quotations of the replies "
        f"to {grounding['answers']:,} questions, closest passages of refusals included (rag verify)"
    )


def _timing(timing: Mapping[str, Any]) -> str:
    some = ", ".join(f"{k} {v['median']:.0f}/{v['p95']:.0f}" for k, v in timing["stages_ms"].items())
    return (
        f"Milliseconds a question, median/95th percentile of {timing['questions']}: {some}; "
        f"peak memory {shown(timing['peak_memory_mb'])} MB"
    )


def page(result: Mapping[str, Any]) -> str:
    """The whole report as one HTML page that needs no other file."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("eval.report", "."), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["alone"] = lambda found: words_alone(found, "test")
    environment.filters["figure"] = lambda value: shown(value, interval=True)
    template = environment.get_template("page.html.j2")
    sets = [
        {
            "name": name,
            "heading": titled(name, found),
            **found,
            "plots": plots.of_set(name, found),
            "wrong": wrong(found),
        }
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
        was_right = decided_right(record["answerable"], record["answered"], record["right"], record["error"])
        if not record["unscorable"] and not was_right:
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
    """Writes `<content-hash>.html`, and `<content-hash>.md` with the figures alone; gives the page."""
    file = folder / f"{result['content']}.html"
    file.write_text(page(result), encoding="utf-8")
    file.with_suffix(".md").write_text(markdown(result), encoding="utf-8")
    return file
