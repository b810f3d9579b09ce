"""The commands that follow the articles: `changes`, `saved`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.build.changes import counted
from rag.cli.console import say, say_json
from rag.cli.options import INDEX, AsJson, Index
from rag.types.following import MOST_ALERTS
from rag.types.settings import load_settings

Since = Annotated[str | None, typer.Option("--since", metavar="WHEN", help="A day or time, such as 2025-11-01.")]
_KINDS = {"replaced": "replaced", "removed": "taken out", "renamed": "has another id now"}


def changes(
    index: Index = INDEX,
    since: Since = None,
    log: Annotated[
        list[Path] | None,
        typer.Option("--log", help="A log of answers or an exported conversation; several may be given."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lists articles that were replaced or taken out, and who quoted what no longer stands there."""
    from rag.follow import listing
    from rag.store import at

    moment, store = listing.moment(since), at(index, load_settings())
    with closing(store.open()) as reader:
        found = listing.changed(store, moment)
        texts = listing.Texts(store, reader)
        told = [listing.change_object(change, texts) for change in found]
        lost = listing.quoting(store, reader, log or [], None if moment is None else found)
        quoted = [listing.lost_object(one) for one in lost]
    begins = listing.begins(store)
    if as_json:
        said = {"schema": 1, "since": moment, "kept_from": begins, "changes": told, "quoted": quoted}
        say_json(json.dumps(said, ensure_ascii=False))
    else:
        for line in _changes(told, begins):
            say(line)
        for line in _quoted(quoted, bool(log)):
            say(line)
    raise typer.Exit(1 if any(one["state"] == "gone" for one in quoted) else 0)


def _changes(told: list[dict[str, Any]], begins: str | None) -> Iterator[str]:
    if begins:
        yield f"what changed before {begins} is not kept any more"
    for change in told:
        article = change["after"] or change["before"]
        if article is None:
            yield f"{change['at'] or 'at some time'}: what changed is not known; the index was damaged"
            continue
        old, new = ((change[side] or article)["article_id"] for side in ("before", "after"))
        names = new if old == new else f"{old}, now {new}"
        yield f"{change['at']}: {_KINDS[change['kind']]}: {article['title']} ({names})"
        if change["kind"] == "replaced" and change["diff"] is not None:
            yield from _diff(change["diff"])
            if not change["diff_whole"]:
                yield "    … and more"
        elif change["kind"] == "replaced":
            yield "    the text before is not kept any more"
        yield from _metadata(change)
    if not told:
        yield "no article was replaced or taken out"


def _metadata(change: dict[str, Any]) -> Iterator[str]:
    before, after = change["before"], change["after"]
    if before and after:
        for name in ("title", "publisher", "author", "date", "url"):
            if before[name] != after[name]:
                yield f"    {name}: {before[name] or 'none'} -> {after[name] or 'none'}"


def _diff(pieces: list[dict[str, str]]) -> Iterator[str]:
    for piece in pieces:
        if piece["op"] == "equal":
            yield f"      {_line(piece['before'])}"
        else:
            sides = ("-", piece["before"]), ("+", piece["after"])
            yield from (f"    {mark} {_line(text)}" for mark, text in sides if text.strip())


def _line(text: str) -> str:
    return " ".join(text.split())


def _quoted(quoted: list[dict[str, Any]], asked: bool) -> Iterator[str]:
    gone = [one for one in quoted if one["state"] == "gone"]
    for one in quoted:
        cited = one["citation"]
        where = "is gone" if one["state"] == "gone" else f"moved to {one['now']['article_id']}:{one['now']['start']}"
        day = f", asked on {one['asked']}" if one["asked"] else ""
        yield f"{one['log']}:{one['line']}: {where}: {cited['title']} ({cited['article_id']}){day}: {one['question']}"
        yield f"    “{_line(cited['quote'])}”"
    if asked:
        yield f"{counted(len(gone), 'quotation')} gone, {len(quoted) - len(gone)} moved"


def saved(context: typer.Context, index: Index = INDEX, since: Since = None, as_json: AsJson = False) -> None:
    """Lists the saved questions and the new answers to them, newest first."""
    if context.invoked_subcommand is not None:
        return
    from rag.follow import listing
    from rag.store import at

    moment, store = listing.moment(since), at(index, load_settings())
    questions = store.saved()
    alerts = [one for one in store.alerts(MOST_ALERTS) if moment is None or one.at >= moment]
    if as_json:
        said = {
            "schema": 1,
            "questions": [listing.question_object(one) for one in questions],
            "alerts": [listing.alert_object(one) for one in alerts],
        }
        say_json(json.dumps(said, ensure_ascii=False))
        return
    for question in questions:
        say(f"{question.id}  {question.question}{_filters(question.filters.object())}")
        for alert in (one for one in alerts if one.question_id == question.id):
            cited = alert.cited
            source = ", ".join(str(cited[name]) for name in ("title", "publisher", "date") if cited[name])
            say(f"    {alert.at}  {alert.short_answer or ''}".rstrip())
            say(f"        “{_line(cited['quote'])}” {source}, paragraph {cited['paragraph']}")
            original = listing.links_of(alert).original
            if original:
                say(f"        {original}")
    if not questions:
        print('no question is saved; `rag saved add "…"` keeps one, to be asked of what comes from now on')


def add(
    question: Annotated[str, typer.Argument(help="The question.")],
    index: Index = INDEX,
    since: Annotated[str | None, typer.Option("--from", metavar="DAY", help="Of articles from this day on.")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Of articles up to this day.")] = None,
    article: Annotated[list[str] | None, typer.Option("--article", help="Of this one; several may be given.")] = None,
) -> None:
    """Saves a question, which is asked of what is new after each build."""
    from rag.follow.saved import save
    from rag.store import at

    settings = load_settings()
    kept = save(at(index, settings), question, {"from": since, "to": until, "articles": article or []}, settings)
    say(f"{kept.id}  {kept.question}{_filters(kept.filters.object())}")


def remove(id: Annotated[str, typer.Argument(help="The id of the question.")], index: Index = INDEX) -> None:
    """Lets go of a saved question and of what it found."""
    from rag.store import at

    say(f"let go of: {at(index, load_settings()).forget(id).question}")


def _filters(filters: dict[str, Any]) -> str:
    said = [f"{name} {filters[name]}" for name in ("from", "to") if name in filters]
    said += [counted(len(filters["articles"]), "article")] if "articles" in filters else []
    return f" ({', '.join(said)})" if said else ""
