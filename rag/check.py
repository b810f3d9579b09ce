"""Do seeds, index and models agree? Each thing that does not is one line."""

from __future__ import annotations

from pathlib import Path

from rag import embed, load
from rag.build import recipe
from rag.errors import IndexUnusable, ModelError
from rag.plan import make_plan
from rag.settings import Settings
from rag.store import layout, manifest


def check(seeds: Path, index: Path, settings: Settings) -> list[str]:
    """What does not agree; empty when all does. Raises IndexUnusable when there is no index at all."""
    current = layout.pointed(index)
    if current is None:
        raise IndexUnusable(f"there is no index in {index}; run `rag build`")
    findings = []
    for folder in sorted((index / layout.GENERATIONS).iterdir() if (index / layout.GENERATIONS).is_dir() else ()):
        if folder.name.startswith(layout.UNFINISHED):
            findings.append(f"{folder} is left over from a build that did not end; the next build removes it")
        else:
            findings += _files(folder)
    try:
        held = manifest.read(layout.folder(index, current))
    except (IndexUnusable, FileNotFoundError) as error:
        wanted = f"the current generation {current} cannot be read: {error}"
        return findings if any(current in finding for finding in findings) else [*findings, wanted]
    if held.name != current:
        findings.append(f"{layout.folder(index, current)} holds the generation {held.name}")
    try:
        differences = held.recipe.differences(recipe(settings, embed.resolve(settings.encoder)))
        findings += [f"built with other settings: {line}; run `rag build`" for line in differences]
    except ModelError as error:
        findings.append(str(error))
    return findings + _seeds(seeds, held)


def _files(folder: Path) -> list[str]:
    try:
        return manifest.damaged(folder, manifest.read(folder), thorough=True)
    except IndexUnusable as error:
        return [str(error)]
    except FileNotFoundError as error:
        return [f"{error.filename} is missing"]


def _seeds(seeds: Path, held: manifest.Manifest) -> list[str]:
    found, _ = load.find(seeds)
    plan = make_plan(found, held.seeds, {file.path: load.loader_version(file.path) for file in found})
    return [
        *(f"{path} is not in the index; run `rag build`" for path in plan.added),
        *(f"{path} has changed since the index was built; run `rag build`" for path in plan.changed),
        *(f"{old} is now {new}; run `rag build`" for old, new in plan.renamed),
        *(f"{path} is in the index but no longer in {seeds}; run `rag build`" for path in plan.removed),
    ]
