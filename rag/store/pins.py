"""Generations that are kept for good, each under a name.

`pins.json` is written whole or not at all and carries a hash of itself. Whoever pins a generation, and whoever removes
one, holds `pins.lock` for that moment: so none is removed while it is being pinned, and nobody waits for a whole build.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from rag.store import layout, manifest
from rag.store.hashed import sha256
from rag.types.errors import IndexUnusable, InputError
from rag.types.stores import Pin

LOCK = "pins.lock"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def lock(index: Path) -> AbstractContextManager[None]:
    """Lets nobody else pin or remove a generation meanwhile. Raises as `layout.locked` does."""
    return layout.locked(
        index / LOCK,
        busy=f"another process is pinning or removing generations of {index}; run this again",
        unwritable=lambda reason: f"nothing can be kept in {index} ({reason}); make it writable",
    )


def read(index: Path) -> tuple[Pin, ...]:
    """The pins by name. Raises IndexUnusable where the file is damaged."""
    file = index / layout.PINS
    try:
        raw = file.read_bytes()
        pins = tuple(Pin(**pin) for pin in json.loads(raw)["pins"])
        if _file(pins).encode() != raw:
            raise ValueError("it is not what was written")
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise IndexUnusable(
            f"{file} is damaged ({error}); until you remove it and pin again, no generation is removed"
        ) from error
    return pins


def add(index: Path, name: str, generation: str | None = None) -> Pin:
    """Pins a generation, the current one where none is given; once more the same changes nothing.

    Raises InputError for a name that is none or is taken, and for a generation that is not there or is damaged.
    """
    check_name(name)
    wanted = generation or layout.pointed(index)
    if wanted is None:
        raise IndexUnusable(f"there is no index in {index.resolve()}; run `rag build`, or name one with --index")
    _sound(index, wanted)  # before the lock is held, as this takes its time
    with lock(index):
        held = read(index)
        same = held_as(held, name, wanted)
        if same:
            return same
        if not layout.holds(index, wanted):
            raise InputError(f"generation {wanted} has just been removed by a build; pin another")
        pin = made_today(name, wanted)
        _write(index, [*held, pin])
    return pin


def remove(index: Path, name: str) -> Pin:
    """Lets go of a pin; the generation goes as others do. Raises InputError where there is none of that name."""
    if not index.is_dir():
        raise InputError(f"there is no index in {index.resolve()}; name one with --index")
    with lock(index):
        held = read(index)
        gone = of_name(held, name)
        _write(index, [pin for pin in held if pin != gone])
    return gone


def check_name(name: str) -> None:
    """Raises InputError for a name that is none for a pin."""
    if not _NAME.fullmatch(name):
        raise InputError(f"'{name[:80]}' is no name for a pin: 1 to 64 letters, digits, '.', '_' and '-'")


def held_as(held: Sequence[Pin], name: str, generation: str) -> Pin | None:
    """The pin of that name and generation; None where the name is free. Raises InputError where it is taken."""
    taken = next((pin for pin in held if pin.name == name), None)
    if taken and taken.generation != generation:
        raise InputError(
            f"the name '{name}' is taken by generation {taken.generation}, pinned {taken.pinned}; choose another, "
            f"or let go of that one with `rag pin --remove {name}`"
        )
    return taken


def of_name(held: Sequence[Pin], name: str) -> Pin:
    """The pin of that name. Raises InputError where there is none."""
    found = next((pin for pin in held if pin.name == name), None)
    if found is None:
        known = ", ".join(pin.name for pin in held) or "none"
        raise InputError(f"there is no pin '{name[:80]}'; pinned are: {known}")
    return found


def made_today(name: str, generation: str) -> Pin:
    """A new pin."""
    return Pin(name, generation, datetime.now(UTC).date().isoformat())


def _sound(index: Path, generation: str) -> None:
    if not layout.holds(index, generation):
        kept = ", ".join(folder.name for folder in layout.generations(index)) or "none"
        raise InputError(f"there is no generation '{generation[:80]}' in {index}; kept are: {kept}")
    folder = layout.folder(index, generation)
    try:
        wrong = manifest.damaged(folder, manifest.read(folder), sha256)
    except FileNotFoundError as error:
        wrong = [f"{error.filename} is missing"]
    except IndexUnusable as error:
        raise InputError(f"{error}; a damaged generation cannot be pinned") from error
    if wrong:
        raise InputError(f"{wrong[0]}; a damaged generation cannot be pinned: run `rag build`")


def _write(index: Path, pins: Sequence[Pin]) -> None:
    try:
        layout.write_whole(index / layout.PINS, _file(sorted(pins, key=lambda pin: pin.name)))
    except OSError as error:
        raise IndexUnusable(
            f"{index / layout.PINS} cannot be written ({error.strerror}); nothing has changed"
        ) from error


def _file(pins: Sequence[Pin]) -> str:
    said = [asdict(pin) for pin in pins]
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    return json.dumps({"pins": said, "sha256": digest}, indent=1) + "\n"
