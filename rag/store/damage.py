"""What is damaged under an index folder, or does not belong there: each is one line."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from functools import cache
from pathlib import Path

from rag.store import certificates, changes, layout, manifest, parts, pins, saved, unfinished
from rag.store.articles import Articles
from rag.store.hashed import sha256
from rag.types.contents import Contents
from rag.types.errors import IndexUnusable
from rag.types.stores import generation_name


def findings(index: Path) -> Iterator[str]:
    """As `Store.findings`; nothing where there is no index at all."""
    damaged = set[str]()  # the names of generations
    found = [*_files(index, damaged), *_pins(index, damaged)]
    yield from found
    try:
        current = layout.pointed(index)
        if current is None:
            if found or layout.generations(index):
                yield f"{index / layout.POINTER} is missing; run `rag build`"
        elif not layout.holds(index, current):
            yield f"{index / layout.POINTER} names the generation {current}, which is not there; run `rag build`"
    except IndexUnusable as error:
        yield str(error)
    yield from changes.damaged(index)
    try:
        saved.questions(index)
    except IndexUnusable as error:
        yield str(error)
    for name in certificates.generations(index):
        try:
            certificates.read(index, name)
        except IndexUnusable as error:
            yield str(error)


def _files(index: Path, damaged: set[str]) -> Iterator[str]:
    """What is wrong with the files under the index folder, whatever they belong to; adds the damaged generations."""
    if not index.is_dir():
        return
    for path in sorted(index.iterdir()):
        if path.name == layout.GENERATIONS and path.is_dir():
            yield from _generations(path, damaged)
        elif unfinished.is_kept(path):
            if not layout.is_building(index):
                yield f"{path} is what a build that did not end has embedded; the next build goes on from it"
        elif path.name.removesuffix(layout.HALF) not in layout.KNOWN and not path.name.endswith(".lock"):
            yield f"{path} is no part of an index"


def _generations(parent: Path, damaged: set[str]) -> Iterator[str]:
    hashed, told, named = cache(sha256), set[str](), set[str]()
    for folder in sorted(parent.iterdir()):
        if not folder.is_dir():
            yield f"{folder} is no part of an index"
            continue
        for finding in _generation(folder, hashed, named):
            damaged.add(folder.name)
            if finding not in told:  # generations share files
                yield finding
            told.add(finding)
    yield from _shared(parent.parent, named, whole=not damaged)


def _shared(index: Path, named: set[str], *, whole: bool) -> Iterator[str]:
    """What is wrong with the folder of parts, of which the generations name these files."""
    folder = index / layout.PARTS
    if not folder.is_dir():
        return
    known = parts.files(folder)
    if whole and not layout.is_building(index):
        for name in sorted(known - named):
            yield f"{folder / name} is of no generation; the next build removes it"
    for name in sorted({path.name for path in folder.iterdir()} - known):
        yield f"{folder / name} is no part of an index"


def _generation(folder: Path, hashed: Callable[[str], str], named: set[str]) -> Iterator[str]:
    """What is wrong with a generation; adds the names of its files."""
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
    named.update(held.files)
    damaged = manifest.damaged(folder, held, hashed)
    yield from (f"{what}; run `rag build`" for what in damaged)
    name = held.name if damaged else _reckoned(folder, held)
    if name != folder.name:
        yield f"{folder} holds the generation {name}"
    strangers = {path.name for path in folder.iterdir()} - {manifest.FILE, *held.files}
    yield from (f"{folder / name} is no part of the generation" for name in sorted(strangers))


def _reckoned(folder: Path, held: manifest.Manifest) -> str:
    """The name of a generation by what it holds."""
    articles = Articles(parts.of_files(layout.pool(folder), held.parts, held.files))
    try:
        return generation_name(held.recipe, Contents.of(articles.entries()))
    finally:
        articles.close()


def _pins(index: Path, damaged: Collection[str]) -> list[str]:
    """The pins whose generation is not there, or is damaged."""
    try:
        held = pins.read(index)
    except IndexUnusable as error:
        return [str(error)]
    wrong = []
    for pin in held:
        there = layout.holds(index, pin.generation)
        if not there or pin.generation in damaged:
            state = "is damaged" if there else "is not there"
            wrong.append(
                f"the pin '{pin.name}' keeps generation {pin.generation}, which {state}; bring it back from a copy of "
                f"{index}, or let go of it with `rag pin --remove {pin.name}`"
            )
    return wrong
