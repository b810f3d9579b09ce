"""The build walk: seeds -> load -> Article -> split -> Chunk -> embed -> vectors -> store."""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path

from rag import embed, language, load
from rag import split as splitting
from rag.build.changes import BuildReport
from rag.build.cluster import RayWorkers
from rag.build.generation import write
from rag.build.inventory import Inventory, Progress
from rag.build.spool import Spool
from rag.build.workers import LocalWorkers
from rag.extract import shipped_model
from rag.store import at, unfinished
from rag.store.hashed import Hashed
from rag.types import Encoder
from rag.types.errors import SettingsError
from rag.types.settings import Settings
from rag.types.stores import Recipe

__all__ = ["Progress", "recipe", "sync_index"]


def recipe(settings: Settings, source: embed.EncoderSource) -> Recipe:
    """What decides the contents of an index besides the seeds.

    Raises SettingsError where another language is in use than the settings say.
    """
    if settings.language != language.name():
        raise SettingsError(
            f"the settings say language {settings.language!r}, and {language.name()!r} is in use; "
            f"call rag.language.use({settings.language!r}) first"
        )
    return Recipe(
        encoder=settings.encoder,
        encoder_sha256=source.sha256,
        metric="inner_product",
        chunk_min_chars=settings.chunk_min_chars,
        chunk_max_chars=settings.chunk_max_chars,
        splitter=splitting.version(),
        language=settings.language,
    )


def sync_index(
    seeds: Path,
    index: Path,
    settings: Settings,
    *,
    full: bool = False,
    dry_run: bool = False,
    allow_empty: bool = False,
    encoder: Encoder | None = None,
    ray: str | None = None,
    progress: Progress = lambda _stage, _done, _total: None,
) -> BuildReport:
    """Brings the index in step with the seeds, doing only what changed. With `dry_run` it only says what it would do.

    `encoder` is the one of the settings where it is loaded already; else it is loaded when something must be embedded.
    `ray` is the address of a Ray whose machines do the work, or "local" for one that is started here and ended.

    Of articles with one id, one keeps it (`rag.build.ids`); the others are reported as unreadable.

    Raises SeedError when there is no article to index (with `allow_empty` the index is emptied), IndexUnusable when it
    cannot be written, ClusterError when Ray's machines cannot do the work; the index then stays as it was.
    """
    load.require(seeds)  # before the index folder is made
    store = at(index, settings)
    if not dry_run:
        unfinished.made(index)
    with nullcontext() if dry_run else store.building():
        damaged = [] if dry_run else store.tidy()
        source = embed.resolve(settings.encoder)
        plan = recipe(settings, source)
        workers = LocalWorkers(plan, source, encoder) if ray is None else RayWorkers(ray, plan, source)
        with closing(workers), closing(Spool(index)) as articles:
            if full and not dry_run:
                Hashed.forget(index, seeds=True)
            hashed = Hashed(index, seeds=True)
            inventory = Inventory(seeds, index, store, plan, full, progress, workers, articles)
            report = inventory.compare(hashed.sha256, allow_empty=allow_empty)
            if not dry_run:
                hashed.save()
            report.repaired += damaged
            report.unfitted = shipped_model().unfitted(source.sha256)
            if report.changed_anything and not dry_run:
                write(inventory, report)
        if not dry_run:
            unfinished.drop(index)
        return report
