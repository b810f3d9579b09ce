"""How articles changed, kept beside the generations of an index folder, in `changes/`.

DAY-FIRST.jsonl    the changes of a day (UTC), a line each; FIRST is the number of its first
next.jsonl         those of a switch that is being made: they count as soon as CURRENT names what they lead to

`prepare` writes the second before the switch, `settle` puts it to the first afterwards, or takes it away where the
switch was not made. Who dies in between leaves that to the next build. Each line has a hash of itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from sqlite3 import Error
from typing import Any

from rag.store import layout, manifest, parts
from rag.store.articles import Articles
from rag.store.differing import changes, pairs
from rag.store.parts import PASSAGES
from rag.types import ArticleInfo
from rag.types.errors import IndexUnusable
from rag.types.following import KEPT_BYTES, KEPT_DAYS, Change, now

_NEXT = "next.jsonl"
_log = logging.getLogger("rag")


def prepare(index: Path, made: Path, name: str) -> None:
    """Notes how the generation of this name, in the folder `made`, differs from the current one."""
    settle(index)
    number, at = last(index), now()
    try:
        before = layout.pointed(index)
        if before is None and not layout.generations(index):
            return
        found = _between(layout.folder(index, before or ""), made, number, at) if before != name else []
    except (IndexUnusable, OSError, Error):
        found = [Change(number + 1, at, "unknown", None, None)]
    if found:
        folder = index / layout.CHANGES
        folder.mkdir(exist_ok=True)
        layout.write_whole(folder / _NEXT, "".join(_line(change, name) for change in found))


def _between(before: Path, after: Path, number: int, at: str) -> list[Change]:
    held = [_parts(folder) for folder in (before, after)]
    both = {part.name(PASSAGES) for part in held[0]} & {part.name(PASSAGES) for part in held[1]}
    old, new = (Articles([part for part in side if part.name(PASSAGES) not in both]) for side in held)

    def was(article_id: str) -> tuple[ArticleInfo, str | None] | None:
        try:
            return old.article(article_id)
        except IndexUnusable:  # its text alone is damaged
            return old.info(article_id), None

    with closing(old), closing(new):
        return list(changes(pairs(old.entries(), new.entries()), number, at, was, new.article))


def _parts(folder: Path) -> list[parts.Part]:
    held = manifest.read(folder)
    return parts.of_files(layout.pool(folder), held.parts, held.files)


def settle(index: Path) -> None:
    """Ends a switch: what is noted of it stays where it was made."""
    folder = index / layout.CHANGES
    following = folder / _NEXT
    lines = _lines(following)
    if lines and _leads_to(lines) == _pointed(index):
        coming = [line for line in lines if _number(line) > last(index)]  # else died before it was taken away
        if coming:
            _add(folder, coming)
    for gone in (following, *folder.glob(f"*{layout.HALF}")):
        gone.unlink(missing_ok=True)


def settle_if_possible(index: Path) -> None:
    """The same behind a switch, which has been made whatever comes of it: the next build tries again."""
    try:
        settle(index)
    except OSError as error:
        _log.warning("how articles changed is not in place yet (%s); the next build does that", error)


def _add(folder: Path, coming: list[str]) -> None:
    day = datetime.now(UTC).date()
    newest = _files(folder)[-1:]
    if not newest or newest[0].name[:10] < day.isoformat():
        newest = [folder / f"{day}-{_number(coming[0])}.jsonl"]
    held = "".join(f"{line}\n" for line in _lines(newest[0]))
    said = "".join(f"{line}\n" for line in coming)
    if len(held) + len(said) > KEPT_BYTES:
        said = "".join(_line(change, to) for line in coming if (found := _read(line)) for change, to in [found])
    layout.write_whole(newest[0], held + said)
    first = (day - timedelta(KEPT_DAYS)).isoformat()
    size = 0
    for file in _files(folder)[::-1]:
        size += file.stat().st_size
        if file != newest[0] and (size > KEPT_BYTES or file.name[:10] < first):
            file.unlink()


def last(index: Path) -> int:
    """The number of the newest change that is settled; 0 before the first."""
    files = _files(index / layout.CHANGES)
    if not files:
        return 0
    lines = _lines(files[-1])
    return max([_first(files[-1]) - 1 + len(lines), *(_number(line) for line in lines[-2:])])


def last_in_force(index: Path) -> int:
    """The same with those of a switch that has just been made."""
    number = last(index)
    return max((change.number for change in read(index, number, texts=False)), default=number)


def read(index: Path, after: int, *, texts: bool) -> Iterator[Change]:
    """As `Store.changes`."""
    folder = index / layout.CHANGES
    coming = _lines(folder / _NEXT)  # before the others: it may be put to them meanwhile
    if coming and _leads_to(coming) != _pointed(index):
        coming = []
    files = _files(folder)
    number = after
    for place, file in enumerate(files, start=1):
        if place == len(files) or _first(files[place]) > after + 1:
            for change in _changes(_lines(file), _first(file), texts=texts):
                if change.number > number:
                    number = change.number
                    yield change
    yield from (c for c in _changes(coming, number + 1, texts=texts) if c.number > number)


def _changes(lines: list[str], first: int, *, texts: bool) -> Iterator[Change]:
    number = first - 1
    for line in lines:
        found = _read(line, texts=texts)
        number = found[0].number if found else number + 1
        yield found[0] if found else Change(number, "", "unknown", None, None)


def damaged(index: Path) -> Iterator[str]:
    """What is damaged or does not belong there, a line each."""
    folder = index / layout.CHANGES
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.endswith(layout.HALF):
            if not layout.is_building(index):
                yield f"{path} is left over from a build that did not end; the next build removes it"
            continue
        if path.name == _NEXT and not layout.is_building(index):
            yield f"{path} is left over from a build that did not end; the next build puts it in its place"
        elif path.name != _NEXT and path not in _files(folder):
            yield f"{path} is no part of an index"
        lines = _lines(path)
        wrong = sum(_read(line) is None for line in lines)
        if wrong or not _ends_whole(path):
            yield f"{path} is damaged: {max(wrong, 1)} of its changes cannot be told; remove it to forget them all"


def _ends_whole(path: Path) -> bool:
    try:
        raw = path.read_bytes()
    except OSError:
        return False
    return raw.endswith(b"\n") and b"\n\n" not in raw and b"\r" not in raw


def _files(folder: Path) -> list[Path]:
    """Those of the days, in order."""
    found = [file for file in folder.glob("*-*-*-*.jsonl") if file.stem[11:].isdecimal()]
    return sorted(found, key=_first)


def _first(file: Path) -> int:
    return int(file.stem[11:])


def _lines(file: Path) -> list[str]:
    with suppress(FileNotFoundError):
        return [line for line in file.read_text(encoding="ascii", errors="replace").split("\n") if line]
    return []


def _pointed(index: Path) -> str | None:
    with suppress(IndexUnusable):
        return layout.pointed(index)
    return None


def _line(change: Change, to: str) -> str:
    text = None if change.packed is None else base64.b64encode(change.packed).decode()
    return _sealed({"number": change.number, "to": to, "body": change.body(), "text": text})


def _sealed(said: dict[str, Any]) -> str:
    digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
    return json.dumps(said | {"sha256": digest}) + "\n"


def _read(line: str, *, texts: bool = False) -> tuple[Change, str] | None:
    """A change, and to which generation it led; None where the line is not what was written."""
    try:
        said = json.loads(line)
        number, to, body, text = (said[name] for name in ("number", "to", "body", "text"))
        if _sealed({"number": number, "to": to, "body": body, "text": text}) != f"{line}\n":
            return None
        return Change.of(number, body, base64.b64decode(text) if texts and text is not None else None), to
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _number(line: str) -> int:
    found = _read(line)
    return found[0].number if found else 0


def _leads_to(lines: list[str]) -> str | None:
    found = _read(lines[-1])
    return found[1] if found else None
