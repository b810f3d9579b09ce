"""The parser: which commands there are, in the order in which `rag --help` lists them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer

from rag.cli import calibration, following, index, page, proofs, questions, quotes, sources, users

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Answers from a folder of articles, in their words.")
who = typer.Typer(no_args_is_help=True, help="Who may use the page of `rag serve --users`.")
feedback = typer.Typer(help="What users of the page thought of answers.")
saved = typer.Typer()
_COMMANDS: dict[str, Callable[..., None]] = {
    "build": index.build,
    "add": sources.add,
    "watch": sources.watch,
    "check": index.check,
    "ask": questions.ask,
    "search": questions.search,
    "read": questions.read,
    "quotes": quotes.quotes,
    "verify": proofs.verify,
    "replay": proofs.replay,
    "changes": following.changes,
    "copy": index.copy,
    "pin": index.pin,
    "pins": index.list_pins,
    "calibrate": calibration.calibrate,
    "chat": page.chat,
    "serve": page.serve,
}


def _version(wanted: bool) -> None:
    if wanted:
        print(f"rag {version('article-rag')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = False,
) -> None:
    """Answers from a folder of articles, in their words."""


for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)
feedback.command("export")(calibration.export)
app.add_typer(feedback, name="feedback")
saved.callback(invoke_without_command=True)(following.saved)
saved.command("add")(following.add)
saved.command("remove")(following.remove)
app.add_typer(saved, name="saved")
who.command("add")(users.add)
who.command("remove")(users.remove)
who.command("list")(users.listed)
app.add_typer(who, name="users")
