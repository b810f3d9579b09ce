"""What is known of a feed: `seeds/.sources/HASH.json`, in a hidden folder, which no build reads."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from rag.sources.addresses import Address
from rag.sources.feeds import Entry

FOLDER = ".sources"
TRIES = 5  # of a page that cannot be fetched
DELAYS = 20  # of one whose server cannot answer: about ten days
_FIRST, _LONGEST = 60.0, 86_400.0  # seconds until it is tried again
_MOST = 5_000  # entries of one feed that are remembered


@dataclass(slots=True)
class Seen:
    """An entry that was fetched, or was tried to be."""

    stamp: str
    link: str
    published: str = ""
    path: str = ""  # in the seeds folder; empty: not fetched yet
    tries: int = 0
    delays: int = 0  # how often its server could not answer
    after: float = 0.0  # seconds since 1970: not before

    @property
    def wanted(self) -> bool:
        """Whether its page is still to be fetched."""
        return not self.path and self.tries < TRIES and self.delays < DELAYS

    @property
    def due(self) -> bool:
        """Whether it is to be fetched now."""
        return self.wanted and self.after <= time.time()

    def delay(self, seconds: float) -> None:
        """Its server cannot answer now: it is tried later, the later the more often that was so."""
        wait = max(_FIRST * 2 ** min(self.delays, 20), seconds)
        self.delays, self.after = self.delays + 1, time.time() + min(wait, _LONGEST)


@dataclass(slots=True)
class Feed:
    """One feed, by its address."""

    address: str
    etag: str = ""
    last_modified: str = ""
    entries: dict[str, Seen] = field(default_factory=dict)  # by id, those seen last at the end

    def take(self, entries: Iterable[Entry]) -> None:
        """Takes down what the feed names now: what is new or changed is wanted."""
        for entry in entries:
            held = self.entries.pop(entry.id, None)
            if held is None or held.stamp != entry.stamp:
                held = Seen(entry.stamp, entry.link, entry.published)
            self.entries[entry.id] = held
        for id in list(self.entries)[: max(len(self.entries) - _MOST, 0)]:
            del self.entries[id]


_FEED = TypeAdapter(Feed)


def read(seeds: Path, address: Address) -> Feed:
    """What is known; nothing where the file is not there or cannot be used."""
    try:
        found = _FEED.validate_json(_file(seeds, address).read_bytes())
        return found if found.address == str(address) else Feed(str(address))
    except (OSError, ValidationError):
        return Feed(str(address))


def write(seeds: Path, address: Address, feed: Feed) -> None:
    """Keeps it, in one step. Makes no seeds folder."""
    file = _file(seeds, address)
    file.parent.mkdir(exist_ok=True)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.write_bytes(json.dumps(_FEED.dump_python(feed), ensure_ascii=False, indent=0).encode())
    new.replace(file)


def _file(seeds: Path, address: Address) -> Path:
    return seeds / FOLDER / f"{hashlib.sha256(str(address).encode()).hexdigest()[:16]}.json"
