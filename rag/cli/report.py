"""What a build or a calibration shows a person: bars while it works, lines when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rag.build import Progress as Report
from rag.build.changes import BuildReport, counted
from rag.calibrate.walk import Result
from rag.types.certificates import percent

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
    yield from (f"read {path} without its date: {what}" for path, what in report.noted)
    yield from (f"{path} has the same text as {other}; both are indexed" for path, other in report.duplicates)
    if report.resumed:
        yield f"{counted(report.resumed, 'passage')} had been embedded by a build that did not end"
    if report.processors:
        yield f"embedded on several kinds of processor, whose last bits differ: {'; '.join(report.processors)}"
    if report.unfitted:
        yield report.unfitted
    if report.alerts:
        yield f"{counted(report.alerts, 'new answer')} to saved questions; `rag saved` shows them"
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


def calibration_lines(found: Result, confidence: float) -> Iterator[str]:
    """What came of a calibration: every threshold tested, and the certificate or what could be certified."""
    risk = found.risk
    for step in found.steps:
        word = "accepted" if step.bound <= risk else "not accepted, the test ends here"
        yield (
            f"threshold {step.threshold}: {counted(step.answers, 'answer')}, {step.errors} wrong, "
            f"upper bound {step.bound:.3f}: {word}"
        )
    yield from _counted_out(found)
    if found.certificate is not None:
        yield from found.certificate.lines()
        if found.in_force is None:
            yield "the index was built anew meanwhile: the certificate is not of the index as it is now"
        return
    if found.articles:
        yield (
            f"questions of {counted(found.articles, 'article')} tested this; those of one article err together, so at "
            f"least {found.start} articles are needed"
        )
    elif not found.steps:
        yield (
            f"{found.start} answers are needed for this risk and confidence, and not expected at any threshold; "
            "more questions are needed"
        )
    wanted = f"{percent(risk)} with {percent(confidence)} confidence"
    yield f"no threshold keeps wrong answers at {wanted}; nothing was stored"
    for coverage, smallest in found.smallest:
        if smallest is not None and smallest.answers:
            yield (
                f"answering about {coverage:.0%} of the questions: {smallest.errors} of "
                f"{counted(smallest.answers, 'answer')} wrong, upper bound {smallest.bound:.4f}"
            )
    if found.tried > 1:
        yield f"these questions, or most of them, were used {found.tried} times; trying until it works breaks the claim"
    if found.in_force is not None:
        yield f"the certificate {found.in_force.name} from before stays in force"


def _counted_out(found: Result) -> Iterator[str]:
    if found.left_out:
        yield f"left out {counted(found.left_out, 'question')} beyond the number per article"
    if found.untold:
        yield (
            f"{counted(found.untold, 'question')} without gold: every answer there counts as wrong. Write what a "
            "person found in the articles, or [] for nothing; leaving the line out would flatter the program"
        )
    if found.failed:
        yield f"{counted(found.failed, 'question')} could not be asked, which counts as wrong"
