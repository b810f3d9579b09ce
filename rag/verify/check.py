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
from rag.store import certificates, layout, manifest, pins, unfinished
from rag.types import SeedEntry
from rag.types.errors import IndexUnusable, ModelError
from rag.types.settings import Settings, certified

_SHIPPED = "the shipped threshold applies: run `rag calibrate`"


def check(seeds: Path, index: Path, settings: Settings, note: Callable[[str], None] = lambda _line: None) -> list[str]:
    """What does not agree; empty when all does. Raises IndexUnusable when there is no index at all.

    `note` gets what is no fault of the index and that no build would change: articles whose id another one has, and an
    encoder for which confidence is not fitted.
    """
    findings = list(_files(index))
    findings += _pins(index, findings)
    try:
        current = layout.pointed(index)
        if current is None and not findings:
            raise FileNotFoundError
        held = manifest.read(layout.folder(index, current)) if current else None
    except FileNotFoundError as error:
        if error.filename is None:
            raise IndexUnusable(
                f"there is no index in {index.resolve()}; run `rag build`, or name one with --index"
            ) from error
        return [
            *findings,
            f"{index / layout.POINTER} names the generation {current}, which is not there; run `rag build`",
        ]
    except IndexUnusable as error:
        return findings if str(error) in findings else [*findings, str(error)]
    if held is None:
        return [*findings, f"{index / layout.POINTER} is missing; run `rag build`"]
    try:
        source = embed.resolve(settings.encoder)
        unfitted = shipped_model().unfitted(source.sha256)
        if unfitted:
            note(unfitted)
        differences = held.recipe.differences(recipe(settings, source))
        findings += [f"built with other settings: {line}; run `rag build`" for line in differences]
    except ModelError as error:
        findings.append(str(error))
    return findings + list(_certificate(index, held.name, settings)) + _seeds(seeds, held, note)


def _pins(index: Path, findings: Sequence[str]) -> list[str]:
    """The pins whose generation is not there, or is damaged by what was found."""
    try:
        held = pins.read(index)
    except IndexUnusable as error:
        return [str(error)]
    wrong = []
    for pin in held:
        folder = str(layout.folder(index, pin.generation))
        there = layout.holds(index, pin.generation)
        if not there or any(folder in finding for finding in findings):
            state = "is damaged" if there else "is not there"
            wrong.append(
                f"the pin '{pin.name}' keeps generation {pin.generation}, which {state}; bring {folder} back from a "
                f"copy, or let go of it with `rag pin --remove {pin.name}`"
            )
    return wrong


def _certificate(index: Path, generation: str, settings: Settings) -> Iterator[str]:
    """Whether a certificate was made for what there is now; that there is none at all is no fault."""
    try:
        held = certificates.read(index, generation)
        others = certificates.of_others(index, generation)
    except IndexUnusable as error:
        yield str(error)
        return
    if settings.threshold is not None:
        return  # it overrules any certificate
    with suppress(IndexUnusable):  # named already
        pinned = {pin.generation for pin in pins.read(index)}  # their certificates are kept with them
        others = [name for name in others if name not in pinned]
    if held is None and others:
        yield f"there is a certificate, but of another generation ({', '.join(others)}); {_SHIPPED}"
    changed = held.stale(generation, fingerprint(), certified(settings)) if held else None
    if held and changed:
        yield f"the certificate {held.name} no longer holds: {changed}; {_SHIPPED}"


def _files(index: Path) -> Iterator[str]:
    """What is wrong with the files under the index folder, whatever they belong to."""
    if not index.is_dir():
        return
    for path in sorted(index.iterdir()):
        if path.name == layout.GENERATIONS and path.is_dir():
            for folder in sorted(path.iterdir()):
                yield from _generation(folder) if folder.is_dir() else [f"{folder} is no part of an index"]
        elif unfinished.is_kept(path):
            if not layout.is_building(index):
                yield f"{path} is what a build that did not end has embedded; the next build goes on from it"
        elif path.name not in layout.KNOWN and not path.name.endswith(".lock"):
            yield f"{path} is no part of an index"


def _generation(folder: Path) -> Iterator[str]:
    if folder.name.startswith((layout.UNFINISHED, layout.GOING)):
        if not layout.is_building(folder.parent.parent):
            yield f"{folder} is left over from a build that did not end; the next build removes it"
        return
    try:
        held = manifest.read(folder)
    except IndexUnusable as error:
        yield str(error)
        return
    except (FileNotFoundError, NotADirectoryError) as error:
        yield f"{error.filename} is missing: {folder} is no generation"
        return
    if held.name != folder.name:
        yield f"{folder} holds the generation {held.name}"
    yield from manifest.damaged(folder, held, thorough=True)
    strangers = {path.name for path in folder.iterdir()} - {manifest.FILE, *held.files}
    yield from (f"{folder / name} is no part of the generation" for name in sorted(strangers))


def _seeds(seeds: Path, held: manifest.Manifest, note: Callable[[str], None]) -> list[str]:
    found = load.find(seeds)
    entries: list[SeedEntry] = []
    known = load.by_file(e for e in held.seeds if e.loader == load.loader_version(e.path))
    problems = [f"{where}: {reason}" for where, reason in found.unreadable]
    for file in found.files:
        loaded = load.load(seeds, file.path, known[file.path])
        infos = [article.info for article in loaded.articles]
        entries += loaded.kept
        entries += [SeedEntry.of(info) for info in infos]
        problems += [f"{where} cannot be read: {reason}" for where, reason in loaded.problems]
    taken = ids.taken(seeds, entries, held.seeds)
    for where, why in sorted(taken.values()):
        note(f"{where} is not in the index: {why}")
    plan = make_plan([entry for place, entry in enumerate(entries) if place not in taken], held.seeds)
    return [
        *problems,
        *(f"{name} is not in the index; run `rag build`" for name in plan.added),
        *(f"{name} has changed since the index was built; run `rag build`" for name in plan.changed),
        *(f"{old} is now {new}; run `rag build`" for old, new in plan.renamed),
        *(f"{name} is in the index but no longer in {seeds}; run `rag build`" for name in plan.removed),
    ]
