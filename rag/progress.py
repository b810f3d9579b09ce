"""What a build shows a person: bars while it works, lines when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rag.build import Progress as Report
from rag.plan import BuildReport, counted

_NAMES_SHOWN = 10


@contextmanager
def bars() -> Iterator[Report]:
    """A bar a stage on standard error, with the count and the time left."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        tasks = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = progress.add_task(stage, total=total)
            progress.update(tasks[stage], completed=done, total=total)

        yield report


def report_lines(report: BuildReport, *, dry_run: bool) -> Iterator[str]:
    """The report as lines: counts with names, what was left out and why, and the generation."""
    plan = report.plan
    yield from (f"everything is done anew: {reason}" for reason in report.reasons)
    yield from (f"made anew: {what}" for what in report.repaired)
    for word, names in (
        ("added", plan.added),
        ("changed", plan.changed),
        ("renamed", tuple(f"{old} to {new}" for old, new in plan.renamed)),
        ("removed", plan.removed),
    ):
        if names:
            yield f"{word} {len(names)}: {_names(names)}"
    yield f"kept {len(plan.kept)}"
    if report.boilerplate:
        yield f"left out {counted(report.boilerplate, 'paragraph')} of cookie, navigation or advertising text"
    yield from (f"skipped {path}: {reason}" for path, reason in report.skipped)
    yield from (f"could not read {path}: {reason}" for path, reason in report.unreadable)
    yield from (f"{path} has the same text as {other}; both are indexed" for path, other in report.duplicates)
    articles, passages = counted(report.articles, "article"), counted(report.chunks, "passage")
    if not report.changed_anything:
        yield f"the index is up to date: generation {report.generation}, {articles}"
    elif dry_run:
        yield f"would make generation {report.generation} with {articles}; nothing was written"
    else:
        yield f"generation {report.generation}: {articles}, {passages}, {report.embedded:,} of them embedded"


def _names(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMES_SHOWN
    return ", ".join(names[:_NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
