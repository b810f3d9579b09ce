"""Do seeds, index and models agree? Each thing that does not is one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from rag import embed, load
from rag.answer.fingerprint import fingerprint
from rag.build import ids, recipe
from rag.build.changes import make_plan
from rag.extract import shipped_model
from rag.store import at
from rag.store.hashed import Hashed
from rag.types import SeedEntry
from rag.types.errors import IndexUnusable, ModelError
from rag.types.settings import Settings, certified
from rag.types.stores import Store

_SHIPPED = "the shipped threshold applies: run `rag calibrate`"


def check(seeds: Path, index: Path, settings: Settings, note: Callable[[str], None] = lambda _line: None) -> list[str]:
    """What does not agree; empty when all does. Raises IndexUnusable when there is no index at all.

    `note` gets what is no fault of the index and that no build would change: articles whose id another one has, and an
    encoder for which confidence is not fitted.
    """
    store = at(index, settings)
    findings = list(store.findings())
    try:
        held = store.open()
    except IndexUnusable as error:
        if not findings:
            raise
        return findings if any(str(error).startswith(finding) for finding in findings) else [*findings, str(error)]
    try:
        source = embed.resolve(settings.encoder)
        unfitted = shipped_model().unfitted(source.sha256)
        if unfitted:
            note(unfitted)
        differences = held.recipe.differences(recipe(settings, source))
        findings += [f"built with other settings: {line}; run `rag build`" for line in differences]
    except ModelError as error:
        findings.append(str(error))
    findings += _certificate(store, held.generation, settings)
    try:
        entries = list(held.entries())
    except IndexUnusable:  # of a file that was found to be damaged
        if not findings:
            raise
        return findings
    Hashed.forget(index, seeds=True)
    return findings + _seeds(seeds, entries, note)


def _certificate(store: Store, generation: str, settings: Settings) -> Iterator[str]:
    """Whether a certificate was made for what there is now; that there is none at all is no fault."""
    if settings.threshold is not None:
        return  # it overrules any certificate
    try:
        held = store.certificate(generation)
    except IndexUnusable:  # named already
        return
    others = [name for name in store.certified() if name != generation]
    with suppress(IndexUnusable):  # named already
        pinned = {pin.generation for pin in store.pins()}  # their certificates are kept with them
        others = [name for name in others if name not in pinned]
    if held is None and others:
        yield f"there is a certificate, but of another generation ({', '.join(others)}); {_SHIPPED}"
    changed = held.stale(generation, fingerprint(), certified(settings)) if held else None
    if held and changed:
        yield f"the certificate {held.name} no longer holds: {changed}; {_SHIPPED}"


def _seeds(seeds: Path, held: Sequence[SeedEntry], note: Callable[[str], None]) -> list[str]:
    found = load.find(seeds)
    entries: list[SeedEntry] = []
    known = load.by_file(e for e in held if e.loader == load.loader_version(e.path))
    problems = [f"{where}: {reason}" for where, reason in found.unreadable]
    for file in found.files:
        loaded = load.load(seeds, file.path, known[file.path])
        infos = [article.info for article in loaded.articles]
        entries += loaded.kept
        entries += [SeedEntry.of(info) for info in infos]
        problems += [f"{where} cannot be read: {reason}" for where, reason in loaded.problems]
    taken = ids.taken(seeds, entries, held)
    for where, why in sorted(taken.values()):
        note(f"{where} is not in the index: {why}")
    plan = make_plan([entry for place, entry in enumerate(entries) if place not in taken], held)
    return [
        *problems,
        *(f"{name} is not in the index; run `rag build`" for name in plan.added),
        *(f"{name} has changed since the index was built; run `rag build`" for name in plan.changed),
        *(f"{old} is now {new}; run `rag build`" for old, new in plan.renamed),
        *(f"{name} is in the index but no longer in {seeds}; run `rag build`" for name in plan.removed),
    ]
