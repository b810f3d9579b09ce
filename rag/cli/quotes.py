"""The command that checks a draft: `quotes`."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from rag.cli.console import say_json
from rag.cli.options import INDEX, AsJson, Index
from rag.types.settings import load_settings

if TYPE_CHECKING:
    from rag.types import Citation
    from rag.types.quotes import Change, CheckedQuotation

_STYLES = {"verbatim": "green", "altered": "yellow", "misattributed": "magenta", "absent": "red"}


def quotes(
    draft: Annotated[Path, typer.Argument(help="A draft: text, Markdown, HTML or .docx.")],
    index: Index = INDEX,
    as_json: AsJson = False,
) -> None:
    """Says of each quotation in a draft whether it stands in the articles."""
    from rag.quotes import check
    from rag.quotes.draft import of_file
    from rag.quotes.wire import summed, to_object
    from rag.store import at

    given = of_file(draft.name, draft.read_bytes())
    checked = check(given, at(index, load_settings()).open())
    if as_json:
        say_json(json.dumps(to_object(checked), ensure_ascii=False))
    else:
        console = Console(highlight=False, markup=False, soft_wrap=True)
        for quotation in checked.quotations:
            for line in _lines(quotation):
                console.print(line)
            console.print()
        console.print(_clean(summed(checked)))
    good = all(one.verdict == "verbatim" for one in checked.quotations)
    raise typer.Exit(0 if good and all(one.why != "unchecked" for one in checked.left_out) else 1)


def _lines(quotation: CheckedQuotation) -> Iterator[Text]:
    from rag.quotes.wire import VERDICTS, noted

    named = ", ".join(filter(None, (quotation.speaker, quotation.source)))
    head = Text(VERDICTS[quotation.verdict].upper(), style=f"bold {_STYLES[quotation.verdict]}")
    yield head.append(f"  “{_clean(quotation.text)}”{f' ({_clean(named)})' if named else ''}", style="not bold default")
    if note := noted(quotation):
        yield Text(f"   {note}")
    if quotation.diff:
        yield Text("   ").append(_difference(quotation.diff))
    for place in quotation.places[:3]:
        yield Text(f"   {_clean(_where(place))}", style="dim")


def _difference(changes: tuple[Change, ...]) -> Text:
    """What the article has and the draft has not in [-…-], what the draft has in its place in {+…+}."""
    line = Text()
    for change in changes:
        if change.op == "equal":
            line.append(_clean(change.draft))
        if change.op in ("delete", "replace"):
            line.append(f"[-{_clean(change.article)}-]", style="red strike")
        if change.op in ("insert", "replace"):
            line.append(f"{{+{_clean(change.draft)}+}}", style="green underline")
        line.append(" ")
    line.rstrip()
    return line


def _where(place: Citation) -> str:
    known = (place.title, place.publisher, place.date, f"paragraph {place.paragraph}", place.path)
    return ", ".join(one for one in known if one)


def _clean(text: str) -> str:
    """On one line, without the control characters that a terminal would obey."""
    return "".join(c if unicodedata.category(c) != "Cc" else "\ufffd" for c in " ".join(text.split()))
