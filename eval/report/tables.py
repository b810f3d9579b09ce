"""A result as tables: in the terminal, and as Markdown without any text of a set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.report.figures import COLUMNS, FURTHER, MEASURES, REASONS, shown, titled, words_alone


def terminal(result: Mapping[str, Any], part: str = "test", console: Console | None = None) -> None:
    """One table a set, figures of the part."""
    console = console or Console(width=200)
    for name, found in result["sets"].items():
        if found.get("systems"):
            console.print(_table(name, found, part))
            console.print(f"  {words_alone(found, part)}", highlight=False)
            for row in _giving(REASONS, found, part):
                some = "  ".join(f"{heading} {shown(row['figures'][part][key])}" for key, heading in REASONS)
                console.print(f"  {row['name']}: {some}", highlight=False)
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
        for title, columns in (("", COLUMNS), ("Further figures", FURTHER), ("Unsure", REASONS)):
            if _giving(columns, found, part):
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


def _giving(columns: Sequence[tuple[str, str]], found: Mapping[str, Any], part: str) -> list[Mapping[str, Any]]:
    """The systems that have one of the figures."""
    return [
        row for row in found.get("systems", []) if any(row["figures"][part].get(key) is not None for key, _ in columns)
    ]


def _markdown_table(found: Mapping[str, Any], columns: Sequence[tuple[str, str]], part: str) -> list[str]:
    asked = found["systems"][0]["figures"][part]["questions"]
    used = [c for c in columns if any(row["figures"][part].get(c[0]) is not None for row in found["systems"])]
    lines = [
        "| system | threshold |" + "".join(f" {' '.join(heading.split())} |" for _, heading in used),
        "|---|---:|" + "---:|" * len(used),
    ]
    for row in _giving(columns, found, part):
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
