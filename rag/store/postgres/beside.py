"""What lies beside the generations of a database: pins, certificates, and uses of questions to calibrate."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection
from datetime import UTC, datetime

from rag.store.postgres import pruning, schema
from rag.store.postgres.connections import Connection, fetched
from rag.types.certificates import Certificate, Level
from rag.types.errors import IndexUnusable, InputError
from rag.types.stores import Pin

_FORMAT = 4
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = 8  # digits of a question's hash


def pins(connection: Connection) -> tuple[Pin, ...]:
    """By name."""
    return tuple(Pin(*row) for row in fetched(connection, "SELECT name, generation, pinned FROM pin ORDER BY name"))


def pin(connection: Connection, name: str, generation: str) -> Pin:
    """As `Store.pin`, of a generation that is sound."""
    if not _NAME.fullmatch(name):
        raise InputError(f"'{name[:80]}' is no name for a pin: 1 to 64 letters, digits, '.', '_' and '-'")
    with connection.transaction():
        schema.only_one(connection, schema.PINS, 10.0)
        taken = next((held for held in pins(connection) if held.name == name), None)
        if taken and taken.generation == generation:
            return taken
        if taken:
            raise InputError(
                f"the name '{name}' is taken by generation {taken.generation}, pinned {taken.pinned}; choose another, "
                f"or let go of that one with `rag pin --remove {name}`"
            )
        if pruning.named(connection, generation) is None:
            raise InputError(f"generation {generation} has just been removed by a build; pin another")
        made = Pin(name, generation, datetime.now(UTC).date().isoformat())
        connection.execute("INSERT INTO pin VALUES (%s, %s, %s)", [made.name, made.generation, made.pinned])
    return made


def unpin(connection: Connection, name: str) -> Pin:
    """As `Store.unpin`."""
    held = pins(connection)
    gone = next((pin for pin in held if pin.name == name), None)
    if gone is None:
        known = ", ".join(pin.name for pin in held) or "none"
        raise InputError(f"there is no pin '{name[:80]}'; pinned are: {known}")
    connection.execute("DELETE FROM pin WHERE name = %s", [name])
    return gone


def certificate(connection: Connection, generation: str) -> Certificate | None:
    """As `Store.certificate`."""
    rows = fetched(connection, "SELECT body FROM certificate WHERE generation = %s", [generation])
    if not rows:
        return None
    where = f"the certificate of generation {generation}"
    try:
        data = json.loads(rows[0][0])
        if data.pop("format") != _FORMAT:
            raise IndexUnusable(f"{where} was written by another version of this program; run `rag calibrate` again")
        data["levels"] = tuple(Level(**level) for level in data["levels"])
        del data["name"]
        found = Certificate(**data)
        if _written(found) != rows[0][0] or found.generation != generation:
            raise ValueError("it is not what it was")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise IndexUnusable(f"{where} is damaged ({error}); run `rag calibrate` again") from error
    return found


def certified(connection: Connection) -> list[str]:
    """As `Store.certified`."""
    return [g for (g,) in fetched(connection, 'SELECT generation FROM certificate ORDER BY generation COLLATE "C"')]


def certify(connection: Connection, made: Certificate) -> None:
    """As `Store.certify`."""
    connection.execute(
        "INSERT INTO certificate VALUES (%s, %s) ON CONFLICT (generation) DO UPDATE SET body = excluded.body",
        [made.generation, _written(made)],
    )


def _written(made: Certificate) -> str:
    return json.dumps({"format": _FORMAT, "name": made.name} | dataclasses.asdict(made), indent=1) + "\n"


def count_try(connection: Connection, questions_sha256: str, keys: Collection[str]) -> int:
    """As `Store.count_try`: a use counts that shares half of the questions, of its own or of these."""
    short = {key[:_KEY] for key in keys}
    connection.execute(
        "INSERT INTO try (questions_sha256, questions) VALUES (%s, %s)", [questions_sha256, "".join(sorted(short))]
    )
    rows = fetched(connection, "SELECT questions_sha256, questions FROM try")
    return sum(file == questions_sha256 or _shares_half(questions, short) for file, questions in rows)


def _shares_half(questions: str, keys: set[str]) -> bool:
    noted = {questions[at : at + _KEY] for at in range(0, len(questions), _KEY)}
    return 2 * len(noted & keys) >= min(len(noted), len(keys))
