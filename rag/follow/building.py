"""The build that all ways in ask for: after it, saved questions are asked of what it brought."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rag.build import sync_index
from rag.build.changes import BuildReport
from rag.follow import saved
from rag.types.settings import Settings


def build(seeds: Path, index: Path, settings: Settings, **options: Any) -> BuildReport:
    """As `rag.build.sync_index`, with its options. A question that fails never makes the build fail."""
    report = sync_index(seeds, index, settings, **options)
    if not options.get("dry_run"):
        progress = {"progress": options["progress"]} if "progress" in options else {}
        report.alerts = saved.ask(index, settings, **progress)
    return report
