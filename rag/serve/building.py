"""A build that a page asks for, in a process of its own: the encoder of articles takes 500 MB, which end with it.

python -m rag.serve.building     reads {"seeds", "index", "settings", "names"}, writes a JSON array a line
"""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any, Literal

from rag.build.changes import BuildReport
from rag.cli.report import report_lines
from rag.follow.building import build
from rag.language import use
from rag.types.errors import RagError
from rag.types.settings import Settings

News = tuple[Literal["progress", "done", "failed"], Any]
_log = logging.getLogger("rag")


def building(seeds: Path, index: Path, settings: Settings, *, names: bool = False) -> Generator[News]:
    """What happens: stages with how much is done and of how much; at the end the lines of the report, or an error.

    With `names`, an object with the names of what was added and so on stands for the lines. Closing it ends the build.
    """
    given = {"seeds": str(seeds), "index": str(index), "settings": settings.model_dump(), "names": names}
    line = [sys.executable, "-m", "rag.serve.building"]
    news: News = ("failed", "the build ended without a word; the log says more")
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:  # noqa: S603 - our own command
        if child.stdin and child.stdout:
            child.stdin.write(json.dumps(given))
            child.stdin.close()
        try:
            for said in child.stdout or ():
                kind, what = json.loads(said)
                news = kind, what
                if kind == "progress":
                    yield news
        except (GeneratorExit, SystemExit, KeyboardInterrupt):
            child.terminate()
            raise
    yield news if news[0] != "progress" else ("failed", f"the build ended early ({child.returncode}); build again")


def _say(kind: str, what: Any) -> None:
    print(json.dumps([kind, what]), flush=True)


def _named(report: BuildReport) -> dict[str, Any]:
    plan = report.plan
    return {
        "generation": report.generation,
        "articles": report.articles,
        "added": plan.added,
        "changed": plan.changed,
        "renamed": plan.renamed,
        "removed": plan.removed,
        "unreadable": [*report.unreadable, *report.noted],
        "skipped": report.skipped,
        "repaired": report.repaired,
    }


def main() -> None:
    """Builds, and says on standard output how far it is."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # at Ctrl+C it ends without a word
    given = json.load(sys.stdin)
    settings = Settings(**given["settings"])
    use(settings.language)
    try:
        report = build(
            Path(given["seeds"]),
            Path(given["index"]),
            settings,
            progress=lambda *stage: _say("progress", stage),
        )
        _say("done", _named(report) if given["names"] else list(report_lines(report, dry_run=False)))
    except RagError as error:
        _say("failed", str(error))
    except Exception as error:  # noqa: BLE001 - the edge of a process: the page must say that it failed
        _log.exception("a build failed")
        _say("failed", f"the build failed ({type(error).__name__}); the log says more")


if __name__ == "__main__":
    main()
