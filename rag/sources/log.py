"""The log of `rag watch`: a line for each thing that happens, for people or as JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

_NAMES = 1_000  # of one kind in one line of JSON
_SHOWN = 20  # for people


class Log:
    """Writes lines by `out`; one at a time, from any thread."""

    def __init__(self, out: Callable[[str], None], *, as_json: bool) -> None:
        self._out, self._as_json, self._lock = out, as_json, threading.Lock()

    def say(self, event: str, text: str, **what: Any) -> None:
        """One thing that happened: in JSON with its parts, else as a text."""
        now = datetime.now(UTC)
        if self._as_json:
            parts = {"time": now.isoformat(timespec="milliseconds"), "event": event, "text": text, **what}
            line = json.dumps(parts, ensure_ascii=False)
        else:
            line = f"{now.astimezone():%Y-%m-%d %H:%M:%S}  {event:11} {text}"
        with self._lock:
            self._out(line)

    def built(self, report: dict[str, Any], seconds: float) -> None:
        """What a build found."""
        kinds = ("added", "changed", "renamed", "removed", "unreadable", "repaired")
        counts = {kind: len(report[kind]) for kind in kinds}
        if not self._as_json:
            for kind in kinds:
                for one in report[kind][:_SHOWN]:
                    word = {"renamed": " to ", "unreadable": ": "}.get(kind, "")
                    self.say(kind, one if isinstance(one, str) else word.join(one))
                if counts[kind] > _SHOWN:
                    self.say(kind, f"and {counts[kind] - _SHOWN:,} more")
        names = {kind: report[kind][:_NAMES] for kind in kinds}
        text = f"generation {report['generation']}, {report['articles']:,} articles, in {seconds:.1f} s"
        more = {"generation": report["generation"], "articles": report["articles"], "seconds": round(seconds, 3)}
        self.say("built", text, **more, counts=counts, **names)
