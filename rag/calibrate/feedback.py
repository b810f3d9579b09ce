"""What users thought of answers, kept on this machine alone: SQLite in the user's data folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.language.words import folded
from rag.types.errors import InputError, RagError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    key INTEGER PRIMARY KEY, made TEXT NOT NULL, question TEXT NOT NULL, good INTEGER NOT NULL, comment TEXT NOT NULL,
    reply TEXT NOT NULL
)
"""
PROGRAM = "program"  # whose gold a line has: not a person's
_LONGEST = 4000  # characters of a comment
MOST = 20_000  # judgements
_GIVEN = 10_000  # answers that can be judged


def default_file() -> Path:
    """Where feedback is kept: `feedback.db` in the user's data folder."""
    import platformdirs

    return Path(platformdirs.user_data_dir("article-rag", appauthor=False)) / "feedback.db"


class Feedback:
    """The feedback in one file. May be used from several threads and processes."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def add(self, reply: Mapping[str, Any], *, good: bool, comment: str = "") -> None:
        """Keeps a judgement of a schema-1 object, in the place of an earlier one of the same.

        Raises RagError where it cannot be written.
        """
        if len(comment) > _LONGEST:
            raise InputError(f"the comment has {len(comment):,} characters; write at most {_LONGEST:,}")
        row = (
            datetime.now(UTC).isoformat(timespec="seconds"),
            _question(reply),
            int(good),
            comment.strip(),
            json.dumps(reply, ensure_ascii=False),
        )
        with self._open() as db:
            _forget(db, reply)
            (count,) = db.execute("SELECT count(*) FROM feedback").fetchone()
            if count >= MOST:
                raise RagError(
                    f"{MOST:,} judgements are kept and no more are taken; export them, and move {self._file}"
                )
            db.execute("INSERT INTO feedback (made, question, good, comment, reply) VALUES (?, ?, ?, ?, ?)", row)

    def take_back(self, reply: Mapping[str, Any]) -> None:
        """Forgets what was thought of a schema-1 object. Raises RagError where it cannot be written."""
        with self._open() as db:
            _forget(db, reply)

    def export(self) -> Iterator[dict[str, Any]]:
        """What is kept, as `exported` writes it."""
        with self._open() as db:
            rows = db.execute("SELECT key, made, question, good, comment, reply FROM feedback ORDER BY key").fetchall()
        return exported(rows)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(sqlite3.connect(self._file, timeout=10)) as db, db:
                db.execute(_SCHEMA)
                yield db
        except (sqlite3.Error, OSError) as error:
            raise RagError(f"the feedback in {self._file} cannot be used: {error}") from error


def exported(rows: Iterable[tuple[int, str, str, int, str, str]]) -> Iterator[dict[str, Any]]:
    """A line a question for `rag calibrate`, the latest of each: id, question, gold, and what was judged.

    Of an answer that was found good the short answer, else the quotation, stands as gold; a refusal that was found good
    has none. Both are the program's own, which `gold_by` says: `rag calibrate` takes no line before a person has
    written the gold. Of what was found bad, of what the program was unsure of, and of what was asked of some articles
    only, `gold` is null: every answer counts as wrong until a person has told. `export` and `lines` tell when lines
    were left out.
    """
    latest = {folded(row[2]): row for row in rows}  # `rag calibrate` takes a question once
    export = hashlib.sha256(repr([row[:3] for row in latest.values()]).encode()).hexdigest()[:8]
    for key, made, question, good, comment, text in latest.values():
        reply = json.loads(text)
        gold = _gold(reply) if good and not reply.get("filters") else None
        yield {
            "id": f"feedback-{key}",
            "question": question,
            "gold": gold,
            "asked": reply.get("asked"),
            "gold_by": None if gold is None else PROGRAM,
            "good": bool(good),
            "comment": comment,
            "made": made,
            "status": reply.get("status"),
            "article": next((c["article_id"] for c in reply.get("citations", [])), ""),
            "index_generation": reply.get("index_generation"),
            "export": export,
            "lines": len(latest),
        }


def _forget(db: sqlite3.Connection, reply: Mapping[str, Any]) -> None:
    """Removes what was thought of a reply, also of one that a browser kept, which writes 0.0 as 0."""
    same = _told(reply)
    rows = db.execute("SELECT key, reply FROM feedback WHERE question = ?", (_question(reply),)).fetchall()
    db.executemany(
        "DELETE FROM feedback WHERE key = ?", [(key,) for key, text in rows if _told(json.loads(text)) == same]
    )


def _question(reply: Mapping[str, Any]) -> str:
    return str(reply.get("standalone_question") or reply.get("question") or "")


def _told(reply: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in reply.items() if key != "timings_ms"}


def _gold(reply: Mapping[str, Any]) -> list[str] | None:
    if reply.get("status") != "answered":
        return None if reply.get("reason") == "unsure" else []
    quotes = [cited["quote"] for cited in reply.get("citations", [])]
    return [reply.get("short_answer") or quotes[0]] if quotes else None


class Given:
    """The answers that this process gave, the latest 10,000: what a browser brings back may be anybody's own."""

    def __init__(self) -> None:
        self._held: OrderedDict[bytes, None] = OrderedDict()

    def add(self, reply: Mapping[str, Any]) -> None:
        """Remembers a schema-1 object."""
        self._held[_digest(reply)] = None
        while len(self._held) > _GIVEN:
            self._held.popitem(last=False)

    def holds(self, reply: Mapping[str, Any]) -> bool:
        """Whether it was given, all but its times; also after a browser kept it."""
        return _digest(reply) in self._held


def _digest(reply: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(_written(_told(reply)), sort_keys=True).encode()).digest()


def _written(value: Any) -> Any:
    """As a browser writes it: 0.0 as 0."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _written(its) for key, its in value.items()}
    return [_written(its) for its in value] if isinstance(value, list) else value
