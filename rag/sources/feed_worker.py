"""The process that reads a feed: `python -m rag.sources.feed_worker ADDRESS CONTENT_TYPE MOST`.

In: the feed. Out: its entries as JSON. It ends with 1 where the input is no feed, or when it takes too much.
"""

from __future__ import annotations

import hashlib
import io
import json
import resource
import sys
import time
from typing import Any

_SECONDS, _MEMORY = 10, 1_000_000_000
_LONG = 2_000  # characters of an id or a link


def main() -> int:
    """Reads one feed."""
    address, content_type, most = sys.argv[1:]
    import feedparser

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    # A stream, as it would open a text that is an address or the name of a file.
    feed = feedparser.parse(
        io.BytesIO(sys.stdin.buffer.read()),
        response_headers={"content-location": address, "content-type": content_type},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not feed.version:
        return 1
    found = [told for entry in feed.entries[: int(most)] if (told := _told(entry))]
    json.dump(found, sys.stdout)
    return 0


def _told(entry: Any) -> dict[str, str] | None:
    """What is needed of an entry; None of one without a link."""
    link = _text(entry.get("link"))
    id = _text(entry.get("id")) or link
    if not link or max(len(link), len(id)) > _LONG:
        return None
    said = [link, *(_text(entry.get(name)) for name in ("title", "published", "updated", "summary"))]
    stamp = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
    day = entry.get("published_parsed")
    return {"id": id, "link": link, "stamp": stamp, "published": time.strftime("%Y-%m-%d", day) if day else ""}


def _text(value: Any) -> str:
    """A text that is one: no half of a surrogate pair."""
    return value.encode("utf-8", "replace").decode().strip() if isinstance(value, str) else ""


if __name__ == "__main__":
    sys.exit(main())
