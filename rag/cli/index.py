"""The commands that keep the index: `build`, `check`, `copy`, `pin`, `pins`."""

from __future__ import annotations

from typing import Annotated

import typer

from rag.build.changes import counted
from rag.cli.console import say
from rag.cli.options import INDEX, SEEDS, Index, Seeds
from rag.types.errors import IndexUnusable
from rag.types.settings import a_store, load_settings


def build(
    seeds: Seeds = SEEDS,
    index: Index = INDEX,
    full: Annotated[bool, typer.Option("--full", help="Do everything anew.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    empty: Annotated[bool, typer.Option("--allow-empty", help="Empty the index where there is no article.")] = False,
    ray: Annotated[bool, typer.Option("--ray", help="Work on the machines of a Ray, or on this one's.")] = False,
    address: Annotated[str | None, typer.Argument(help="HOST:PORT of the Ray; else one is started here.")] = None,
) -> None:
    """Brings the index in step with the seeds."""
    from rag.cli.report import bars, report_lines
    from rag.follow.building import build as build_and_ask

    if address is not None and not ray:
        raise typer.BadParameter(f"{address!r} is an address of Ray's, which goes with --ray")
    where = (address or "local") if ray else None
    with bars() as progress:
        report = build_and_ask(
            seeds,
            index,
            load_settings(),
            full=full,
            dry_run=dry_run,
            allow_empty=empty,
            ray=where,
            progress=progress,
        )
    for line in report_lines(report, dry_run=dry_run):
        say(line)
    raise typer.Exit(3 if report.unreadable or report.noted else 0)


def check(seeds: Seeds = SEEDS, index: Index = INDEX) -> None:
    """Says whether seeds, index and models agree, and names each file that is damaged."""
    from rag.verify.check import check as find

    findings = find(seeds, index, load_settings(), say)
    for finding in findings:
        say(finding)
    if not findings:
        print("seeds, index and models agree")
    raise typer.Exit(1 if findings else 0)


def copy(
    store: Annotated[str, typer.Argument(help="'files', or a database's address, postgresql://user@host/name.")],
    index: Index = INDEX,
) -> None:
    """Copies the index into another store, whose current generation it becomes; nothing is embedded anew."""
    from rag.build.copying import copy_generation
    from rag.cli.report import bars
    from rag.store import at, named

    try:
        target = named(a_store(store), index)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    settings = load_settings()
    with bars() as progress:
        source = at(index, settings)
        generation = copy_generation(source, target, progress)
    say(f"generation {generation} is the current one of {target.place}; set 'store' to it to ask it")
    if source.last_change():
        say(f"what `rag changes` lists so far stays in {source.place}")


def pin(
    name: Annotated[str, typer.Argument(help="The name of the pin.")],
    generation: Annotated[str | None, typer.Option("--generation", help="Which one; else the current.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Let go of the pin.")] = False,
    index: Index = INDEX,
) -> None:
    """Keeps a generation of the index for good under a name: no build removes it."""
    from rag.store import at

    if remove and generation:
        raise typer.BadParameter("--remove takes the name alone")
    if remove:
        say(f"let go of '{name}': generation {at(index, load_settings()).unpin(name).generation} goes as others do")
        return
    held = at(index, load_settings()).pin(name, generation)
    say(f"'{name}' keeps generation {held.generation}; `rag pin --remove {name}` lets go of it")


def list_pins(index: Index = INDEX) -> None:
    """Lists what is pinned: name, generation, the day it was pinned, articles."""
    from rag.store import at

    store = at(index, load_settings())
    held = store.pins()
    for one in held:
        try:
            articles = counted(store.open(one.generation).article_count, "article")
        except IndexUnusable:
            articles = "cannot be read; `rag check` says why"
        say(f"{one.name}  {one.generation}  {one.pinned}  {articles}")
    if not held:
        print("nothing is pinned; `rag pin NAME` keeps the current generation")
