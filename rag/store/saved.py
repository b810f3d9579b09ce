"""Saved questions and their alerts, beside the generations of an index folder.

`saved.json` is written whole or not at all and carries a hash of itself. Whoever changes it holds `saved.lock` for that
moment. What it may become is the same for every store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from rag.store import layout
from rag.types.errors import IndexUnusable, InputError
from rag.types.following import MOST_ALERTS, MOST_QUESTIONS, Alert, SavedQuestion

LOCK = "saved.lock"
_State = tuple[tuple[SavedQuestion, ...], tuple[Alert, ...]]  # alerts newest first


def questions(index: Path) -> tuple[SavedQuestion, ...]:
    """As `Store.saved`."""
    return _read(index)[0]


def alerts(index: Path) -> tuple[Alert, ...]:
    """All that are kept, newest first."""
    return _read(index)[1]


def save(index: Path, question: SavedQuestion) -> SavedQuestion:
    """As `Store.save`."""
    if layout.pointed(index) is None:
        raise IndexUnusable(f"there is no index in {index.resolve()}; run `rag build`, or name one with --index")
    with _lock(index):
        held, told = _read(index)
        same = kept_as(held, question)
        if same is None:
            _write(index, ((*held, question), told))
    return same or question


def forget(index: Path, question_id: str) -> SavedQuestion:
    """As `Store.forget`."""
    of_id(questions(index), question_id)  # before anything is made
    with _lock(index):
        held, told = _read(index)
        gone = of_id(held, question_id)
        left = tuple(alert for alert in told if alert.question_id != question_id)
        _write(index, (tuple(one for one in held if one is not gone), left))
    return gone


def tell(index: Path, before: SavedQuestion, after: SavedQuestion, alerts: Sequence[Alert]) -> bool:
    """As `Store.tell`."""
    with _lock(index):
        held, told = _read(index)
        if before not in held:
            return False
        changed = tuple(after if one == before else one for one in held)
        _write(index, (changed, (*alerts[::-1], *told)[:MOST_ALERTS]))
    return True


def kept_as(held: Sequence[SavedQuestion], question: SavedQuestion) -> SavedQuestion | None:
    """The question of its id; None where it may be kept. Raises InputError where there are too many."""
    same = next((one for one in held if one.id == question.id), None)
    if same is None and len(held) >= MOST_QUESTIONS:
        raise InputError(f"{MOST_QUESTIONS} questions are saved, and no more are kept; remove one first")
    return same


def of_id(held: Sequence[SavedQuestion], question_id: str) -> SavedQuestion:
    """The question of this id. Raises InputError where there is none."""
    found = next((one for one in held if one.id == question_id), None)
    if found is None:
        raise InputError(f"there is no saved question '{question_id[:80]}'; `rag saved` lists them")
    return found


def _lock(index: Path) -> AbstractContextManager[None]:
    return layout.locked(
        index / LOCK,
        busy=f"another process is changing the saved questions of {index}; run this again",
        unwritable=lambda reason: f"nothing can be kept in {index} ({reason}); make it writable",
    )


def _read(index: Path) -> _State:
    file = index / layout.SAVED
    try:
        raw = file.read_bytes()
        body = json.loads(raw)
        state = (
            tuple(SavedQuestion.of(one) for one in body["questions"]),
            tuple(Alert.of(one) for one in body["alerts"]),
        )
        if _file(state).encode() != raw:
            raise ValueError("it is not what was written")
    except FileNotFoundError:
        return (), ()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise IndexUnusable(
            f"{file} is damaged ({error}); bring it back from a copy, or remove it and save the questions again"
        ) from error
    return state


def _write(index: Path, state: _State) -> None:
    try:
        layout.write_whole(index / layout.SAVED, _file(state))
    except OSError as error:
        raise IndexUnusable(
            f"{index / layout.SAVED} cannot be written ({error.strerror}); nothing has changed"
        ) from error


def _file(state: _State) -> str:
    said = {"questions": [one.body() for one in state[0]], "alerts": [one.body() for one in state[1]]}
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
    return json.dumps(said | {"sha256": digest}, indent=1) + "\n"
