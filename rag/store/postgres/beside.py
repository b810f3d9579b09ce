"""What lies beside the generations of a database: pins, certificates, saved questions, uses of those to calibrate."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rag.store import certificates
from rag.store import pins as rules
from rag.store import saved as of_saved
from rag.store.postgres import pruning, schema
from rag.store.postgres.connections import Connection, fetched
from rag.types.certificates import Certificate
from rag.types.errors import IndexUnusable, InputError
from rag.types.following import MOST_ALERTS, Alert, SavedQuestion
from rag.types.stores import Pin


def pins(connection: Connection) -> tuple[Pin, ...]:
    """By name."""
    return tuple(Pin(*row) for row in fetched(connection, "SELECT name, generation, pinned FROM pin ORDER BY name"))


def pin(connection: Connection, name: str, generation: str) -> Pin:
    """As `Store.pin`, of a generation that is sound."""
    rules.check_name(name)
    with connection.transaction():
        schema.only_one(connection, schema.PINS, 10.0)
        same = rules.held_as(pins(connection), name, generation)
        if same:
            return same
        if pruning.named(connection, generation) is None:
            raise InputError(f"generation {generation} has just been removed by a build; pin another")
        made = rules.made_today(name, generation)
        connection.execute("INSERT INTO pin VALUES (%s, %s, %s)", [made.name, made.generation, made.pinned])
    return made


def unpin(connection: Connection, name: str) -> Pin:
    """As `Store.unpin`."""
    gone = rules.of_name(pins(connection), name)
    connection.execute("DELETE FROM pin WHERE name = %s", [name])
    return gone


def certificate(connection: Connection, generation: str) -> Certificate | None:
    """As `Store.certificate`."""
    rows = fetched(connection, "SELECT body FROM certificate WHERE generation = %s", [generation])
    if not rows:
        return None
    where = f"the certificate of generation {generation}"
    try:
        found = certificates.parsed(rows[0][0].encode(), where)
        if found.generation != generation:
            raise ValueError("it is not what it was")
    except ValueError as error:
        raise IndexUnusable(f"{where} is damaged ({error}); run `rag calibrate` again") from error
    return found


def certified(connection: Connection) -> list[str]:
    """As `Store.certified`."""
    return [g for (g,) in fetched(connection, 'SELECT generation FROM certificate ORDER BY generation COLLATE "C"')]


def certify(connection: Connection, made: Certificate) -> None:
    """As `Store.certify`."""
    connection.execute(
        "INSERT INTO certificate VALUES (%s, %s) ON CONFLICT (generation) DO UPDATE SET body = excluded.body",
        [made.generation, certificates.written(made)],
    )


def count_try(connection: Connection, questions_sha256: str, keys: Collection[str]) -> int:
    """As `Store.count_try`: a use counts that shares half of the questions, of its own or of these."""
    short = certificates.shortened(keys)
    connection.execute("INSERT INTO try (questions_sha256, questions) VALUES (%s, %s)", [questions_sha256, short])
    rows = fetched(connection, "SELECT questions_sha256, questions FROM try")
    return sum(file == questions_sha256 or certificates.shares_half(noted, short) for file, noted in rows)


def saved(connection: Connection) -> tuple[SavedQuestion, ...]:
    """As `Store.saved`."""
    rows = fetched(connection, "SELECT id, body FROM saved ORDER BY place")
    try:
        return tuple(SavedQuestion.of(body) for _, body in rows)
    except ValueError as error:
        raise IndexUnusable(f"a saved question is damaged ({error}); remove its row of the table rag.saved") from error


def save(connection: Connection, question: SavedQuestion) -> SavedQuestion:
    """As `Store.save`."""
    with connection.transaction():
        schema.only_one(connection, schema.PINS, 10.0)
        same = of_saved.kept_as(saved(connection), question)
        if same is None:
            connection.execute("INSERT INTO saved (id, body) VALUES (%s, %s)", [question.id, question.body()])
    return same or question


def forget(connection: Connection, question_id: str) -> SavedQuestion:
    """As `Store.forget`."""
    gone = of_saved.of_id(saved(connection), question_id)
    connection.execute("DELETE FROM saved WHERE id = %s", [question_id])
    return gone


def alerts(connection: Connection, limit: int) -> tuple[Alert, ...]:
    """As `Store.alerts`."""
    rows = fetched(connection, "SELECT body FROM alert ORDER BY place DESC LIMIT %s", [limit])
    try:
        return tuple(Alert.of(body) for (body,) in rows)
    except ValueError as error:
        raise IndexUnusable(f"an alert is damaged ({error}); remove its row of the table rag.alert") from error


def tell(connection: Connection, before: SavedQuestion, after: SavedQuestion, alerts: Sequence[Alert]) -> bool:
    """As `Store.tell`."""
    with connection.transaction():
        changed = connection.execute(
            "UPDATE saved SET body = %s WHERE id = %s AND body = %s", [after.body(), before.id, before.body()]
        )
        if changed.rowcount and alerts:
            for alert in alerts:
                connection.execute("INSERT INTO alert (question, body) VALUES (%s, %s)", [before.id, alert.body()])
            connection.execute(
                "DELETE FROM alert WHERE place <= (SELECT place FROM alert ORDER BY place DESC OFFSET %s LIMIT 1)",
                [MOST_ALERTS],
            )
    return bool(changed.rowcount)
