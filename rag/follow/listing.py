"""What changed as the object that the command, the API and the page show."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.answer.links import Links, links
from rag.follow.diff import shown
from rag.follow.quoted import Lost, lost, renamed
from rag.load.formats import keeps_front_matter
from rag.load.front_matter import front_matter
from rag.types import ArticleInfo
from rag.types.errors import InputError
from rag.types.following import Alert, Change, SavedQuestion
from rag.types.stores import Reader, Store
from rag.verify.schema import AnswerCitation

LISTED = ("replaced", "renamed", "removed", "unknown")


def moment(given: str | None) -> str | None:
    """A day or a time as changes have it; without a zone it is that of this machine. Raises InputError."""
    if given is None:
        return None
    try:
        return datetime.fromisoformat(given).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError) as error:
        raise InputError(f"since: '{given[:40]}' is no day or time, such as 2025-11-01 or 2025-11-01T14:30") from error


def changed(store: Store, since: str | None = None, after: int = 0, limit: int | None = None) -> list[Change]:
    """The changes that are listed, oldest first, with their texts: those from a time on, at most `limit`."""
    out = []
    for change in store.changes(after, texts=True):
        if change.kind in LISTED and (since is None or change.at >= since or not change.at):
            out.append(change)
            if len(out) == limit:
                break
    return out


def begins(store: Store) -> str | None:
    """When the first change was made that is kept, where there were others before; None where all are kept."""
    first = next(store.changes(), None)
    return first.at if first is not None and first.number > 1 else None


class Texts:
    """The texts that articles had after a change: those of now, and those that were kept of later changes."""

    def __init__(self, store: Store, reader: Reader) -> None:
        self._store, self._reader = store, reader

    def of(self, info: ArticleInfo) -> str | None:
        """None where it is not kept any more."""
        for article_id in {info.article_id, self._renamed.get(info.text_sha256, info.article_id)}:
            found = self._reader.article(article_id)
            if found is not None and found[0].text_sha256 == info.text_sha256:
                return found[1]
        later = self._later.get(info.text_sha256)
        return later.text if later else None

    @functools.cached_property
    def _later(self) -> dict[str, Change]:
        held = self._store.changes(texts=True)
        return {change.before.text_sha256: change for change in held if change.before and change.packed}

    @functools.cached_property
    def _renamed(self) -> dict[str, str]:
        """The last id of an article that was renamed, by the hash of its text."""
        held = (change.after for change in self._store.changes() if change.kind == "renamed")
        return {after.text_sha256: after.article_id for after in held if after}


def change_object(change: Change, texts: Texts) -> dict[str, Any]:
    """A change with what differs between the texts before and after; None where either is not there."""
    article, before, after = change.article, change.text, None
    if before is not None:
        after = texts.of(change.after) if change.after else ""
    both = before is not None and after is not None
    diff = shown(_body(change.before, before), _body(change.after, after)) if both else None
    return {
        "number": change.number,
        "at": change.at or None,
        "kind": change.kind,
        "article_id": article.article_id if article else None,
        "before": _told(change.before),
        "after": _told(change.after),
        "diff": None if diff is None else [asdict(piece) for piece in diff.pieces],
        "diff_whole": diff is not None and diff.whole,
    }


def _body(info: ArticleInfo | None, text: str | None) -> str:
    """Without the fields that a file declares at its top, which are told by themselves."""
    if info is None or not text or not keeps_front_matter(info.path):
        return text or ""
    return text[front_matter(text)[1] :]


def _told(info: ArticleInfo | None) -> dict[str, Any] | None:
    if info is None:
        return None
    return {**info.told(), "path": info.path, "text_sha256": info.text_sha256}


def quoting(store: Store, reader: Reader, logs: Sequence[Path], listed: Iterable[Change] | None) -> list[Lost]:
    """The quotations in logs that do not stand where they were; with `listed` of these articles alone."""
    among = None if listed is None else {c.before.article_id for c in listed if c.before}
    return lost(logs, reader, renamed(store.changes()), among)


def lost_object(found: Lost) -> dict[str, Any]:
    """A quotation that does not stand where it was."""
    place = None
    if found.article_id is not None:
        place = {"article_id": found.article_id, "start": found.start, "end": found.end}
    said: dict[str, Any] = {name: getattr(found, name) for name in ("log", "line", "id", "question", "asked", "status")}
    return said | {"state": found.state, "citation": found.citation.model_dump(), "now": place}


def question_object(question: SavedQuestion) -> dict[str, Any]:
    """A saved question."""
    said: Mapping[str, Any] = {"id": question.id, "question": question.question}
    return {**said, "filters": question.filters.object(), "saved": question.saved, "last": list(question.last)}


def alert_object(alert: Alert) -> dict[str, Any]:
    """An alert, with the addresses of its quotation: on a server, from its root, and in the original."""
    return asdict(alert) | asdict(links_of(alert))


def links_of(alert: Alert) -> Links:
    """The addresses of the quotation that is new in an alert."""
    return links(AnswerCitation.model_validate(dict(alert.cited)), None)
