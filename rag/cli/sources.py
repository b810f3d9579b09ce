"""The commands that take articles in: `add`, `watch`. Nothing else of the command line fetches."""

from __future__ import annotations

import functools
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rag.build.changes import counted
from rag.cli.console import say, say_json
from rag.cli.options import INDEX, SEEDS, Index, Seeds
from rag.cli.results import errors
from rag.types.errors import FetchError, IndexUnusable, InputError
from rag.types.settings import Settings, load_settings

Private = Annotated[bool, typer.Option("--allow-private", help="Fetch from this machine's own network, too.")]


def add(
    what: Annotated[list[str], typer.Argument(metavar="URL|FEED|FILE…", help="Pages, RSS or Atom feeds, and files.")],
    seeds: Seeds = SEEDS,
    index: Index = INDEX,
    private: Private = False,
) -> None:
    """Takes articles in: fetches pages and feeds, copies files, then builds."""
    from rag.cli.report import bars, report_lines
    from rag.follow.building import build

    settings = load_settings()
    files = [Path(one) for one in what if "://" not in one]
    names = _copied(files, seeds, index, settings)
    for name in names:
        say(f"added {name}")
    held, failed = _fetched([one for one in what if "://" in one], seeds, private=private)
    if failed and not (names or held):
        raise typer.Exit(2)
    with bars() as progress:
        report = build(seeds, index, settings, progress=progress)
    for line in report_lines(report, dry_run=False):
        say(line)
    raise typer.Exit(3 if failed or report.unreadable or report.noted else 0)


def _copied(files: Sequence[Path], seeds: Path, index: Path, settings: Settings) -> list[str]:
    """Copies files in, all or none; their names there. Raises InputError with what is wrong with one."""
    from rag.build.seeds import Library
    from rag.store import at

    missing = next((file for file in files if not file.is_file()), None)
    if missing is not None:
        raise InputError(f"{missing}: there is no such file; an address begins with https://")
    library = Library(seeds)
    if not files:
        return []
    try:
        store = at(index, settings).open()
    except IndexUnusable:  # all files are read for their ids then
        store = None
    return library.add(files, store)


def _fetched(addresses: Sequence[str], seeds: Path, *, private: bool) -> tuple[int, int]:
    """Fetches pages and feeds; how many pages are there now, and how many failed."""
    from rag.sources import Sources
    from rag.sources.addresses import parsed
    from rag.sources.fetch import Fetcher

    sources = Sources(seeds, Fetcher(private=private))
    held = failed = 0
    for address in addresses:
        before = held + failed
        try:
            for came in sources.add(parsed(address)):
                if came.what == "failed":
                    failed += 1
                    errors.print(f"rag: {came.reason}")
                else:
                    held += 1
                    say(f"{'kept' if came.what == 'same' else came.what} {came.path} from {came.address}")
        except FetchError as error:
            failed += 1
            errors.print(f"rag: {error}")
        if held + failed == before:
            say(f"nothing new in {address}")
    return held, failed


def watch(
    feeds: Annotated[
        list[str] | None, typer.Argument(metavar="FEED…", help="RSS or Atom feeds, besides those of the settings.")
    ] = None,
    seeds: Seeds = SEEDS,
    index: Index = INDEX,
    private: Private = False,
    as_json: Annotated[bool, typer.Option("--json", help="Log as JSON, an object a line.")] = False,
) -> None:
    """Builds whenever the seeds folder changes, and takes in what is new in feeds, until it is ended."""
    from rag.serve.building import building
    from rag.sources import Sources
    from rag.sources.addresses import parsed
    from rag.sources.fetch import Fetcher
    from rag.sources.log import Log
    from rag.sources.watching import Pace, Watch
    from rag.store import at

    settings = load_settings()
    addresses = [parsed(feed) for feed in dict.fromkeys([*settings.feeds, *(feeds or ())])]
    log = Log(functools.partial(_line, as_json=as_json), as_json=as_json)
    pace = Pace(feeds=60.0 * settings.feeds_minutes)
    build = functools.partial(building, seeds, index, settings, names=True)
    sources = Sources(seeds, Fetcher(private=private))
    watching = Watch(sources, addresses, at(index, settings), build, log, pace)
    ended = list[int]()

    def end(number: int, _frame: object) -> None:
        ended.append(number)
        watching.end()  # what a finalizer raises goes no further: then it ends after its step
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    log.say("watching", f"{seeds} and {counted(len(addresses), 'feed')}", feeds=[str(one) for one in addresses])
    watching.run()
    sys.exit(128 + ended[-1])


def _line(text: str, *, as_json: bool) -> None:
    (say_json if as_json else say)(text)
    sys.stdout.flush()
