"""Who may what: a file of users, each with a role and the Argon2 hash of a password; made by `rag users`."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rag.types.errors import InputError, SettingsError

Role = Literal["reader", "editor"]
_NAME = re.compile(r"[\w.@-]{1,64}")
_SHORTEST, _LONGEST = 8, 256  # characters of a password
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody's")  # compared with where a name is not known, so that time does not tell


@dataclass(frozen=True, slots=True)
class User:
    """A reader asks; an editor also adds articles, takes them out and builds."""

    role: Role
    password: str  # as Argon2 writes a hash


class Users:
    """A file of users, read anew when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._held: Mapping[str, User] = {}
        self.all()

    def all(self) -> Mapping[str, User]:
        """By name. Raises SettingsError for a file that is none, or that others may read."""
        try:
            found = self._path.stat()
            seen = found.st_mtime_ns, found.st_size, found.st_ino
            if seen != self._seen:
                self._held, self._seen = read(self._path), seen
        except OSError as error:
            raise SettingsError(f"the users cannot be read from {self._path}: {error.strerror}") from error
        return self._held

    def right(self, name: str, password: str) -> User | None:
        """The user of this name where the password is theirs; takes some 0.1 s, whoever it is."""
        user = self.all().get(name)
        try:
            _HASHER.verify(user.password if user else _NOBODY, password[: _LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return None
        return user


def read(path: Path) -> dict[str, User]:
    """The users of a file. Raises SettingsError, OSError."""
    if path.stat().st_mode & 0o077:
        raise SettingsError(f"{path} can be read by others; chmod 600 it")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        users = {str(name): User(**its) for name, its in data["users"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path} is no file of users; make one with `rag users add NAME --users FILE`") from error
    if any(user.role not in get_args(Role) or not isinstance(user.password, str) for user in users.values()):
        raise SettingsError(f"{path} is no file of users: a role is reader or editor")
    return users


def put(path: Path, name: str, role: str, password: str) -> None:
    """Adds a user, or gives one another role and password. Raises InputError, SettingsError."""
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name: up to 64 letters, digits and . _ @ -")
    if role not in get_args(Role):
        raise InputError(f"{role!r} is no role; there are reader and editor")
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise InputError(f"a password has {_SHORTEST} to {_LONGEST} characters")
    users = read(path) if path.exists() else {}
    _write(path, {**users, name: User(role, _HASHER.hash(password))})  # type: ignore[arg-type] # it is a role


def remove(path: Path, name: str) -> None:
    """Takes a user out. Raises InputError where there is none of that name."""
    users = read(path)
    if name not in users:
        raise InputError(f"{path} holds no user {name!r}")
    _write(path, {other: user for other, user in users.items() if other != name})


def _write(path: Path, users: Mapping[str, User]) -> None:
    text = json.dumps({"users": {name: asdict(user) for name, user in users.items()}}, indent=1, ensure_ascii=False)
    handle, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # its owner's alone
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
        Path(made).replace(path)
    except OSError:
        Path(made).unlink(missing_ok=True)
        raise
