"""The commands that make the file of users: `users add`, `users remove`, `users list`."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from rag.types.errors import InputError

File = Annotated[Path, typer.Option("--users", help="The file of users.")]
USERS = Path("users.json")


def add(
    name: Annotated[str, typer.Argument(help="Who.")],
    role: Annotated[str, typer.Option("--role", help="reader (asks) or editor (also adds, removes and builds).")],
    users: File = USERS,
) -> None:
    """Adds a user, or gives one another role and password; it is asked for, or read from standard input."""
    from rag.serve.users import put

    put(users, name, role, _password())
    print(f"{name} is {role} in {users}")


def remove(name: Annotated[str, typer.Argument(help="Who.")], users: File = USERS) -> None:
    """Takes a user out; who has logged in is out with the next request."""
    from rag.serve import users as kept

    kept.remove(users, name)
    print(f"{name} is no user of {users} any more")


def listed(users: File = USERS) -> None:
    """Lists the users with their roles."""
    from rag.serve.users import Users

    for name, user in sorted(Users(users).all().items()):
        print(f"{name}\t{user.role}")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise InputError("the two passwords differ; nothing was changed")
    return password
