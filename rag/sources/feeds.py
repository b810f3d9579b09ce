"""A feed -> its entries, RSS or Atom, read by feedparser in a process of its own (`rag.sources.feed_worker`)."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

import rag
from rag.load.dates import day
from rag.sources.addresses import Address, joined
from rag.types.errors import FetchError

MOST_ENTRIES = 200  # of one feed at a time, those that it names first
_SECONDS = 60.0
_STARTS = (b"<rss", b"<feed", b"<rdf:rdf", b"<?xml")
_PAGES = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a feed."""

    id: str  # the guid; where there is none, the link
    link: str  # as the feed writes it
    stamp: str  # a hash of what the feed says of the entry; another one where it changed
    published: str = ""  # a day


_ENTRIES = TypeAdapter(list[Entry])


def looks_like_one(content_type: str, body: bytes) -> bool:
    """Whether an answer is a feed, by its type and how it begins."""
    start = body[:1000].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    kind = content_type.partition(";")[0].strip().casefold()
    if kind in _PAGES:
        return start.startswith(_STARTS[:3])
    return "xml" in kind or start.startswith(_STARTS)


def entries(address: Address, content_type: str, body: bytes) -> list[Entry]:
    """The entries that have a link, each once. Raises FetchError where it is no feed or takes too much to read."""
    paths = [str(Path(rag.__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", "rag.sources.feed_worker", str(address), content_type, str(MOST_ENTRIES)],
            input=body,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        found = _ENTRIES.validate_json(done.stdout, strict=True)[:MOST_ENTRIES]
    except (subprocess.SubprocessError, ValidationError) as error:
        raise FetchError(f"{address}: is no feed that can be read") from error
    once = {entry.id: entry for entry in reversed(found)}
    return [Entry(e.id, e.link, e.stamp, day(e.published) or "") for e in reversed(once.values())]


def link_of(feed: Address, entry: Entry) -> Address:
    """Where an entry's page is. Raises FetchError for a link that may not be fetched, such as one of javascript."""
    return joined(feed, entry.link)
