"""A result for people: tables in the terminal, and one HTML page with plots and every wrong answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from eval.report import plots
from eval.report.figures import COLUMNS, FURTHER, MEASURES, REASONS, shown, titled, words_alone
from eval.report.tables import markdown, terminal
from eval.scoring import decided_right

__all__ = ["markdown", "page", "terminal", "words_alone", "write", "wrong"]


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
    tables = ("Main figures", COLUMNS), ("Further figures", FURTHER), ("Unsure", REASONS)
    return template.render(result=result, sets=sets, tables=tables, measures=MEASURES)


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
    refused = "unsure" if record.get("reason") == "unsure" else "refused"
    return f"{refused}, and its best quotation was right" if record["right"] else f"{refused}, and found nothing right"


def write(result: Mapping[str, Any], folder: Path) -> Path:
    """Writes `<content-hash>.html`, and `<content-hash>.md` with the figures alone; gives the page."""
    file = folder / f"{result['content']}.html"
    file.write_text(page(result), encoding="utf-8")
    file.with_suffix(".md").write_text(markdown(result), encoding="utf-8")
    return file
